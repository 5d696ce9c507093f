package gateway

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"tongzheng/chaincode/evidence"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

var freeze = flag.String("freeze", "", "write a receipt of a real network with its trust to this file")

// TestFreeze makes the sample that evidence's own tests verify for ever.
func TestFreeze(t *testing.T) {
	if *freeze == "" {
		t.Skip("-freeze names no file")
	}
	n := startNetwork(t)
	l := openLedger(t, n, allMembers...)
	city := found(t, l)
	c := submit(t, l, city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue), city.NewLicense().Next(registry.Issue)))
	r := receiptOf(t, l, c, 1)
	at := time.Now().UTC().Truncate(time.Second)
	if _, err := evidence.VerifyEvidence(r, l.Trust(), at); err != nil {
		t.Fatal(err)
	}
	raw, err := json.MarshalIndent(map[string]any{"trust": l.Trust(), "receipt": r, "at": at}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*freeze, append(raw, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
