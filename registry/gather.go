package registry

import (
	"slices"
	"strconv"
	"time"

	"tongzheng/registry/sm"
)

// Records is the governance side of a ledger as one reader has it: the
// contract during an execution, the office through its status view, the signer
// through its own pinned copy. The sources are separate on purpose; what is
// gathered from them, and what must be there, is the same for all.
type Records interface {
	// Record returns the record of a kind and name, nil when the ledger has
	// none. An error means that it cannot be known now.
	Record(kind RecordKind, name string) (GovernanceRecord, error)
}

// RecordOf reads a record of a known type; nil when absent. CodeInternal for a
// record of another type.
func RecordOf[T GovernanceRecord](from Records, kind RecordKind, name string) (T, error) {
	var none T
	record, err := from.Record(kind, name)
	if err != nil || record == nil {
		return none, err
	}
	typed, ok := record.(T)
	if !ok {
		return none, Errorf(CodeInternal, "", "record %s/%s has another kind", kind, name)
	}
	return typed, nil
}

// Gatherer reads what the law judges by. Contract, office and signer each make
// one over their own Records; nobody else decides which record counts.
type Gatherer struct{ Records Records }

// gathering reads records until the first error, so that a list of reads needs
// one check.
type gathering struct {
	from Records
	err  error
}

func gathered[T GovernanceRecord](g *gathering, kind RecordKind, name string) (record T) {
	if g.err == nil && name != "" {
		record, g.err = RecordOf[T](g.from, kind, name)
	}
	return record
}

// tenures reads what organizations hold over a matter, by organization.
func (g *gathering) tenures(matter string, organizations ...string) map[string]*Tenure {
	all := map[string]*Tenure{}
	for _, o := range organizations {
		if o == "" {
			continue
		}
		if t := gathered[*Tenure](g, KindTenure, TenureName(o, matter)); t != nil {
			all[o] = t
		}
	}
	return all
}

// successions reads what became of an issuer's licenses of a matter at a place.
func (g *gathering) successions(names []string) (all []*Succession) {
	for _, name := range names {
		if s := gathered[*Succession](g, KindSuccession, name); s != nil {
			all = append(all, s)
		}
	}
	return all
}

// Rules returns the ledger's constitution. CodeUnavailable when the ledger has
// none yet or the reader has not reached it: nobody can judge before that.
func (g Gatherer) Rules() (*Rules, error) {
	rules, err := RecordOf[*Rules](g.Records, KindRules, CurrentRules)
	if err == nil && rules == nil {
		err = Errorf(CodeUnavailable, "", "the ledger has no rules yet, or they have not been reached")
	}
	return rules, err
}

// CurrentRules is the name of the one record of kind rules.
const CurrentRules = "current"

// Grant returns the grant that an intent or a case rests on. CodeGrant when the
// ledger has none of this id.
func (g Gatherer) Grant(id string) (*Grant, error) {
	grant, err := RecordOf[*Grant](g.Records, KindGrant, id)
	if err == nil && grant == nil {
		err = Errorf(CodeGrant, "grant", "no grant %q", id)
	}
	return grant, err
}

// Policy returns the control policy of a license type, or the default one.
// CodeApprovalMissing when the ledger has neither.
func (g Gatherer) Policy(typeCode string) (*Policy, error) {
	for _, name := range []string{typeCode, DefaultPolicy} {
		if policy, err := RecordOf[*Policy](g.Records, KindPolicy, name); err != nil || policy != nil {
			return policy, err
		}
	}
	return nil, Errorf(CodeApprovalMissing, "", "no control policy on the ledger for type %s", typeCode)
}

// Control gathers the keys that signed, and what passkeys are bound to. Its
// policy is empty: orders and case steps have none. Keys that the ledger does
// not know are left out.
func (g Gatherer) Control(approvals []Approval) (*Control, error) {
	rules, err := g.Rules()
	if err != nil {
		return nil, err
	}
	control := &Control{Approvers: map[sm.KeyID]Approver{}, Sites: map[string]Site{}}
	for _, a := range approvals {
		key, err := RecordOf[*Approver](g.Records, KindApprover, string(a.KeyID))
		if err != nil {
			return nil, err
		}
		if key == nil {
			continue
		}
		control.Approvers[a.KeyID] = *key
		if control.Sites[key.Organization], err = g.site(rules, key.Organization); err != nil {
			return nil, err
		}
	}
	return control, nil
}

