package registry_test

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

var freeze = flag.Bool("freeze", false, "write golden files that do not exist yet; existing ones never change")

// golden compares canonical bytes and digest with the frozen vector of format
// version 1. A vector that changes means paper already printed no longer
// verifies: do not mend the vector, add a format version.
func golden(t *testing.T, name string, raw []byte, digest sm.Digest) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got := fmt.Sprintf("bytes %s\n", hex.EncodeToString(raw))
	if !digest.IsZero() {
		got += fmt.Sprintf("digest %s\n", digest)
	}
	want, err := os.ReadFile(path)
	if os.IsNotExist(err) && *freeze {
		err = os.WriteFile(path, []byte(got), 0o644)
		want = []byte(got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: format version 1 changed\n got %s\nwant %s", name, got, want)
	}
}

var (
	goldenTime = int64(1767574800) // 2026-01-05 09:00 +08:00
	goldenID   = registry.Identifier{Type: "11100000000013338W011", Issuer: "11360732MB0X12345Y", Serial: "XG000000000000000000000000000001", Version: 7}
	goldenKey  = ledgertest.NewKey("golden")
)

func fill32(b byte) (d sm.Digest) {
	for i := range d {
		d[i] = b + byte(i)
	}
	return d
}

// fullIntent sets every field; whether it would be allowed is beside the point.
func fullIntent() registry.Intent {
	return registry.Intent{Act: registry.Renew, Identifier: goldenID, Sequence: 300, Previous: fill32(1), Content: fill32(2), TypeVersion: 12,
		Grant: "g-兴国-1", Organization: goldenID.Issuer, Ground: "许可法50", Decision: "兴审批〔2026〕1号", Case: "受〔2026〕𠮷号", Seal: "36073200000001",
		Decided: goldenTime, Effective: 20458, Expires: registry.LongTerm,
		Printings: []registry.Printing{{Number: 9, Copy: registry.Electronic, List: 1, Index: 0},
			{Number: 10, Copy: registry.Original, Blank: registry.Blank{Form: "SYJY-1", Run: "2026A", Number: "000123"}, List: 4294967295, Index: 131071},
			{Number: 11, Copy: registry.Annex, List: 1, Index: 70000}},
		Refers: 4, Evidence: fill32(3), Recording: registry.Register}
}

func minimalIntent() registry.Intent {
	return registry.Intent{Act: registry.Annotate, Identifier: registry.Identifier{Type: "000000000000000000000", Issuer: "000000000000000000", Serial: "0000000", Version: 1},
		Sequence: 1, Organization: "000000000000000000", Decided: 1}
}

func TestGoldenIntentsAndEntries(t *testing.T) {
	full, minimal := fullIntent(), minimalIntent()
	everyFieldSet(t, full)
	intent := func(name string, in *registry.Intent) {
		raw, err := registry.Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, raw, in.Digest())
		back := new(registry.Intent)
		if err := registry.Decode(raw, back); err != nil || back.Digest() != in.Digest() {
			t.Errorf("%s does not read back: %v", name, err)
		}
	}
	intent("intent-full", &full)
	intent("intent-minimal", &minimal)
	for name, e := range map[string]*registry.Entry{
		"entry-full":          {Intent: &full, Approvals: fill32(4), Sealed: goldenTime + 60, Seal: fill32(5), Recording: registry.Register},
		"entry-minimal":       {Intent: &minimal, Approvals: fill32(4)},
		"entry-order":         {Order: fullOrder(t), Approvals: fill32(6), Recording: registry.Genesis},
		"entry-order-minimal": {Order: &registry.Order{Kind: registry.KindMatter, Record: []byte{1}, Organization: "000000000000000000", Sequence: 1, Decided: 1}},
	} {
		golden(t, name, e.Bytes(), e.Digest())
		back := new(registry.Entry)
		if err := registry.Decode(e.Bytes(), back); err != nil || back.Digest() != e.Digest() {
			t.Errorf("%s does not read back: %v", name, err)
		}
	}
	// Every act and every kind of copy keeps its number.
	var acts strings.Builder
	for _, rule := range registry.Acts()[:registry.Destroy] {
		fmt.Fprintf(&acts, "%d=%s ", rule.Act, rule.Name)
	}
	golden(t, "acts", []byte(acts.String()), sm.Digest{})
	for _, rule := range registry.Acts()[registry.Destroy:registry.Stay] {
		fmt.Fprintf(&acts, "%d=%s ", rule.Act, rule.Name)
	}
	golden(t, "acts-relations", []byte(acts.String()), sm.Digest{})
	for _, rule := range registry.Acts()[registry.Stay:] {
		fmt.Fprintf(&acts, "%d=%s ", rule.Act, rule.Name)
	}
	golden(t, "acts-replace", []byte(acts.String()), sm.Digest{})
}

