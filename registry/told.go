package registry

import (
	"slices"
	"strings"

	"tongzheng/registry/sm"
)

// Fields by which the result of a license is told.
const (
	fieldNumber = "ZZBH"
	fieldHolder = "CZZT"
)

// resultFields are what whoever may see the result alone (MaySeeResult) may see of a
// version: which license, of whom, from whom, for how long. No identity number and none of
// the type's own fields is among them.
var resultFields = []string{"ZZMC", "ZZLXDM", "ZZBS", "ZZBFJGDM", fieldNumber, fieldHolder, "ZZYXQQSRQ", "ZZYXQJZRQ", "ZZBFJG", "ZZBFRQ"}

// NumberTellsHolder tells whether a license's number is made of its holder's code, however
// the two are written: it is an identity number then, and no part of the result.
func NumberTellsHolder(number, code string) bool {
	code = bare(code)
	return code != "" && strings.Contains(bare(number), code)
}

// bare is a number without case, width, white space and hyphens.
func bare(number string) string { return strings.ReplaceAll(FoldNumber(number), "-", "") }

// Told is the result of a version in other hands (告知机关's): its fields with their salts and paths,
// and no other's; the root and the document's leaf make the content digest on the ledger.
// Neither secret nor document is known by it.
type Told struct {
	FieldRoot sm.Digest
	Document  sm.Digest // leaf of the unsealed document; zero for a version that another system made
	Fields    []sm.FieldProof
}

// Told discloses of an opened version what its result tells.
func (o *Opened) Told(collected bool) *Told {
	content := Compose(o.Type, o.Facts)
	r := &Told{FieldRoot: content.FieldRoot(o.Secret)}
	if !collected {
		r.Document = sm.Leaf(o.Unsealed)
	}
	for _, name := range resultFields {
		if name == fieldNumber && NumberTellsHolder(o.Facts.Number, o.Facts.Holder.Code) {
			continue
		}
		if proof, ok := content.Prove(o.Secret, name); ok {
			r.Fields = append(r.Fields, proof)
		}
	}
	return r
}

// Check tells whether the result is that of the version that an intent makes, laid out by
// the catalog entry that the ledger has a record of, and returns what it says. The number
// alone may lack. CodeContent for other values, for fields that are no part of a result,
// and for what does not make the digest on the ledger.
func (d *Told) Check(in *Intent, t *LicenseType, record *TypeRecord) (Facts, error) {
	facts := Facts{Identifier: in.Identifier, Effective: in.Effective, Expires: in.Expires}
	if err := checkKind(t, in, record); err != nil {
		return facts, err
	}
	switch {
	case in.Collected == nil && sm.Node(d.FieldRoot, d.Document) != in.Content:
		return facts, Errorf(CodeContent, "field_root", "these are not the fields and the document that were approved")
	case in.Collected != nil && (!d.Document.IsZero() || FactsDigest(d.FieldRoot) != in.Evidence):
		return facts, Errorf(CodeContent, "field_root", "these are not the fields that were approved")
	}
	said, err := d.values(t)
	if err != nil {
		return facts, err
	}
	facts.Number, facts.Holder.Name, facts.IssuerName = said[fieldNumber], said[fieldHolder], said["ZZBFJG"]
	if facts.Issued, err = ParseDate(said["ZZBFRQ"]); err != nil {
		return facts, Errorf(CodeContent, "fields.ZZBFRQ", "not a day")
	}
	for name, want := range map[string]string{"ZZMC": t.Name, "ZZLXDM": t.Code, "ZZBS": in.Identifier.String(), "ZZBFJGDM": in.Identifier.Issuer,
		"ZZYXQQSRQ": in.Effective.String(), "ZZYXQJZRQ": in.Expires.String()} {
		if said[name] != want {
			return facts, Errorf(CodeContent, "fields."+name, "another value than the ledger has")
		}
	}
	return facts, nil
}

// values are the values of the fields by name, each proven at its own place in the tree.
func (d *Told) values(t *LicenseType) (map[string]string, error) {
	var names []string
	for _, f := range Compose(t, Facts{}).Fields {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	said := map[string]string{}
	for _, p := range d.Fields {
		_, twice := said[p.Field.Name]
		switch at, known := slices.BinarySearch(names, p.Field.Name); {
		case !slices.Contains(resultFields, p.Field.Name):
			return nil, Errorf(CodeContent, "fields", "field %s is no part of a result", p.Field.Name)
		case twice:
			return nil, Errorf(CodeContent, "fields", "field %s stands twice", p.Field.Name)
		case !known || p.Index != at || p.Size != len(names) || !p.Verify(d.FieldRoot):
			return nil, Errorf(CodeContent, "fields", "field %s is not proven", p.Field.Name)
		}
		said[p.Field.Name] = p.Field.Value
	}
	for _, name := range resultFields {
		if _, here := said[name]; !here && name != fieldNumber {
			return nil, Errorf(CodeContent, "fields", "field %s lacks", name)
		}
	}
	return said, nil
}

// Withheld names the fields of the type that the result does not have.
func (d *Told) Withheld(t *LicenseType) (names []string) {
	for _, f := range Compose(t, Facts{}).Fields {
		if !slices.ContainsFunc(d.Fields, func(p sm.FieldProof) bool { return p.Field.Name == f.Name }) {
			names = append(names, f.Name)
		}
	}
	return names
}
