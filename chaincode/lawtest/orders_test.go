package lawtest

import (
	"slices"

	"fmt"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// order tries to set a record in somebody's name.
func order(make func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		by, record := make(w)
		return w.codes(registry.Governance, w.Order(by, record))
	}
}

// amend tries to change a grant.
func amend(id string, by func(w *walk) *ledgertest.Organization, change func(w *walk, g *registry.Grant)) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		g := w.grant(id)
		change(w, &g)
		return by(w), &g
	})
}

// newGrant tries to record another grant.
func newGrant(change func(w *walk, g *registry.Grant)) func(w *walk) []registry.Code {
	return amend(ledgertest.GrantDirect, theCity, func(w *walk, g *registry.Grant) { g.ID = w.id("g"); change(w, g) })
}

// rules tries to change the rules.
func rules(by func(w *walk) *ledgertest.Organization, change func(w *walk, r *registry.Rules)) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		r := w.Rules
		change(w, &r)
		return by(w), &r
	})
}

// nameTagKey has the rules name the deployment's tag key.
func (w *walk) nameTagKey() {
	w.Helper()
	w.Rules.TagKey = sm.Sum([]byte("the tag key"))
	named := w.Rules
	w.set(w.Governing, &named)
}

func theCity(w *walk) *ledgertest.Organization { return w.Governing }
func xingguo(w *walk) *ledgertest.Organization { return w.Xingguo }
func yudu(w *walk) *ledgertest.Organization    { return w.Yudu }

const no = registry.CodeOrderNotAllowed

