package office

import (
	"context"
	"slices"

	"tongzheng/registry"
)

// Search lists the licenses to which the actor's organization is something that
// sees at least their status (registry.Kinship), newest first, with what it is to
// each; of a relation alone when the query names one. Holder and number are shown,
// and searched, where its page shows them to the actor. CodeForbidden for another organization's. An actor whose
// work needs no names finds one license by its identifier, without number and
// holder. That names were read is written down.
func (o *Reading) Search(ctx context.Context, by registry.Actor, q SearchQuery) (*SearchPage, error) {
	if !by.Sees(registry.MaySearchNames) && by.Sees(registry.MaySeeStatus) {
		return o.lookUp(ctx, by, q)
	}
	organization, err := by.MaySearch(q.Organization)
	if err != nil {
		return nil, err
	}
	reach, err := o.reach(organization, q.Relation)
	if err != nil {
		return nil, err
	}
	q.Reach = reach.SeenBy(by)
	q.Organization = ""
	page, err := o.gather(ctx, q, func(item *SearchItem) (bool, error) {
		keep, err := o.related(by, item, q.Relation)
		if err == nil && keep {
			keep, err = o.lastSeen(ctx, by, item, q.Step)
		}
		return keep, err
	})
	if err != nil {
		return nil, err
	}
	return page, o.access.readNames(ctx, by, "list", page.Items)
}

// lookUp finds the license of an identifier. CodeMalformed for another text.
func (o *Reading) lookUp(ctx context.Context, by registry.Actor, q SearchQuery) (*SearchPage, error) {
	if q.Text == "" {
		return &SearchPage{}, nil
	}
	id, err := registry.ParseIdentifier(q.Text)
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "q", "this account's work needs no names: ask by the whole identifier")
	}
	err = o.access.license(ctx, by, id, registry.MaySeeStatus)
	if registry.CodeOf(err) == registry.CodeNotFound {
		return &SearchPage{}, nil
	}
	if err != nil {
		return nil, err
	}
	page, err := o.licenses.Search(ctx, SearchQuery{Text: id.Base(), Limit: 1})
	if err != nil {
		return nil, err
	}
	for i := range page.Items {
		page.Items[i].Number, page.Items[i].HolderName, page.Items[i].HolderCode = "", "", ""
		if _, err := o.lastSeen(ctx, by, &page.Items[i], ""); err != nil {
			return nil, err
		}
	}
	return &SearchPage{Items: page.Items}, nil
}

// lastSeen leaves in an item the last act that the actor may see: an anchored one, or
// one on its way or given up that it may see there. False when it sees none, or
// none in the step asked for.
func (o *Reading) lastSeen(ctx context.Context, by registry.Actor, item *SearchItem, step Step) (bool, error) {
	if item.Step == StepAnchored {
		return true, nil
	}
	seen, err := o.seenActs(ctx, by, item.Identifier.Base())
	if err != nil || len(seen) == 0 {
		return false, err
	}
	last := seen[len(seen)-1]
	item.LastAct, item.Step, item.Updated = last.Intent.Act, last.Step, last.Updated
	return step == "" || step == last.Step, nil
}

// reach reads an organization's reach from the view.
func (o *Reading) reach(organization string, only registry.Relation) (*registry.Reach, error) {
	organizations, err := recordsOf[*registry.Organization](o.common, registry.KindOrganization)
	if err != nil {
		return nil, err
	}
	grants, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if err != nil {
		return nil, err
	}
	successions, err := recordsOf[*registry.Succession](o.common, registry.KindSuccession)
	if err != nil {
		return nil, err
	}
	r := registry.ReachOf(organization, only, organizations, grants, successions)
	library, err := o.law().Library()
	if organization != "" && organization == library && (only == "" || only == registry.IsLibrary) {
		r.OfLibrary(organizations)
	}
	return r, err
}

// pageDefault is how many licenses a page has when nobody says.
const pageDefault = 20

// gather fills a page with what wanted keeps of the store's answers.
func (o *Reading) gather(ctx context.Context, q SearchQuery, wanted func(*SearchItem) (bool, error)) (*SearchPage, error) {
	items, next, err := fill(q.Limit, q.Cursor, wanted, func(limit int, cursor string) ([]SearchItem, string, error) {
		q.Limit, q.Cursor = limit, cursor
		found, err := o.licenses.Search(ctx, q)
		if err != nil {
			return nil, "", err
		}
		return found.Items, found.Next, nil
	})
	return &SearchPage{Items: items, Next: next}, err
}

