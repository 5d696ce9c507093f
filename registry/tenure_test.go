package registry

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestHeldPowerIsTheGrants: what a tenure says of a grant is what the grant says
// itself, at every instant and in every mode.
func TestHeldPowerIsTheGrants(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 7))
	instant := func() int64 { return chance.Int64N(10) }
	living := 0
	for range 20_000 {
		g := &Grant{ID: "g", Matter: "m", Decider: "d", Territory: "360732", Mode: Modes()[chance.IntN(len(Modes()))], Effective: 1 + instant(), End: instant()}
		if g.Mode == ModeEntrust {
			continue // lapses with what it rests on
		}
		if chance.IntN(2) == 0 {
			g.Handover, g.Operating = true, instant()
		}
		if chance.IntN(2) == 0 {
			g.Agreement, g.Agreed = "a", instant()
		}
		tenure, err := tenureOf(g, 1, func(RecordKind, string) GovernanceRecord { return nil })
		if err != nil {
			t.Fatal(err)
		}
		for at := range int64(25) {
			holds, _ := tenure.Holds("360732101", at)
			if force := g.InForce(at) == nil; holds != force {
				t.Fatalf("at %d: the tenure says %t, the grant %t: %+v", at, holds, force, g)
			} else if force {
				living++
			}
			if elsewhere, known := tenure.Holds("360731", at); elsewhere || known {
				t.Fatalf("a power elsewhere: %+v", g)
			}
		}
	}
	if living == 0 {
		t.Error("no grant was ever in force")
	}
}

// TestTenureOfEntrustment: an entrustment brings what it rests on into the tenure,
// once; it is not a power besides.
func TestTenureOfEntrustment(t *testing.T) {
	own := &Grant{ID: "own", Matter: "m", Decider: "d", Territory: "360700", Mode: ModeOwn, Effective: 3}
	entrusted := &Grant{ID: "e", Matter: "m", Decider: "d", Acceptor: "a", Territory: "360732", Mode: ModeEntrust, Rests: "own", Effective: 4, Publication: "p", Published: 4}
	var kept *Tenure
	find := func(kind RecordKind, name string) GovernanceRecord {
		switch {
		case kind == KindGrant && name == "own":
			return own
		case kind == KindTenure && kept != nil:
			return kept
		}
		return nil
	}
	var err error
	if kept, err = tenureOf(entrusted, 5, find); err != nil || len(kept.Powers) != 1 || kept.Powers[0] != (HeldPower{Grant: "own", Territory: "360700", From: 3}) {
		t.Fatalf("%+v, %v", kept, err)
	}
	if again, err := tenureOf(entrusted, 5, find); again != nil || err != nil {
		t.Errorf("written without a change: %+v, %v", again, err)
	}
	own.End = 9
	if kept, err = tenureOf(own, 6, find); err != nil || kept.Powers[0].Until != 9 {
		t.Errorf("%+v, %v", kept, err)
	}
}

