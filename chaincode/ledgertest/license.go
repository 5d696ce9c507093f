package ledgertest

import (
	"fmt"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// License is one license of the city as its issuer's side knows it: what the
// ledger must say if everything handed in was accepted.
type License struct {
	City       *City
	Identifier registry.Identifier // of the newest version
	Grant      string
	Seal       string
	By         *Organization // decides
	Namespace  string
	List       uint32
	State      *registry.License   // nil before the issue
	Oversight  *registry.Oversight // nil when no superior acted
	Numbered   bool                // its paper is numbered stock
	Place      string              // region that it belongs to
}

// NewLicense begins a license of Xingguo under GrantDirect.
func (c *City) NewLicense() *License {
	return c.newLicense(c.Xingguo, c.Xingguo, GrantDirect, SealXingguo, "XG", 1)
}

// NewCityLicense begins a license of the city under a grant of it, decided by
// an organization.
func (c *City) NewCityLicense(by *Organization, grant string) *License {
	return c.newLicense(c.Governing, by, grant, SealCity, "GZ", 2)
}

// NewYuduLicense begins a license of Yudu.
func (c *City) NewYuduLicense() *License {
	return c.newLicense(c.Yudu, c.Yudu, GrantYudu, SealYudu, "YD", 3)
}

func (c *City) newLicense(issuer, by *Organization, grant, seal, prefix string, list uint32) *License {
	c.serial++
	place := issuer.Region
	if issuer == c.Governing {
		place = c.Xingguo.Region // where a test's own grants of the city's are for
	}
	for _, record := range c.grants() {
		if g := record.(*registry.Grant); g.ID == grant {
			place = g.PlaceUnder(&issuer.Organization)
		}
	}
	return &License{City: c, Grant: grant, Seal: seal, By: by, Namespace: issuer.Member, List: list, Numbered: issuer == c.Xingguo, Place: place,
		Identifier: registry.Identifier{Type: c.Type, Issuer: issuer.Code, Serial: fmt.Sprintf("%s%07d", prefix, c.serial), Version: 1}}
}

// Blank takes the next sheet of a form from Xingguo's stock.
func (c *City) Blank(form string) registry.Blank {
	c.blank++
	return registry.Blank{Form: form, Run: PrintRun, Number: fmt.Sprintf("%06d", c.blank)}
}

// Intent is the license's next act, well formed and within every power, so
// that only the act table can refuse it. Paper acts are about printing 2, the
// original.
func (l *License) Intent(act registry.Act) registry.Intent {
	c, rule := l.City, mustRule(act)
	in := registry.Intent{Act: act, Identifier: l.Identifier, Sequence: 1, TypeVersion: 1, Grant: l.Grant, Organization: l.By.Code,
		Ground: Ground, Decided: c.Now}
	if l.Grant == GrantEntrust {
		in.Under = GrantOwn
	}
	next := uint32(1)
	if s := l.State; s != nil {
		in.Sequence, in.Previous = s.Sequence+1, s.Head
		next = uint32(len(s.Printings)) + 1
	}
	in.Decision = fmt.Sprintf("决〔2026〕%s-%d", l.Identifier.Serial, in.Sequence)
	switch {
	case rule.Class == registry.ClassVersion:
		if l.State != nil {
			in.Identifier.Version = l.State.Version + 1
		}
		in.Content = sm.Sum([]byte(in.Identifier.String()))
		in.Seal = l.Seal
		day := registry.DateOf(c.Time())
		in.Effective, in.Expires = day, day.AddYears(5)
		if l.State != nil {
			in.Expires = l.State.Expires
		}
		if act == registry.Renew {
			in.Expires += 365
		}
		in.Effective = min(in.Effective, in.Expires)
		if act != registry.Renew && l.State != nil {
			in.Effective = l.State.Effective
		}
		in.Printings = []registry.Printing{l.printing(next, registry.Electronic)}
		if l.Numbered {
			in.Printings = append(in.Printings, l.printing(next+1, registry.Original))
		}
	case act == registry.Print && l.holdsOriginal():
		in.Printings = []registry.Printing{l.printing(next, registry.Duplicate)}
	case act == registry.Print || act == registry.Reprint:
		in.Printings = []registry.Printing{l.printing(next, registry.Original)}
	}
	if rule.Class == registry.ClassPaper && act != registry.Print {
		in.Refers = 2
	}
	if c.Rules.Since(registry.RulesOfRelations) {
		in.Origin = l.origin(in)
		if rule.Class == registry.ClassVersion {
			in.Number = registry.NumberTag(l.Identifier.Type, l.Number())
		}
	}
	if act.Rules() {
		in.Ground, in.Ruling = "", l.ruling(l.causes())
	}
	return in
}

// holdsOriginal tells whether an original stands for the version in force.
func (l *License) holdsOriginal() bool {
	return l.State != nil && slices.ContainsFunc(l.State.Printings, func(s registry.Sheet) bool {
		return s.Version == l.State.Version && s.Copy == registry.Original && s.State.Good()
	})
}

// Number is the license number, which stays through all versions.
func (l *License) Number() string { return "证" + l.Identifier.Serial }

// origin is what an act names of the license.
func (l *License) origin(in registry.Intent) *registry.Origin {
	o := &registry.Origin{Place: l.Place}
	if in.Act == registry.Issue {
		return o
	}
	o.Matter = Matter
	if in.Identifier.Type == l.City.OtherType {
		o.Matter = OtherMatter
	}
	if l.State != nil && l.State.Grant != in.Grant {
		o.Grant = l.State.Grant
	}
	return o
}

func (l *License) causes() []registry.StateCause {
	if l.State == nil {
		return nil
	}
	return l.State.Causes
}

// ruling is a court's on the first of the causes.
func (l *License) ruling(causes []registry.StateCause) *registry.Ruling {
	r := &registry.Ruling{By: registry.RulingCourt, Document: "（2026）赣07行终" + l.Identifier.Serial, Body: "赣州市中级人民法院（测试）", From: registry.DateOf(l.City.Time()), Undoes: 1}
	if len(causes) > 0 {
		r.Undoes = causes[0].Sequence
	}
	return r
}

func (l *License) printing(number uint32, kind registry.CopyKind) registry.Printing {
	l.City.index++
	p := registry.Printing{Number: number, Copy: kind, List: l.List, Index: l.City.index}
	if form := map[registry.CopyKind]string{registry.Original: FormOriginal, registry.Duplicate: FormDuplicate}[kind]; form != "" {
		p.Blank = l.City.Blank(form)
	}
	return p
}

// OversightIntent is an act of a superior on the license.
func (l *License) OversightIntent(by *Organization, act registry.Act) registry.Intent {
	in := registry.Intent{Act: act, Identifier: l.Identifier, Sequence: 1, TypeVersion: 1, Organization: by.Code, Ground: Ground,
		Decided: l.City.Now}
	var causes []registry.StateCause
	if o := l.Oversight; o != nil {
		in.Sequence, in.Previous = o.Sequence+1, o.Head
		causes = o.Causes
	}
	in.Decision = fmt.Sprintf("监〔2026〕%s-%d", l.Identifier.Serial, in.Sequence)
	if l.City.Rules.Since(registry.RulesOfRelations) {
		in.Origin = &registry.Origin{Member: l.Namespace}
	}
	if act.Rules() {
		in.Ground, in.Ruling = "", l.ruling(causes)
		if own := l.causes(); len(causes) == 0 { // on the first of the member's acts
			in.Ruling.Undoes, in.Ruling.MemberAct = 0, 1
			if l.State != nil {
				in.Ruling.MemberAct = l.State.Sequence
			}
			author := l.By.Code
			if len(own) > 0 {
				in.Ruling.MemberAct, author = own[0].Sequence, own[0].By
			}
			if author != by.Code {
				in.Ruling.Author = author
			}
		}
	}
	return in
}

// Entry makes an intent's entry, sealed at the city's present time when the
// act makes a version.
func (c *City) Entry(in registry.Intent) *registry.Entry {
	e := &registry.Entry{Intent: &in, Approvals: registry.ApprovalsDigest(c.Approvals(&in))}
	if in.Seals() {
		e.Sealed, e.Seal = max(c.Now, in.Decided), sm.Sum([]byte("Signature.xml of "+in.Identifier.String()))
	}
	return e
}

// Next is the entry of the license's next act, taken as accepted: the license
// moves on with it. It panics when the act table does not allow it.
func (l *License) Next(act registry.Act) *registry.Entry {
	e := l.City.Entry(l.Intent(act))
	must(l.Accept(e))
	return e
}

// Accept moves the license on by an entry of its issuer's side.
func (l *License) Accept(e *registry.Entry) error {
	after, err := registry.Apply(l.State.Under(l.Oversight), e)
	if err != nil {
		return err
	}
	l.State = after
	l.Identifier.Version = after.Version
	return nil
}

// NextOversight is the entry of a superior's act, taken as accepted.
func (l *License) NextOversight(by *Organization, act registry.Act) *registry.Entry {
	return l.nextGovernance(l.OversightIntent(by, act))
}

// GovernedIntent is an act through governance under a grant: of a successor or a
// regulator whose node is another member's.
func (l *License) GovernedIntent(by *Organization, grant string, act registry.Act) registry.Intent {
	in := l.OversightIntent(by, act)
	in.Grant = grant
	in.Origin = l.origin(in)
	in.Origin.Member = l.Namespace
	return in
}

// NextGoverned is the entry of such an act, taken as accepted.
func (l *License) NextGoverned(by *Organization, grant string, act registry.Act) *registry.Entry {
	return l.nextGovernance(l.GovernedIntent(by, grant, act))
}

func (l *License) nextGovernance(in registry.Intent) *registry.Entry {
	e := l.City.Entry(in)
	after, err := registry.ApplyOversight(l.Oversight, l.State, e)
	must(err)
	l.Oversight = after
	return e
}

// PathTo lists the acts after the issue that lead to a state.
func PathTo(state registry.State) []registry.Act {
	return map[registry.State][]registry.Act{
		registry.Suspended: {registry.Suspend}, registry.Withdrawn: {registry.Withdraw}, registry.Revoked: {registry.Revoke},
		registry.Penalized: {registry.Penalize}, registry.Cancelled: {registry.Cancel},
	}[state]
}

// Reach lists the entries that bring a new license to a state; none for
// StateNone.
func (l *License) Reach(state registry.State) []*registry.Entry {
	if state == registry.StateNone {
		return nil
	}
	entries := []*registry.Entry{l.Next(registry.Issue)}
	for _, act := range PathTo(state) {
		entries = append(entries, l.Next(act))
	}
	return entries
}

func mustRule(act registry.Act) registry.ActRule {
	rule, ok := act.Rule()
	if !ok {
		panic(fmt.Sprintf("ledgertest: act %d", act))
	}
	return rule
}
