package registry_test

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestGoldenRelations freezes what rules version RulesOfRelations adds: the
// origin that acts name, successions, rulings, bars by license.
func TestGoldenRelations(t *testing.T) {
	goldenRecord(t, "record-succession", &registry.Succession{Issuer: goldenID.Issuer, Matter: "000131008000", Region: "360732", Successor: "s", Since: 5, By: "h",
		Predecessors: []string{"a.m.r"}, Earlier: "e"})
	goldenRecord(t, "record-handover-succeeds", &registry.Handover{ID: "h", To: "t", Succeeds: []string{"a.m.r", "b.m.r"}})
	goldenRecord(t, "record-organization-succeeds", &registry.Organization{Code: goldenID.Issuer, Dissolved: 5, Successor: "c", Succeeds: []string{"a.m.r"}})
	goldenRecord(t, "record-tenure", &registry.Tenure{Decider: goldenID.Issuer, Matter: "000131008000", Powers: []registry.HeldPower{{Grant: "g-1", Territory: "360732", From: 5, Until: 9}, {Grant: "g-2", Territory: "360732101"}}})
	in := fullIntent()
	in.Origin = &registry.Origin{Matter: "000131008000", Grant: "g-1", Place: "360732", Member: "xingguo", Successor: goldenID.Issuer}
	named, err := registry.Encode(&in)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "intent-origin-successor", named, in.Digest())
	in.Origin = &registry.Origin{Matter: "000131008000", Grant: "g-1", Place: "360732", Member: "xingguo"}
	in.Ruling = &registry.Ruling{By: registry.RulingCourt, Document: "（2026）赣07行终1号", Body: "赣州市中级人民法院", From: 20458, Undoes: 7, UpTo: 8, Author: "a", Ends: true}
	raw, err := registry.Encode(&in)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "intent-relations", raw, in.Digest())
	minimal := minimalIntent()
	minimal.Commitment = fill32(9)
	if raw, err = registry.Encode(&minimal); err != nil {
		t.Fatal(err)
	}
	golden(t, "intent-commitment", raw, minimal.Digest())
	goldenRecord(t, "record-matter-defers", &registry.Matter{Code: "000131008000", FullName: "食品经营许可", Defers: true})
	causes := []registry.StateCause{{Sequence: 3, Act: registry.Penalize, Ground: "g", Day: 20458, By: "o", Stay: &registry.StayedBy{Document: "d", From: 20459}},
		{Sequence: 4, Act: registry.Cancel, Ground: "g", Day: 20460, By: "o"}}
	stayed := []registry.StateCause{{Sequence: 3, Act: registry.Penalize, Ground: "g", Day: 20458, By: "o", Stay: &registry.StayedBy{Document: "d", From: 20459, By: registry.RulingCourt}}}
	in.Ruling.Undoes, in.Ruling.UpTo, in.Ruling.MemberAct = 0, 0, 9
	if raw, err = registry.Encode(&in); err != nil {
		t.Fatal(err)
	}
	golden(t, "intent-ruling-member", raw, in.Digest())
	in.Ruling.Of = registry.Penalize
	if raw, err = registry.Encode(&in); err != nil {
		t.Fatal(err)
	}
	golden(t, "intent-ruling-of", raw, in.Digest())
	for name, value := range map[string]any{
		"license-relations":   registry.License{Sequence: 4, Head: fill32(1), State: registry.Effective, Version: 1, Grant: "g-1", Place: "360732", Causes: causes},
		"license-commitment":  registry.License{Sequence: 1, Head: fill32(1), State: registry.Effective, Version: 1, Commitment: fill32(9)},
		"license-formalities": registry.License{Sequence: 4, Head: fill32(1), State: registry.Cancelled, Version: 1, Causes: causes, Formalities: []registry.Formality{{Sequence: 4, After: 2}}},
		"license-taking-over": registry.License{Sequence: 1, Head: fill32(1), State: registry.Effective, Version: 1, Effective: 3, Expires: 4, TakingOver: true},
		"oversight-exact": registry.Oversight{Sequence: 1, Head: fill32(1), State: registry.Revoked, Decided: 6, Causes: causes, Formalities: []registry.Formality{{Sequence: 4, After: 2}},
			Undone: []uint64{3, 7}, Stays: []registry.MemberStay{{Act: 9, Document: "d", From: 20458}}},
		"oversight-relations": registry.Oversight{Sequence: 1, Head: fill32(1), State: registry.Revoked, Decided: 6, Causes: causes, Lifted: 7,
			Stayed: &registry.MemberStay{Act: 9, Document: "d", From: 20458}},
		"bar-relations": registry.Bar{From: 20458, Until: 21553, Parts: []registry.BarPart{{License: "l1", Sequence: 3, From: 20458, Until: 21553}},
			Lifted: []registry.LiftedBar{{License: "l1", Act: 3}}},
		"license-refused": registry.License{Sequence: 3, Head: fill32(1), State: registry.Effective, Version: 1, Refused: &registry.Refusal{Sequence: 3, Day: 20458, By: "o", Accepted: 20450}},
		"license-issued":  registry.License{Sequence: 1, Head: fill32(1), State: registry.Effective, Version: 1, Issued: goldenTime},
		"license-bases":   registry.License{Sequence: 4, Head: fill32(1), State: registry.Effective, Version: 1, Causes: stayed, Bases: []registry.Basis{{Sequence: 3, Grant: "g-1"}}},
		"oversight-bases": registry.Oversight{Sequence: 3, Head: fill32(1), State: registry.StateNone, Decided: 6, Causes: stayed, Bases: []registry.Basis{{Sequence: 3, Grant: "g-1"}},
			Stays: []registry.MemberStay{{Act: 9, Document: "d", From: 20458, By: registry.RulingReview}}},
		"bar-stayed": registry.Bar{Parts: []registry.BarPart{{License: "l1", Sequence: 3, From: 20458, Until: 21553}}, Stayed: []registry.LiftedBar{{License: "l1", Act: 3}}},
	} {
		if raw, err = registry.Encode(value); err != nil {
			t.Fatal(err)
		}
		golden(t, name, raw, sm.Digest{})
	}
}

// Stays that were recorded before the kind of ruling was kept are read as they are,
// and written back so.
func TestStaysOfEitherLength(t *testing.T) {
	for _, by := range []registry.RulingBy{"", registry.RulingCourt} {
		before := registry.Oversight{Sequence: 1, Head: fill32(1), Decided: 6, Stays: []registry.MemberStay{{Act: 9, Document: "d", From: 20458, By: by}},
			Causes: []registry.StateCause{{Sequence: 3, Act: registry.Penalize, Day: 20458, By: "o", Stay: &registry.StayedBy{Document: "d", From: 20459, By: by}}}}
		raw, err := registry.Encode(before)
		if err != nil {
			t.Fatal(err)
		}
		var after registry.Oversight
		if err := registry.Decode(raw, &after); err != nil || after.Stays[0] != before.Stays[0] || *after.Causes[0].Stay != *before.Causes[0].Stay {
			t.Errorf("%+v, %v", after, err)
		}
	}
}
