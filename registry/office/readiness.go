package office

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tongzheng/registry"
)

// ReadinessLine is what one grant still lacks before its day.
type ReadinessLine struct {
	Grant    string        `json:"grant"`
	Matter   string        `json:"matter"`
	Mode     registry.Mode `json:"mode"`
	Decider  string        `json:"decider"`
	Missing  []string      `json:"missing,omitempty"`
	Warnings []string      `json:"warnings,omitempty"` // doubts that make nothing unready
	InFlight int           `json:"in_flight"`          // unfinished proceedings of the present holder, to be listed in the handover
	Answers  string        `json:"answers"`            // who answers in a review or lawsuit
}

// Readiness (赋权体检) is what a list lacks before its date.
type Readiness struct {
	Day   registry.Date   `json:"day"`
	Lines []ReadinessLine `json:"lines"`
}

// Ready counts the grants that lack nothing.
func (r *Readiness) Ready() (n int) {
	for _, l := range r.Lines {
		if len(l.Missing) == 0 {
			n++
		}
	}
	return n
}

// holdings is what readiness is judged by, read once.
type holdings struct {
	names     map[string]string // of organizations
	types     map[string][]*registry.TypeRecord
	seals     []*registry.SealRecord
	approvers []*registry.Approver
	stock     []*registry.Stock
	matters   map[string]string
	grants    []*registry.Grant
	now       int64
}

// Readiness examines grants, of a list or on the ledger, before their day.
func (o *Grants) Readiness(ctx context.Context, by registry.Actor, grants []*registry.Grant, day registry.Date) (*Readiness, error) {
	if err := by.MayOperate(); err != nil {
		return nil, err
	}
	h, err := o.holdings()
	if err != nil {
		return nil, err
	}
	r := &Readiness{Day: day}
	for _, g := range grants {
		line := ReadinessLine{Grant: g.ID, Matter: h.matters[g.Matter], Mode: g.Mode, Decider: h.name(g.Decider), Answers: h.answers(g)}
		if line.Matter == "" {
			line.Matter = g.Matter
			line.missing("事项未登记 matter %s is not registered", g.Matter)
		}
		h.formalities(g, day, &line)
		line.Warnings = append(line.Warnings, footing(g)...)
		if err := o.readyTypes(g, h, day, &line); err != nil {
			return nil, err
		}
		if g.Source != "" && g.Source != g.Decider {
			if line.InFlight, err = o.inFlight(ctx, g, h); err != nil {
				return nil, err
			}
		}
		r.Lines = append(r.Lines, line)
	}
	return r, nil
}

func (l *ReadinessLine) missing(format string, args ...any) {
	l.Missing = append(l.Missing, fmt.Sprintf(format, args...))
}

func (d *common) holdings() (*holdings, error) {
	h := &holdings{names: map[string]string{}, types: map[string][]*registry.TypeRecord{}, matters: map[string]string{}, now: d.now().Unix()}
	newest := map[string]*registry.TypeRecord{}
	for _, kind := range []registry.RecordKind{registry.KindOrganization, registry.KindMatter, registry.KindType, registry.KindSeal, registry.KindApprover, registry.KindStock, registry.KindGrant} {
		records, err := d.view.Records(kind)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			switch r := record.(type) {
			case *registry.Organization:
				h.names[r.Code] = r.FullName
			case *registry.Matter:
				h.matters[r.Code] = r.FullName
			case *registry.TypeRecord:
				if was := newest[r.Code]; was == nil || r.Version > was.Version {
					newest[r.Code] = r
				}
			case *registry.SealRecord:
				h.seals = append(h.seals, r)
			case *registry.Approver:
				h.approvers = append(h.approvers, r)
			case *registry.Stock:
				h.stock = append(h.stock, r)
			case *registry.Grant:
				h.grants = append(h.grants, r)
			}
		}
	}
	for _, t := range newest {
		for _, m := range t.Matters {
			h.types[m] = append(h.types[m], t)
		}
	}
	for _, types := range h.types {
		slices.SortFunc(types, func(a, b *registry.TypeRecord) int { return strings.Compare(a.Code, b.Code) })
	}
	return h, nil
}

