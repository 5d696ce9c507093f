package app_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/tables"
	"tongzheng/registry"
	"tongzheng/registry/list"
	"tongzheng/registry/office"
)

var grantHeader = []string{"编号", "事项编码", "赋权方式", "原行使机关", "决定机关", "受理机关", "审查机关", "地域", "依据文件", "清单", "批次", "生效日期", "收回机关", "承接协议", "协议日期"}

func asWorkbook(t *testing.T, rows [][]string) string {
	t.Helper()
	book := excelize.NewFile()
	for i, row := range rows {
		cells := make([]any, len(row))
		for j := range row {
			cells[j] = row[j]
		}
		if err := book.SetSheetRow("Sheet1", "A"+string(rune('1'+i)), &cells); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "list.xlsx")
	if err := book.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func asCSV(t *testing.T, rows [][]string) string {
	t.Helper()
	var text strings.Builder
	w := csv.NewWriter(&text)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	raw, err := simplifiedchinese.GB18030.NewEncoder().String(text.String())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestGrantList: a list in both forms, dry run with every bad row by number,
// nothing applied while one is bad, then applied, then the same.
func TestGrantList(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := openFor(t, ownPlace(t), nil)
	defer a.Close()
	record, _, err := a.View.Record(registry.KindGrant, "xg-direct-001")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("reported", func(t *testing.T) { reportedSheets(t, a) })
	t.Run("saved", func(t *testing.T) { savedSheets(t, a) })
	direct := record.(*registry.Grant)
	good := []string{"new-001", direct.Matter, "直接承接", direct.Source, direct.Decider, "", "", direct.Territory, "演示文件", "new", "1", "2026-01-01", direct.RecallBy, "", ""}
	change := func(i int, value string) []string {
		row := append([]string(nil), good...)
		row[0], row[i] = "new-002", value
		return row
	}
	rows := [][]string{grantHeader, good, {}, change(2, "承包"), change(11, "某日"), good}
	for _, path := range []string{asWorkbook(t, rows), asCSV(t, rows)} {
		table, err := tables.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := a.Office.Grants.Plan(ctx, registry.Operator("test"), table)
		if err != nil {
			t.Fatal(err)
		}
		var bad []int
		for _, l := range plan.Lines {
			if l.Change == office.LineBad {
				bad = append(bad, l.Row)
			}
		}
		if len(bad) != 3 || bad[0] != 4 || bad[2] != 6 || plan.Count(office.LineNew) != 1 {
			t.Errorf("%s: bad rows %v of %+v", filepath.Ext(path), bad, plan.Lines)
		}
		if err := a.Office.Grants.Apply(ctx, registry.Operator("test"), plan); err == nil {
			t.Error("a list with bad rows was applied")
		}
	}
	table, err := tables.Read(asWorkbook(t, [][]string{grantHeader, good}))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{office.LineNew, office.LineSame} {
		plan, err := a.Office.Grants.Plan(ctx, registry.Operator("test"), table)
		if err != nil || plan.Lines[0].Change != want {
			t.Fatalf("time %d: %+v %v", i+1, plan, err)
		}
		if err := a.Office.Grants.Apply(ctx, registry.Operator("test"), plan); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Office.Grants.Plan(ctx, registry.Operator("test"), list.Of([][]string{{"编号", "备注"}, {"x", "y"}})); registry.CodeOf(err) != registry.CodeUnknownField {
		t.Errorf("an unknown column: %v", err)
	}

	// Readiness: the county's direct grant lacks nothing; one over a matter
	// without anything lacks template and people; a review grant its agreement.
	review := *direct
	review.ID, review.Mode, review.Examiner, review.Agreement, review.Agreed = "r", registry.ModeReview, direct.Decider, "", 0
	bare := *direct
	bare.ID, bare.Matter = "b", "999999999999"
	report, err := a.Office.Grants.Readiness(ctx, registry.Operator("test"), []*registry.Grant{direct, &review, &bare}, registry.DateOf(a.Config.Clock()))
	if err != nil {
		t.Fatal(err)
	}
	// A power that moved on a county's document alone is doubted, and ready all the same.
	if len(report.Lines[0].Warnings) != 1 || report.Ready() != 1 || len(report.Lines[1].Warnings) != 0 {
		t.Errorf("doubts: %+v", report.Lines)
	}
	if len(report.Lines[0].Missing) != 0 || len(report.Lines[1].Missing) == 0 || len(report.Lines[2].Missing) < 2 {
		t.Errorf("%+v", report.Lines)
	}
	if text := report.Markdown(); !strings.Contains(text, "承接协议") || !strings.Contains(text, "签字") {
		t.Error(text)
	}

	preparations(t, a, direct)

	// The demonstration city's blanks are all accounted for.
	once(t, a, 0)
	lines, err := a.Office.Stocks.Report(ctx, registry.Operator("test"), "")
	if err != nil || len(lines) == 0 {
		t.Fatalf("%v %v", lines, err)
	}
	good1 := 0
	for i := range lines {
		good1 += lines[i].Good
		if !lines[i].Balanced() {
			t.Errorf("%+v", lines[i])
		}
	}
	if good1 == 0 {
		t.Error("no blank in use")
	}
}

// TestLongGrantList: a list of more rows than go into one transaction is judged
// and set as one. Its last row rests on its first.
func TestLongGrantList(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := openFor(t, ownPlace(t), nil)
	defer a.Close()
	record, _, err := a.View.Record(registry.KindGrant, "xg-direct-001")
	if err != nil {
		t.Fatal(err)
	}
	g := record.(*registry.Grant)
	rows := [][]string{append(append([]string(nil), grantHeader...), "所依授权", "公告", "公告日期")}
	for i := range 300 {
		rows = append(rows, []string{fmt.Sprintf("long-%03d", i), g.Matter, "自行行使", "", g.Decider, "", "", g.Territory, "演示文件", "long", "1", "2026-01-01", g.RecallBy, "", "", "", "", ""})
	}
	rows = append(rows, []string{"long-entrust", g.Matter, "委托", g.Decider, g.Decider, g.RecallBy, "", g.Territory, "演示文件", "long", "1", "2026-01-01", g.RecallBy, "", "", "long-000", "公告", "2026-01-01"})
	plan, err := a.Office.Grants.Plan(ctx, registry.Operator("test"), list.Of(rows))
	if err != nil {
		t.Fatal(err)
	}
	if plan.Count(office.LineNew) != 301 {
		t.Fatalf("%d new; the last: %+v", plan.Count(office.LineNew), plan.Lines[300])
	}
	if err := a.Office.Grants.Apply(ctx, registry.Operator("test"), plan); err != nil {
		t.Fatal(err)
	}
	if plan, err = a.Office.Grants.Plan(ctx, registry.Operator("test"), list.Of(rows)); err != nil || plan.Count(office.LineSame) != 301 {
		t.Fatalf("%d the same: %v", plan.Count(office.LineSame), err)
	}
}

// preparations: a list may say the legal kind, who else is told, and the five
// things that a plan asks for (一单一案一课一专员一表); the readiness check wants
// those that are not there yet, and a document named once stays.
func preparations(t *testing.T, a *app.App, direct *registry.Grant) {
	t.Helper()
	ctx, by := context.Background(), registry.Operator("test")
	header := []string{"编号", "事项编码", "赋权方式", "原行使机关", "决定机关", "地域", "依据文件", "生效日期", "收回机关", "法律类型", "法律依据", "告知机关", "一单", "一案", "一课", "一专员", "一表"}
	row := []string{"new-003", direct.Matter, "直接承接", direct.Source, direct.Decider, direct.Territory, "演示文件", "2026-01-01", direct.RecallBy,
		"相对集中行政许可权", "省政府批复（演示）", direct.Regulators[0], "清单〔2026〕1号", "", "", "不适用", ""}
	apply := func(want string) *registry.Grant {
		t.Helper()
		plan, err := a.Office.Grants.Plan(ctx, by, list.Of([][]string{header, row}))
		if err != nil || plan.Lines[0].Change != want || len(plan.Lines[0].Warnings) != 0 {
			t.Fatalf("want %s: %+v %v", want, plan, err)
		}
		if err := a.Office.Grants.Apply(ctx, by, plan); err != nil {
			t.Fatal(err)
		}
		return plan.Lines[0].Record
	}
	missing := func(g *registry.Grant, want int) {
		t.Helper()
		report, err := a.Office.Grants.Readiness(ctx, by, []*registry.Grant{g}, registry.DateOf(a.Config.Clock()))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, m := range report.Lines[0].Missing {
			if strings.HasPrefix(m, "一") {
				n++
			}
		}
		if n != want {
			t.Errorf("lacking %d, want %d: %v", n, want, report.Lines[0].Missing)
		}
	}
	g := apply(office.LineNew)
	if g.Legal != registry.LegalConcentrated || len(g.Informed) != 1 || len(g.Preparations) != 4 {
		t.Errorf("%+v", g)
	}
	missing(g, 3)
	row[12], row[13] = "", "承接方案（演示）"
	g = apply(office.LineChanged)
	missing(g, 2)
	apply(office.LineSame)
	row[13] = "另一方案"
	if plan, err := a.Office.Grants.Plan(ctx, by, list.Of([][]string{header, row})); err != nil || plan.Count(office.LineBad) != 1 {
		t.Errorf("a document named once: %+v %v", plan, err)
	}
	row[13], row[9], row[10] = "", "", ""
	row[0] = "new-004"
	plan, err := a.Office.Grants.Plan(ctx, by, list.Of([][]string{header, row}))
	if err != nil || len(plan.Lines[0].Warnings) != 1 || plan.Lines[0].Change != office.LineNew {
		t.Errorf("a county's document alone: %+v %v", plan, err)
	}
}
