package ledgertest

import (
	"slices"
	"testing"

	"tongzheng/registry"
)

// allowed is the act table asked anew, not through State.Next.
func allowed(rule registry.ActRule, from registry.State) bool {
	return slices.Contains(rule.From, from)
}

func everyState() []registry.State {
	return append([]registry.State{registry.StateNone}, ownStates()...)
}

// ownStates are those that the issuer's own acts lead to; what a replacement
// leaves is testReplacement's.
func ownStates() []registry.State {
	return slices.DeleteFunc(registry.States(), func(s registry.State) bool { return s == registry.Replaced })
}

// ownActs are those that somebody decides on; a closing follows from an issue.
func ownActs() []registry.ActRule {
	return slices.DeleteFunc(slices.Clone(registry.Acts()), func(r registry.ActRule) bool { return r.Act == registry.Replace })
}

// testActTable: every act from every state, around the API: allowed ones are
// accepted, all others refused with CodeActState.
func testActTable(t *testing.T, s *suite) {
	var entries []*registry.Entry
	var want []registry.Code
	var names []string
	var licenses []*License
	for _, state := range everyState() {
		for _, rule := range ownActs() {
			l := s.NewLicense()
			before := l.Reach(state)
			if rule.Act == registry.Reprint && allowed(rule, state) {
				before = append(before, l.Next(registry.Spoil)) // a good sheet is not printed again
			}
			if rule.Act == registry.Destroy && state != registry.StateNone {
				before = append(before, l.Next(registry.Spoil))
			}
			e, code := s.Entry(l.Intent(rule.Act)), registry.CodeActState
			if allowed(rule, state) {
				code = ""
				must(l.Accept(e))
			}
			for range before {
				want, names = append(want, ""), append(names, "reaching "+state.String())
			}
			entries = append(append(entries, before...), e)
			want, names = append(want, code), append(names, rule.Name+" from "+state.String())
			licenses = append(licenses, l)
		}
	}
	s.table(t, MemberXingguo, entries, want, names)
	for _, l := range licenses {
		s.holds(t, l)
	}
}

func (s *suite) table(t *testing.T, namespace string, entries []*registry.Entry, want []registry.Code, names []string) {
	t.Helper()
	c := s.submit(t, s.Batch(namespace, entries...))
	for i, result := range c.Outcome.Results {
		if result.Code != want[i] {
			t.Errorf("%s: %q (%s), want %q", names[i], result.Code, result.Field, want[i])
		}
	}
}

// testPrintingTable: every paper act from every state of a sheet.
func testPrintingTable(t *testing.T, s *suite) {
	paths := map[registry.PrintingState][]registry.Act{
		registry.PrintingLive: nil, registry.PrintingDelivered: {registry.Deliver}, registry.PrintingSpoiled: {registry.Spoil},
		registry.PrintingRecovered: {registry.Recover}, registry.PrintingVoid: {registry.AnnounceVoid},
		registry.PrintingDestroyed: {registry.Spoil, registry.Destroy},
	}
	ok := map[registry.Act][]registry.PrintingState{
		registry.Spoil:        {registry.PrintingLive, registry.PrintingDelivered},
		registry.Reprint:      {registry.PrintingSpoiled, registry.PrintingRecovered, registry.PrintingVoid, registry.PrintingDestroyed},
		registry.Deliver:      {registry.PrintingLive},
		registry.Recover:      {registry.PrintingLive, registry.PrintingDelivered, registry.PrintingSpoiled, registry.PrintingVoid},
		registry.AnnounceVoid: {registry.PrintingLive, registry.PrintingDelivered},
		registry.Destroy:      {registry.PrintingSpoiled, registry.PrintingRecovered},
	}
	var entries []*registry.Entry
	var want []registry.Code
	var names []string
	for state := registry.PrintingLive; state <= registry.PrintingDestroyed; state++ {
		for act := registry.Spoil; act <= registry.Destroy; act++ {
			l := s.NewLicense()
			before := []*registry.Entry{l.Next(registry.Issue)}
			for _, step := range paths[state] {
				before = append(before, l.Next(step))
			}
			code := registry.CodePrintingState
			if slices.Contains(ok[act], state) {
				code = ""
			}
			for range before {
				want, names = append(want, ""), append(names, "reaching "+state.String())
			}
			entries = append(append(entries, before...), s.Entry(l.Intent(act)))
			want, names = append(want, code), append(names, act.String()+" on a sheet that is "+state.String())
		}
	}
	// Sheets that are not there, and the file, which is no sheet.
	l := s.NewLicense()
	none, file := l.Next(registry.Issue), l.Intent(registry.Spoil)
	file.Refers = 1
	missing := l.Intent(registry.Spoil)
	missing.Refers = 9
	entries = append(entries, none, s.Entry(file), s.Entry(missing))
	want = append(want, "", registry.CodePrintingState, registry.CodePrinting)
	names = append(names, "issue", "the electronic file spoiled", "a sheet that is not there")
	s.table(t, MemberXingguo, entries, want, names)
	s.deliveries(t)
	s.copies(t)
}