var recordTemptations = []temptation{
	{"rules by a county", no, rules(xingguo, func(*walk, *registry.Rules) {})},
	{"rules that name another city", no, rules(xingguo, func(w *walk, r *registry.Rules) { r.City = w.Xingguo.Code })},
	{"rules without a member", no, rules(theCity, func(_ *walk, r *registry.Rules) { r.Members = r.Members[:2] })},
	{"rules with another clock", no, rules(theCity, func(_ *walk, r *registry.Rules) { r.Simulated = false })},
	{"rules that open genesis again", no, rules(theCity, func(w *walk, r *registry.Rules) { r.GenesisUntil = w.Now + 1 })},
	{"rules that name another tag key", no, rules(theCity, func(w *walk, r *registry.Rules) { w.nameTagKey(); r.TagKey = sm.Sum([]byte("another")) })},
	{"rules that name none any more", no, rules(theCity, func(w *walk, r *registry.Rules) { w.nameTagKey(); r.TagKey = sm.Digest{} })},
	{"rules that nobody applies", registry.CodeRules, rules(theCity, func(_ *walk, r *registry.Rules) { r.Version = 9 })},
	{"a type changed", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Governing, find[*registry.TypeRecord](w, registry.TypeName(w.Type, 1))
	})},
	{"a matter by a county", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Xingguo, &registry.Matter{Code: w.id("m"), FullName: "x"}
	})},
	{"a matter of tomorrow", registry.CodeFuture, func(w *walk) []registry.Code {
		e := w.Order(w.Governing, &registry.Matter{Code: w.id("m"), FullName: "x"})
		e.Order.Decided++
		return w.codes(registry.Governance, e)
	}},
	{"an order out of turn", registry.CodeSequenceGap, func(w *walk) []registry.Code {
		e := w.Order(w.Governing, &registry.Matter{Code: w.id("m"), FullName: "x"})
		e.Order.Sequence, e.Order.Previous = 2, sm.Sum(nil)
		return w.codes(registry.Governance, e)
	}},
	{"another's organization", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Yudu, &w.Xingguo.Organization
	})},
	{"one's own name", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		o := w.Yudu.Organization
		o.FullName += "二"
		return w.Yudu, &o
	})},
	{"a member that is none", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		o := w.Yudu.Organization
		o.Code, o.Member = "1136073101234589X"+"0", "nowhere"
		o.ActKeys = slices.Clone(o.ActKeys)
		o.ActKeys[0].From = w.Now // its key is no older
		return w.Governing, &o
	})},
	{"moved to another member", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		o := w.Yudu.Organization
		o.Member = ledgertest.MemberXingguo
		return w.Governing, &o
	})},
	{"a grant by a county", no, amend(ledgertest.GrantDirect, xingguo, func(w *walk, g *registry.Grant) { g.ID = w.id("g") })},
	{"a wider territory", no, amend(ledgertest.GrantDirect, theCity, func(_ *walk, g *registry.Grant) { g.Territory = "360700" })},
	{"an ended grant reopened", no, amend("g-ended", theCity, func(_ *walk, g *registry.Grant) { g.End += 3600 })},
	{"a logged exception taken away", no, amend("g-excepted", theCity, func(_ *walk, g *registry.Grant) { g.Exceptions = nil })},
	{"ended by another handover", no, amend("g-excepted", theCity, func(_ *walk, g *registry.Grant) { g.Ended = "h-other" })},
	{"begun by another handover", no, amend("g-operating", theCity, func(_ *walk, g *registry.Grant) { g.Begun = "h-other" })},
	{"published anew", no, amend(ledgertest.GrantEntrust, theCity, func(_ *walk, g *registry.Grant) { g.Published++ })},
	{"ended by the decider", no, amend(ledgertest.GrantDirect, xingguo, func(w *walk, g *registry.Grant) { g.End, g.EndBasis = w.Now, "x" })},
	{"agreed anew", no, amend("g-agreed", theCity, func(_ *walk, g *registry.Grant) { g.Agreed++ })},
	{"started anew", no, amend("g-operating", theCity, func(_ *walk, g *registry.Grant) { g.Operating++ })},
	{"published by an outsider", no, amend("g-entrust-silent", yudu, func(w *walk, g *registry.Grant) { g.Publication, g.Published = "公告", w.Now })},
	{"decided by a center", no, newGrant(func(w *walk, g *registry.Grant) { g.Decider = w.center.Code })},
	{"a window without a counter", no, newGrant(func(w *walk, g *registry.Grant) {
		g.Mode, g.Decider, g.Acceptor = registry.ModeWindow, w.Governing.Code, ""
	})},
	{"recalled by a department", no, newGrant(func(w *walk, g *registry.Grant) { g.RecallBy = w.bureau.Code })},
	{"a town's power recalled by no government", no, newGrant(func(w *walk, g *registry.Grant) {
		g.Decider, g.Territory, g.RecallBy = w.town.Code, "360732101", w.Xingguo.Code
	})},
	{"entrusted on", no, newGrant(func(w *walk, g *registry.Grant) {
		*g = w.grant(ledgertest.GrantEntrust)
		g.ID, g.Rests = w.id("g"), ledgertest.GrantEntrust
	})},
	{"started without a handover", registry.CodeHandover, amend("g-waiting", theCity, func(w *walk, g *registry.Grant) { g.Operating = w.Now })},
	{"ended by a handover that is none", registry.CodeHandover, amend(ledgertest.GrantDirect, theCity, func(w *walk, g *registry.Grant) {
		g.End, g.EndBasis, g.Ended = w.Now, "x", "h-strict"
	})},
	{"a case that no handover lists", registry.CodeHandover, amend(ledgertest.GrantDirect, theCity, func(w *walk, g *registry.Grant) {
		g.End, g.EndBasis, g.Cases = w.Now, "x", []string{"在办2号"}
	})},
	{"an exception that the plan does not allow", no, amend("g-strict", theCity, func(w *walk, g *registry.Grant) {
		g.Exceptions = []registry.Exception{{Seal: ledgertest.SealXingguo, From: w.Now, Until: w.Now + 1, Basis: "x"}}
	})},
	{"another's seal lost", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		s := w.seal(ledgertest.SealXingguo)
		s.History = append(s.History, registry.SealEvent{State: registry.SealLost, At: w.Now})
		return w.Yudu, &s
	})},
	{"a seal's past", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		s := w.seal(ledgertest.SealXingguo)
		s.History[0].At++
		return w.Xingguo, &s
	})},
	{"another's person", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Yudu, find[*registry.Approver](w, string(w.Acceptor.ID))
	})},
	{"a person's roles", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		a := find[*registry.Approver](w, string(w.Acceptor.ID))
		a.Roles = append(a.Roles, registry.RoleApprover)
		return w.Xingguo, a
	})},
	{"stock for a member that is none", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		s := w.stock(w.Yudu, "nowhere", "0500", "0600")
		return w.Governing, s
	})},
	{"blanks that are gone taken back", no, spent(func(w *walk, s *registry.Stock) { s.Spent = nil })},
	{"somebody else's blanks gone", no, spent(func(_ *walk, s *registry.Stock) { s.Spent = append(s.Spent, gone(200)) })},
	{"more numbers by the unit itself", no, func(w *walk) []registry.Code {
		s := w.ruined()
		s.Ranges = append(s.Ranges, registry.BlankRange{From: "0200", To: "0201"})
		return w.codes(registry.Governance, w.Order(w.Xingguo, s))
	}},
	{"blanks that are gone in another's stock", registry.CodeBlankStock, func(w *walk) []registry.Code {
		s := w.ruined()
		s.Ranges = []registry.BlankRange{{From: "0001", To: "0049"}, {From: "0051", To: "0100"}}
		w.set(w.Governing, s)
		other := *s
		other.Organization, other.Spent, other.Ranges = w.County.Code, nil, []registry.BlankRange{{From: "0050", To: "0050"}}
		return w.codes(registry.Governance, w.Order(w.Governing, &other))
	}},
	{"a stock of nothing", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		s := w.stock(w.Xingguo, "", "", "")
		s.Run, s.Ranges = w.id("R"), nil
		return w.Governing, s
	})},
	{"stock for another member", no, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Governing, w.stock(w.Xingguo, ledgertest.MemberYudu, "0001", "0100")
	})},
	{"a number in two stocks", registry.CodeBlankStock, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Governing, w.stock(w.Yudu, "", "0100", "0200")
	})},
	{"a status list of two instances", registry.CodeListRange, order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		return w.Governing, &registry.Instance{Issuer: w.Yudu.Code, Prefix: "YX", Lists: []uint32{1}}
	})},
}

