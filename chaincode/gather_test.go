package chaincode

import (
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/gathertest"
)

// TestGatherer: the contract gathers from the values of one execution.
func TestGatherer(t *testing.T) {
	gathertest.Run(t, func(t *testing.T, records []registry.GovernanceRecord) registry.Records {
		v := &view{records: map[string]storedRecord{}, governance: map[string][]byte{}}
		for _, r := range records {
			raw, err := registry.Encode(r)
			if err != nil {
				t.Fatal(err)
			}
			stored, err := registry.Encode(registry.Stored{Sequence: 1, Record: raw})
			if err != nil {
				t.Fatal(err)
			}
			v.governance[registry.RecordKey(r.Kind(), r.Name())] = stored
		}
		return v
	})
}
