package plan

import (
	"slices"
	"strconv"

	"tongzheng/registry"
)

func (c *checker) checkGrant(g Grant) {
	thing := "grant " + g.ID
	c.unique("grant", g.ID, idForm)
	matter, ok := c.Matter(g.Matter)
	c.want(ok, thing, "matter %s is not in the plan", g.Matter)
	c.organizations(thing, g.From, g.Acceptor, g.Examiner, g.Decider, g.RecallBy)
	c.organizations(thing, slices.Concat(g.Regulators, g.Informed)...)
	if g.Handling != "" {
		c.organizations(thing, g.Handling)
	}
	c.region(thing, g.Territory)
	for _, region := range g.Accepts {
		c.region(thing, region)
		c.want(region != g.Territory, thing, "its own territory %s needs no mention in accepts", region)
	}
	c.want(g.Basis.Title != "" && g.List != "" && g.Batch != "" && g.Effective != 0, thing, "basis, list, batch and effective are wanted")
	c.want(len(g.Regulators) > 0, thing, "nobody supervises it")
	c.want(g.Supervision == "" || c.ids["supervision "+g.Supervision], thing, "supervision %q is not in the plan", g.Supervision)
	c.want(g.Agreement == nil || g.Mode == registry.ModeReview, thing, "only a review grant has an agreement")
	c.checkMode(thing, g)
	c.checkRecall(thing, g)
	c.checkLegal(thing, g)
	for _, key := range matter.Types {
		if t, ok := c.Type(key); ok && t.Type.Source == registry.MadeHere {
			_, ok := c.SealFor(g, t.Type.Seal)
			c.want(ok, thing, "%s has no %s seal for it", g.Decider, t.Type.Seal)
		}
	}
}

// checkMode holds the grant against the design's table of modes.
func (c *checker) checkMode(thing string, g Grant) {
	same := func(a, b string) bool { return a == b }
	acceptor, _ := c.Organization(g.Acceptor)
	decider, _ := c.Organization(g.Decider)
	c.want(decider.Kind != Center, thing, "a center decides nothing")
	ok := false
	switch g.Mode {
	case registry.ModeOwn:
		ok = same(g.From, g.Decider) && same(g.Examiner, g.Decider)
	case registry.ModeDirect:
		ok = !same(g.From, g.Decider) && same(g.Examiner, g.Decider)
	case registry.ModeReview:
		ok = same(g.From, g.Decider) && !same(g.Examiner, g.Decider) && same(g.Acceptor, g.Examiner)
	case registry.ModeWindow:
		ok = same(g.From, g.Decider) && same(g.Examiner, g.Decider) && !same(g.Acceptor, g.Decider)
	case registry.ModeResident:
		ok = same(g.From, g.Decider) && same(g.Examiner, g.Decider) && acceptor.Kind == Center
	case registry.ModeEntrust:
		ok = same(g.From, g.Decider) && same(g.Acceptor, g.Examiner) && !same(g.Acceptor, g.Decider)
		c.want(c.rests(g) != "", thing, "the entruster has no power of its own that it rests on")
		c.want(g.Publication != nil, thing, "an entrustment is published (Administrative Licensing Law art. 24)")
	}
	c.want(ok, thing, "from, acceptor, examiner and decider do not fit mode %q", g.Mode)
}

// checkRecall: a town's power is adjusted by a government, never by a
// department; only an entruster, a department too, ends its own entrustment.
func (c *checker) checkRecall(thing string, g Grant) {
	if g.Mode == registry.ModeEntrust {
		c.want(g.RecallBy == g.From, thing, "an entrustment is ended by the entruster")
		return
	}
	by, _ := c.Organization(g.RecallBy)
	c.want(by.Kind == Government, thing, "recalled by %s, which is no government", g.RecallBy)
}

// checkLegal: the kind fits the mode, and a province's decision is named.
func (c *checker) checkLegal(thing string, g Grant) {
	c.want(g.Legal == "" || slices.Contains(registry.LegalKinds(), g.Legal), thing, "legal_kind %q", g.Legal)
	c.want(g.Legal == "" || (g.Legal == registry.LegalEntrusted) == (g.Mode == registry.ModeEntrust), thing, "legal_kind %s does not fit mode %s", g.Legal, g.Mode)
	c.want(g.Legal != registry.LegalConcentrated || g.LegalBasis != "", thing, "concentrated power names the province's decision")
	for _, kind := range g.Prepare {
		c.want(slices.Contains(registry.PreparationKinds(), kind), thing, "prepare %q", kind)
	}
}

