package lawtest

import (
	"math/rand/v2"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

const caseListed = "在办1号"

// newWalk opens the ledger with a city whose grants, seals and handovers are in
// every state that matters.
func newWalk(who witness, submit func(b registry.Batch) (*registry.Outcome, error), seed uint64) *walk {
	who.Helper()
	w := &walk{witness: who, City: ledgertest.NewCity(), submit: submit, chance: rand.New(rand.NewPCG(seed, 0)), extra: map[string]*registry.Grant{}}
	w.begin, w.model = w.Now, newModel()
	w.shifting = shifting{signed: map[string]*registry.Handover{}, spent: map[string]bool{}}
	if got := w.codesOf(w.Batch(registry.Governance, w.Order(w.Governing, &registry.Matter{Code: "1", FullName: "x"}))); got[0] != registry.CodeRules {
		w.Errorf("an order before the rules: %s", got)
	}
	w.gone = w.AddOrganization("1136073201234569", "已撤销机关（测试）", "360732", ledgertest.MemberXingguo)
	w.gone.Dissolved, w.gone.Successor = w.Now-3600, w.County.Code
	w.town = w.AddOrganization("1136073201234570", "某镇人民政府（测试）", "360732101", ledgertest.MemberXingguo, w.County, w.Governing)
	w.center = w.AddOrganization("1236073201234571", "便民服务中心（测试）", "360732", ledgertest.MemberXingguo, w.County)
	w.bureau = w.AddOrganization("1136073201234572", "某局（测试）", "360732", ledgertest.MemberXingguo, w.County)
	w.town.Rank, w.center.Rank, w.bureau.Rank = registry.RankGovernment, registry.RankCenter, registry.RankDepartment
	w.Xingguo.Superiors = append(w.Xingguo.Superiors, w.gone.Code)
	w.model.maxBackdate, w.model.genesisUntil, w.model.superiors = w.Rules.MaxBackdate, w.Rules.GenesisUntil, w.Xingguo.Superiors
	records := w.Records()
	for _, o := range []*ledgertest.Organization{w.gone, w.town, w.center, w.bureau} {
		record := o.Organization
		records = append(records, &record)
	}
	records = append(records, w.moreGrants()...)
	records = append(records, w.moreRecords()...)
	w.set(w.Governing, records...)
	w.handovers()
	w.Advance(2 * time.Hour) // genesis is over
	return w
}

// moreGrants are grants that are not, or no longer, in force.
func (w *walk) moreGrants() []registry.GovernanceRecord {
	direct := w.grant(ledgertest.GrantDirect)
	var records []registry.GovernanceRecord
	add := func(id string, from registry.Grant, change func(g *registry.Grant)) {
		from.ID = id
		change(&from)
		w.extra[id] = &from
		records = append(records, &from)
	}
	hour := w.begin + 3600
	add("g-future", direct, func(g *registry.Grant) { g.Effective = w.begin + 400*24*3600 })
	add("g-ended", direct, func(g *registry.Grant) { g.End, g.EndBasis = hour, "收回" })
	add("g-cases", direct, func(g *registry.Grant) { g.End, g.EndBasis, g.Cases = hour, "交接", []string{caseListed} })
	add("g-excepted", direct, func(g *registry.Grant) {
		g.End, g.EndBasis, g.Ended = hour, "交接", "h-none"
		g.Exceptions = []registry.Exception{{Seal: ledgertest.SealXingguo, From: hour, Until: hour + 3600, Basis: "例外"}}
	})
	for _, id := range []string{"g-principle", "g-principle-too"} {
		add(id, direct, func(g *registry.Grant) { g.End, g.EndBasis, g.Ended = w.begin-longAgo, "交接", "h-principle" })
	}
	add("g-strict", direct, func(g *registry.Grant) { g.End, g.EndBasis, g.Ended = w.begin, "交接", "h-strict" })
	add("g-operating", direct, func(g *registry.Grant) { g.Handover, g.Operating, g.Begun = true, w.begin-1, "h-strict" })
	add("g-waiting", direct, func(g *registry.Grant) { g.Handover = true })
	add("g-direct-examined", direct, func(g *registry.Grant) { g.Examiner = w.Xingguo.Code })
	add("g-watched", direct, func(g *registry.Grant) { g.Regulators = []string{w.bureau.Code} })
	add("g-agreed", w.grant(ledgertest.GrantReview), func(g *registry.Grant) { g.Agreement, g.Agreed = "协议", g.Effective })
	add("g-own-ended", w.grant(ledgertest.GrantOwn), func(g *registry.Grant) { g.End, g.EndBasis = hour, "划转" })
	add("g-entrust-lapsed", w.grant(ledgertest.GrantEntrust), func(g *registry.Grant) { g.Rests = "g-own-ended" })
	add("g-entrust-silent", w.grant(ledgertest.GrantEntrust), func(g *registry.Grant) { g.Publication, g.Published = "", 0 })
	return records
}

// moreRecords are a collected type, one whose renewal is applied for early, a
// seal out of use, stock of another run.
func (w *walk) moreRecords() []registry.GovernanceRecord {
	var records []registry.GovernanceRecord
	for _, r := range w.Records() {
		if t, ok := r.(*registry.TypeRecord); ok && t.Code == w.Type {
			collected, early := *t, *t
			collected.Code, collected.Source = w.Governing.Code+"003", registry.Collected
			early.Code, early.Lead = w.Governing.Code+"004", 30
			early.Forms = map[registry.CopyKind]string{registry.Original: ""}
			working, barring := early, early
			working.Code, working.Lead, working.LeadUnit = typeWorking(w), 5, registry.WorkingDays
			working.Doers = map[string][]registry.Doer{"annotate": {registry.DoerDecider, registry.DoerSuperior}}
			barring.Code, barring.Lead, barring.Bars = typeBarring(w), 0, map[string]int{"revoke/" + ledgertest.Ground: 3}
			barring.Doers = map[string][]registry.Doer{"penalize": {registry.DoerRegulator}, "withdraw": {registry.DoerDecider}}
			both, strict := early, early
			both.Code, both.Lead, both.Matters = typeBoth(w), 0, []string{ledgertest.Matter, ledgertest.OtherMatter}
			strict.Code, strict.Lead, strict.Doers = typeStrict(w), 0, nil
			superseded := early
			superseded.Code, superseded.Lead, superseded.Superseded = typeSuperseded(w), 0, w.begin+1800
			records = append(records, &collected, &early, &working, &barring, &both, &strict, &superseded)
		}
	}
	out := w.seal(ledgertest.SealXingguo)
	out.ID = "s-out"
	out.History = append(out.History, registry.SealEvent{State: registry.SealSuspended, At: w.begin})
	for _, year := range []int{w.Time().Year(), w.Time().Year() + 1} {
		records = append(records, calendar(year))
	}
	return append(records, &out, w.stock(w.Xingguo, "", "0001", "0100"))
}

func typeWorking(w *walk) string { return w.Governing.Code + "005" } // lead in working days
func typeBarring(w *walk) string { return w.Governing.Code + "006" } // bars the holder of a revoked license; penalties are the regulator's

func typeBoth(w *walk) string       { return w.Governing.Code + "007" } // of two matters
func typeStrict(w *walk) string     { return w.Governing.Code + "009" } // cites no statute on who may
func typeSuperseded(w *walk) string { return w.Governing.Code + "008" } // since half an hour after the beginning

// longAgo is longer than an order may be dated back, in seconds.
const longAgo = 40 * 24 * 3600

// calendar is a year in which only Wednesdays are worked, so that no other
// calendar is mistaken for it.
func calendar(year int) *registry.Calendar {
	c := &registry.Calendar{Year: year, Document: "放假安排（测试）"}
	for day := registry.DateOf(time.Date(year, 1, 1, 12, 0, 0, 0, registry.China)); day.Start().Year() == year; day++ {
		if weekday := day.Start().Weekday(); weekday != time.Wednesday && weekday != time.Saturday && weekday != time.Sunday {
			c.Off = append(c.Off, day)
		}
	}
	return c
}

func (w *walk) stock(o *ledgertest.Organization, member, from, to string) *registry.Stock {
	return &registry.Stock{Type: w.Type, Form: ledgertest.FormOriginal, Run: "2026Z", Organization: o.Code, Member: member,
		Ranges: []registry.BlankRange{{From: from, To: to}}}
}

// handovers: one whose plan allows no exception, started; and one of long ago
// whose plan does.
func (w *walk) handovers() {
	h := w.handover("h-strict")
	h.Signed = w.begin
	h.Ends = []string{"g-strict"}
	w.sign(h)
	w.set(w.Governing, h)
	h.Start = w.begin
	w.set(w.Xingguo, h)
	old := w.handover("h-principle")
	old.Signed, old.Ends, old.Principle = w.begin-longAgo, []string{"g-principle", "g-principle-too"}, true
	ledgertest.SignHandover(old, w.County.Code, registry.SideFrom, nil)
	ledgertest.SignHandover(old, w.Xingguo.Code, registry.SideTo, nil)
	ledgertest.SignHandover(old, w.Governing.Code, registry.SideWitness, nil)
	w.set(w.Governing, old)
	old.Start = old.Signed
	w.set(w.Xingguo, old)
}

func (w *walk) handover(id string) *registry.Handover {
	return &registry.Handover{ID: id, From: []string{w.County.Code}, To: w.Xingguo.Code, Document: "d", Begins: []string{"g-waiting"}, Archives: registry.ArchivesStay, Signed: w.Now}
}

// sign: the county on paper, the bureau and the witness with keys.
func (w *walk) sign(h *registry.Handover) {
	h.Signatures = nil
	ledgertest.SignHandover(h, w.County.Code, registry.SideFrom, nil)
	ledgertest.SignHandover(h, w.Xingguo.Code, registry.SideTo, w.Approver)
	ledgertest.SignHandover(h, w.Governing.Code, registry.SideWitness, w.Decider)
}

func (w *walk) grant(id string) registry.Grant {
	if g := w.extra[id]; g != nil {
		return *g
	}
	return *find[*registry.Grant](w, id)
}

func (w *walk) seal(id string) registry.SealRecord { return *find[*registry.SealRecord](w, id) }

func find[T registry.GovernanceRecord](w *walk, name string) T {
	for _, r := range w.Records() {
		if typed, ok := r.(T); ok && r.Name() == name {
			return typed
		}
	}
	panic("no record " + name)
}
