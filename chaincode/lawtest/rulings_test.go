package lawtest

import (
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// ruled brings a license through acts of its issuer, then enters a ruling on the
// first that took it out of effect, with one thing changed.
func ruled(path []registry.Act, act registry.Act, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return after(path, act, change)
}

// overruled enters a superior's ruling, through governance, on acts of the issuer.
func overruled(path []registry.Act, by func(w *walk) *ledgertest.Organization, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.issued()
		for _, a := range path {
			w.accept(ledgertest.MemberXingguo, l.Next(a))
		}
		in := l.OversightIntent(by(w), registry.Reinstate)
		change(w, &in)
		return w.codes(registry.Governance, w.Entry(in))
	}
}

// afterRulings revokes a license of the type that bars, enters rulings on it, in
// its own namespace, and tries to issue to its holder.
func afterRulings(rulings ...registry.Ruling) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l, holder := w.held()
		in := l.Intent(registry.Revoke)
		in.Holder = holder
		w.moves(l, in)
		for i := range rulings {
			act := registry.Stay
			if rulings[i].Undoes == 1 {
				act = registry.Reinstate
			}
			in := l.Intent(act)
			in.Holder, in.Ruling.Ends = holder, rulings[i].Ends
			w.moves(l, in)
		}
		return w.anew(holder)
	}
}

// afterSuperior revokes as a superior, or as the issuer, and enters a superior's
// rulings on it through governance.
func afterSuperior(own bool, acts ...registry.Act) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l, holder := w.held()
		take := func(in registry.Intent) {
			in.Holder = holder
			e := w.Entry(in)
			w.accept(registry.Governance, e)
			o, err := registry.ApplyOversight(l.Oversight, l.State, e)
			if err != nil {
				w.Fatal(err)
			}
			l.Oversight = o
		}
		if own {
			take(l.OversightIntent(w.County, registry.Revoke))
		} else {
			in := l.Intent(registry.Revoke)
			in.Holder = holder
			w.moves(l, in)
		}
		for i, act := range acts {
			in := l.OversightIntent(w.County, act)
			in.Ruling.Ends = act == registry.Stay && i > 0
			take(in)
		}
		return w.anew(holder)
	}
}

// penalizedByRegulator is a license that the regulator of its grant penalized.
func (w *walk) penalizedByRegulator() *ledgertest.License {
	w.Helper()
	l := w.NewLicense()
	l.Grant = "g-watched"
	w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
	in := l.Intent(registry.Penalize)
	in.Organization = w.bureau.Code
	w.moves(l, in)
	return l
}

// suspendedByRegulator is a license that the regulator of its grant suspended.
func (w *walk) suspendedByRegulator() *ledgertest.License {
	w.Helper()
	l := w.NewLicense()
	l.Grant = "g-watched"
	w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
	in := l.Intent(registry.Suspend)
	in.Organization = w.bureau.Code
	w.moves(l, in)
	return l
}

// lifts undoes one act of the member's as a superior.
func (w *walk) lifts(l *ledgertest.License, sequence uint64) {
	w.Helper()
	in := l.OversightIntent(w.County, registry.Reinstate)
	in.Ruling.Undoes, in.Ruling.MemberAct = 0, sequence
	in.Ruling.Author = w.Xingguo.Code
	e := w.Entry(in)
	w.accept(registry.Governance, e)
	o, err := registry.ApplyOversight(l.Oversight, l.State, e)
	if err != nil {
		w.Fatal(err)
	}
	l.Oversight = o
}

// cancelledAfterSuperior is a license that a superior revoked and its issuer then
// cancelled, with a ruling on the revocation.
func (w *walk) cancelledAfterSuperior(act registry.Act) *ledgertest.License {
	w.Helper()
	l := w.issued()
	w.accept(registry.Governance, l.NextOversight(w.County, registry.Revoke))
	w.accept(ledgertest.MemberXingguo, l.Next(registry.Cancel))
	w.accept(registry.Governance, l.NextOversight(w.County, act))
	return l
}

// measuredBefore is the return, by a successor in another member, of what a regulator
// of the predecessor's other grant suspended.
func (w *walk) measuredBefore() registry.Intent {
	w.Helper()
	place := w.place()
	l := w.at(place)
	in := l.Intent(registry.Suspend)
	in.Organization, in.Grant, in.Origin.Grant = w.bureau.Code, "g-watched", in.Grant
	w.moves(l, in)
	return l.GovernedIntent(w.Yudu, w.handed(place, w.Xingguo, w.Yudu), registry.Return)
}