func fullOrder(t *testing.T) *registry.Order {
	t.Helper()
	raw, err := registry.Encode(registry.Matter{Code: "000131008000", FullName: "食品经营许可"})
	if err != nil {
		t.Fatal(err)
	}
	o := &registry.Order{Kind: registry.KindMatter, Record: raw, Organization: goldenID.Issuer, Sequence: 2, Previous: fill32(7), Basis: "赣市府〔2026〕1号", Decided: goldenTime}
	everyFieldSet(t, *o)
	return o
}

func TestGoldenRecords(t *testing.T) {
	act := registry.ActKey{ID: goldenKey.ID, Public: goldenKey.Public, From: 1, Until: 2}
	two := []registry.Role{registry.RoleAcceptor, registry.RoleApprover}
	for _, record := range []registry.GovernanceRecord{
		&registry.Rules{Version: 1, City: goldenID.Issuer, Members: []string{"city", "xingguo"}, MaxBackdate: 3, GenesisUntil: 4, Simulated: true,
			Founder: act, RelyingParty: "localhost", Origins: []string{"https://localhost"}},
		&registry.Organization{Code: goldenID.Issuer, FullName: "兴国县行政审批局", Region: "360732", Member: "xingguo", Superiors: []string{"a", "b"},
			ActKeys: []registry.ActKey{act}, Dissolved: 5, Successor: "c"},
		&registry.Matter{Code: "1", FullName: "二"},
		&registry.TypeRecord{Code: goldenID.Type, Version: 2, Digest: fill32(8), Source: registry.MadeHere, Seal: registry.ApprovalSeal, Matters: []string{"1"},
			Grounds: map[string][]string{"issue": {"g1", "g2"}, "cancel": {"g3"}, "change": nil},
			Forms:   map[registry.CopyKind]string{registry.Duplicate: "F2", registry.Original: "F1"}, Most: map[registry.CopyKind]int{registry.Duplicate: 9}},
		&registry.Grant{ID: "g", Matter: "1", Mode: registry.ModeReview, Source: "s", Decider: "d", Acceptor: "a", Examiner: "e", Territory: "360732", Document: "doc",
			List: "l", Batch: "b", Effective: 1, RecallBy: "r", Agreement: "ag", Agreed: 2, Operating: 3, Handover: true, End: 4, EndBasis: "eb", Cases: []string{"c"}},
		&registry.SealRecord{ID: "s", Owner: "o", SealKind: registry.ApprovalSeal, FullName: "n", Matters: []string{"m"}, Digest: fill32(9),
			History: []registry.SealEvent{{State: registry.SealInUse, At: 1, Basis: "b"}, {State: registry.SealRetired, At: 2}}},
		&registry.Stock{Type: "t", Form: "f", Run: "r", Organization: "o", Ranges: []registry.BlankRange{{From: "0001", To: "0999"}}},
		&registry.Approver{KeyID: goldenKey.ID, Algorithm: registry.SM2SM3, Public: goldenKey.Public, Person: "p", Organization: "o", Roles: two, From: 1, Until: 2},
		&registry.Policy{Type: "*", Version: two, State: two, Record: two[:1], Paper: two[:1],
			Acts: map[registry.Act][]registry.Role{registry.Destroy: {registry.RoleWitness}}, Modes: map[registry.Mode][]registry.Role{registry.ModeReview: two}},
		&registry.Instance{Issuer: "i", Prefix: "XG", Lists: []uint32{1, 70000}},
	} {
		everyFieldSet(t, reflect.ValueOf(record).Elem().Interface())
		raw, err := registry.Encode(record)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "record-"+string(record.Kind()), raw, sm.Digest{})
	}
}

