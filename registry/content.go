package registry

import (
	"encoding/json"

	"tongzheng/registry/sm"
)

// LabeledField is one value of a license as printed. Name is the metadata tag
// of GB/T 36903 or an extension KZ_…; a Hidden one is metadata only.
type LabeledField struct {
	Name    string `json:"name"`
	Label   string `json:"label"`
	English string `json:"english,omitempty"` // beside the label on pages; not printed
	Value   string `json:"value"`
	Hidden  bool   `json:"hidden,omitempty"`
	Long    bool   `json:"long,omitempty"`
}

// Holder is the 持证主体.
type Holder struct {
	Name     string         `json:"name"`
	Code     string         `json:"code"`
	CodeType HolderCodeType `json:"code_type"`
}

// Content is what one version of a license says, in printing order. It is the
// input of the field tree, of the sealed document and of the printed sheet.
type Content struct {
	Identifier Identifier     `json:"identifier"`
	Title      string         `json:"title"` // 证照名称
	Fields     []LabeledField `json:"fields"`
}

// Facts are the values a Content is composed from.
type Facts struct {
	Identifier Identifier
	Number     string // 证照编号
	IssuerName string // 证照颁发机构
	Holder     Holder
	Issued     Date
	Effective  Date
	Expires    Date // LongTerm for 长期
	Fields     map[string]string
}

// Compose lays the facts out by the license type. It does not check them:
// Draft does.
func Compose(t *LicenseType, f Facts) Content {
	c := Content{Identifier: f.Identifier, Title: t.Name}
	add := func(name, label, value string, hidden, long bool) {
		if own := t.Labels[name]; own != "" {
			label = own
		}
		c.Fields = append(c.Fields, LabeledField{Name: name, Label: label, Value: value, Hidden: hidden, Long: long})
	}
	add("ZZMC", "证照名称", t.Name, true, false)
	add("ZZLXDM", "证照类型代码", t.Code, true, false)
	add("ZZBS", "电子证照标识", f.Identifier.String(), true, false)
	add("ZZBFJGDM", "证照颁发机构代码", f.Identifier.Issuer, true, false)
	add("CZZTDMLX", "持证主体代码类型", HolderCodeTypes[f.Holder.CodeType], true, false)
	add("CZZTDMLXDM", "持证主体代码类型代码", string(f.Holder.CodeType), true, false)
	add("ZZBH", "证照编号", f.Number, false, false)
	add("CZZT", "持证主体", f.Holder.Name, false, false)
	add("CZZTDM", "持证主体代码", f.Holder.Code, false, false)
	for _, rule := range t.Fields {
		add(rule.Name, rule.Label, f.Fields[rule.Name], f.Fields[rule.Name] == "", rule.Long)
	}
	add("ZZYXQQSRQ", "有效期起始日期", f.Effective.String(), false, false)
	add("ZZYXQJZRQ", "有效期截止日期", f.Expires.String(), false, false)
	add("ZZBFJG", "证照颁发机构", f.IssuerName, false, false)
	add("ZZBFRQ", "证照颁发日期", f.Issued.String(), false, false)
	return c
}

// Value returns the value of the named field, empty when absent.
func (c Content) Value(name string) string {
	for _, f := range c.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Validity is the period of validity as licenses print it.
func (c Content) Validity() string {
	from, _ := ParseDate(c.Value("ZZYXQQSRQ"))
	to, _ := ParseDate(c.Value("ZZYXQJZRQ"))
	switch {
	case to == LongTerm && from != 0:
		return "自" + from.Chinese() + "起长期有效"
	case from != 0 && to != 0:
		return from.Chinese() + "至" + to.Chinese()
	}
	return to.Chinese()
}

// Digest is the content digest that goes to the ledger: the tree node over the
// salted field root and the leaf of the unsealed document, so that approvers
// sign both what the license says and the very file that will be sealed.
func (c Content) Digest(secret []byte, unsealed []byte) sm.Digest {
	return sm.Node(c.FieldRoot(secret), sm.Leaf(unsealed))
}

// FieldRoot is the root of the salted field tree.
func (c Content) FieldRoot(secret []byte) sm.Digest {
	return sm.FieldRoot(secret, c.Identifier.Version, c.plain())
}

// Prove discloses one field.
func (c Content) Prove(secret []byte, name string) (sm.FieldProof, bool) {
	return sm.ProveField(secret, c.Identifier.Version, c.plain(), name)
}

func (c Content) plain() []sm.Field {
	fields := make([]sm.Field, len(c.Fields))
	for i, f := range c.Fields {
		fields[i] = sm.Field{Name: f.Name, Value: f.Value}
	}
	return fields
}

// Digest binds a catalog entry: SM3 over its JSON form with names sorted and
// empty values left out, so that neither the order of our fields nor a new,
// unused one changes it. The ledger keeps it in the type's record.
func (t *LicenseType) Digest() sm.Digest {
	raw, err := json.Marshal(t)
	if err != nil {
		panic(err) // plain data
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		panic(err) // our own JSON
	}
	if raw, err = json.Marshal(pruned(plain)); err != nil { // maps are written sorted
		panic(err)
	}
	return sm.Tagged("tongzheng license type v1", raw)
}

// pruned leaves out what is empty; the members of lists stay in their places.
func pruned(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			switch inner = pruned(inner); inner {
			case nil, "", false, float64(0):
				delete(v, name)
				continue
			}
			v[name] = inner
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = pruned(v[i])
		}
		if len(v) == 0 {
			return nil
		}
	}
	return value
}

// Record is what the contract needs of a catalog entry.
func (t *LicenseType) Record() *TypeRecord {
	r := &TypeRecord{Code: t.Code, Version: t.Version, Digest: t.Digest(), Source: t.Source, Seal: t.Seal, Matters: t.Matters,
		Grounds: map[string][]string{}, Forms: map[CopyKind]string{}, Most: map[CopyKind]int{}}
	r.Lead, r.Doers = t.LeadDays, t.Doers
	if t.LeadUnit == WorkingDays {
		r.LeadUnit = WorkingDays
	}
	for act, grounds := range t.Acts {
		for _, g := range grounds {
			r.Grounds[act] = append(r.Grounds[act], g.Code)
			if g.Bar > 0 {
				if r.Bars == nil {
					r.Bars = map[string]int{}
				}
				r.Bars[act+"/"+g.Code] = g.Bar
			}
		}
	}
	for _, c := range t.Copies {
		r.Forms[c.Kind], r.Most[c.Kind] = c.Form, c.Max
	}
	return r
}