// ruined is a stock of one hundred blanks of which number 50 is gone.
func (w *walk) ruined() *registry.Stock {
	w.Helper()
	s := w.stock(w.Xingguo, "", "0001", "0100")
	s.Run = w.id("R")
	w.set(w.Governing, s)
	s.Spent = []registry.Spent{gone(50)}
	w.set(w.Xingguo, s)
	return s
}

func gone(number int) registry.Spent {
	text := fmt.Sprintf("%04d", number)
	return registry.Spent{Of: registry.BlankRange{From: text, To: text}, How: registry.SpentLost, At: 1, Basis: "遗失声明"}
}

// spent tries to change a stock of which a blank is gone.
func spent(change func(w *walk, s *registry.Stock)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		s := w.ruined()
		change(w, s)
		return w.codes(registry.Governance, w.Order(w.Governing, s))
	}
}

// hand tries a handover with one thing changed, in somebody's name.
func hand(by func(w *walk) *ledgertest.Organization, change func(w *walk, h *registry.Handover)) func(w *walk) []registry.Code {
	return order(func(w *walk) (*ledgertest.Organization, registry.GovernanceRecord) {
		h := w.handover(w.id("h"))
		w.sign(h)
		change(w, h)
		return by(w), h
	})
}

func asSigned(*walk, *registry.Handover) {}

