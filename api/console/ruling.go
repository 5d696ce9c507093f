package console

import (
	"net/url"
	"slices"
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
	for _, u := range src.undoable {
		what := u.cause.Act.Chinese()
		if u.cause.Ground == registry.GroundRenewalRefused {
			what = "不予延续 renewal refused"
		}
		text := what + "（" + u.cause.Day.String() + "）"
		if u.cause.Stay != nil {
			text += "，已停止执行 stayed"
		}
		option := web.Option{Value: u.value(), Text: text}
		if !slices.Contains(undoes, option) {
			undoes = append(undoes, option)
		}
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
func (src *formSource) readRuling(values url.Values) (_ *registry.Ruling, faults []*registry.Error) {
	r := &registry.Ruling{By: registry.RulingBy(trimmed(values, "ruling.by")), Document: trimmed(values, "ruling.document"), Body: trimmed(values, "ruling.body"),
		Ends: trimmed(values, "ruling.ends") != ""}
	var fault *registry.Error
	if r.From, fault = dayOf(values, "ruling.from"); fault != nil {
		faults = append(faults, fault)
	}
	for _, u := range src.undoable {
		if u.value() != trimmed(values, "ruling.undoes") {
			continue
		}
		if r.Undoes = u.cause.Sequence; u.member {
			r.Undoes, r.MemberAct = 0, u.cause.Sequence
		}
		if u.cause.By != src.organization {
			r.Author = u.cause.By
		}
		return r, faults
	}
	return r, append(faults, registry.Errorf(registry.CodeMissing, "ruling.undoes", "choose the act"))
}

// undoable is an act that a ruling can concern: in the chain that the ruling
// stands in, or, through governance, one of the member's.
type undoable struct {
	cause  registry.StateCause
	member bool
}

func (u undoable) value() string {
	return map[bool]string{false: "", true: "member-"}[u.member] + strconv.FormatUint(u.cause.Sequence, 10)
}

// undoableOf names the acts of an offer by what the ledger says of them.
func undoableOf(standing *registry.Standing, offer registry.Offer) (all []undoable) {
	chain := standing.License.Undoable()
	if offer.Governed {
		chain = standing.Oversight.Stands()
	}
	for _, c := range chain {
		if slices.Contains(offer.Undoes, c.Sequence) {
			all = append(all, undoable{c, false})
		}
	}
	for _, c := range standing.License.Stands() {
		if slices.Contains(offer.Member, c.Sequence) {
			all = append(all, undoable{c, true})
		}
	}
	return all
}
