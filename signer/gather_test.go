package signer

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/gathertest"
)

// ledgerOf is a ledger of these records, as a signer's own source gives them.
type ledgerOf []registry.GovernanceRecord

func (l ledgerOf) Record(_ context.Context, kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error) {
	for _, r := range l {
		if r.Kind() == kind && r.Name() == name {
			return r, &registry.Stored{Sequence: 1}, nil
		}
	}
	return nil, nil, nil
}

func (ledgerOf) License(context.Context, string, string) (*registry.License, error) { return nil, nil }

// TestGatherer: the signer gathers from its own source, pinned in its file.
func TestGatherer(t *testing.T) {
	f := newFixture(t)
	gathertest.Run(t, func(t *testing.T, records []registry.GovernanceRecord) registry.Records {
		s, err := OpenService(ServiceConfig{Path: filepath.Join(t.TempDir(), "signer.db"), Keys: f.keys, Records: ledgerOf(records), Roots: f.roots,
			Clock: f.clock, Boundary: func(float64, float64) Box { return Box{} }})
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s.law(t.Context()).Records
	})
}

func (f *fixture) clock() time.Time { return f.now }