func (h *holdings) name(code string) string {
	if name := h.names[code]; name != "" {
		return name
	}
	return code
}

// answers names who is sued and reviewed for what is decided under the grant.
func (h *holdings) answers(g *registry.Grant) string {
	switch g.Mode {
	case registry.ModeReview:
		return fmt.Sprintf("审核 examination: %s；结果 result: %s", h.name(g.Examiner), h.name(g.Decider))
	case registry.ModeEntrust:
		if g.Source != "" {
			return h.name(g.Source)
		}
	}
	return h.name(g.Decider)
}

// formalities: agreement, publication, handover, known organizations.
func (h *holdings) formalities(g *registry.Grant, day registry.Date, line *ReadinessLine) {
	start := day.Start().Unix()
	if g.Mode == registry.ModeReview && (g.Agreement == "" || g.Agreed > start) {
		line.missing("承接协议未签订备案 no agreement on record")
	}
	if g.Mode == registry.ModeEntrust && (g.Publication == "" || g.Published > start) {
		line.missing("委托未公告 the entrustment is not published")
	}
	if g.Handover && g.Operating == 0 {
		line.missing("移交书未签署、运行未登记 handover and start of operation are not recorded")
	}
	if g.Effective > start {
		line.missing("%s 起才生效 begins later: %s", registry.DateOfUnix(g.Effective), g.ID)
	}
	if g.End != 0 && g.End <= start {
		line.missing("已终止 has ended: %s", g.EndBasis)
	}
	for _, p := range g.Preparations {
		if p.Document == "" {
			line.missing("%s未备 %s is not there", preparationNames[p.Kind], p.Kind)
		}
	}
	for _, region := range g.Accepts {
		if !slices.ContainsFunc(h.grants, func(other *registry.Grant) bool {
			return other.ID != g.ID && other.Matter == g.Matter && (other.End == 0 || other.End > start) && registry.Within(other.Territory, region)
		}) {
			line.Warnings = append(line.Warnings, fmt.Sprintf("受理地域 %s 无本事项的决定机关，收件无处转办 nobody decides this matter in %s: what is taken in there cannot be forwarded", region, region))
		}
	}
	for _, code := range []string{g.Decider, g.Acceptor, g.Examiner, g.Source} {
		if code != "" && h.names[code] == "" {
			line.missing("机关未登记 organization %s is not registered", code)
		}
	}
}

var preparationNames = map[registry.PreparationKind]string{registry.PreparedList: "一单（赋权清单）", registry.PreparedScheme: "一案（承接方案）",
	registry.PreparedTraining: "一课（培训计划）", registry.PreparedLiaison: "一专员（联络员）", registry.PreparedFeedback: "一表（落实情况反馈表）"}

// footing warns where a grant does not say what its power rests on in law.
func footing(g *registry.Grant) []string {
	switch {
	case g.Founded():
		return nil
	case g.Mode == registry.ModeEntrust:
		return []string{"未载明可以委托的法律、法规、规章（许可法24）no law, regulation or rule that allows the entrustment is named"}
	case g.Legal == "":
		return []string{fmt.Sprintf("仅有文件“%s”：未载明省级决定（许可法25）或法律、法规授权 only this document stands: neither a province's decision nor a law or regulation is named", g.Document)}
	}
	return []string{fmt.Sprintf("未载明授权的法律、法规 kind %s, and no law or regulation is named", g.Legal)}
}

// readyTypes: template, seal, blanks, and people to sign, for every license
// type that the matter leads to.
func (o *Grants) readyTypes(g *registry.Grant, h *holdings, day registry.Date, line *ReadinessLine) error {
	types := h.types[g.Matter]
	if len(types) == 0 {
		line.missing("无证照模板 no license type for matter %s", g.Matter)
	}
	for _, t := range types {
		if t.Source == registry.Collected {
			continue // made and sealed elsewhere
		}
		if !h.sealReady(g, t, day) {
			line.missing("%s 无可用印章（%s）no %s seal in use for type %s", h.name(g.Decider), t.Seal, t.Seal, t.Code)
		}
		for kind, form := range t.Forms {
			if form != "" && !h.stockReady(g, t.Code, form) {
				line.missing("无空白证照 no blanks: %s, %s", kind, form)
			}
		}
		policy, err := o.law().Policy(t.Code)
		if registry.CodeOf(err) == registry.CodeApprovalMissing {
			line.missing("无控制策略 no control policy for type %s", t.Code)
			continue
		}
		if err != nil {
			return err
		}
		for _, role := range h.unstaffed(g, policy.Roles(registry.Issue, g.Mode), day) {
			line.missing("无人可签 nobody to sign as %s (%s)", role, t.Code)
		}
	}
	slices.Sort(line.Missing)
	line.Missing = slices.Compact(line.Missing)
	return nil
}

