package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tongzheng/api/resource"
	"tongzheng/api/web"
	"tongzheng/registry"
)

// caseChoices are the steps of the console, as kind or kind and result.
var caseChoices = []struct {
	word   string
	kind   registry.CaseKind
	result registry.ExaminationResult
}{
	{"receive", registry.CaseReceive, ""}, {"accept", registry.CaseAccept, ""}, {"notify", registry.CaseNotify, ""}, {"decline", registry.CaseDecline, ""},
	{"supply", registry.CaseSupply, ""}, {"commit", registry.CaseCommit, ""}, {"invite", registry.CaseInvite, ""}, {"opinion", registry.CaseOpinion, ""},
	{"forward", registry.CaseExamine, registry.Forward}, {"return", registry.CaseExamine, registry.SendBack}, {"refuse", registry.CaseExamine, registry.Refuse},
	{"seal-request", registry.CaseSealRequest, ""}, {"seal-confirm", registry.CaseSealConfirm, ""},
	{"suspend-clock", registry.CaseSuspend, ""}, {"resume-clock", registry.CaseResume, ""}, {"extend", registry.CaseExtend, ""},
}

// caseFields says how each field of a step is asked for, in the order of the
// forms. Its label depends on the step.
var caseFields = []struct {
	name, kind string
	label      web.Pair
	of         map[registry.CaseKind]web.Pair
	help       string
}{
	{name: "received", kind: "datetime-local", label: web.Pair{Chinese: "收到申请的时间", English: "When the application came in"}},
	{name: "channel", kind: "select", label: web.Pair{Chinese: "收件方式", English: "Channel"}},
	{name: "days", kind: "number", label: web.Pair{Chinese: "审查期限（工作日）", English: "Working days to examine"},
		of: map[registry.CaseKind]web.Pair{registry.CaseExtend: {Chinese: "延长（工作日，至多十日）", English: "More working days, at most 10"}}},
	{name: "items", kind: "textarea", label: web.Pair{Chinese: "收到的材料，每行一项", English: "Materials handed in, one a line"}, of: map[registry.CaseKind]web.Pair{
		registry.CaseNotify: {Chinese: "需要补正的全部材料，每行一项", English: "All that is missing, one a line"},
		registry.CaseAccept: {Chinese: "容缺的材料，每行一项：名称 期限（如 平面图 2026-12-10）", English: "What may come later, one a line: name and last day"},
		registry.CaseSupply: {Chinese: "补来的材料，每行一项", English: "What came in, one a line"}}},
	{name: "invited", kind: "text", label: web.Pair{Chinese: "受邀机关（统一社会信用代码）", English: "Invited organization (credit code)"}},
	{name: "purpose", kind: "select", label: web.Pair{Chinese: "邀请事由", English: "Purpose"}},
	{name: "due", kind: "date", label: web.Pair{Chinese: "回复期限", English: "Opinion by"}},
	{name: "procedure", kind: "select", label: web.Pair{Chinese: "程序（行政许可法45条）", English: "Procedure (article 45)"}},
	{name: "document", kind: "text", label: web.Pair{Chinese: "书面告知的文书号", English: "Document by which the applicant was told"}, of: map[registry.CaseKind]web.Pair{
		registry.CaseInvite: {Chinese: "查阅档案申请文号（仅查阅档案时填写）", English: "Number of the request, of a request for files alone"}}},
	{name: "content", kind: "textarea", label: web.Pair{Chinese: "意见", English: "Opinion or finding"}, of: map[registry.CaseKind]web.Pair{
		registry.CaseDecline: {Chinese: "不予受理的理由", English: "Why it is not accepted"},
		registry.CaseInvite:  {Chinese: "请求的内容（查阅档案须写明所需档案和理由）", English: "What is asked; of a request for files: which, and why"},
		registry.CaseAccept:  {Chinese: "容缺时：申请人的承诺", English: "With items missing: the applicant's promise"},
		registry.CaseCommit:  {Chinese: "申请人签署的承诺书全文", English: "Text of the commitment that the applicant signed"},
		registry.CaseExtend:  {Chinese: "延长的理由", English: "Reason"}}},
}

func labelOf(field string, kind registry.CaseKind) web.Pair {
	for _, f := range caseFields {
		if f.name == field {
			if own, ok := f.of[kind]; ok {
				return own
			}
			return f.label
		}
	}
	return web.Pair{}
}

// optionsOf are the choices of a field.
func optionsOf(field string) (options []web.Option) {
	switch field {
	case "channel":
		for _, v := range registry.CaseChannels() {
			options = append(options, web.Option{Value: string(v), Text: web.ChannelName(v).Line()})
		}
	case "purpose":
		for _, v := range registry.InvitePurposes() {
			options = append(options, web.Option{Value: string(v), Text: web.PurposeName(v).Line()})
		}
	case "procedure":
		for _, v := range registry.CaseProcedures() {
			options = append(options, web.Option{Value: string(v), Text: web.ProcedureName(v).Line()})
		}
	}
	return options
}

