package lawtest

import (
	"fmt"
	"slices"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// temptation is one thing that the law forbids, tried on the ledger as it
// stands; everything about it but one is right. Where nothing is wanted it is
// the lawful twin of one that is refused.
type temptation struct {
	name string
	want registry.Code
	try  func(w *walk) []registry.Code
}

// temptations is all that the walk tries.
var temptations = func() (all []temptation) {
	for _, group := range [][]temptation{powerTemptations, actTemptations, oversightTemptations, batchTemptations, recordTemptations, handoverTemptations, statuteTemptations, clauseTemptations, relationTemptations, rulingTemptations, commitmentTemptations, timeTemptations, recordingTemptations, useTemptations, replaceTemptations, serviceTemptations} {
		all = append(all, group...)
	}
	return all
}()

// issue tries a first issue of Xingguo's with one thing changed.
func issue(change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		in := w.NewLicense().Intent(registry.Issue)
		change(w, &in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// entry is issue with the finished entry changed.
func entry(change func(w *walk, e *registry.Entry)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		e := w.Entry(w.NewLicense().Intent(registry.Issue))
		change(w, e)
		return w.codes(ledgertest.MemberXingguo, e)
	}
}

// next tries an act on an issued license with one thing changed.
func next(act registry.Act, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		in := w.issued().Intent(act)
		change(w, &in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// city tries an issue of the city's with one thing changed.
func city(grant string, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		in := w.NewCityLicense(w.Governing, grant).Intent(registry.Issue)
		change(w, &in)
		return w.codes(ledgertest.MemberCity, w.Entry(in))
	}
}

func under(grant string) func(w *walk) []registry.Code {
	return issue(func(_ *walk, in *registry.Intent) { in.Grant = grant })
}

var powerTemptations = []temptation{
	{"a ground that the type does not have", registry.CodeGround, issue(func(_ *walk, in *registry.Intent) { in.Ground = "whim" })},
	{"a collected version of a type made here", registry.CodeTypeSource, issue(func(_ *walk, in *registry.Intent) {
		in.Collected, in.Seal, in.Printings = &registry.Foreign{System: "x", Seal: sm.Sum(nil)}, "", nil
	})},
	{"a version made here of a collected type", registry.CodeTypeSource, issue(func(w *walk, in *registry.Intent) { in.Identifier.Type = w.Governing.Code + "003" })},
	{"an issuer that is not registered", registry.CodeOrganization, issue(func(_ *walk, in *registry.Intent) { in.Identifier.Issuer = "113607320000000000" })},
	{"a dissolved organization", registry.CodeOrganization, issue(func(w *walk, in *registry.Intent) { in.Organization = w.gone.Code })},
	{"a type version that is not registered", registry.CodeTypeUnknown, issue(func(_ *walk, in *registry.Intent) { in.TypeVersion = 2 })},
	{"no grant", registry.CodeGrant, under("")},
	{"sealed before it was decided", registry.CodeDateOrder, entry(func(_ *walk, e *registry.Entry) { e.Sealed = e.Intent.Decided - 1 })},
	{"sealed in the future", registry.CodeFuture, entry(func(w *walk, e *registry.Entry) { e.Sealed = w.Now + 1 })},
	{"genesis after its end", registry.CodeGenesis, entry(func(_ *walk, e *registry.Entry) { ledgertest.Recorded(e, registry.Genesis) })},
	{"backdated", registry.CodeBackdated, entry(func(w *walk, e *registry.Entry) { e.Intent.Decided -= w.Rules.MaxBackdate + 1 })},
	{"another matter's grant", registry.CodeGrantMatter, under(ledgertest.GrantOther)},
	{"the city's grant for the county's license", registry.CodeGrantMode, under(ledgertest.GrantWindow)},
	{"a license in another's name", registry.CodeGrantMode, issue(func(w *walk, in *registry.Intent) { in.Identifier.Issuer = w.County.Code })},
	{"another county's grant on this county's license", registry.CodeGrantTerritory, next(registry.Annotate, func(w *walk, in *registry.Intent) {
		in.Grant, in.Organization, in.Origin.Grant = ledgertest.GrantYudu, w.Yudu.Code, in.Grant
	})},
	{"decided by the county government", registry.CodeGrantMode, issue(func(w *walk, in *registry.Intent) { in.Organization = w.County.Code })},
	{"a review without its agreement", registry.CodeAgreement, city(ledgertest.GrantReview, func(*walk, *registry.Intent) {})},
	{"a review without examination", registry.CodeExamination, city("g-agreed", func(*walk, *registry.Intent) {})},
	{"before the beginning", registry.CodeGrantPeriod, under("g-future")},
	{"after the end", registry.CodeGrantPeriod, under("g-ended")},
	{"before the end, recorded after it", registry.CodeGrantPeriod, func(w *walk) []registry.Code {
		in := w.NewLicense().Intent(registry.Issue)
		in.Grant, in.Decided = "g-ended", w.begin
		e := w.Entry(in)
		e.Sealed = w.begin
		return w.codes(ledgertest.MemberXingguo, e)
	}},
	{"after a logged exception", registry.CodeGrantPeriod, under("g-excepted")},
	{"before its handover", registry.CodeGrantPeriod, under(ledgertest.GrantHandover)},
	{"an unpublished entrustment", registry.CodeGrantPeriod, func(w *walk) []registry.Code { return entrusted(w, "g-entrust-silent", ledgertest.GrantOwn) }},
	{"a lapsed entrustment", registry.CodeGrantPeriod, func(w *walk) []registry.Code { return entrusted(w, "g-entrust-lapsed", "g-own-ended") }},
	{"an entrustment that rests on something else", registry.CodeGrantMode, func(w *walk) []registry.Code {
		return entrusted(w, ledgertest.GrantEntrust, ledgertest.GrantWindow)
	}},
	{"no seal on file", registry.CodeSealUnknown, issue(func(_ *walk, in *registry.Intent) { in.Seal = "s-none" })},
	{"another's seal", registry.CodeSealScope, issue(func(_ *walk, in *registry.Intent) { in.Seal = ledgertest.SealYudu })},
	{"a seal for another matter", registry.CodeSealScope, issue(func(_ *walk, in *registry.Intent) { in.Seal = ledgertest.SealScoped })},
	{"a seal out of use", registry.CodeSealState, issue(func(_ *walk, in *registry.Intent) { in.Seal = "s-out" })},
	{"a listed case sealed after the end", registry.CodeSealState, issue(func(w *walk, in *registry.Intent) {
		in.Grant, in.Case, in.Decided = "g-cases", caseListed, w.begin
	})},
	{"another instance's serial", registry.CodeSerialPrefix, issue(func(_ *walk, in *registry.Intent) { in.Identifier.Serial = "ZZ" + in.Identifier.Serial[2:] })},
	{"another instance's status list", registry.CodeListRange, issue(func(_ *walk, in *registry.Intent) { in.Printings[0].List = 3 })},
	{"two originals", registry.CodePrinting, issue(func(w *walk, in *registry.Intent) {
		in.Printings = append(in.Printings, registry.Printing{Number: 3, Copy: registry.Original, Blank: w.Blank(ledgertest.FormOriginal), List: 1, Index: 130000})
	})},
	{"the wrong form", registry.CodeBlankForm, issue(func(_ *walk, in *registry.Intent) { in.Printings[1].Blank.Form = ledgertest.FormDuplicate })},
	{"a blank that is nobody's", registry.CodeBlankStock, issue(func(_ *walk, in *registry.Intent) { in.Printings[1].Blank.Number = "100000" })},
	{"a blank that is gone", registry.CodeBlankStock, func(w *walk) []registry.Code {
		s, l := w.ruined(), w.NewLicense()
		in := l.Intent(registry.Issue)
		in.Printings[1].Blank = registry.Blank{Form: s.Form, Run: s.Run, Number: "0050"}
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"and the one beside it", "", func(w *walk) []registry.Code {
		s, l := w.ruined(), w.NewLicense()
		in := l.Intent(registry.Issue)
		in.Printings[1].Blank = registry.Blank{Form: s.Form, Run: s.Run, Number: "0051"}
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a blank used before", registry.CodeBlankUsed, func(w *walk) []registry.Code {
		used, l := w.NewLicense(), w.NewLicense()
		first, in := used.Next(registry.Issue), l.Intent(registry.Issue)
		w.accept(ledgertest.MemberXingguo, first)
		in.Printings[1].Blank = first.Intent.Printings[1].Blank
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
	{"a license of another member", registry.CodeNamespace, func(w *walk) []registry.Code {
		return w.codes(ledgertest.MemberYudu, w.Entry(w.NewLicense().Intent(registry.Issue)))
	}},
	{"a renewal applied for too late", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.NewLicense()
		l.Identifier.Type, l.Numbered = w.Governing.Code+"004", false
		in := l.Intent(registry.Issue)
		in.Expires = in.Effective + 20
		e := w.Entry(in)
		w.accept(ledgertest.MemberXingguo, e)
		if err := l.Accept(e); err != nil {
			w.Fatal(err)
		}
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(registry.AcceptRenewal)))
	}},
}

func entrusted(w *walk, grant, rests string) []registry.Code {
	l := w.NewCityLicense(w.Xingguo, grant)
	in := l.Intent(registry.Issue)
	in.Under = rests
	return w.codes(ledgertest.MemberCity, w.Entry(in))
}

// after brings a license through acts, then tries one more.
func after(path []registry.Act, act registry.Act, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.issued()
		for _, a := range path {
			w.accept(ledgertest.MemberXingguo, l.Next(a))
		}
		in := l.Intent(act)
		change(w, &in)
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

func asItIs(*walk, *registry.Intent) {}

var actTemptations = []temptation{
	{"an act out of its state", registry.CodeActState, after(nil, registry.Return, asItIs)},
	{"an issue twice", registry.CodeActState, after(nil, registry.Issue, func(_ *walk, in *registry.Intent) { in.Identifier.Version = 2 })},
	{"decided before the last act", registry.CodeDateOrder, after(nil, registry.Annotate, func(_ *walk, in *registry.Intent) { in.Decided-- })},
	{"an expired license changed", registry.CodeActState, func(w *walk) []registry.Code {
		return w.codes(ledgertest.MemberXingguo, w.Entry(w.expired().Intent(registry.Change)))
	}},
	{"a renewal accepted after expiry", registry.CodeActState, func(w *walk) []registry.Code {
		return w.codes(ledgertest.MemberXingguo, w.Entry(w.expired().Intent(registry.AcceptRenewal)))
	}},
	{"an old version annotated", registry.CodeStale, after([]registry.Act{registry.Change}, registry.Annotate, func(_ *walk, in *registry.Intent) { in.Identifier.Version = 1 })},
	{"a version left out", registry.CodeStale, after(nil, registry.Change, func(_ *walk, in *registry.Intent) { in.Identifier.Version++ })},
	{"a renewal that shortens", registry.CodeDateOrder, after(nil, registry.Renew, func(_ *walk, in *registry.Intent) { in.Expires = in.Effective + 1 })},
	{"a change that prolongs", registry.CodeDateOrder, after(nil, registry.Change, func(_ *walk, in *registry.Intent) { in.Expires++ })},
	{"a change that mends a slip in the last day", "", after(nil, registry.Change, func(_ *walk, in *registry.Intent) { in.Ground, in.Expires = registry.GroundSlip, in.Expires+1 })},
	{"a downgrade that prolongs, for a slip", registry.CodeGround, after(nil, registry.Downgrade, func(_ *walk, in *registry.Intent) { in.Ground, in.Expires = registry.GroundSlip, in.Expires+1 })},
	{"issued expired", registry.CodeDateOrder, issue(func(_ *walk, in *registry.Intent) { in.Effective, in.Expires = in.Effective-9, in.Effective-1 })},
	{"cancelled as expired, and it is not", registry.CodeActState, after(nil, registry.Cancel, func(_ *walk, in *registry.Intent) { in.Ground = registry.GroundExpired })},
	{"a renewal refused that nobody applied for", registry.CodeActState, after(nil, registry.Annotate, func(_ *walk, in *registry.Intent) { in.Ground = registry.GroundRenewalRefused })},
	{"a sheet that is not there", registry.CodePrinting, after(nil, registry.Spoil, func(_ *walk, in *registry.Intent) { in.Refers = 9 })},
	{"the file spoiled", registry.CodePrintingState, after(nil, registry.Spoil, func(_ *walk, in *registry.Intent) { in.Refers = 1 })},
	{"a second original printed", registry.CodePrinting, after(nil, registry.Print, func(w *walk, in *registry.Intent) {
		in.Printings[0].Copy, in.Printings[0].Blank = registry.Original, w.Blank(ledgertest.FormOriginal)
	})},
	{"an original printed again, and again", registry.CodePrinting, after([]registry.Act{registry.Spoil, registry.Reprint}, registry.Reprint, asItIs)},
	{"the file handed over like paper", registry.CodePrintingState, after(nil, registry.Deliver, func(_ *walk, in *registry.Intent) { in.Refers = 1 })},
	{"the file delivered electronically", "", after(nil, registry.Deliver, func(_ *walk, in *registry.Intent) { in.Refers, in.Ground = 1, registry.GroundElectronic })},
	{"a sheet delivered electronically", registry.CodeGround, after(nil, registry.Deliver, func(_ *walk, in *registry.Intent) { in.Ground = registry.GroundElectronic })},
	{"delivered twice", registry.CodePrintingState, after([]registry.Act{registry.Deliver}, registry.Deliver, asItIs)},
	{"a reprint of another kind", registry.CodePrinting, after([]registry.Act{registry.Spoil}, registry.Reprint, func(w *walk, in *registry.Intent) {
		in.Printings[0].Copy, in.Printings[0].Blank = registry.Duplicate, w.Blank(ledgertest.FormDuplicate)
	})},
	{"a printing number left out", registry.CodePrinting, issue(func(_ *walk, in *registry.Intent) { in.Printings[1].Number = 3 })},
	{"an older act", registry.CodeSequencePast, after([]registry.Act{registry.Annotate}, registry.Annotate, func(_ *walk, in *registry.Intent) { in.Sequence, in.Previous = 1, sm.Digest{} })},
	{"a place that is taken", registry.CodeSequenceTaken, after([]registry.Act{registry.Annotate}, registry.Annotate, func(_ *walk, in *registry.Intent) { in.Sequence-- })},
	{"a gap", registry.CodeSequenceGap, after(nil, registry.Annotate, func(_ *walk, in *registry.Intent) { in.Sequence++ })},
	{"after another entry", registry.CodePreviousHead, after(nil, registry.Annotate, func(_ *walk, in *registry.Intent) { in.Previous[0] ^= 1 })},
	{"under a superior's suspension", registry.CodeActState, underAbove(registry.Suspend, registry.Change)},
	{"and what a suspended license allows", "", underAbove(registry.Suspend, registry.Annotate)},
	{"under a superior's revocation", registry.CodeActState, underAbove(registry.Revoke, registry.Annotate)},
}

// underAbove tries an act of the issuer's on a license that a superior acted on.
func underAbove(above, act registry.Act) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(registry.Governance, l.NextOversight(w.County, above))
		return w.codes(ledgertest.MemberXingguo, w.Entry(l.Intent(act)))
	}
}

// dissolvedBefore tries an act of a superior that it decided before its end, recorded
// afterwards; a ruling is on its own revocation.
func (w *walk) dissolvedBefore(act registry.Act) []registry.Code {
	w.Helper()
	gone, below := w.newcomer(), w.Xingguo.Organization
	below.Superiors = append(slices.Clone(below.Superiors), gone.Code)
	w.set(w.Governing, &below)
	w.model.superiors = append(slices.Clone(w.model.superiors), gone.Code)
	l := w.issued()
	if act.Rules() {
		w.accept(registry.Governance, l.NextOversight(gone, registry.Revoke))
	}
	in := l.OversightIntent(gone, act)
	w.Advance(time.Hour)
	end := gone.Organization
	end.Dissolved = w.Now
	w.set(w.Governing, &end)
	defer w.set(w.Governing, &w.Xingguo.Organization)
	return w.codes(registry.Governance, w.Entry(in))
}

// over tries a superior's act after others, with one thing changed.
func over(path []registry.Act, act registry.Act, change func(w *walk, in *registry.Intent)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.issued()
		for _, a := range path {
			w.accept(registry.Governance, l.NextOversight(w.County, a))
		}
		in := l.OversightIntent(w.County, act)
		change(w, &in)
		return w.codes(registry.Governance, w.Entry(in))
	}
}

var oversightTemptations = []temptation{
	{"a dissolved superior", registry.CodeOrganization, over(nil, registry.Suspend, func(w *walk, in *registry.Intent) { in.Organization = w.gone.Code })},
	{"a superior that is gone when it is recorded", registry.CodeOrganization, func(w *walk) []registry.Code {
		return w.dissolvedBefore(registry.Revoke)
	}},
	{"a regulator of another member that is gone when it is recorded", registry.CodeOrganization, func(w *walk) []registry.Code {
		w.serial++
		gone := w.AddOrganization(fmt.Sprintf("11360731%08d", w.serial), "某监管局（测试）", "360731", ledgertest.MemberYudu)
		record := gone.Organization
		w.set(w.Governing, &record)
		g := w.grant(ledgertest.GrantDirect)
		g.ID, g.Regulators = w.id("g"), []string{gone.Code}
		w.set(w.Governing, &g)
		l := w.NewLicense()
		l.Grant = g.ID
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
		in := l.GovernedIntent(gone, g.ID, registry.Suspend)
		w.Advance(time.Hour)
		record.Dissolved = w.Now
		w.set(w.Governing, &record)
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"a superior's act before its last one", registry.CodeDateOrder, func(w *walk) []registry.Code {
		l := w.NewLicense()
		issue := l.Intent(registry.Issue)
		issue.Decided -= 3600
		w.moves(l, issue)
		w.accept(registry.Governance, l.NextOversight(w.County, registry.Suspend))
		in := l.OversightIntent(w.County, registry.Return)
		in.Decided -= 60
		return w.codes(registry.Governance, w.Entry(in))
	}},
	{"and bound by a ruling on its own act", "", func(w *walk) []registry.Code {
		return w.dissolvedBefore(registry.Reinstate)
	}},
	{"oversight before the license", registry.CodeDateOrder, over(nil, registry.Revoke, func(_ *walk, in *registry.Intent) { in.Decided-- })},
	{"oversight under a grant", registry.CodeEntryForm, over(nil, registry.Suspend, func(_ *walk, in *registry.Intent) { in.Grant = ledgertest.GrantDirect })},
	{"no act of oversight", registry.CodeActNotAllowed, over(nil, registry.Annotate, asItIs)},
	{"no superior", registry.CodeActNotAllowed, over(nil, registry.Suspend, func(w *walk, in *registry.Intent) { in.Organization = w.Yudu.Code })},
	{"a superior's whim", registry.CodeGround, over(nil, registry.Suspend, func(_ *walk, in *registry.Intent) { in.Ground = "whim" })},
	{"oversight in the future", registry.CodeFuture, over(nil, registry.Suspend, func(_ *walk, in *registry.Intent) { in.Decided++ })},
	{"oversight of a version that is not there", registry.CodeStale, over(nil, registry.Suspend, func(_ *walk, in *registry.Intent) { in.Identifier.Version = 2 })},
	{"oversight before the last", registry.CodeDateOrder, over([]registry.Act{registry.Suspend}, registry.Revoke, func(_ *walk, in *registry.Intent) { in.Decided-- })},
	{"revoked twice", registry.CodeActState, over([]registry.Act{registry.Revoke}, registry.Revoke, asItIs)},
	{"returned without a superior's suspension", registry.CodeActState, func(w *walk) []registry.Code {
		l := w.issued()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Suspend))
		return w.codes(registry.Governance, w.Entry(l.OversightIntent(w.County, registry.Return)))
	}},
	{"oversight of nothing", registry.CodeNotFound, func(w *walk) []registry.Code {
		return w.codes(registry.Governance, w.Entry(w.NewLicense().OversightIntent(w.County, registry.Suspend)))
	}},
	{"oversight out of order", registry.CodeSequenceGap, over(nil, registry.Suspend, func(_ *walk, in *registry.Intent) { in.Sequence, in.Previous = 2, sm.Sum(nil) })},
}

