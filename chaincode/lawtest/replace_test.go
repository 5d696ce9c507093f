package lawtest

import (
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// succession is a license of Xingguo's whose place went over to Yudu, and one of
// Yudu's own that is to replace it, not issued yet.
type succession struct{ old, made *ledgertest.License }

func (w *walk) succession(typeCode string) succession {
	w.Helper()
	place := w.place()
	old := w.NewLicense()
	old.Place = place
	in := old.Intent(registry.Issue)
	if typeCode != "" {
		old.Identifier.Type, old.Numbered = typeCode, false
		in = old.Intent(registry.Issue)
		if typeCode == typeBarring(w) {
			in.Holder = sm.Sum([]byte(w.id("holder")))
		}
	}
	w.moves(old, in)
	return succession{old, w.successors(old, w.handed(place, w.Xingguo, w.Yudu))}
}

// successors is a license of Yudu's under a grant, to replace the old one.
func (w *walk) successors(old *ledgertest.License, grant string) *ledgertest.License {
	l := w.NewYuduLicense()
	l.Identifier.Type, l.Grant, l.Place = old.Identifier.Type, grant, old.Place
	return l
}

// replaces tries the issue that replaces the old license, with one thing changed.
func replaces(as registry.Act, typeCode func(w *walk) string, change func(w *walk, s succession, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		code := ""
		if typeCode != nil {
			code = typeCode(w)
		}
		s := w.succession(code)
		in := s.made.ReplacingIntent(s.old, as)
		if change != nil {
			change(w, s, &in)
		}
		return w.codes(ledgertest.MemberYudu, w.Entry(in))
	}
}

// closes issues the new license, then tries the closing with one thing changed.
func closes(change func(w *walk, s succession, closing *registry.Entry)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		s := w.succession("")
		issue := w.Entry(s.made.ReplacingIntent(s.old, registry.Change))
		w.accept(ledgertest.MemberYudu, issue)
		closing := s.old.Closing(issue)
		if change != nil {
			change(w, s, closing)
		}
		return w.codes(registry.Governance, closing)
	}
}

// replaced is a license that was replaced, and its issue.
func (w *walk) replaced() (succession, *registry.Entry) {
	w.Helper()
	s := w.succession("")
	issue, closing := s.made.Replaced(s.old, registry.Change)
	w.accept(ledgertest.MemberYudu, issue)
	w.accept(registry.Governance, closing)
	return s, issue
}

// committed is what a license was granted on.
var committed = sm.Sum([]byte("承诺书"))

// committedTo tries a change of its own of a license that was granted on a
// commitment, with one thing changed.
func committedTo(change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		old := w.NewLicense()
		old.Place = w.place()
		in := old.Intent(registry.Issue)
		in.Commitment, in.Case = committed, w.id("受")
		w.moves(old, in)
		in = w.successors(old, w.handed(old.Place, w.Xingguo, w.Yudu)).ReplacingIntent(old, registry.Change)
		in.Case = w.id("受")
		change(w, &in)
		return w.codes(ledgertest.MemberYudu, w.Entry(in))
	}
}

