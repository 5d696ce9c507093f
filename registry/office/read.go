package office

import (
	"context"
	"maps"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Reading is what people and machines look up: named queries, each for an Actor.
type Reading struct {
	*common
	access *access
	acts   interface {
		Proceeding(ctx context.Context, intent sm.Digest) (*Proceeding, error)
		History(ctx context.Context, base string) ([]*Proceeding, error)
	}
	licenses interface {
		Version(ctx context.Context, base string, version int) (*Version, error)
		Record(ctx context.Context, base string) (*Record, error)
		Search(ctx context.Context, q SearchQuery) (*SearchPage, error)
		Printings(ctx context.Context, base string) ([]PrintingRef, error)
	}
	catalog Catalog
	trail   interface {
		Tasks(ctx context.Context, organization string) ([]Task, error)
		Waiting(ctx context.Context, organizations []string) ([]Task, error)
	}
	lists WatchLists // nil: nobody is listed
	cases *Cases     // nil: cases are kept elsewhere
}

// Now is the office's instant: what its answers are as of.
func (o *Reading) Now() time.Time { return o.clock() }

// Knowledge says how fresh the status view is.
func (o *Reading) Knowledge() registry.Knowledge { return o.view.Knowledge(o.clock()) }

// ScanURL is where a code with this token leads.
func (o *Reading) ScanURL(token registry.Token) string { return o.scanURL(token) }

// ScanURLs are where the codes of an act's printings lead, in their order; empty
// while the signer, which makes the tokens, is out of reach.
func (o *Reading) ScanURLs(ctx context.Context, _ registry.Actor, p *Proceeding) []string {
	urls := make([]string, len(p.Intent.Printings))
	if made, err := o.tokens.of(ctx, p.Intent.Identifier, p.Intent.Printings...); err == nil {
		for i, token := range made {
			urls[i] = o.scanURL(token)
		}
	}
	return urls
}

// Proceeding shows one act on its way. CodeNotFound also for one that is not for
// the actor.
func (o *Reading) Proceeding(ctx context.Context, by registry.Actor, intent sm.Digest) (*Proceeding, error) {
	p, err := o.acts.Proceeding(ctx, intent)
	if err != nil {
		return nil, err
	}
	return p, o.seesProceeding(by, p)
}

// Proposed shows what the version that a proceeding makes says, and the one
// before it, nil for the first; for a license that replaces another one, that one.
// CodeNotFound for an act that makes none, and for whoever may see the act and not
// what the license says: a printer, and who oversees without a file.
func (o *Reading) Proposed(ctx context.Context, by registry.Actor, p *Proceeding) (now, before *Version, err error) {
	file, err := o.access.proposal(ctx, by, p)
	if err != nil {
		return nil, nil, err
	}
	id := p.Intent.Identifier
	if now, err = o.licenses.Version(ctx, id.Base(), id.Version); err != nil {
		return nil, nil, err
	}
	if err := o.access.read(ctx, by, "proposal", p.Digest.String(), file); err != nil {
		return nil, nil, err
	}
	earlier := id.WithVersion(id.Version - 1)
	if p.Intent.Replaces() {
		earlier = p.Intent.Closes.Identifier
	}
	if earlier.Version == 0 || !p.Intent.Act.MakesVersion() {
		return now, nil, nil
	}
	before, err = o.licenses.Version(ctx, earlier.Base(), earlier.Version)
	if registry.CodeOf(err) == registry.CodeNotFound {
		err = nil
	}
	return now, before, err
}

// Warnings are the lists that the holder of a proceeding stands on today, for
// those who decide on it.
func (o *Reading) Warnings(ctx context.Context, by registry.Actor, p *Proceeding) ([]registry.Listed, error) {
	if err := o.seesProceeding(by, p); err != nil {
		return nil, err
	}
	in := &p.Intent
	if o.lists == nil || !slices.Contains(gains, in.Act) {
		return nil, nil
	}
	version, err := o.licenses.Version(ctx, in.Identifier.Base(), in.Identifier.Version)
	if err != nil {
		return nil, err
	}
	return o.lists.Listed(ctx, version.Facts.Holder)
}

// Tasks lists what the actor has to attend to: refused acts of its organization,
// acts that wait for the signatures of its people, its own and those of the
// deciders under whose grants it is a party, and case files that wait for its steps.
func (o *Reading) Tasks(ctx context.Context, by registry.Actor) ([]Task, error) {
	organization, err := by.MayList()
	if err != nil {
		return nil, err
	}
	tasks, err := o.trail.Tasks(ctx, organization)
	if err != nil {
		return nil, err
	}
	grants, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if err != nil {
		return nil, err
	}
	party, deciders := map[string]bool{}, map[string]bool{}
	for _, g := range grants {
		if by.MayHandle(g) && g.Decider != organization {
			party[g.ID], deciders[g.Decider] = true, true
		}
	}
	waiting, err := o.trail.Waiting(ctx, slices.Sorted(maps.Keys(deciders)))
	if err != nil {
		return nil, err
	}
	for _, t := range waiting {
		if party[t.Grant] && !slices.ContainsFunc(tasks, func(own Task) bool { return own.Intent == t.Intent }) {
			tasks = append(tasks, t)
		}
	}
	tasks = slices.DeleteFunc(tasks, func(t Task) bool { return !by.SeesAct(t.Act) })
	if err := o.nameTasks(ctx, by, tasks); err != nil {
		return nil, err
	}
	if o.cases != nil {
		files, err := o.cases.tasks(ctx, by)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, files...)
	}
	slices.SortStableFunc(tasks, func(a, b Task) int { return b.Created.Compare(a.Created) })
	return tasks, nil
}

