package lawtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"slices"

	"tongzheng/chaincode"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// issueOn tries an issue whose original is on a blank.
func issueOn(blank func(w *walk) registry.Blank) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		b := blank(w)
		in := w.NewLicense().Intent(registry.Issue)
		in.Printings[1].Blank = b
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// stockOf records a stock of a print run of its own.
func (w *walk) stockOf(o *ledgertest.Organization, member string) *registry.Stock {
	w.Helper()
	s := w.stock(o, member, "0001", "0100")
	s.Run = w.id("R")
	w.set(w.Governing, s)
	return s
}

// operate tries to begin a waiting grant by a handover with one thing changed.
func operate(change func(w *walk, h *registry.Handover, g *registry.Grant)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		g := w.grant("g-waiting")
		g.ID = w.id("g")
		w.set(w.Governing, &g)
		h := w.handover(w.id("h"))
		h.Begins = []string{g.ID}
		g.Operating, g.Begun = w.Now, h.ID
		start := w.Now
		change(w, h, &g)
		w.sign(h)
		w.set(w.Governing, h)
		h.Start = start
		w.set(w.Xingguo, h)
		return w.codes(registry.Governance, w.Order(w.Xingguo, &g))
	}
}

// ending tries to end a grant by a handover with one thing changed.
func ending(change func(w *walk, h *registry.Handover, g *registry.Grant)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		g := w.grant(ledgertest.GrantDirect)
		g.ID = w.id("g")
		w.set(w.Governing, &g)
		h := w.handover(w.id("h"))
		h.Ends = []string{g.ID}
		g.End, g.EndBasis, g.Ended = w.Now, "交接", h.ID
		start := w.Now
		change(w, h, &g)
		w.sign(h)
		w.set(w.Governing, h)
		h.Start = start
		w.set(w.Xingguo, h)
		return w.codes(registry.Governance, w.Order(w.Governing, &g))
	}
}

// person tries to change a key of Xingguo's that ends in an hour.
func person(change func(w *walk, a *registry.Approver)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		key := ledgertest.NewKey(w.id("person"))
		a := &registry.Approver{KeyID: key.ID, Algorithm: registry.SM2SM3, Public: key.Public, Person: w.id("p"), Organization: w.Xingguo.Code,
			Roles: []registry.Role{registry.RoleExaminer}, From: w.begin, Until: w.Now + 3600}
		w.set(w.Xingguo, a)
		change(w, a)
		return w.codes(registry.Governance, w.Order(w.Xingguo, a))
	}
}

// seals tries to change a seal of Xingguo's that was suspended.
func seals(change func(s *registry.SealRecord)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		s := w.seal(ledgertest.SealXingguo)
		s.ID, s.History = w.id("q"), []registry.SealEvent{{State: registry.SealInUse, At: w.begin}, {State: registry.SealSuspended, At: w.Now}}
		w.set(w.Governing, &s)
		change(&s)
		return w.codes(registry.Governance, w.Order(w.Xingguo, &s))
	}
}

// ran is a license whose last day is over and whose renewal was accepted in time.
func (w *walk) ran() *ledgertest.License {
	w.Helper()
	l := w.expired()
	in := l.Intent(registry.AcceptRenewal)
	in.Decided = w.Now - 9*24*3600
	w.moves(l, in)
	return l
}

// twice hands an accepted entry in again: harmless, and the same answer.
func twice(namespace string, make func(w *walk) *registry.Entry) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		e := make(w)
		w.accept(namespace, e)
		return w.codes(namespace, e)
	}
}

// limited tries to change a grant that ends in an hour.
func limited(by func(w *walk) *ledgertest.Organization, change func(w *walk, g *registry.Grant)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		g := w.grant(ledgertest.GrantDirect)
		g.ID, g.End, g.EndBasis = w.id("g"), w.Now+3600, "试点期满"
		w.set(w.Governing, &g)
		g.EndBasis = "收回"
		change(w, &g)
		return w.codes(registry.Governance, w.Order(by(w), &g))
	}
}

