package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
)

// casePages is one case over HTTP.
type casePages struct {
	*site
	grant  *registry.Grant
	number string
}

func (c *casePages) at() string {
	return "/api/v1/cases?" + url.Values{"grant": {c.grant.ID}, "case": {c.number}}.Encode()
}

// draft is a step's draft with more fields, name and value in turn.
func (c *casePages) draft(kind, organization string, more ...any) map[string]any {
	d := map[string]any{"grant": c.grant.ID, "case": c.number, "kind": kind, "organization": organization}
	for i := 0; i < len(more); i += 2 {
		d[more[i].(string)] = more[i+1]
	}
	return d
}

// seenCase is what a test reads of a file.
type seenCase struct {
	Stage, Due, Digest, Commitment string
	Clock                          struct {
		DecideBy  string `json:"decide_by"`
		RespondBy string `json:"respond_by"`
		Stopped   bool
	}
	Items []struct {
		Name, Due, Supplied string
		Overdue             bool
	}
	Steps []struct{ Text string }
}

// items are materials, each with a last day that may be empty.
func materials(due string, names ...string) []map[string]any {
	var list []map[string]any
	for _, name := range names {
		item := map[string]any{"name": name}
		if due != "" {
			item["due"] = due
		}
		list = append(list, item)
	}
	return list
}

// TestCaseForwarded: a street's center takes an application in for its neighbor,
// who decides. Of the neighbor's other cases it learns nothing, and of a third
// one's it takes none.
func TestCaseForwarded(t *testing.T) {
	s := openSite(t)
	center, west := s.account(t, "xg-east-center-clerk").Code, s.account(t, "xg-west-acceptor").Code
	grant := s.grantOf(t, "DEM360700441", west)
	c := &casePages{s, grant, fmt.Sprintf("西街收〔2026〕%d号", fresh())}
	receipt := func(c *casePages, organization string) map[string]any {
		return c.draft("receive", organization, "received", s.Config.Clock().Add(-time.Hour).Format(time.RFC3339), "channel", "counter", "items", materials("", "申请书"))
	}
	own := &casePages{s, grant, fmt.Sprintf("西街自收〔2026〕%d号", fresh())}
	s.step(t, "xg-west-acceptor", receipt(own, west)).want(t, 201)
	s.step(t, "xg-east-center-clerk", receipt(&casePages{s, s.reviewGrant(t), c.number}, center)).problem(t, 404, registry.CodeNotFound, "case")
	// Whether the neighbor has a case of that number, it learns by taking in alone:
	// the number is taken then, as one of its own would be.
	s.step(t, "xg-east-center-clerk", receipt(own, center)).problem(t, 409, registry.CodeStale, "case")
	for name, ask := range map[string]func(*casePages) answer{
		"read": func(p *casePages) answer {
			return s.do(t, request{method: "GET", path: p.at(), as: "xg-east-center-clerk"})
		},
		"notify": func(p *casePages) answer { return s.step(t, "xg-east-center-clerk", p.draft("notify", center)) },
		"opinion": func(p *casePages) answer {
			return s.step(t, "xg-east-center-clerk", p.draft("opinion", center, "content", "x"))
		},
	} {
		if there, not := ask(own), ask(c); there.StatusCode < 400 || there.StatusCode != not.StatusCode || told(there.body) != told(not.body) {
			t.Errorf("%s: %d %s; for none %d %s", name, there.StatusCode, there.body, not.StatusCode, not.body)
		}
	}
	s.step(t, "xg-center-acceptor", receipt(c, s.account(t, "xg-center-acceptor").Code)).problem(t, 404, registry.CodeNotFound, "case")
	s.step(t, "xg-east-center-clerk", c.draft("accept", center, "days", 10)).problem(t, 403, registry.CodeForbidden, "organization")
	late := receipt(c, center)
	late["received"] = s.Config.Clock().AddDate(0, 0, -9).Format(time.RFC3339)
	s.step(t, "xg-east-center-clerk", late).problem(t, 409, registry.CodeBackdated, "received")
	var f struct {
		Stage   string
		Receipt struct{ Organization string }
		Steps   []struct{ Through string }
	}
	s.step(t, "xg-east-center-clerk", receipt(c, center)).want(t, 201).decode(t, &f)
	if f.Stage != "receive" || f.Receipt.Organization != center || len(f.Steps) != 1 || f.Steps[0].Through == "" || f.Steps[0].Through == grant.ID {
		t.Fatalf("%+v", f)
	}
	s.step(t, "xg-east-center-clerk", receipt(c, center)).problem(t, 409, registry.CodeStale, "case")
	// The neighbor goes on with it; the center follows its own receipt.
	s.step(t, "xg-east-center-clerk", c.draft("accept", center, "days", 10)).problem(t, 403, registry.CodeForbidden, "organization")
	s.step(t, "xg-west-acceptor", c.draft("accept", west, "days", 10)).want(t, 201).decode(t, &f)
	if f.Stage != "accept" {
		t.Errorf("%+v", f)
	}
	s.do(t, request{method: "GET", path: c.at(), as: "xg-east-center-clerk"}).want(t, 200)
}

