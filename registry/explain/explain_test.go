package explain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// signedTypes are all that people sign.
func signedTypes() []reflect.Type {
	types := []reflect.Type{reflect.TypeFor[registry.Intent](), reflect.TypeFor[registry.CaseStatement]()}
	for _, kind := range registry.RecordKinds() {
		types = append(types, reflect.TypeOf(registry.NewRecord(kind)))
	}
	return types
}

// eachField calls fn for every field below a type, with the structure it stands in.
func eachField(t reflect.Type, seen map[reflect.Type]bool, fn func(of reflect.Type, f reflect.StructField)) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		eachField(t.Elem(), seen, fn)
		return
	case reflect.Struct:
	default:
		return
	}
	if seen[t] || t == reflect.TypeFor[registry.Identifier]() {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Name != "_" {
			fn(t, f)
			eachField(f.Type, seen, fn)
		}
	}
}

// TestEveryFieldHasWords: what people sign has no field without a label in both
// languages.
func TestEveryFieldHasWords(t *testing.T) {
	seen, fields := map[reflect.Type]bool{}, 0
	for _, signed := range signedTypes() {
		eachField(signed, seen, func(of reflect.Type, f reflect.StructField) {
			fields++
			name := of.Name() + "." + f.Name
			if label := labelOf(name); label.Chinese == name || label.Chinese == "" || label.English == "" {
				t.Errorf("%s has no words", name)
			}
		})
	}
	if fields < 200 {
		t.Errorf("only %d fields were looked at", fields)
	}
}

// TestEveryKindHasAName: in both languages.
func TestEveryKindHasAName(t *testing.T) {
	for _, kind := range registry.RecordKinds() {
		if chinese, english := Kind(kind); chinese == "" || english == "" {
			t.Errorf("%s has no name", kind)
		}
	}
}

// stages are words of case files that nobody signs.
var stages = map[string]bool{"accepted-by-silence": true, "decided": true}

// TestEveryValueHasWords: the constants of every enumeration that is signed have words.
func TestEveryValueHasWords(t *testing.T) {
	wanted := map[string]bool{}
	for _, signed := range signedTypes() {
		eachField(signed, map[reflect.Type]bool{}, func(_ reflect.Type, f reflect.StructField) {
			for of := f.Type; ; of = of.Elem() {
				if k := of.Kind(); k != reflect.Slice && k != reflect.Pointer && k != reflect.Map {
					if of.Kind() == reflect.String && of.Name() != "string" && of.Name() != "KeyID" {
						wanted[of.Name()] = true
					}
					return
				}
			}
		})
	}
	found := 0
	look := func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		of, typed := spec.Type.(*ast.Ident)
		value, literal := spec.Values[0].(*ast.BasicLit)
		if !typed || !literal || !wanted[of.Name] {
			return true
		}
		text, err := strconv.Unquote(value.Value)
		if err != nil || text == "" || stages[text] {
			return true
		}
		found++
		if word, ok := wordOf(of.Name, text); !ok || word.Chinese == "" || word.English == "" {
			t.Errorf("%s %q has no words", of.Name, text)
		}
		return true
	}
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, look)
	}
	if found < 60 {
		t.Errorf("only %d values were looked at", found)
	}
}

// book is a ledger's records.
type book map[string]registry.GovernanceRecord

func (b book) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	return b[registry.RecordKey(kind, name)], nil
}

func bookOf(records ...registry.GovernanceRecord) book {
	b := book{}
	for _, r := range records {
		b[registry.RecordKey(r.Kind(), r.Name())] = r
	}
	return b
}

const (
	county = "11360732DEM20018XP"
	town   = "11360732DEM20034XY"
)

func find(t *testing.T, lines []Line, label string) Line {
	t.Helper()
	for _, l := range lines {
		if l.Chinese == label {
			return l
		}
	}
	t.Fatalf("no line %s in %+v", label, lines)
	return Line{}
}

