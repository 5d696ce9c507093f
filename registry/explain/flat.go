package explain

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

func ordered(fields map[string]field) []string { return slices.Sorted(maps.Keys(fields)) }

// flat walks a value in the order of its fields. Empty ones are left out.
func (e *Explainer) flat(v reflect.Value) []field {
	var out []field
	e.walk(&out, "", "", words{}, 0, v)
	return out
}

// walk adds a value, with its parts below it. name is its field, Type.Field.
func (e *Explainer) walk(out *[]field, path, name string, label words, depth int, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if value, leaf := e.leaf(name, v); leaf {
		if value != "" {
			*out = append(*out, field{path, label, depth, value})
		}
		return
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			e.walk(out, fmt.Sprintf("%s/%04d", path, i), name, numbered(label, i), depth, v.Index(i))
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			own := words{label.Chinese + " " + e.key(key).Chinese, label.English + " " + e.key(key).English}
			e.walk(out, path+"/"+fmt.Sprint(key), name, own, depth, v.MapIndex(key))
		}
	case reflect.Struct:
		inside := depth
		if label != (words{}) && !v.IsZero() {
			*out = append(*out, field{path, label, depth, ""})
			inside++
		}
		for i := range v.NumField() {
			part := v.Type().Field(i)
			if !part.IsExported() || part.Name == "_" {
				continue
			}
			own := v.Type().Name() + "." + part.Name
			e.walk(out, path+"/"+part.Name, own, labelOf(own), inside, v.Field(i))
		}
	}
}

func numbered(label words, i int) words {
	n := strconv.Itoa(i + 1)
	return words{label.Chinese + " " + n, label.English + " " + n}
}

func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return keys
}

// leaf is what is said in one piece; false for a value with parts of its own.
func (e *Explainer) leaf(name string, v reflect.Value) (string, bool) {
	switch value := v.Interface().(type) {
	case sm.Digest:
		if value.IsZero() {
			return "", true
		}
		return "SM3 " + value.String(), true
	case sm.KeyID:
		return e.keyID(value), true
	case registry.Date:
		if value == 0 {
			return "", true
		}
		return value.String(), true
	case registry.Identifier:
		if value.IsZero() {
			return "", true
		}
		return value.String(), true
	case registry.Act:
		if value == 0 {
			return "", true
		}
		return value.Chinese() + " " + value.String(), true
	case registry.CopyKind:
		return e.key(v).Chinese + " " + value.String(), true
	case registry.Recording:
		return map[registry.Recording]string{registry.Register: "事后登记 registered later", registry.Genesis: "创世登记 entered at the ledger's start"}[value], true
	case []byte:
		return ofBytes(name, value), true
	}
	return e.plain(name, v)
}

func ofBytes(name string, raw []byte) string {
	switch {
	case len(raw) == 0:
		return ""
	case strings.HasSuffix(name, ".Public"):
		return "指纹 fingerprint " + string(sm.KeyIDOf(raw))
	}
	return "SM3 " + sm.Sum(raw).String()
}

// plain says strings, numbers and truths; lists of them are one line.
func (e *Explainer) plain(name string, v reflect.Value) (string, bool) {
	switch v.Kind() {
	case reflect.String:
		return e.text(name, v), true
	case reflect.Bool:
		if v.Bool() {
			return "是 yes", true
		}
		return "", true
	case reflect.Int64:
		return instant(name, v.Int()), true
	case reflect.Int, reflect.Uint32, reflect.Uint64, reflect.Uint8, reflect.Uint16, reflect.Int32:
		if v.IsZero() {
			return "", true
		}
		return fmt.Sprint(v.Interface()), true
	case reflect.Slice:
		if e.ofParts(v.Type().Elem()) {
			return "", false
		}
		var all []string
		for i := range v.Len() {
			value, _ := e.leaf(name, v.Index(i))
			all = append(all, value)
		}
		return strings.Join(all, "、"), true
	}
	return "", false
}

