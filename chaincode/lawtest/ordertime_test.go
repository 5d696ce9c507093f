package lawtest

import (
	"fmt"
	"slices"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// sealed tries to file a seal of Xingguo's with these events.
func sealed(events func(w *walk) []registry.SealEvent) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		s := w.seal(ledgertest.SealXingguo)
		s.ID, s.History = w.id("q"), events(w)
		return w.Governing, &s
	})
}

// actKeys tries to change the act keys of an organization of its own that has
// two; the second ends in a day.
func actKeys(change func(w *walk, keys []registry.ActKey) []registry.ActKey) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		w.serial++
		o := w.AddOrganization(fmt.Sprintf("11360732%08d", w.serial), "某单位（测试）", "360732", ledgertest.MemberXingguo)
		second := ledgertest.NewKey(w.id("act"))
		o.ActKeys = append(o.ActKeys, registry.ActKey{ID: second.ID, Public: second.Public, From: w.Now, Until: w.Now + 24*3600})
		record := o.Organization
		w.set(w.Governing, &record)
		record.ActKeys = change(w, slices.Clone(record.ActKeys))
		return w.codes(registry.Governance, w.Order(o, &record))
	}
}

// operating tries to record the start of operation of a handover that was signed
// two hours ago.
func operating(at func(w *walk) int64) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		h := w.handover(w.id("h"))
		h.Signed = w.Now - 7200
		w.sign(h)
		w.set(w.Governing, h)
		h.Start = at(w)
		return w.codes(registry.Governance, w.Order(w.Xingguo, h))
	}
}

// examined tries to record an examination of Xingguo's at an instant.
func examined(at func(w *walk) int64) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Xingguo, &registry.Examination{Grant: "g-agreed", Case: w.id("受"), Organization: w.Xingguo.Code, Accepted: w.begin - longAgo, Due: registry.DateOf(w.Time()) + 40,
			Result: registry.Forward, Examined: at(w), Key: w.Acceptor.ID}
	})
}

// superseding tries to change the record of a type's version.
func superseding(code func(w *walk) string, change func(w *walk, t *registry.TypeRecord)) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		for _, r := range append(w.Records(), w.moreRecords()...) {
			if t, ok := r.(*registry.TypeRecord); ok && t.Code == code(w) {
				change(w, t)
				return w.Governing, t
			}
		}
		panic("no such type")
	})
}

func typeOpen(w *walk) string { return w.Type }

// calendars tries to set a calendar that is the ledger's own but for a change.
func calendars(years int, change func(w *walk, c *registry.Calendar)) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		c := calendar(time.Unix(w.begin, 0).In(registry.China).Year() + years)
		change(w, c)
		return w.Governing, c
	})
}

// underSuperseded tries an issue under the type that was superseded.
func underSuperseded(decided func(w *walk) int64) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.NewLicense()
		l.Identifier.Type, l.Numbered = typeSuperseded(w), false
		in := l.Intent(registry.Issue)
		in.Decided = decided(w)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// timeTemptations reach into the past, or ahead, by an order.
