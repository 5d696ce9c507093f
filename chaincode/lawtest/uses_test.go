package lawtest

import (
	"strings"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// once: no license number is two licenses', but on paper of before; no decision
// makes an act twice in its case or on its license.
func (m *model) once(b registry.Batch, in *registry.Intent) string {
	base := in.Identifier.Base()
	before := in.Recording != registry.Timely || in.Collected != nil
	if in.Act.MakesVersion() {
		if in.Number.IsZero() {
			return "a version without a number"
		}
		number := b.Namespace + " " + in.Number.String()
		switch first := m.numbers[number]; {
		case first == "":
			m.numbers[number] = base
		case first != base && !before:
			return "the number of " + first + " given again"
		}
	}
	if !among(in.Act.String(), deciding) || in.Decision == "" {
		return ""
	}
	within := "license " + base
	switch {
	case in.Case != "":
		within = "case " + in.Case
	case in.Act == registry.Issue && !before:
		within = ""
	}
	matter := m.matters[in.Grant]
	decision := strings.Join([]string{b.Namespace, in.Organization, matter, in.Decision, in.Act.String(), within}, "\n")
	if m.decisions[decision] {
		return "decision " + in.Decision + " used twice"
	}
	m.decisions[decision] = true
	return ""
}

// deciding are the acts that a decision document makes; a ruling's is a court's.
const deciding = "issue change renew reissue correct downgrade suspend return withdraw revoke penalize cancel"

// numbered tries an issue with the number of a license that went through acts.
func numbered(path []registry.Act, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.issued()
		for _, act := range path {
			w.accept(ledgertest.MemberXingguo, l.Next(act))
		}
		in := w.NewLicense().Intent(registry.Issue)
		in.Number = registry.NumberTag(l.Identifier.Type, l.Number())
		change(w, &in)
		e := w.Entry(in)
		e.Recording = in.Recording
		return w.codes(ledgertest.MemberXingguo, e)
	}
}

// decided tries an issue under the decision of another one, each with one thing
// changed.
func decided(first, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		one, two := w.NewLicense().Intent(registry.Issue), w.NewLicense().Intent(registry.Issue)
		first(w, &one)
		two.Decision, two.Case = one.Decision, one.Case
		change(w, &two)
		e := w.Entry(two)
		e.Recording = two.Recording
		w.accept(ledgertest.MemberXingguo, w.Entry(one))
		return w.codes(ledgertest.MemberXingguo, e)
	}
}

func historical(w *walk, in *registry.Intent) {
	in.Recording, in.Decided = registry.Register, w.Now-w.Rules.MaxBackdate-1
}

func inCase(w *walk, in *registry.Intent) { in.Case = w.id("受") }

// redecided tries an act under the decision of the last suspension, which was
// taken back.
func redecided(act registry.Act, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.issued()
		suspended := l.Next(registry.Suspend)
		w.accept(ledgertest.MemberXingguo, suspended)
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Return))
		in := l.Intent(act)
		in.Decision = suspended.Intent.Decision
		change(w, &in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// blocks tries an instance's number blocks where another has the first hundred.
func blocks(from, to uint64) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		kind := w.ofType(typeStrict(w)).Identifier.Type
		w.serial++
		base, list := uint64(1000*w.serial), uint32(100_000+2*w.serial)
		of := func(prefix string, list uint32, from, to uint64) *registry.Instance {
			return &registry.Instance{Issuer: w.Yudu.Code, Prefix: prefix, Lists: []uint32{list}, Numbers: []registry.NumberBlock{{Type: kind, From: base + from, To: base + to}}}
		}
		w.set(w.Governing, of("B1", list, 1, 100))
		return w.codes(registry.Governance, w.Order(w.Governing, of("B2", list+1, from, to)))
	}
}

var useTemptations = []temptation{
	{"another license's number", registry.CodeNumberUsed, numbered(nil, asItIs)},
	{"the number of a license that ended", registry.CodeNumberUsed, numbered([]registry.Act{registry.Revoke, registry.Cancel}, asItIs)},
	{"and on paper before", "", numbered(nil, historical)},
	{"a version without a number", registry.CodeMissing, issue(func(_ *walk, in *registry.Intent) { in.Number = sm.Digest{} })},
	{"a change to another license's number", registry.CodeNumberUsed, func(w *walk) []registry.Code {
		one, two := w.issued(), w.issued()
		in := two.Intent(registry.Change)
		in.Number = registry.NumberTag(one.Identifier.Type, one.Number())
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"one decision for two licenses", registry.CodeDecisionUsed, decided(asItIs, asItIs)},
	{"one decision for two licenses in one case", registry.CodeCaseUsed, decided(inCase, asItIs)},
	{"and in two cases", "", decided(inCase, inCase)},
	{"and on paper before, without a case", "", decided(asItIs, historical)},
	{"a decision with a case, after one without", registry.CodeDecisionUsed, decided(asItIs, inCase)},
	{"a decision without a case, after one with", registry.CodeDecisionUsed, decided(inCase, func(_ *walk, in *registry.Intent) { in.Case = "" })},
	{"the same decision in other brackets", registry.CodeDecisionUsed, decided(func(w *walk, in *registry.Intent) { in.Decision = "准〔" + w.id("2026") + "〕" },
		func(_ *walk, in *registry.Intent) {
			in.Decision = strings.NewReplacer("〔", " [", "〕", "]").Replace(in.Decision)
		})},
	{"two decisions in one case", registry.CodeCaseUsed, decided(inCase, func(w *walk, in *registry.Intent) { in.Decision = w.id("准") })},
	{"a suspension that names another grant", registry.CodeEntryForm, next(registry.Suspend, func(_ *walk, in *registry.Intent) { in.Under = ledgertest.GrantOwn })},
	{"a license without a decision", registry.CodeMissing, issue(func(_ *walk, in *registry.Intent) { in.Decision = "" })},
	{"a decision that suspended before", registry.CodeDecisionUsed, redecided(registry.Suspend, asItIs)},
	{"and revokes", "", redecided(registry.Revoke, asItIs)},
	{"a superior's decision used twice", registry.CodeDecisionUsed, func(w *walk) []registry.Code {
		l := w.issued()
		first := l.NextOversight(w.County, registry.Suspend)
		w.accept(registry.Governance, first)
		w.accept(registry.Governance, l.NextOversight(w.County, registry.Return))
		in := l.OversightIntent(w.County, registry.Suspend)
		in.Decision = first.Intent.Decision
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"a successor's decision used twice", registry.CodeDecisionUsed, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		grant := w.handed(place, w.Xingguo, w.Yudu)
		first := l.NextGoverned(w.Yudu, grant, registry.Suspend)
		w.accept(registry.Governance, first)
		w.accept(registry.Governance, l.NextGoverned(w.Yudu, grant, registry.Return))
		in := l.GovernedIntent(w.Yudu, grant, registry.Suspend)
		in.Decision = first.Intent.Decision
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"numbers of another instance", registry.CodeNumberBlock, blocks(100, 120)},
	{"and those beside them", "", blocks(101, 120)},
}
