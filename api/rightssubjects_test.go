package api_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/api/client"
	"tongzheng/api/operate"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// subject is a license that every route is asked about.
type subject struct {
	under string // grant that it was issued under
	p     proceeding
	paper bool // printing 2 is a sheet
	is    map[string][]registry.Relation
}

// relations says what an organization is to the license.
func (b *subject) relations(organization string) []registry.Relation {
	if all := b.is[organization]; len(all) > 0 {
		return all
	}
	return []registry.Relation{registry.IsStranger}
}

func (b *subject) add(organization string, relation registry.Relation) {
	if organization != "" && !slices.Contains(b.is[organization], relation) {
		b.is[organization] = append(b.is[organization], relation)
	}
}

// subject is a license whose organizations' relations are taken from the plan's data
// alone.
func (s *site) subject(t testing.TB, grant string, p proceeding, paper bool) subject {
	t.Helper()
	g, ok := s.plan.Grant(grant)
	if !ok {
		t.Fatalf("the plan has no grant %s", grant)
	}
	about := subject{under: grant, p: p, paper: paper, is: map[string][]registry.Relation{}}
	is := func(relation registry.Relation, ids ...string) {
		for _, id := range ids {
			if o, ok := s.plan.Organization(id); ok {
				about.add(o.Code, relation)
			}
		}
	}
	acceptor := map[bool]registry.Relation{true: registry.IsEntrusted, false: registry.IsAcceptor}[g.Mode == registry.ModeEntrust]
	is(registry.IsIssuer, g.Decider)
	is(acceptor, g.Acceptor)
	is(registry.IsExaminer, g.Examiner)
	is(registry.IsHandling, g.Handling)
	is(registry.IsSupervisor, g.Regulators...)
	is(registry.IsInformed, g.Informed...)
	o, _ := s.plan.Organization(g.Decider)
	is(registry.IsLibrary, libraryKeeper)
	is(registry.IsReviewBody, o.Seat) // of a branch, the government of its place (行政复议法24条4款)
	for ; o.Parent != ""; o, _ = s.plan.Organization(o.Parent) {
		is(registry.IsSuperior, o.Parent)
	}
	return about
}

// subjects are a license under each of a direct, a window, an entrusting and a
// review grant, one of a bureau's branch, and one whose issuer handed its power over.
func (s *site) subjects(t testing.TB) []subject {
	t.Helper()
	felling := s.decided(t, "xg-entrust-001", s.organization(t, "xg-lianjiang"), "xg-forestry-seal", "xg-lianjiang-acceptor", "xg-lianjiang-approver", s.felling(t))
	branch := s.decided(t, "xg-branch-001", s.organization(t, "xg-ecology"), "xg-ecology-seal", "xg-ecology-acceptor", "xg-ecology-approver", nil)
	out := []subject{s.subject(t, "xg-direct-001", s.issued(t), true), s.subject(t, "xg-window-041", s.windowed(t), false),
		s.subject(t, "xg-entrust-001", felling, false), s.subject(t, "xg-branch-001", branch, false), s.handedOver(t, nil)}
	for _, l := range s.demo.Licenses {
		id, err := registry.ParseIdentifier(l.Identifier)
		if err != nil {
			t.Fatal(err)
		}
		history, err := s.Store.History(context.Background(), id.Base())
		if err != nil {
			t.Fatal(err)
		}
		if len(history) > 0 && history[0].Intent.Grant == "yd-review-003" {
			return append(out, s.subject(t, "yd-review-003", proceeding{Identifier: l.Identifier, Intent: history[0].Digest.String()}, true))
		}
	}
	t.Fatal("no license under a review grant is seeded")
	return nil
}

// decided is an approval document, or what fields say instead, that two people of an
// organization granted.
func (s *site) decided(t testing.TB, grant, organization, seal, acceptor, approver string, fields map[string]any) proceeding {
	t.Helper()
	p, a := s.applyAs(t, acceptor, "/api/v1/licenses", s.document(grant, organization, seal, fields), nil)
	a.want(t, http.StatusAccepted)
	if p = s.finish(t, p, acceptor, approver); p.Step != "anchored" {
		t.Fatalf("step %s", p.Step)
	}
	return p
}

// document is the application for an approval document, or for what fields say
// instead.
func (s *site) document(grant, organization, seal string, fields map[string]any) map[string]any {
	n := fresh()
	body := map[string]any{"type": "11100000DEM900151A001", "grant": grant, "organization": organization, "ground": "applied",
		"decision": fmt.Sprintf("演准〔2026〕T%d号", n), "case": fmt.Sprintf("YS2026-T%d", n), "seal": seal,
		"holder":    map[string]any{"name": "兴国县演示建设有限公司", "code": "91360732DEM100082K", "code_type": "001"},
		"fields":    map[string]any{"KZ_WJBT": "关于准予演示事项的行政许可决定书", "KZ_SXMC": "示例事项（合成）", "KZ_PZNR": "准予按申请材料实施演示事项。", "KZ_PZYJ": "行政许可法第三十八条第一款"},
		"effective": registry.DateOf(time.Now()).String(), "expires": registry.LongTerm.String()}
	for name, value := range fields {
		body[name] = value
	}
	return body
}