// refused tries to annul the refusal of a renewal, of a successor, with one thing
// changed.
func refused(change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		w.accept(ledgertest.MemberXingguo, l.Next(registry.AcceptRenewal))
		grant := w.handed(place, w.Xingguo, w.bureau)
		act := func(a registry.Act) registry.Intent {
			in := l.Intent(a)
			in.Organization, in.Grant, in.Origin.Grant = w.bureau.Code, grant, in.Grant
			return in
		}
		in := act(registry.Annotate)
		in.Ground = registry.GroundRenewalRefused
		w.moves(l, in)
		in = act(registry.Reinstate)
		in.Ruling.Undoes = l.State.Refused.Sequence
		change(w, &in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// stayed tries to end a court's stay of a penalty, with one thing changed.
func stayed(change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Penalize))
		w.Advance(24 * time.Hour)
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Stay))
		in := l.Intent(registry.Stay)
		in.Ruling.Ends = true
		change(w, &in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// stayedAbove tries the same through governance, as a superior.
func stayedAbove(change func(in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Penalize))
		w.Advance(24 * time.Hour)
		w.accept(registry.Governance, l.NextOversight(w.County, registry.Stay))
		in := l.OversightIntent(w.County, registry.Stay)
		in.Ruling.Ends = true
		change(&in)
		return w.codes(registry.Governance, w.Entry(in))
	}
}

func theCounty(w *walk) *ledgertest.Organization { return w.County }

var penalized = []registry.Act{registry.Penalize}

