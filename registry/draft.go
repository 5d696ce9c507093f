package registry

import (
	"slices"
	"strings"
	"time"

	"tongzheng/registry/sm"
)

// Application is what an approval unit asks for: one act on one license.
type Application struct {
	Act          Act               `json:"act"`
	Identifier   Identifier        `json:"identifier,omitzero"` // the license at its present version; none for issue
	Type         string            `json:"type,omitempty"`      // issue: license type code
	Grant        string            `json:"grant"`               // none for a superior's act of oversight, which rests on rank
	Organization string            `json:"organization"`        // who decides
	Ground       string            `json:"ground,omitempty"`
	Decision     string            `json:"decision,omitempty"` // 决定书文号
	Case         string            `json:"case,omitempty"`     // 受理文号
	Seal         string            `json:"seal,omitempty"`
	Decided      time.Time         `json:"decided,omitzero"` // now when absent
	Holder       Holder            `json:"holder,omitzero"`
	Number       string            `json:"number,omitempty"` // 证照编号; made by the type's rule when absent
	Fields       map[string]string `json:"fields,omitempty"` // version acts after issue: only those that change
	Effective    Date              `json:"effective,omitempty"`
	Expires      Date              `json:"expires,omitempty"`
	Copies       []CopyRequest     `json:"copies,omitempty"`    // sheets to print
	Register     bool              `json:"register,omitempty"`  // historical license or late grant: original dates, "registered later"
	Collected    *Foreign          `json:"collected,omitempty"` // made and sealed by another system: anchored as it came
	Printing     uint32            `json:"printing,omitempty"`  // paper acts: the sheet concerned
	Remark       string            `json:"remark,omitempty"`    // kept here, its digest on the ledger
	Delivery     *Delivery         `json:"delivery,omitempty"`  // deliver: in place of the remark
	Place        string            `json:"place,omitempty"`     // issue: region that the license belongs to for good; empty: the narrower of the issuer's region and the grant's territory, which may not be wider than a county (Grant.AsksPlace)
	Ruling       *Ruling           `json:"ruling,omitempty"`    // reinstate and stay
	Closes       *Closes           `json:"closes,omitempty"`    // issue: a license of another member's that this one replaces
}

// MaxRemark is how many characters a remark or an opinion may have.
const MaxRemark = 2000

// CopyRequest asks for one sheet.
type CopyRequest struct {
	Copy  CopyKind `json:"copy"`
	Blank Blank    `json:"blank,omitzero"`
}

// Situation is what an application is judged against: governance as the ledger
// has it, the license as the ledger has it, and what its present version says.
type Situation struct {
	Powers   *Powers
	Type     *LicenseType // catalog entry bound by Powers.Type.Digest
	Standing *Standing    // nil for a new license
	Replaced *Standing    // of the license that an issue replaces
	Present  *Facts       // of the present version, or of the license replaced where it is at hand; nil for any other issue
	Tag      sm.Digest    // HolderTag of the holder that the version will name, where the type bars holders
	Now      time.Time

	Commitment sm.Digest // that the case file keeps (告知承诺); zero without
}

// Allotment is what the registry assigned to this act. Gaps are allowed.
type Allotment struct {
	Serial   string // issue only: prefix and counter
	Sequence int    // for the number rule, of versions that get a number made
	List     uint32 // status list of the printings
	Index    uint32 // of the first printing; the others follow
}

// Draft is an application found allowed: what approvers will sign and what the
// document will say. Content digest is filled when the document is rendered.
type Draft struct {
	Intent  Intent
	Facts   Facts
	Content Content // of version acts
}

// Examine judges an application before anything is assigned to it, by drafting
// it with a trial allotment. The trial has the number only if that was given.
func Examine(app Application, s Situation) (*Draft, error) {
	trial := Allotment{Serial: "0000000", Sequence: 1, List: 1}
	if s.Type != nil {
		trial.Sequence = s.Powers.Instance.firstSequence(s.Type)
	}
	if s.Powers.Instance != nil {
		trial.Serial = s.Powers.Instance.Prefix + "00000"
		trial.List = s.Powers.Instance.Lists[0]
	}
	return MakeDraft(app, s, trial)
}

