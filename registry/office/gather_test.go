package office

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/gathertest"
)

// recordsView is a status view of governance records alone.
type recordsView struct {
	StatusView
	records []registry.GovernanceRecord
}

func (v recordsView) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error) {
	for _, r := range v.records {
		if r.Kind() == kind && r.Name() == name {
			return r, &registry.Stored{Sequence: 1}, nil
		}
	}
	return nil, nil, nil
}

// TestGatherer: the office gathers from the status view.
func TestGatherer(t *testing.T) {
	gathertest.Run(t, func(_ *testing.T, records []registry.GovernanceRecord) registry.Records {
		return (&common{view: recordsView{records: records}}).law().Records
	})
}
