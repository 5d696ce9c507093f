package postgres_test

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// TestStored: everything of one version in one reading; a catalog entry is
// decoded once and, when somebody edits its row, at once again.
func TestStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	_, l := w.anchor(r, nil)
	id := r.Proceeding.Intent.Identifier
	read := func(sealed bool) *office.Stored {
		t.Helper()
		s, err := w.Stored(ctx(), id.Base(), 1, sealed)
		w.must(err)
		return s
	}
	if s := read(true); s.Type != nil || s.Step != office.StepAnchored || len(s.Version.Sealed) == 0 || s.Record.Sequence != l.Sequence || s.Record.Head != l.Head || s.Record.State != l.State {
		t.Fatalf("came back otherwise: %+v", s)
	}
	w.must(w.SetTypes(ctx(), []*registry.LicenseType{{Code: typeCode, Version: r.Version.TypeVersion, Name: "食品经营许可证"}}))
	first := read(false)
	if first.Version.Sealed != nil || first.Type == nil || first.Type.Name != "食品经营许可证" {
		t.Fatalf("came back otherwise: %+v", first)
	}
	if again := read(false); again.Type != first.Type {
		t.Error("the same catalog entry was decoded twice")
	}
	w.must(w.sql(`UPDATE license_type SET entry = jsonb_set(entry, '{name}', $1)`, `"另一种证"`))
	if edited := read(false); edited.Type.Name != "另一种证" {
		t.Errorf("an edited catalog entry was not seen: %+v", edited.Type)
	}
	_, err := w.Stored(ctx(), id.Base(), 2, false)
	w.wantCode(err, registry.CodeNotFound)
}