func (h *holdings) sealReady(g *registry.Grant, t *registry.TypeRecord, day registry.Date) bool {
	at := max(day.Start().Unix(), h.now)
	return slices.ContainsFunc(h.seals, func(s *registry.SealRecord) bool {
		return s.Owner == g.Decider && s.SealKind == t.Seal && (len(s.Matters) == 0 || slices.Contains(s.Matters, g.Matter)) && s.StateAt(at) == registry.SealInUse
	})
}

func (h *holdings) stockReady(g *registry.Grant, typeCode, form string) bool {
	return slices.ContainsFunc(h.stock, func(s *registry.Stock) bool {
		return s.Type == typeCode && s.Form == form && (s.Organization == g.Decider || s.Organization == g.Acceptor) && len(s.Ranges) > 0
	})
}

// unstaffed are the roles that no person of the grant's organizations has left
// to take, each person counted once.
func (h *holdings) unstaffed(g *registry.Grant, roles []registry.Role, day registry.Date) []registry.Role {
	at := day.Start().Unix()
	var missing []registry.Role
	taken := map[string]bool{}
	for _, role := range roles {
		i := slices.IndexFunc(h.approvers, func(a *registry.Approver) bool {
			return !taken[a.Person] && slices.Contains(a.Roles, role) && (a.Until == 0 || a.Until > at) &&
				slices.Contains([]string{g.Decider, g.Acceptor, g.Examiner}, a.Organization)
		})
		if i < 0 {
			missing = append(missing, role)
			continue
		}
		taken[h.approvers[i].Person] = true
	}
	return missing
}

// inFlight counts what the present holder has not finished in the matter's
// types, page by page.
func (o *Grants) inFlight(ctx context.Context, g *registry.Grant, h *holdings) (n int, err error) {
	for _, t := range h.types[g.Matter] {
		for _, step := range []Step{StepReserved, StepApproved, StepSealed} {
			for cursor := ""; ; {
				page, err := o.licenses.Search(ctx, SearchQuery{Organization: g.Source, Type: t.Code, Step: step, Cursor: cursor, Limit: 100})
				if err != nil {
					return 0, err
				}
				n += len(page.Items)
				if cursor = page.Next; cursor == "" {
					break
				}
			}
		}
	}
	return n, nil
}

// Markdown is the report that the handover group signs.
func (r *Readiness) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# 赋权体检报告 Readiness report\n\n基准日 as of %s，共 %d 项，具备条件 %d 项 ready, 尚缺 %d 项 lacking.\n\n", r.Day, len(r.Lines), r.Ready(), len(r.Lines)-r.Ready())
	b.WriteString("| 授权 grant | 事项 matter | 方式 mode | 决定机关 decides | 缺少 missing | 在办 in flight | 被告/被申请人 answers |\n|---|---|---|---|---|---|---|\n")
	for _, l := range r.Lines {
		missing := "—"
		if len(l.Missing) > 0 {
			missing = strings.Join(l.Missing, "；")
		}
		for _, w := range l.Warnings {
			missing += "（注意 note: " + w + "）"
		}
		cells := []string{l.Grant, l.Matter, string(l.Mode), l.Decider, missing, fmt.Sprint(l.InFlight), l.Answers}
		for i := range cells {
			cells[i] = strings.NewReplacer("|", "\\|", "\n", " ").Replace(cells[i])
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	b.WriteString("\n移交方签字 handing over: ____________　承接方签字 taking over: ____________　监交人 witness: ____________　日期 date: ____________\n")
	return b.String()
}
