package registry

import (
	"slices"
	"strconv"
	"strings"

	"tongzheng/registry/sm"
)

func itoa(n int) string { return strconv.Itoa(n) }

func recordError(field, format string, args ...any) error {
	return Errorf(CodeEntryForm, field, format, args...)
}

// Check tells whether the rules are well formed.
func (r *Rules) Check() error {
	switch {
	case r.Version < 1 || len(r.City) != 18 || len(r.Members) == 0 || r.MaxBackdate <= 0:
		return recordError("rules", "version, city, members and max_backdate are required")
	case slices.Contains(r.Members, Governance):
		return recordError("members", "governance is no member")
	}
	return r.Founder.check()
}

func (k *ActKey) check() error {
	if sm.KeyIDOf(k.Public) != k.ID || k.From <= 0 {
		return recordError("act_keys", "key id, public key and start do not fit")
	}
	pub, err := sm.ParsePublicKey(k.Public)
	if err != nil || !sm.IsSM2(pub) {
		return recordError("act_keys", "an act key is an SM2 key")
	}
	return nil
}

// Check tells whether the record is well formed.
func (o *Organization) Check() error {
	if len(o.Code) != 18 || o.FullName == "" || !regionForm(o.Region) || o.Member == "" {
		return recordError("organization", "code, name, region and member are required")
	}
	if !slices.Contains([]Rank{"", RankGovernment, RankDepartment, RankCenter}, o.Rank) {
		return recordError("rank", "rank %q", o.Rank)
	}
	if err := o.checkManagement(); err != nil {
		return err
	}
	for i := range o.ActKeys {
		if err := o.ActKeys[i].check(); err != nil {
			return err
		}
	}
	if err := checkSucceeds(o.Succeeds); err != nil {
		return err
	}
	return checkTextFirst("name", o.FullName, 100)
}

// Check tells whether the record is well formed.
func (m *Matter) Check() error {
	if m.Code == "" || len(m.Code) > 40 || m.FullName == "" {
		return recordError("matter", "code and name are required")
	}
	return checkTextFirst("name", m.FullName, 200)
}

// Check tells whether the record is well formed.
func (t *TypeRecord) Check() error {
	if !typeForm.MatchString(t.Code) || t.Version < 1 || t.Digest.IsZero() || len(t.Matters) == 0 ||
		t.Source != MadeHere && t.Source != Collected || t.Lead < 0 || t.Lead > maxLead || t.LeadUnit != "" && t.LeadUnit != CalendarDays && t.LeadUnit != WorkingDays {
		return recordError("type", "code, version, digest, source and matters are required")
	}
	for act := range t.Grounds {
		if _, err := ParseAct(act); err != nil {
			return err
		}
	}
	return t.checkLaw()
}

func (t *TypeRecord) checkLaw() error {
	for act, doers := range t.Doers {
		if _, err := ParseAct(act); err != nil {
			return err
		}
		for _, d := range doers {
			if !slices.Contains(Doers(), d) {
				return recordError("doers", "doer %q", d)
			}
		}
	}
	for name, years := range t.Bars {
		act, ground, _ := strings.Cut(name, "/")
		if parsed, err := ParseAct(act); err != nil || parsed.Class() != ClassState || !slices.Contains(t.Grounds[act], ground) || years < 1 {
			return recordError("bars", "%s: a bar follows an act that ends a license, on one of its grounds, for whole years", name)
		}
	}
	return nil
}

// Check tells whether the record is well formed.
func (g *Grant) Check() error {
	switch {
	case g.ID == "" || len(g.ID) > 64 || g.Matter == "" || len(g.Decider) != 18 || !regionForm(g.Territory) ||
		g.Document == "" || g.Effective <= 0 || g.RecallBy == "":
		return recordError("grant", "id, matter, decider, territory, document, effective and recall_by are required")
	case !slices.Contains(Modes(), g.Mode):
		return recordError("mode", "mode %q", g.Mode)
	case g.Mode == ModeEntrust && (g.Acceptor == "" || g.Source != g.Decider):
		return recordError("mode", "entrustment names the entrusted (acceptor) and decides in the entruster's name")
	case g.End != 0 && (g.End < g.Effective || g.EndBasis == ""):
		return recordError("end", "an end needs its basis and comes after the beginning")
	case (g.Publication == "") != (g.Published == 0):
		return recordError("publication", "a publication has its day")
	case len(g.Exceptions) > 0 && g.Ended == "":
		return recordError("exceptions", "exceptions belong to a grant that a handover ended")
	}
	for _, x := range g.Exceptions {
		if x.Seal == "" || x.Basis == "" || x.From < g.End || x.Until <= x.From {
			return recordError("exceptions", "an exception names its seal, its basis and a time after the end")
		}
	}
	if err := g.checkAccepts(); err != nil {
		return err
	}
	return g.checkLegal()
}