// passkey enrolls a key of Xingguo's that is no SM2 key.
func (w *walk) passkey() sm.KeyID {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		w.Fatal(err)
	}
	w.set(w.Xingguo, &registry.Approver{KeyID: sm.KeyIDOf(public), Algorithm: registry.WebAuthn, Public: public, Person: w.id("p"), Organization: w.Xingguo.Code,
		Roles: []registry.Role{registry.RoleApprover}, From: w.begin})
	return sm.KeyIDOf(public)
}

// beforeTheRules: an empty ledger takes its rules, by their own version, and
// nothing else. A network's clock has its say before, so it is asked in memory.
func beforeTheRules(who witness) {
	who.Helper()
	w := &walk{witness: who, City: ledgertest.NewCity(), submit: inMemory(), model: newModel()}
	rules := w.Rules
	opening := func() *registry.Entry { return w.Order(w.Governing, &rules) }
	issue := w.Entry(w.NewLicense().Intent(registry.Issue))
	of := func(version int) registry.Batch {
		b := w.Batch(registry.Governance, opening())
		b.Rules = version
		return b
	}
	for name, b := range map[string]registry.Batch{
		"a license": w.Batch(ledgertest.MemberXingguo, issue), "an act of oversight": w.Batch(registry.Governance, issue),
		"rules for a member": w.Batch(ledgertest.MemberXingguo, opening()),
		"rules to come":      of(chaincode.RulesVersion + 1), "rules long gone": of(chaincode.RulesVersion - 2),
	} {
		if got := w.codesOf(b); !slices.Equal(got, []registry.Code{registry.CodeRules}) {
			who.Errorf("%s before the rules: %s", name, got)
		}
	}
	beforeRelations(who)
}

// beforeRelations: what rules version 2 added to a record is not taken under
// version 1, whose contracts cannot read it.
func beforeRelations(who witness) {
	who.Helper()
	w := &walk{witness: who, City: ledgertest.NewCity(), submit: inMemory(), model: newModel()}
	w.Rules.Version = registry.RulesOfBeginning
	rules, led := w.Rules, w.Xingguo.Organization
	led.Management = registry.ManagedVertical
	service := &registry.Service{Member: ledgertest.MemberXingguo, Operator: led.Code, Public: ledgertest.Public}
	published := &registry.Publication{Member: ledgertest.MemberXingguo, Time: w.Now, Lists: 1, Root: sm.Sum([]byte("lists"))}
	b := w.Batch(registry.Governance, w.Order(w.Governing, &rules), w.Order(w.Governing, &led), w.Order(w.Governing, service), w.Order(w.Governing, published))
	if got := w.codesOf(b); !slices.Equal(got, []registry.Code{"", registry.CodeEntryForm, registry.CodeEntryForm, registry.CodeEntryForm}) {
		who.Errorf("words of version 2 under version 1: %s", got)
	}
}

// prepared tries to change what a grant says of one thing that is there and of
// one that is lacking.
func prepared(change func(p []registry.Preparation) []registry.Preparation) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		g := w.grant(ledgertest.GrantDirect)
		g.ID, g.Preparations = w.id("g"), []registry.Preparation{{Kind: registry.PreparedList, Document: "清单"}, {Kind: registry.PreparedScheme}}
		w.set(w.Governing, &g)
		g.Preparations = change(slices.Clone(g.Preparations))
		return w.codes(registry.Governance, w.Order(w.Governing, &g))
	}
}

// tooMany is more than one transaction of a network would hold: tried in memory.
var tooMany = temptation{"more than a batch holds", registry.CodeEntryForm, batch(func(_ *walk, b *registry.Batch) {
	b.Entries = slices.Repeat(b.Entries, chaincode.MaxEntries+1)
})}

