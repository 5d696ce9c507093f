package console

import (
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"

	"tongzheng/api/web"
	"tongzheng/registry"
)

// form lays the inputs of an act out.
func (src *formSource) form(values url.Values, name func(*registry.Grant) string) web.Form {
	f := web.Form{Key: values.Get("key")}
	if src.act.MakesVersion() {
		f.Sections = append(f.Sections,
			web.Section{Title: "持证主体", English: "Holder", Inputs: src.holderInputs(values)},
			web.Section{Title: "证照内容", English: "What the license says", Inputs: src.fieldInputs(values)})
	}
	if src.act == registry.Deliver {
		f.Sections = append(f.Sections, web.Section{Title: "送达", English: "Delivery", Inputs: deliveryInputs(values, src.sheet != nil && src.sheet.Copy == registry.Electronic)})
	}
	decision := web.Section{Title: "决定", English: "Decision", Inputs: src.decisionInputs(values, name)}
	if src.act.Class() == registry.ClassPaper || src.act.Class() == registry.ClassRecord {
		decision.Title, decision.English = "办理", "Act"
	}
	f.Sections = append(f.Sections, decision)
	if rows := src.rows(values); len(rows) > 0 {
		f.Sections = append(f.Sections, web.Section{Title: "纸质证照", English: "Paper copies", Copies: rows})
	}
	return f
}

// markFaults shows what is wrong at the top of a form, and beside each field.
func markFaults(f *web.Form, faults []*registry.Error) {
	for _, fault := range faults {
		f.Faults = append(f.Faults, web.Fault{Field: fault.Field, Title: fault.Code.Chinese(), English: fault.Code.English(), Detail: fault.Detail})
	}
	for n := range f.Faults {
		fault := &f.Faults[n]
		for i := range f.Sections {
			for j := range f.Sections[i].Inputs {
				if in := &f.Sections[i].Inputs[j]; fault.Field != "" && in.Name == fault.Field {
					in.Invalid, in.Error, fault.Label = true, fault.Title, in.Label
				}
			}
			for j := range f.Sections[i].Copies {
				row := &f.Sections[i].Copies[j]
				row.Invalid = row.Invalid || row.Name == fault.Field
			}
		}
	}
}

// faults lists every required input that is empty, and whatever else can be told
// before anything is asked of the office.
func (src *formSource) faults(values url.Values) (faults []*registry.Error) {
	form := src.form(values, func(g *registry.Grant) string { return g.ID })
	for _, section := range form.Sections {
		for _, in := range section.Inputs {
			empty := trimmed(values, in.Name) == ""
			offered := in.Kind != "select" || empty || slices.ContainsFunc(in.Options, func(o web.Option) bool { return o.Value == trimmed(values, in.Name) })
			if !strings.HasPrefix(in.Name, "delivery.") && in.Required && empty {
				faults = append(faults, registry.Errorf(registry.CodeMissing, in.Name, ""))
			} else if !offered {
				faults = append(faults, registry.Errorf(registry.CodeMalformed, in.Name, "none of those to choose from"))
			}
		}
	}
	if src.act == registry.Deliver {
		faults = append(faults, readDelivery(values).Faults(trimmed(values, "ground"))...)
	}
	return faults
}

// value is what was typed, else what the present version says.
func value(values url.Values, name, present string) string {
	if values.Has(name) {
		return values.Get(name)
	}
	return present
}

// label is how the type prints a metadata tag.
func (src *formSource) label(tag, usual string) string {
	if own := src.kind.Labels[tag]; own != "" {
		return own
	}
	return usual
}

func (src *formSource) holderInputs(values url.Values) []web.Input {
	var holder registry.Holder
	if src.present != nil {
		holder = src.present.Holder
	}
	allowed := src.kind.Holders
	if len(allowed) == 0 {
		for code := range registry.HolderCodeTypes {
			allowed = append(allowed, code)
		}
		sort.Slice(allowed, func(i, j int) bool { return allowed[i] < allowed[j] })
	}
	var types []web.Option
	for _, code := range allowed {
		types = append(types, web.Option{Value: string(code), Text: string(code) + " " + registry.HolderCodeTypes[code]})
	}
	return []web.Input{
		{Name: "holder.name", Label: src.label("CZZT", "名称或姓名"), English: "Name", Kind: "text", Max: 100, Required: true, Long: true, Value: value(values, "holder.name", holder.Name)},
		{Name: "holder.code_type", Label: "代码类型", English: "Code type", Kind: "select", Required: true, Options: types, Value: value(values, "holder.code_type", string(holder.CodeType))},
		{Name: "holder.code", Label: src.label("CZZTDM", "代码"), English: "Code", Kind: "text", Max: 64, Required: true, Value: value(values, "holder.code", holder.Code)},
	}
}

