package office

import (
	"context"
	"slices"

	"tongzheng/registry"
)

// DeliveryQuery asks for what results wait for on paper.
type DeliveryQuery struct {
	Act    registry.Act // print, reprint, deliver or recover; zero for all
	Cursor string
	Limit  int // licenses looked at, 1–100, 20 when 0
}

// DeliveryPage is one page of the queue of results to hand over (待交付).
type DeliveryPage struct {
	Items []DeliveryItem
	Next  string // cursor, empty at the end
}

// DeliveryItem is a license whose paper waits for the organization that hands it
// over.
type DeliveryItem struct {
	SearchItem
	Due []PaperDue
}

// PaperDue is one thing that the paper waits for, and whether the actor may do it
// now.
type PaperDue struct {
	registry.PaperDue
	Blank string // number, where the sheet is on numbered stock
	May   bool   // by relation, role and state
}

// Deliveries is the queue of results to hand over of the actor's organization:
// licenses whose paper is to be printed, delivered or recovered, and looked after
// by it (registry.Kinship.HandsOver), newest first. CodeForbidden for an account
// of no organization.
func (o *Reading) Deliveries(ctx context.Context, by registry.Actor, q DeliveryQuery) (*DeliveryPage, error) {
	if by.Organization == "" || !by.Sees(registry.MaySearchNames) {
		return nil, registry.Errorf(registry.CodeForbidden, "", "this account hands no results over")
	}
	if q.Act != 0 && !slices.Contains(DeliveryActs(), q.Act) {
		return nil, registry.Errorf(registry.CodeMalformed, "act", "want one of %v", DeliveryActs())
	}
	reach, err := o.handingReach(by.Organization)
	if err != nil {
		return nil, err
	}
	page := &DeliveryPage{}
	found, err := o.gather(ctx, SearchQuery{Reach: reach, PaperDue: true, Cursor: q.Cursor, Limit: q.Limit}, func(item *SearchItem) (bool, error) {
		due, err := o.paperDue(ctx, by, item, q.Act)
		if len(due) > 0 {
			page.Items = append(page.Items, DeliveryItem{Due: due})
		}
		return len(due) > 0, err
	})
	if err != nil {
		return nil, err
	}
	for i, item := range found.Items {
		page.Items[i].SearchItem = item
	}
	page.Next = found.Next
	return page, o.access.readNames(ctx, by, "deliveries", found.Items)
}

// handingReach is where the organization may be who hands results over.
func (o *Reading) handingReach(organization string) (*registry.Reach, error) {
	reach, err := o.reach(organization, "")
	if err != nil {
		return nil, err
	}
	reach.Result, reach.Status, reach.Proposer = registry.Among{}, registry.Among{}, ""
	var hands []string
	for _, id := range reach.Content.Grants {
		g, err := recordOf[*registry.Grant](o.common, registry.KindGrant, id)
		if err != nil {
			return nil, err
		}
		if g != nil && slices.Contains(g.HandsOver(), organization) {
			hands = append(hands, id)
		}
	}
	reach.Content.Grants = hands
	return reach, nil
}

// DeliveryActs lists what paper can wait for; the API enum is compared with it.
func DeliveryActs() []registry.Act {
	return []registry.Act{registry.Print, registry.Reprint, registry.Deliver, registry.Recover}
}

// paperDue is what the license's paper waits for from the actor's organization.
func (o *Reading) paperDue(ctx context.Context, by registry.Actor, item *SearchItem, only registry.Act) (due []PaperDue, err error) {
	id := item.Identifier
	standing, err := o.view.Standing(id.Base())
	if err != nil || standing.License == nil {
		return nil, err
	}
	kin, err := o.law().Kinship(id.Issuer, standing, by.Organization, o.now().Unix())
	if err != nil || !kin.HandsOver(by.Organization, standing.License.Grant) || !kin.Allows(by.Organization, registry.MayHandlePaper) {
		return nil, err
	}
	state, _ := standing.State()
	for _, d := range standing.License.PaperDue(state, registry.DateOf(o.now())) {
		if only == 0 || d.Act == only {
			due = append(due, PaperDue{PaperDue: d})
		}
	}
	if len(due) == 0 {
		return nil, nil
	}
	item.Relations = kin.Relations(by.Organization)
	item.show(by, kin)
	offers, err := o.offers(ctx, by, id, standing)
	if err != nil {
		return nil, err
	}
	for i := range due {
		d := &due[i]
		d.May = slices.ContainsFunc(offers, func(offer registry.Offer) bool { return offer.Act == d.Act && offer.Printing == d.Printing })
		if p, ok := standing.Printing(d.Printing); ok {
			d.Blank = p.Blank.Number
		}
	}
	return due, nil
}
