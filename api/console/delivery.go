package console

import (
	"net/http"
	"net/url"

	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// receivers are what somebody who takes a sheet is to its holder, as they are
// kept; checked are the identity documents that are looked at.
var (
	receivers = []web.Option{{Value: "本人", Text: "本人 the holder"}, {Value: "法定代表人或者负责人", Text: "法定代表人或者负责人 legal representative"},
		{Value: "代理人（持委托书）", Text: "代理人（持委托书） agent with a letter of attorney"}, {Value: "单位工作人员", Text: "单位工作人员 employee of the holder"}, {Value: "其他", Text: "其他 other"}}
	checked = []web.Option{{Value: "居民身份证", Text: "居民身份证 identity card"}, {Value: "营业执照和经办人身份证", Text: "营业执照和经办人身份证 business license and the person's identity card"},
		{Value: "委托书和代理人身份证", Text: "委托书和代理人身份证 letter of attorney and the agent's identity card"}, {Value: "其他有效证件", Text: "其他有效证件 another valid document"}}
)

// sheetName says which copy the form is about: its kind, its number, its blank.
func (src *formSource) sheetName() string {
	if src.sheet == nil {
		return ""
	}
	name := src.sheet.Copy.Chinese() + " " + itoa(src.sheet.Number)
	if src.sheet.Blank.Number != "" {
		name += "，空白编号 " + src.sheet.Blank.Number
	}
	name += "（" + src.sheet.Copy.String() + ", printing " + itoa(src.sheet.Number)
	if src.sheet.Blank.Number != "" {
		name += ", blank " + src.sheet.Blank.Number
	}
	return name + "）"
}

// deliveryInputs ask who took the copy, and how; nobody brings an electronic one.
func deliveryInputs(values url.Values, electronic bool) []web.Input {
	list := []web.Input{
		{Name: "delivery.receiver", Label: "领取人或者签收人", English: "Receiver", Kind: "text", Max: 100, Required: true, Value: values.Get("delivery.receiver")},
		{Name: "delivery.relation", Label: "与持证主体的关系", English: "Relation to the holder", Kind: "select", Options: receivers, Value: values.Get("delivery.relation")},
		{Name: "delivery.id_checked", Label: "已核对的证件", English: "Identity document looked at", Kind: "select", Options: checked, Value: values.Get("delivery.id_checked"),
			Help: "只记证件种类，不记号码 the kind alone, no number"},
	}
	if electronic {
		return list
	}
	return append(list, []web.Input{
		{Name: "delivery.courier", Label: "快递公司", English: "Courier", Kind: "text", Max: 100, Value: values.Get("delivery.courier"), Help: "窗口领取时留空 none at the counter"},
		{Name: "delivery.number", Label: "快递单号", English: "Number of the courier's slip", Kind: "text", Max: 100, Value: values.Get("delivery.number")},
	}...)
}

func readDelivery(values url.Values) *registry.Delivery {
	return &registry.Delivery{Receiver: trimmed(values, "delivery.receiver"), Relation: trimmed(values, "delivery.relation"), Courier: trimmed(values, "delivery.courier"),
		Number: trimmed(values, "delivery.number"), IDChecked: trimmed(values, "delivery.id_checked")}
}

// deliveries shows the queue of results to hand over.
func (l *licenses) deliveries(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	found, err := l.desk.Deliveries(r, q.Get("act"), q.Get("cursor"), "")
	if err != nil {
		l.fail(w, r, err)
		return
	}
	page := web.Deliveries{Act: q.Get("act"), Acts: office.DeliveryActs(), Next: found.Next}
	for _, item := range found.Items {
		for _, due := range item.Due {
			row := web.DeliveryRow{SearchItem: item.SearchItem, Due: due, Identifier: item.Identifier.WithVersion(due.Version)}
			if address := l.base + "/console/licenses/" + row.Identifier.String() + "/acts/" + due.Act.String(); due.May {
				row.URL = address
				if due.Printing != 0 {
					row.URL += "?printing=" + itoa(due.Printing)
				}
			}
			if due.Act == registry.Deliver && due.Copy == registry.Electronic {
				row.Download = l.base + "/api/v1/licenses/" + row.Identifier.String() + "/document"
			} else if due.Act == registry.Deliver {
				row.Download = l.base + "/api/v1/licenses/" + row.Identifier.String() + "/printings/" + itoa(due.Printing) + "/paper"
			}
			page.Rows = append(page.Rows, row)
		}
	}
	l.show(w, r, http.StatusOK, "console-deliveries", "deliveries", web.Pair{Chinese: "待交付", English: "Results to hand over"}, page)
}