// batch tries a whole batch with one thing changed.
func batch(change func(w *walk, b *registry.Batch)) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		b := w.Batch(ledgertest.MemberXingguo, w.Entry(w.NewLicense().Intent(registry.Issue)))
		change(w, &b)
		return w.codesOf(b)
	}
}

var batchTemptations = []temptation{
	{"nothing", registry.CodeEntryForm, batch(func(_ *walk, b *registry.Batch) { b.Entries = nil })},
	{"an entry that is missing", registry.CodeEntryForm, batch(func(_ *walk, b *registry.Batch) { b.Entries = append(b.Entries, nil) })},
	{"an entry that says nothing", registry.CodeEntryForm, batch(func(_ *walk, b *registry.Batch) { b.Entries = append(b.Entries, &registry.Entry{}) })},
	{"other rules", registry.CodeRules, batch(func(_ *walk, b *registry.Batch) { b.Rules++ })},
	{"nobody's signature", registry.CodeAuthorship, batch(func(_ *walk, b *registry.Batch) { b.Authors = nil })},
	{"a key that is not registered", registry.CodeAuthorship, batch(func(w *walk, b *registry.Batch) {
		b.Authors = []registry.Authorship{ledgertest.Authorship(b.Namespace, w.Xingguo.Code, w.Yudu.Act, b.DigestsOf(w.Xingguo.Code))}
	})},
	{"a signature over something else", registry.CodeAuthorship, batch(func(w *walk, b *registry.Batch) {
		b.Authors = []registry.Authorship{ledgertest.Authorship("elsewhere", w.Xingguo.Code, w.Xingguo.Act, b.DigestsOf(w.Xingguo.Code))}
	})},
	{"an order in a member's namespace", registry.CodeNamespace, func(w *walk) []registry.Code {
		return w.codes(ledgertest.MemberXingguo, w.Order(w.Governing, &registry.Matter{Code: "n", FullName: "x"}))
	}},
}
