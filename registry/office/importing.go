package office

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tongzheng/registry"
)

// Changes that a line of a grant list would make.
const (
	LineNew     = "new"
	LineChanged = "changed"
	LineSame    = "same"
	LineBad     = "bad"
)

// GrantLine is one row of a grant list and what it would do.
type GrantLine struct {
	Row         int             `json:"row"` // as the spreadsheet counts: 1 is the header
	ID          string          `json:"id"`
	Change      string          `json:"change"`
	Differences []string        `json:"differences,omitempty"` // of a changed one: field, before → after
	Problems    []string        `json:"problems,omitempty"`    // of a bad one
	Record      *registry.Grant `json:"-"`
}

// GrantImport is a grant list as judged by the ledger's own contract.
type GrantImport struct {
	Lines []GrantLine `json:"lines"`
}

// Count counts the lines with a change.
func (g *GrantImport) Count(change string) (n int) {
	for _, l := range g.Lines {
		if l.Change == change {
			n++
		}
	}
	return n
}

// Grants are the records of the lines that are not bad.
func (g *GrantImport) Grants() []*registry.Grant {
	var all []*registry.Grant
	for _, l := range g.Lines {
		if l.Change != LineBad {
			all = append(all, l.Record)
		}
	}
	return all
}

// grantColumns are the columns of a grant list by every name they go by.
var grantColumns = map[string]string{
	"编号": "id", "事项编码": "matter", "赋权方式": "mode", "原行使机关": "source", "决定机关": "decider", "受理机关": "acceptor", "审查机关": "examiner",
	"地域": "territory", "依据文件": "document", "清单": "list", "批次": "batch", "生效日期": "effective", "收回机关": "recall_by",
	"承接协议": "agreement", "协议日期": "agreed", "经办中心": "handling_center", "所依授权": "rests", "公告": "publication", "公告日期": "published", "移交": "handover",
	"监管机关": "regulators", "终止日期": "end", "终止依据": "end_basis",
}

var modeNames = map[string]registry.Mode{"自行行使": registry.ModeOwn, "直接承接": registry.ModeDirect, "实质性审核": registry.ModeReview,
	"服务窗口前移": registry.ModeWindow, "窗口进驻": registry.ModeResident, "委托": registry.ModeEntrust}

// Grants takes grant lists (赋权清单) and says before their day what they lack.
type Grants struct {
	*common
	ledger interface {
		DryRun(ctx context.Context, batch registry.Batch) (*registry.Outcome, error)
	}
	licenses interface {
		Search(ctx context.Context, q SearchQuery) (*SearchPage, error)
	}
	governing *Governing
}

// Plan reads a grant list — the first row names the columns — and has
// the ledger judge every row without writing anything. A bad row does not hide
// the others.
func (o *Grants) Plan(ctx context.Context, by registry.Actor, table [][]string) (*GrantImport, error) {
	if err := by.MayOperate(); err != nil {
		return nil, err
	}
	if len(table) < 2 {
		return nil, registry.Errorf(registry.CodeMalformed, "list", "want a header and at least one row")
	}
	columns, err := grantHeader(table[0])
	if err != nil {
		return nil, err
	}
	list, seen := &GrantImport{}, map[string]int{}
	for i, cells := range table[1:] {
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		line := GrantLine{Row: i + 2}
		line.Record, line.Problems = readGrant(columns, cells)
		line.ID = line.Record.ID
		if earlier := seen[line.ID]; earlier != 0 {
			line.Problems = append(line.Problems, fmt.Sprintf("编号与第 %d 行重复 same id as row %d", earlier, earlier))
		}
		seen[line.ID] = line.Row
		if err := o.compareGrant(&line); err != nil {
			return nil, err
		}
		list.Lines = append(list.Lines, line)
	}
	return list, o.judgeGrants(ctx, list)
}

