package statusview_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/statusview"
)

var errEnough = errors.New("enough")

// fresh are the codes of a list, judged anew from every license in the view.
func fresh(t fataler, v *statusview.View, list uint32) (codes registry.ListCodes) {
	t.Helper()
	type at struct {
		index  uint32
		placed registry.Placed
	}
	var all []at
	if _, err := v.List(context.Background(), list, func(index uint32, p registry.Placed) error {
		all = append(all, at{index, p})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		standing, err := v.Standing(a.placed.Identifier.Base())
		if err != nil {
			t.Fatal(err)
		}
		codes = codes.Set(a.index, standing.ListCodeOf(a.placed.Identifier, a.placed.Printing))
	}
	return codes
}

// listed holds the lists that were kept by change against those judged anew, and what
// is told of changes against what a reader had before.
func listed(t fataler, v *statusview.View, had map[uint32]registry.ListCodes, at uint64) map[uint32]registry.ListCodes {
	t.Helper()
	states, block, err := v.Lists()
	if err != nil {
		t.Fatal(err)
	}
	now := map[uint32]registry.ListCodes{}
	for _, s := range states {
		if want := fresh(t, v, s.List); !bytes.Equal(s.Codes, want) {
			t.Fatal("list", s.List, "by change", s.Codes, "anew", want)
		}
		changes, known := s.After(at)
		if at > 0 && !known {
			t.Fatal("list", s.List, "does not know what changed since", at, "it knows since", s.Since)
		}
		brought := registry.ListCodes(bytes.Clone(had[s.List]))
		for _, c := range changes {
			brought = brought.Set(c.Index, c.Code)
		}
		if known && !bytes.Equal(brought, s.Codes) {
			t.Fatal("list", s.List, "changes since", at, "lead to", brought, "not to", s.Codes)
		}
		now[s.List] = s.Codes
	}
	if block.Height != v.Height() {
		t.Fatal("lists of height", block.Height, "view at", v.Height())
	}
	return now
}

// TestListsByChange: whatever happens on the ledger, the codes that are kept by change
// are those that all licenses together give, over a restart, and for a file of before.
func TestListsByChange(t *testing.T) {
	dir := t.TempDir()
	w := begin(t, dir)
	w.submit(t, w.Genesis())
	v := w.withLists(t, filepath.Join(dir, "lists"))
	had, at := map[uint32]registry.ListCodes{}, uint64(0)
	rapid.Check(t, func(t *rapid.T) {
		licenses := []*ledgertest.License{w.NewLicense(), w.NewLicense(), w.NewYuduLicense()}
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			w.Now += int64(rapid.IntRange(0, 3600).Draw(t, "later"))
			c := w.submit(t, w.draw(t, licenses))
			w.accepted(c, licenses)
			if err := v.Take(c); err != nil {
				t.Fatal(err)
			}
		}
		had = listed(t, v, had, at)
		at = v.Height()
	})
	if len(had) == 0 {
		t.Fatal("no list was made")
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = w.withLists(t, filepath.Join(dir, "lists")) // everything is there again
	listed(t, v, had, at)
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	// A file of before has no codes; one that was opened without keeping them lost them.
	for name, change := range map[string]func(){
		"of before": func() {
			db, err := bolt.Open(filepath.Join(dir, "lists"), 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("codes")) }); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"without lists": func() {
			plain, err := statusview.OpenFed(statusview.Config{Path: filepath.Join(dir, "lists"), Name: w.ledger.Name()})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := plain.Lists(); registry.CodeOf(err) != registry.CodeInternal {
				t.Errorf("a view without lists tells them: %v", err)
			}
			if err := plain.Close(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		change()
		v = w.withLists(t, filepath.Join(dir, "lists"))
		for list, codes := range listed(t, v, had, at) {
			if !bytes.Equal(codes, had[list]) {
				t.Errorf("%s: list %d has other codes", name, list)
			}
			last, any, err := v.LastPlace(list)
			if want := lastOf(codes); err != nil || !any || last != want {
				t.Errorf("list %d: last place %d %v %v, want %d", list, last, any, err, want)
			}
		}
		if _, any, err := v.LastPlace(77); any || err != nil {
			t.Errorf("a list without places: %v %v", any, err)
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// lastOf is the highest place that has a code.
func lastOf(codes registry.ListCodes) (last uint32) {
	for i := range uint32(2 * len(codes)) {
		if codes.Get(i) != registry.ListAbsent {
			last = i
		}
	}
	return last
}

// withLists opens a view that is handed everything that the ledger has so far.
func (w *world) withLists(t *testing.T, path string) *statusview.View {
	t.Helper()
	v, err := statusview.OpenFed(statusview.Config{Path: path, Name: w.ledger.Name(), Lists: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	err = w.ledger.Follow(t.Context(), 1, func(c *registry.Commit) error {
		if c == nil {
			return errEnough
		}
		return v.Take(c)
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	return v
}