// grantOf is the grant in force of a matter under which an organization decides.
func (s *site) grantOf(t *testing.T, matter, decider string) *registry.Grant {
	t.Helper()
	records, err := s.View.Records(registry.KindGrant)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if g := r.(*registry.Grant); g.Matter == matter && g.Decider == decider && g.InForce(s.Config.Clock().Unix()) == nil {
			return g
		}
	}
	t.Fatalf("no grant of %s for %s", decider, matter)
	return nil
}

// TestCaseFiles: a review from the receipt to the city's confirmation, over HTTP.
func TestCaseFiles(t *testing.T) {
	s := openSite(t)
	c := &casePages{s, s.reviewGrant(t), fmt.Sprintf("于审〔2026〕%d号", fresh())}
	county, keeper := s.account(t, "yd-acceptor").Code, s.byRole(t, c.grant.Decider, registry.RoleSealKeeper)
	s.do(t, request{method: "GET", path: c.at(), as: "yd-acceptor"}).problem(t, 404, registry.CodeNotFound, "case")
	s.step(t, "yd-examiner", c.draft("examine", county, "result", "forward")).problem(t, 409, registry.CodeActState, "kind")
	s.step(t, "yd-acceptor", c.draft("accept", county)).problem(t, 422, registry.CodeMissing, "days")
	s.step(t, "yd-acceptor", c.draft("accept", county, "days", 21)).problem(t, 400, registry.CodeMalformed, "days")
	s.step(t, "yd-examiner", c.draft("accept", county, "days", 20)).problem(t, 403, registry.CodeApprovalRole, "approval")
	now := s.Config.Clock()
	received := now.Add(-time.Hour).Format(time.RFC3339)
	s.step(t, "yd-acceptor", c.draft("receive", county, "received", now.Add(time.Hour).Format(time.RFC3339), "channel", "online", "items", materials("", "申请书"))).problem(t, 422, registry.CodeDateOrder, "received")
	var f seenCase
	s.step(t, "yd-acceptor", c.draft("receive", county, "received", received, "channel", "online", "items", materials("", "申请书", "平面图"))).want(t, 201).decode(t, &f)
	if f.Stage != "receive" || f.Clock.RespondBy == "" {
		t.Fatalf("%+v", f)
	}
	var receipt struct {
		Channel string
		Items   []string
		Matter  string
	}
	s.do(t, request{method: "GET", path: strings.Replace(c.at(), "cases?", "cases/receipt?", 1), as: "yd-acceptor"}).want(t, 200).decode(t, &receipt)
	if receipt.Channel != "online" || len(receipt.Items) != 2 || receipt.Matter == "" {
		t.Errorf("%+v", receipt)
	}
	s.step(t, "yd-acceptor", c.draft("accept", county, "days", 20)).want(t, 201).decode(t, &f)
	if f.Stage != "accept" || f.Due == "" || f.Due != f.Clock.DecideBy || len(f.Steps) != 2 {
		t.Fatalf("%+v", f)
	}
	s.step(t, "yd-examiner", c.draft("opinion", county, "content", "现场布局符合要求")).want(t, 201)
	f = seenCase{}
	s.step(t, "yd-examiner", c.draft("suspend-clock", county, "procedure", "expert-review", "document", "于告〔2026〕1号")).want(t, 201).decode(t, &f)
	if !f.Clock.Stopped || f.Due != "" {
		t.Errorf("%+v", f.Clock)
	}
	s.step(t, "yd-examiner", c.draft("examine", county, "result", "forward")).problem(t, 409, registry.CodeActState, "kind")
	s.step(t, "yd-examiner", c.draft("resume-clock", county)).want(t, 201)
	s.step(t, "yd-examiner", c.draft("examine", county, "result", "return", "content", "补充平面图")).want(t, 201)
	s.step(t, "yd-examiner", c.draft("examine", county, "result", "forward")).want(t, 201)
	s.step(t, "yd-examiner", c.draft("seal-confirm", county)).problem(t, 409, registry.CodeActState, "kind")
	s.step(t, "yd-examiner", c.draft("seal-request", county)).want(t, 201)
	s.step(t, "yd-examiner", c.draft("seal-confirm", county)).problem(t, 403, registry.CodeForbidden, "organization")
	s.step(t, keeper, c.draft("seal-confirm", c.grant.Decider)).want(t, 201)
	record, _, err := s.View.Record(registry.KindExamination, registry.ExaminationName(c.grant.ID, c.number))
	x, ok := record.(*registry.Examination)
	if err != nil || !ok || x.Confirmed == 0 || len(x.Opinions) != 1 {
		t.Fatalf("on the ledger: %+v %v", record, err)
	}
	if s.do(t, request{method: "GET", path: c.at(), as: "yd-acceptor"}).want(t, 200).decode(t, &f); f.Stage != "seal-confirm" || len(f.Steps) != 9 {
		t.Fatalf("%+v", f)
	}
}