var rulingTemptations = []temptation{
	{"a penalty annulled", "", ruled(penalized, registry.Reinstate, asItIs)},
	{"and with it the cancellation that followed", "", func(w *walk) []registry.Code {
		l := w.issued()
		for _, act := range []registry.Act{registry.Penalize, registry.Cancel, registry.Reinstate} {
			w.accept(ledgertest.MemberXingguo, l.Next(act))
		}
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Change)))
	}},
	{"annulled twice", registry.CodeActState, ruled([]registry.Act{registry.Penalize, registry.Reinstate}, registry.Reinstate, func(_ *walk, in *registry.Intent) { in.Ruling.Undoes = 2 })},
	{"a ruling on an act that does not stand", registry.CodeActState, ruled(penalized, registry.Reinstate, func(_ *walk, in *registry.Intent) { in.Ruling.Undoes = 1 })},
	{"a ruling on nothing", registry.CodeActState, ruled(nil, registry.Reinstate, asItIs)},
	{"a ruling on a suspension that was a penalty", registry.CodeStale, ruled(penalized, registry.Reinstate, func(_ *walk, in *registry.Intent) { in.Ruling.Of = registry.Suspend })},
	{"and on a penalty", "", ruled(penalized, registry.Reinstate, func(_ *walk, in *registry.Intent) { in.Ruling.Of = registry.Penalize })},
	{"a superior who takes the issuer's penalty for a suspension", registry.CodeStale, overruled(penalized, theCounty, func(_ *walk, in *registry.Intent) { in.Ruling.Of = registry.Suspend })},
	{"a refused renewal annulled", "", refused(asItIs)},
	{"and stayed", registry.CodeActState, refused(func(_ *walk, in *registry.Intent) { in.Act = registry.Stay })},
	{"and annulled from before it was decided", registry.CodeDateOrder, refused(func(_ *walk, in *registry.Intent) { in.Ruling.From-- })},
	{"and annulled as a penalty", registry.CodeStale, refused(func(_ *walk, in *registry.Intent) { in.Ruling.Of = registry.Penalize })},
	{"and annulled as somebody else's", registry.CodeStale, refused(func(w *walk, in *registry.Intent) { in.Ruling.Author = w.Xingguo.Code })},
	{"a ruling from before the act", registry.CodeDateOrder, ruled(penalized, registry.Reinstate, func(_ *walk, in *registry.Intent) { in.Ruling.From-- })},
	{"a ruling on somebody else's act", registry.CodeActNotAllowed, ruled(penalized, registry.Reinstate, func(w *walk, in *registry.Intent) { in.Ruling.Author = w.County.Code })},
	{"a ruling on a predecessor's act that was not its own", registry.CodeStale, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		grant := w.handed(place, w.Xingguo, w.bureau)
		act := func(a registry.Act) registry.Intent {
			in := l.Intent(a)
			in.Organization, in.Grant, in.Origin.Grant = w.bureau.Code, grant, in.Grant
			return in
		}
		w.moves(l, act(registry.Revoke))
		in := act(registry.Reinstate)
		in.Ruling.Author = w.Xingguo.Code
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a regulator's penalty undone by the issuer", registry.CodeActNotAllowed, func(w *walk) []registry.Code {
		l := w.penalizedByRegulator()
		in := l.Intent(registry.Reinstate)
		in.Ruling.Author = w.bureau.Code
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a superior's revocation undone by a successor", registry.CodeActNotAllowed, func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		grant := w.handed(place, w.Xingguo, w.Yudu)
		w.accept(registry.Governance, l.NextOversight(w.County, registry.Revoke))
		in := l.GovernedIntent(w.Yudu, grant, registry.Reinstate)
		in.Ruling.Author = w.County.Code
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"a regulator's penalty undone as the issuer's", registry.CodeStale, func(w *walk) []registry.Code {
		l := w.penalizedByRegulator()
		in := l.OversightIntent(w.County, registry.Reinstate)
		in.Ruling.Author = w.Xingguo.Code
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"what came before the act that a superior lifts", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Suspend), l.Next(registry.Penalize))
		w.lifts(l, 3)
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Change)))
	}},
	{"and once that is lifted as well", "", func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Suspend), l.Next(registry.Penalize))
		w.lifts(l, 3)
		w.lifts(l, 2)
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Change)))
	}},
	{"a cancellation that followed a superior's revocation, annulled", "", func(w *walk) []registry.Code {
		l := w.cancelledAfterSuperior(registry.Reinstate)
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Change)))
	}},
	{"or stayed", "", func(w *walk) []registry.Code {
		l := w.cancelledAfterSuperior(registry.Stay)
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Change)))
	}},
	{"and a cancellation that came before it", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Cancel))
		w.accept(registry.Governance, l.NextOversight(w.County, registry.Revoke), l.NextOversight(w.County, registry.Reinstate))
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Change)))
	}},
	{"a regulator's suspension returned by the issuer", registry.CodeActNotAllowed, func(w *walk) []registry.Code {
		return w.codes(ledgertest.MemberXingguo, w.Entry(w.suspendedByRegulator().Intent(registry.Return)))
	}},
	{"and by the regulator", "", func(w *walk) []registry.Code {
		in := w.suspendedByRegulator().Intent(registry.Return)
		in.Organization = w.bureau.Code
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"more stayed acts of superiors than a license carries", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.issued()
		for range 32 {
			w.accept(registry.Governance, l.NextOversight(w.County, registry.Suspend))
			in := l.OversightIntent(w.County, registry.Stay)
			in.Ruling.Undoes = l.Oversight.Sequence
			e := w.Entry(in)
			w.accept(registry.Governance, e)
			o, err := registry.ApplyOversight(l.Oversight, l.State, e)
			if err != nil {
				w.Fatal(err)
			}
			l.Oversight = o
		}
		return w.codes(registry.Governance, w.Entry(l.OversightIntent(w.County, registry.Suspend)))
	}},
	{"the issuer's suspension returned by its successor", "", func(w *walk) []registry.Code {
		place := w.place()
		l := w.at(place)
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Suspend))
		grant := w.handed(place, w.Xingguo, w.bureau)
		in := l.Intent(registry.Return)
		in.Organization, in.Grant, in.Origin.Grant = w.bureau.Code, grant, in.Grant
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"more stayed acts than a license carries", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.issued()
		for range 32 {
			w.accept(ledgertest.MemberXingguo, l.Next(registry.Suspend))
			stay := l.Intent(registry.Stay)
			stay.Ruling.Undoes = l.State.Sequence
			w.moves(l, stay)
		}
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Suspend)))
	}},
	{"the end of another act's stay", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Suspend), l.Next(registry.Penalize))
		w.accept(registry.Governance, l.NextOversight(w.County, registry.Stay))
		in := l.OversightIntent(w.County, registry.Stay)
		in.Ruling.Ends, in.Ruling.MemberAct = true, 3
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"a ruling entered by a stranger", registry.CodeActNotAllowed, func(w *walk) []registry.Code {
		l := w.ofType(w.Type)
		l.Numbered = true
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue), l.Next(registry.Penalize))
		in := l.Intent(registry.Reinstate)
		in.Organization, in.Ruling.Author = w.bureau.Code, w.Xingguo.Code
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a stay that ends before it begins", registry.CodeActState, ruled(penalized, registry.Stay, func(_ *walk, in *registry.Intent) { in.Ruling.Ends = true })},
	{"a stay that begins twice", registry.CodeActState, ruled([]registry.Act{registry.Penalize, registry.Stay}, registry.Stay, asItIs)},
	{"a court's stay ended by its author", registry.CodeStale, stayed(func(w *walk, in *registry.Intent) { in.Ruling.By, in.Ruling.Body = registry.RulingSelf, "" })},
	{"and by a review body", registry.CodeStale, stayed(func(w *walk, in *registry.Intent) { in.Ruling.By = registry.RulingReview })},
	{"and by a court, before it began", registry.CodeDateOrder, stayed(func(w *walk, in *registry.Intent) { in.Ruling.From-- })},
	{"and on its first day", "", stayed(asItIs)},
	{"a court's stay ended through governance by a review body", registry.CodeStale, stayedAbove(func(in *registry.Intent) { in.Ruling.By = registry.RulingReview })},
	{"and by a court, before it began there", registry.CodeDateOrder, stayedAbove(func(in *registry.Intent) { in.Ruling.From-- })},
	{"a superior's own correction of the issuer's act", registry.CodeActNotAllowed, overruled(penalized, theCounty, func(_ *walk, in *registry.Intent) { in.Ruling.By, in.Ruling.Body = registry.RulingSelf, "" })},
	{"a suspension of one's own returned through governance", registry.CodeNamespace, func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Suspend))
		return w.codes(registry.Governance, w.Entry(l.GovernedIntent(w.Xingguo, ledgertest.GrantDirect, registry.Return)))
	}},
	{"a predecessor's regulator's suspension returned through governance", "", func(w *walk) []registry.Code {
		in := w.measuredBefore()
		in.Under = "g-watched"
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"and by who does not name under what it was done", registry.CodeActNotAllowed, func(w *walk) []registry.Code {
		return w.codes(registry.Governance, w.Entry(w.measuredBefore()))
	}},
	{"a change while a penalty is stayed", "", ruled([]registry.Act{registry.Penalize, registry.Stay}, registry.Change, asItIs)},
	{"and after the stay ended", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Penalize), l.Next(registry.Stay))
		in := l.Intent(registry.Stay)
		in.Ruling.Ends = true
		w.moves(l, in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Change)))
	}},
	{"a penalty under a suspension's stay", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.issued()
		for _, act := range []registry.Act{registry.Suspend, registry.Penalize, registry.Stay} {
			w.accept(ledgertest.MemberXingguo, l.Next(act))
		}
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Change)))
	}},
	{"a superior lifts the issuer's act", "", overruled(penalized, theCounty, asItIs)},
	{"somebody who is no superior", registry.CodeActNotAllowed, overruled(penalized, yudu, asItIs)},
	{"a superior who names another author", registry.CodeStale, overruled(penalized, theCounty, func(w *walk, in *registry.Intent) { in.Ruling.Author = w.town.Code })},
	{"a superior who lifts what is not there", registry.CodeActState, overruled(nil, theCounty, asItIs)},
	{"a superior who lifts acts to come", registry.CodeActState, overruled(penalized, theCounty, func(_ *walk, in *registry.Intent) { in.Ruling.MemberAct++ })},
	{"a superior who lifts what came before the penalty", registry.CodeActState, overruled(penalized, theCounty, func(_ *walk, in *registry.Intent) { in.Ruling.MemberAct = 1 })},
	{"a superior's ruling from before the act", registry.CodeDateOrder, overruled(penalized, theCounty, func(_ *walk, in *registry.Intent) { in.Ruling.From-- })},
	{"a superior ends a stay that did not begin", registry.CodeActState, overruled(penalized, theCounty, func(_ *walk, in *registry.Intent) { in.Act, in.Ruling.Ends = registry.Stay, true })},
	{"penalized again after a superior lifted it", "", func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Penalize))
		w.accept(registry.Governance, l.NextOversight(w.County, registry.Reinstate))
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Penalize))
		return w.codes(registry.Governance, w.Entry(l.OversightIntent(w.County, registry.Reinstate)))
	}},
	{"a superior's own revocation annulled", "", func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(registry.Governance, l.NextOversight(w.County, registry.Revoke), l.NextOversight(w.County, registry.Reinstate))
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Change)))
	}},
	{"and annulled twice", registry.CodeActState, over([]registry.Act{registry.Revoke, registry.Reinstate}, registry.Reinstate, func(_ *walk, in *registry.Intent) {
		in.Ruling.Undoes, in.Ruling.MemberAct, in.Ruling.Author = 1, 0, ""
	})},
	{"a ruling on the holder of another license", registry.CodeStale, func(w *walk) []registry.Code {
		l, holder := w.held()
		in := l.Intent(registry.Revoke)
		in.Holder = holder
		w.moves(l, in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.Reinstate)))
	}},
	{"a holder whose revocation was annulled", "", afterRulings(registry.Ruling{Undoes: 1})},
	{"or stayed", "", afterRulings(registry.Ruling{})},
	{"and barred again when the stay ended", registry.CodeBarred, afterRulings(registry.Ruling{}, registry.Ruling{Ends: true})},
	{"a holder whose superior's revocation was annulled", "", afterSuperior(true, registry.Reinstate)},
	{"and barred again when its stay ended", registry.CodeBarred, afterSuperior(true, registry.Stay, registry.Stay)},
	{"a holder whose revocation a superior lifted", "", afterSuperior(false, registry.Reinstate)},
	{"and barred again when the superior's stay ended", registry.CodeBarred, afterSuperior(false, registry.Stay, registry.Stay)},
	{"a change to a holder who is barred", registry.CodeBarred, func(w *walk) []registry.Code {
		barred, holder := w.held()
		in := barred.Intent(registry.Revoke)
		in.Holder = holder
		w.moves(barred, in)
		l, _ := w.held()
		change := l.Intent(registry.Change)
		change.Holder = holder
		return w.codes(ledgertest.MemberXingguo, w.Entry(change))
	}},
	{"a change that names nobody where holders are barred", registry.CodeMissing, barring(registry.Change, asItIs)},
	{"a correction that changes the holder", registry.CodeStale, barring(registry.Correct, func(_ *walk, in *registry.Intent) { in.Holder = sm.Sum([]byte("another")) })},
}

