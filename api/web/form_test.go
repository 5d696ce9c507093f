package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// A form says at its top all that is wrong with it, each with a way to its field.
// Where there is one thing to choose it is chosen; where there are several, none.
func TestFormSaysAllFaults(t *testing.T) {
	pages := web.New(web.Site{})
	form := web.Form{Faults: []web.Fault{{Field: "ground", Label: "办理依据", Title: "缺少必填项", English: "missing"}, {Title: "无权办理", English: "not allowed", Detail: "why"}},
		Sections: []web.Section{{Title: "决定", Inputs: []web.Input{
			{Name: "grant", Kind: "select", Required: true, Options: []web.Option{{Value: "g1", Text: "one"}}},
			{Name: "ground", Kind: "select", Required: true, Invalid: true, Error: "缺少必填项", Options: []web.Option{{Value: "a", Text: "A"}, {Value: "b", Text: "B"}}},
		}}}}
	out := httptest.NewRecorder()
	if err := pages.Draw(out, 200, "console-form", web.Frame{Data: form}); err != nil {
		t.Fatal(err)
	}
	page := out.Body.String()
	for _, says := range []string{"请更正以下 2 处", `<a href="#ground">办理依据</a>`, "无权办理（why）", `<select id="ground"`, "novalidate"} {
		if !strings.Contains(page, says) {
			t.Errorf("the page does not have %s", says)
		}
	}
	if n := strings.Count(page, "请选择"); n != 1 {
		t.Errorf("%d inputs ask to choose, want the one with several options", n)
	}
}

// The queue of results says what each waits for, and leads to its form.
func TestDeliveriesPage(t *testing.T) {
	pages := web.New(web.Site{})
	row := web.DeliveryRow{SearchItem: office.SearchItem{TypeName: "食品经营许可证", HolderName: "某店"}, URL: "/form",
		Due: office.PaperDue{PaperDue: registry.PaperDue{Act: registry.Deliver, Printing: 2, Version: 1, Copy: registry.Original}, Blank: "JX1"}}
	other := row
	other.URL = ""
	out := httptest.NewRecorder()
	if err := pages.Draw(out, 200, "console-deliveries", web.Frame{Data: web.Deliveries{Acts: office.DeliveryActs(), Act: "deliver", Rows: []web.DeliveryRow{row, other}, Next: "c"}}); err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"待送达", `href="/form"`, "JX1", "不由本账号办理", "cursor=c", `act=recover`} {
		if !strings.Contains(out.Body.String(), says) {
			t.Errorf("the page does not have %s", says)
		}
	}
	out = httptest.NewRecorder()
	if err := pages.Draw(out, 200, "console-deliveries", web.Frame{Data: web.Deliveries{}}); err != nil || !strings.Contains(out.Body.String(), "没有待交付的结果") {
		t.Errorf("an empty queue: %v", err)
	}
}