// TestCaseStrangers: whoever is no party of a case neither reads it nor adds to
// it, and every way of asking answers for it as for one that does not exist.
func TestCaseStrangers(t *testing.T) {
	s := openSite(t)
	c := &casePages{s, s.reviewGrant(t), fmt.Sprintf("于审〔2026〕%d号", fresh())}
	none := &casePages{s, c.grant, fmt.Sprintf("于审〔2026〕%d号", fresh())}
	county, other := s.account(t, "yd-acceptor").Code, s.account(t, "xg-examiner").Code
	s.step(t, "yd-acceptor", c.draft("accept", county, "days", 20)).want(t, 201)
	statement := func(p *casePages, as, kind string, more ...any) answer {
		return s.do(t, request{method: "POST", path: "/api/v1/cases/statements", as: as, body: p.draft(kind, s.account(t, as).Code, more...)})
	}
	record := func(p *casePages, as, kind string, change func(*registry.CaseStatement), content string) answer {
		st := registry.CaseStatement{Grant: p.grant.ID, Case: p.number, Kind: registry.CaseKind(kind), Organization: s.account(t, as).Code, Number: 2, At: s.Config.Clock().Unix()}
		if change != nil {
			change(&st)
		}
		raw, err := registry.Encode(&st)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := st.Digest()
		if err != nil {
			t.Fatal(err)
		}
		body := map[string]any{"canonical": raw, "approval": s.sign(t, as, proceeding{Intent: digest.String()})}
		if content != "" {
			body["content"] = content
		}
		return s.do(t, request{method: "POST", path: "/api/v1/cases/steps", as: as, body: body})
	}
	for _, as := range []string{"xg-examiner", "xg-acceptor", "xg-market-acceptor", "operator"} {
		asks := map[string]func(p *casePages) answer{
			"read": func(p *casePages) answer { return s.do(t, request{method: "GET", path: p.at(), as: as}) },
			"receipt": func(p *casePages) answer {
				return s.do(t, request{method: "GET", path: strings.Replace(p.at(), "cases?", "cases/receipt?", 1), as: as})
			},
		}
		if as != "operator" {
			asks["opinion"] = func(p *casePages) answer { return statement(p, as, "opinion", "content", "不请自来") }
			asks["accept"] = func(p *casePages) answer { return statement(p, as, "accept", "days", 20) }
			asks["examine"] = func(p *casePages) answer { return statement(p, as, "examine", "result", "forward") }
			asks["seal"] = func(p *casePages) answer { return statement(p, as, "seal-confirm") }
			asks["odd"] = func(p *casePages) answer { return statement(p, as, "notify") }
			asks["record"] = func(p *casePages) answer { return record(p, as, "opinion", nil, "") }
			asks["first"] = func(p *casePages) answer {
				return record(p, as, "accept", func(s *registry.CaseStatement) { s.Number, s.Days = 1, 20 }, "")
			}
		}
		for name, ask := range asks {
			there, not := ask(c), ask(none)
			if there.StatusCode != http.StatusNotFound || there.StatusCode != not.StatusCode || told(there.body) != told(not.body) {
				t.Errorf("%s by %s: %d %s; for none %d %s", name, as, there.StatusCode, there.body, not.StatusCode, not.body)
			}
		}
	}
	// Nothing of it came into the file, and its examination is for its parties too.
	var f seenCase
	if s.do(t, request{method: "GET", path: c.at(), as: "yd-examiner"}).want(t, 200).decode(t, &f); len(f.Steps) != 1 {
		t.Fatalf("%+v", f.Steps)
	}
	s.step(t, "yd-examiner", c.draft("examine", county, "result", "forward")).want(t, 201)
	records := "/api/v1/records?" + url.Values{"kind": {"examination"}, "name": {registry.ExaminationName(c.grant.ID, c.number)}}.Encode()
	s.do(t, request{method: "GET", path: records, as: "xg-gov-governor"}).problem(t, 404, registry.CodeNotFound, "name")
	a := s.do(t, request{method: "GET", path: "/api/v1/records?kind=examination", as: "xg-gov-governor"}).want(t, 200)
	if strings.Contains(string(a.body), c.number) {
		t.Error("another county's governor reads of the case")
	}
	// Invited, the other county's examiner reads and speaks, and does no more.
	d := &casePages{s, c.grant, fmt.Sprintf("于审〔2026〕%d号", fresh())}
	s.step(t, "yd-acceptor", d.draft("accept", county, "days", 20)).want(t, 201)
	due := registry.DateOf(s.Config.Clock()) + 7
	s.step(t, "yd-examiner", d.draft("invite", county, "invited", "11360732DEM999999X", "purpose", "visit", "due", due)).problem(t, 422, registry.CodeOrganization, "invited")
	s.step(t, "yd-examiner", d.draft("invite", county, "invited", other, "purpose", "visit", "due", due)).want(t, 201)
	s.do(t, request{method: "GET", path: d.at(), as: "xg-acceptor"}).want(t, 200)
	s.step(t, "xg-examiner", d.draft("examine", other, "result", "forward")).problem(t, 403, registry.CodeForbidden, "organization")
	s.step(t, "xg-examiner", d.draft("invite", other, "invited", s.account(t, "xg-market-acceptor").Code, "purpose", "visit", "due", due)).problem(t, 403, registry.CodeForbidden, "organization")
	s.step(t, "xg-examiner", d.draft("opinion", other, "content", "消防通道畅通")).want(t, 201)
	s.do(t, request{method: "GET", path: d.at(), as: "xg-market-acceptor"}).problem(t, 404, registry.CodeNotFound, "case")
}

