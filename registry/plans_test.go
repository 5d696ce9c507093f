package registry_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Where one applies for review, by statute: 行政复议法24, 27.
func TestReviewBodies(t *testing.T) {
	known := map[string]*registry.Organization{}
	add := func(code string, rank registry.Rank, managed registry.Management, seat string, superiors ...string) {
		known[code] = &registry.Organization{Code: code, Rank: rank, Management: managed, Seat: seat, Superiors: superiors}
	}
	const government, department = registry.RankGovernment, registry.RankDepartment
	add("city", government, "", "")
	add("county", government, "", "", "city")
	add("town", government, "", "", "county", "city")
	add("street", department, "", "", "county", "city")
	add("bureau", department, "", "", "county", "city")
	add("city-bureau", department, "", "", "city")
	add("branch", department, registry.ManagedBranch, "county", "city-bureau", "city")
	add("station", department, registry.ManagedBranch, "", "town", "bureau", "county", "city") // of the county's bureau, in a town
	add("vertical", department, registry.ManagedVertical, "", "city-bureau", "city")
	add("alone", department, registry.ManagedVertical, "", "city") // its bureau above is not registered
	for code, want := range map[string]string{
		"bureau": "county", "city-bureau": "city", "county": "city", "town": "county", "city": "", "street": "county",
		"branch": "city county", "station": "county", "vertical": "city-bureau", "alone": "",
	} {
		var got []string
		for _, body := range registry.ReviewBodies(known[code], func(code string) *registry.Organization { return known[code] }) {
			got = append(got, body.Code)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: review by %v, want %s", code, got, want)
		}
	}
}

func TestOrganizationManagement(t *testing.T) {
	seat := "11360732DEM2001710"
	for i, c := range []struct {
		managed registry.Management
		seat    string
		above   []string
		bad     string
	}{
		{"", "", nil, ""}, {registry.ManagedBranch, seat, []string{"b"}, ""}, {registry.ManagedVertical, "", []string{"b"}, ""},
		{"other", "", []string{"b"}, "management"}, {registry.ManagedBranch, "", nil, "management"},
		{registry.ManagedVertical, seat, []string{"b"}, "seat"}, {"", seat, []string{"b"}, "seat"}, {registry.ManagedBranch, "short", []string{"b"}, "seat"},
	} {
		o := &registry.Organization{Code: seat, FullName: "赣州市兴国生态环境局", Region: "360732", Member: "xingguo", Superiors: c.above, Management: c.managed, Seat: c.seat}
		wantField(t, fmt.Sprint(i), o.Check(), c.bad)
	}
}

// wantField wants an error of the field, none for "".
func wantField(t *testing.T, what string, err error, field string) {
	t.Helper()
	var coded *registry.Error
	if (err == nil) != (field == "") || err != nil && (!errors.As(err, &coded) || coded.Field != field) {
		t.Errorf("%s: %v, want field %q", what, err, field)
	}
}

func legalGrant(change func(*registry.Grant)) *registry.Grant {
	g := &registry.Grant{ID: "g", Matter: "m", Mode: registry.ModeDirect, Source: "11360700DEM200032X", Decider: "11360732DEM20018XP", Territory: "360732",
		Document: "县方案", Effective: 1, RecallBy: "11360700DEM2000168"}
	change(g)
	return g
}

// A grant names its legal kind; where a county's document alone stands it is
// not founded. 许可法22–25.
func TestGrantLegalKind(t *testing.T) {
	entrust := func(g *registry.Grant) {
		g.Mode, g.Source, g.Acceptor = registry.ModeEntrust, g.Decider, "11360732DEM20034XY"
	}
	for i, c := range []struct {
		change  func(*registry.Grant)
		bad     string
		founded bool
	}{
		{func(*registry.Grant) {}, "", false},
		{func(g *registry.Grant) { g.LegalBasis = "省政府决定" }, "", false}, // of which kind is not said
		{func(g *registry.Grant) { g.Legal, g.LegalBasis = registry.LegalConcentrated, "省政府决定" }, "", true},
		{func(g *registry.Grant) { g.Legal = registry.LegalConcentrated }, "legal_basis", false},
		{func(g *registry.Grant) { g.Legal = registry.LegalAuthorized }, "", false},
		{func(g *registry.Grant) { g.Legal, g.LegalBasis = registry.LegalAuthorized, "土地管理法" }, "", true},
		{func(g *registry.Grant) { g.Legal, g.LegalBasis = registry.LegalEntrusted, "森林法" }, "legal_kind", true},
		{func(g *registry.Grant) { g.Legal = "custom" }, "legal_kind", false},
		{entrust, "", false},
		{func(g *registry.Grant) { entrust(g); g.Legal, g.LegalBasis = registry.LegalEntrusted, "森林法" }, "", true},
		{func(g *registry.Grant) { entrust(g); g.Legal, g.LegalBasis = registry.LegalAuthorized, "x" }, "legal_kind", true},
		{func(g *registry.Grant) { g.Mode = registry.ModeWindow }, "", true}, // the power did not move
		{func(g *registry.Grant) { g.Preparations = []registry.Preparation{{Kind: "song"}} }, "preparations", false},
		{func(g *registry.Grant) {
			g.Preparations = []registry.Preparation{{Kind: registry.PreparedList}, {Kind: registry.PreparedList}}
		}, "preparations", false},
	} {
		g := legalGrant(c.change)
		wantField(t, fmt.Sprint(i), g.Check(), c.bad)
		if g.Founded() != c.founded {
			t.Errorf("%d: founded %t", i, g.Founded())
		}
	}
}