// site is where passkeys of an organization's people count: its member says.
func (g Gatherer) site(rules *Rules, organization string) (Site, error) {
	own, err := RecordOf[*Organization](g.Records, KindOrganization, organization)
	if err != nil || own == nil {
		return (*Service)(nil).Site(rules), err
	}
	service, err := RecordOf[*Service](g.Records, KindService, own.Member)
	return service.Site(rules), err
}

// CheckApprovals judges the approvals of an intent at an instant by the policy,
// the grant and the keys that the ledger has then (Control.Check). Nobody
// decides a case that the same person accepted: acceptors are those persons,
// where the caller has the case file.
func (g Gatherer) CheckApprovals(in *Intent, at int64, approvals []Approval, acceptors ...string) error {
	policy, err := g.Policy(in.Identifier.Type)
	if err != nil {
		return err
	}
	control, err := g.Control(approvals)
	if err != nil {
		return err
	}
	control.Policy = *policy
	control.exclude(acceptors)
	var grant *Grant
	if in.Grant != "" { // a superior's act rests on rank
		if grant, err = g.Grant(in.Grant); err != nil {
			return err
		}
	}
	return control.Check(in, grant, at, approvals)
}

// exclude takes the approver's role from persons.
func (c *Control) exclude(persons []string) {
	for id, key := range c.Approvers {
		if slices.Contains(persons, key.Person) {
			key.Roles = slices.DeleteFunc(slices.Clone(key.Roles), func(r Role) bool { return r == RoleApprover })
			c.Approvers[id] = key
		}
	}
}

// Named are the records that an act rests on, by name. It is what an intent
// says, or what the draft of one will say.
type Named struct {
	Act          Act
	Type         string // license type code
	TypeVersion  int
	Issuer       string
	Organization string
	Grant        string // empty: a superior's act
	Seal         string
	Under        string // entrust: the entruster's own grant; returns and rulings on another's act: that act's
	Case         string
	Prefix       string  // of the identifier's serial
	Blanks       []Blank // zero ones are passed over
	Decided      int64   // Unix seconds

	Matter string // later acts: of the license; these four are its Origin
	Origin string // grant that it rests on
	Place  string // region that it belongs to
	Author string // rulings: whose act it was
	Paired string // a pair: issuer of the other license; of an issue Matter, Origin and Place are those of the license replaced

	Successor string // later acts: whose power over the matter ended, as their Origin says
}

// Named lists the records that the intent rests on.
func (in *Intent) Named() Named {
	n := Named{Act: in.Act, Type: in.Identifier.Type, TypeVersion: in.TypeVersion, Issuer: in.Identifier.Issuer, Organization: in.Organization,
		Grant: in.Grant, Seal: in.Seal, Under: in.Under, Case: in.Case, Prefix: in.Identifier.Prefix(), Decided: in.Decided}
	for _, p := range in.Printings {
		n.Blanks = append(n.Blanks, p.Blank)
	}
	if o := in.Origin; o != nil && in.Act != Issue && in.Act != Replace {
		n.Matter, n.Origin, n.Place, n.Successor = o.Matter, in.grantOf(), o.Place, o.Successor
	}
	n.Author = in.author()
	n.pair(in)
	return n
}

// NamedBy lists the records that an application will rest on once it is
// drafted. A new license is issued by whoever its grant lets decide, under this
// instance's serial prefix; an entrustment rests on the grant it names.
// A later act belongs to the origin of its license, present; so does an issue that
// replaces one. present is nil for any other issue.
// CodeGrant for a grant that the ledger does not have.
func (g Gatherer) NamedBy(app Application, t *LicenseType, prefix string, now time.Time, present *Standing) (Named, error) {
	n := Named{Act: app.Act, Type: t.Code, TypeVersion: t.Version, Issuer: app.Identifier.Issuer, Organization: app.Organization,
		Grant: app.Grant, Seal: app.Seal, Case: app.Case, Prefix: prefix, Decided: now.Unix()}
	if !app.Decided.IsZero() {
		n.Decided = app.Decided.Unix()
	}
	if app.Act != Issue {
		n.Prefix = app.Identifier.Prefix()
	}
	for _, c := range app.Copies {
		n.Blanks = append(n.Blanks, c.Blank)
	}
	if app.Ruling != nil {
		if n.Author = app.Ruling.Author; n.Author == "" {
			n.Author = app.Organization
		}
	}
	if app.Grant == "" && app.Act != Issue {
		return n, nil // a superior's act
	}
	grant, err := g.Grant(app.Grant)
	if err != nil {
		return n, err
	}
	if grant.Mode == ModeEntrust {
		n.Under = grant.Rests
	}
	if app.Act == Issue {
		n.Issuer = grant.Decider
		if app.Closes == nil {
			return n, nil
		}
		n.Paired = app.Closes.License.Issuer
		return n, g.nameOrigin(&n, n.Paired, grant, present)
	}
	if err := g.nameOrigin(&n, n.Issuer, grant, present); err != nil {
		return n, err
	}
	return n, g.nameBasis(&n, app, grant, present)
}