// told is an answer without what every answer has of its own.
func told(body []byte) string {
	text := string(body)
	for _, name := range []string{`"instance":"`, `"request_id":"`} {
		if at := strings.Index(text, name); at >= 0 {
			end := at + len(name) + strings.IndexByte(text[at+len(name):], '"')
			text = text[:at] + text[end:]
		}
	}
	return text
}

// TestMissingItemsAndCommitment: accepted with an item missing nothing is decided
// until it came; what the applicant committed to goes with the license, and only
// such a license is revoked because it was false.
func TestMissingItemsAndCommitment(t *testing.T) {
	s := openSite(t)
	application := s.food(t)
	record, _, err := s.View.Record(registry.KindGrant, application["grant"].(string))
	if err != nil {
		t.Fatal(err)
	}
	grant := record.(*registry.Grant)
	c := &casePages{s, grant, application["case"].(string)}
	county := s.account(t, "xg-acceptor").Code
	today := registry.DateOf(s.Config.Clock())
	missing := materials((today + 10).String(), "平面图")
	s.step(t, "xg-acceptor", c.draft("accept", county, "days", 20, "items", missing, "content", "十日内补交平面图")).problem(t, 422, registry.CodeMissing, "document")
	s.step(t, "xg-acceptor", c.draft("accept", county, "days", 20, "items", missing, "document", "兴容告〔2026〕1号", "content", "十日内补交平面图")).want(t, 201)
	_, a := s.apply(t, "/api/v1/licenses", application, nil)
	a.problem(t, 409, registry.CodeActState, "case")
	s.step(t, "xg-acceptor", c.draft("supply", county, "items", materials("", "健康证明"))).problem(t, 409, registry.CodeActState, "items")
	s.step(t, "xg-acceptor", c.draft("supply", county, "items", materials("", "平面图"))).want(t, 201)
	p, a := s.apply(t, "/api/v1/licenses", application, nil)
	a.want(t, 202)
	// A commitment that comes in meanwhile is not one that was proposed.
	var f seenCase
	s.step(t, "xg-acceptor", c.draft("commit", county, "content", "本人承诺：经营场所符合食品安全要求。")).want(t, 201).decode(t, &f)
	s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + p.Intent + "/approvals", as: "xg-approver", body: s.sign(t, "xg-approver", p)}).problem(t, 409, registry.CodeStale, "case")
	s.do(t, request{method: "DELETE", path: "/api/v1/proceedings/" + p.Intent, as: "xg-acceptor"}).want(t, 204)
	p, a = s.apply(t, "/api/v1/licenses", application, nil)
	a.want(t, 202)
	if !strings.Contains(string(a.body), `"commitment":"`+f.Commitment+`"`) {
		t.Errorf("approvers are not shown the commitment %s: %s", f.Commitment, a.body)
	}
	s.approve(t, p)
	seen := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier, as: "xg-acceptor"}).want(t, 200)
	if !strings.Contains(string(seen.body), `"commitment":"`+f.Commitment+`"`) {
		t.Errorf("the license does not say so: %s", seen.body)
	}
	revoke := func(id string) answer {
		return s.do(t, request{method: "POST", path: "/api/v1/licenses/" + id + "/acts", as: "xg-acceptor", header: map[string]string{"Idempotency-Key": fmt.Sprint("false-", id)},
			body: map[string]any{"act": "revoke", "grant": grant.ID, "organization": grant.Decider, "ground": registry.GroundCommitmentFalse, "decision": fmt.Sprintf("兴撤〔2026〕%d号", fresh())}})
	}
	revoke(s.issued(t).Identifier).problem(t, 422, registry.CodeGround, "ground")
	revoke(p.Identifier).want(t, 202)
	// Another matter is not accepted with items missing.
	other := &casePages{s, s.reviewGrant(t), fmt.Sprintf("于审〔2026〕%d号", fresh())}
	s.step(t, "yd-acceptor", other.draft("accept", s.account(t, "yd-acceptor").Code, "days", 20, "items", missing, "document", "于告〔2026〕1号", "content", "补交")).problem(t, 403, registry.CodeActNotAllowed, "items")
}