// rulingsOnFirstActs: of what was done under the first rules the ledger does not
// know whose it was. In a member's namespace it was the issuer's, through
// governance a superior's.
func rulingsOnFirstActs(who witness) {
	who.Helper()
	w := &walk{witness: who, City: ledgertest.NewCity(), submit: inMemory(), model: newModel()}
	w.Rules.Version, w.model.genesisUntil = registry.RulesOfBeginning, 1<<62
	w.codesOf(w.Genesis())
	wants := func(want registry.Code, namespace string, e *registry.Entry) { // past the model, which knows whose acts were
		who.Helper()
		outcome, err := w.submit(w.Batch(namespace, e))
		if err != nil || outcome.Results[0].Code != want {
			who.Errorf("%s on an act of the first rules: %+v, %v, want %q", e.Intent.Act, outcome, err, want)
		}
	}
	own, over := w.NewLicense(), w.NewLicense()
	for _, e := range []*registry.Entry{own.Next(registry.Issue), own.Next(registry.Penalize), over.Next(registry.Issue)} {
		wants("", ledgertest.MemberXingguo, e)
	}
	wants("", registry.Governance, over.NextOversight(w.County, registry.Revoke))
	rules := w.Rules
	rules.Version = registry.RulesOfRelations
	w.set(w.Governing, &rules)
	w.Rules = rules
	stranger, bureau := w.newcomer(), w.newcomer()
	w.handed("360732", w.Xingguo, bureau)
	yudus := w.handed("360732", bureau, w.Yudu, registry.SuccessionName(w.Xingguo.Code, ledgertest.Matter, "360732"))

	in := over.OversightIntent(stranger, registry.Reinstate)
	in.Ruling.Undoes, in.Ruling.MemberAct, in.Ruling.Author = 1, 0, ""
	wants(registry.CodeStale, registry.Governance, w.Entry(in)) // no superior
	in = over.GovernedIntent(w.Yudu, yudus, registry.Reinstate)
	in.Ruling.Undoes, in.Ruling.MemberAct, in.Ruling.Author, in.Origin.Grant = 1, 0, "", ""
	wants(registry.CodeStale, registry.Governance, w.Entry(in)) // a successor, as its own
	grant := w.handed("360732", w.Yudu, bureau, registry.SuccessionName(w.Xingguo.Code, ledgertest.Matter, "360732"), registry.SuccessionName(bureau.Code, ledgertest.Matter, "360732"))
	in = own.Intent(registry.Reinstate)
	in.Organization, in.Grant = bureau.Code, grant
	wants(registry.CodeStale, ledgertest.MemberXingguo, w.Entry(in)) // the successor, as its own
	in.Ruling.Author = w.Xingguo.Code
	wants("", ledgertest.MemberXingguo, w.Entry(in))
}