// forms are the forms of the steps that the organization can take now. The one
// that was handed in is open, filled, with its faults.
func (c *cases) forms(page *web.Case, g *registry.Grant, organization string, values url.Values, faults []*registry.Error) (forms []web.CaseForm) {
	for _, choice := range caseChoices {
		if !page.File.Expects(choice.kind) || !page.File.Takes(choice.kind, g, organization) || choice.kind == registry.CaseSealRequest && g.Mode != registry.ModeReview {
			continue
		}
		form := web.CaseForm{Word: choice.word, Name: web.CaseName(choice.kind, choice.result)}
		own := values
		if values.Get("step") == choice.word {
			form.Open = true
			for _, fault := range faults {
				form.Faults = append(form.Faults, faultOf(choice.word, choice.kind, fault))
			}
		} else {
			own = nil
		}
		form.Inputs = inputsOf(choice.kind, page, own, form.Faults)
		forms = append(forms, form)
	}
	if len(forms) == 1 {
		forms[0].Open = true
	}
	return forms
}

func inputsOf(kind registry.CaseKind, page *web.Case, values url.Values, faults []web.CaseFault) (inputs []web.Input) {
	needs, may := registry.CaseFields(kind)
	for _, f := range caseFields {
		required := slices.Contains(needs, f.name)
		if !required && !slices.Contains(may, f.name) {
			continue
		}
		label := labelOf(f.name, kind)
		in := web.Input{Name: f.name, Kind: f.kind, Label: label.Chinese, English: label.English, Required: required, Options: optionsOf(f.name), Max: 64, Value: caseDefault(kind, f.name, page)}
		if f.kind == "textarea" {
			in.Max = registry.MaxRemark
		}
		if values != nil {
			in.Value = values.Get(f.name)
		}
		for _, fault := range faults {
			if strings.HasSuffix(fault.Field, "-"+f.name) {
				in.Invalid, in.Error = true, fault.Title.Chinese
			}
		}
		inputs = append(inputs, in)
	}
	return inputs
}

// caseDefault is what a form proposes.
func caseDefault(kind registry.CaseKind, field string, page *web.Case) string {
	switch {
	case field == "received":
		return time.Now().In(registry.China).Format(formMinute)
	case field == "days" && kind == registry.CaseAccept:
		return strconv.Itoa(registry.DecisionDays)
	case field == "days":
		return strconv.Itoa(registry.MostExtension)
	case field == "items" && (kind == registry.CaseSupply || kind == registry.CaseAccept):
		return strings.Join(page.File.OpenItems(), "\n")
	}
	return ""
}

// formMinute is how a browser writes a local time.
const formMinute = "2006-01-02T15:04"

// faultOf says a fault in words, with the input that it leads to.
func faultOf(word string, kind registry.CaseKind, fault *registry.Error) web.CaseFault {
	field, _, _ := strings.Cut(fault.Field, ".")
	out := web.CaseFault{Label: labelOf(field, kind), Title: web.Pair{Chinese: fault.Code.Chinese(), English: fault.Code.English()}, Detail: fault.Detail}
	if out.Label != (web.Pair{}) {
		out.Field = word + "-" + field
	}
	return out
}

// draft reads a form back, with all that is wrong with it.
func (c *cases) draft(page *web.Case, values url.Values, organization string) (draft resource.CaseDraft, faults []*registry.Error) {
	draft = resource.CaseDraft{Grant: page.Grant, Case: page.Number, Organization: organization, Content: strings.ReplaceAll(trimmed(values, "content"), "\r\n", "\n"),
		Channel: registry.CaseChannel(trimmed(values, "channel")), Invited: trimmed(values, "invited"), Purpose: registry.InvitePurpose(trimmed(values, "purpose")),
		Procedure: registry.CaseProcedure(trimmed(values, "procedure")), Document: trimmed(values, "document")}
	for _, choice := range caseChoices {
		if choice.word == values.Get("step") {
			draft.Kind, draft.Result = choice.kind, choice.result
		}
	}
	var err error
	if text := trimmed(values, "days"); text != "" {
		if draft.Days, err = strconv.Atoi(text); err != nil {
			faults = append(faults, registry.Errorf(registry.CodeMalformed, "days", "a number of working days"))
		}
	}
	if text := trimmed(values, "received"); text != "" {
		if draft.Received, err = time.ParseInLocation(formMinute, text, registry.China); err != nil {
			faults = append(faults, registry.Errorf(registry.CodeDateForm, "received", "want YYYY-MM-DDTHH:MM"))
		}
	}
	if draft.Due, err = registry.ParseDate(trimmed(values, "due")); err != nil {
		faults = append(faults, registry.Errorf(registry.CodeDateForm, "due", "want YYYY-MM-DD"))
	}
	items, wrong := itemLines(trimmed(values, "items"), draft.Kind == registry.CaseAccept)
	draft.Items, faults = items, append(faults, wrong...)
	read := func(field string) bool { // it could not be read: that it is missing is not said besides
		return slices.ContainsFunc(faults, func(f *registry.Error) bool { return strings.HasPrefix(field, f.Field) })
	}
	for _, fault := range c.desk.Faults(draft) {
		if !read(fault.Field) {
			faults = append(faults, fault)
		}
	}
	return draft, faults
}

