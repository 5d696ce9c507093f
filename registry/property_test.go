package registry_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// drawAct draws an act on a license, mostly well formed, sometimes out of
// place in sequence, version, sheet or date.
func drawAct(t *rapid.T, l *ledgertest.License) *registry.Entry {
	act := rapid.SampledFrom(registry.Acts()).Draw(t, "act").Act
	if l.State == nil && rapid.Bool().Draw(t, "begin") {
		act = registry.Issue
	}
	in := l.Intent(act)
	if l.State != nil && in.Refers != 0 {
		in.Refers = uint32(rapid.IntRange(1, len(l.State.Printings)+1).Draw(t, "sheet"))
		if s, ok := l.State.Sheet(in.Refers); ok && rapid.Bool().Draw(t, "its version") {
			in.Identifier.Version = s.Version
		}
	}
	switch rapid.IntRange(0, 20).Draw(t, "out of place") {
	case 0:
		in.Identifier.Version += 1
	case 1:
		in.Decided -= int64(rapid.IntRange(1, 9).Draw(t, "earlier"))
	case 2:
		in.Expires -= 900 * registry.Date(rapid.IntRange(0, 2).Draw(t, "sooner"))
	case 3:
		if len(in.Printings) > 0 {
			in.Printings[0].Number += 1
		}
	}
	return l.City.Entry(in)
}

// TestApplyProperties: whatever is asked in whatever order, only what the act
// table allows happens, sequences rise by one, printings are numbered once,
// and an ended license keeps why it ended.
func TestApplyProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		city := ledgertest.NewCity()
		l := city.NewLicense()
		for range rapid.IntRange(1, 30).Draw(t, "acts") {
			city.Now += int64(rapid.IntRange(0, 500*24*3600).Draw(t, "later"))
			e := drawAct(t, l)
			before := l.State
			var kept registry.License
			if before != nil {
				kept = *before
				kept.Printings = slices.Clone(before.Printings)
			}
			after, err := registry.Apply(before, e)
			if before != nil && !sameLicense(&kept, before) {
				t.Fatal("Apply changed what it was given")
			}
			if err != nil {
				if after != nil || registry.CodeOf(err) == registry.CodeInternal {
					t.Fatalf("refused with %v and a license", err)
				}
				continue
			}
			transition(t, before, after, e)
			if err := l.Accept(e); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func sameLicense(a, b *registry.License) bool {
	left, _ := registry.Encode(a)
	right, _ := registry.Encode(b)
	return string(left) == string(right)
}

// transition checks one accepted act against the table itself.
func transition(t *rapid.T, before, after *registry.License, e *registry.Entry) {
	if before == nil {
		before = &registry.License{}
	}
	act := e.Intent.Act
	rule, _ := act.Rule()
	want := rule.To
	if want == registry.StateNone {
		want = before.State
	}
	versions := 0
	if rule.Class == registry.ClassVersion {
		versions = 1
	}
	if act.Rules() { // leads where the acts that still stand lead; see ruling_test.go
		if want = after.State; len(before.Causes) == 0 {
			t.Fatalf("%s with nothing to undo", act)
		}
	} else if !slices.Contains(rule.From, before.State) {
		t.Fatalf("%s from %s was allowed", act, before.State)
	}
	switch {
	case after.State != want:
		t.Fatalf("%s from %s led to %s", act, before.State, after.State)
	case after.Sequence != before.Sequence+1 || after.Head != e.Digest():
		t.Fatalf("%s: sequence %d after %d", act, after.Sequence, before.Sequence)
	case after.Version != before.Version+versions:
		t.Fatalf("%s: version %d after %d", act, after.Version, before.Version)
	case after.Decided < before.Decided:
		t.Fatal("decisions ran backward")
	case len(after.Printings) != len(before.Printings)+len(e.Intent.Printings):
		t.Fatal("printings do not add up")
	case (after.State != registry.Effective) == after.Cause.IsZero():
		t.Fatalf("%s with cause %+v", after.State, after.Cause)
	case after.State == registry.Cancelled && before.State != registry.Cancelled && !before.Cause.IsZero() && (after.Before == nil || *after.Before != before.Cause):
		t.Fatalf("cancelled without its cause %+v", before.Cause)
	case before.State == registry.Cancelled && !act.Rules() && (after.Cause != before.Cause || !reflect.DeepEqual(after.Before, before.Before)):
		t.Fatal("a cancelled license lost its cause")
	case act == registry.Renew && after.Expires <= before.Expires:
		t.Fatal("a renewal shortened the license")
	}
	for i, s := range after.Printings {
		if s.Number != uint32(i+1) || s.Version > after.Version {
			t.Fatalf("printing %d has number %d of version %d", i+1, s.Number, s.Version)
		}
		if i < len(before.Printings) && s != before.Printings[i] && s.Number != e.Intent.Refers {
			t.Fatal("another sheet changed")
		}
		if i < len(before.Printings) && before.Printings[i].State == registry.PrintingDestroyed && s.State != registry.PrintingDestroyed {
			t.Fatal("a destroyed sheet came back")
		}
	}
}

// TestOversightProperties: a superior's acts follow the table from what
// stands, and what the issuer suspended stays the issuer's to return.
func TestOversightProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		city := ledgertest.NewCity()
		l := city.NewLicense()
		l.Reach(rapid.SampledFrom(registry.States()).Draw(t, "state"))
		for range rapid.IntRange(1, 8).Draw(t, "acts") {
			act := rapid.SampledFrom(registry.Acts()).Draw(t, "act")
			if act.Act.Rules() || act.Act == registry.Replace {
				continue // see ruling_test.go and replace_test.go
			}
			before := l.Oversight
			from := l.State.State
			if before != nil && before.State != registry.StateNone {
				from = before.State
			}
			if l.State.State == registry.Cancelled && act.Act != registry.Return {
				from = registry.Cancelled
			}
			after, err := registry.ApplyOversight(before, l.State, city.Entry(l.OversightIntent(city.County, act.Act)))
			allowed := act.Superior && slices.Contains(act.From, from)
			if act.Act == registry.Revoke { // reaches back, whatever ended the license, once
				allowed = from != registry.Revoked && (before == nil || before.State != registry.Revoked)
			}
			if act.Act == registry.Return {
				allowed = before != nil && before.State == registry.Suspended
			}
			if allowed != (err == nil) {
				t.Fatalf("%s on %s: %v", act.Name, from, err)
			}
			if err == nil {
				if want := map[bool]registry.State{true: registry.StateNone, false: act.To}[act.Act == registry.Return]; after.State != want {
					t.Fatalf("%s on %s led to %s", act.Name, from, after.State)
				}
				l.Oversight = after
			}
		}
	})
}
