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

// governs is the caller, who must be a governor or an operator.
func governs(r *http.Request) (registry.Actor, error) {
	a := signin.AccountOf(r)
	if !a.Governs() {
		return registry.Actor{}, registry.Errorf(registry.CodeForbidden, "", "order sheets are for governors and operators")
	}
	return a.Actor(), nil
}

// Check tells whether the caller may see order sheets.
func (o Orders) Check(r *http.Request) error {
	_, err := governs(r)
	return err
}

// List lists the newest sheets, open ones first.
func (o Orders) List(r *http.Request, limit int) ([]*office.Sheet, error) {
	if err := o.Check(r); err != nil {
		return nil, err
	}
	return o.Office.Sheets.Sheets(r.Context(), limit)
}

// Draft puts orders on a sheet for governors to sign.
func (o Orders) Draft(r *http.Request, ordinances []office.Ordinance) (*office.Sheet, error) {
	actor, err := governs(r)
	if err != nil {
		return nil, err
	}
	sheet, err := o.Office.DraftSheet(r.Context(), actor, ordinances)
	if err == nil {
		o.Trail.Note(r, actor, "draft orders", sheet.Digest.String(), "")
	}
	return sheet, err
}

// Named is the sheet in the address.
func (o Orders) Named(r *http.Request) (*office.Sheet, error) {
	if err := o.Check(r); err != nil {
		return nil, err
	}
	digest, err := sm.ParseDigest(chi.URLParam(r, "sheet"))
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "sheet", "want 64 hexadecimal digits")
	}
	return o.Office.Sheets.Sheet(r.Context(), digest)
}

// Sign adds a governor's signature; the last one has the orders set.
func (o Orders) Sign(r *http.Request, sheet sm.Digest, approval registry.Approval) (*office.Sheet, error) {
	actor := signin.AccountOf(r).Actor()
	signed, err := o.Office.ApproveSheet(r.Context(), actor, sheet, approval)
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
	if err := o.Office.DropSheet(r.Context(), actor, sheet.Digest); err != nil {
		return err
	}
	o.Trail.Note(r, actor, "drop orders", sheet.Digest.String(), "")
	return nil
}

// Asked is how many persons sign a sheet.
func (o Orders) Asked() (int, error) {
	rules, _, err := o.Office.View.Record(registry.KindRules, "current")
	if err != nil {
		return 0, err
	}
	if rules == nil {
		return 1, nil // a keeper of the signer opens the ledger
	}
	return registry.GovernorsAsked, nil
}

// Records are the governance records of a kind as the ledger has them: all of
// them, or the one named. Check comes before.
func (o Orders) Records(kind registry.RecordKind, name string) ([]registry.GovernanceRecord, error) {
	if registry.NewRecord(kind) == nil {
		return nil, registry.Errorf(registry.CodeMalformed, "kind", "want one of %v", registry.RecordKinds())
	}
	if name == "" {
		return o.Office.View.Records(kind)
	}
	record, err := o.Present(kind, name)
	if err == nil && record == nil {
		err = registry.Errorf(registry.CodeNotFound, "name", "no such record")
	}
	return []registry.GovernanceRecord{record}, err
}

// Present is one governance record as the ledger has it; nil when there is none.
func (o Orders) Present(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	record, _, err := o.Office.View.Record(kind, name)
	return record, err
}
