package list_test

import (
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/list"
)

func TestParseDay(t *testing.T) {
	for _, text := range []string{"2026-06-01", "2026-6-1", "2026/6/1", "2026/06/01", "2026.6.1", "2026. 6. 1", "20260601", "20260601093000", "46174", "46174.395833",
		"2026年6月1日", "2026年06月01日", "2026 年 6 月 1 日", "２０２６年６月１日", "２０２６－０６－０１", "2026／6／1", "二〇二六年六月一日", "二○二六年六月一日",
		"2026-06-01 00:00:00", "2026/6/1 0:00", "2026/6/1 10:30", "2026-06-01T23:59:59", "2026-06-01T00:00:00.000", "2026-06-01T16:30:00+08:00", "2026-05-31T16:00:00Z",
		"2026年6月1日 9时30分", "2026年6月1日9:30", "2026/6/1 上午9:30", "2026/6/1 星期一", "2026年6月1日（星期一）", " 2026-06-01 ", "2026-06-01\u200b", "\ufeff2026-06-01", "2026-06-01\u00a000:00"} {
		if got, ok := list.ParseDay(text); !ok || got.String() != "2026-06-01" {
			t.Errorf("%q: %s %v", text, got, ok)
		}
	}
	for text, want := range map[string]string{"二〇二六年十一月二十日": "2026-11-20", "二〇二六年十月三十一日": "2026-10-31", "2026-05-31T15:59:59Z": "2026-05-31", "2024年2月29日": "2024-02-29", "2026/6/11 0:30": "2026-06-11"} {
		if got, ok := list.ParseDay(text); !ok || got.String() != want {
			t.Errorf("%q: %s %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "某日", "6月1日", "6/1/2026", "01/06/2026", "26-6-1", "2026-13-01", "2026-02-30", "2026年6月", "202606", "2026", "12", "2026-6/1", "2026年6-1",
		"20261301", "1.5", "99999", "2026/6/110:30", "2026-06-01abc", "2026-06-01-02", "二〇二六年十三月一日", "0026-06-01", "-46174", "4.6174E+4", "2026-06-01至2027-06-01"} {
		if got, ok := list.ParseDay(text); ok {
			t.Errorf("%q was read as %s", text, got)
		}
	}
	for count, want := range map[float64][2]string{46174: {"2026-06-01", "2030-06-02"}, 44712: {"2022-05-31", "2026-06-01"}, 46174.9999: {"2026-06-01", "2030-06-02"}, 60: {"", ""}, 2958465: {"", ""}} {
		if a, b := list.OfCount(count, false).String(), list.OfCount(count, true).String(); a != want[0] || b != want[1] {
			t.Errorf("%v: %s, since 1904 %s", count, a, b)
		}
	}
}

var columns = []list.Column{{Name: "code", Title: "代码", Required: true, Private: true}, {Name: "who", Title: "决定机关", Required: true}, {Name: "day", Title: "生效日期"},
	{Name: "text", Title: "依据文件"}, {Name: "several", Title: "监管机关"}, {Name: "yes", Title: "移交"}, {Name: "mode", Title: "方式"}}

const good, other, misses = "11360700DEM2000168", "11430000006122244L", "11360700DEM2000169"

// Titles and notes may stand above the header; white space, width and marks in
// column titles do not count; rows keep their numbers.
func TestHeader(t *testing.T) {
	table := list.Of([][]string{{"附件1", "", ""}, {"赣州市赋权清单"}, {}, {"序号", " 代\n码*", "决定机关名称"}, {"1", "x", good}})
	if _, err := table.Read(columns); registry.CodeOf(err) != registry.CodeUnknownField {
		t.Errorf("a title that is another: %v", err)
	}
	table = list.Of([][]string{{"附件1", "", ""}, {"赣州市赋权清单"}, {}, {"序号", " 代\n码*", "ＷＨＯ（必填）", ""}, {"1", "x", good}, {"", "\u00a0", "\u200b"}, {"2", "y", good}})
	records, err := table.Read(columns)
	if err != nil || len(records) != 2 || records[0].Row != 5 || records[1].Row != 7 || records[1].Key("code") != "y" {
		t.Errorf("%+v %v", records, err)
	}
	for want, rows := range map[registry.Code][][]string{registry.CodeMalformed: {}, registry.CodeMissing: {{"代码", "生效日期"}, {"x", "y"}}, registry.CodeUnknownField: {{"代码", "备注", "代码", "日期"}}} {
		_, err := list.Of(rows).Read(columns)
		if registry.CodeOf(err) != want {
			t.Errorf("%v: %v", rows, err)
		}
		if want == registry.CodeUnknownField { // everything at once
			for _, say := range []string{"B1", "备注", "C1", "twice", "D1", "决定机关", "missing"} {
				if !strings.Contains(err.Error(), say) {
					t.Errorf("no %s in %v", say, err)
				}
			}
		}
	}
}

// Every fault of a row is named at once: cell, column, value, reason.
func TestRecord(t *testing.T) {
	read := func(values ...string) *list.Record {
		t.Helper()
		records, err := list.Of([][]string{list.Titles(columns), values}).Read(columns)
		if err != nil || len(records) != 1 {
			t.Fatalf("%v %v", records, err)
		}
		return records[0]
	}
	registered := func(code string) bool { return code == misses }
	r := read(" '360732\u200b199001011234 ", "１１３６０７００dem2000168", "２０２６年６月１日", " 赣市府发\r\n〔2026〕1号 ", good+"、"+other+"\n"+misses, "是", "own")
	if code := r.Key("code"); code != "360732199001011234" {
		t.Error(code)
	}
	if who := r.Organization("who", nil); who != good {
		t.Error(who)
	}
	if day := r.Day("day"); day.String() != "2026-06-01" {
		t.Error(day)
	}
	if text := r.Text("text"); text != "赣市府发〔2026〕1号" {
		t.Errorf("%q", text)
	}
	if all := r.Organizations("several", registered); !slices.Equal(all, []string{good, other, misses}) {
		t.Error(all)
	}
	if mode := list.Choice(r, "mode", map[string]registry.Mode{"自行行使": registry.ModeOwn}); mode != registry.ModeOwn || !r.Yes("yes") {
		t.Error(mode)
	}
	if len(r.Problems) != 0 {
		t.Error(r.Problems)
	}

	r = read("3.60732E+17", misses, "某日", "甲\u00ad乙", good+" 11O", "也许", "承包")
	r.Key("code")
	r.Organization("who", nil)
	r.Day("day")
	r.Text("text")
	r.Organizations("several", nil)
	r.Yes("yes")
	list.Choice(r, "mode", map[string]registry.Mode{"自行行使": registry.ModeOwn})
	for i, wants := range [][]string{{"A2", "代码", "3.*", "digits lost"}, {"B2", "决定机关", misses, "credit code"}, {"C2", "生效日期", "某日", "not a day"}, {"D2", "依据文件", "U+00AD"},
		{"E2", "监管机关", "18 characters"}, {"F2", "移交", "也许"}, {"G2", "方式", "承包", "自行行使"}} {
		if i >= len(r.Problems) {
			t.Fatal(r.Problems)
		}
		for _, want := range wants {
			if !strings.Contains(r.Problems[i].String(), want) {
				t.Errorf("no %q in %s", want, r.Problems[i])
			}
		}
	}
	if err := list.Faults([]*list.Record{r, read("x", good)}); registry.CodeOf(err) != registry.CodeMalformed || strings.Contains(err.Error(), "60732") || strings.Count(err.Error(), "row 2") != 1 {
		t.Error(err)
	}
	if empty := read("", good).Problems; len(empty) != 1 || !strings.Contains(empty[0].String(), "A2 代码（code）：不能为空") {
		t.Errorf("a required cell that is empty: %v", empty)
	}
}

// Error values and lost digits are faults also where they come as texts.
func TestTextCell(t *testing.T) {
	for text, fault := range map[string]string{"#N/A": list.FaultError, " #ref! ": list.FaultError, "########": list.FaultWidth, "Err:522": list.FaultError, " 错误:508": list.FaultError, "错误：522": list.FaultError, "Err:5": "", "错误:": "", "3.60732E+17": list.FaultDigits, "1E+15": list.FaultDigits,
		"#1 窗口": "", "2E3": "", "1E5": "", "": "", "11430000006122244L": ""} {
		if got := list.TextCell(text).Fault; got != fault {
			t.Errorf("%q: %q", text, got)
		}
	}
	for want, at := range map[string][2]int{"A1": {0, 1}, "Z9": {25, 9}, "AA10": {26, 10}, "AZ1": {51, 1}, "XFD1": {16383, 1}} {
		if got := list.Address(at[0], at[1]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
