package exchange

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"tongzheng/registry"
)

var freeze = flag.Bool("freeze", false, "write golden files that do not exist")

// frozenResult is a version whose package is frozen.
func frozenResult(t *testing.T) (*registry.LicenseType, *registry.Told, []byte) {
	t.Helper()
	id := registry.Identifier{Type: "11100000000013338W011", Issuer: "11360732MB0X12345Y", Serial: "XG000000000000000000000000000001", Version: 2}
	o := &registry.Opened{Type: &registry.LicenseType{Code: id.Type, Version: 2, Name: "食品经营许可证", Fields: []registry.FieldRule{{Name: "KZ_DZ", Label: "经营场所"}}},
		Secret: []byte("0123456789abcdef0123456789abcdef"), Unsealed: []byte("document"),
		Facts: registry.Facts{Identifier: id, Number: "JY13607320000001", IssuerName: "兴国县行政审批局", Holder: registry.Holder{Name: "张三", Code: "36073219900101123X", CodeType: "111"},
			Issued: 20458, Effective: 20458, Expires: 22283, Fields: map[string]string{"KZ_DZ": "潋江镇"}}}
	told := o.Told(false)
	raw, err := PackResult(o.Type, told)
	if err != nil {
		t.Fatal(err)
	}
	return o.Type, told, raw
}

// TestResultPackageFrozen freezes the bytes of a result's package, and reads them back.
func TestResultPackageFrozen(t *testing.T) {
	_, told, raw := frozenResult(t)
	path := filepath.Join("testdata", "package-result.golden")
	want, err := os.ReadFile(path)
	if os.IsNotExist(err) && *freeze {
		want = []byte(hex.EncodeToString(raw) + "\n")
		err = os.WriteFile(path, want, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(raw) + "\n"; got != string(want) {
		t.Errorf("the bytes changed:\n%s", got)
	}
	if form, err := formOf(raw); err != nil || form != registry.CopyResult {
		t.Errorf("form %d %v", form, err)
	}
	_, back, err := UnpackResult(raw)
	if err != nil || back.FieldRoot != told.FieldRoot || back.Document != told.Document || len(back.Fields) != len(told.Fields) {
		t.Errorf("%+v %v", back, err)
	}
	for i, f := range back.Fields {
		if !f.Verify(told.FieldRoot) {
			t.Errorf("field %d is not proven any more", i)
		}
	}
}

// TestForms: a package says its form; one that is not known here, or a form in the other's
// clothes, is refused by name.
func TestForms(t *testing.T) {
	kind, told, raw := frozenResult(t)
	whole, err := registry.Encode(&carried{Facts: facts{Fields: map[string]string{}}, Secret: []byte{1}, Type: []byte("{}"), Receipt: []byte("{}"), Approvals: []registry.Approval{}})
	if err != nil {
		t.Fatal(err)
	}
	if form, err := formOf(whole); err != nil || form != registry.CopyWhole {
		t.Errorf("the whole: %d %v", form, err)
	}
	for _, form := range []uint64{0, 1, 3, 1 << 40} {
		later, err := registry.Encode(map[uint64]any{3: []byte("{}"), 9: form})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := formOf(later); registry.CodeOf(err) != registry.CodeMalformed {
			t.Errorf("form %d: %v", form, err)
		}
	}
	if _, err := Unpack(raw); registry.CodeOf(err) != registry.CodeMalformed {
		t.Errorf("a result read as the whole: %v", err)
	}
	if _, _, err := UnpackResult(whole); registry.CodeOf(err) != registry.CodeMalformed {
		t.Errorf("the whole read as a result: %v", err)
	}
	told.Fields[0].Field.Value = "a\x00b"
	if raw, err = PackResult(kind, told); err != nil {
		t.Fatal(err)
	}
	if _, _, err := UnpackResult(raw); registry.CodeOf(err) != registry.CodeMalformed {
		t.Errorf("text that no list can find: %v", err)
	}
	if _, err := formOf(make([]byte, PackageMost+1)); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Errorf("too large: %v", err)
	}
}
