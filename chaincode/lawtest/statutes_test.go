package lawtest

import (
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// ofType begins a license of another type, under the grant that names a
// regulator.
func (w *walk) ofType(code string) *ledgertest.License {
	l := w.NewLicense()
	l.Identifier.Type, l.Numbered, l.Grant = code, false, "g-watched"
	return l
}

// moves hands an intent in and moves its license on.
func (w *walk) moves(l *ledgertest.License, in registry.Intent) {
	w.Helper()
	e := w.Entry(in)
	w.accept(ledgertest.MemberXingguo, e)
	if err := l.Accept(e); err != nil {
		w.Fatal(err)
	}
}

// held issues a license of the type that bars, to a new holder.
func (w *walk) held() (*ledgertest.License, sm.Digest) {
	w.Helper()
	l, holder := w.ofType(typeBarring(w)), sm.Sum([]byte(w.id("holder")))
	in := l.Intent(registry.Issue)
	in.Holder = holder
	w.moves(l, in)
	return l, holder
}

// anew tries to issue to a holder.
func (w *walk) anew(holder sm.Digest) []registry.Code {
	w.Helper()
	in := w.ofType(typeBarring(w)).Intent(registry.Issue)
	in.Holder = holder
	return w.codes(ledgertest.MemberXingguo, w.Entry(in))
}

// renewal accepts a renewal of a license that ends so many Wednesdays from now.
func renewal(wednesdays int) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.ofType(typeWorking(w))
		in := l.Intent(registry.Issue)
		in.Expires = in.Effective
		for n := 0; n < wednesdays; in.Expires++ { // the last day itself does not count
			if working, _ := (registry.Calendars{calendar(in.Expires.Start().Year())}).Working(in.Expires); working {
				n++
			}
		}
		w.moves(l, in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.AcceptRenewal)))
	}
}

// barring tries an act on a license of the type that bars.
func barring(act registry.Act, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l, holder := w.held()
		in := l.Intent(act)
		if act == registry.Revoke {
			in.Holder = holder
		}
		change(w, &in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

var statuteTemptations = []temptation{
	{"a renewal applied for four working days before the end", registry.CodeActState, renewal(4)},
	{"and in time, five working days before it", "", renewal(5)},
	{"a license for nobody where holders are barred", registry.CodeMissing, func(w *walk) []registry.Code { return w.anew(sm.Digest{}) }},
	{"a barred holder", registry.CodeBarred, func(w *walk) []registry.Code {
		l, holder := w.held()
		in := l.Intent(registry.Revoke)
		in.Holder = holder
		w.moves(l, in)
		return w.anew(holder)
	}},
	{"a holder barred by a superior", registry.CodeBarred, func(w *walk) []registry.Code {
		l, holder := w.held()
		in := l.OversightIntent(w.County, registry.Revoke)
		in.Holder = holder
		w.accept(registry.Governance, w.Entry(in))
		return w.anew(holder)
	}},
	{"a holder whose license was withdrawn", "", func(w *walk) []registry.Code {
		l, holder := w.held()
		w.moves(l, l.Intent(registry.Withdraw))
		return w.anew(holder)
	}},
	{"a bar on somebody else", registry.CodeStale, barring(registry.Revoke, func(_ *walk, in *registry.Intent) { in.Holder[0] ^= 1 })},
	{"a bar on nobody", registry.CodeStale, barring(registry.Revoke, func(_ *walk, in *registry.Intent) { in.Holder = sm.Digest{} })},
	{"a superior's bar on somebody else", registry.CodeStale, func(w *walk) []registry.Code {
		l, _ := w.held()
		return w.codes(registry.Governance, w.Entry(l.OversightIntent(w.County, registry.Revoke)))
	}},
	{"a penalty that is the regulator's", registry.CodeGrantMode, barring(registry.Penalize, asItIs)},
	{"by the regulator", "", barring(registry.Penalize, func(w *walk, in *registry.Intent) { in.Organization = w.bureau.Code })},
	{"a regulator that cancels", registry.CodeGrantMode, barring(registry.Cancel, func(w *walk, in *registry.Intent) { in.Organization = w.bureau.Code })},
	{"a regulator that the grant does not name", registry.CodeGrantMode, next(registry.Suspend, func(w *walk, in *registry.Intent) { in.Organization = w.bureau.Code })},
	{"a superior where the type leaves the act to others", registry.CodeActNotAllowed, func(w *walk) []registry.Code {
		l, _ := w.held()
		return w.codes(registry.Governance, w.Entry(l.OversightIntent(w.County, registry.Withdraw)))
	}},
	{"a regulator that is none", no, newGrant(func(_ *walk, g *registry.Grant) { g.Regulators = []string{"113607320000000000"} })},
}