var timeTemptations = []temptation{
	{"an order of long ago", registry.CodeBackdated, func(w *walk) []registry.Code {
		e := w.Order(w.Governing, &registry.Matter{Code: w.id("m"), FullName: "x"})
		e.Order.Decided -= w.Rules.MaxBackdate + 1
		return w.codes(registry.Governance, e)
	}},
	{"and one just in time", "", func(w *walk) []registry.Code {
		e := w.Order(w.Governing, &registry.Matter{Code: w.id("m"), FullName: "x"})
		e.Order.Decided -= w.Rules.MaxBackdate
		return w.codes(registry.Governance, e)
	}},
	{"a power ended in the past", registry.CodePast, amend(ledgertest.GrantDirect, theCity, func(w *walk, g *registry.Grant) { g.End, g.EndBasis = w.begin, "收回" })},
	{"a power ended as long ago as clocks may differ, and more", registry.CodePast, newGrant(func(w *walk, g *registry.Grant) { g.End, g.EndBasis = w.Now-skew-1, "收回" })},
	{"and no more", "", newGrant(func(w *walk, g *registry.Grant) { g.End, g.EndBasis = w.Now-skew, "收回" })},
	{"an organization dissolved in the past", registry.CodePast, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		o := w.Yudu.Organization
		o.Dissolved = w.begin
		return w.Governing, &o
	})},
	{"operation started in the past", registry.CodePast, operating(func(w *walk) int64 { return w.Now - 3600 })},
	{"operation that will start", "", operating(func(w *walk) int64 { return w.Now + 3600 })},
	{"a person's key that began long ago", registry.CodeBackdated, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		key := ledgertest.NewKey(w.id("person"))
		return w.Xingguo, &registry.Approver{KeyID: key.ID, Algorithm: registry.SM2SM3, Public: key.Public, Person: w.id("p"), Organization: w.Xingguo.Code,
			Roles: []registry.Role{registry.RoleExaminer}, From: w.Now - longAgo}
	})},
	{"an act key that began long ago", registry.CodeBackdated, actKeys(func(w *walk, keys []registry.ActKey) []registry.ActKey {
		key := ledgertest.NewKey(w.id("act"))
		return append(keys, registry.ActKey{ID: key.ID, Public: key.Public, From: w.Now - longAgo})
	})},
	{"a handover signed long ago", registry.CodeBackdated, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		h := w.handover(w.id("h"))
		h.Signed = w.Now - longAgo
		w.sign(h)
		return w.Governing, h
	})},
	{"an examination of long ago", registry.CodeBackdated, examined(func(w *walk) int64 { return w.Now - longAgo })},
	{"an examination to come", registry.CodeFuture, examined(func(w *walk) int64 { return w.Now + skew + 1 })},
	{"a key ended in the past", registry.CodePast, person(func(w *walk, a *registry.Approver) { a.Until = w.begin })},
	{"an exception logged long afterwards", registry.CodeBackdated, amend("g-principle", theCity, func(w *walk, g *registry.Grant) {
		g.Exceptions = []registry.Exception{{Seal: ledgertest.SealSpare, From: g.End, Until: g.End + 3600, Basis: "例外"}}
	})},
	{"and one logged in time", "", amend("g-principle-too", theCity, func(w *walk, g *registry.Grant) {
		g.Exceptions = []registry.Exception{{Seal: ledgertest.SealSpare, From: w.begin, Until: w.begin + 3600, Basis: "例外"}}
	})},
	{"an agreement dated back", registry.CodeBackdated, amend(ledgertest.GrantReview, theCity, func(w *walk, g *registry.Grant) {
		g.Agreement, g.Agreed = "协议", w.begin-longAgo
	})},
	{"a publication dated back", registry.CodeBackdated, amend("g-entrust-silent", theCity, func(w *walk, g *registry.Grant) {
		g.Publication, g.Published = "公告", w.begin-longAgo
	})},
	{"an act key taken off the list", registry.CodePast, actKeys(func(_ *walk, keys []registry.ActKey) []registry.ActKey { return keys[:1] })},
	{"an act key that began at another time", registry.CodePast, actKeys(func(_ *walk, keys []registry.ActKey) []registry.ActKey { keys[0].From--; return keys })},
	{"an act key's end put off", registry.CodePast, actKeys(func(_ *walk, keys []registry.ActKey) []registry.ActKey { keys[1].Until++; return keys })},
	{"an act key's end taken back", registry.CodePast, actKeys(func(_ *walk, keys []registry.ActKey) []registry.ActKey { keys[1].Until = 0; return keys })},
	{"an act key ended in the past", registry.CodePast, actKeys(func(w *walk, keys []registry.ActKey) []registry.ActKey { keys[1].Until = w.begin; return keys })},
	{"and one put forward", "", actKeys(func(_ *walk, keys []registry.ActKey) []registry.ActKey { keys[1].Until -= 3600; return keys })},
	{"a seal in use since long ago", registry.CodeBackdated, sealed(func(w *walk) []registry.SealEvent {
		return []registry.SealEvent{{State: registry.SealInUse, At: w.Now - w.Rules.MaxBackdate - 1}}
	})},
	{"a seal lost tomorrow", registry.CodeFuture, sealed(func(w *walk) []registry.SealEvent {
		return []registry.SealEvent{{State: registry.SealInUse, At: w.Now}, {State: registry.SealLost, At: w.Now + 24*3600}}
	})},
	{"a seal lost before it was in use", registry.CodeEntryForm, sealed(func(w *walk) []registry.SealEvent {
		return []registry.SealEvent{{State: registry.SealInUse, At: w.Now}, {State: registry.SealLost, At: w.Now - 1}}
	})},
	{"a calendar of a year that is over", registry.CodePast, calendars(-1, func(*walk, *registry.Calendar) {})},
	{"a holiday that was forgotten", registry.CodePast, calendars(0, func(_ *walk, c *registry.Calendar) { c.Off = c.Off[1:] })},
	{"a holiday to come", "", calendars(0, func(_ *walk, c *registry.Calendar) { c.Off = c.Off[:len(c.Off)-1] })},
	{"a type superseded in the past", registry.CodePast, superseding(typeOpen, func(w *walk, t *registry.TypeRecord) { t.Superseded = w.begin })},
	{"a type superseded and changed", no, superseding(typeOpen, func(w *walk, t *registry.TypeRecord) { t.Superseded, t.Lead = w.Now+3600, 9 })},
	{"a superseded type taken up again", registry.CodePast, superseding(typeSuperseded, func(_ *walk, t *registry.TypeRecord) { t.Superseded = 0 })},
	{"a superseded type put off", registry.CodePast, superseding(typeSuperseded, func(w *walk, t *registry.TypeRecord) { t.Superseded = w.Now + 3600 })},
	{"an issue under a superseded type", registry.CodeTypeSuperseded, underSuperseded(func(w *walk) int64 { return w.Now })},
	{"and one decided before", "", underSuperseded(func(w *walk) int64 { return w.begin })},
}