// nameBasis names the grant under which an act of another's was done that a return
// or a ruling concerns.
func (g Gatherer) nameBasis(n *Named, app Application, grant *Grant, present *Standing) error {
	if n.Under != "" || present == nil || app.Act != Return && app.Ruling == nil {
		return nil
	}
	r := &gathering{from: g.Records}
	p := &Powers{Issuer: gathered[*Organization](r, KindOrganization, n.Issuer), Actor: gathered[*Organization](r, KindOrganization, n.Organization), Grant: grant}
	if r.err != nil || p.Issuer == nil || p.Actor == nil {
		return r.err
	}
	c, basis := present.concerned(app.Act, n.Organization, app.Ruling, !p.ownSide(app.Act, app.Ground, n.Organization) || present.returnsAbove(app.Act, n.Organization))
	if c != nil && c.By != n.Organization && basis != grant.ID && basis != n.Origin {
		n.Under = basis
	}
	return nil
}

// nameOrigin names what a later act's license rests on, or the one that an issue
// replaces.
func (g Gatherer) nameOrigin(n *Named, of string, grant *Grant, standing *Standing) error {
	present := standing.license()
	if present == nil {
		return nil
	}
	issuer, err := RecordOf[*Organization](g.Records, KindOrganization, of)
	if err != nil {
		return err
	}
	origin := grant // a license of the first rules rests on none by name
	if present.Grant != "" {
		if origin, err = g.Grant(present.Grant); err != nil {
			return err
		}
	}
	n.Matter, n.Origin, n.Place = origin.Matter, origin.ID, present.PlaceOf(issuer)
	if issuer == nil {
		return nil
	}
	r := &gathering{from: g.Records}
	p := &Powers{Issuer: issuer, Origin: origin, Successions: r.successions(n.Successions())}
	p.Tenures = r.tenures(n.Matter, p.heir(n.Decided))
	n.Successor = p.lapsed(n.Place, n.Decided, grant)
	return r.err
}

// Instance is the name of the record that gives the issuer the prefix.
func (n Named) Instance() string {
	if n.Prefix == "" {
		return ""
	}
	return n.Issuer + "." + n.Prefix
}

// examination is the name of the case's examination under the grant.
func (n Named) examination() string {
	if n.Case == "" || n.Grant == "" {
		return ""
	}
	return ExaminationName(n.Grant, n.Case)
}

// Years names the calendars that a renewal's lead days are counted by.
func (n Named) Years() []string {
	if n.Act != AcceptRenewal {
		return nil
	}
	year := time.Unix(n.Decided, 0).In(China).Year()
	return []string{strconv.Itoa(year), strconv.Itoa(year + 1)}
}

// Successions names the records that tell whose the license is, the nearest
// place first.
func (n Named) Successions() []string {
	if n.Matter == "" {
		return nil
	}
	return successionNames(n.origin(), n.Matter, n.Place)
}

// origin is the issuer of the license whose Matter and Place these are: of an
// issue that of the license replaced.
func (n Named) origin() string {
	if n.Act == Issue {
		return n.Paired
	}
	return n.Issuer
}

// Tenures lists the organizations whose powers over the license's matter tell whose
// it is: the issuer's, and the successor's that the act names.
func (n Named) Tenures() (organizations []string) {
	if n.Matter == "" {
		return nil
	}
	organizations = append(organizations, n.origin())
	if n.Successor != "" && n.Successor != n.Issuer {
		organizations = append(organizations, n.Successor)
	}
	return organizations
}