func (src *formSource) fieldInputs(values url.Values) []web.Input {
	var list []web.Input
	var present registry.Facts
	if src.present != nil {
		present = *src.present
	}
	for _, rule := range src.kind.Fields {
		in := web.Input{Name: "fields." + rule.Name, Label: rule.Label, English: rule.English, Kind: "text", Max: rule.Max,
			Required: rule.Required, Long: rule.Long, Value: value(values, "fields."+rule.Name, present.Fields[rule.Name])}
		if in.Max == 0 {
			in.Max = 200
		}
		if rule.Long {
			in.Kind = "textarea"
		}
		if choices := choicesOf(rule.Pattern); choices != nil {
			in.Kind, in.Options = "select", choices
		} else if rule.Pattern != "" {
			in.Help = "格式 form: " + rule.Pattern
		}
		list = append(list, in)
	}
	number := web.Input{Name: "number", Label: src.label("ZZBH", "证照编号"), English: "License number", Kind: "text", Max: 60,
		Help: "留空则按编号规则生成 left empty, it is made by the rule", Value: value(values, "number", present.Number)}
	effective, expires := "", ""
	if src.present != nil {
		effective, expires = present.Effective.String(), present.Expires.String()
	}
	return append(list, number,
		web.Input{Name: "effective", Label: "有效期起", English: "Valid from", Kind: "date", Value: value(values, "effective", effective), Help: "留空则为决定之日 left empty: the day of the decision"},
		web.Input{Name: "expires", Label: "有效期至", English: "Valid until", Kind: "date", Required: true, Value: value(values, "expires", expires),
			Help: "该类证照有效期 " + src.kind.Validity + "；长期填 9999-12-30"})
}

var plainChoice = regexp.MustCompile(`^[^\\.+*?()\[\]{}^$]+\|[^\\.+*?()\[\]{}^$]+$`)

// choicesOf turns a pattern that is a plain list of alternatives into choices.
func choicesOf(pattern string) []web.Option {
	if !plainChoice.MatchString(pattern) {
		return nil
	}
	var list []web.Option
	for choice := range strings.SplitSeq(pattern, "|") {
		list = append(list, web.Option{Value: choice, Text: choice})
	}
	return list
}

func (src *formSource) decisionInputs(values url.Values, name func(*registry.Grant) string) []web.Input {
	var grants, seals, grounds []web.Option
	for _, g := range src.grants {
		grants = append(grants, web.Option{Value: g.ID, Text: name(g)})
	}
	for _, g := range src.kind.Acts[src.act.String()] {
		if slices.Contains(src.grounds, g.Code) {
			grounds = append(grounds, web.Option{Value: g.Code, Text: g.Chinese + "（" + g.Statute + "）"})
		}
	}
	for _, seal := range src.seals {
		seals = append(seals, web.Option{Value: seal.ID, Text: seal.FullName})
	}
	list := []web.Input{}
	if len(grants) > 0 {
		grant := web.Input{Name: "grant", Label: "赋权依据", English: "Grant", Kind: "select", Required: !src.rank, Long: true, Options: grants, Value: values.Get("grant")}
		if src.rank {
			grant.Help = "层级监督不选赋权 none for oversight, which rests on rank"
		}
		list = append(list, grant)
	}
	if src.act == registry.Issue && len(src.places) > 1 {
		list = append(list, src.placeInput(values))
	}
	if src.act.Rules() {
		list = append(list, src.rulingInputs(values)...)
	} else {
		list = append(list, web.Input{Name: "ground", Label: "办理依据", English: "Ground", Kind: "select", Required: true, Long: true, Options: grounds, Value: values.Get("ground")})
	}
	if src.act.MakesVersion() {
		list = append(list, web.Input{Name: "seal", Label: "使用的印章", English: "Seal", Kind: "select", Required: true, Long: true, Options: seals, Value: values.Get("seal")})
	}
	if src.act == registry.Deliver {
		return append(list, web.Input{Name: "decided", Label: "送达日期", English: "Delivered on", Kind: "date", Value: values.Get("decided"), Help: "留空为现在 left empty: now"})
	}
	decides := src.act.MakesVersion() || src.act.Class() == registry.ClassState
	return append(list,
		web.Input{Name: "decision", Label: "决定书文号", English: "Decision number", Kind: "text", Required: decides, Max: 64, Value: values.Get("decision")},
		web.Input{Name: "case", Label: "受理文号", English: "Case number", Kind: "text", Max: 64, Value: values.Get("case")},
		web.Input{Name: "decided", Label: "决定日期", English: "Decided on", Kind: "date", Value: values.Get("decided"), Help: "留空为现在 left empty: now"},
		web.Input{Name: "remark", Label: "备注", English: "Remark, kept here; its digest goes to the ledger", Kind: "textarea", Max: 2000, Long: true, Value: values.Get("remark")})
}

// placeInput asks where a license belongs: it can be left open only under a grant
// for one county or less.
func (src *formSource) placeInput(values url.Values) web.Input {
	in := web.Input{Name: "place", Label: "属地", English: "Place", Kind: "select", Long: true, Required: true, Value: values.Get("place"),
		Help: "证照所属的县、镇、街道，发证后不变；全市适用的选本级 The county, town or street it belongs to for good; the whole where it is for the whole"}
	for _, g := range src.grants {
		in.Required = in.Required && g.AsksPlace()
	}
	for _, p := range src.places {
		text := p.Region + " " + p.Name
		if (&registry.Grant{Territory: p.Region}).AsksPlace() {
			text += "（全域 the whole）"
		}
		in.Options = append(in.Options, web.Option{Value: p.Region, Text: text})
	}
	return in
}