var replaceTemptations = []temptation{
	{"a successor of another member makes a change of its own", "", replaces(registry.Change, nil, nil)},
	{"and a renewal", "", replaces(registry.Renew, nil, nil)},
	{"and a correction", "", replaces(registry.Correct, nil, nil)},
	{"and closes the old one", "", closes(nil)},
	{"replaces a license of nobody's", registry.CodeOrganization, replaces(registry.Change, nil, func(_ *walk, _ succession, in *registry.Intent) {
		in.Closes.Identifier.Issuer = "113607320000000000"
	})},
	{"replaces a license of a member that has it not", registry.CodeStale, replaces(registry.Change, nil, func(_ *walk, _ succession, in *registry.Intent) {
		in.Closes.Origin.Member = ledgertest.MemberCity
	})},
	{"replaces a license that is not there", registry.CodeNotFound, replaces(registry.Change, nil, func(_ *walk, _ succession, in *registry.Intent) {
		in.Closes.Identifier.Serial = "XG" + "9999999"
	})},
	{"replaces a license of its own member", registry.CodeNamespace, func(w *walk) []registry.Code {
		place := w.place()
		old, heir := w.at(place), w.house()
		l := w.unissued(heir, w.handed(place, w.Xingguo, heir.Organization))
		l.Place, l.Identifier.Type = place, old.Identifier.Type
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.ReplacingIntent(old, registry.Change)))
	}},
	{"replaces as another act left it", registry.CodeStale, replaces(registry.Change, nil, func(_ *walk, _ succession, in *registry.Intent) { in.Closes.Sequence++ })},
	{"replaces after another entry", registry.CodeStale, replaces(registry.Change, nil, func(_ *walk, _ succession, in *registry.Intent) { in.Closes.Head[0] ^= 1 })},
	{"replaces another version", registry.CodeStale, replaces(registry.Change, nil, func(_ *walk, _ succession, in *registry.Intent) { in.Closes.Identifier.Version++ })},
	{"replaces under another origin", registry.CodeStale, replaces(registry.Change, nil, func(_ *walk, _ succession, in *registry.Intent) { in.Closes.Origin.Grant = "g-watched" })},
	{"two that replace one license", registry.CodeReplaced, func(w *walk) []registry.Code {
		s := w.succession("")
		w.accept(ledgertest.MemberYudu, w.Entry(s.made.ReplacingIntent(s.old, registry.Change)))
		return w.codes(ledgertest.MemberYudu, w.Entry(w.successors(s.old, s.made.Grant).ReplacingIntent(s.old, registry.Change)))
	}},
	{"and one of another member's", registry.CodeReplaced, func(w *walk) []registry.Code {
		s := w.succession("")
		w.accept(ledgertest.MemberYudu, w.Entry(s.made.ReplacingIntent(s.old, registry.Change)))
		l := w.NewCityLicense(w.Governing, w.handed(s.old.Place, w.Yudu, w.Governing, registry.SuccessionName(w.Xingguo.Code, ledgertest.Matter, s.old.Place)))
		l.Identifier.Type, l.Place = s.old.Identifier.Type, s.old.Place
		return w.codes(ledgertest.MemberCity, w.Entry(l.ReplacingIntent(s.old, registry.Change)))
	}},
	{"replaced by who holds the matter there, and did not succeed", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		old, _ := w.orphan()
		g := w.grant(ledgertest.GrantYudu)
		g.ID, g.Territory = w.id("g"), old.Place
		w.set(w.Governing, &g)
		return w.codes(ledgertest.MemberYudu, w.Entry(w.successors(old, g.ID).ReplacingIntent(old, registry.Change)))
	}},
	{"replaced by who never had it", registry.CodeNotResponsible, func(w *walk) []registry.Code {
		old := w.at(w.place())
		g := w.grant(ledgertest.GrantYudu)
		g.ID, g.Territory = w.id("g"), old.Place
		w.set(w.Governing, &g)
		return w.codes(ledgertest.MemberYudu, w.Entry(w.successors(old, g.ID).ReplacingIntent(old, registry.Change)))
	}},
	{"replaced while its issuer has it suspended", registry.CodeActState, func(w *walk) []registry.Code {
		place := w.place()
		old := w.at(place)
		w.accept(ledgertest.MemberXingguo, old.Next(registry.Suspend))
		return w.codes(ledgertest.MemberYudu, w.Entry(w.successors(old, w.handed(place, w.Xingguo, w.Yudu)).ReplacingIntent(old, registry.Correct)))
	}},
	{"and while a superior has", registry.CodeActState, replaces(registry.Correct, nil, func(w *walk, s succession, _ *registry.Intent) {
		w.accept(registry.Governance, s.old.NextOversight(w.County, registry.Suspend))
	})},
	{"replaced before its last act", registry.CodeDateOrder, func(w *walk) []registry.Code {
		place := w.place()
		old := w.at(place)
		grant := w.handed(place, w.Xingguo, w.Yudu)
		w.Advance(time.Hour)
		spoil := old.Intent(registry.Spoil)
		spoil.Organization, spoil.Grant, spoil.Origin.Grant = w.Yudu.Code, grant, spoil.Grant
		w.moves(old, spoil)
		in := w.successors(old, grant).ReplacingIntent(old, registry.Change)
		in.Decided -= 1800
		return w.codes(ledgertest.MemberYudu, w.Entry(in))
	}},
	{"a change of its own that forgets what the license was granted on", registry.CodeStale, committedTo(func(*walk, *registry.Intent) {})},
	{"and one that says it", "", committedTo(func(_ *walk, in *registry.Intent) { in.Commitment = committed })},
	{"a change of its own that prolongs", registry.CodeDateOrder, replaces(registry.Change, nil, func(_ *walk, _ succession, in *registry.Intent) { in.Expires++ })},
	{"a correction of its own that begins earlier", registry.CodeCorrection, replaces(registry.Correct, nil, func(_ *walk, _ succession, in *registry.Intent) { in.Effective-- })},
	{"a version of its own on a ground of another act", registry.CodeGround, replaces(registry.Change, nil, func(_ *walk, _ succession, in *registry.Intent) {
		in.Ground = registry.GroundRenewalRefused
	})},
	{"a version of its own under an older version of the type", registry.CodeStale, func(w *walk) []registry.Code {
		old := w.newerTypeAt(w.place())
		return w.codes(ledgertest.MemberYudu, w.Entry(w.successors(old, w.handed(old.Place, w.Xingguo, w.Yudu)).ReplacingIntent(old, registry.Change)))
	}},
	{"a renewal of its own for another holder", registry.CodeStale, replaces(registry.Renew, typeBarring, func(_ *walk, _ succession, in *registry.Intent) { in.Holder = sm.Sum([]byte("another")) })},
	{"and a change", "", replaces(registry.Change, typeBarring, func(w *walk, _ succession, in *registry.Intent) { in.Holder = sm.Sum([]byte(w.id("another"))) })},
	{"and one for a holder who is barred", registry.CodeBarred, func(w *walk) []registry.Code {
		barred, holder := w.held()
		in := barred.Intent(registry.Revoke)
		in.Holder = holder
		w.moves(barred, in)
		return replaces(registry.Change, typeBarring, func(_ *walk, _ succession, in *registry.Intent) { in.Holder = holder })(w)
	}},
	{"a closing before its issue", registry.CodeNotFound, func(w *walk) []registry.Code {
		s := w.succession("")
		return w.codes(registry.Governance, s.old.Closing(w.Entry(s.made.ReplacingIntent(s.old, registry.Change))))
	}},
	{"a closing by a license of nobody's", registry.CodeNotFound, closes(func(_ *walk, _ succession, e *registry.Entry) {
		e.Intent.Closes.Identifier.Issuer = "113607320000000000"
	})},
	{"a closing by a license that replaces none", registry.CodeNotFound, func(w *walk) []registry.Code {
		s := w.succession("")
		issue := w.Entry(s.made.ReplacingIntent(s.old, registry.Change))
		closing := s.old.Closing(issue)
		plain := s.made.Intent(registry.Issue)
		w.accept(ledgertest.MemberYudu, w.Entry(plain))
		return w.codes(registry.Governance, closing)
	}},
	{"a closing with another decision than its issue's", registry.CodeStale, closes(func(_ *walk, _ succession, e *registry.Entry) { e.Intent.Decision += "x" })},
	{"a closing that others approved", registry.CodeStale, closes(func(_ *walk, _ succession, e *registry.Entry) { e.Approvals[0] ^= 1 })},
	{"a closing in the member's namespace", registry.CodeNamespace, func(w *walk) []registry.Code {
		s := w.succession("")
		issue := w.Entry(s.made.ReplacingIntent(s.old, registry.Change))
		w.accept(ledgertest.MemberYudu, issue)
		in := issue.Intent.ClosedBy(s.old.State.Sequence+1, s.old.State.Head)
		return w.codes(ledgertest.MemberXingguo, &registry.Entry{Intent: &in, Approvals: issue.Approvals})
	}},
	{"a second closing", registry.CodeReplaced, func(w *walk) []registry.Code {
		s, issue := w.replaced()
		return w.codes(registry.Governance, s.old.Closing(issue))
	}},
	{"a closing after the power went on", "", closes(func(w *walk, s succession, _ *registry.Entry) {
		w.handed(s.old.Place, w.Yudu, w.Governing, registry.SuccessionName(w.Xingguo.Code, ledgertest.Matter, s.old.Place))
	})},
	{"a cancellation of a license that was replaced", registry.CodeActState, func(w *walk) []registry.Code {
		s, _ := w.replaced()
		return w.codes(registry.Governance, w.Entry(s.old.GovernedIntent(w.Yudu, s.made.Grant, registry.Cancel)))
	}},
	{"its paper taken back", "", func(w *walk) []registry.Code {
		s, _ := w.replaced()
		in := s.old.Intent(registry.Recover)
		in.Organization, in.Grant, in.Origin.Grant = w.Yudu.Code, s.made.Grant, in.Grant
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"revoked by a superior after it was replaced", "", func(w *walk) []registry.Code {
		s, _ := w.replaced()
		return w.codes(registry.Governance, w.Entry(s.old.OversightIntent(w.County, registry.Revoke)))
	}},
	{"the new one revoked", "", func(w *walk) []registry.Code {
		s, _ := w.replaced()
		return w.codes(registry.Governance, w.Entry(s.made.OversightIntent(w.Governing, registry.Revoke)))
	}},
	{"and the new one goes on", "", func(w *walk) []registry.Code {
		s, _ := w.replaced()
		return w.codes(ledgertest.MemberYudu, w.Entry(s.made.Intent(registry.Change)))
	}},
}
