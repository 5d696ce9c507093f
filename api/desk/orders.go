package desk

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// Orders are the order sheets, for governors and operators.
type Orders struct {
	Office *office.Office
	Trail  signin.Trail
}

// Check tells whether the caller may see order sheets.
func (o Orders) Check(r *http.Request) error {
	return signin.AccountOf(r).Actor().MayGovern()
}

// List lists the newest sheets, open ones first.
func (o Orders) List(r *http.Request, limit int) ([]*office.OrderSheet, error) {
	return o.Office.Governing.Sheets(r.Context(), signin.AccountOf(r).Actor(), limit)
}

// Draft puts orders on a sheet for governors to sign.
func (o Orders) Draft(r *http.Request, drafts []office.OrderDraft) (*office.OrderSheet, error) {
	actor := signin.AccountOf(r).Actor()
	sheet, err := o.Office.Governing.Draft(r.Context(), actor, drafts)
	if err == nil {
		o.Trail.Note(r, actor, "draft orders", sheet.Digest.String(), "")
	}
	return sheet, err
}

// Named is the sheet in the address.
func (o Orders) Named(r *http.Request) (*office.OrderSheet, error) {
	if err := o.Check(r); err != nil {
		return nil, err
	}
	digest, err := sm.ParseDigest(chi.URLParam(r, "sheet"))
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "sheet", "want 64 hexadecimal digits")
	}
	return o.Office.Governing.Sheet(r.Context(), signin.AccountOf(r).Actor(), digest)
}

// Sign adds a governor's signature; the last one has the orders set.
func (o Orders) Sign(r *http.Request, sheet sm.Digest, approval registry.Approval) (*office.OrderSheet, error) {
	actor := signin.AccountOf(r).Actor()
	signed, err := o.Office.Governing.Approve(r.Context(), actor, sheet, approval)
	if err == nil {
		o.Trail.Note(r, actor, "sign orders", sheet.String(), "")
	}
	return signed, err
}

// Drop gives the open sheet in the address up.
func (o Orders) Drop(r *http.Request) error {
	sheet, err := o.Named(r)
	if err != nil {
		return err
	}
	actor := signin.AccountOf(r).Actor()
	if err := o.Office.Governing.Drop(r.Context(), actor, sheet.Digest); err != nil {
		return err
	}
	o.Trail.Note(r, actor, "drop orders", sheet.Digest.String(), "")
	return nil
}

// Awaited are the members whose signers have not signed a sheet of several members' yet.
func (o Orders) Awaited(r *http.Request, sheet *office.OrderSheet) ([]string, error) {
	return o.Office.Governing.Awaited(r.Context(), signin.AccountOf(r).Actor(), sheet)
}

// Asked is how many persons sign a sheet.
func (o Orders) Asked(r *http.Request) (int, error) {
	return o.Office.Governing.Asked(r.Context(), signin.AccountOf(r).Actor())
}

// Records are the governance records of a kind as the ledger has them: all of
// them, or the one named.
func (o Orders) Records(r *http.Request, kind registry.RecordKind, name string) ([]registry.GovernanceRecord, error) {
	if registry.NewRecord(kind) == nil {
		return nil, registry.Errorf(registry.CodeMalformed, "kind", "want one of %v", registry.RecordKinds())
	}
	return o.Office.Governing.Records(r.Context(), signin.AccountOf(r).Actor(), kind, name)
}

// Present is one governance record as the ledger has it; nil when there is none.
func (o Orders) Present(r *http.Request, kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	found, err := o.Records(r, kind, name)
	if registry.CodeOf(err) == registry.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}
