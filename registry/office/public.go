package office

import (
	"slices"
	"time"

	"tongzheng/registry"
)

// PublicView is what anyone with the paper in hand may see: enough to compare,
// nothing personal beyond the mask.
type PublicView struct {
	Identifier registry.Identifier     `json:"identifier"`
	TypeName   string                  `json:"type_name"`
	TypeEn     string                  `json:"type_name_en"`
	Number     string                  `json:"number"`
	Issuer     string                  `json:"issuer"`
	Holder     string                  `json:"holder"`      // masked for natural persons
	HolderCode string                  `json:"holder_code"` // masked
	Issued     registry.Date           `json:"issued"`
	Effective  registry.Date           `json:"effective"`
	Expires    registry.Date           `json:"expires"`
	Compare    []registry.LabeledField `json:"compare"` // to hold against the paper
	Sheet      *PublicSheet            `json:"sheet,omitempty"`
	Seal       *PublicSeal             `json:"seal,omitempty"`
	Basis      string                  `json:"basis,omitempty"` // document that grants the power
	Mode       registry.Mode           `json:"mode,omitempty"`
	Answers    *PublicAnswers          `json:"answers,omitempty"`
	History    []PublicAct             `json:"history"`
}

// PublicAnswers is who answers for the license, by the time of the decision.
type PublicAnswers struct {
	Decider  string `json:"decider"`            // for the result; its successor when dissolved
	Examiner string `json:"examiner,omitempty"` // mode review: for the examination
	Review   string `json:"review,omitempty"`   // 行政复议: see registry.ReviewBodies

	ReviewAlso []string `json:"review_also,omitempty"` // or there, as one chooses
}

// PublicSheet is the printing at hand.
type PublicSheet struct {
	Number uint32            `json:"number"`
	Copy   registry.CopyKind `json:"copy"`
	Blank  string            `json:"blank,omitempty"`
	Ended  *PublicAct        `json:"ended,omitempty"` // why this sheet no longer stands for the license
}

// PublicSeal is the seal that the document bears.
type PublicSeal struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"` // by its own words
}

// PublicAct is one line of a license's history.
type PublicAct struct {
	Act          registry.Act  `json:"act"`
	Version      int           `json:"version"`
	Decided      registry.Date `json:"decided"`
	Recorded     time.Time     `json:"recorded"`
	Organization string        `json:"organization"`
	Ground       string        `json:"ground,omitempty"`
	Statute      string        `json:"statute,omitempty"`
	Decision     string        `json:"decision,omitempty"`
}

func (o *Scan) public(f *find, standing *registry.Standing) *PublicView {
	p := &PublicView{Identifier: f.identifier}
	p.say(f.kind, f.version.Facts)
	if f.ref != nil {
		p.Sheet = &PublicSheet{Number: f.ref.Printing.Number, Copy: f.ref.Printing.Copy, Blank: f.ref.Printing.Blank.Number}
	}
	if f.document != nil && f.document.SealName != "" {
		p.Seal = &PublicSeal{f.document.SealName, f.document.SealedAt}
	}
	if standing == nil {
		return p
	}
	if made, ok := standing.VersionEntry(f.identifier.Version); ok {
		if grant, err := recordOf[*registry.Grant](o.common, registry.KindGrant, made.Entry.Intent.Grant); err == nil && grant != nil {
			p.Basis, p.Mode, p.Answers = grant.Document, grant.Mode, o.answers(grant)
		}
	}
	if p.Sheet != nil {
		p.Sheet.Ended = o.sheetEnded(f.kind, standing, p.Sheet.Number)
	}
	p.History = o.publicHistory(f.kind, standing)
	return p
}

