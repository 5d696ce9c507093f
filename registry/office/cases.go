package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Cases keeps case files (案卷): what the people of several authorities did and
// signed before a decision.
type Cases struct {
	*common
	*caseGrants
	*caseNeighbors
	access    *access
	store     CaseStore
	governing *Governing

	driving turns     // the held step of a file is brought forward by one at a time
	offered sm.Digest // what was offered last, by whom it is for
}

// read reads a case, whoever asks for it; closed, when a decision of it is anchored.
func (o *Cases) read(ctx context.Context, grant, caseNumber string) (*registry.CaseFile, error) {
	kept, err := o.store.Case(ctx, grant, caseNumber)
	if err != nil {
		return nil, err
	}
	f, err := o.law().CaseFile(kept.Steps, registry.DateOf(o.now()))
	if err != nil || len(kept.Steps) == 0 {
		return f, err
	}
	f.Home = kept.Home
	if kept.Held.shown() {
		f.Held = &kept.Held.HeldStep
	}
	beside, err := o.beside(grant)
	if err != nil {
		return nil, err
	}
	var parties []string // a regulator's own case of that number is another one
	for _, id := range beside {
		if g, err := recordOf[*registry.Grant](o.common, registry.KindGrant, id); err != nil {
			return nil, err
		} else if g != nil {
			parties = append(parties, g.Parties()...)
		}
	}
	decision, err := o.view.CaseDecision(beside, parties, caseNumber)
	if err == nil && decision != nil {
		f.Close(*decision)
	}
	return f, err
}

// decided reads the case file that a decision under the grant rests on: that of the
// grant itself, else of one beside it. nil when there is none.
func (o *Cases) decided(ctx context.Context, grant, caseNumber string) (*registry.CaseFile, error) {
	beside, err := o.beside(grant)
	if err != nil {
		return nil, err
	}
	for _, id := range beside {
		if f, err := o.read(ctx, id, caseNumber); err != nil || len(f.Steps) > 0 {
			return f, err
		}
	}
	return nil, nil
}

// File reads a case for its parties: the authorities that its grant names, those
// whom a step invited, and those who signed one; the reading is written down. It
// may be empty: nothing was received or accepted yet. So it is, whether there is
// such a case or not, for a center that takes in for the grant's region and has no
// part in it. CodeNotFound for others, whether there is such a case or not.
func (o *Cases) File(ctx context.Context, by registry.Actor, grant, caseNumber string) (*registry.CaseFile, error) {
	f, _, err := o.file(ctx, by, grant, caseNumber)
	return f, err
}

// file is File that also tells whether there is such a case, for who takes a step.
func (o *Cases) file(ctx context.Context, by registry.Actor, grant, caseNumber string) (f *registry.CaseFile, taken bool, err error) {
	f, taken, err = o.glance(ctx, by, grant, caseNumber)
	if err != nil || len(f.Steps) == 0 {
		return f, taken, err
	}
	return f, taken, o.access.read(ctx, by, "case", grant+" "+f.Named(caseNumber), "")
}

// Glance is File for lists, which show where cases stand and no more.
func (o *Cases) Glance(ctx context.Context, by registry.Actor, grant, caseNumber string) (*registry.CaseFile, error) {
	f, _, err := o.glance(ctx, by, grant, caseNumber)
	return f, err
}

func (o *Cases) glance(ctx context.Context, by registry.Actor, grant, caseNumber string) (f *registry.CaseFile, taken bool, err error) {
	if f, err = o.read(ctx, grant, caseNumber); err != nil {
		return nil, false, err
	}
	taken = len(f.Steps) > 0
	named, err := recordOf[*registry.Grant](o.common, registry.KindGrant, grant)
	if err != nil {
		return nil, false, err
	}
	if by.MaySeeCase(named, f) {
		return f, taken, nil
	}
	through, err := o.through(by, named)
	if err != nil {
		return nil, false, err
	}
	if through != nil {
		return &registry.CaseFile{Through: through}, taken, nil
	}
	return nil, false, registry.Errorf(registry.CodeNotFound, "case", "no such case for this account")
}

// checkTaken: a receipt begins a file of its own. The answer is the same to whoever
// may see the one that has the number and to who takes in for a neighbor.
func checkTaken(s *registry.CaseStatement, taken bool) error {
	if s.Kind == registry.CaseReceive && taken {
		return registry.Errorf(registry.CodeStale, "case", "another application has this case number: give this one its own")
	}
	return nil
}

// List names the cases under the actor's grants, and those that its
// organization was invited into or signed a step of, the last worked on first.
func (o *Cases) List(ctx context.Context, by registry.Actor, limit int) ([]CaseRef, error) {
	grants, err := o.Grants(ctx, by)
	if err != nil {
		return nil, err
	}
	if !by.Sees(registry.MaySeeCases) {
		return nil, nil
	}
	ids := make([]string, len(grants))
	for i, g := range grants {
		ids[i] = g.ID
	}
	return o.store.CaseRefs(ctx, ids, by.Organization, limit)
}