// tooManyPowers: a thousand living powers of one authority over one matter, and one
// more. A network's transaction would be large: tried in memory.
var tooManyPowers = temptation{"more powers than a tenure holds", registry.CodeEntryForm, func(w *walk) []registry.Code {
	h := w.house()
	var orders []*registry.Entry
	for range 1001 {
		g := w.grant(ledgertest.GrantDirect)
		g.ID, g.Decider, g.Acceptor = w.id("g"), h.Code, h.Code
		orders = append(orders, w.Order(w.Governing, &g))
	}
	got := w.codes(registry.Governance, orders...)
	if slices.ContainsFunc(got[:1000], func(c registry.Code) bool { return c != "" }) {
		return nil
	}
	return got
}}

// handling brings a license under a grant whose center handles to an accepted
// renewal, and tries an annotation of the center's.
func handling(ground string) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		g := w.grant(ledgertest.GrantDirect)
		g.ID, g.Handling = w.id("g"), w.center.Code
		w.set(w.Governing, &g)
		l := w.NewLicense()
		l.Grant = g.ID
		for _, act := range []registry.Act{registry.Issue, registry.AcceptRenewal} {
			w.accept(ledgertest.MemberXingguo, l.Next(act))
		}
		in := l.Intent(registry.Annotate)
		in.Organization, in.Ground = w.center.Code, ground
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// clauseTemptations try one by one what a refusal names together with others.
var clauseTemptations = []temptation{
	{"one blank for two sheets", registry.CodeBlankUsed, issue(func(w *walk, in *registry.Intent) {
		b := w.Blank(ledgertest.FormDuplicate)
		for n := range uint32(2) {
			in.Printings = append(in.Printings, registry.Printing{Number: 3 + n, Copy: registry.Duplicate, Blank: b, List: 1, Index: 131000 + n})
		}
	})},
	{"a blank for another member's licenses", registry.CodeBlankStock, issueOn(func(w *walk) registry.Blank {
		s := w.stockOf(w.Xingguo, ledgertest.MemberYudu)
		return registry.Blank{Form: s.Form, Run: s.Run, Number: "0001"}
	})},
	{"a blank of a run that nobody has", registry.CodeBlankStock, issueOn(func(w *walk) registry.Blank {
		return registry.Blank{Form: ledgertest.FormOriginal, Run: w.id("R"), Number: "0001"}
	})},
	{"a number in two stocks of one member", registry.CodeBlankStock, func(w *walk) []registry.Code {
		other := *w.stockOf(w.Xingguo, "")
		other.Organization = w.County.Code
		return w.codes(registry.Governance, w.Order(w.Governing, &other))
	}},
	{"a number that was another member's", registry.CodeBlankStock, func(w *walk) []registry.Code {
		s := w.stockOf(w.Xingguo, "")
		s.Ranges = nil
		w.set(w.Governing, s)
		other := w.stock(w.Yudu, "", "0001", "0100")
		other.Run = s.Run
		return w.codes(registry.Governance, w.Order(w.Governing, other))
	}},
	{"stock of nobody", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		s := w.stock(w.Yudu, "", "0001", "0100")
		s.Run, s.Organization = w.id("R"), "113607320000000000"
		return w.Governing, s
	})},
	{"another blank gone than was", no, spent(func(_ *walk, s *registry.Stock) { s.Spent = []registry.Spent{gone(51)} })},
	{"a copy that the type does not have", registry.CodePrinting, issue(func(_ *walk, in *registry.Intent) {
		in.Identifier.Type = in.Identifier.Type[:18] + "004"
		in.Printings[1].Copy, in.Printings[1].Blank = registry.Annex, registry.Blank{}
	})},
	{"a seal of the other kind", registry.CodeSealScope, issue(func(_ *walk, in *registry.Intent) { in.Seal = ledgertest.SealOfficial })},
	{"an entrustment that names nothing", registry.CodeGrantMode, func(w *walk) []registry.Code { return entrusted(w, ledgertest.GrantEntrust, "") }},
	{"an entrustment that names another power of the entruster", registry.CodeGrantMode, func(w *walk) []registry.Code {
		g := w.grant(ledgertest.GrantOwn)
		g.ID = w.id("g")
		w.set(w.Governing, &g)
		return entrusted(w, ledgertest.GrantEntrust, g.ID)
	}},
	{"a renewal accepted twice", registry.CodeActState, after([]registry.Act{registry.AcceptRenewal}, registry.AcceptRenewal, asItIs)},
	{"a sheet of another version", registry.CodePrinting, after([]registry.Act{registry.Change}, registry.Spoil, func(_ *walk, in *registry.Intent) { in.Refers, in.Identifier.Version = 2, 2 })},
	{"a logged exception prolonged", no, amend("g-excepted", theCity, func(_ *walk, g *registry.Grant) {
		g.Exceptions = slices.Clone(g.Exceptions)
		g.Exceptions[0].Until++
	})},
	{"a document of a preparation that was named", no, prepared(func(p []registry.Preparation) []registry.Preparation { p[0].Document = "另一清单"; return p })},
	{"a preparation forgotten", no, prepared(func(p []registry.Preparation) []registry.Preparation { return p[:1] })},
	{"and one that is there now", "", prepared(func(p []registry.Preparation) []registry.Preparation { p[1].Document = "方案"; return p })},
	{"told who is not registered", no, newGrant(func(_ *walk, g *registry.Grant) { g.Informed = []string{"113607320000000000"} })},
	{"a seal's name", no, seals(func(s *registry.SealRecord) { s.FullName += "二" })},
	{"a seal's suspension forgotten", no, seals(func(s *registry.SealRecord) { s.History = s.History[:1] })},
	{"a key's end put off", no, person(func(_ *walk, a *registry.Approver) { a.Until += 3600 })},
	{"a key's end taken away", no, person(func(_ *walk, a *registry.Approver) { a.Until = 0 })},
	{"and put forward", "", person(func(_ *walk, a *registry.Approver) { a.Until -= 1800 })},
	{"decided by who is not registered", no, newGrant(func(_ *walk, g *registry.Grant) { g.Decider = "113607320000000000" })},
	{"an organization that registers itself", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		o := w.Yudu.Organization
		o.Code = "113607310000000000"
		return w.Yudu, &o
	})},
	{"recalled before its term is over", "", limited(theCity, func(w *walk, g *registry.Grant) { g.End = w.Now })},
	{"cut short by the decider", no, limited(xingguo, func(w *walk, g *registry.Grant) { g.End = w.Now })},
	{"cut short into the past", no, limited(theCity, func(w *walk, g *registry.Grant) { g.End = w.Now - 1 })},
	{"a term prolonged", no, limited(theCity, func(_ *walk, g *registry.Grant) { g.End++ })},
	{"a term forgotten", no, limited(theCity, func(_ *walk, g *registry.Grant) { g.End, g.EndBasis = 0, "" })},
	{"an end moved after it came", no, amend("g-ended", theCity, func(_ *walk, g *registry.Grant) { g.End -= 60 })},
	{"begun by a handover", "", operate(func(*walk, *registry.Handover, *registry.Grant) {})},
	{"begun by the handover of another", registry.CodeHandover, operate(func(_ *walk, h *registry.Handover, _ *registry.Grant) { h.Begins = []string{"g-waiting"} })},
	{"begun before the start of operation", registry.CodeHandover, operate(func(_ *walk, _ *registry.Handover, g *registry.Grant) { g.Operating-- })},
	{"begun by a handover to another", registry.CodeHandover, func(w *walk) []registry.Code {
		g := w.grant("g-waiting")
		g.ID, g.Decider = w.id("g"), w.Yudu.Code
		w.set(w.Governing, &g)
		h := w.handover(w.id("h"))
		h.Begins = []string{g.ID}
		w.sign(h)
		w.set(w.Governing, h)
		h.Start = w.Now
		w.set(w.Xingguo, h)
		g.Operating, g.Begun = w.Now, h.ID
		return w.codes(registry.Governance, w.Order(w.Governing, &g))
	}},
	{"ended by a handover", "", ending(func(*walk, *registry.Handover, *registry.Grant) {})},
	{"ended by the handover of another", registry.CodeHandover, ending(func(_ *walk, h *registry.Handover, _ *registry.Grant) { h.Ends = []string{"g-other"} })},
	{"ended at another time than the handover's", registry.CodeHandover, ending(func(_ *walk, _ *registry.Handover, g *registry.Grant) { g.End++ })},
	{"ended by no handover", registry.CodeHandover, ending(func(_ *walk, _ *registry.Handover, g *registry.Grant) { g.Ended = "h-nothing" })},
	{"signed with a key that nobody has", registry.CodeApprovalUnknown, hand(xingguo, func(w *walk, h *registry.Handover) {
		h.Signatures[1].Key = ledgertest.NewKey("nobody").ID
	})},
	{"recorded by who takes over, with the other side on paper", no, hand(xingguo, asSigned)},
	{"signed before its key began", registry.CodeApprovalUnknown, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		h := w.handover(w.id("h"))
		h.Signed = w.begin - 2*24*3600
		w.sign(h)
		return w.Xingguo, h
	})},
	{"examined with a key that nobody has", no, examine(0, xingguo, func(_ *walk, x *registry.Examination) { x.Key = ledgertest.NewKey("nobody").ID })},
	{"examined before its key began", no, examine(0, xingguo, func(w *walk, x *registry.Examination) { x.Accepted, x.Examined = w.begin-2*24*3600, w.begin-2*24*3600 })},
	{"examined under no grant", no, examine(0, xingguo, func(_ *walk, x *registry.Examination) { x.Grant = "g-nothing" })},
	{"examined by another county", no, func(w *walk) []registry.Code {
		key := ledgertest.NewKey(w.id("examiner"))
		w.set(w.Yudu, &registry.Approver{KeyID: key.ID, Algorithm: registry.SM2SM3, Public: key.Public, Person: w.id("p"), Organization: w.Yudu.Code,
			Roles: []registry.Role{registry.RoleExaminer}, From: w.begin})
		return examine(0, xingguo, func(w *walk, x *registry.Examination) { x.Organization, x.Key = w.Yudu.Code, key.ID })(w)
	}},
	{"cancelled as expired while its renewal counts as granted", registry.CodeActState, func(w *walk) []registry.Code {
		in := w.ran().Intent(registry.Cancel)
		in.Ground = registry.GroundExpired
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a renewal refused by who handles", registry.CodeGrantMode, handling(registry.GroundRenewalRefused)},
	{"and a remark of theirs", "", handling(ledgertest.Ground)},
	{"a renewal refused too late", registry.CodeActState, func(w *walk) []registry.Code {
		in := w.ran().Intent(registry.Annotate)
		in.Ground = registry.GroundRenewalRefused
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"returned by a superior who returned it before", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.issued()
		for _, act := range []registry.Act{registry.Suspend, registry.Return} {
			w.accept(registry.Governance, l.NextOversight(w.County, act))
		}
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Suspend))
		return w.codes(registry.Governance, w.Entry(l.OversightIntent(w.County, registry.Return)))
	}},
	{"an act again", "", twice(ledgertest.MemberXingguo, func(w *walk) *registry.Entry { return w.NewLicense().Next(registry.Issue) })},
	{"oversight again", "", twice(registry.Governance, func(w *walk) *registry.Entry { return w.issued().NextOversight(w.County, registry.Suspend) })},
	{"an order again", "", twice(registry.Governance, func(w *walk) *registry.Entry {
		t := *find[*registry.TypeRecord](w, registry.TypeName(w.Type, 1))
		w.serial++
		t.Version = 1000 + w.serial
		return w.Order(w.Governing, &t)
	})},
	{"a handover signed with a passkey", registry.CodeApprovalUnknown, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		key := w.passkey()
		h := w.handover(w.id("h"))
		w.sign(h)
		h.Signatures[1].Key = key
		return w.Xingguo, h
	})},
}
