package registry

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Source says who makes the licenses of a type.
type Source string

const (
	MadeHere  Source = "made"      // rendered and sealed here
	Collected Source = "collected" // made and sealed by a ministry's or province's system; anchored as it came
)

// SealKind is which seal a type asks for.
type SealKind string

const (
	ApprovalSeal SealKind = "approval" // 审批专用章
	OfficialSeal SealKind = "official" // 公章
)

// LicenseType is one version of a catalog entry (GB/T 36902), owned by the
// city: the same standard everywhere in it.
type LicenseType struct {
	Code      string              `yaml:"code" json:"code"` // 21 characters, first part of the identifier
	Version   int                 `yaml:"version" json:"version"`
	Name      string              `yaml:"name" json:"name"` // 证照名称
	English   string              `yaml:"english" json:"english"`
	Authority string              `yaml:"authority" json:"authority"` // name of the authority that defined it
	Source    Source              `yaml:"source" json:"source"`
	Seal      SealKind            `yaml:"seal" json:"seal"`
	Matters   []string            `yaml:"matters" json:"matters"`                         // basic matter codes that lead to it
	Holders   []HolderCodeType    `yaml:"holders" json:"holders"`                         // holder code types allowed
	Fields    []FieldRule         `yaml:"fields" json:"fields"`                           // extensions KZ_…, in printing order
	Number    NumberRule          `yaml:"number" json:"number"`                           // 证照编号
	Copies    []CopyRule          `yaml:"copies" json:"copies"`                           // what leaves the printer
	Validity  string              `yaml:"validity" json:"validity"`                       // as GB/T 36902 writes it: 5年^长期
	LeadDays  int                 `yaml:"lead_days" json:"lead_days"`                     // renewal is applied for this many days before expiry
	LeadUnit  DayUnit             `yaml:"lead_unit,omitempty" json:"lead_unit,omitempty"` // of lead_days: calendar when absent
	Labels    map[string]string   `yaml:"labels,omitempty" json:"labels,omitempty"`       // how this type prints metadata tags: CZZT 经营者名称
	Compare   []string            `yaml:"compare" json:"compare"`                         // field names a citizen is told to compare on the paper
	Acts      map[string][]Ground `yaml:"acts" json:"acts"`                               // grounds allowed per act; an act without one is not allowed
	Doers     map[string][]Doer   `yaml:"doers,omitempty" json:"doers,omitempty"`         // who may do an act, where its statute says so
	Refuses   map[string]string   `yaml:"refuses,omitempty" json:"refuses,omitempty"`     // list of holders → statute by which it refuses; other lists only warn
	Note      string              `yaml:"note,omitempty" json:"note,omitempty"`           // where the data comes from
}

// FieldRule is one type-specific field.
type FieldRule struct {
	Name     string `yaml:"name" json:"name"`   // KZ_…
	Label    string `yaml:"label" json:"label"` // as printed
	English  string `yaml:"english" json:"english"`
	Required bool   `yaml:"required" json:"required"`
	Pattern  string `yaml:"pattern,omitempty" json:"pattern,omitempty"`   // regular expression over the whole value
	Max      int    `yaml:"max,omitempty" json:"max,omitempty"`           // runes, 200 when absent
	Personal bool   `yaml:"personal,omitempty" json:"personal,omitempty"` // a natural person's data: masked in public
	Long     bool   `yaml:"long,omitempty" json:"long,omitempty"`         // a paragraph rather than a line
	Decided  bool   `yaml:"decided,omitempty" json:"decided,omitempty"`   // what examination decided (许可事项: scope, category, capacity): no correction changes it
}

// Ground is one reason the type's statute allows for an act.
type Ground struct {
	Code    string `yaml:"code" json:"code"`
	Chinese string `yaml:"chinese" json:"chinese"`
	Statute string `yaml:"statute" json:"statute"`
	Bar     int    `yaml:"bar,omitempty" json:"bar,omitempty"` // years in which the holder cannot apply again (行政许可法78、79条)
}

// CopyRule says which copies a type has and on which stock.
type CopyRule struct {
	Kind CopyKind `yaml:"kind" json:"kind"`
	Max  int      `yaml:"max" json:"max"`
	Form string   `yaml:"form,omitempty" json:"form,omitempty"` // numbered stock; empty for plain paper
	Page string   `yaml:"page" json:"page"`                     // A3, A4
}

// CopyKind is what a printing is a copy of.
type CopyKind uint8

const (
	Electronic CopyKind = iota + 1 // 电子证照文件
	Original                       // 正本
	Duplicate                      // 副本
	Annex                          // 附页
)

var copyNames = [...]string{"", "electronic", "original", "duplicate", "annex"}
var copyChinese = [...]string{"", "电子证照", "正本", "副本", "附页"}

func (k CopyKind) String() string {
	if int(k) < len(copyNames) {
		return copyNames[k]
	}
	return ""
}

