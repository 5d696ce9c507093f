package client

import (
	"context"
	"net/url"

	"tongzheng/api/resource"
)

// Reviews are the review files (调阅案卷) of the caller's organization, and the
// statistics of those below it.
type Reviews struct{ caller *caller }

// List lists the files, open ones first.
func (v Reviews) List(ctx context.Context) ([]resource.ReviewFile, error) {
	list, err := call[resource.ReviewList](ctx, v.caller, get("/review-files", nil))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Open opens a file: from now on its organization sees what its licenses say,
// until it is closed.
func (v Reviews) Open(ctx context.Context, draft resource.ReviewDraft) (*resource.ReviewFile, error) {
	q, err := post("/review-files", draft)
	if err != nil {
		return nil, err
	}
	return call[resource.ReviewFile](ctx, v.caller, q)
}

// Show shows a file with the state of its licenses.
func (v Reviews) Show(ctx context.Context, number string) (*resource.ReviewFile, error) {
	return call[resource.ReviewFile](ctx, v.caller, get(reviewPath(number), nil))
}

// Close ends the sight that a file gives.
func (v Reviews) Close(ctx context.Context, number string) (*resource.ReviewFile, error) {
	q, err := post(reviewPath(number)+"/close", nil)
	if err != nil {
		return nil, err
	}
	return call[resource.ReviewFile](ctx, v.caller, q)
}

// Statistics counts the licenses of the caller's organization and of those below
// it, by type, issuer and what the ledger says of them today.
func (v Reviews) Statistics(ctx context.Context) ([]resource.Count, error) {
	out, err := call[resource.Statistics](ctx, v.caller, get("/statistics", nil))
	if err != nil {
		return nil, err
	}
	return out.Items, nil
}

func reviewPath(number string) string { return "/review-files/" + url.PathEscape(number) }