// copies: of each kind as many good sheets of a version as its type allows, those
// that an act adds included; what is spoiled makes room for one.
func (s *suite) copies(t *testing.T) {
	t.Helper()
	if !s.Rules.Since(registry.RulesOfRelations) {
		return
	}
	l := s.NewLicense()
	entries, want, names := []*registry.Entry{l.Next(registry.Issue)}, []registry.Code{""}, []string{"issue"}
	try := func(name string, act registry.Act, kind registry.CopyKind, code registry.Code) {
		in := l.Intent(act)
		in.Printings[0] = l.printing(in.Printings[0].Number, kind)
		e := s.Entry(in)
		if code == "" {
			must(l.Accept(e))
		}
		entries, want, names = append(entries, e), append(want, code), append(names, name)
	}
	step := func(act registry.Act) {
		entries, want, names = append(entries, l.Next(act)), append(want, ""), append(names, act.String())
	}
	try("a second original", registry.Print, registry.Original, registry.CodePrinting)
	for range 3 {
		try("a duplicate", registry.Print, registry.Duplicate, "")
	}
	try("a fourth duplicate", registry.Print, registry.Duplicate, registry.CodePrinting)
	step(registry.Deliver)
	try("a second original, the first delivered", registry.Print, registry.Original, registry.CodePrinting)
	step(registry.Spoil)
	try("the original again", registry.Reprint, registry.Original, "")
	try("the original a third time", registry.Reprint, registry.Original, registry.CodePrinting)
	try("an original beside it", registry.Print, registry.Original, registry.CodePrinting)
	step(registry.Change)
	try("a second original of the next version", registry.Print, registry.Original, registry.CodePrinting)
	try("a duplicate of the next version", registry.Print, registry.Duplicate, "")
	s.table(t, MemberXingguo, entries, want, names)
	s.holds(t, l)
}

// deliveries: the file is delivered electronically and in no other way, once; a
// sheet in every other way.
func (s *suite) deliveries(t *testing.T) {
	t.Helper()
	if !s.Rules.Since(registry.RulesOfRelations) {
		return
	}
	l := s.NewLicense()
	issue := l.Next(registry.Issue)
	deliver := func(refers uint32, ground string) *registry.Entry {
		in := l.Intent(registry.Deliver)
		in.Refers, in.Ground = refers, ground
		return s.Entry(in)
	}
	over, sheet := deliver(1, Ground), deliver(2, registry.GroundElectronic)
	file := deliver(1, registry.GroundElectronic)
	must(l.Accept(file))
	again := deliver(1, registry.GroundElectronic)
	s.table(t, MemberXingguo, []*registry.Entry{issue, over, sheet, file, again, l.Next(registry.Deliver)},
		[]registry.Code{"", registry.CodePrintingState, registry.CodeGround, "", registry.CodePrintingState, ""},
		[]string{"issue", "the file handed over like paper", "a sheet delivered electronically", "the file delivered electronically", "delivered electronically twice", "the sheet delivered"})
	s.holds(t, l)
}

