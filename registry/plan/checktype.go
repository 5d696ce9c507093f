package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tongzheng/registry"
)

var (
	typeCodeForm = regexp.MustCompile(`^[0-9A-Z]{18}[0-9]{3}$`)
	fieldForm    = regexp.MustCompile(`^KZ_[A-Z0-9]+$`)
	fieldUse     = regexp.MustCompile(`\{field:(KZ_[A-Z0-9]+)\}`)
)

func (c *checker) checkType(t Type) {
	thing, license := "type "+t.Key, t.Type
	c.unique("type code", license.Code, typeCodeForm)
	c.unique("type name", license.Name, regexp.MustCompile(`^[\p{Han}（）]+$`))
	if len(license.Code) == 21 {
		c.pass(thing, registry.CheckUSCC(license.Code[:18]))
	}
	c.want(license.Version >= 1 && license.English != "" && license.Authority != "" && license.Note != "" && license.Validity != "",
		thing, "version, english, authority, validity and note are wanted")
	c.want(license.Source == registry.MadeHere || license.Source == registry.Collected, thing, "source %q", license.Source)
	c.want(license.Seal == registry.ApprovalSeal || license.Seal == registry.OfficialSeal, thing, "seal %q", license.Seal)
	c.want(license.LeadDays >= 0 && license.LeadDays <= 366, thing, "lead_days %d", license.LeadDays)
	c.want(license.LeadUnit == "" || license.LeadUnit == registry.CalendarDays || license.LeadUnit == registry.WorkingDays, thing, "lead_unit %q", license.LeadUnit)
	c.want(len(license.Holders) > 0, thing, "holders are wanted")
	c.pass(thing+" on the ledger", license.Record().Check())
	for _, h := range license.Holders {
		c.want(registry.HolderCodeTypes[h] != "", thing, "holder code type %q", h)
	}
	c.checkFieldRules(thing, license)
	c.checkActs(thing, license)
	_, electronic := license.Copy(registry.Electronic)
	c.want(electronic, thing, "has no electronic copy")
	c.pass(thing+" sample", license.CheckFields(t.Sample))
	c.pass(thing+" number", license.Number.Check(t.Number))
	c.pass(thing+" number", makeAndCheck(t))
}

func (c *checker) checkFieldRules(thing string, license registry.LicenseType) {
	var names []string
	for _, f := range license.Fields {
		c.want(fieldForm.MatchString(f.Name) && !slices.Contains(names, f.Name), thing, "field %q", f.Name)
		c.want(f.Label != "" && f.English != "" && f.Max >= 0, thing, "field %s: label and english are wanted", f.Name)
		_, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
		c.pass(thing+" field "+f.Name, err)
		names = append(names, f.Name)
	}
	for _, name := range license.Compare {
		c.want(slices.Contains(names, name), thing, "compare: no field %s", name)
	}
	for _, use := range fieldUse.FindAllStringSubmatch(license.Number.Template, -1) {
		c.want(slices.Contains(names, use[1]), thing, "number: no field %s", use[1])
	}
}

// checkActs: every act is in the act table, every ground has its statute, and
// a type that is made here can be printed.
func (c *checker) checkActs(thing string, license registry.LicenseType) {
	for name, grounds := range license.Acts {
		act, err := registry.ParseAct(name)
		c.pass(thing, err)
		rule, _ := act.Rule()
		c.want(rule.Class != registry.ClassPaper || license.Source == registry.MadeHere, thing, "%s of a license that is made elsewhere", name)
		c.want(len(grounds) > 0, thing, "%s without a ground", name)
		var codes []string
		for _, g := range grounds {
			c.want(idForm.MatchString(g.Code) && !slices.Contains(codes, g.Code), thing, "%s ground %q", name, g.Code)
			c.want(g.Chinese != "" && g.Statute != "", thing, "%s ground %s: chinese and statute are wanted", name, g.Code)
			codes = append(codes, g.Code)
		}
	}
	for _, act := range []registry.Act{registry.Issue, registry.Revoke, registry.Cancel} {
		c.want(len(license.Acts[act.String()]) > 0, thing, "no ground for %s", act)
	}
	_, renews := license.Acts[registry.Renew.String()]
	_, accepts := license.Acts[registry.AcceptRenewal.String()]
	c.want(renews == accepts, thing, "renew and accept-renewal come together: an undecided renewal is deemed granted from its acceptance")
}

// makeAndCheck makes a number and checks it. A rule may take a field that has
// no code, such as a credit code: such numbers are only collected.
func makeAndCheck(t Type) error {
	for _, use := range fieldUse.FindAllStringSubmatch(t.Type.Number.Template, -1) {
		if _, ok := t.Type.Number.Codes[t.Sample[use[1]]]; !ok && t.Type.Source == registry.Collected {
			return nil
		}
	}
	number, err := t.Type.Number.Make("360732", 2026, 7, t.Sample)
	if err != nil {
		return err
	}
	if strings.ContainsAny(number, "{}") {
		return fmt.Errorf("%s: a placeholder was left", number)
	}
	return t.Type.Number.Check(number)
}

func (c *checker) checkLicense(l License) {
	thing := "license " + l.ID
	c.unique("license", l.ID, idForm)
	t, ok := c.Type(l.Type)
	if !c.want(ok, thing, "type %q is not in the plan", l.Type) {
		return
	}
	g, ok := c.Grant(l.Grant)
	if !c.want(ok, thing, "grant %q is not in the plan", l.Grant) {
		return
	}
	matter, _ := c.Matter(g.Matter)
	c.want(slices.Contains(matter.Types, l.Type), thing, "matter %s does not lead to %s", g.Matter, l.Type)
	c.want(g.Active(l.Decided), thing, "grant %s is not active on %s", g.ID, l.Decided)
	territory := registry.Grant{Territory: g.Territory}
	c.want(l.Place != "" || !territory.AsksPlace(), thing, "grant %s is for all of %s: the license names its place", g.ID, g.Territory)
	c.want(l.Place == "" || registry.Within(l.Place, g.Territory), thing, "place %q does not lie in %s", l.Place, g.Territory)
	_, err := t.Type.GroundFor(registry.Issue, l.Ground)
	c.pass(thing, err)
	c.want(slices.Contains(t.Type.Holders, l.Holder.CodeType), thing, "holder code type %q", l.Holder.CodeType)
	c.pass(thing, registry.CheckHolderCode(l.Holder.CodeType, l.Holder.Code, l.Decided))
	c.want(strings.Contains(l.Holder.Name, "演示"), thing, "an invented holder's name says 演示")
	c.pass(thing, t.Type.CheckFields(l.Fields))
	c.want(l.Decided != 0 && l.Decided <= l.Effective && l.Effective < l.Expires, thing, "decided %s, effective %s, expires %s", l.Decided, l.Effective, l.Expires)
	c.want(l.Decision != "" && l.Case != "", thing, "decision and case numbers are wanted")
	c.unique("decision", l.Decision, regexp.MustCompile(`.`))
	if c.want((l.Number != "") == (t.Type.Source == registry.Collected), thing, "a number stands with collected licenses only") && l.Number != "" {
		c.pass(thing, t.Type.Number.Check(l.Number))
	}
}