// MakeDraft turns an application into an intent: authority, dates, fields and
// number. It judges by the contract's own rules, so that what passes here is
// refused there only if the ledger changed meanwhile.
func MakeDraft(app Application, s Situation, a Allotment) (*Draft, error) {
	rule, ok := app.Act.Rule()
	if !ok {
		return nil, Errorf(CodeActUnknown, "act", "name an act of the act table")
	}
	if err := app.checkCloses(); err != nil {
		return nil, err
	}
	d := &Draft{Intent: Intent{Act: app.Act, Organization: app.Organization, Grant: app.Grant, Ground: app.Ground, Under: s.Powers.Grant.rests(),
		Decision: app.Decision, Case: app.Case, Decided: s.Now.Unix()}}
	if !app.Decided.IsZero() {
		d.Intent.Decided = app.Decided.Unix()
	}
	if app.Register {
		d.Intent.Recording = Register
	}
	if u := s.Powers.Under; u != nil && d.Intent.Under == "" {
		d.Intent.Under = u.ID
	}
	d.Intent.Collected, d.Intent.Ruling = app.Collected, app.Ruling
	if app.Act.Commits() {
		d.Intent.Commitment = s.Commitment
	}
	if err := CheckParagraph("remark", app.Remark, MaxRemark); err != nil {
		return nil, err
	}
	if err := d.place(app, s, a); err != nil {
		return nil, err
	}
	d.undoes(s)
	if rule.Class == ClassVersion {
		if err := d.compose(app, s, a); err != nil {
			return nil, err
		}
		if d.Intent.Seal = app.Seal; d.Intent.Seals() && app.Seal == "" {
			return nil, Errorf(CodeMissing, "seal", "the seal by which the new version is sealed")
		}
		d.Intent.TypeVersion = s.Type.Version
		d.Intent.Effective, d.Intent.Expires = d.Facts.Effective, d.Facts.Expires
	} else if err := refuseVersionInput(app); err != nil {
		return nil, err
	} else {
		d.Intent.TypeVersion = s.Type.Version
	}
	d.paper(app, s, a, rule)
	d.tag(s)
	return d, d.judge(s)
}

// place names license, sequence and head.
func (d *Draft) place(app Application, s Situation, a Allotment) error {
	if s.Type == nil || s.Powers.Type == nil {
		return Errorf(CodeTypeUnknown, "type", "license type not in the catalog")
	}
	if err := app.checkCollected(s.Type); err != nil {
		return err
	}
	if app.Act == Issue {
		if s.Powers.Grant == nil {
			return Errorf(CodeGrant, "grant", "no grant %q", app.Grant)
		}
		if err := s.Powers.checkPlace(app); err != nil {
			return err
		}
		d.Intent.Sequence = 1
		d.Intent.Origin = s.Powers.originOf(nil, app, d.Intent.Decided)
		if app.Collected != nil {
			var err error
			d.Intent.Identifier, err = app.collectedIdentifier(s.Type, s.Powers.Grant.Decider)
			return err
		}
		if !app.Identifier.IsZero() {
			return Errorf(CodeUnknownField, "identifier", "an issue has no identifier yet")
		}
		d.Intent.Identifier = Identifier{Type: s.Type.Code, Issuer: s.Powers.Grant.Decider, Serial: a.Serial, Version: 1}
		return d.replaces(app, s)
	}
	if s.Standing == nil || s.Standing.License == nil {
		return Errorf(CodeNotFound, "identifier", "no such license on the ledger")
	}
	if err := s.Powers.checkPlace(app); err != nil {
		return err
	}
	l := s.Standing.License
	d.Intent.Identifier = app.Identifier
	d.Intent.Origin = s.Powers.originOf(s.Standing, app, d.Intent.Decided)
	if app.Act.MakesVersion() {
		if app.Identifier.Version != l.Version {
			return Errorf(CodeStale, "identifier", "the license is at version %03d", l.Version)
		}
		d.Intent.Identifier.Version++
	}
	d.Intent.Sequence, d.Intent.Previous = l.Sequence+1, l.Head
	if d.Intent.Governed() { // a chain of its own: the issuer cannot get in its way
		d.Intent.Sequence, d.Intent.Previous = 1, sm.Digest{}
		if o := s.Standing.Oversight; o != nil {
			d.Intent.Sequence, d.Intent.Previous = o.Sequence+1, o.Head
		}
	}
	return nil
}

// undoes says which act a ruling is about, so that it takes the control of that act.
func (d *Draft) undoes(s Situation) {
	if d.Intent.Ruling == nil || d.Intent.Ruling.Of != 0 || s.Standing == nil {
		return
	}
	if c, _ := s.Standing.concerned(d.Intent.Act, d.Intent.Organization, d.Intent.Ruling, d.Intent.Governed()); c != nil {
		ruling := *d.Intent.Ruling
		ruling.Of, d.Intent.Ruling = c.Act, &ruling
	}
}

