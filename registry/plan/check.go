package plan

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tongzheng/registry"
)

var (
	idForm     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	matterForm = regexp.MustCompile(`^[0-9A-Z]{12}$`)
	regionForm = regexp.MustCompile(`^[0-9]{6}([0-9]{3})?$`)
	blankForm  = regexp.MustCompile(`^([0-9A-Z]*[A-Z])?([0-9]+)$`)
)

// checker gathers errors, so that one run names all that is wrong.
type checker struct {
	*Plan
	errs []error
	ids  map[string]bool // every id seen, with its kind before it
}

func (p *Plan) check() error {
	c := &checker{Plan: p, ids: map[string]bool{}}
	c.checkInfo()
	c.checkService()
	for _, o := range p.Organizations {
		c.checkOrganization(o)
	}
	for _, t := range p.Types {
		c.checkType(t)
	}
	for _, y := range p.Calendars {
		_, err := y.record()
		c.pass("calendars", err)
	}
	for _, m := range p.Matters {
		c.checkMatter(m)
	}
	for _, g := range p.Grants {
		c.checkGrant(g)
	}
	for _, h := range p.Handovers {
		c.checkHandover(h)
	}
	for _, s := range p.Seals {
		c.checkSeal(s)
	}
	c.checkStock()
	c.checkPolicies()
	for _, a := range p.Accounts {
		c.checkAccount(a)
	}
	for _, l := range p.Licenses {
		c.checkLicense(l)
	}
	return errors.Join(c.errs...)
}

// want notes an error about a thing unless ok.
func (c *checker) want(ok bool, thing, format string, args ...any) bool {
	if !ok {
		c.errs = append(c.errs, fmt.Errorf(thing+": "+format, args...))
	}
	return ok
}

// pass notes err about a thing.
func (c *checker) pass(thing string, err error) {
	if err != nil {
		c.errs = append(c.errs, fmt.Errorf("%s: %w", thing, err))
	}
}

// unique wants an id of the right form that its kind has not used.
func (c *checker) unique(kind, id string, form *regexp.Regexp) {
	c.want(form.MatchString(id), kind+" "+id, "its id does not match %s", form)
	c.want(!c.ids[kind+" "+id], kind+" "+id, "stands twice")
	c.ids[kind+" "+id] = true
}

// organizations wants every id to be an organization.
func (c *checker) organizations(thing string, ids ...string) {
	for _, id := range ids {
		_, ok := c.Organization(id)
		c.want(ok, thing, "organization %q is not in the plan", id)
	}
}

func (c *checker) region(thing, code string) {
	known := slices.ContainsFunc(c.Regions, func(r Region) bool { return r.Code == code })
	c.want(known, thing, "region %q is not in the plan", code)
}

func (c *checker) checkInfo() {
	c.want(c.Chinese != "" && c.English != "" && c.Note != "" && c.Today != 0, "plan", "chinese, english, note and today are wanted")
	c.organizations("plan city", c.City)
	for _, r := range c.Regions {
		c.unique("region", r.Code, regionForm)
		c.want(r.Name != "" && r.English != "", "region "+r.Code, "names are wanted")
	}
	for _, m := range c.Members {
		c.unique("member", m.ID, idForm)
		c.organizations("member "+m.ID, m.Organization)
	}
	for _, s := range c.Supervision {
		thing := "supervision " + s.ID
		c.unique("supervision", s.ID, idForm)
		c.want(s.From == CaseClosed, thing, "from %q: want %s", s.From, CaseClosed)
		for _, d := range s.Duties {
			c.want(slices.Contains([]string{DutyResult, DutyPolicy, DutyFeedback}, d.What), thing, "duty %q", d.What)
			c.want(d.WorkingDays >= 0 && d.WorkingDays <= 60, thing, "%d working days", d.WorkingDays)
			c.want((d.WorkingDays == 0) == (d.Words != ""), thing, "%s: want working days, or the plan's own words", d.What)
			c.organizations(thing, d.To...)
		}
	}
}

// checkService: the levels' shares make up the total.
func (c *checker) checkService() {
	s := c.Service
	if s == nil {
		return
	}
	sum := 0
	for _, part := range s.Shares {
		c.want(part.Level >= 4 && part.Level <= 5 && part.WorkingDays > 0, "service", "share %+v", part)
		sum += part.WorkingDays
	}
	c.want(s.TotalDays > 0 && sum == s.TotalDays, "service", "shares of %d working days, in all %d", sum, s.TotalDays)
	c.want(s.Deferred == nil || !s.Deferred.Main, "service", "without its main documents nothing is accepted")
}

