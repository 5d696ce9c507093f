package registry_test

import (
	"slices"
	"testing"

	"tongzheng/registry"
)

// toldOf is a version with an identity number in every place where one can stand.
func toldOf(number string) (*registry.Opened, *registry.Intent, *registry.TypeRecord) {
	t := &registry.LicenseType{Code: goldenID.Type, Version: 2, Name: "食品经营许可证", Fields: []registry.FieldRule{{Name: "KZ_DZ", Label: "经营场所"}, {Name: "KZ_XM", Label: "经营项目"}}}
	o := &registry.Opened{Type: t, Secret: []byte("0123456789abcdef0123456789abcdef"), Unsealed: []byte("document"),
		Facts: registry.Facts{Identifier: goldenID, Number: number, IssuerName: "兴国县行政审批局", Holder: registry.Holder{Name: "张三", Code: "36073219900101123X", CodeType: "111"},
			Issued: 20458, Effective: 20458, Expires: 22283, Fields: map[string]string{"KZ_DZ": "潋江镇", "KZ_XM": "冷食"}}}
	in := &registry.Intent{Identifier: goldenID, TypeVersion: 2, Effective: 20458, Expires: 22283, Content: o.Digest()}
	return o, in, t.Record()
}

// TestToldResult: the result says which license, of whom, from whom and for how long, is
// held against the ledger without secret and document, and says nothing else.
func TestToldResult(t *testing.T) {
	o, in, record := toldOf("JY13607320000001")
	told := o.Told(false)
	facts, err := told.Check(in, o.Type, record)
	if err != nil || facts.Number != o.Facts.Number || facts.Holder.Name != o.Facts.Holder.Name || facts.Holder.Code != "" || len(facts.Fields) != 0 ||
		facts.IssuerName != o.Facts.IssuerName || facts.Issued != o.Facts.Issued || facts.Expires != o.Facts.Expires || facts.Identifier != goldenID {
		t.Errorf("%+v %v", facts, err)
	}
	if want := []string{"CZZTDMLX", "CZZTDMLXDM", "CZZTDM", "KZ_DZ", "KZ_XM"}; !slices.Equal(told.Withheld(o.Type), want) {
		t.Errorf("withheld %v, want %v", told.Withheld(o.Type), want)
	}
	for _, f := range told.Fields {
		if f.Field.Value == o.Facts.Holder.Code {
			t.Errorf("field %s is the holder's identity number", f.Field.Name)
		}
	}
	// A number that is made of the identity number is none of the result.
	o, in, record = toldOf("GR36073219900101123X")
	told = o.Told(false)
	if facts, err = told.Check(in, o.Type, record); err != nil || facts.Number != "" || !slices.Contains(told.Withheld(o.Type), "ZZBH") {
		t.Errorf("%+v %v", facts, err)
	}
	// A version that another system made: no document of ours, the fields are its evidence.
	in.Content, in.Evidence, in.Collected = registry.CollectedDigest([]byte("file")), registry.FactsDigest(o.FieldRoot()), &registry.Foreign{}
	if _, err := o.Told(true).Check(in, o.Type, record); err != nil {
		t.Error(err)
	}
	if _, err := o.Told(false).Check(in, o.Type, record); registry.CodeOf(err) != registry.CodeContent {
		t.Errorf("a leaf of no document: %v", err)
	}
}