// Powers gathers what governance says about an act. Bars are the caller's to
// add: they stand in members' namespaces, which not every reader sees. The
// powers are filled as far as the ledger goes also when the error says which
// record is missing: CodeUnavailable without rules, CodeOrganization,
// CodeTypeUnknown, CodeGrant.
func (g Gatherer) Powers(n Named) (*Powers, error) {
	r := &gathering{from: g.Records}
	p := &Powers{
		Rules:    gathered[*Rules](r, KindRules, CurrentRules),
		Type:     gathered[*TypeRecord](r, KindType, TypeName(n.Type, n.TypeVersion)),
		Issuer:   gathered[*Organization](r, KindOrganization, n.Issuer),
		Actor:    gathered[*Organization](r, KindOrganization, n.Organization),
		Grant:    gathered[*Grant](r, KindGrant, n.Grant),
		Seal:     gathered[*SealRecord](r, KindSeal, n.Seal),
		Instance: gathered[*Instance](r, KindInstance, n.Instance()),
		Under:    gathered[*Grant](r, KindGrant, n.Under),
		Examined: gathered[*Examination](r, KindExamination, n.examination()),
		Stock:    map[string]*Stock{},
		Origin:   gathered[*Grant](r, KindGrant, n.Origin),
		Author:   gathered[*Organization](r, KindOrganization, n.Author),
		Paired:   gathered[*Organization](r, KindOrganization, n.Paired),
	}
	p.Successions = r.successions(n.Successions())
	p.Tenures = r.tenures(n.Matter, n.Tenures()...)
	for _, blank := range n.Blanks {
		if name := StockName(n.Type, blank.Form, blank.Run, n.Organization); !blank.IsZero() {
			p.Stock[name] = gathered[*Stock](r, KindStock, name)
		}
	}
	for _, year := range n.Years() {
		if c := gathered[*Calendar](r, KindCalendar, year); c != nil {
			p.Calendars = append(p.Calendars, c)
		}
	}
	if r.err != nil {
		return p, r.err
	}
	return p, g.complete(p, n)
}

// complete tells what an act cannot do without, and the ledger does not have.
func (g Gatherer) complete(p *Powers, n Named) error {
	if _, err := g.Rules(); err != nil {
		return err
	}
	switch {
	case p.Issuer == nil:
		return Errorf(CodeOrganization, "identifier", "issuer %s is not registered", n.Issuer)
	case p.Actor == nil || p.Actor.Dissolved != 0 && p.Actor.Dissolved <= n.Decided:
		return Errorf(CodeOrganization, "organization", "%s is not registered or dissolved", n.Organization)
	case p.Type == nil:
		return Errorf(CodeTypeUnknown, "identifier", "type %s version %d is not registered", n.Type, n.TypeVersion)
	case n.Grant == "":
		return nil
	}
	_, err := g.Grant(n.Grant)
	return err
}

// Kinship gathers what relations to a license are read from, of an issuer, of
// the grants that anchored acts name, and, when the license is in nobody's hands
// any more at an instant (Unix seconds), of whether the organization that asks
// holds its matter there. Grants that the ledger no longer shows are left out.
func (g Gatherer) Kinship(issuer string, standing *Standing, asks string, at int64) (*Kinship, error) {
	r := &gathering{from: g.Records}
	k := &Kinship{At: at, Issuer: gathered[*Organization](r, KindOrganization, issuer), Library: r.library()}
	for _, id := range standing.Grants() {
		if grant := gathered[*Grant](r, KindGrant, id); grant != nil {
			k.Grants = append(k.Grants, grant)
		}
	}
	if l := standing.license(); l != nil && l.Grant != "" {
		if origin := gathered[*Grant](r, KindGrant, l.Grant); origin != nil {
			k.Successions = r.successions(successionNames(issuer, origin.Matter, l.Place))
			k.Holds = k.Issuer != nil && k.orphaned(r, l, origin, asks, at)
		}
	}
	return k, r.err
}

// Library is the organization that keeps the license library of the deployment, as
// the service of the city's own member says; empty for none.
func (g Gatherer) Library() (string, error) {
	r := &gathering{from: g.Records}
	return r.library(), r.err
}

func (g *gathering) library() string {
	rules := gathered[*Rules](g, KindRules, CurrentRules)
	if rules == nil {
		return ""
	}
	city := gathered[*Organization](g, KindOrganization, rules.City)
	if city == nil {
		return ""
	}
	service := gathered[*Service](g, KindService, city.Member)
	if service == nil {
		return ""
	}
	return service.Library
}

// orphaned tells whether nobody's power reaches the license any more but that of
// whoever holds the matter there, and whether that is the organization.
func (k *Kinship) orphaned(r *gathering, l *License, origin *Grant, asks string, at int64) bool {
	p := &Powers{Issuer: k.Issuer, Origin: origin, Successions: k.Successions}
	p.Tenures = r.tenures(origin.Matter, k.Issuer.Code, p.heir(at), asks)
	if _, living := p.responsible(l.Place, at, false); living {
		return false
	}
	holds, _ := p.Tenures[asks].Holds(l.Place, at)
	return holds
}
