package office

import (
	"context"
	"slices"
	"strings"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// A case file across members' registries: its home appends, the others take copies over
// and hand their people's signed steps in.

// homeOf is the grant of a file and the member whose registry keeps it, empty for this one:
// of a file that is not begun yet that of who takes in under the grant.
func (o *Cases) homeOf(f *registry.CaseFile, grant string) (*registry.Grant, string, error) {
	g, err := o.law().Grant(grant)
	if err != nil || len(f.Steps) > 0 {
		return g, f.Home, err
	}
	home, err := o.registry(g.Keeper())
	return g, home, err
}

// away says whom to wait for. The home may have the step all the same.
func away(member string, cause error) error {
	return registry.Errorf(registry.CodeUnavailable, "case", "the registry of member %s keeps this file and cannot be reached now, and whether it has the step is not known: read the file again when it answers, and sign again if the step is not in it", member).WithCause(cause)
}

// recordAway has the file's home append a step, and keeps the file as it answers.
func (o *Cases) recordAway(ctx context.Context, home string, step registry.CaseStep) (*registry.CaseFile, error) {
	steps, err := o.submit(ctx, home, &caseMessage{Step: sent(step)})
	s := &step.Statement
	if unclear(err) {
		// The answer was lost; the file may have come with the step by the feed.
		if f, failed := o.read(ctx, s.Grant, s.Case); failed == nil && f.EndsWith(s) {
			return f, nil
		}
		return nil, away(home, err)
	}
	if err != nil {
		return nil, err
	}
	has := slices.ContainsFunc(steps, func(kept registry.CaseStep) bool { return sameStep(&kept, &step) })
	if !has {
		return nil, registry.Errorf(registry.CodeContent, "case", "member %s answers with a file without the step", home)
	}
	if err := o.keepFor(ctx, home, s.Organization, steps); err != nil {
		return nil, err
	}
	return o.read(ctx, s.Grant, s.Case)
}

func sameStep(a, b *registry.CaseStep) bool {
	one, err := a.Statement.Digest()
	other, err2 := b.Statement.Digest()
	return err == nil && err2 == nil && one == other
}

// Receive has this registry, the file's home, judge and append a step that another member
// hands in for one of its people, exactly as one that is taken here (Record), and answers
// with the file.
func (o *Cases) Receive(ctx context.Context, from string, body []byte) ([]byte, error) {
	var m caseMessage
	if err := registry.Decode(body, &m); err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "case", "no step of a case")
	}
	step := m.Step.step()
	by, err := o.signer(from, &step)
	if err != nil {
		return nil, err
	}
	// 1. The file is kept here, or begins here. What is not goes nowhere else from here.
	if err := o.keeps(ctx, &step.Statement); err != nil {
		return nil, err
	}
	// 2. The step is not to be after all.
	if m.Withdrawn {
		return o.forget(ctx, &step)
	}
	// 3. What the ledger has of it is seen first.
	if m.Height > 0 {
		if err := o.await(ctx, m.Height); err != nil {
			return nil, registry.Errorf(registry.CodeNotYet, "case", "this registry has not read the ledger up to height %d", m.Height)
		}
	}
	// 4. Judged and kept.
	f, err := o.Record(ctx, by, step)
	if err != nil {
		return nil, err
	}
	return o.item(f.Steps)
}

// keeps tells whether this registry is the home of the file. CodeForbidden.
func (o *Cases) keeps(ctx context.Context, s *registry.CaseStatement) error {
	f, err := o.read(ctx, s.Grant, s.Case)
	if err != nil {
		return err
	}
	_, home, err := o.homeOf(f, s.Grant)
	if err == nil && home != "" {
		err = registry.Errorf(registry.CodeForbidden, "case", "this file is kept by the registry of member %s", home)
	}
	return err
}