// fill asks a store page by page until limit items are kept, or there are no more.
func fill[Item any](limit int, cursor string, wanted func(*Item) (bool, error), ask func(limit int, cursor string) ([]Item, string, error)) (items []Item, next string, err error) {
	if limit == 0 {
		limit = pageDefault
	}
	for next = cursor; ; {
		var found []Item
		if found, next, err = ask(limit-len(items), next); err != nil {
			return nil, "", err
		}
		for i := range found {
			keep, err := wanted(&found[i])
			if err != nil {
				return nil, "", err
			}
			if keep {
				items = append(items, found[i])
			}
		}
		if next == "" || len(items) >= limit {
			return items, next, nil
		}
	}
}

// related says in an item what the organization is to the license; false when it
// is nothing, or not what was asked for. A license that is not anchored yet is
// its issuer's, and of whoever applied in the issuer's name; which of their people
// see it, lastSeen says.
func (o *Reading) related(by registry.Actor, item *SearchItem, only registry.Relation) (bool, error) {
	standing, err := o.view.Standing(item.Identifier.Base())
	if err != nil {
		return false, err
	}
	if standing.License == nil {
		item.HolderCode = ""
		return only == "" || only == registry.IsIssuer && item.Identifier.Issuer == by.Organization, nil
	}
	kin, err := o.law().Kinship(item.Identifier.Issuer, standing, by.Organization, o.now().Unix())
	if err != nil {
		return false, err
	}
	item.Relations = kin.Relations(by.Organization)
	item.show(by, kin)
	return kin.Allows(by.Organization, registry.MaySeeStatus) && (only == "" || slices.Contains(item.Relations, only)), nil
}

// show leaves of an item what the license's page shows the actor, apart from review
// files.
func (item *SearchItem) show(by registry.Actor, kin *registry.Kinship) {
	sight := registry.MaySeeStatus
	for _, right := range []registry.Right{registry.MaySeeResult, registry.MaySeeContent} {
		if by.MaySeeLicense(kin, right) {
			sight = right
		}
	}
	item.Number, item.HolderName = shown(sight, item.Number, item.HolderName, item.HolderCode)
	item.HolderCode = ""
}

// Choices is what an actor can choose from for acts on one license type.
type Choices struct {
	Grants []*registry.Grant      // in force, under which its organization decides, or is entrusted to
	Seals  []*registry.SealRecord // in use, of those deciders, of the type's kind
	Stock  []*registry.Stock      // of the organization, for the type
	Places []Place                // that licenses under those grants can belong to
}

// Choices gathers what the actor can choose from for a new license of a type.
func (o *Reading) Choices(_ context.Context, by registry.Actor, t *registry.LicenseType) (*Choices, error) {
	all, err := recordsOf[*registry.Grant](o.common, registry.KindGrant)
	if err != nil {
		return nil, err
	}
	var grants []*registry.Grant
	for _, g := range all {
		decides := slices.ContainsFunc(g.RelationsOf(by.Organization), func(is registry.Relation) bool { return is.Allows(registry.MayDecideOn) })
		if decides && slices.Contains(t.Matters, g.Matter) && g.InForce(o.clock().Unix()) == nil {
			grants = append(grants, g)
		}
	}
	return o.choices(by, t, grants)
}

// choices adds to grants the seals of who decides under them, and the stock of
// who acts.
func (o *Reading) choices(by registry.Actor, t *registry.LicenseType, grants []*registry.Grant) (*Choices, error) {
	c := &Choices{Grants: grants}
	deciders := map[string]bool{}
	for _, g := range grants {
		deciders[g.Decider] = true
	}
	seals, err := recordsOf[*registry.SealRecord](o.common, registry.KindSeal)
	if err != nil {
		return nil, err
	}
	for _, s := range seals {
		if deciders[s.Owner] && s.SealKind == t.Seal && s.StateAt(o.clock().Unix()) == registry.SealInUse {
			c.Seals = append(c.Seals, s)
		}
	}
	stock, err := recordsOf[*registry.Stock](o.common, registry.KindStock)
	if err != nil {
		return nil, err
	}
	for _, s := range stock {
		if s.Organization == by.Organization && s.Type == t.Code {
			c.Stock = append(c.Stock, s)
		}
	}
	c.Places, err = o.places(c.Grants)
	return c, err
}