func (c *checker) checkOrganization(o Organization) {
	thing := "organization " + o.ID
	c.unique("organization", o.ID, idForm)
	c.unique("credit code", o.Code, regexp.MustCompile(`^1[12][0-9]{6}DEM[0-9A-Z]{7}$`))
	c.pass(thing, registry.CheckUSCC(o.Code))
	if len(o.Code) == 18 {
		c.want(len(o.Region) >= 6 && o.Code[2:8] == o.Region[:6], thing, "credit code is of region %s", o.Code[2:8])
		c.want(organizationCheck(o.Code[8:16]) == o.Code[16], thing, "organization code check digit (GB 11714)")
	}
	c.region(thing, o.Region)
	c.want(o.Name != "" && o.English != "", thing, "names are wanted")
	c.want(slices.Contains([]OrganizationKind{Government, Department, Center}, o.Kind), thing, "kind %q", o.Kind)
	c.want(o.Level >= 3 && o.Level <= 5, thing, "level %d", o.Level)
	c.want((o.Parent == "") == (o.ID == c.City), thing, "only the city has no parent")
	c.want(o.Management == "" || o.Management == registry.ManagedBranch || o.Management == registry.ManagedVertical, thing, "management %q", o.Management)
	c.want(o.Seat == "" || o.Management == registry.ManagedBranch, thing, "only a branch has another government at its seat")
	for _, other := range []string{o.Parent, o.Guide, o.Seat} {
		if other != "" {
			c.organizations(thing, other)
		}
	}
	c.want(c.ids["member "+o.Member], thing, "member %q is not in the plan", o.Member)
}

// organizationCheck is the check character of an organization code (GB 11714).
func organizationCheck(body string) byte {
	sum := 0
	for i, weight := range []int{3, 7, 9, 10, 5, 8, 4, 2} {
		v := int(body[i] - '0')
		if body[i] >= 'A' {
			v = int(body[i]-'A') + 10
		}
		sum += v * weight
	}
	return "0X987654321"[sum%11]
}

func (c *checker) checkMatter(m Matter) {
	thing := "matter " + m.Code
	c.unique("matter", m.Code, matterForm)
	c.want(m.Name != "" && m.English != "", thing, "names are wanted")
	c.organizations(thing, m.Department)
	c.want(len(m.Types) > 0, thing, "leads to no license type")
	c.want(m.Category == "" || slices.Contains(Categories(), m.Category), thing, "category %q", m.Category)
	for _, key := range m.Types {
		_, ok := c.Type(key)
		c.want(ok, thing, "type %q is not in the plan", key)
	}
}

func (c *checker) checkSeal(s Seal) {
	thing := "seal " + s.ID
	c.unique("seal", s.ID, idForm)
	c.unique("seal name", s.Name, regexp.MustCompile(`^\p{Han}+$`))
	c.organizations(thing, s.Organization)
	o, _ := c.Organization(s.Organization)
	c.want(o.Kind != Center, thing, "a center has no seal of decision")
	c.want(s.Kind == registry.ApprovalSeal || s.Kind == registry.OfficialSeal, thing, "kind %q", s.Kind)
	// An approval seal differs from the official one in its name.
	c.want((s.Kind == registry.ApprovalSeal) == strings.HasSuffix(s.Name, "专用章"), thing, "%s is no name for a seal of kind %s", s.Name, s.Kind)
	c.want(s.Diameter >= 30 && s.Diameter <= 60, thing, "diameter %d mm", s.Diameter)
	c.want(s.From != 0, thing, "from is wanted")
	for _, code := range s.Matters {
		_, ok := c.Matter(code)
		c.want(ok, thing, "matter %s is not in the plan", code)
	}
}

func (c *checker) checkAccount(a Account) {
	thing := "account " + a.Login
	c.unique("account", a.Login, idForm)
	c.organizations(thing, a.Organization)
	c.want(a.Name != "" && len(a.Roles) > 0, thing, "name and roles are wanted")
	for _, role := range a.Roles {
		c.want(slices.Contains(registry.Roles(), role), thing, "role %q", role)
	}
}

func (c *checker) checkPolicies() {
	for _, p := range c.Policies {
		thing := "policy " + p.Type
		c.want(!c.ids[thing], thing, "stands twice")
		c.ids[thing] = true
		_, known := c.Type(p.Type)
		c.want(known || p.Type == registry.DefaultPolicy, thing, "type is not in the plan")
		lists := [][]registry.Role{p.Version, p.State, p.Record, p.Paper}
		for mode, roles := range p.Modes {
			c.want(slices.Contains(registry.Modes(), mode), thing, "mode %q", mode)
			lists = append(lists, roles)
		}
		for _, roles := range p.Acts {
			lists = append(lists, roles)
		}
		for _, roles := range lists {
			c.want(len(roles) > 0, thing, "roles are wanted for every class, mode and act named")
			for _, role := range roles {
				c.want(slices.Contains(registry.Roles(), role), thing, "role %q", role)
			}
		}
	}
	c.want(c.ids["policy "+registry.DefaultPolicy], "policies", "no default")
}