func grantHeader(cells []string) (map[string]int, error) {
	columns := map[string]int{}
	known := map[string]bool{}
	for _, name := range grantColumns {
		known[name] = true
	}
	for i, cell := range cells {
		name := strings.TrimSpace(strings.TrimPrefix(cell, "\uFEFF"))
		if other, ok := grantColumns[name]; ok {
			name = other
		}
		switch _, twice := columns[name]; {
		case name == "":
			continue
		case !known[name]:
			return nil, registry.Errorf(registry.CodeUnknownField, "header", "column %d is %q, which a grant list does not have", i+1, name)
		case twice:
			return nil, registry.Errorf(registry.CodeMalformed, "header", "column %s stands twice", name)
		}
		columns[name] = i
	}
	for _, name := range []string{"id", "matter", "mode", "decider", "territory", "document", "effective", "recall_by"} {
		if _, ok := columns[name]; !ok {
			return nil, registry.Errorf(registry.CodeMissing, "header", "column %s is missing", name)
		}
	}
	return columns, nil
}

// readGrant reads one row; what cannot be read is named, the rest is kept.
func readGrant(columns map[string]int, cells []string) (*registry.Grant, []string) {
	var problems []string
	text := func(name string) string {
		if i, ok := columns[name]; ok && i < len(cells) {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	day := func(name string) int64 {
		if text(name) == "" {
			return 0
		}
		d, err := parseDay(text(name))
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: 日期无法识别 not a day: %q", name, text(name)))
			return 0
		}
		return d.Unix()
	}
	g := &registry.Grant{ID: text("id"), Matter: text("matter"), Mode: registry.Mode(text("mode")), Source: text("source"), Decider: text("decider"),
		Acceptor: text("acceptor"), Examiner: text("examiner"), Territory: text("territory"), Document: text("document"), List: text("list"),
		Batch: text("batch"), Effective: day("effective"), RecallBy: text("recall_by"), Agreement: text("agreement"), Agreed: day("agreed"),
		Handling: text("handling_center"), Rests: text("rests"), Publication: text("publication"), Published: day("published"), End: day("end"), EndBasis: text("end_basis")}
	g.Regulators = strings.FieldsFunc(text("regulators"), func(r rune) bool { return strings.ContainsRune(" ,;、，；\n", r) })
	if mode, ok := modeNames[string(g.Mode)]; ok {
		g.Mode = mode
	}
	switch text("handover") {
	case "是", "yes", "true", "1":
		g.Handover = true
	case "", "否", "no", "false", "0":
	default:
		problems = append(problems, fmt.Sprintf("handover: 请填是或否 want yes or no: %q", text("handover")))
	}
	if err := g.Check(); err != nil {
		problems = append(problems, err.Error())
	}
	return g, problems
}

// parseDay reads a civil day as people and spreadsheets write it: midnight at
// +08:00. A bare number is a spreadsheet's day count from 1899-12-30.
func parseDay(text string) (time.Time, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 20000 && n < 80000 {
		return time.Date(1899, 12, 30+n, 0, 0, 0, 0, registry.China), nil
	}
	for _, layout := range []string{"2006-01-02", "2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日"} {
		if t, err := time.ParseInLocation(layout, text, registry.China); err == nil {
			return t, nil
		}
	}
	return time.Time{}, registry.Errorf(registry.CodeDateForm, "date", "%q", text)
}

// compareGrant says what a row changes of what the ledger has. What a list does
// not carry — start of operation, listed cases, an end — stays as it is.
func (o *Grants) compareGrant(line *GrantLine) error {
	if len(line.Problems) > 0 {
		line.Change = LineBad
		return nil
	}
	before, err := recordOf[*registry.Grant](o.common, registry.KindGrant, line.ID)
	if err != nil {
		return err
	}
	if before == nil {
		line.Change = LineNew
		return nil
	}
	now := *before
	from := line.Record
	now.Matter, now.Mode, now.Source, now.Decider, now.Acceptor, now.Examiner = from.Matter, from.Mode, from.Source, from.Decider, from.Acceptor, from.Examiner
	now.Territory, now.Document, now.List, now.Batch, now.Effective, now.RecallBy = from.Territory, from.Document, from.List, from.Batch, from.Effective, from.RecallBy
	now.Agreement, now.Agreed, now.Handling, now.Rests = from.Agreement, from.Agreed, from.Handling, from.Rests
	now.Publication, now.Published, now.Handover = from.Publication, from.Published, from.Handover
	if len(from.Regulators) > 0 {
		now.Regulators = from.Regulators
	}
	if from.End != 0 {
		now.End, now.EndBasis = from.End, from.EndBasis
	}
	line.Record = &now
	if line.Differences, err = differences(before, &now); err != nil {
		return err
	}
	line.Change = LineSame
	if len(line.Differences) > 0 {
		line.Change = LineChanged
	}
	return nil
}

func differences(before, after *registry.Grant) ([]string, error) {
	fields := func(g *registry.Grant) (map[string]any, error) {
		raw, err := json.Marshal(g)
		if err != nil {
			return nil, err
		}
		var m map[string]any
		return m, json.Unmarshal(raw, &m)
	}
	was, err := fields(before)
	if err != nil {
		return nil, err
	}
	is, err := fields(after)
	if err != nil {
		return nil, err
	}
	var found []string
	for name := range is {
		if fmt.Sprint(was[name]) != fmt.Sprint(is[name]) {
			found = append(found, fmt.Sprintf("%s: %v → %v", name, was[name], is[name]))
		}
	}
	for name := range was {
		if _, ok := is[name]; !ok {
			found = append(found, fmt.Sprintf("%s: %v → –", name, was[name]))
		}
	}
	slices.Sort(found)
	return found, nil
}

// judgeGrants has the contract judge the rows that would change something, all
// in one dry run: a row may rest on an earlier one.
func (o *Grants) judgeGrants(ctx context.Context, list *GrantImport) error {
	rules, err := o.rules()
	if err != nil {
		return err
	}
	var at []int
	for i, l := range list.Lines {
		if l.Change == LineNew || l.Change == LineChanged {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil
	}
	if len(at) > sheetMost {
		return registry.Errorf(registry.CodeMalformed, "list", "%d rows would change something, at most %d at a time: split the list", len(at), sheetMost)
	}
	now := o.now()
	batch := registry.Batch{Namespace: registry.Governance, Rules: rules.Version, Time: now.Unix()}
	for _, i := range at {
		order, err := o.governing.order(OrderDraft{Organization: rules.City, Record: list.Lines[i].Record, Basis: list.Lines[i].Record.Document}, now)
		if err != nil {
			return err
		}
		batch.Entries = append(batch.Entries, &registry.Entry{Order: order})
	}
	outcome, err := o.ledger.DryRun(ctx, batch)
	if err != nil {
		return err
	}
	for n, result := range outcome.Results {
		if line := &list.Lines[at[n]]; !result.Accepted() {
			line.Change = LineBad
			line.Problems = append(line.Problems, fmt.Sprintf("账本不予接受 the ledger refuses: %s (%s) %s", result.Code, result.Field, result.Code.Chinese()))
		}
	}
	return nil
}

// Apply sets what the list changes, all rows or none: with a bad row
// nothing is applied, and where governors sign, all rows stand on one sheet.
func (o *Grants) Apply(ctx context.Context, by registry.Actor, list *GrantImport) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	if n := list.Count(LineBad); n > 0 {
		return registry.Errorf(registry.CodeMalformed, "list", "%d rows are bad: mend them first", n)
	}
	rules, err := o.rules()
	if err != nil {
		return err
	}
	var drafts []OrderDraft
	for _, l := range list.Lines {
		if l.Change == LineNew || l.Change == LineChanged {
			drafts = append(drafts, OrderDraft{Organization: rules.City, Record: l.Record, Basis: l.Record.Document})
		}
	}
	return o.governing.govern(ctx, by, drafts)
}