// again tries to change a handover that stands.
func again(by func(w *walk) *ledgertest.Organization, change func(w *walk, h *registry.Handover)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		h := w.handover(w.id("h"))
		w.sign(h)
		w.set(w.Governing, h)
		change(w, h)
		return w.codes(registry.Governance, w.Order(by(w), h))
	}
}

// examine tries a step of an examination that has come as far as steps say.
func examine(steps int, by func(w *walk) *ledgertest.Organization, change func(w *walk, x *registry.Examination)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		x := &registry.Examination{Grant: "g-agreed", Case: w.id("c"), Organization: w.Xingguo.Code, Accepted: w.Now, Due: 30000, Result: registry.Forward,
			Examined: w.Now, Key: w.Acceptor.ID, SealAsked: w.Now}
		if steps > 0 {
			w.set(w.Xingguo, x)
		}
		if steps > 1 {
			x.Confirmed, x.ConfirmedBy = w.Now, w.Decider.ID
			w.set(w.Governing, x)
		}
		change(w, x)
		return w.codes(registry.Governance, w.Order(by(w), x))
	}
}

var handoverTemptations = []temptation{
	{"signed with a stranger's key", registry.CodeApprovalUnknown, hand(xingguo, func(w *walk, h *registry.Handover) { h.Signatures[1].Key = w.Decider.ID })},
	{"not what they signed", registry.CodeApprovalSignature, hand(xingguo, func(_ *walk, h *registry.Handover) { h.Open++ })},
	{"handed over by an outsider", no, hand(yudu, func(w *walk, h *registry.Handover) {
		h.From, h.Signatures = []string{w.Governing.Code}, nil
		ledgertest.SignHandover(h, w.Governing.Code, registry.SideFrom, w.Decider)
		ledgertest.SignHandover(h, w.Xingguo.Code, registry.SideTo, w.Approver)
		ledgertest.SignHandover(h, w.County.Code, registry.SideWitness, nil)
	})},
	{"started before it stands", no, hand(func(w *walk) *ledgertest.Organization { return w.Governing }, func(w *walk, h *registry.Handover) { h.Start = w.Now })},
	{"a signed handover changed", no, again(xingguo, func(_ *walk, h *registry.Handover) { h.Open++ })},
	{"started by who hands over", no, again(func(w *walk) *ledgertest.Organization { return w.County }, func(w *walk, h *registry.Handover) { h.Start = w.Now })},
	{"operation started twice", no, func(w *walk) []registry.Code {
		h := w.handover(w.id("h"))
		w.sign(h)
		w.set(w.Governing, h)
		h.Start = w.Now
		w.set(w.Xingguo, h)
		h.Start++
		return w.codes(registry.Governance, w.Order(w.Xingguo, h))
	}},
	{"examined under no review grant", no, examine(0, xingguo, func(_ *walk, x *registry.Examination) { x.Grant = "g-direct-examined" })},
	{"examined by a stranger", no, examine(0, xingguo, func(w *walk, x *registry.Examination) { x.Key = w.Decider.ID })},
	{"examined by the city", no, examine(0, theCity, func(*walk, *registry.Examination) {})},
	{"confirmed by the county", no, examine(1, xingguo, func(w *walk, x *registry.Examination) { x.Confirmed, x.ConfirmedBy = w.Now, w.Decider.ID })},
	{"confirmed by nobody of the city", no, examine(1, theCity, func(w *walk, x *registry.Examination) { x.Confirmed, x.ConfirmedBy = w.Now, w.Acceptor.ID })},
	{"examined otherwise after forwarding", no, examine(1, xingguo, func(_ *walk, x *registry.Examination) { x.Due++ })},
	{"an opinion after the confirmation", no, examine(2, xingguo, func(w *walk, x *registry.Examination) {
		x.Opinions = []registry.Opinion{{Organization: w.Xingguo.Code, Key: w.Acceptor.ID, At: w.Now}}
	})},
}