// TestDecidedCaseIsClosed: with the anchored license the file ends, for its parties
// and for whom they invited; and neither another form of its number nor another
// grant of the decider's leads around it.
func TestDecidedCaseIsClosed(t *testing.T) {
	s := openSite(t)
	application := s.food(t)
	record, _, err := s.View.Record(registry.KindGrant, application["grant"].(string))
	if err != nil {
		t.Fatal(err)
	}
	number := fmt.Sprintf("受〔2026〕结%d号", fresh())
	c := &casePages{s, record.(*registry.Grant), number}
	county, other := s.account(t, "xg-acceptor").Code, s.account(t, "yd-examiner").Code
	s.step(t, "xg-acceptor", c.draft("receive", county, "received", s.Config.Clock().Format(time.RFC3339), "channel", "counter", "items", materials("", "申请书"))).want(t, 201)
	for _, written := range []string{number, strings.NewReplacer("〔", "（", "〕", "）").Replace(number), strings.Replace(number, "受", "受　", 1)} {
		application["case"] = written
		_, a := s.apply(t, "/api/v1/licenses", application, nil)
		a.problem(t, 409, registry.CodeActState, "case")
	}
	c.number = strings.NewReplacer("〔", "[", "〕", "]").Replace(number)
	var f struct {
		seenCase
		Case     string
		Decision *struct{ Act, Document string }
	}
	s.step(t, "xg-acceptor", c.draft("accept", county, "days", 20)).want(t, 201).decode(t, &f)
	if f.Case != number || f.Stage != "accept" {
		t.Fatalf("%+v", f)
	}
	due := registry.DateOf(s.Config.Clock()) + 7
	s.step(t, "xg-acceptor", c.draft("invite", county, "invited", other, "purpose", "consult", "due", due)).want(t, 201)
	application["case"] = c.number
	p, a := s.apply(t, "/api/v1/licenses", application, nil)
	a.want(t, 202)
	s.approve(t, p)
	s.do(t, request{method: "GET", path: c.at(), as: "xg-acceptor"}).want(t, 200).decode(t, &f)
	if f.Stage != "decided" || f.Decision == nil || f.Decision.Act != "issue" || f.Decision.Document != application["decision"] {
		t.Errorf("%+v", f)
	}
	s.step(t, "yd-examiner", c.draft("opinion", other, "content", "迟到的意见")).problem(t, 409, registry.CodeActState, "kind")
	for _, draft := range []map[string]any{c.draft("invite", county, "invited", s.account(t, "xg-market-acceptor").Code, "purpose", "visit", "due", due), c.draft("commit", county, "content", "承诺")} {
		s.step(t, "xg-acceptor", draft).problem(t, 409, registry.CodeActState, "kind")
	}
}