// signer is the person whose step another member hands in: by the key, which is enrolled
// for an organization of that member. CodeForbidden.
func (o *Cases) signer(from string, step *registry.CaseStep) (registry.Actor, error) {
	key, err := recordOf[*registry.Approver](o.common, registry.KindApprover, string(step.Approval.KeyID))
	if err != nil {
		return registry.Actor{}, err
	}
	if key == nil {
		return registry.Actor{}, registry.Errorf(registry.CodeApprovalUnknown, "approval", "key %s is not enrolled", step.Approval.KeyID)
	}
	member, err := o.memberOf(key.Organization)
	if err != nil {
		return registry.Actor{}, err
	}
	if member != from || key.Organization != step.Statement.Organization {
		return registry.Actor{}, registry.Errorf(registry.CodeForbidden, "organization", "key %s is not of member %s's people, or not of the organization in whose name the step is", step.Approval.KeyID, from)
	}
	return registry.Actor{Account: "member " + from, Person: key.Person, Organization: key.Organization, Roles: key.Roles}, nil
}

// forget takes back a step that was handed in and that the ledger does not have. The answer
// has no step of the file: nobody has asked to read it. CodeNotFound for an organization
// that is not in the case, as for no case at all.
func (o *Cases) forget(ctx context.Context, step *registry.CaseStep) ([]byte, error) {
	s := &step.Statement
	defer o.turn(s)()
	kept, err := o.store.Case(ctx, s.Grant, s.Case)
	if err != nil {
		return nil, err
	}
	held := kept.Held != nil && kept.Held.Is(s)
	in := held
	if !held && kept.Home == "" && len(kept.Steps) > 0 {
		if in, err = o.inCase(kept, s); err != nil {
			return nil, err
		}
	}
	if kept.Home != "" || !in {
		return nil, registry.Errorf(registry.CodeNotFound, "case", "no such case for this member")
	}
	has, err := o.onLedger(step)
	if err != nil {
		return nil, err
	}
	if held && !has {
		digest, err := s.Digest()
		if err != nil {
			return nil, err
		}
		if err := o.store.DropHeld(ctx, digest); err != nil {
			return nil, err
		}
	}
	return o.item(nil)
}

// Give hands a file of this registry's own to another member: to those alone of whose
// organizations one is in the case. CodeNotFound.
func (o *Cases) Give(ctx context.Context, to, key string) ([]byte, error) {
	none := registry.Errorf(registry.CodeNotFound, "key", "no such case for this member")
	ref, err := o.store.CaseOf(ctx, key)
	if err != nil {
		return nil, err
	}
	f, err := o.read(ctx, ref.Grant, ref.Case)
	if err != nil {
		return nil, err
	}
	grant, err := recordOf[*registry.Grant](o.common, registry.KindGrant, ref.Grant)
	if err != nil {
		return nil, err
	}
	if len(f.Steps) == 0 || f.Home != "" {
		return nil, none
	}
	in, err := o.carries(to, f.InCase(grant))
	if err != nil {
		return nil, err
	}
	if !in {
		return nil, none
	}
	return o.item(f.Steps)
}

// Take takes a file over, for a member that this registry is, from the member whose
// registry keeps it. It believes no sender.
func (o *Cases) Take(ctx context.Context, from, to string, body []byte) error {
	steps, err := o.stepsOf(ctx, body)
	if err != nil {
		return err
	}
	return o.keep(ctx, from, to, steps)
}

// keepFor keeps what a home answers to a step of an organization here.
func (o *Cases) keepFor(ctx context.Context, from, organization string, steps []registry.CaseStep) error {
	to, err := o.memberOf(organization)
	if err != nil {
		return err
	}
	return o.keep(ctx, from, to, steps)
}