// testOversight: a superior's act needs nobody's consent, and nobody else has it.
func testOversight(t *testing.T, s *suite) {
	l, unborn := s.issued(t, 1)[0], s.NewLicense()
	refused := func(by *Organization) *registry.Entry { return s.Entry(l.OversightIntent(by, registry.Revoke)) }
	granted := l.OversightIntent(s.County, registry.Revoke)
	granted.Grant = GrantDirect
	future := l.OversightIntent(s.County, registry.Revoke)
	future.Decided++
	ground := l.OversightIntent(s.County, registry.Revoke)
	ground.Ground = "whim"
	s.codes(t, registry.Governance, []*registry.Entry{refused(s.Xingguo), refused(s.Yudu), s.Entry(granted), s.Entry(future), s.Entry(ground),
		s.Entry(unborn.OversightIntent(s.County, registry.Revoke))},
		registry.CodeActNotAllowed, registry.CodeActNotAllowed, registry.CodeEntryForm, registry.CodeFuture, registry.CodeGround, registry.CodeNotFound)
	s.holds(t, l)

	// The member cannot get ahead of it by acting in its own namespace.
	s.accept(t, MemberXingguo, l.Next(registry.Change))
	s.accept(t, registry.Governance, l.NextOversight(s.County, registry.Suspend))
	s.accept(t, registry.Governance, l.NextOversight(s.Governing, registry.Return))
	e := l.NextOversight(s.Governing, registry.Revoke)
	s.accept(t, registry.Governance, e)
	if c := s.accept(t, registry.Governance, e); !c.Outcome.Results[0].Repeat {
		t.Error("the head of oversight handed in again is a repeat")
	}
	s.holds(t, l)
	s.codes(t, MemberXingguo, []*registry.Entry{s.Entry(l.Intent(registry.Change)), s.Entry(l.Intent(registry.Print)), l.Next(registry.Cancel)},
		registry.CodeActState, registry.CodeActState, "")
	s.holds(t, l)
}

// testOversightTable: every act as a superior's, on a license in every state.
func testOversightTable(t *testing.T, s *suite) {
	var issue, entries []*registry.Entry
	var want []registry.Code
	var names []string
	for _, state := range ownStates() {
		for _, rule := range ownActs() {
			l := s.NewLicense()
			issue = append(issue, l.Reach(state)...)
			code := registry.CodeActState
			switch {
			case rule.Act == registry.Issue:
				code = registry.CodeEntryForm // names no member
			case !rule.Superior:
				code = registry.CodeActNotAllowed
			case rule.Act == registry.Revoke && state != registry.Revoked:
				code = "" // reaches back, whatever ended the license
			case allowed(rule, state) && rule.Act != registry.Return:
				code = "" // what the issuer suspended only the issuer returns
			}
			in := l.Intent(rule.Act) // well formed for the act, but a superior's
			o := l.OversightIntent(s.County, rule.Act)
			o.Content, o.Seal, o.Effective, o.Expires, o.Printings, o.Refers = in.Content, in.Seal, in.Effective, in.Expires, in.Printings, in.Refers
			entries, want, names = append(entries, s.Entry(o)), append(want, code), append(names, "superior's "+rule.Name+" on "+state.String())
		}
	}
	s.accept(t, MemberXingguo, issue...)
	s.table(t, registry.Governance, entries, want, names)
}

// testOversightOverActs: while a superior's act stands, the issuer may do what the
// table allows from the superior's state, and nothing else.
func testOversightOverActs(t *testing.T, s *suite) {
	var issue, over, entries []*registry.Entry
	var want []registry.Code
	var names []string
	for _, first := range []registry.Act{registry.Suspend, registry.Withdraw, registry.Revoke, registry.Penalize} {
		for _, rule := range ownActs() {
			l := s.NewLicense()
			issue = append(issue, l.Next(registry.Issue))
			if rule.Act == registry.Reprint || rule.Act == registry.Destroy {
				issue = append(issue, l.Next(registry.Spoil))
			}
			over = append(over, l.NextOversight(s.Governing, first))
			code := registry.CodeActState
			if allowed(rule, l.Oversight.State) && !rule.Act.Rules() && rule.Act != registry.Return { // nothing of its own to return or rule on
				code = ""
			}
			entries, want = append(entries, s.Entry(l.Intent(rule.Act))), append(want, code)
			names = append(names, rule.Name+" after a superior's "+first.String())
		}
	}
	s.accept(t, MemberXingguo, issue...)
	s.accept(t, registry.Governance, over...)
	s.table(t, MemberXingguo, entries, want, names)
}