// TestCasesAtATakeover: the files that are open when a power goes over are in flight
// and listed in the handover: they go on. Nothing new comes in under the grant.
func TestCasesAtATakeover(t *testing.T) {
	s := openSite(t)
	var open, declined *casePages
	west := s.account(t, "xg-west-acceptor").Code
	receipt := func(c *casePages) map[string]any {
		return c.draft("receive", west, "received", s.Config.Clock().Format(time.RFC3339), "channel", "counter", "items", materials("", "申请书"))
	}
	s.handedOver(t, func(p proceeding, id string) {
		record, _, err := s.View.Record(registry.KindGrant, id)
		if err != nil {
			t.Fatal(err)
		}
		begin := func() *casePages {
			c := &casePages{s, record.(*registry.Grant), fmt.Sprintf("西街收〔2026〕%d号", fresh())}
			s.step(t, "xg-west-acceptor", receipt(c)).want(t, 201)
			return c
		}
		open, declined = begin(), begin()
		s.step(t, "xg-west-acceptor", declined.draft("decline", west, "document", "西街不受〔2026〕1号", "content", "不属于本机关职权")).want(t, 201)
	})
	record, _, err := s.View.Record(registry.KindGrant, open.grant.ID)
	if g, ok := record.(*registry.Grant); err != nil || !ok || g.End == 0 || !slices.Equal(g.Cases, []string{open.number}) {
		t.Fatalf("%+v: %v", record, err)
	}
	s.step(t, "xg-west-acceptor", open.draft("accept", west, "days", 10)).want(t, 201)
	late := &casePages{s, open.grant, fmt.Sprintf("西街收〔2026〕%d号", fresh())}
	s.step(t, "xg-west-acceptor", receipt(late)).problem(t, 409, registry.CodeGrantPeriod, "grant")
}
