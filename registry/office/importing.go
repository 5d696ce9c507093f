package office

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tongzheng/registry"
	"tongzheng/registry/list"
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
	Row         int             `json:"row"` // as the spreadsheet shows it
	ID          string          `json:"id"`
	Change      string          `json:"change"`
	Differences []string        `json:"differences,omitempty"` // of a changed one: field, before → after
	Problems    []string        `json:"problems,omitempty"`    // of a bad one
	Warnings    []string        `json:"warnings,omitempty"`    // doubts that do not stop it
	Record      *registry.Grant `json:"-"`
}

// GrantImport is a grant list as judged by the ledger's own contract.
type GrantImport struct {
	Worksheet string      `json:"worksheet,omitempty"` // the sheet that was read
	Notes     []string    `json:"notes,omitempty"`     // what of the file was not read, or is not seen in it
	Lines     []GrantLine `json:"lines"`
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

// badMost is how many bad rows an error names.
const badMost = 50

// Bad is an error that names every bad row and all that is wrong with it; nil
// when none is.
func (g *GrantImport) Bad() error {
	n := g.Count(LineBad)
	if n == 0 {
		return nil
	}
	var rows []string
	for _, l := range g.Lines {
		if l.Change == LineBad && len(rows) < badMost {
			rows = append(rows, fmt.Sprintf("第 %d 行 row %d: %s", l.Row, l.Row, strings.Join(l.Problems, "；")))
		}
	}
	if n > badMost {
		rows = append(rows, fmt.Sprintf("及另外 %d 行 and %d more rows", n-badMost, n-badMost))
	}
	return registry.Errorf(registry.CodeMalformed, "list", "%d 行有误，请先改正 rows are bad, mend them first: %s", n, strings.Join(rows, "\n"))
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

// grantColumns are the columns of a grant list.
var grantColumns = []list.Column{
	{Name: "id", Title: "编号", Required: true}, {Name: "matter", Title: "事项编码", Required: true}, {Name: "mode", Title: "赋权方式", Required: true},
	{Name: "source", Title: "原行使机关"}, {Name: "decider", Title: "决定机关", Required: true}, {Name: "acceptor", Title: "受理机关"},
	{Name: "examiner", Title: "审查机关"}, {Name: "territory", Title: "地域", Required: true}, {Name: "document", Title: "依据文件", Required: true},
	{Name: "list", Title: "清单"}, {Name: "batch", Title: "批次"}, {Name: "effective", Title: "生效日期", Required: true},
	{Name: "recall_by", Title: "收回机关", Required: true}, {Name: "agreement", Title: "承接协议"}, {Name: "agreed", Title: "协议日期"},
	{Name: "handling_center", Title: "经办中心"}, {Name: "rests", Title: "所依授权"}, {Name: "publication", Title: "公告"},
	{Name: "published", Title: "公告日期"}, {Name: "handover", Title: "移交"}, {Name: "regulators", Title: "监管机关"},
	{Name: "end", Title: "终止日期"}, {Name: "end_basis", Title: "终止依据"},
	{Name: "legal_kind", Title: "法律类型"}, {Name: "legal_basis", Title: "法律依据"}, {Name: "informed", Title: "告知机关"},
	{Name: "prepared_list", Title: "一单"}, {Name: "prepared_scheme", Title: "一案"}, {Name: "prepared_training", Title: "一课"},
	{Name: "accepts", Title: "受理地域"},
	{Name: "prepared_liaison", Title: "一专员"}, {Name: "prepared_feedback", Title: "一表"},
}

var legalNames = map[string]registry.LegalKind{"相对集中行政许可权": registry.LegalConcentrated, "委托": registry.LegalEntrusted, "法律法规授权": registry.LegalAuthorized}

// notAsked in a column of preparations says that the plan does not ask for it.
const notAsked = "不适用"

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

// Plan reads a grant list and has the ledger judge every row without writing
// anything. A bad row does not hide the others; one whose cells cannot be read
// is not judged.
func (o *Grants) Plan(ctx context.Context, by registry.Actor, table *list.Table) (*GrantImport, error) {
	if err := by.MayOperate(); err != nil {
		return nil, err
	}
	if len(table.Rows) < 2 {
		return nil, registry.Errorf(registry.CodeMalformed, "list", "want a header and at least one row")
	}
	records, err := table.Read(grantColumns)
	if err != nil {
		return nil, err
	}
	registered, err := o.registered()
	if err != nil {
		return nil, err
	}
	plan, seen := &GrantImport{Worksheet: table.Worksheet, Notes: table.Notes}, map[string]int{}
	for _, r := range records {
		line := GrantLine{Row: r.Row}
		line.Record, line.Problems = readGrant(r, registered)
		line.ID = line.Record.ID
		if earlier := seen[line.ID]; earlier != 0 && line.ID != "" {
			line.Problems = append(line.Problems, fmt.Sprintf("编号与第 %d 行重复 same id as row %d: %s", earlier, earlier, line.ID))
		}
		seen[line.ID] = line.Row
		if err := o.compareGrant(&line); err != nil {
			return nil, err
		}
		line.Warnings = footing(line.Record)
		plan.Lines = append(plan.Lines, line)
	}
	return plan, o.judgeGrants(ctx, plan)
}

// registered tells which organizations the ledger has.
func (o *Grants) registered() (func(code string) bool, error) {
	all, err := recordsOf[*registry.Organization](o.common, registry.KindOrganization)
	known := map[string]bool{}
	for _, one := range all {
		known[one.Code] = true
	}
	return func(code string) bool { return known[code] }, err
}

// readGrant reads one row; what cannot be read is named, the rest is kept.
func readGrant(r *list.Record, registered func(code string) bool) (*registry.Grant, []string) {
	day := func(name string) int64 {
		if d := r.Day(name); d != 0 {
			return d.Start().Unix()
		}
		return 0
	}
	organization := func(name string) string { return r.Organization(name, registered) }
	g := &registry.Grant{ID: r.Key("id"), Matter: r.Code("matter"), Mode: list.Choice(r, "mode", modeNames), Source: organization("source"),
		Decider: organization("decider"), Acceptor: organization("acceptor"), Examiner: organization("examiner"), Territory: r.Code("territory"),
		Document: r.Text("document"), List: r.Text("list"), Batch: r.Text("batch"), Effective: day("effective"), RecallBy: organization("recall_by"),
		Agreement: r.Text("agreement"), Agreed: day("agreed"), Handling: organization("handling_center"), Rests: r.Key("rests"),
		Publication: r.Text("publication"), Published: day("published"), Handover: r.Yes("handover"), End: day("end"), EndBasis: r.Text("end_basis")}
	g.Regulators, g.Informed = r.Organizations("regulators", registered), r.Organizations("informed", registered)
	g.Accepts = r.Codes("accepts")
	g.Legal, g.LegalBasis = list.Choice(r, "legal_kind", legalNames), r.Text("legal_basis")
	for _, kind := range registry.PreparationKinds() {
		if name := "prepared_" + string(kind); r.Has(name) && r.Text(name) != notAsked {
			g.Preparations = append(g.Preparations, registry.Preparation{Kind: kind, Document: r.Text(name)})
		}
	}
	var problems []string
	for _, p := range r.Problems {
		problems = append(problems, p.String())
	}
	if err := g.Check(); err != nil && len(problems) == 0 {
		problems = append(problems, err.Error())
	}
	return g, problems
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
	if len(from.Informed) > 0 {
		now.Informed = from.Informed
	}
	if len(from.Accepts) > 0 {
		now.Accepts = from.Accepts
	}
	if from.Legal != "" || from.LegalBasis != "" {
		now.Legal, now.LegalBasis = from.Legal, from.LegalBasis
	}
	now.Preparations = prepared(before.Preparations, from.Preparations)
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

// prepared is what the ledger has of preparations, with what a list adds: what
// is there stays when a list's cell is empty.
func prepared(before, list []registry.Preparation) []registry.Preparation {
	all := slices.Clone(before)
	for _, p := range list {
		i := slices.IndexFunc(all, func(was registry.Preparation) bool { return was.Kind == p.Kind })
		switch {
		case i < 0:
			all = append(all, p)
		case p.Document != "":
			all[i] = p
		}
	}
	return all
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
func (o *Grants) judgeGrants(ctx context.Context, plan *GrantImport) error {
	rules, err := o.rules()
	if err != nil {
		return err
	}
	var at []int
	for i, l := range plan.Lines {
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
		order, err := o.governing.order(OrderDraft{Organization: rules.City, Record: plan.Lines[i].Record, Basis: plan.Lines[i].Record.Document}, now)
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
		if line := &plan.Lines[at[n]]; !result.Accepted() {
			line.Change = LineBad
			line.Problems = append(line.Problems, fmt.Sprintf("账本不予接受 the ledger refuses: %s (%s) %s", result.Code, result.Field, result.Code.Chinese()))
		}
	}
	return nil
}

// Apply sets what the list changes, all rows or none: with a bad row
// nothing is applied, and where governors sign, all rows stand on one sheet.
func (o *Grants) Apply(ctx context.Context, by registry.Actor, plan *GrantImport) error {
	if err := by.MayOperate(); err != nil {
		return err
	}
	if err := plan.Bad(); err != nil {
		return err
	}
	rules, err := o.rules()
	if err != nil {
		return err
	}
	var drafts []OrderDraft
	for _, l := range plan.Lines {
		if l.Change == LineNew || l.Change == LineChanged {
			drafts = append(drafts, OrderDraft{Organization: rules.City, Record: l.Record, Basis: l.Record.Document})
		}
	}
	return o.governing.govern(ctx, by, drafts)
}