func (c *checker) checkHandover(h Handover) {
	thing := "handover " + h.ID
	c.unique("handover", h.ID, idForm)
	c.organizations(thing, append(slices.Clone(h.From), h.To)...)
	c.want(len(h.From) > 0 && len(h.Begins) > 0, thing, "from and begins are wanted")
	c.want(h.Signed != 0 && h.Signed <= h.Start, thing, "signed %s, start %s", h.Signed, h.Start)
	c.want(h.Archives == ArchivesStay || h.Archives == ArchivesMove, thing, "archives %q", h.Archives)
	for _, list := range slices.Concat(h.Ends, h.Begins, h.Lapses) {
		c.want(len(c.GrantsOf(list)) > 0, thing, "grant list %q is not in the plan", list)
	}
	for _, list := range h.Lapses {
		for _, g := range c.GrantsOf(list) {
			c.want(g.Mode == registry.ModeEntrust, thing, "%s lapses but is no entrustment", g.ID)
		}
	}
	for _, list := range h.Begins {
		for _, g := range c.GrantsOf(list) {
			c.want(g.Decider == h.To && g.Effective >= h.Start, thing, "%s is not for %s from the start of operation", g.ID, h.To)
		}
	}
	for _, id := range slices.Concat(h.SealsEnded, h.SealsBegun) {
		_, ok := c.Seal(id)
		c.want(ok, thing, "seal %q is not in the plan", id)
	}
	for _, item := range h.Items {
		c.want(slices.Contains(registry.ItemKinds(), item.Kind) && item.What != "", thing, "item %+v", item)
	}
	for _, s := range h.Group {
		c.organizations(thing, s.Organization)
		c.want(slices.Contains(registry.SignerRoles(), s.Role), thing, "role %q of %s", s.Role, s.Organization)
	}
	c.want(h.AdviseUntil == 0 || h.AdviseUntil >= h.Start, thing, "advises until %s, operates from %s", h.AdviseUntil, h.Start)
	for _, t := range h.Stock {
		of, ok := find(c.Stock, func(s Stock) bool { return s.ID == t.Stock })
		c.want(ok && slices.Contains(h.From, of.Organization), thing, "stock %q is not of a party", t.Stock)
		part := Stock{From: t.From, To: t.To}
		c.want(ok && part.inside(of), thing, "%s–%s is not within stock %s", t.From, t.To, t.Stock)
	}
}

// numbers splits a range into what its ends share before the digits, and the
// digits' values.
func (s Stock) numbers() (prefix string, from, to int, ok bool) {
	a, b := blankForm.FindStringSubmatch(s.From), blankForm.FindStringSubmatch(s.To)
	if a == nil || b == nil || len(s.From) != len(s.To) || len(s.From) > 20 || a[1] != b[1] {
		return "", 0, 0, false
	}
	from, err1 := strconv.Atoi(a[2])
	to, err2 := strconv.Atoi(b[2])
	return a[1], from, to, err1 == nil && err2 == nil && from <= to
}

func (s Stock) inside(of Stock) bool {
	prefix, from, to, ok := s.numbers()
	ofPrefix, ofFrom, ofTo, ofOK := of.numbers()
	return ok && ofOK && len(s.From) == len(of.From) && prefix == ofPrefix && from >= ofFrom && to <= ofTo
}

func (s Stock) overlaps(o Stock) bool {
	prefix, from, to, _ := s.numbers()
	oPrefix, oFrom, oTo, _ := o.numbers()
	return s.Type == o.Type && s.Form == o.Form && s.PrintRun == o.PrintRun &&
		len(s.From) == len(o.From) && prefix == oPrefix && from <= oTo && oFrom <= to
}

func (c *checker) checkStock() {
	for i, s := range c.Stock {
		thing := "stock " + s.ID
		c.unique("stock", s.ID, idForm)
		c.organizations(thing, s.Organization)
		_, _, _, ok := s.numbers()
		c.want(ok, thing, "%s–%s: want rising numbers of equal width, at most 20 characters", s.From, s.To)
		t, known := c.Type(s.Type)
		c.want(known, thing, "type %q is not in the plan", s.Type)
		onForm := slices.ContainsFunc(t.Type.Copies, func(r registry.CopyRule) bool { return r.Form == s.Form })
		c.want(onForm && s.Form != "" && s.PrintRun != "", thing, "no copy of %s is on form %q", s.Type, s.Form)
		for _, o := range c.Stock[:i] {
			c.want(!s.overlaps(o), thing, "overlaps %s", o.ID)
		}
	}
}