// windowed is a license that the city's bureau decided and the county's window
// took in.
func (s *site) windowed(t testing.TB) proceeding {
	t.Helper()
	return s.decided(t, "xg-window-041", s.account(t, "gz-education-acceptor").Code, "gz-education-seal", "gz-education-acceptor", "gz-education-approver", nil)
}

// felling is what a felling permit has other than an approval document.
func (s *site) felling(t testing.TB) map[string]any {
	t.Helper()
	kind, ok := s.plan.Type("forest-cutting")
	if !ok {
		t.Fatal("no felling permits")
	}
	return map[string]any{"type": kind.Type.Code, "fields": clone(kind.Sample), "expires": (registry.DateOf(time.Now()) + 300).String()}
}

// handedOver is a license of a street whose power over the matter went to the
// county's market bureau; what is done while the street still had it, is done before.
func (s *site) handedOver(t testing.TB, meanwhile func(p proceeding, grant string)) subject {
	t.Helper()
	west, market, county := s.organization(t, "xg-west"), s.organization(t, "xg-market"), s.organization(t, "xg-gov")
	o, ctx, id := s.operator(t), context.Background(), fmt.Sprintf("went-over-%d", fresh())
	matter := s.takenOver(t)
	rows := "id,matter,mode,decider,territory,document,effective,recall_by\n"
	for next, decider := range map[string]string{"": west, "-next": market} {
		rows += strings.Join([]string{id + next, matter, "own", decider, "360732002", "测试", "2026-01-01", county}, ",") + "\n"
	}
	good[*resource.GrantPlan](t)(o.Grants.Apply(ctx, client.Table{ContentType: operate.CSV, File: []byte(rows)}))
	p := s.decided(t, id, west, "xg-west-seal", "xg-west-acceptor", "xg-west-approver", nil)
	if meanwhile != nil {
		meanwhile(p, id)
	}
	drawn := good[*registry.Handover](t)(o.Handovers.Draw(ctx, resource.HandoverTerms{ID: id, From: []string{west}, To: market, Document: "测试",
		Ends: []string{id}, Begins: []string{id + "-next"}, Archives: registry.ArchivesStay}))
	for side, code := range map[registry.Side]string{registry.SideFrom: west, registry.SideTo: market, registry.SideWitness: county} {
		drawn.Signatures = append(drawn.Signatures, registry.HandoverSignature{Organization: code, Side: side, Paper: sm.Sum([]byte(code))})
	}
	good[*resource.Ordered](t)(o.Handovers.Record(ctx, drawn))
	good[*resource.Ordered](t)(o.Handovers.Start(ctx, id, time.Time{}))
	about := subject{under: id, p: p, is: map[string][]registry.Relation{}}
	about.add(west, registry.IsIssuer)
	about.add(market, registry.IsSuccessor)
	about.add(county, registry.IsSuperior)
	about.add(s.organization(t, "gz-gov"), registry.IsSuperior)
	about.add(s.organization(t, libraryKeeper), registry.IsLibrary)
	return about
}

// takeovers counts the handovers of all tests: what went over once stays there.
var takeovers atomic.Int32

// takenOver is a matter of approval documents that no other test hands over.
func (s *site) takenOver(t testing.TB) string {
	t.Helper()
	record, _, err := s.View.Record(registry.KindType, registry.TypeName("11100000DEM900151A001", 1))
	kind, ok := record.(*registry.TypeRecord)
	if err != nil || !ok {
		t.Fatalf("no approval documents: %v", err)
	}
	first := slices.Index(kind.Matters, "DEM360700329")
	return kind.Matters[(first+int(takeovers.Add(1))-1)%len(kind.Matters)]
}

// TestSuccessorDropsWhatWasUnderWay: what the former authority left under way does
// not block whoever has the license now, and is a stranger's to neither see nor drop.
func TestSuccessorDropsWhatWasUnderWay(t *testing.T) {
	s := openSite(t)
	var left proceeding
	s.handedOver(t, func(p proceeding, grant string) {
		body := map[string]any{"act": "cancel", "grant": grant, "organization": s.organization(t, "xg-west"), "ground": "applied", "decision": "西街销〔2026〕9号"}
		var a answer
		left, a = s.applyAs(t, "xg-west-acceptor", "/api/v1/licenses/"+p.Identifier+"/acts", body, nil)
		a.want(t, http.StatusAccepted)
	})
	drop := request{method: "DELETE", path: "/api/v1/proceedings/" + left.Intent, as: "xg-east-acceptor"}
	s.do(t, drop).want(t, http.StatusNotFound)
	drop.as = "xg-market-acceptor"
	s.do(t, drop).want(t, http.StatusNoContent)
}