// Chinese is the word printed on the sheet.
func (k CopyKind) Chinese() string {
	if int(k) < len(copyChinese) {
		return copyChinese[k]
	}
	return ""
}

// MarshalText writes the kind's word.
func (k CopyKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the kind's word.
func (k *CopyKind) UnmarshalText(text []byte) error {
	for i := 1; i < len(copyNames); i++ {
		if copyNames[i] == string(text) {
			*k = CopyKind(i)
			return nil
		}
	}
	return Errorf(CodeMalformed, "copy", "copy kind %q: want electronic, original, duplicate or annex", text)
}

// Copy returns the rule of a kind of copy.
func (t *LicenseType) Copy(kind CopyKind) (CopyRule, bool) {
	for _, c := range t.Copies {
		if c.Kind == kind {
			return c, true
		}
	}
	return CopyRule{}, false
}

// GroundFor returns the ground with this code that the type allows for the act.
func (t *LicenseType) GroundFor(act Act, code string) (Ground, error) {
	for _, g := range t.Acts[act.String()] {
		if g.Code == code {
			return g, nil
		}
	}
	return Ground{}, Errorf(CodeGround, "ground", "%s does not allow ground %q for %s", t.Name, code, act)
}

// CheckTerm tells whether a period fits the type's validity, as GB/T 36902
// writes it: 5年, 6个月, 长期, several joined by ^; other words leave it open. The
// first day counts (Date.LastOf). A period may be shorter: the law of the case
// may ask for that.
func (t *LicenseType) CheckTerm(from, last Date) error {
	for _, term := range strings.Split(t.Validity, "^") {
		years, months := 0, 0
		switch n := strings.TrimRight(term, "年个月"); {
		case term == "长期" && last != LongTerm:
			continue
		case strings.HasSuffix(term, "年"):
			years, _ = strconv.Atoi(n)
		case strings.HasSuffix(term, "月"):
			months, _ = strconv.Atoi(n)
		}
		if years+months == 0 || last <= from.LastOf(12*years+months) {
			return nil
		}
	}
	return Errorf(CodeDateOrder, "expires", "from %s to %s is longer than this type is valid: %s", from, last, t.Validity)
}

// CheckFields checks type-specific fields against the type: nothing unknown,
// nothing required missing, every value of the right form.
func (t *LicenseType) CheckFields(values map[string]string) error {
	known := make(map[string]bool, len(t.Fields))
	for _, rule := range t.Fields {
		known[rule.Name] = true
		if err := rule.check(values[rule.Name]); err != nil {
			return err
		}
	}
	for name := range values {
		if !known[name] {
			return Errorf(CodeFieldUnknown, "fields."+name, "%s has no field %s", t.Name, name)
		}
	}
	return nil
}

func (f FieldRule) check(value string) error {
	if value == "" {
		if f.Required {
			return Errorf(CodeFieldMissing, "fields."+f.Name, "%s is required", f.Label)
		}
		return nil
	}
	limit := f.Max
	if limit == 0 {
		limit = 200
	}
	if err := CheckText("fields."+f.Name, value, limit); err != nil {
		return err
	}
	if f.Pattern == "" {
		return nil
	}
	re, err := compiled(`^(?:` + f.Pattern + `)$`)
	if err != nil {
		return Errorf(CodeInternal, "fields."+f.Name, "pattern in the catalog").WithCause(err)
	}
	if !re.MatchString(value) {
		return Errorf(CodeFieldForm, "fields."+f.Name, "%s must match %s", f.Label, f.Pattern)
	}
	return nil
}

// patterns are those of catalogs, compiled once; mostPatterns bounds them.
var patterns atomic.Pointer[map[string]*regexp.Regexp]

const mostPatterns = 500

func compiled(pattern string) (*regexp.Regexp, error) {
	known := patterns.Load()
	if known != nil && (*known)[pattern] != nil {
		return (*known)[pattern], nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	more := map[string]*regexp.Regexp{pattern: re}
	if known != nil && len(*known) < mostPatterns {
		maps.Copy(more, *known)
	}
	patterns.CompareAndSwap(known, &more) // another's may win: then this one is compiled again
	return re, nil
}

// NumberRule makes and checks a 证照编号. Template is literal text with
// {region6} (the issuer's region), {year4}, {seq:N} (N digits), {field:KZ_…}
// (looked up in Codes), {uscc:KZ_…} (a credit code as it stands) and {mod11,10} (ISO 7064 over the digits before it).
type NumberRule struct {
	Template string            `yaml:"template" json:"template"`
	Codes    map[string]string `yaml:"codes,omitempty" json:"codes,omitempty"`
	Survives bool              `yaml:"survives" json:"survives"` // kept through change and renewal
}

var placeholder = regexp.MustCompile(`\{([a-z0-9,]+)(?::([A-Za-z0-9_]+))?\}`)

// Make writes a number for sequence within the issuer's region and year.
func (n NumberRule) Make(region string, year, sequence int, fields map[string]string) (string, error) {
	var out strings.Builder
	rest := n.Template
	for {
		loc := placeholder.FindStringSubmatchIndex(rest)
		if loc == nil {
			out.WriteString(rest)
			return out.String(), nil
		}
		out.WriteString(rest[:loc[0]])
		name, arg := rest[loc[2]:loc[3]], ""
		if loc[4] >= 0 {
			arg = rest[loc[4]:loc[5]]
		}
		part, err := n.part(name, arg, region, year, sequence, fields, out.String())
		if err != nil {
			return "", err
		}
		out.WriteString(part)
		rest = rest[loc[1]:]
	}
}

func (n NumberRule) part(name, arg, region string, year, sequence int, fields map[string]string, before string) (string, error) {
	switch name {
	case "region6":
		return region, nil
	case "year4":
		return fmt.Sprintf("%04d", year), nil
	case "seq":
		width, _ := strconv.Atoi(arg)
		s := fmt.Sprintf("%0*d", width, sequence)
		if len(s) > width {
			return "", Errorf(CodeNumberForm, "number", "sequence %d does not fit %d digits", sequence, width)
		}
		return s, nil
	case "field":
		code, ok := n.Codes[fields[arg]]
		if !ok {
			return "", Errorf(CodeFieldForm, "fields."+arg, "value has no code in the number rule")
		}
		return code, nil
	case "uscc":
		return fields[arg], CheckUSCC(fields[arg])
	case "mod11,10":
		return string(Mod1110(digits(before))), nil
	}
	return "", Errorf(CodeInternal, "number", "placeholder {%s} in the catalog", name)
}

// Check tells whether number has the rule's form, check digit included.
func (n NumberRule) Check(number string) error {
	_, _, err := n.read(number)
	return err
}

// Has tells whether the rule's template has a placeholder of this name.
func (n NumberRule) Has(name string) bool {
	return slices.ContainsFunc(placeholder.FindAllStringSubmatch(n.Template, -1), func(found []string) bool { return found[1] == name })
}

// LastSequence is the highest number that the rule's {seq:N} can write; zero
// without one.
func (n NumberRule) LastSequence() uint64 {
	for _, found := range placeholder.FindAllStringSubmatch(n.Template, -1) {
		if found[1] != "seq" {
			continue
		}
		last := uint64(1)
		for width, _ := strconv.Atoi(found[2]); width > 0; width-- {
			last *= 10
		}
		return last - 1
	}
	return 0
}

// read checks a number and returns its region and its sequence, empty where the
// rule has none.
func (n NumberRule) read(number string) (region, sequence string, err error) {
	pattern, last := "^", 0
	for _, loc := range placeholder.FindAllStringSubmatchIndex(n.Template, -1) {
		pattern += regexp.QuoteMeta(n.Template[last:loc[0]])
		switch name := n.Template[loc[2]:loc[3]]; name {
		case "region6":
			pattern += `(?P<region>\d{6})`
		case "year4":
			pattern += `\d{4}`
		case "seq":
			pattern += `(?P<sequence>\d{` + n.Template[loc[4]:loc[5]] + `})`
		case "field":
			pattern += n.codePattern()
		case "uscc":
			pattern += `[0-9A-Z]{18}`
		case "mod11,10":
			pattern += `\d`
		}
		last = loc[1]
	}
	pattern += regexp.QuoteMeta(n.Template[last:]) + "$"
	form, err := compiled(pattern)
	if err != nil {
		return "", "", Errorf(CodeInternal, "number", "number rule %s in the catalog", n.Template).WithCause(err)
	}
	found := form.FindStringSubmatch(number)
	if found == nil {
		return "", "", Errorf(CodeNumberForm, "number", "want %s", n.Template)
	}
	if strings.HasSuffix(n.Template, "{mod11,10}") && Mod1110(digits(number[:len(number)-1])) != number[len(number)-1] {
		return "", "", Errorf(CodeNumberForm, "number", "the check digit does not fit the others (GB/T 17710 MOD 11,10)")
	}
	if i := form.SubexpIndex("region"); i > 0 {
		region = found[i]
	}
	if i := form.SubexpIndex("sequence"); i > 0 {
		sequence = found[i]
	}
	return region, sequence, nil
}

// codePattern matches the codes that field values can have, and no others.
func (n NumberRule) codePattern() string {
	codes := slices.Sorted(maps.Values(n.Codes))
	for i := range codes {
		codes[i] = regexp.QuoteMeta(codes[i])
	}
	return "(?:" + strings.Join(slices.Compact(codes), "|") + ")"
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// Mod1110 is the ISO/IEC 7064 MOD 11,10 check digit (GB/T 17710) over digits.
func Mod1110(digits string) byte {
	p := 10
	for i := 0; i < len(digits); i++ {
		p = (p + int(digits[i]-'0')) % 10
		if p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return byte('0' + (11-p)%10)
}