// keep makes a copy what a file's home hands over: a file that it keeps by its grant, whose
// every step is in its place and signed by a key on the ledger, with somebody of the member
// in it for whom it is, and which goes on where the copy ends.
func (o *Cases) keep(ctx context.Context, from, to string, steps []registry.CaseStep) error {
	first := &steps[0].Statement
	// 1. It is theirs to keep.
	grant, err := o.law().Grant(first.Grant)
	if err != nil {
		return err
	}
	if keeper, err := o.registry(grant.Keeper()); err != nil || keeper != from {
		if err == nil {
			err = registry.Errorf(registry.CodeForbidden, "grant", "cases under %s are not kept by the registry of member %s", grant.ID, from)
		}
		return err
	}
	// 2. Every step is in its place, well formed, and signed by who may take it.
	for i := range steps {
		if err := checkStepTexts(&steps[i].Statement, steps[i].Content); err != nil {
			return err
		}
	}
	f, err := o.law().CheckCase(grant.ID, steps)
	if err != nil {
		return err
	}
	// 3. Somebody here is in the case.
	here, err := o.carries(to, f.InCase(grant))
	if err == nil && !here {
		err = registry.Errorf(registry.CodeForbidden, "case", "no organization of member %s is in the case", to)
	}
	if err != nil {
		return err
	}
	// 4. It goes on where the copy ends.
	err = extend(ctx, o.store, from, steps)
	for range 2 {
		if registry.CodeOf(err) == registry.CodeStale { // an answer and the feed hand it over at once
			err = extend(ctx, o.store, from, steps)
		}
	}
	return err
}

// extend appends to a copy what follows it in a file. CodeStale also when the copy went on
// meanwhile.
func extend(ctx context.Context, store CaseStore, from string, steps []registry.CaseStep) error {
	first := &steps[0].Statement
	kept, err := store.Case(ctx, first.Grant, first.Case)
	if err != nil {
		return err
	}
	more, err := continues(kept, from, steps)
	if err != nil || len(more) == 0 {
		return err
	}
	return store.AddCaseSteps(ctx, CaseAddition{Steps: more, Home: from})
}

// continues is what follows a copy in a file. CodeStale for an older file than the copy, a
// replay; CodePreviousHead for another one, a fork.
func continues(kept *KeptCase, from string, steps []registry.CaseStep) ([]registry.CaseStep, error) {
	if len(kept.Steps) > 0 && kept.Home != from {
		return nil, registry.Errorf(registry.CodePreviousHead, "case", "another file has this case number here")
	}
	for i := range min(len(steps), len(kept.Steps)) {
		if !sameStep(&steps[i], &kept.Steps[i]) {
			return nil, registry.Errorf(registry.CodePreviousHead, "case", "step %d is another one than in the copy: the file was forked", i+1)
		}
	}
	if len(steps) < len(kept.Steps) {
		return nil, registry.Errorf(registry.CodeStale, "case", "it ends at step %d, the copy at %d", len(steps), len(kept.Steps))
	}
	return steps[len(kept.Steps):], nil
}

// offer adds to the feeds what other members' registries may have and were not told of:
// after one of them began to exchange, or a grant made one of their organizations a party.
func (o *Cases) offer(ctx context.Context) error {
	if o.exchange == nil {
		return nil
	}
	grants, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if err != nil {
		return err
	}
	of := map[string][]string{}
	var said strings.Builder
	for _, g := range grants {
		members, err := o.neighborsOf(g.Parties())
		if err != nil {
			return err
		}
		for _, member := range members {
			of[member] = append(of[member], g.ID)
			said.WriteString(member + " " + g.ID + "\n")
		}
	}
	digest := sm.Sum([]byte(said.String()))
	if digest == o.offered {
		return nil
	}
	for member, ids := range of {
		for {
			n, err := o.store.OfferCases(ctx, member, ids, offerAtOnce)
			if err != nil {
				return err
			}
			if n < offerAtOnce {
				break
			}
		}
	}
	o.offered = digest
	o.exchange.Tell()
	return nil
}

// offerAtOnce is how many files are added to a feed in one transaction.
const offerAtOnce = 200