// say fills in what the paper should read.
func (p *PublicView) say(t *registry.LicenseType, facts registry.Facts) {
	p.TypeName, p.TypeEn, p.Number, p.Issuer = t.Name, t.English, facts.Number, facts.IssuerName
	p.Holder, p.HolderCode = registry.MaskName(facts.Holder.CodeType, facts.Holder.Name), registry.MaskCode(facts.Holder.Code)
	p.Issued, p.Effective, p.Expires, p.Compare = facts.Issued, facts.Effective, facts.Expires, comparison(t, facts)
}

// comparison lists the fields that the type tells citizens to compare; those
// of natural persons are masked.
func comparison(t *registry.LicenseType, facts registry.Facts) []registry.LabeledField {
	var list []registry.LabeledField
	for _, name := range t.Compare {
		for _, rule := range t.Fields {
			value := facts.Fields[rule.Name]
			if rule.Name != name || value == "" {
				continue
			}
			if rule.Personal {
				value = registry.MaskName("111", value)
			}
			list = append(list, registry.LabeledField{Name: rule.Name, Label: rule.Label, English: rule.English, Value: value})
		}
	}
	return list
}

// answers says who answers for what was decided by a grant (registry.AnswersFor
// asks the same of any past day, handovers included).
func (o *Scan) answers(grant *registry.Grant) *PublicAnswers {
	registered := func(code string) *registry.Organization {
		found, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, code)
		if err != nil {
			return nil
		}
		return found
	}
	organization := func(code string) *registry.Organization {
		if found := registered(code); found != nil {
			return found
		}
		return &registry.Organization{Code: code, FullName: code}
	}
	decider := organization(grant.Decider)
	for range 8 { // successors of dissolved organizations
		if decider.Dissolved == 0 || decider.Successor == "" {
			break
		}
		decider = organization(decider.Successor)
	}
	a := &PublicAnswers{Decider: decider.FullName}
	if grant.Mode == registry.ModeReview {
		a.Examiner = organization(grant.Examiner).FullName
	}
	for i, body := range registry.ReviewBodies(decider, registered) {
		if i == 0 {
			a.Review = body.FullName
		} else {
			a.ReviewAlso = append(a.ReviewAlso, body.FullName)
		}
	}
	return a
}

var endingPaper = []registry.Act{registry.Spoil, registry.Recover, registry.AnnounceVoid, registry.Destroy}

// sheetEnded is the act that took a sheet out of use; nil while it is good.
func (o *Scan) sheetEnded(t *registry.LicenseType, standing *registry.Standing, number uint32) *PublicAct {
	if standing.License == nil {
		return nil
	}
	sheet, ok := standing.License.Sheet(number)
	if !ok || sheet.State.Good() {
		return nil
	}
	for _, a := range standing.Entries {
		if in := a.Entry.Intent; in != nil && in.Refers == number && slices.Contains(endingPaper, in.Act) {
			line := o.publicAct(t, a)
			return &line
		}
	}
	return nil
}

// publicHistory tells the acts that concern the license; sheets have their own
// state and are left out.
func (o *Scan) publicHistory(t *registry.LicenseType, standing *registry.Standing) []PublicAct {
	var history []PublicAct
	for _, a := range standing.Entries {
		if in := a.Entry.Intent; in != nil && in.Act.Class() != registry.ClassPaper {
			history = append(history, o.publicAct(t, a))
		}
	}
	return history
}

func (o *Scan) publicAct(t *registry.LicenseType, a registry.Anchored) PublicAct {
	in := a.Entry.Intent
	line := PublicAct{Act: in.Act, Version: in.Identifier.Version, Decided: registry.DateOf(in.DecidedAt()),
		Recorded: time.Unix(a.Recorded, 0).In(registry.China), Decision: in.Decision, Organization: in.Organization}
	if org, err := recordOf[*registry.Organization](o.common, registry.KindOrganization, in.Organization); err == nil && org != nil {
		line.Organization = org.FullName
	}
	if t == nil {
		return line
	}
	if g, err := t.GroundFor(in.Law(), in.Ground); err == nil {
		line.Ground, line.Statute = g.Chinese, g.Statute
	}
	return line
}
