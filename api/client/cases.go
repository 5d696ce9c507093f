package client

import (
	"context"
	"net/url"

	"tongzheng/api/resource"
)

// Cases are case files.
type Cases struct{ caller *caller }

// File is a case file, as its signed steps tell it.
func (c Cases) File(ctx context.Context, grant, number string) (*resource.CaseFile, error) {
	return call[resource.CaseFile](ctx, c.caller, get("/cases", url.Values{"grant": {grant}, "case": {number}}))
}

// Receipt is the receipt (收件回执) of a case's application.
func (c Cases) Receipt(ctx context.Context, grant, number string) (*resource.CaseReceipt, error) {
	return call[resource.CaseReceipt](ctx, c.caller, get("/cases/receipt", url.Values{"grant": {grant}, "case": {number}}))
}

// Next is what a person signs to take the next step. Whoever signs reads the
// statement from its canonical bytes.
func (c Cases) Next(ctx context.Context, draft resource.CaseDraft) (*resource.CaseSigning, error) {
	q, err := post("/cases/statements", draft)
	if err != nil {
		return nil, err
	}
	return call[resource.CaseSigning](ctx, c.caller, q)
}

// Take adds a signed step to its file.
func (c Cases) Take(ctx context.Context, step resource.CaseStep) (*resource.CaseFile, error) {
	q, err := post("/cases/steps", step)
	if err != nil {
		return nil, err
	}
	return call[resource.CaseFile](ctx, c.caller, q)
}