// What a plan asks for is recorded when it is there, once; nothing else of a
// grant changes with it. What was appended belongs to rules version 2.
func TestOrdersOfPlans(t *testing.T) {
	city := "11360700DEM2000168"
	rules := &registry.Rules{Version: registry.RulesOfRelations, City: city}
	asked := legalGrant(func(g *registry.Grant) {
		g.Preparations = []registry.Preparation{{Kind: registry.PreparedList}, {Kind: registry.PreparedScheme, Document: "方案"}}
	})
	change := func(to func(*registry.Grant)) *registry.Grant {
		now := *asked
		now.Preparations = slices.Clone(asked.Preparations)
		to(&now)
		return &now
	}
	for i, c := range []struct {
		by   string
		now  *registry.Grant
		want registry.Code
	}{
		{city, change(func(g *registry.Grant) { g.Preparations[0].Document = "清单" }), ""},
		{asked.Decider, change(func(g *registry.Grant) { g.Preparations[0].Document = "清单" }), ""},
		{city, change(func(g *registry.Grant) {
			g.Preparations = append(g.Preparations, registry.Preparation{Kind: registry.PreparedTraining})
		}), ""},
		{asked.Source, change(func(g *registry.Grant) { g.Preparations[0].Document = "清单" }), registry.CodeOrderNotAllowed},
		{city, change(func(g *registry.Grant) { g.Preparations[1].Document = "另一方案" }), registry.CodeOrderNotAllowed},
		{city, change(func(g *registry.Grant) { g.Preparations = g.Preparations[1:] }), registry.CodeOrderNotAllowed},
		{city, change(func(g *registry.Grant) { g.Legal, g.LegalBasis = registry.LegalAuthorized, "x" }), registry.CodeOrderNotAllowed},
		{city, change(func(g *registry.Grant) { g.Informed = []string{city} }), registry.CodeOrderNotAllowed},
	} {
		if got := registry.CodeOf(registry.CheckOrder(rules, asked, c.now, c.by, 2)); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
	beginning := &registry.Rules{Version: registry.RulesOfBeginning, City: city}
	for _, record := range []registry.GovernanceRecord{asked,
		legalGrant(func(g *registry.Grant) { g.Legal = registry.LegalAuthorized }), legalGrant(func(g *registry.Grant) { g.LegalBasis = "x" }),
		legalGrant(func(g *registry.Grant) { g.Informed = []string{city} }),
		&registry.Organization{Management: registry.ManagedVertical}, &registry.Organization{Seat: city},
		&registry.Handover{To: city, Items: []registry.HandoverItem{{}}}, &registry.Handover{To: city, Group: []registry.HandoverSigner{{}}}, &registry.Handover{To: city, AdviseUntil: 1}} {
		if registry.CheckOrder(rules, nil, record, city, 2) != nil || registry.CodeOf(registry.CheckOrder(beginning, nil, record, city, 2)) != registry.CodeEntryForm {
			t.Errorf("%+v: a ledger of rules version 1 takes what its contracts cannot read", record)
		}
	}
	if err := registry.CheckOrder(beginning, nil, legalGrant(func(*registry.Grant) {}), city, 2); err != nil {
		t.Error(err)
	}
}

// The handover group signs beside the parties; what is handed over is of a
// known kind; advising has an end and gives no power.
func TestHandoverListsAndTransition(t *testing.T) {
	const from, to, staffing = "11320115DEM400042C", "11320115DEM400034H", "11320115DEM4001145"
	sign := func(organization string, side registry.Side) registry.HandoverSignature {
		return registry.HandoverSignature{Organization: organization, Side: side, Paper: sm.Sum([]byte(organization))}
	}
	drawn := func(change func(*registry.Handover)) *registry.Handover {
		h := &registry.Handover{ID: "h", From: []string{from}, To: to, Document: "方案", Begins: []string{"g"}, Archives: registry.ArchivesStay, Signed: 5,
			Items: []registry.HandoverItem{{Kind: registry.ItemForms, What: "文本表格"}}, Group: []registry.HandoverSigner{{Organization: staffing, Role: registry.SignerStaffing}},
			AdviseUntil: 20, Signatures: []registry.HandoverSignature{sign(from, registry.SideFrom), sign(to, registry.SideTo), sign(staffing, registry.SideWitness)}}
		change(h)
		return h
	}
	for i, c := range []struct {
		change func(*registry.Handover)
		bad    string
	}{
		{func(*registry.Handover) {}, ""},
		{func(h *registry.Handover) { h.Signatures[2] = sign(from, registry.SideWitness) }, "signatures"},
		{func(h *registry.Handover) { h.Group[0].Role = "friend" }, "group"},
		{func(h *registry.Handover) { h.Group[0].Organization = to }, "group"},
		{func(h *registry.Handover) { h.Group = append(h.Group, h.Group[0]) }, "group"},
		{func(h *registry.Handover) { h.Items[0].Kind = "furniture" }, "items"},
		{func(h *registry.Handover) { h.Items[0].What = "" }, "items"},
		{func(h *registry.Handover) { h.AdviseUntil = 5 }, "advise_until"},
	} {
		wantField(t, fmt.Sprint(i), drawn(c.change).Check(), c.bad)
	}
	h := drawn(func(h *registry.Handover) { h.Start = 10 })
	for at, want := range map[int64]bool{9: false, 10: true, 19: true, 20: false} {
		if h.Advises(from, at) != want || h.Advises(to, at) || h.Advises(staffing, at) {
			t.Errorf("advises at %d: want %t", at, want)
		}
	}
	signed := *h
	signed.Items = nil
	if signed.Terms() == h.Terms() {
		t.Error("the lists are not part of what is signed")
	}
}
