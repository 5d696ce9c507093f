package console

import (
	"net/url"
	"strconv"

	"tongzheng/api/web"
	"tongzheng/registry"
)

// rulers is how the form says who ruled.
var rulers = map[registry.RulingBy]string{
	registry.RulingCourt: "人民法院判决、裁定 court", registry.RulingReview: "行政复议决定 review body", registry.RulingSelf: "自行纠正 own correction",
}

// rulingInputs ask for the ruling that a reinstatement or a stay rests on, and
// for the act that it concerns.
func (src *formSource) rulingInputs(values url.Values) []web.Input {
	var by, undoes []web.Option
	for _, ruler := range registry.RulingsBy() {
		by = append(by, web.Option{Value: string(ruler), Text: rulers[ruler]})
	}
	for _, c := range src.causes {
		text := c.Act.Chinese() + "（" + c.Day.String() + "）"
		if c.Stay != nil {
			text += "，已停止执行 stayed"
		}
		undoes = append(undoes, web.Option{Value: strconv.FormatUint(c.Sequence, 10), Text: text})
	}
	list := []web.Input{
		{Name: "ruling.undoes", Label: "所涉决定", English: "Act concerned", Kind: "select", Required: true, Options: undoes, Value: values.Get("ruling.undoes")},
		{Name: "ruling.by", Label: "裁判类别", English: "Ruled by", Kind: "select", Required: true, Options: by, Value: values.Get("ruling.by")},
		{Name: "ruling.document", Label: "裁判文书号", English: "Number of the ruling", Kind: "text", Required: true, Max: 64, Value: values.Get("ruling.document")},
		{Name: "ruling.body", Label: "法院或者复议机关", English: "Court or review body", Kind: "text", Max: 100, Value: values.Get("ruling.body"), Help: "自行纠正时留空 none for an own correction"},
		{Name: "ruling.from", Label: "效力起始日", English: "Works from", Kind: "date", Required: true, Value: values.Get("ruling.from"), Help: "不晚于今天，不早于所涉决定之日 from the act's day to today"},
	}
	if src.act == registry.Stay {
		list = append(list, web.Input{Name: "ruling.ends", Label: "停止执行是否终止", English: "Does the stay end?", Kind: "select",
			Options: []web.Option{{Value: "", Text: "开始停止执行 it begins"}, {Value: "yes", Text: "停止执行终止 it ends"}}, Value: values.Get("ruling.ends")})
	}
	return list
}

// readRuling reads the ruling back.
func (src *formSource) readRuling(values url.Values) (*registry.Ruling, error) {
	r := &registry.Ruling{By: registry.RulingBy(trimmed(values, "ruling.by")), Document: trimmed(values, "ruling.document"), Body: trimmed(values, "ruling.body"),
		Ends: trimmed(values, "ruling.ends") != ""}
	var err error
	if r.From, err = registry.ParseDate(trimmed(values, "ruling.from")); err != nil {
		return nil, registry.Errorf(registry.CodeDateForm, "ruling.from", "want YYYY-MM-DD")
	}
	if r.Undoes, err = strconv.ParseUint(trimmed(values, "ruling.undoes"), 10, 63); err != nil {
		return nil, registry.Errorf(registry.CodeMissing, "ruling.undoes", "choose the act")
	}
	for _, c := range src.causes {
		if c.Sequence == r.Undoes && c.By != src.organization {
			r.Author = c.By
		}
	}
	return r, nil
}
