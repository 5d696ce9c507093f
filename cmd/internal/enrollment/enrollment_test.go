package enrollment_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/internal/enrollment"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
)

const (
	code  = "11360732DEM2001710"
	other = "11360700DEM2000168"
)

func made(t *testing.T) *enrollment.Enrollment {
	t.Helper()
	keys, err := keyring.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	e, err := enrollment.Make(t.Context(), keys, enrollment.Ask{Member: "xingguo", Organizations: []enrollment.Organization{{Code: code, Name: "兴国县人民政府"}},
		Service: &registry.Service{Member: "xingguo", Operator: code, Public: "https://xingguo.example"}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestRead: a file reads as it was written, and any other word in it shows.
func TestRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "e.json")
	if err := made(t).Write(path); err != nil {
		t.Fatal(err)
	}
	if _, err := enrollment.Read(path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"the organization": {code, other},
		"the member":       {`"member": "xingguo"`, `"member": "yudu"`},
		"the address":      {"https://xingguo.example", "https://elsewhere.example"},
		"a field more":     {`"member": "xingguo"`, `"member": "xingguo", "more": 1`},
		"the proofs":       {`"proofs"`, `"prove"`},
	} {
		changed := strings.ReplaceAll(string(raw), change[0], change[1])
		if changed == string(raw) {
			t.Fatalf("%s: nothing changed", what)
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := enrollment.Read(path); registry.CodeOf(err) != registry.CodeMalformed {
			t.Errorf("with %s changed: %v", what, err)
		}
	}
}

// TestNothingElse: a file whose service says more than where the registry is reached, and
// one with an organization twice, are refused, properly signed as they may be.
func TestNothingElse(t *testing.T) {
	t.Parallel()
	keys, err := keyring.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	one := enrollment.Organization{Code: code, Name: "兴国县人民政府"}
	for what, change := range map[string]func(*enrollment.Ask){
		"a neighbor's address on paper": func(a *enrollment.Ask) { a.Service.Home = "https://city.example/yudu" },
		"the license library":           func(a *enrollment.Ask) { a.Service.Library = code },
		"an organization twice":         func(a *enrollment.Ask) { a.Organizations = append(a.Organizations, one) },
	} {
		ask := enrollment.Ask{Member: "xingguo", Organizations: []enrollment.Organization{one}, Service: &registry.Service{Member: "xingguo", Operator: code, Public: "https://xingguo.example"}}
		change(&ask)
		if _, err := enrollment.Make(t.Context(), keys, ask); registry.CodeOf(err) != registry.CodeMalformed {
			t.Errorf("with %s: %v", what, err)
		}
	}
}

// TestRecords: what the city orders is the new key beside those there are and the
// address, of organizations that are the member's, and nothing that is there already.
func TestRecords(t *testing.T) {
	t.Parallel()
	e := made(t)
	before := &registry.Organization{Code: code, FullName: "兴国县人民政府", Region: "360732", Member: "xingguo", ActKeys: []registry.ActKey{{ID: "old", From: 1}}}
	ledger := map[string]registry.GovernanceRecord{}
	find := func(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
		return ledger[registry.RecordKey(kind, name)], nil
	}
	if _, err := e.Records(find); registry.CodeOf(err) != registry.CodeOrganization {
		t.Errorf("an organization that is not registered: %v", err)
	}
	foreign := *before
	foreign.Member = "city"
	ledger[registry.RecordKey(registry.KindOrganization, code)] = &foreign
	if _, err := e.Records(find); registry.CodeOf(err) != registry.CodeOrderNotAllowed {
		t.Errorf("another member's organization: %v", err)
	}
	ledger[registry.RecordKey(registry.KindOrganization, code)] = before
	records, err := e.Records(find)
	if err != nil || len(records) != 2 {
		t.Fatal(records, err)
	}
	if o := records[0].(*registry.Organization); len(o.ActKeys) != 2 || o.ActKeys[1].ID != e.Organizations[0].Key.ID || len(before.ActKeys) != 1 {
		t.Errorf("%+v", o)
	}
	for _, record := range records {
		ledger[registry.RecordKey(record.Kind(), record.Name())] = record
	}
	if records, err = e.Records(find); err != nil || len(records) != 0 {
		t.Errorf("what the ledger has is ordered again: %v %v", records, err)
	}
}