// TestOrderInWords: names for codes, days for seconds, and what changes beside what was.
func TestOrderInWords(t *testing.T) {
	records := bookOf(&registry.Organization{Code: county, FullName: "兴国县行政审批局"}, &registry.Organization{Code: town, FullName: "潋江镇人民政府"},
		&registry.Matter{Code: "m1", FullName: "食品经营许可"})
	begun := time.Date(2026, 3, 1, 0, 0, 0, 0, registry.China).Unix()
	before := &registry.Grant{ID: "g1", Matter: "m1", Mode: registry.ModeDirect, Decider: county, Acceptor: county, Effective: begun, Informed: []string{town}, Document: "兴府发〔2026〕1号"}
	after := *before
	after.End, after.EndBasis, after.Informed = begun+86400, "收回", nil
	raw, err := registry.Encode(&after)
	if err != nil {
		t.Fatal(err)
	}
	order := &registry.Order{Organization: county, Kind: registry.KindGrant, Record: raw}
	lines, err := New(records).Order(order, before)
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{"决定机关": "兴国县行政审批局（" + county + "）", "事项": "食品经营许可（m1）", "赋权方式": "直接承接 direct", "生效时间": "2026-03-01 00:00:00"} {
		if l := find(t, lines, label); l.Value != want || l.Changed {
			t.Errorf("%s: %+v, want %s", label, l, want)
		}
	}
	if l := find(t, lines, "终止时间"); l.Value != "2026-03-02 00:00:00" || !l.Changed || l.Was != "" {
		t.Errorf("%+v", l)
	}
	if l := find(t, lines, "告知单位"); l.Value != "" || l.Was != "潋江镇人民政府（"+town+"）" || !l.Changed {
		t.Errorf("what is gone: %+v", l)
	}
	fresh, err := New(nil).Order(order, nil)
	if err != nil || Changed(fresh) {
		t.Errorf("a new record has no differences: %v", err)
	}
	if l := find(t, fresh, "决定机关"); l.Value != county {
		t.Errorf("without records: %+v", l)
	}
}

// TestNothingIsLeftOut: whatever field of an intent, a statement or a record changes,
// some line says so.
func TestNothingIsLeftOut(t *testing.T) {
	for _, signed := range signedTypes() {
		of := signed
		for of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		for i := range of.NumField() {
			f := of.Field(i)
			if !f.IsExported() {
				continue
			}
			value := reflect.New(of)
			fill(value.Elem().Field(i), 0)
			e := New(nil)
			if lines := compared(e.flat(value), nil); len(lines) == 0 {
				t.Errorf("%s.%s is not said", of.Name(), f.Name)
			}
		}
	}
}

// fill gives a value something in every part.
func fill(v reflect.Value, depth int) {
	if depth > 6 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), depth+1)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), depth+1)
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	}
}

// TestIntentInWords: an act's sheets, seal and grant are named.
func TestIntentInWords(t *testing.T) {
	records := bookOf(&registry.Organization{Code: county, FullName: "兴国县行政审批局"}, &registry.SealRecord{ID: "s1", FullName: "审批专用章"},
		&registry.Matter{Code: "m1", FullName: "食品经营许可"}, &registry.Grant{ID: "g1", Matter: "m1", Mode: registry.ModeDirect, Document: "兴府发〔2026〕1号"},
		&registry.Approver{KeyID: "aabbccddeeff00112233445566778899", Person: "p2", Organization: county, Roles: []registry.Role{registry.RoleApprover}})
	in := &registry.Intent{Act: registry.Issue, Organization: county, Grant: "g1", Seal: "s1", Decision: "兴审〔2026〕1号", Content: sm.Sum([]byte("x")),
		Printings: []registry.Printing{{Number: 1, Copy: registry.Electronic}, {Number: 2, Copy: registry.Original, Blank: registry.Blank{Form: "F", Number: "JX1"}}}}
	lines := New(records).Intent(in)
	for label, want := range map[string]string{"办理事项": "新发 issue", "用印": "审批专用章（s1）", "职权依据": "兴府发〔2026〕1号 · 食品经营许可 · 直接承接（g1）"} {
		if l := find(t, lines, label); l.Value != want {
			t.Errorf("%s: %+v, want %s", label, l, want)
		}
	}
	said := ""
	for _, l := range lines {
		said += strings.Repeat(" ", l.Depth) + l.Chinese + " " + l.Value + "\n"
	}
	if !strings.Contains(said, "印件 2") || !strings.Contains(said, "正本 original") || !strings.Contains(said, "JX1") {
		t.Error(said)
	}
	step := New(records).Step(&registry.CaseStatement{Kind: registry.CaseAccept, Organization: county, Days: 20, Unit: registry.WorkingDays})
	if l := find(t, step, "天数单位"); l.Value != "工作日 working days" {
		t.Errorf("%+v", l)
	}
	if got := New(records).keyID("aabbccddeeff00112233445566778899"); got != "兴国县行政审批局 决定（p2，aabbccddeeff0011…）" {
		t.Error(got)
	}
}