func TestGoldenBatchAndState(t *testing.T) {
	full, minimal := fullIntent(), minimalIntent()
	entries := []*registry.Entry{{Intent: &full, Approvals: fill32(4), Sealed: goldenTime, Seal: fill32(5)}, {Intent: &minimal, Approvals: fill32(4)}}
	b := registry.Batch{Namespace: "xingguo", Rules: 1, Time: goldenTime, Entries: entries,
		Authors: []registry.Authorship{{Organization: goldenID.Issuer, Key: goldenKey.ID, Signature: make([]byte, 64)}}}
	everyFieldSet(t, b)
	cause := registry.Cause{Act: registry.Revoke, Ground: "g", Day: 20458}
	license := registry.License{Sequence: 1, Head: fill32(1), State: registry.Cancelled, Version: 2, Effective: 3, Expires: 4, Type: 5, Decided: 6,
		Printings: []registry.Sheet{{Number: 1, Version: 1, Copy: registry.Original, State: registry.PrintingSpoiled}}, Cause: cause, Before: &cause, Renewal: 7}
	everyFieldSet(t, license)
	values := map[string]any{
		"batch":           b,
		"license-full":    license,
		"license-minimal": registry.License{Sequence: 1, Head: fill32(1), State: registry.Effective, Version: 1, Effective: 3, Expires: 4},
		"oversight":       registry.Oversight{Sequence: 1, Head: fill32(1), State: registry.Revoked, Cause: cause, Decided: 6},
		"stored":          registry.Stored{Sequence: 1, Head: fill32(1), Record: []byte{1, 2}},
		"outcome":         registry.Outcome{Results: []registry.EntryResult{{}, {Code: registry.CodeGround, Field: "ground"}, {Repeat: true}}, Root: fill32(2), Count: 1},
		"assertion":       registry.Assertion{AuthenticatorData: []byte{1}, ClientData: []byte("{}")},
		"checkpoint": registry.SignedCheckpoint{Checkpoint: registry.Checkpoint{Ledger: "single-node", Height: 1, Block: fill32(3), Time: 2, Namespace: "xingguo",
			Transaction: "ab", Recorded: 3, Root: fill32(4), Count: 5}, Key: goldenKey.ID, Signature: make([]byte, 64)},
	}
	for name, value := range values {
		raw, err := registry.Encode(value)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, raw, sm.Digest{})
	}
	digests := []sm.Digest{entries[0].Digest(), entries[1].Digest(), fill32(9)}
	golden(t, "authorship-message", registry.AuthorshipMessage("xingguo", digests), registry.EntriesRoot(digests))
	golden(t, "approval-message", registry.ApprovalMessage(full.Digest()), registry.ApprovalsDigest([]registry.Approval{
		{Algorithm: registry.WebAuthn, KeyID: "b", Signed: []byte{1}, Signature: []byte{2}}, {Algorithm: registry.SM2SM3, KeyID: "a", Signature: []byte{3}}}))
	batched, err := registry.SplitBatch(registry.Approval{Algorithm: registry.SM2SM3, KeyID: "a", Signature: []byte{3}}, digests)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := registry.Encode(batched)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "approval-batch", raw, registry.BatchDigest(digests))
	keys := strings.Join([]string{registry.LicenseKey(goldenID.Base()), registry.BlankKey(goldenID.Type, full.Printings[1].Blank),
		registry.RootKey(fill32(1)), registry.RecordKey(registry.KindGrant, "g"), registry.StockName("t", "f", "r", "o"), registry.TypeName("t", 1)}, " ")
	golden(t, "keys", []byte(keys), sm.Digest{})
}

func TestGoldenContentAndToken(t *testing.T) {
	c := registry.Content{Identifier: goldenID, Title: "食品经营许可证", Fields: []registry.LabeledField{{Name: "ZZMC", Label: "证照名称", Value: "食品经营许可证", Hidden: true},
		{Name: "CZZT", Label: "持证主体", Value: "𠮷祥饭店"}, {Name: "KZ_DZ", Label: "地址", Value: "", Long: true}}}
	secret := []byte("0123456789abcdef0123456789abcdef")
	golden(t, "content", []byte("field root and document leaf"), c.Digest(secret, []byte("PK unsealed")))
	proof, ok := c.Prove(secret, "CZZT")
	if !ok {
		t.Fatal("no proof")
	}
	golden(t, "content-field", proof.Salt, c.FieldRoot(secret))
	packed, err := goldenID.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "identifier", append(packed, goldenID.String()...), sm.Digest{})
	golden(t, "token", []byte(registry.NewToken(secret, goldenID, registry.Printing{Number: 10, List: 3, Index: 77}).String()), sm.Digest{})
}

// addedLater are optional keys that came after the first vectors were frozen:
// absent there, and in vectors of their own (golden_powers_test.go).
var addedLater = []string{"Intent.Collected", "Intent.Under", "Organization.Rank", "TypeRecord.Lead", "Stock.Member", "Grant.Begun", "Grant.Ended", "Grant.Rests",
	"Grant.Publication", "Grant.Published", "Grant.Exceptions", "Grant.Handling", "Grant.Regulators", "Stock.Spent", "TypeRecord.LeadUnit", "TypeRecord.Bars", "TypeRecord.Doers",
	"Intent.Holder", "License.Holder", "Intent.Origin", "Intent.Ruling", "License.Grant", "License.Place", "License.Causes", "License.Formalities", "License.TakingOver", "License.Bases", "License.Issued", "License.Refused", "License.over", "Handover.Succeeds", "Organization.Succeeds",
	"Organization.Management", "Organization.Seat", "Grant.Legal", "Grant.LegalBasis", "Grant.Informed", "Grant.Preparations",
	"Handover.Items", "Handover.Group", "Handover.AdviseUntil", "TypeRecord.Superseded",
	"Rules.TagKey", "License.Content", "Intent.Number", "Instance.Numbers", "Instance.Registry",
	"Intent.Commitment", "License.Commitment", "Matter.Defers", "Grant.Accepts",
	"Intent.Closes", "License.Replaces", "Oversight.Replaced"}

// everyFieldSet fails for a field left zero, so that a field added later is
// not left out of the vectors unnoticed.
func everyFieldSet(t *testing.T, value any) {
	t.Helper()
	v := reflect.ValueOf(value)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if name := v.Type().Name() + "." + f.Name; f.Name != "_" && v.Field(i).IsZero() && !slices.Contains(addedLater, name) {
			t.Errorf("%s is not in the vector", name)
		}
	}
}
