package api_test

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tongzheng/api/browsertest"
	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// sheet is what tests read of an order sheet.
type sheet struct {
	Digest, Step string
	Asked        int
	Given        []struct{ KeyID string }
	Orders       []struct {
		Kind, Name string
		Canonical  []byte
	}
}

func (s *site) draft(t testing.TB, login string, orders ...map[string]any) (sheet, answer) {
	t.Helper()
	a := s.do(t, request{method: "POST", path: "/api/v1/orders", as: login, body: map[string]any{"orders": append([]map[string]any{}, orders...)}})
	var out sheet
	if a.StatusCode == 201 {
		a.decode(t, &out)
	}
	return out, a
}

func (s *site) matter(t testing.TB) map[string]any {
	t.Helper()
	n := fresh()
	return map[string]any{"organization": s.account(t, "gz-governor-1").Code, "kind": "matter", "basis": "赣府办发〔2026〕9号",
		"record": map[string]any{"code": fmt.Sprintf("DEM3607009%03d", n), "name": "测试事项"}}
}

func (s *site) signOrders(t testing.TB, digest, as, key string) answer {
	t.Helper()
	return s.do(t, request{method: "POST", path: "/api/v1/orders/" + digest + "/approvals", as: as, body: s.sign(t, key, proceeding{Intent: digest})})
}

// TestOrderSheets: drafted by a governor, signed by two persons, on the ledger;
// every mistake has its problem.
func TestOrderSheets(t *testing.T) {
	s := openSite(t)
	order := s.matter(t)
	_, a := s.draft(t, "xg-approver", order)
	a.problem(t, 403, registry.CodeForbidden, "")
	_, a = s.draft(t, "gz-governor-1")
	a.problem(t, 422, registry.CodeMissing, "orders")
	_, a = s.draft(t, "gz-governor-1", map[string]any{"organization": order["organization"], "kind": "decree", "record": map[string]any{}})
	a.problem(t, 400, registry.CodeMalformed, "orders.0.kind")
	_, a = s.draft(t, "gz-governor-1", map[string]any{"organization": order["organization"], "kind": "matter", "record": map[string]any{"code": "A", "name": "B", "color": "red"}})
	a.problem(t, 400, registry.CodeUnknownField, "orders.0.record.color")
	_, a = s.draft(t, "gz-governor-1", order, order)
	a.problem(t, 400, registry.CodeMalformed, "orders")
	made, a := s.draft(t, "gz-governor-1", order, s.matter(t))
	a.want(t, 201)
	var digests []sm.Digest
	for _, o := range made.Orders {
		var decoded registry.Order
		if err := registry.Decode(o.Canonical, &decoded); err != nil {
			t.Fatal(err)
		}
		digests = append(digests, decoded.Digest())
	}
	if made.Step != "open" || made.Asked != 2 || len(made.Orders) != 2 || registry.SheetDigest(digests).String() != made.Digest {
		t.Fatalf("%+v", made)
	}
	s.signOrders(t, made.Digest, "xg-approver", "gz-governor-1").problem(t, 403, registry.CodeForbidden, "")
	s.signOrders(t, made.Digest, "gz-governor-1", "xg-approver").problem(t, 403, registry.CodeApprovalOther, "approvals")
	s.signOrders(t, made.Digest, "gz-governor-1", "gz-governor-2").problem(t, 403, registry.CodeApprovalOther, "approvals") // a colleague's
	s.signOrders(t, made.Digest, "xg-gov-governor", "xg-gov-governor").problem(t, 404, registry.CodeNotFound, "sheet")      // a county's governor, in the city's name
	var now sheet
	if s.signOrders(t, made.Digest, "gz-governor-1", "gz-governor-1").want(t, 200).decode(t, &now); now.Step != "open" || len(now.Given) != 1 {
		t.Fatalf("%+v", now)
	}
	s.signOrders(t, made.Digest, "gz-governor-1", "gz-governor-1").problem(t, 409, registry.CodeApprovalTwice, "approvals")
	if record, _, err := s.View.Record(registry.KindMatter, made.Orders[0].Name); err != nil || record != nil {
		t.Fatalf("on the ledger with one signature: %v %v", record, err)
	}
	if s.signOrders(t, made.Digest, "gz-governor-2", "gz-governor-2").want(t, 200).decode(t, &now); now.Step != "set" {
		t.Fatalf("%+v", now)
	}
	for _, o := range made.Orders {
		s.do(t, request{method: "GET", path: "/api/v1/records?kind=matter&name=" + o.Name, as: "gz-governor-1"}).want(t, 200)
	}
	s.signOrders(t, made.Digest, "gz-governor-2", "gz-governor-2").problem(t, 409, registry.CodeActState, "sheet")
	s.do(t, request{method: "GET", path: "/api/v1/records?kind=matter&name=none", as: "gz-governor-1"}).problem(t, 404, registry.CodeNotFound, "name")
	s.do(t, request{method: "GET", path: "/api/v1/orders/" + strings.Repeat("0", 64), as: "gz-governor-1"}).problem(t, 404, registry.CodeNotFound, "sheet")
	s.do(t, request{method: "GET", path: "/api/v1/orders?limit=3", as: "operator"}).want(t, 200)

	// Given up, it cannot be signed; what the ledger refuses ends it.
	dropped, _ := s.draft(t, "gz-governor-1", s.matter(t))
	s.do(t, request{method: "DELETE", path: "/api/v1/orders/" + dropped.Digest, as: "gz-governor-1"}).want(t, 204)
	s.signOrders(t, dropped.Digest, "gz-governor-1", "gz-governor-1").problem(t, 409, registry.CodeActState, "sheet")
	foreign := s.matter(t)
	foreign["organization"] = s.account(t, "xg-gov-governor").Code // a county sets no matter
	refused, _ := s.draft(t, "gz-governor-1", foreign)
	s.signOrders(t, refused.Digest, "gz-governor-1", "gz-governor-1").want(t, 200)
	s.signOrders(t, refused.Digest, "gz-governor-2", "gz-governor-2").problem(t, 403, registry.CodeOrderNotAllowed, "matter")
	if s.do(t, request{method: "GET", path: "/api/v1/orders/" + refused.Digest, as: "gz-governor-2"}).want(t, 200).decode(t, &now); now.Step != "refused" {
		t.Fatalf("%+v", now)
	}
}

