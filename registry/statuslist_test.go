package registry_test

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TestListCodes: a printing's code, read back, gives the word that the ledger's
// own standing gives.
func TestListCodes(t *testing.T) {
	id := goldenID
	today := registry.DateOf(registry.Date(20500).Start())
	sheet := func(version int, s registry.PrintingState) []registry.Sheet {
		return []registry.Sheet{{Number: 4, Version: version, Copy: registry.Original, State: s}}
	}
	for _, state := range []registry.State{registry.Effective, registry.Suspended, registry.Withdrawn, registry.Revoked, registry.Penalized, registry.Cancelled} {
		for _, over := range []registry.State{registry.StateNone, registry.Suspended, registry.Revoked} {
			for _, paper := range []registry.PrintingState{registry.PrintingLive, registry.PrintingDelivered, registry.PrintingSpoiled, registry.PrintingVoid} {
				for _, ahead := range []int{0, 1} {
					for _, renewal := range []registry.Date{0, today - 3} {
						for _, expires := range []registry.Date{today - 2, today + 2} {
							s := &registry.Standing{License: &registry.License{State: state, Version: id.Version + ahead, Effective: today - 9, Expires: expires,
								Renewal: renewal, Printings: sheet(id.Version, paper)}, Oversight: &registry.Oversight{State: over}}
							q := registry.Question{Identifier: id, Printing: 4, Standing: s, Now: today.Start()}
							want := registry.Judge(q).Word
							code := s.ListCodeOf(id, 4)
							q.Standing = code.Standing(id, 4, today-9, expires)
							if got := registry.Judge(q).Word; got != want {
								t.Fatalf("%s/%s/%s +%d: code %d reads %s, the ledger says %s", state, over, paper, ahead, code, got, want)
							}
						}
					}
				}
			}
		}
	}
	if code := (&registry.Standing{}).ListCodeOf(id, 1); code != registry.ListAbsent || code.Standing(id, 1, 0, 0) != nil {
		t.Error("never anchored:", code)
	}
}

func TestListCodesPacked(t *testing.T) {
	var codes registry.ListCodes
	codes = codes.Set(7, registry.ListRevoked).Set(6, registry.ListEffective).Set(7, registry.ListVoid).Set(registry.StatusListSize, registry.ListVoid)
	if len(codes) != 4 || codes.Get(7) != registry.ListVoid || codes.Get(6) != registry.ListEffective || codes.Get(5) != 0 || codes.Get(9000) != 0 {
		t.Errorf("%x", []byte(codes))
	}
}

func TestGoldenStatusList(t *testing.T) {
	list := &registry.StatusList{Head: registry.StatusHead{Ledger: "single-node", List: 3, Height: 70000, Time: goldenTime, Next: goldenTime + 86400, Size: 2, Digest: fill32(9)},
		Key: goldenKey.ID, Signature: []byte{1, 2}, Since: 5, Delta: true, Changes: []registry.ListChange{{Index: 2, Code: registry.ListRevoked}}}
	golden(t, "status-list", list.Bytes(), sm.Sum(list.Head.Message()))
	record := &registry.Publication{Time: goldenTime, Height: 70000, Lists: 2, Root: registry.PublicationRoot([]registry.StatusHead{list.Head, list.Head})}
	raw, err := registry.Encode(record)
	if err != nil || record.Check() != nil {
		t.Fatal(err, record.Check())
	}
	golden(t, "record-publication", raw, record.Root)
	again, err := registry.DecodeStatusList(list.Bytes())
	if err != nil || again.Changes[0].Code != registry.ListRevoked {
		t.Error(again, err)
	}
	list.Head.Size = registry.StatusListSize
	if _, err := registry.DecodeStatusList(list.Bytes()); registry.CodeOf(err) != registry.CodeMalformed {
		t.Error("a list larger than any:", err)
	}
}

// TestNewer: the greater height comes first while it serves, and what is of a time that
// has not come does not serve, however high.
func TestNewer(t *testing.T) {
	now := int64(goldenTime)
	head := func(height uint64, from, until int64) *registry.StatusHead {
		return &registry.StatusHead{Height: height, Time: now + from, Next: now + until}
	}
	good := head(10, -60, 3600)
	for name, c := range map[string]struct {
		other *registry.StatusHead
		newer bool
	}{
		"higher":             {head(11, 0, 3600), true},
		"later":              {head(10, 0, 3600), true},
		"the same":           {good, false},
		"higher, ran out":    {head(11, -120, -1), false},
		"higher, not yet":    {head(1<<60, 600, 7200), false},
		"by another's clock": {head(11, 200, 7200), true},
	} {
		if c.other.Newer(good, now) != c.newer {
			t.Errorf("%s: want %t", name, c.newer)
		}
	}
	if early := head(1<<60, 600, 7200); !good.Newer(early, now) {
		t.Error("a list of a time that has not come stays")
	}
}