// underTheFirstRules: a ledger that keeps rules version 1 answers to the time of
// orders as it always did, and knows no superseded type. Newer rules put an end
// to that, for what comes after them.
func underTheFirstRules(who witness) {
	who.Helper()
	w := &walk{witness: who, City: ledgertest.NewCity(), submit: inMemory(), model: newModel()}
	w.Rules.Version = registry.RulesOfBeginning
	w.model.genesisUntil = 1 << 62
	if got := w.codesOf(w.Genesis()); slices.ContainsFunc(got, func(c registry.Code) bool { return c != "" }) {
		who.Errorf("under the first rules: %s", got)
	}
	w.Advance(2 * time.Hour)
	year := w.Time().Year()
	past := func() []registry.GovernanceRecord {
		g, seal, o := *find[*registry.Grant](w, ledgertest.GrantDirect), w.seal(ledgertest.SealXingguo), w.Yudu.Organization
		g.ID, g.End, g.EndBasis = w.id("g"), g.Effective+1, "收回"
		seal.ID, seal.History = w.id("q"), []registry.SealEvent{{State: registry.SealInUse, At: 1}, {State: registry.SealLost, At: w.Now + 24*3600}}
		o.Dissolved = w.Now - 24*3600
		return []registry.GovernanceRecord{&g, &seal, &o, calendar(year), &registry.Calendar{Year: year, Document: "改（测试）"}, calendar(year - 1)}
	}
	superseded := *find[*registry.TypeRecord](w, registry.TypeName(w.Type, 1))
	superseded.Superseded = w.Now + 3600
	for _, record := range past() {
		w.set(w.Governing, record)
	}
	if got := w.codes(registry.Governance, w.Order(w.Governing, &superseded)); got[0] != registry.CodeEntryForm {
		who.Errorf("a field that the first rules do not know: %s", got)
	}
	rules := w.Rules
	rules.Version = registry.RulesOfRelations
	w.set(w.Governing, &rules)
	w.Rules = rules
	var got []registry.Code
	for _, record := range past() {
		got = append(got, w.codes(registry.Governance, w.Order(w.Governing, record))...)
	}
	if want := []registry.Code{registry.CodePast, registry.CodeBackdated, "", registry.CodePast, "", registry.CodePast}; !slices.Equal(got, want) {
		who.Errorf("since the newer rules: %q, want %q", got, want)
	}
	w.set(w.Governing, &superseded)
}