// TestToldLies: another value, salt, place or type, a field too many or too few is refused.
func TestToldLies(t *testing.T) {
	for name, lie := range map[string]func(o *registry.Opened, d *registry.Told){
		"another value":    func(_ *registry.Opened, d *registry.Told) { d.Fields[5].Field.Value = "李四" },
		"another salt":     func(_ *registry.Opened, d *registry.Told) { d.Fields[5].Salt = slices.Clone(d.Fields[4].Salt) },
		"another place":    func(_ *registry.Opened, d *registry.Told) { d.Fields[5].Index++ },
		"another size":     func(_ *registry.Opened, d *registry.Told) { d.Fields[5].Size++ },
		"another root":     func(_ *registry.Opened, d *registry.Told) { d.FieldRoot[0] ^= 1 },
		"another document": func(_ *registry.Opened, d *registry.Told) { d.Document[0] ^= 1 },
		"a field less":     func(_ *registry.Opened, d *registry.Told) { d.Fields = d.Fields[:8] },
		"a field twice":    func(_ *registry.Opened, d *registry.Told) { d.Fields = append(d.Fields, d.Fields[5]) },
		"an identity number": func(o *registry.Opened, d *registry.Told) {
			p, _ := registry.Compose(o.Type, o.Facts).Prove(o.Secret, "CZZTDM")
			d.Fields = append(d.Fields, p)
		},
		"one of its own fields": func(o *registry.Opened, d *registry.Told) {
			p, _ := registry.Compose(o.Type, o.Facts).Prove(o.Secret, "KZ_DZ")
			d.Fields = append(d.Fields, p)
		},
		"an identity number as a name": func(o *registry.Opened, d *registry.Told) {
			p, _ := registry.Compose(o.Type, o.Facts).Prove(o.Secret, "CZZTDM")
			p.Field.Name = "CZZT"
			d.Fields[5] = p
		},
		"another catalog entry": func(o *registry.Opened, _ *registry.Told) { o.Type.Name = "别证" },
		"another license": func(o *registry.Opened, d *registry.Told) {
			o.Facts.Identifier.Serial = "ZZ" + o.Facts.Identifier.Serial[2:]
			*d = *o.Told(false)
		},
	} {
		o, in, record := toldOf("JY13607320000001")
		told := o.Told(false)
		lie(o, told)
		if _, err := told.Check(in, o.Type, record); registry.CodeOf(err) != registry.CodeContent {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Fields of another tree that agree with each other, under the digest on the ledger.
	o, in, record := toldOf("JY13607320000001")
	o.Facts.Expires++
	in.Content = o.Digest()
	if _, err := o.Told(false).Check(in, o.Type, record); registry.CodeOf(err) != registry.CodeContent {
		t.Errorf("another term than was approved: %v", err)
	}
}

// TestCopyForms: the table alone says how much of a license may be copied for whom, and
// what is here of a result answers nothing that needs the whole.
func TestCopyForms(t *testing.T) {
	kin := &registry.Kinship{Issuer: &registry.Organization{Code: "issuer"}, Library: "l", Grants: []*registry.Grant{{Decider: "d", Acceptor: "a", Regulators: []string{"r"}, Informed: []string{"i"}}}}
	for organization, want := range map[string]registry.CopyForm{"d": registry.CopyWhole, "a": registry.CopyWhole, "r": registry.CopyWhole, "i": registry.CopyResult, "l": registry.CopyWhole, "x": registry.CopyNone, "": registry.CopyNone} {
		if got := kin.CopyFormFor(organization); got != want {
			t.Errorf("%q: form %d, want %d", organization, got, want)
		}
	}
	o, _, _ := toldOf("JY13607320000001")
	whole, part := &registry.Copied{Opened: *o}, &registry.Copied{Opened: *o, Told: o.Told(false)}
	if whole.Whole() != nil || whole.Withheld() != nil || (*registry.Copied)(nil).Whole() != nil || registry.CodeOf(part.Whole()) != registry.CodeNotYet || len(part.Withheld()) == 0 {
		t.Error("what is here of a copy")
	}
}

// TestNumberTellsHolder: an identity number is one however it is written.
func TestNumberTellsHolder(t *testing.T) {
	const code = "36073219900101123X"
	for number, want := range map[string]bool{
		"GR36073219900101123X":    true,
		"GR36073219900101123x":    true,
		"GR-360732-19900101-123X": true,
		"GR 360732 19900101 123X": true,
		"ＧＲ３６０７３２１９９００１０１１２３Ｘ":   true,
		"GR360732–19900101–123X": true,
		"JY13607320000001":       false,
		"":                       false,
	} {
		if registry.NumberTellsHolder(number, code) != want {
			t.Errorf("%q: want %t", number, want)
		}
	}
	if registry.NumberTellsHolder("JY-1", "") || registry.NumberTellsHolder("JY-1", "-") {
		t.Error("no code is in every number")
	}
	if !registry.NumberTellsHolder("9136073212345678-9", "91360732-123456789") {
		t.Error("hyphens in the code")
	}
}
