package desk

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Cases are the case files that an account may see and take steps in.
type Cases struct {
	Office *office.Office
	Trail  signin.Trail
}

// Named reads a case that the caller may see and that somebody began.
func (c Cases) Named(r *http.Request, grant, number string) (*registry.CaseFile, error) {
	if grant == "" || number == "" {
		return nil, registry.Errorf(registry.CodeMissing, "case", "name grant and case number")
	}
	f, err := c.File(r, grant, number)
	if err == nil && len(f.Steps) == 0 {
		err = notThisCase()
	}
	return f, err
}

// File reads a case file, empty before its first step, for its parties: the
// authorities that its grant names, those whom a step invited, and those who
// signed one. The reading is written down.
func (c Cases) File(r *http.Request, grant, number string) (*registry.CaseFile, error) {
	return c.Office.Cases.File(r.Context(), signin.AccountOf(r).Actor(), grant, number)
}

// Glance is File for lists, which show where cases stand and no more.
func (c Cases) Glance(r *http.Request, grant, number string) (*registry.CaseFile, error) {
	return c.Office.Cases.Glance(r.Context(), signin.AccountOf(r).Actor(), grant, number)
}

func notThisCase() error {
	return registry.Errorf(registry.CodeNotFound, "case", "no such case for this account")
}

// Today is the day that files are shown as of.
func (c Cases) Today() registry.Date { return registry.DateOf(c.Office.Reading.Now()) }

// Grants lists the grants that name the caller's organization.
func (c Cases) Grants(r *http.Request) ([]*registry.Grant, error) {
	return c.Office.Cases.Grants(r.Context(), signin.AccountOf(r).Actor())
}

// Neighbors lists the grants of others for which the caller's organization takes in.
func (c Cases) Neighbors(r *http.Request) ([]*registry.Grant, error) {
	return c.Office.Cases.Neighbors(r.Context(), signin.AccountOf(r).Actor())
}

// List names the newest cases under the caller's grants, and those in which its
// organization was invited or took a step.
func (c Cases) List(r *http.Request, limit int) ([]office.CaseRef, error) {
	return c.Office.Cases.List(r.Context(), signin.AccountOf(r).Actor(), limit)
}

// Faults lists all that is wrong with a draft by itself, for a form that says it
// at once.
func (c Cases) Faults(draft resource.CaseDraft) []*registry.Error {
	return c.Office.Cases.Faults(draft.Statement(), draft.Content)
}

// Next is what the caller's person would sign to take a step.
func (c Cases) Next(r *http.Request, draft resource.CaseDraft) (*resource.CaseSigning, error) {
	if err := CheckRemark(draft.Content); err != nil {
		return nil, err
	}
	next, err := c.Office.Cases.Next(r.Context(), signin.AccountOf(r).Actor(), draft.Statement(), draft.Content)
	if err != nil {
		return nil, err
	}
	canonical, err := registry.Encode(next)
	if err != nil {
		return nil, err
	}
	digest, err := next.Digest()
	return &resource.CaseSigning{Statement: *next, Sign: resource.Sign{Digest: digest, Message: registry.ApprovalMessage(digest), Canonical: canonical}}, err
}

// Receipt is the receipt of a case that the caller may see. CodeNotFound for one
// whose application nobody recorded the receipt of.
func (c Cases) Receipt(r *http.Request, names NamesFor, grant, number string) (*resource.CaseReceipt, error) {
	f, err := c.Named(r, grant, number)
	if err != nil {
		return nil, err
	}
	if f.Receipt == nil {
		return nil, notThisCase()
	}
	return NewReceipt(names, f, grant, number)
}

// NewReceipt is the receipt that a file keeps, in words.
func NewReceipt(names NamesFor, f *registry.CaseFile, grant, number string) (*resource.CaseReceipt, error) {
	step, err := f.Steps[0].Statement.Digest()
	if err != nil {
		return nil, err
	}
	kept := f.Receipt
	out := &resource.CaseReceipt{Grant: grant, Case: f.Named(number), Organization: kept.Organization, OrganizationName: names.Organization(kept.Organization),
		Received: time.Unix(kept.Received, 0).In(registry.China), Recorded: time.Unix(kept.Recorded, 0).In(registry.China), Channel: kept.Channel, Items: kept.Items,
		RespondBy: kept.RespondBy, Step: step}
	if g := names.Grant(grant); g != nil {
		out.Matter = names.Matter(g.Matter)
		out.Answers = cmp.Or(g.Acceptor, g.Decider)
		out.AnswersName = names.Organization(out.Answers)
	}
	return out, nil
}

// ReadStep reads a signed step, as far as it can be read.
func ReadStep(signed resource.CaseStep) (registry.CaseStep, error) {
	step := registry.CaseStep{Approval: signed.Approval, Content: signed.Content}
	if err := CheckRemark(signed.Content); err != nil {
		return step, err
	}
	if registry.Decode(signed.Canonical, &step.Statement) != nil {
		return step, registry.Errorf(registry.CodeMalformed, "canonical", "not the canonical bytes of a statement")
	}
	return step, nil
}

// Take adds a signed step to its file.
func (c Cases) Take(r *http.Request, step registry.CaseStep) (*registry.CaseFile, error) {
	actor := signin.AccountOf(r).Actor()
	f, err := c.Office.Cases.Record(r.Context(), actor, step)
	if err == nil {
		c.Trail.Note(r, actor, CaseOperation(step.Statement.Kind), step.Statement.Grant, "")
	}
	return f, err
}

// CaseOperation names a step in the audit trail; it keeps what somebody sent as
// a kind out of it.
func CaseOperation(kind registry.CaseKind) string {
	if slices.Contains(registry.CaseKinds(), kind) {
		return "case " + string(kind)
	}
	return "case step"
}

// CheckRemark bounds the one text of an application or step that no license
// field rule covers. A paragraph may have line breaks.
func CheckRemark(remark string) error {
	return registry.CheckParagraph("remark", remark, registry.MaxRemark)
}

// UnsignedStep reads a step from a form: the canonical bytes of its statement, in
// base64, and its text.
func UnsignedStep(canonical, content string) (registry.CaseStep, error) {
	raw, err := base64.StdEncoding.DecodeString(canonical)
	if err != nil {
		return registry.CaseStep{}, registry.Errorf(registry.CodeMalformed, "canonical", "want base64")
	}
	return ReadStep(resource.CaseStep{Canonical: raw, Content: content})
}