// Check tells whether the record is well formed.
func (s *SealRecord) Check() error {
	if s.ID == "" || len(s.ID) > 64 || len(s.Owner) != 18 || s.Digest.IsZero() || len(s.History) == 0 ||
		s.SealKind != ApprovalSeal && s.SealKind != OfficialSeal {
		return recordError("seal", "id, owner, kind, digest and history are required")
	}
	if s.History[0].State != SealInUse {
		return recordError("history", "a seal's life begins in use")
	}
	for i := 1; i < len(s.History); i++ {
		before, now := s.History[i-1], s.History[i]
		if now.At < before.At || before.State == SealRetired || now.State == before.State ||
			!slices.Contains([]SealState{SealInUse, SealSuspended, SealLost, SealRetired}, now.State) {
			return recordError("history", "step %d of the seal's life is not possible", i+1)
		}
	}
	return nil
}

// Check tells whether the record is well formed.
func (s *Stock) Check() error {
	if !typeForm.MatchString(s.Type) || s.Form == "" || s.Run == "" || len(s.Organization) != 18 {
		return recordError("stock", "type, form, run and organization are required")
	}
	for _, r := range s.Ranges {
		if err := s.checkRange(r); err != nil {
			return err
		}
	}
	for i, gone := range s.Spent {
		if err := s.checkRange(gone.Of); err != nil {
			return err
		}
		if !slices.Contains([]SpentHow{SpentSpoiled, SpentLost, SpentDestroyed}, gone.How) || gone.At <= 0 || gone.Basis == "" {
			return recordError("spent", "what became of the blanks, when, and on what basis")
		}
		if slices.ContainsFunc(s.Spent[:i], func(before Spent) bool { return before.Of.overlaps(gone.Of) }) {
			return recordError("spent", "%s–%s went before", gone.Of.From, gone.Of.To)
		}
	}
	return nil
}

func (s *Stock) checkRange(r BlankRange) error {
	for _, number := range []string{r.From, r.To} {
		if err := (Blank{Form: s.Form, Run: s.Run, Number: number}).check(); err != nil {
			return err
		}
	}
	if len(r.From) != len(r.To) || r.From > r.To {
		return recordError("ranges", "a range runs upward and its ends have one width")
	}
	return nil
}

// Check tells whether the record is well formed.
func (a *Approver) Check() error {
	if sm.KeyIDOf(a.Public) != a.KeyID || a.Person == "" || len(a.Organization) != 18 || len(a.Roles) == 0 || a.From <= 0 {
		return recordError("approver", "key, person, organization, roles and start are required")
	}
	pub, err := sm.ParsePublicKey(a.Public)
	if err != nil || (a.Algorithm == SM2SM3) != sm.IsSM2(pub) || a.Algorithm != SM2SM3 && a.Algorithm != WebAuthn {
		return recordError("approver", "the key does not fit its algorithm")
	}
	if !knownRoles(a.Roles) {
		return recordError("roles", "roles are among %v", Roles())
	}
	return nil
}

// sealPersons is how many persons approve at least whatever gets a seal.
const sealPersons = 2

// Check tells whether the record is well formed: no policy lets one person
// seal, and every role is one that somebody can have.
func (p *Policy) Check() error {
	if p.Type == "" || len(p.Version) == 0 || len(p.State) == 0 || len(p.Record) == 0 || len(p.Paper) == 0 {
		return recordError("policy", "type and the roles of every class are required")
	}
	sealing, all := [][]Role{p.Version}, [][]Role{p.Version, p.State, p.Record, p.Paper}
	for _, mode := range Modes() {
		if roles, said := p.Modes[mode]; said {
			sealing, all = append(sealing, roles), append(all, roles)
		}
	}
	for _, rule := range Acts() {
		if roles, said := p.Acts[rule.Act]; said {
			if all = append(all, roles); rule.Class == ClassVersion {
				sealing = append(sealing, roles)
			}
		}
	}
	if slices.ContainsFunc(sealing, func(roles []Role) bool { return len(roles) < sealPersons }) {
		return recordError("version", "two persons at least approve what is sealed")
	}
	if slices.ContainsFunc(all, func(roles []Role) bool { return len(roles) == 0 || !knownRoles(roles) }) {
		return recordError("policy", "roles are among %v", Roles())
	}
	if roles, said := p.Acts[Destroy]; said && len(slices.DeleteFunc(slices.Clone(roles), func(r Role) bool { return r != RoleWitness })) < len(witnesses) {
		return recordError("acts", "two witnesses watch a destruction")
	}
	return nil
}

func knownRoles(roles []Role) bool {
	return !slices.ContainsFunc(roles, func(r Role) bool { return !slices.Contains(Roles(), r) })
}

// Check tells whether the record is well formed.
func (i *Instance) Check() error {
	if len(i.Issuer) != 18 || len(i.Prefix) != PrefixLength || strings.Trim(i.Prefix, base36) != "" ||
		len(i.Lists) == 0 || len(i.Lists) > 4096 || slices.Contains(i.Lists, 0) {
		return recordError("instance", "issuer, a prefix of two characters 0-9A-Z and status lists are required")
	}
	if _, ok := hostOf(i.Registry); i.Registry != "" && !ok {
		return recordError("registry", "want the public address of a registry: https://host[/path]")
	}
	return i.checkNumbers()
}

// regionForm: GB/T 2260 to the county, or GB/T 10114 to the town or street.
func regionForm(code string) bool {
	return (len(code) == 6 || len(code) == 9) && strings.Trim(code, "0123456789") == ""
}