// compose lays out what the new version says.
func (d *Draft) compose(app Application, s Situation, a Allotment) error {
	f := Facts{Identifier: d.Intent.Identifier, IssuerName: s.Powers.Issuer.fullName(), Holder: app.Holder, Number: app.Number,
		Issued: DateOf(d.Intent.DecidedAt()), Effective: app.Effective, Expires: app.Expires, Fields: map[string]string{}}
	if s.Present != nil {
		f.inherit(*s.Present, app.keepsNumber(s.Type))
	}
	f.succeed(s.Replaced)
	for name, value := range app.Fields {
		f.Fields[name] = value
	}
	if f.Effective == 0 {
		f.Effective = f.Issued
	}
	if f.Expires == 0 {
		return Errorf(CodeMissing, "expires", "the last valid day, or 9999-12-30 for 长期 (validity of this type: %s)", s.Type.Validity)
	}
	if err := f.check(s.Type, DateOf(s.Now)); err != nil {
		return err
	}
	if err := d.checkTerm(d.Intent.Law(), f, s); err != nil {
		return err
	}
	if f.Number == "" {
		number, err := s.Type.Number.Make(s.Powers.Issuer.numberRegion(), s.Now.In(China).Year(), a.Sequence, f.Fields)
		if err != nil {
			return err
		}
		f.Number = number
	}
	if err := CheckText("number", f.Number, 64); err != nil {
		return err
	}
	before := ""
	if s.Present != nil {
		before = s.Present.Number
	}
	if err := s.Powers.CheckNumber(&d.Intent, s.Type, f.Number, before); err != nil {
		return err
	}
	d.Facts, d.Content = f, Compose(s.Type, f)
	return nil
}

// checkTerm holds a new period against the type's validity. A renewal's begins
// when what it renews ends; what came from elsewhere ends as its maker said.
func (d *Draft) checkTerm(act Act, f Facts, s Situation) error {
	from := f.Effective
	switch {
	case d.Intent.Collected != nil || act != Issue && act != Renew && !d.Intent.mendsSlip():
		return nil
	case act == Renew && s.Replaced != nil:
		from = max(from, s.Replaced.License.Expires+1)
	case act == Renew && s.Present != nil:
		from = max(from, s.Present.Expires+1)
	}
	return s.Type.CheckTerm(from, f.Expires)
}

// inherit takes from the present version what the application leaves out.
func (f *Facts) inherit(present Facts, numberSurvives bool) {
	if f.Holder == (Holder{}) {
		f.Holder = present.Holder
	}
	if f.Number == "" && numberSurvives {
		f.Number = present.Number
	}
	if f.Effective == 0 {
		f.Effective = present.Effective
	}
	if f.Expires == 0 {
		f.Expires = present.Expires
	}
	for name, value := range present.Fields {
		f.Fields[name] = value
	}
}

// check holds what a version would say against its type, as of today.
func (f *Facts) check(t *LicenseType, today Date) error {
	if f.Holder.Name == "" {
		return Errorf(CodeMissing, "holder.name", "the holder's name is required")
	}
	if err := CheckText("holder.name", f.Holder.Name, 100); err != nil {
		return err
	}
	if len(t.Holders) > 0 && !slices.Contains(t.Holders, f.Holder.CodeType) {
		return Errorf(CodeHolderType, "holder.code_type", "%s is granted to holders with code types %v", t.Name, t.Holders)
	}
	if err := CheckHolderCode(f.Holder.CodeType, f.Holder.Code, today); err != nil {
		err.(*Error).Field = "holder.code"
		return err
	}
	if f.Effective > f.Expires {
		return Errorf(CodeDateOrder, "expires", "the license would end (%s) before it begins (%s)", f.Expires, f.Effective)
	}
	return t.CheckFields(f.Fields)
}

// refuseVersionInput: state, record and paper acts change nothing that the
// license says.
func refuseVersionInput(app Application) error {
	field := ""
	switch {
	case app.Holder != Holder{}:
		field = "holder"
	case len(app.Fields) > 0:
		field = "fields"
	case app.Number != "":
		field = "number"
	case app.Effective != 0 || app.Expires != 0:
		field = "expires"
	case app.Seal != "":
		field = "seal"
	default:
		return nil
	}
	return Errorf(CodeUnknownField, field, "%s makes no new version", app.Act)
}