// TestTenureIsBounded: what ended longest ago makes room; where all powers live,
// one more is refused.
func TestTenureIsBounded(t *testing.T) {
	kept := &Tenure{Decider: "d", Matter: "m"}
	find := func(kind RecordKind, _ string) GovernanceRecord {
		if kind == KindTenure {
			return kept
		}
		return nil
	}
	add := func(n int, end int64) error {
		after, err := tenureOf(&Grant{ID: fmt.Sprintf("g%04d", n), Matter: "m", Decider: "d", Territory: "360732", Mode: ModeOwn, Effective: 1, End: end}, 200, find)
		if err == nil {
			kept = after
		}
		return err
	}
	for n := range tenureMost {
		if err := add(n, map[bool]int64{true: int64(100 - n)}[n < 2]); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 2 {
		if err := add(tenureMost+n, 0); err != nil || len(kept.Powers) != tenureMost || kept.lists("g0001") || kept.lists("g0000") != (n == 0) {
			t.Fatalf("room %d: %v, %d powers", n, err, len(kept.Powers))
		}
	}
	kept.Powers[5].Until = 201
	if err := add(tenureMost+2, 0); CodeOf(err) != CodeEntryForm {
		t.Errorf("one more living power: %v", err)
	}
}

// ledgered is records by key.
type ledgered map[string]GovernanceRecord

func (l ledgered) Record(kind RecordKind, name string) (GovernanceRecord, error) {
	return l[RecordKey(kind, name)], nil
}

// TestWhoHasAnOrphanedLicense: when neither issuer nor successor has a power left,
// whoever holds the matter there may act, sees the license, and is named by who
// answers; before, it is a stranger.
func TestWhoHasAnOrphanedLicense(t *testing.T) {
	const issuer, heir, city = "issuer", "heir", "city"
	identifier := Identifier{Type: "11100000MB0143028R003", Issuer: issuer, Serial: "A100001", Version: 1}
	grant := func(id, decider, territory string, end int64) *Grant {
		return &Grant{ID: id, Matter: "m", Mode: ModeDirect, Decider: decider, Territory: territory, Effective: 1, End: end}
	}
	standing := func() *Standing {
		in := &Intent{Act: Issue, Identifier: identifier, Grant: "g1", Decided: 5, Origin: &Origin{Place: "360732"}}
		return &Standing{License: &License{Sequence: 1, State: Effective, Version: 1, Grant: "g1", Place: "360732"}, Entries: []Anchored{{Entry: &Entry{Intent: in}}}}
	}
	const day, at = Date(1), int64(86400 + 12*3600) // all that follows was before
	for _, test := range []struct {
		name             string
		first, other     int64 // ends of the issuer's two grants
		succeeded, taken int64 // when it went over, and when the successor's was recalled
		want             string
	}{
		{"both live", 0, 0, 0, 0, issuer},
		{"its own ended", 10, 0, 0, 0, issuer},
		{"both ended", 10, 11, 0, 0, city},
		{"went over", 10, 10, 10, 0, heir},
		{"went over and was recalled", 10, 10, 10, 12, city},
		{"went over and was recalled, and the issuer has one again", 10, 0, 10, 12, issuer},
	} {
		records := ledgered{}
		find := func(kind RecordKind, name string) GovernanceRecord { return records[RecordKey(kind, name)] }
		put := func(all ...GovernanceRecord) {
			for _, r := range all {
				records[RecordKey(r.Kind(), r.Name())] = r
				if g, ok := r.(*Grant); ok {
					tenure, err := tenureOf(g, 20, find)
					if err != nil {
						t.Fatal(err)
					}
					records[RecordKey(tenure.Kind(), tenure.Name())] = tenure
				}
			}
		}
		for _, code := range []string{issuer, heir, city} {
			put(&Organization{Code: code, Region: "360732"})
		}
		put(&Rules{Version: NewestRules}, grant("g1", issuer, "360732", test.first), grant("g2", issuer, "360732", test.other), grant("wide", city, "360700", 0))
		if test.succeeded != 0 {
			put(grant("g3", heir, "360732", test.taken), &Succession{Issuer: issuer, Matter: "m", Region: "360732", Successor: heir, Since: test.succeeded})
		}
		history := Chronicle{}
		for _, r := range records {
			history.Add(r, nil)
		}
		answers, err := AnswersFor(standing(), history, day)
		other := func(h PowerHeld) bool { return h.Organization.Code != test.want }
		if err != nil || len(answers.MayAct) == 0 || slices.ContainsFunc(answers.MayAct, other) {
			t.Errorf("%s: %+v may act, %v; want %s", test.name, answers.MayAct, err, test.want)
		}
		kin, err := Gatherer{Records: records}.Kinship(issuer, standing(), city, at)
		if sees := kin.Allows(city, MayDecideOn); err != nil || sees != (test.want == city) {
			t.Errorf("%s: the city is %v, %v", test.name, kin.Relations(city), err)
		}
	}
}