// step takes a step of a case over HTTP, as a client does.
func (s *site) step(t testing.TB, as string, draft map[string]any) answer {
	t.Helper()
	a := s.do(t, request{method: "POST", path: "/api/v1/cases/statements", as: as, body: draft})
	if a.StatusCode != 200 {
		return a
	}
	var next struct {
		Sign struct {
			Digest    string
			Canonical []byte
		}
	}
	a.decode(t, &next)
	body := map[string]any{"canonical": next.Sign.Canonical, "approval": s.sign(t, as, proceeding{Intent: next.Sign.Digest})}
	if text, ok := draft["content"]; ok {
		body["content"] = text
	}
	return s.do(t, request{method: "POST", path: "/api/v1/cases/steps", as: as, body: body})
}

// reviewGrant is a review grant of the second county that is agreed.
func (s *site) reviewGrant(t testing.TB) *registry.Grant {
	t.Helper()
	records, err := s.View.Records(registry.KindGrant)
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		if g := record.(*registry.Grant); g.Mode == registry.ModeReview && g.Examiner == s.account(t, "yd-examiner").Code && g.Agreement != "" {
			return g
		}
	}
	t.Fatal("no review grant")
	return nil
}

// byRole finds a demonstration account of an organization.
func (s *site) byRole(t testing.TB, organization string, role registry.Role) string {
	t.Helper()
	for _, a := range s.demo.Accounts {
		if a.Code == organization && slices.Contains(a.Roles, role) && a.KeyFile != "" {
			return a.Login
		}
	}
	t.Fatalf("no %s at %s", role, organization)
	return ""
}

// TestWhoAcceptedDoesNotDecide: a person with both offices who accepted a case
// cannot be the one who decides it, whatever the policy's roles would allow.
func TestWhoAcceptedDoesNotDecide(t *testing.T) {
	s := openSite(t)
	application := s.food(t)
	number := application["case"].(string)
	county := s.account(t, "xg-acceptor").Code
	both, err := citytest.PersonKey(filepath.Join(t.TempDir(), "both.pem"))
	if err != nil {
		t.Fatal(err)
	}
	spki, err := sm.MarshalPublicKey(&both.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	who := registry.Actor{Account: "both", Person: fmt.Sprintf("p-both-%d", fresh()), Organization: county, Roles: []registry.Role{registry.RoleAcceptor, registry.RoleApprover}}
	err = s.Office.Governing.Govern(context.Background(), registry.Operator("test"), []office.OrderDraft{{Organization: s.account(t, "gz-governor-1").Code, Basis: "test", Record: &registry.Approver{
		KeyID: sm.KeyIDOf(spki), Algorithm: registry.SM2SM3, Public: spki, Person: who.Person, Organization: county,
		Roles: who.Roles, From: s.Config.Clock().Unix() - 1}}})
	if err != nil {
		t.Fatal(err)
	}
	next, err := s.Office.Cases.Next(context.Background(), who, registry.CaseStatement{Grant: application["grant"].(string), Case: number, Kind: registry.CaseAccept, Organization: county, Days: 20}, "")
	if err != nil {
		t.Fatal(err)
	}
	digest, _ := next.Digest()
	accepted, err := citytest.Approve(both, digest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Office.Cases.Record(context.Background(), who, registry.CaseStep{Statement: *next, Approval: accepted}); err != nil {
		t.Fatal(err)
	}
	p, a := s.apply(t, "/api/v1/licenses", application, nil)
	a.want(t, 202)
	post := func(as string) answer {
		return s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + p.Intent + "/approvals", as: as, body: s.sign(t, as, p)})
	}
	decides, err := citytest.Approve(both, digestOf(t, p.Intent))
	if err != nil {
		t.Fatal(err)
	}
	post("xg-acceptor").want(t, 202)
	if _, err := s.Office.Issuing.Approve(context.Background(), who, digestOf(t, p.Intent), decides); registry.CodeOf(err) != registry.CodeApprovalRole {
		t.Fatalf("who accepted decides: %v", err)
	}
	post("xg-approver").want(t, 202)
}