// itemLines reads one item a line; what an acceptance leaves for later has its
// last day behind its name.
func itemLines(text string, dated bool) (items []registry.CaseItem, faults []*registry.Error) {
	for line := range strings.Lines(text) {
		item := registry.CaseItem{Name: strings.TrimSpace(line)}
		if item.Name == "" {
			continue
		}
		if at := strings.LastIndexAny(item.Name, " \t　"); dated && at > 0 {
			day, err := registry.ParseDate(strings.TrimLeft(item.Name[at:], " \t　"))
			if err != nil {
				faults = append(faults, registry.Errorf(registry.CodeDateForm, "items", "%s: want its last day as YYYY-MM-DD", item.Name))
			}
			item.Name, item.Due = strings.TrimSpace(item.Name[:at]), day
		}
		items = append(items, item)
	}
	return items, faults
}

// stepFacts says what a step says besides its kind.
func (c *cases) stepFacts(r *http.Request, s *registry.CaseStatement) (facts []web.CaseFact) {
	add := func(chinese, english, text string) {
		if text != "" {
			facts = append(facts, web.CaseFact{Label: web.Pair{Chinese: chinese, English: english}, Text: text})
		}
	}
	if s.Received != 0 {
		add("收到时间", "came in", time.Unix(s.Received, 0).In(registry.China).Format("2006-01-02 15:04")+" · "+web.ChannelName(s.Channel).Line())
	}
	if s.Days != 0 {
		add("期限", "time", strconv.Itoa(s.Days)+" "+web.UnitName(s.Unit).Line())
	}
	var names []string
	for _, item := range s.Items {
		name := item.Name
		if item.Due != 0 {
			name += "（" + item.Due.String() + " 前）"
		}
		names = append(names, name)
	}
	add("材料", "materials", strings.Join(names, "、"))
	if s.Invited != "" {
		add("受邀", "invited", c.names.For(r).Organization(s.Invited)+" · "+web.PurposeName(s.Purpose).Line()+" · "+s.Due.String())
	}
	if s.Procedure != "" {
		add("程序", "procedure", web.ProcedureName(s.Procedure).Line())
	}
	add("文书", "document", s.Document)
	add("代收转办，依据本机关赋权", "taken in for a neighbor, under the own grant", s.Through)
	return facts
}

// clockFacts says the file's days, and what is late on a day.
func clockFacts(f *registry.CaseFile, mode registry.Mode, today registry.Date) (facts []web.CaseFact) {
	c := &f.Clock
	late := func(fact web.CaseFact, last registry.Date, done bool) web.CaseFact {
		if fact.Text = last.Chinese(); last != 0 && today > last && !done {
			fact.Tag, fact.Tone = web.Pair{Chinese: "已过期限", English: "over"}, "refused"
		}
		return fact
	}
	if c.Began == 0 && c.RespondBy != 0 && (f.Stage == registry.CaseReceive || f.Stage == registry.CaseNotify) {
		facts = append(facts, late(web.CaseFact{Label: web.Pair{Chinese: "五个工作日内告知，逾期视为受理", English: "Answer by, or it counts as accepted (5 working days)"}}, c.RespondBy, false))
	}
	if d := f.Decision; d != nil {
		facts = append(facts, web.CaseFact{Label: web.Pair{Chinese: "办结", English: "Decided"}, Text: d.Act.Chinese() + " " + d.Act.String() + " · " + d.Document + " · " + registry.DateOfUnix(d.At).Chinese()})
	}
	if c.Began == 0 {
		return facts
	}
	facts = append(facts, web.CaseFact{Label: web.Pair{Chinese: "受理之日", English: "Accepted as of"}, Text: c.Began.Chinese()})
	days := strconv.Itoa(c.Days)
	if mode == registry.ModeReview {
		facts = append(facts, late(web.CaseFact{Label: web.Pair{Chinese: "县级审核期限（" + days + " 个工作日）", English: "County examines by (" + days + " working days)"}}, f.Due, f.Stage == registry.CaseExamine || f.Result != ""))
		days = strconv.Itoa(registry.DecisionDays)
	}
	if c.Extended > 0 {
		days += "+" + strconv.Itoa(c.Extended)
	}
	facts = append(facts, late(web.CaseFact{Label: web.Pair{Chinese: "决定期限（" + days + " 个工作日）", English: "Decision by (" + days + " working days)"}}, c.DecideBy, false))
	for _, stop := range c.Stops {
		fact := web.CaseFact{Label: web.Pair{Chinese: "期限中止", English: "Clock stopped"}, Text: web.ProcedureName(stop.Procedure).Line() + " · " + stop.Document + " · " + stop.From.String() + " – " + stop.Until.String()}
		if stop.Until == 0 {
			fact.Tag, fact.Tone = web.Pair{Chinese: "中止中", English: "standing still"}, "suspended"
		}
		facts = append(facts, fact)
	}
	return facts
}