// tag names the number to the ledger, and the holder where the type bars holders.
func (d *Draft) tag(s Situation) {
	if d.Intent.Act.MakesVersion() && d.Intent.Origin != nil {
		d.Intent.Number = NumberTag(s.Type.Code, d.Facts.Number)
	}
	switch in := &d.Intent; {
	case in.Act.MakesVersion() && (in.Act == Issue || in.Origin != nil) && len(s.Powers.Type.Bars) > 0:
		in.Holder = s.Tag
	case !in.Act.MakesVersion() && (s.Powers.bars(in) > 0 || in.Ruling != nil):
		in.Holder = s.Standing.License.Holder
	}
}

// paper numbers the printings this act makes.
func (d *Draft) paper(app Application, s Situation, a Allotment, rule ActRule) {
	next := uint32(1)
	if s.Standing != nil && s.Standing.License != nil {
		if n := len(s.Standing.License.Printings); n > 0 {
			next = s.Standing.License.Printings[n-1].Number + 1
		}
	}
	index := a.Index
	add := func(kind CopyKind, blank Blank) {
		d.Intent.Printings = append(d.Intent.Printings, Printing{Number: next, Copy: kind, Blank: blank, List: a.List, Index: index})
		next++
		index++
	}
	if rule.Class == ClassVersion && app.Collected == nil {
		add(Electronic, Blank{})
	}
	for _, c := range app.Copies {
		add(c.Copy, c.Blank)
	}
	d.Intent.Refers = app.Printing
}

// judge asks the contract's own questions of the draft.
func (d *Draft) judge(s Situation) error {
	trial := d.Intent
	if trial.Act.MakesVersion() {
		trial.Content[0] = 1 // not rendered yet
	}
	if err := trial.Check(); err != nil {
		return err
	}
	if err := CheckTexts(&trial); err != nil {
		return err
	}
	e := &Entry{Intent: &trial, Recording: trial.Recording}
	var before *License
	if s.Standing != nil {
		before = s.Standing.License.Under(s.Standing.Oversight)
		if trial.Oversight() && (trial.Ruling != nil || s.Powers.Issuer.below(trial.Organization)) || trial.Governed() && !trial.Oversight() {
			return d.judgeOversight(s, e)
		}
		if err := s.Standing.Oversight.Allows(s.Standing.License, &trial); err != nil {
			return err
		}
	}
	if err := s.Powers.CheckAct(before, e, s.Now.Unix()); err != nil {
		return err
	}
	if trial.Origin != nil && s.Present != nil {
		if err := CheckAlteration(trial.Law(), s.Type, *s.Present, d.Facts); err != nil {
			return err
		}
	}
	if _, err := Apply(before, e); err != nil {
		return err
	}
	if class := trial.Act.Class(); trial.Decision == "" && (class == ClassVersion || class == ClassState) {
		return Errorf(CodeMissing, "decision", "%s has its decision document (决定书文号)", trial.Act)
	}
	return nil
}

// judgeOversight asks the contract's questions of an act through governance.
func (d *Draft) judgeOversight(s Situation, e *Entry) error {
	if err := s.Powers.CheckGovernance(s.Standing.License, s.Standing.Oversight, e, s.Now.Unix()); err != nil {
		return err
	}
	if _, err := ApplyOversight(s.Standing.Oversight, s.Standing.License, e); err != nil {
		return err
	}
	if e.Intent.Decision == "" {
		return Errorf(CodeMissing, "decision", "%s has its decision document (决定书文号)", e.Intent.Act)
	}
	return nil
}

// Printings tells how many sheets and files the application makes.
func (app Application) Printings() int {
	n := len(app.Copies)
	if app.Act.MakesVersion() && app.Collected == nil {
		n++
	}
	return n
}

// fullName is empty for an organization that is not known.
func (o *Organization) fullName() string {
	if o == nil {
		return ""
	}
	return o.FullName
}

// numberRegion is the region that the organization's license numbers name; zeros
// for one that is not known.
func (o *Organization) numberRegion() string {
	if o == nil {
		return strings.Repeat("0", 6)
	}
	return NumberRegion(o.Region)
}

// NumberRegion is the region that license numbers name, and within which they
// are counted: of a town or street its county, so that a town's numbers are not
// the county's again.
func NumberRegion(region string) string { return region[:6] }

// rests is the entruster's own grant that an entrustment names.
func (g *Grant) rests() string {
	if g == nil || g.Mode != ModeEntrust {
		return ""
	}
	return g.Rests
}