// TestConsoleGoverns: a governor signs an order sheet, and an acceptor accepts
// a case, each with a passkey in the browser.
func TestConsoleGoverns(t *testing.T) {
	s := openSite(t)
	b := browsertest.Open(t)
	authenticator(b)
	open := func(path string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(s.Config.PublicURL + path) }
	enter := func(login string) {
		t.Helper()
		account := s.account(t, login)
		b.Do(open("/console/sign-in"), chromedp.SendKeys(chromedp.CSS(`input[name=login]`), account.Login), chromedp.SendKeys(chromedp.CSS(`input[name=password]`), account.Password),
			chromedp.Click(chromedp.CSS(`main button`)), chromedp.WaitVisible(chromedp.CSS(`nav`)), open("/console/account"), chromedp.Click(chromedp.CSS(`#enroll`)), chromedp.WaitEnabled(chromedp.CSS(`#sign`)), chromedp.Click(chromedp.CSS(`#sign`)),
			chromedp.WaitVisible(chromedp.CSS(`.tag.anchored`)))
	}
	enter("gz-governor-1")
	made, a := s.draft(t, "gz-governor-1", s.matter(t))
	a.want(t, 201)
	s.signOrders(t, made.Digest, "gz-governor-2", "gz-governor-2").want(t, 200)
	b.Do(open("/console/orders"), chromedp.WaitVisible(chromedp.CSS(`main table`)))
	b.Picture("console-orders")
	b.Accessible("console-orders")
	b.Do(open("/console/orders/"+made.Digest), chromedp.WaitVisible(chromedp.CSS(`#approve`)))
	b.Picture("console-order")
	b.Accessible("console-order")
	b.Do(chromedp.Click(chromedp.CSS(`#approve`)), chromedp.WaitEnabled(chromedp.CSS(`#sign`)), chromedp.Click(chromedp.CSS(`#sign`)), chromedp.WaitVisible(chromedp.CSS(`.fine`)))
	if record, _, err := s.View.Record(registry.KindMatter, made.Orders[0].Name); err != nil || record == nil {
		t.Fatalf("not on the ledger: %v", err)
	}

	enter("yd-acceptor")
	grant, number := s.reviewGrant(t), fmt.Sprintf("于审〔2026〕%d号", fresh())
	b.Do(open("/console/case?"+url.Values{"grant": {grant.ID}, "case": {number}}.Encode()), chromedp.WaitVisible(chromedp.CSS(`#step-receive`)))
	b.Accessible("console-case-next")
	b.Do(chromedp.Click(chromedp.CSS(`#step-receive summary`)), chromedp.SetValue(chromedp.CSS(`#receive-items`), " "), chromedp.Click(chromedp.CSS(`#step-receive button`)),
		chromedp.WaitVisible(chromedp.CSS(`#step-receive .problem a[href="#receive-items"]`)))
	b.Accessible("console-case-faults")
	b.Do(chromedp.SetValue(chromedp.CSS(`#receive-items`), "申请书\n身份证明"), chromedp.Click(chromedp.CSS(`#step-receive button`)), chromedp.WaitVisible(chromedp.CSS(`#approve`)), chromedp.Click(chromedp.CSS(`#approve`)), chromedp.WaitEnabled(chromedp.CSS(`#sign`)), chromedp.Click(chromedp.CSS(`#sign`)), chromedp.WaitVisible(chromedp.CSS(`main .note a[href*="receipt"]`)))
	b.Picture("console-case")
	b.Accessible("console-case")
	b.Do(open("/console/cases"), chromedp.WaitVisible(chromedp.CSS(`main table`)))
	b.Accessible("console-cases")
	if text := b.Text(); !strings.Contains(text, number) {
		t.Fatalf("the list lacks %s", number)
	}
	b.Do(open("/console/case/receipt?"+url.Values{"grant": {grant.ID}, "case": {number}}.Encode()), chromedp.WaitVisible(chromedp.CSS(`main .card`)))
	b.Picture("console-receipt")
	b.Accessible("console-receipt")
	f, err := s.Office.Cases.File(context.Background(), registry.Actor{Account: "test", Organization: s.account(t, "yd-acceptor").Code, Roles: []registry.Role{registry.RoleAcceptor}}, grant.ID, number)
	if err != nil || len(f.Steps) != 1 || f.Steps[0].Approval.Algorithm != registry.WebAuthn {
		t.Fatalf("%+v %v", f, err)
	}
}