// ofParts tells whether values of a type are structures that no one word says.
func (e *Explainer) ofParts(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[registry.Identifier]()
}

// instant says a time by the minute, +08:00; a duration in days.
func instant(name string, seconds int64) string {
	switch {
	case seconds == 0:
		return ""
	case name == "Rules.MaxBackdate":
		return fmt.Sprintf("%d 日 days", seconds/(24*3600))
	}
	return time.Unix(seconds, 0).In(registry.China).Format("2006-01-02 15:04:05")
}

// text says a string: an enumeration's word, the name of what it names, or itself.
func (e *Explainer) text(name string, v reflect.Value) string {
	value := v.String()
	if value == "" {
		return ""
	}
	if word, ok := wordOf(v.Type().Name(), value); ok {
		return word.Chinese + " " + word.English
	}
	if known := e.name(name, value); known != "" {
		return known + "（" + value + "）"
	}
	return value
}

// key says a map's key.
func (e *Explainer) key(v reflect.Value) words {
	if kind, ok := v.Interface().(registry.CopyKind); ok {
		if word, ok := wordOf("CopyKind", kind.String()); ok {
			return word
		}
	}
	if act, ok := v.Interface().(registry.Act); ok {
		return words{act.Chinese(), act.String()}
	}
	if word, ok := wordOf(v.Type().Name(), fmt.Sprint(v)); ok {
		return word
	}
	return words{fmt.Sprint(v), fmt.Sprint(v)}
}

// name is what a code of a record names; empty for no code of one.
func (e *Explainer) name(field, value string) string {
	if e.records == nil {
		return ""
	}
	find := func(kind registry.RecordKind) registry.GovernanceRecord {
		record, err := e.records.Record(kind, value)
		if err != nil || record == nil || reflect.ValueOf(record).IsNil() {
			return nil
		}
		return record
	}
	switch {
	case namesMatter[field]:
		if m, ok := find(registry.KindMatter).(*registry.Matter); ok {
			return m.FullName
		}
	case namesSeal[field]:
		if s, ok := find(registry.KindSeal).(*registry.SealRecord); ok {
			return s.FullName
		}
	case namesGrant[field]:
		if g, ok := find(registry.KindGrant).(*registry.Grant); ok {
			return e.grant(g)
		}
	case len(value) == 18:
		if o, ok := find(registry.KindOrganization).(*registry.Organization); ok {
			return o.FullName
		}
	}
	return ""
}

// grant says of a grant its document, its matter and its mode.
func (e *Explainer) grant(g *registry.Grant) string {
	matter := e.name("Grant.Matter", g.Matter)
	mode, _ := wordOf("Mode", string(g.Mode))
	return strings.Join(slices.DeleteFunc([]string{g.Document, matter, mode.Chinese}, func(s string) bool { return s == "" }), " · ")
}

// keyID says whose key it is, where the ledger knows.
func (e *Explainer) keyID(id sm.KeyID) string {
	if id == "" {
		return ""
	}
	if e.records == nil {
		return string(id)
	}
	record, err := e.records.Record(registry.KindApprover, string(id))
	key, ok := record.(*registry.Approver)
	if err != nil || !ok || key == nil {
		return string(id)
	}
	var roles []string
	for _, r := range key.Roles {
		word, _ := wordOf("Role", string(r))
		roles = append(roles, word.Chinese)
	}
	return fmt.Sprintf("%s %s（%s，%s）", e.Organization(key.Organization), strings.Join(roles, "、"), key.Person, hexID(id))
}

// Organization names an organization by its code.
func (e *Explainer) Organization(code string) string {
	if name := e.name("Grant.Decider", code); name != "" {
		return name
	}
	return code
}

func hexID(id sm.KeyID) string {
	if raw, err := hex.DecodeString(string(id)); err == nil && len(raw) > 8 {
		return string(id[:16]) + "…"
	}
	return string(id)
}
