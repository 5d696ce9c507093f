package office

import (
	"context"
	"crypto/rand"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Issuing takes one act on one license from the application to the last
// approval: issue, change, renew, and every later act alike.
type Issuing struct {
	*common
	access *access
	acts   interface {
		Replay(ctx context.Context, key Idempotency) (*Proceeding, error)
		Allot(ctx context.Context, ask AllotRequest) (registry.Allotment, error)
		NumberUsed(ctx context.Context, tag sm.Digest, except string, issuers []string) (string, error)
		Reserve(ctx context.Context, r Reservation) error
		Proceeding(ctx context.Context, intent sm.Digest) (*Proceeding, error)
		AddApproval(ctx context.Context, intent sm.Digest, have int, a registry.Approval, complete bool, by registry.Actor) (*Proceeding, error)
		ReleasePending(ctx context.Context, intent sm.Digest, by registry.Actor) error
		Drop(ctx context.Context, intent sm.Digest, by registry.Actor, from ...Step) error
	}
	licenses interface {
		Version(ctx context.Context, base string, version int) (*Version, error)
	}
	catalog interface {
		Type(ctx context.Context, code string, version int) (*registry.LicenseType, error)
	}
	trail interface {
		Audit(ctx context.Context, a AuditEvent) error
	}
	ledger interface {
		Read(ctx context.Context, namespace string, keys []string) ([][]byte, error)
	}
	tagger interface {
		Tag(ctx context.Context, ask registry.TagRequest) (sm.Digest, error)
	}
	signer interface {
		ActsFor(ctx context.Context, organization string) error
	}
	renderer interface {
		Render(ctx context.Context, ask registry.RenderRequest) (*registry.RenderedDocument, error)
	}
	checker interface {
		Document(sealed []byte, at time.Time) (*registry.DocumentReport, error)
	}
	lists     WatchLists // nil: nobody is listed
	cases     *Cases     // nil: cases are kept elsewhere
	anchoring *Anchoring
}

// Propose takes an application for one act on one license and reserves it: the
// document is rendered, the intent is fixed, approvals are asked for.
// The steps are those of docs/use-cases.md.
func (o *Issuing) Propose(ctx context.Context, by registry.Actor, app registry.Application, key Idempotency) (*Proceeding, error) {
	var p *Proceeding
	err := error(registry.Errorf(registry.CodeUnknownField, "collected", "a collected version is handed in with its file"))
	if app.Collected == nil {
		p, err = o.propose(ctx, by, app, nil, key)
	}
	if code := registry.CodeOf(err); err != nil && code != registry.CodeInternal {
		o.refused(ctx, by, "propose "+app.Act.String(), app, err)
	}
	return p, err
}

// Made is what a request of the actor's under its key made before, whatever its body
// says; nil for a key that is new.
func (o *Issuing) Made(ctx context.Context, by registry.Actor, key Idempotency) (*Proceeding, error) {
	key.Client, key.Body = by.Account, sm.Digest{}
	return o.acts.Replay(ctx, key)
}

// propose reserves an act; collected is the file of a collected version, as it came.
func (o *Issuing) propose(ctx context.Context, by registry.Actor, app registry.Application, collected []byte, key Idempotency) (*Proceeding, error) {
	// 1. The same request again gives the same proceeding.
	if done, err := o.acts.Replay(ctx, key); done != nil || err != nil {
		return done, err
	}
	// 2. The one who asks works for the organization that decides.
	if err := by.MayWorkFor(app.Organization, "organization"); err != nil {
		return nil, err
	}
	if err := by.MayPropose(app.Act); err != nil {
		return nil, err
	}
	if err := app.Delivered(); err != nil {
		return nil, err
	}
	// 3. What the application is judged by.
	file, err := o.caseFile(ctx, app.Organization, app.Grant, app.Case)
	if err != nil {
		return nil, err
	}
	if file != nil {
		app.Case = file.Named(app.Case)
	}
	situation, err := o.situation(ctx, app, key)
	if err != nil {
		return nil, err
	}
	if file != nil {
		situation.Commitment = file.Commitment
		sinceReceipt(&app, file, situation)
	}
	// 4. Judge it before anything is assigned to it.
	trial, err := registry.Examine(app, situation)
	if err != nil {
		return nil, err
	}
	if app.Number != "" {
		if _, err := o.used(ctx, trial, situation); err != nil {
			return nil, err
		}
	}
	if err := o.checkListed(ctx, by, app, situation); err != nil {
		return nil, err
	}
	if err := checkCase(file, app.Act, situation.Commitment); err != nil {
		return nil, err
	}
	if err := o.actsFor(ctx, o.signer, "organization", app.Organization); err != nil {
		return nil, err
	}
	// 5. Assign serial, number and status list indexes, number and decision used by
	// nobody before. Gaps are allowed.
	draft, double, err := o.draft(ctx, app, situation)
	if err != nil {
		return nil, err
	}
	// 6. Render what will be sealed, so that approvers sign that very file.
	version, err := o.render(ctx, draft, situation, collected)
	if err != nil {
		return nil, err
	}
	if app.Collected != nil {
		draft.Intent.Evidence = registry.FactsDigest(draft.Content.FieldRoot(version.Secret))
	} else {
		draft.Intent.Evidence = o.caseEvidence(file, app.Remark, draft.Intent.Identifier, draft.Intent.Sequence)
	}
	// 7. Commit 1: reserved. From here on a restart goes on by itself.
	reservation, err := o.reservation(ctx, by, app, draft, version, situation, key)
	if err != nil {
		return nil, err
	}
	reservation.Double = double
	if reservation.Issuers, err = o.issuersBeside(situation.Powers.Issuer); err != nil {
		return nil, err
	}
	err = o.acts.Reserve(ctx, reservation)
	if registry.CodeOf(err) == registry.CodeIdempotencyMismatch {
		return o.acts.Replay(ctx, key) // the same request came twice at once
	}
	if err != nil {
		return nil, err
	}
	return reservation.Proceeding, nil
}

// render has the signer render the unsealed document and completes the intent with the content
// digest; nil for acts that make no version. A collected one is not rendered.
func (o *Issuing) render(ctx context.Context, d *registry.Draft, s registry.Situation, file []byte) (*Version, error) {
	if !d.Intent.Act.MakesVersion() {
		return nil, nil
	}
	v := &Version{Identifier: d.Intent.Identifier, Facts: d.Facts, TypeVersion: s.Type.Version, Secret: make([]byte, 32)}
	if _, err := rand.Read(v.Secret); err != nil {
		return nil, err
	}
	if d.Intent.Collected != nil {
		v.Sealed, d.Intent.Content = file, registry.CollectedDigest(file)
		return v, nil
	}
	made, err := o.renderer.Render(ctx, registry.RenderRequest{Identifier: d.Intent.Identifier, Printing: d.Intent.Printings[0], Type: s.Type, Facts: d.Facts,
		Secret: v.Secret, Public: o.config.PublicURL})
	if err != nil {
		return nil, err
	}
	v.Unsealed, v.Rendered, d.Intent.Content = made.Unsealed, made.Mark, made.Content
	return v, nil
}

func (o *Issuing) reservation(ctx context.Context, by registry.Actor, app registry.Application, d *registry.Draft, v *Version, s registry.Situation, key Idempotency) (Reservation, error) {
	now := o.now()
	r := Reservation{Idempotency: key, By: by, Version: v,
		Proceeding: &Proceeding{Digest: d.Intent.Digest(), Intent: d.Intent, Step: StepReserved, Remark: app.Remark, Created: now, Updated: now}}
	if r.Elsewhere = s.Standing != nil && s.Present == nil; r.Elsewhere && !d.Intent.Governed() {
		return r, registry.Errorf(registry.CodeNotFound, "identifier", "the license is kept by another member's registry: its own acts are that registry's")
	}
	if s.Powers.Grant != nil {
		r.Matter = s.Powers.Grant.Matter
	}
	if v != nil {
		v.Intent = r.Proceeding.Digest
	}
	if len(d.Intent.Printings) == 0 {
		return r, nil
	}
	made, err := o.tokens.of(ctx, d.Intent.Identifier, d.Intent.Printings...)
	if err != nil {
		return r, err
	}
	for i, p := range d.Intent.Printings {
		ref := PrintingRef{Token: made[i], Identifier: d.Intent.Identifier, Printing: p}
		ref.Mark = o.mark(&ref)
		r.Printings = append(r.Printings, ref)
	}
	return r, nil
}

// refused puts a refusal into the audit trail: code and field, never values.
func (o *Issuing) refused(ctx context.Context, by registry.Actor, operation string, app registry.Application, err error) {
	subject := app.Identifier.String()
	if app.Identifier.IsZero() {
		subject = app.Type
	}
	event := AuditEvent{At: o.now(), By: by, Operation: operation, Subject: subject, Code: registry.CodeOf(err)}
	if auditErr := o.trail.Audit(context.WithoutCancel(ctx), event); auditErr != nil {
		o.log.Error("audit of a refusal failed", "operation", operation, "error", auditErr)
	}
}
