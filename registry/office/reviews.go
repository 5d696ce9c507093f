package office

import (
	"context"
	"slices"
	"strconv"

	"tongzheng/registry"
)

// Reviews keeps review files (调阅案卷): within an open one a superior, or for a
// reconsideration a review body, sees what the licenses that it names say.
type Reviews struct {
	*common
	access *access
	store  ReviewStore
	trail  interface {
		Audit(ctx context.Context, a AuditEvent) error
	}
}

// ReviewDraft is a review file to be opened.
type ReviewDraft struct {
	Number   string
	Kind     registry.ReviewKind
	Basis    string
	Licenses []registry.Identifier
}

// Reviewed is a license that a review file is about, as far as its status goes.
type Reviewed struct {
	Identifier registry.Identifier // present version
	Word       registry.Word       // today
}

// reviewsMost is how many files are listed.
const reviewsMost = 200

// Open opens a file of the actor's organization. CodeNotFound for a license that
// is not on the ledger, or whose issuer the organization is neither above nor
// the review body of: strangers learn nothing from the difference.
func (o *Reviews) Open(ctx context.Context, by registry.Actor, draft ReviewDraft) (*registry.ReviewFile, error) {
	if err := by.MayReview(); err != nil {
		return nil, err
	}
	// 1. The file's form.
	f := &registry.ReviewFile{Number: draft.Number, Organization: by.Organization, Kind: draft.Kind, Basis: draft.Basis, Opened: o.now(), OpenedBy: by.Account}
	for _, id := range draft.Licenses {
		if base := id.Base(); !slices.Contains(f.Licenses, base) {
			f.Licenses = append(f.Licenses, base)
		}
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	// 2. Every license is of an organization below, by what the ledger says today.
	for i, id := range draft.Licenses {
		standing, err := o.view.Standing(id.Base())
		if err != nil {
			return nil, err
		}
		kin, err := o.access.kinship(by, id, standing)
		if err != nil {
			return nil, err
		}
		if standing.License == nil || !kin.Opens(by.Organization, f.Kind, registry.MaySeeContent) {
			return nil, registry.Errorf(registry.CodeNotFound, "licenses."+strconv.Itoa(i), "no license that this organization may open such a file for")
		}
	}
	// 3. Written down, then kept: nobody sees within a file whose opening is not in
	// the trail.
	if known, err := o.store.Review(ctx, f.Organization, f.Number); err == nil && known != nil {
		return nil, registry.Errorf(registry.CodeReviewNumber, "number", "this organization has a file of this number")
	} else if registry.CodeOf(err) != registry.CodeNotFound {
		return nil, err
	}
	if err := o.note(ctx, by, "open review file", f); err != nil {
		return nil, err
	}
	if err := o.store.AddReview(ctx, f); err != nil {
		return nil, err
	}
	return f, nil
}

// List lists the files of the actor's organization, open ones first.
func (o *Reviews) List(ctx context.Context, by registry.Actor) ([]registry.ReviewFile, error) {
	if err := by.MayReview(); err != nil {
		return nil, err
	}
	return o.store.Reviews(ctx, by.Organization, reviewsMost)
}

// File reads a file of the actor's organization, with the state of its licenses.
// CodeNotFound.
func (o *Reviews) File(ctx context.Context, by registry.Actor, number string) (*registry.ReviewFile, []Reviewed, error) {
	if err := by.MayReview(); err != nil {
		return nil, nil, err
	}
	f, err := o.store.Review(ctx, by.Organization, number)
	if err != nil {
		return nil, nil, err
	}
	var licenses []Reviewed
	for _, base := range f.Licenses {
		standing, err := o.view.Standing(base)
		if err != nil {
			return nil, nil, err
		}
		if standing.License == nil || len(standing.Entries) == 0 {
			continue
		}
		id := standing.Entries[0].Entry.Intent.Identifier.WithVersion(standing.License.Version)
		licenses = append(licenses, Reviewed{id, registry.Judge(registry.Question{Identifier: id, Now: o.now(), Standing: standing, Knowledge: o.view.Knowledge(o.now())}).Word})
	}
	return f, licenses, nil
}

// Close ends the sight that a file gives. CodeNotFound; CodeActState when it is
// closed.
func (o *Reviews) Close(ctx context.Context, by registry.Actor, number string) (*registry.ReviewFile, error) {
	if err := by.MayReview(); err != nil {
		return nil, err
	}
	if err := o.store.CloseReview(ctx, by.Organization, number, o.now(), by.Account); err != nil {
		return nil, err
	}
	f, err := o.store.Review(ctx, by.Organization, number)
	if err != nil {
		return nil, err
	}
	if err := o.note(ctx, by, "close review file", f); err != nil {
		o.log.Error("audit of a closed review file", "error", err) // it is closed: that must not fail
	}
	return f, nil
}

// note writes down what became of a file: its number, kind and basis, and how
// many licenses it names.
func (o *Reviews) note(ctx context.Context, by registry.Actor, operation string, f *registry.ReviewFile) error {
	err := o.trail.Audit(ctx, AuditEvent{At: o.now(), By: by, Operation: operation, Subject: f.Number,
		Detail: string(f.Kind) + "; " + f.Basis + "; licenses " + strconv.Itoa(len(f.Licenses))})
	if err != nil {
		return registry.Errorf(registry.CodeUnavailable, "", "the audit trail cannot be written").WithCause(err)
	}
	return nil
}
