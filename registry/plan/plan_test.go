package plan

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"tongzheng/registry"
)

func load(t *testing.T, name string) *Plan {
	t.Helper()
	p, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryPlanLoads(t *testing.T) {
	want := "alxa ganzhou haitou jiangning xinhua"
	if got := strings.Join(Names(), " "); got != want {
		t.Errorf("plans %s, want %s", got, want)
	}
	for _, name := range Names() {
		p := load(t, name)
		if p.Name != name {
			t.Errorf("folder %s holds plan %s", name, p.Name)
		}
	}
	if _, err := Load("types"); err == nil {
		t.Error("types is no plan")
	}
}

// Nothing in the data may be taken for a record of a real authority.
func TestEveryFileSaysDemonstration(t *testing.T) {
	err := fs.WalkDir(data, "data", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := data.ReadFile(path)
		first, _, _ := strings.Cut(string(raw), "\n")
		if !strings.HasPrefix(first, "# 演示数据 DEMONSTRATION DATA") {
			t.Errorf("%s: begins %q", path, first)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCountsOfThePlans(t *testing.T) {
	for _, want := range []struct {
		plan, list string
		mode       registry.Mode
		decider    string // of all of them; empty: several
		count      int
	}{
		{"ganzhou", "xg-direct", registry.ModeDirect, "xg-approval", 20},
		{"ganzhou", "xg-review", registry.ModeReview, "", 45},
		{"ganzhou", "xg-window", registry.ModeWindow, "", 53},
		{"haitou", "ht-direct", registry.ModeDirect, "ht-gov", 96},
		{"jiangning", "jn-ds", registry.ModeDirect, "jn-ds", 34},
		{"jiangning", "jn-ml", registry.ModeDirect, "jn-ml", 28},
		{"jiangning", "jn-ml-resident", registry.ModeResident, "", 6},
	} {
		p := load(t, want.plan)
		grants := p.GrantsOf(want.list)
		if len(grants) != want.count {
			t.Errorf("%s: %d grants, want %d", want.list, len(grants), want.count)
		}
		for _, g := range grants {
			if g.Mode != want.mode || want.decider != "" && g.Decider != want.decider {
				t.Errorf("%s: mode %s, decider %s", g.ID, g.Mode, g.Decider)
			}
		}
	}
	if n := inGroup(load(t, "ganzhou"), "xingguo-departments"); n != 12 {
		t.Errorf("Xingguo: %d departments, want 12", n)
	}
	if n := inGroup(load(t, "haitou"), "haitou-departments"); n != 16 {
		t.Errorf("Haitou: %d departments, want 16", n)
	}
	if n := inGroup(load(t, "jiangning"), "jiangning-departments"); n != 7 {
		t.Errorf("Jiangning: %d departments, want 7", n)
	}
	if n := inGroup(load(t, "jiangning"), "jiangning-streets"); n < 2 {
		t.Errorf("Jiangning: %d streets, want several", n)
	}
}

func inGroup(p *Plan, group string) int {
	n := 0
	for _, o := range p.Organizations {
		if strings.Contains(strings.Join(o.Groups, " "), group) {
			n++
		}
	}
	return n
}

func TestXingguoPlan(t *testing.T) {
	p := load(t, "ganzhou")
	modes := map[registry.Mode]bool{}
	for _, g := range p.Grants {
		modes[g.Mode] = true
	}
	for _, mode := range registry.Modes() {
		if !modes[mode] {
			t.Errorf("no matter in mode %s", mode)
		}
	}
	day, _ := registry.ParseDate("2030-01-01")
	for _, g := range p.GrantsOf("xg-review") {
		if g.Active(day) {
			t.Errorf("%s is active without its agreement", g.ID)
		}
	}
	for _, g := range p.GrantsOf("yd-review") {
		if !g.Active(day) || g.Active(g.Effective) {
			t.Errorf("%s: active from its agreement on", g.ID)
		}
	}
	for _, list := range []string{"xg-direct", "xg-review", "xg-window"} {
		for _, g := range p.GrantsOf(list) {
			if g.RecallBy != "gz-gov" || g.Supervision != "xingguo-three-days" {
				t.Errorf("%s: recalled by %s, supervised by %s", g.ID, g.RecallBy, g.Supervision)
			}
		}
	}
	if g, _ := p.Grant("xg-direct-001"); strings.Join(g.Regulators, " ") != "xg-market" {
		t.Errorf("food: regulators %v", g.Regulators)
	}
	if d := p.Supervision[0].Duties; d[0].WorkingDays != 3 || d[1].WorkingDays != 5 || d[1].What != DutyPolicy {
		t.Errorf("duties %+v", d)
	}
}

func TestHandoversOfTheScenarios(t *testing.T) {
	for _, want := range []struct {
		plan, start string
		archives    Archives
	}{
		{"alxa", "2021-10-08", ArchivesMove}, {"jiangning", "2020-07-31", ArchivesStay}, {"haitou", "2024-06-01", ArchivesStay},
	} {
		h := load(t, want.plan).Handovers[0]
		if h.Start.String() != want.start || h.Archives != want.archives {
			t.Errorf("%s: start %s, archives %s", want.plan, h.Start, h.Archives)
		}
	}
	if h := load(t, "alxa").Handovers[0]; h.Exceptions || len(h.Lapses) != 1 || len(h.SealsEnded) != 5 {
		t.Errorf("Alxa: %+v", h)
	}
	for _, g := range load(t, "haitou").GrantsOf("ht-direct") {
		if g.RecallBy != "gy-gov" || g.Handling != "ht-center" {
			t.Fatalf("%s: recalled by %s, handled by %s", g.ID, g.RecallBy, g.Handling)
		}
	}
}

func TestFoodLicenseNumber(t *testing.T) {
	p := load(t, "ganzhou")
	food, _ := p.Type("food-operation")
	form := regexp.MustCompile(`^JY[0-9]{14}$`)
	for value, code := range food.Type.Number.Codes {
		fields := map[string]string{"KZ_ZTYT": value}
		number, err := food.Type.Number.Make("360732", 2026, 42, fields)
		if err != nil || !form.MatchString(number) || number[:15] != "JY"+code+"360732000042" {
			t.Errorf("%s: %s, %v", value, number, err)
		}
		if err := food.Type.Number.Check(number); err != nil {
			t.Errorf("%s: %v", number, err)
		}
		wrong := number[:15] + string('0'+(number[15]-'0'+1)%10)
		if registry.CodeOf(food.Type.Number.Check(wrong)) != registry.CodeNumberForm {
			t.Errorf("%s passes", wrong)
		}
	}
	if food.Type.Acts["change"][0].Code != "representative" {
		t.Error("the change of a food license is first its representative's: relocation applies anew")
	}
}

func TestTypes(t *testing.T) {
	p := load(t, "ganzhou")
	if len(p.Types) < 8 {
		t.Errorf("%d types", len(p.Types))
	}
	collected := 0
	for _, license := range p.Types {
		if err := license.Type.CheckFields(license.Sample); err != nil {
			t.Errorf("%s: %v", license.Key, err)
		}
		if license.Type.Source == registry.Collected {
			collected++
		}
		if len(license.Type.Matters) == 0 {
			t.Errorf("%s: no matter leads to it", license.Key)
		}
	}
	for _, key := range []string{"road-transport", "water-abstraction", "pollutant-discharge"} {
		if license, _ := p.Type(key); license.Type.Source != registry.Collected {
			t.Errorf("%s is made by a ministry's system", key)
		}
	}
	if water, _ := p.Type("water-abstraction"); water.Type.LeadDays != 45 || len(water.Type.Copies) != 2 {
		t.Error("water: 45 days, an annex for several intakes")
	}
	for _, act := range registry.Acts() {
		if !act.Act.Rules() && act.Act != registry.Replace && !someType(p, act.Name) { // a ruling is its own ground, a closing has its issue's
			t.Errorf("no type shows the act %s", act.Name)
		}
	}
}

func someType(p *Plan, act string) bool {
	for _, t := range p.Types {
		if len(t.Type.Acts[act]) > 0 {
			return true
		}
	}
	return false
}

// Codes of organizations and types are of different plans too: one test may
// load several.
func TestCodesDoNotCollideBetweenPlans(t *testing.T) {
	seen := map[string]string{}
	for _, name := range Names() {
		p := load(t, name)
		var codes []string
		for _, o := range p.Organizations {
			codes = append(codes, o.Code)
		}
		for _, m := range p.Matters {
			codes = append(codes, m.Code)
		}
		holders := map[string]bool{}
		for _, l := range p.Licenses {
			holders[l.Holder.Code] = true
		}
		for code := range holders {
			codes = append(codes, code)
		}
		for _, code := range codes {
			if seen[code] != "" {
				t.Errorf("%s: in %s and %s", code, seen[code], name)
			}
			seen[code] = name
		}
	}
}

// Every unit that decides in the demo city has the people its policies ask for.
func TestDemoAccountsCoverThePolicies(t *testing.T) {
	p := load(t, "ganzhou")
	for _, unit := range []string{"xg-approval", "yd-approval", "gz-education"} { // the town and the streets: TestDemoAccountsOfEveryCounter
		persons := map[registry.Role]int{}
		for _, a := range p.Accounts {
			for _, role := range a.Roles {
				if a.Organization == unit && !a.Machine {
					persons[role]++
				}
			}
		}
		for _, c := range p.Policies {
			for _, act := range registry.Acts() {
				need := map[registry.Role]int{}
				for _, role := range c.Roles(registry.ModeDirect, act.Act) {
					need[role]++
				}
				for role, n := range need {
					if persons[role] < n {
						t.Errorf("%s: %d %s, %s asks for %d", unit, persons[role], role, act.Name, n)
					}
				}
			}
		}
	}
}

func TestPolicies(t *testing.T) {
	p := load(t, "ganzhou")
	for _, want := range []struct {
		key   string
		mode  registry.Mode
		act   registry.Act
		roles string
	}{
		{"food-operation", registry.ModeDirect, registry.Issue, "acceptor approver"},
		{"food-operation", registry.ModeDirect, registry.Print, "printer"},
		{"food-operation", registry.ModeDirect, registry.Destroy, "printer witness witness"},
		{"private-school", registry.ModeReview, registry.Issue, "examiner approver seal-keeper"},
		{"drug-retail", registry.ModeDirect, registry.Issue, "acceptor examiner approver"},
		{"drug-retail", registry.ModeDirect, registry.AcceptRenewal, "acceptor"},
	} {
		policy, _ := p.Policy(want.key)
		var got []string
		for _, role := range policy.Roles(want.mode, want.act) {
			got = append(got, string(role))
		}
		if strings.Join(got, " ") != want.roles {
			t.Errorf("%s of %s under %s: %v, want %s", want.act, want.key, want.mode, got, want.roles)
		}
	}
}

func TestRecordsAreWellFormed(t *testing.T) {
	for _, name := range Names() {
		p := load(t, name)
		names := map[string]bool{}
		for _, record := range p.Records() {
			if err := record.Check(); err != nil {
				t.Errorf("%s %s %s: %v", name, record.Kind(), record.Name(), err)
			}
			key := registry.RecordKey(record.Kind(), record.Name())
			if names[key] {
				t.Errorf("%s: %s stands twice", name, key)
			}
			names[key] = true
		}
		for _, license := range p.Types {
			if err := license.Type.Record().Check(); err != nil {
				t.Errorf("%s %s: %v", name, license.Key, err)
			}
		}
	}
}

// In the demo city the takeover is history; in a scenario it is still to come.
func TestRecordsStandOnTheFirstDay(t *testing.T) {
	p := load(t, "ganzhou")
	g, _ := p.Grant("xg-direct-001")
	if r := p.GrantRecord(g); r.InForce(p.Today.Start().Unix()) != nil {
		t.Errorf("food in Xingguo: %v", r.InForce(p.Today.Start().Unix()))
	}
	p = load(t, "haitou")
	start, _ := registry.ParseDate("2024-06-01")
	for _, g := range p.GrantsOf("ht-direct") {
		if r := p.GrantRecord(g); registry.CodeOf(r.InForce(start.Start().Unix())) != registry.CodeGrantPeriod {
			t.Fatalf("%s is in force before its start of operation is recorded", g.ID)
		}
	}
}

func TestStrictAndExact(t *testing.T) {
	for bad, codes := range map[string][]string{
		"short": {"DEM36070010..DEM360700120"}, "falling": {"DEM360700120..DEM360700101"}, "letters": {"DEM360700ABC..DEM360700ABD"},
	} {
		if got, err := expandCodes(codes); err == nil {
			t.Errorf("%s: %v", bad, got)
		}
	}
	p := load(t, "ganzhou")
	p.Organizations[0].Code = p.Organizations[0].Code[:17] + "0"
	p.Matters[0].Types = []string{"no-such-type"}
	p.Stock[1].From = "1"
	err := p.check()
	for _, want := range []string{"uscc-check", "no-such-type", "equal width"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("check does not find %s", want)
		}
	}
}
