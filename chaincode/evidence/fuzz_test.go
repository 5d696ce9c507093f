package evidence_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"tongzheng/chaincode/evidence"
	"tongzheng/registry"
)

// FuzzVerifyEvidence: no bytes make the verifier fail otherwise than by saying
// no.
func FuzzVerifyEvidence(f *testing.F) {
	raw, err := os.ReadFile("testdata/receipt.json")
	if err != nil {
		f.Fatal(err)
	}
	var frozen struct {
		Trust   evidence.Trust   `json:"trust"`
		Receipt registry.Receipt `json:"receipt"`
		At      time.Time        `json:"at"`
	}
	if err := json.Unmarshal(raw, &frozen); err != nil {
		f.Fatal(err)
	}
	f.Add(frozen.Receipt.Evidence)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := frozen.Receipt
		r.Evidence = raw
		if _, err := evidence.VerifyEvidence(&r, &frozen.Trust, frozen.At); err == nil && string(raw) != string(frozen.Receipt.Evidence) {
			t.Error("other evidence passed")
		}
	})
}