// nameTasks says of each task what its license is called, and whose it is to those
// who see names and may see these: of a version on its way whoever has the act to
// sign, else by what the license is to them. That names were read is written down.
func (o *Reading) nameTasks(ctx context.Context, by registry.Actor, tasks []Task) error {
	count := 0
	for i := range tasks {
		t := &tasks[i]
		kind, err := o.catalog.Type(ctx, t.Identifier.Type, 0)
		if err != nil && registry.CodeOf(err) != registry.CodeTypeUnknown {
			return err
		}
		if err == nil {
			t.TypeName = kind.Name
		}
		if t.Kind == TaskActed {
			if t.Detail, err = o.nameOf(t.By); err != nil {
				return err
			}
		}
		kin, err := o.keeping(by, &registry.Intent{Identifier: t.Identifier})
		if err != nil {
			return err
		}
		sight := registry.MaySeeStatus
		for _, right := range []registry.Right{registry.MaySeeResult, registry.MaySeeContent} {
			if by.Sees(registry.MaySearchNames) && by.Sees(right) && (t.Act.MakesVersion() || kin.Allows(by.Organization, right)) {
				sight = right
			}
		}
		t.Number, t.HolderName = shown(sight, t.Number, t.HolderName, t.HolderCode)
		if t.HolderCode = ""; t.HolderName != "" {
			count++
		}
	}
	return o.access.readNamed(ctx, by, "tasks", count)
}

// nameOf is an organization's name, else its code.
func (o *Reading) nameOf(code string) (string, error) {
	organization, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, code)
	if err != nil || organization == nil {
		return code, err
	}
	return organization.FullName, nil
}

// Types lists the newest version of every catalog entry, by code.
func (o *Reading) Types(ctx context.Context, _ registry.Actor) ([]*registry.LicenseType, error) {
	return o.catalog.Types(ctx)
}

// Type returns a catalog entry; version 0 is the newest. CodeTypeUnknown.
func (o *Reading) Type(ctx context.Context, _ registry.Actor, code string, version int) (*registry.LicenseType, error) {
	return o.catalog.Type(ctx, code, version)
}

// Asked are the roles that an act's control policy asks signatures of, each of
// another person.
func (o *Reading) Asked(_ context.Context, by registry.Actor, in *registry.Intent) ([]registry.Role, error) {
	if err := by.MayRead(); err != nil {
		return nil, err
	}
	policy, err := o.law().Policy(in.Identifier.Type)
	if err != nil {
		return nil, err
	}
	mode := registry.Mode("")
	if grant, err := recordOf[*registry.Grant](o.common, registry.KindGrant, in.Grant); err == nil && grant != nil {
		mode = grant.Mode
	}
	if in.Act == registry.Replace { // has the approvals of its issue
		return policy.Roles(registry.Issue, mode), nil
	}
	return policy.Asked(in, mode), nil
}

// Grant, Seal, Matter, Organization and Approver read one record of the ledger
// that is no secret among its members: names, modes, the roles of keys. They are
// nil for one that the ledger does not have, or that cannot be read now, and for
// whoever has not signed in.

// Grant is the grant of an id.
func (o *Reading) Grant(by registry.Actor, id string) *registry.Grant {
	return named[*registry.Grant](o, by, registry.KindGrant, id)
}

// Seal is the seal of an id.
func (o *Reading) Seal(by registry.Actor, id string) *registry.SealRecord {
	return named[*registry.SealRecord](o, by, registry.KindSeal, id)
}

// Matter is the matter of a code.
func (o *Reading) Matter(by registry.Actor, code string) *registry.Matter {
	return named[*registry.Matter](o, by, registry.KindMatter, code)
}

// Organization is the organization of a credit code.
func (o *Reading) Organization(by registry.Actor, code string) *registry.Organization {
	return named[*registry.Organization](o, by, registry.KindOrganization, code)
}

// Approver is the record of an enrolled key.
func (o *Reading) Approver(by registry.Actor, key sm.KeyID) *registry.Approver {
	return named[*registry.Approver](o, by, registry.KindApprover, string(key))
}

func named[T registry.GovernanceRecord](o *Reading, by registry.Actor, kind registry.RecordKind, name string) T {
	var none T
	if by.MayRead() != nil || name == "" {
		return none
	}
	record, err := recordOf[T](o.common, kind, name)
	if err != nil {
		return none
	}
	return record
}
