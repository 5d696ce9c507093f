package office

import (
	"strings"
	"testing"

	"tongzheng/registry"
)

// The report has every grant, what it lacks as a box to tick, and lines to
// sign; what a list says cannot become markup.
func TestReadinessPage(t *testing.T) {
	r := &Readiness{Day: 20700, Lines: []ReadinessLine{
		{Grant: "g1", Matter: "食品经营许可", Mode: registry.ModeReview, Decider: "某局", Answers: "某局"},
		{Grant: "g2", Matter: "<script>", Mode: "other", Decider: "d", Missing: []string{"承接协议未签订备案 no agreement on record"}, InFlight: 7, Answers: "a",
			Warnings: []string{"仅有文件“县方案”"}},
	}}
	page, err := r.Page()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"g1", "实质性审核", "□ 承接协议未签订备案", "&lt;script&gt;", "<td>7</td>", "监交人", "尚缺 <b>1</b> 项", "注意 note: 仅有文件"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if strings.Contains(string(page), "<script>") {
		t.Error("a grant list writes markup")
	}
}
