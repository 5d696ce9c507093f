package plan

import (
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
)

// One test per clause of a plan that is data alone; clauses that a ledger
// carries out stand in chaincode/reformtest.

func (p *Plan) groupOf(name string) (ids []string) {
	for _, o := range p.Organizations {
		if slices.Contains(o.Groups, name) {
			ids = append(ids, o.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// 兴国 四1: the twelve units that the plan holds responsible, by name.
func TestPlanXingguoMeasure1ResponsibleUnits(t *testing.T) {
	p := load(t, "ganzhou")
	want := "xg-agriculture xg-commerce xg-ecology xg-education xg-forestry xg-housing xg-justice xg-market xg-resources xg-transport xg-urban xg-water"
	if got := strings.Join(p.groupOf("xingguo-departments"), " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// 兴国 四5: direct — the county's department supervises; review and window —
// the city's own.
func TestPlanXingguoMeasure5WhoSupervises(t *testing.T) {
	p := load(t, "ganzhou")
	level := func(id string) int { o, _ := p.Organization(id); return o.Level }
	for list, want := range map[string]int{"xg-direct": 4, "xg-review": 3, "xg-window": 3, "yd-review": 3} {
		for _, g := range p.GrantsOf(list) {
			if len(g.Regulators) == 0 || slices.ContainsFunc(g.Regulators, func(id string) bool { return level(id) != want }) {
				t.Errorf("%s is supervised by %v, want level %d", g.ID, g.Regulators, want)
			}
		}
	}
}

// 兴国 四6: results to the county's regulators within three working days in
// all three modes, policies back within five, findings promptly.
func TestPlanXingguoMeasure6DoublePush(t *testing.T) {
	p := load(t, "ganzhou")
	for _, list := range []string{"xg-direct", "xg-review", "xg-window"} {
		for _, g := range p.GrantsOf(list) {
			told := slices.Concat(g.Regulators, g.Informed)
			county := slices.ContainsFunc(told, func(id string) bool { o, _ := p.Organization(id); return o.Level == 4 })
			if !county || g.Supervision != "xingguo-three-days" {
				t.Errorf("%s: told are %v, duties %q", g.ID, told, g.Supervision)
			}
			if record := p.GrantRecord(g); len(record.Informed) != len(g.Informed) {
				t.Errorf("%s: the ledger is not told who is told", g.ID)
			}
		}
	}
	want := []Duty{{What: DutyResult, WorkingDays: 3}, {What: DutyPolicy, WorkingDays: 5}, {What: DutyFeedback, Words: "及时"}}
	if got := p.Supervision[0].Duties; !slices.EqualFunc(got, want, func(a, b Duty) bool { return a.What == b.What && a.WorkingDays == b.WorkingDays && a.Words == b.Words }) {
		t.Errorf("%+v", got)
	}
}

// 江宁 三(一): 34 matters of six sorts and 7 departments in every street;
// licensing matters move, the others move or sit at the window.
func TestPlanJiangningThreeOneMatters(t *testing.T) {
	p := load(t, "jiangning")
	for _, street := range p.groupOf("jiangning-streets") {
		matters, categories, departments := map[string]bool{}, map[Category]bool{}, map[string]bool{}
		for _, g := range slices.Concat(p.GrantsOf(street), p.GrantsOf(street+"-resident")) {
			m, _ := p.Matter(g.Matter)
			matters[m.Code], categories[m.Category], departments[m.Department] = true, true, true
			if m.Category == CategoryLicense && g.Mode != registry.ModeDirect {
				t.Errorf("%s: a licensing matter moves", g.ID)
			}
		}
		if len(matters) != 34 || len(categories) != len(Categories()) || len(departments) != 7 {
			t.Errorf("%s: %d matters, %d sorts, %d departments", street, len(matters), len(categories), len(departments))
		}
	}
}

// 江宁 四(二): results to the department that gave the power away, at once; it
// supervises.
func TestPlanJiangningFourTwoPushedAtOnce(t *testing.T) {
	p := load(t, "jiangning")
	for _, street := range p.groupOf("jiangning-streets") {
		for _, g := range p.GrantsOf(street) {
			if !slices.Equal(g.Regulators, []string{g.From}) || g.Supervision != "jn-told" {
				t.Errorf("%s: regulators %v, gave it away: %s", g.ID, g.Regulators, g.From)
			}
		}
	}
	if d := p.Supervision[0].Duties[0]; d.What != DutyResult || d.WorkingDays != 0 || d.Words != "第一时间" {
		t.Errorf("%+v", d)
	}
}

// 海头 四(三)、(二)推送: the matter's department supervises; it and the town's
// enforcement bureau are told while deciding.
func TestPlanHaitouPushedToTwoBodies(t *testing.T) {
	p := load(t, "haitou")
	for _, g := range p.GrantsOf("ht-direct") {
		if !slices.Equal(g.Regulators, []string{g.From}) || !slices.Equal(g.Informed, []string{"ht-enforcement"}) {
			t.Errorf("%s: regulators %v, informed %v", g.ID, g.Regulators, g.Informed)
		}
	}
	if d := p.Supervision[0].Duties[0]; d.What != DutyResult || len(d.To) > 0 || d.WorkingDays != 0 {
		t.Errorf("%+v", d)
	}
}

// 海头 三: the urban management bureau is the one of the sixteen that is named.
func TestPlanHaitouThreeSixteenDepartments(t *testing.T) {
	p := load(t, "haitou")
	departments := map[string]int{}
	for _, g := range p.GrantsOf("ht-direct") {
		departments[g.From]++
	}
	if len(departments) != 16 || departments["gy-urban"] == 0 {
		t.Errorf("%v", departments)
	}
}

// 海头 五(一): one list, one scheme, one course, one liaison, one form, for every
// matter, and none of them there on the plan's first day.
func TestPlanHaitouFiveOneFiveThings(t *testing.T) {
	p := load(t, "haitou")
	for _, g := range p.GrantsOf("ht-direct") {
		if !slices.Equal(g.Prepare, registry.PreparationKinds()) {
			t.Fatalf("%s: %v", g.ID, g.Prepare)
		}
		for _, there := range p.GrantRecord(g).Preparations {
			if there.Document != "" {
				t.Errorf("%s: %+v", g.ID, there)
			}
		}
	}
}

// 新化: no power moves, and there is no handover.
func TestPlanXinhuaMovesNoPower(t *testing.T) {
	p := load(t, "xinhua")
	if len(p.Handovers) != 0 {
		t.Errorf("handovers %+v", p.Handovers)
	}
	for _, g := range p.Grants {
		m, _ := p.Matter(g.Matter)
		if g.Decider != m.Department || g.Mode == registry.ModeDirect || g.Mode == registry.ModeEntrust {
			t.Errorf("%s: %s decides a matter of %s in mode %s", g.ID, g.Decider, m.Department, g.Mode)
		}
	}
}

// 新化 二: thirty working days in all, six below and twenty-four in the county.
func TestPlanXinhuaTwoOneMonth(t *testing.T) {
	s := load(t, "xinhua").Service
	if s == nil || s.TotalDays != 30 || s.Days(5) != 6 || s.Days(4) != 24 || s.Days(3) != 0 {
		t.Fatalf("%+v", s)
	}
}

// 新化 三(一)2: by number, never a copy; 三(二)3: others than the main documents
// may be missing, promised, and told once in writing.
func TestPlanXinhuaThreeNumbersAndDeferment(t *testing.T) {
	s := load(t, "xinhua").Service
	if !s.ByNumber || s.Deferred == nil || *s.Deferred != (Deferment{Auxiliary: true, Promise: true, OneNotice: true}) {
		t.Errorf("%+v", s)
	}
}

// Where a power moved and only a county's document stands, the data does not
// say more; Alxa names its province's decision.
func TestPlansLegalKinds(t *testing.T) {
	founded := map[string]bool{"al-direct": true}
	for _, name := range Names() {
		p := load(t, name)
		for _, g := range p.Grants {
			if g.Mode != registry.ModeDirect {
				continue
			}
			if got := p.GrantRecord(g).Founded(); got != founded[g.List] {
				t.Errorf("%s %s: founded %t", name, g.ID, got)
			}
		}
	}
}

// Who sits at which counter of the demo city, with whom a browser story is told.
func TestDemoAccountsOfEveryCounter(t *testing.T) {
	p := load(t, "ganzhou")
	for what, want := range map[string]struct {
		unit, roles string
	}{
		"deciding town": {"xg-lianjiang", "acceptor approver printer seal-keeper witness"}, "street": {"xg-east", "acceptor approver printer"},
		"other street": {"xg-west", "acceptor approver printer"}, "street's center": {"xg-east-center", "acceptor printer"},
		"county center": {"xg-center", "acceptor printer"}, "superior": {"xg-gov", "acceptor approver governor"}, "city's supervisor": {"gz-education", "regulator"},
	} {
		var has []string
		for _, a := range p.Accounts {
			for _, role := range a.Roles {
				if a.Organization == want.unit && !a.Machine {
					has = append(has, string(role))
				}
			}
		}
		for _, role := range strings.Fields(want.roles) {
			if !slices.Contains(has, role) {
				t.Errorf("%s: nobody at %s is %s", what, want.unit, role)
			}
		}
	}
	clerk := slices.IndexFunc(p.Accounts, func(a Account) bool { return a.Login == "xg-window-clerk" })
	if clerk < 0 {
		t.Fatal("no window clerk")
	}
	for _, g := range p.GrantsOf("xg-window") {
		if g.Acceptor != p.Accounts[clerk].Organization || g.Handling != "xg-center" {
			t.Errorf("%s: accepted by %s, handled by %s", g.ID, g.Acceptor, g.Handling)
		}
	}
	for _, list := range []string{"xg-town", "xg-east", "xg-west"} { // each is decided where it says, under a seal of its own
		g := p.GrantsOf(list)[0]
		if o, _ := p.Organization(g.Decider); o.Level != 5 {
			t.Errorf("%s is decided by %s", list, g.Decider)
		}
	}
}
