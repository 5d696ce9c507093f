package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

func digestOf(t testing.TB, text string) sm.Digest {
	t.Helper()
	d, err := sm.ParseDigest(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// One license from application to cancellation, by the API alone.
func TestLicenseFromIssueToCancellation(t *testing.T) {
	s := openSite(t)
	p, a := s.apply(t, "/api/v1/licenses", s.food(t), nil)
	a.want(t, http.StatusAccepted)
	if a.Header.Get("Location") != "/api/v1/proceedings/"+p.Intent || p.Step != "reserved" || p.Approvals.Missing != 2 {
		t.Fatalf("answer %+v, Location %s", p, a.Header.Get("Location"))
	}
	// What is to be signed can be computed again from what is shown.
	if got := sm.Tagged("tongzheng intent v1", p.Sign.Canonical).String(); got != p.Intent || got != p.Sign.Digest {
		t.Fatalf("digest of the canonical bytes %s, intent %s", got, p.Intent)
	}
	if !bytes.Equal(p.Sign.Message, registry.ApprovalMessage(digestOf(t, p.Intent))) {
		t.Fatal("message to sign")
	}
	s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/document", as: "xg-system"}).problem(t, 409, registry.CodeActState, "version")
	p = s.approve(t, p)
	if p.Step != "anchored" || len(p.Printings) != 3 {
		t.Fatalf("end %+v", p)
	}
	document := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/document", as: "xg-system"}).want(t, 200)
	if !bytes.HasPrefix(document.body, []byte("PK")) {
		t.Fatal("the document is no package")
	}
	s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/document", as: "xg-system",
		header: map[string]string{"If-None-Match": document.Header.Get("ETag")}}).want(t, 304)
	paper := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/printings/2/paper", as: "xg-printer"}).want(t, 200)
	over := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/printings/2/paper?overprint=1.5,-2", as: "xg-printer"}).want(t, 200)
	if !bytes.HasPrefix(paper.body, []byte("%PDF")) || !bytes.HasPrefix(over.body, []byte("%PDF")) || bytes.Equal(paper.body, over.body) {
		t.Fatal("paper and overprint")
	}
	s.wantVerdict(t, p.Printings[1].URL, registry.Valid)
	s.checkWays(t, p, document.body)

	// A spoiled sheet is void; its replacement is good.
	s.done(t, p.Identifier, "spoil", map[string]any{"printing": 2, "ground": "misprint"})
	s.wantVerdict(t, p.Printings[1].URL, registry.Void)
	s.wantVerdict(t, p.Printings[2].URL, registry.Valid)
	again := s.done(t, p.Identifier, "reprint", map[string]any{"printing": 2, "ground": "misprint", "copies": []any{map[string]any{"copy": "original",
		"blank": map[string]any{"form": "SPJY-ZB", "run": "2024-01", "number": fmt.Sprintf("JX%08d", 1000+fresh())}}}})
	s.wantVerdict(t, again.Printings[0].URL, registry.Valid)

	// A change supersedes, a cancellation ends.
	second := s.done(t, p.Identifier, "change", map[string]any{"ground": "representative", "seal": sealOf(s, t), "decision": fmt.Sprintf("兴审食变〔2026〕%d号", fresh()),
		"fields": map[string]any{"KZ_FDDBR": "演示负责人新"}})
	if !strings.Contains(second.Identifier, ".002.") {
		t.Fatalf("second version is %s", second.Identifier)
	}
	s.wantVerdict(t, p.Printings[2].URL, registry.Superseded)
	s.done(t, second.Identifier, "cancel", map[string]any{"ground": "applied", "decision": fmt.Sprintf("兴审食销〔2026〕%d号", fresh())})
	s.wantVerdict(t, p.Printings[2].URL, registry.IsCancelled)
	s.wantVerdict(t, second.Printings[0].URL, registry.IsCancelled)

	license := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + second.Identifier, as: "xg-system"}).want(t, 200)
	s.do(t, request{method: "GET", path: "/api/v1/licenses/" + second.Identifier, as: "xg-system",
		header: map[string]string{"If-None-Match": license.Header.Get("ETag")}}).want(t, 304)
	// Nothing can be done to it any more.
	body := map[string]any{"grant": "xg-direct-001", "organization": s.account(t, "xg-system").Code, "ground": "law-changed", "decision": "兴审撤〔2026〕T0号"}
	body["act"] = "withdraw"
	_, a = s.apply(t, "/api/v1/licenses/"+second.Identifier+"/acts", body, nil)
	a.problem(t, 409, registry.CodeActState, "act")
}

// wantVerdict scans an address by API and by page.
func (s *site) wantVerdict(t testing.TB, url string, word registry.Word) {
	t.Helper()
	token := url[strings.LastIndex(url, "/")+1:]
	var v struct {
		Verdict registry.Word
		License *struct{ Holder string }
	}
	a := s.do(t, request{method: "POST", path: "/api/v1/verify", body: map[string]any{"token": token}}).want(t, 200)
	a.decode(t, &v)
	if v.Verdict != word {
		t.Fatalf("verdict %s, want %s: %s", v.Verdict, word, a.body)
	}
	page := s.do(t, request{method: "GET", path: path(url)})
	if !strings.Contains(string(page.body), word.Info().Chinese) {
		t.Fatalf("the page does not say %s", word.Info().Chinese)
	}
}

// checkWays asks by identifier, number and file.
func (s *site) checkWays(t testing.TB, p proceeding, document []byte) {
	t.Helper()
	holder := s.food(t)["holder"].(map[string]any)["name"]
	for name, question := range map[string]map[string]any{
		"identifier": {"identifier": p.Identifier, "holder": holder},
		"wrong name": {"identifier": p.Identifier, "holder": "别人"},
	} {
		var v struct{ Verdict registry.Word }
		s.do(t, request{method: "POST", path: "/api/v1/verify", body: question}).want(t, 200).decode(t, &v)
		if want := map[string]registry.Word{"identifier": registry.Valid, "wrong name": registry.NotFound}[name]; v.Verdict != want {
			t.Fatalf("%s: %s", name, v.Verdict)
		}
	}
	var v struct{ Verdict registry.Word }
	a := s.do(t, request{method: "POST", path: "/api/v1/verify", body: document, header: map[string]string{"Content-Type": "application/ofd"}}).want(t, 200)
	if a.decode(t, &v); v.Verdict != registry.Valid {
		t.Fatalf("file: %s", a.body)
	}
	broken := bytes.Clone(document)
	broken[len(broken)/2] ^= 1
	a = s.do(t, request{method: "POST", path: "/api/v1/verify", body: broken, header: map[string]string{"Content-Type": "application/octet-stream"}})
	if a.StatusCode >= 500 {
		t.Fatalf("a broken file is our fault? %s", a.body)
	}
}

func TestIdempotency(t *testing.T) {
	s := openSite(t)
	body := s.food(t)
	key := map[string]string{"Idempotency-Key": fmt.Sprintf("same-%d", fresh())}
	first, a := s.applyAs(t, "xg-acceptor", "/api/v1/licenses", body, key)
	a.want(t, 202)
	second, a := s.applyAs(t, "xg-acceptor", "/api/v1/licenses", body, key)
	a.want(t, 202)
	if first.Intent != second.Intent {
		t.Fatal("two proceedings for one key")
	}
	body["expires"] = "2098-01-01"
	_, a = s.applyAs(t, "xg-acceptor", "/api/v1/licenses", body, key)
	a.problem(t, 422, registry.CodeIdempotencyMismatch, "")
	_, a = s.applyAs(t, "xg-acceptor", "/api/v1/licenses", body, map[string]string{"Idempotency-Key": ""})
	a.problem(t, 400, registry.CodeIdempotencyMissing, "Idempotency-Key")

	// The person's own signature may come with the repeat; the last one asked for
	// goes to the end.
	body["expires"] = "2031-10-31"
	body["approvals"] = []registry.Approval{s.sign(t, "xg-acceptor", first)}
	last, a := s.applyAs(t, "xg-acceptor", "/api/v1/licenses", body, key)
	a.want(t, 202)
	if len(last.Approvals.Given) != 1 {
		t.Fatalf("%d signatures", len(last.Approvals.Given))
	}
	a = s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + first.Intent + "/approvals", as: "xg-approver", body: s.sign(t, "xg-approver", first), header: map[string]string{"Prefer": "wait=20"}})
	a.want(t, 200).decode(t, &last)
	if last.Step != "anchored" || a.Header.Get("Preference-Applied") != "wait=20" {
		t.Fatalf("step %s", last.Step)
	}
	_, a = s.applyAs(t, "xg-acceptor", "/api/v1/licenses", body, key)
	a.want(t, 200)
}

func TestOneActAtATime(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	body := map[string]any{"act": "cancel", "grant": "xg-direct-001", "organization": s.account(t, "xg-system").Code, "ground": "applied", "decision": fmt.Sprintf("销%d", fresh())}
	first, a := s.apply(t, "/api/v1/licenses/"+p.Identifier+"/acts", body, nil)
	a.want(t, 202)
	body["decision"] = fmt.Sprintf("销%d", fresh())
	_, a = s.apply(t, "/api/v1/licenses/"+p.Identifier+"/acts", body, nil)
	a.problem(t, 409, registry.CodeActInProgress, "identifier")
	s.do(t, request{method: "DELETE", path: "/api/v1/proceedings/" + first.Intent, as: "xg-system"}).want(t, 204)
	var now proceeding
	s.do(t, request{method: "GET", path: "/api/v1/proceedings/" + first.Intent, as: "xg-system"}).want(t, 200).decode(t, &now)
	if now.Step != "dropped" {
		t.Fatalf("step %s", now.Step)
	}
	s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + first.Intent + "/release", as: "xg-approver"}).problem(t, 409, registry.CodeActState, "intent")
}

func TestApprovalsThatDoNotHold(t *testing.T) {
	s := openSite(t)
	p, a := s.apply(t, "/api/v1/licenses", s.food(t), nil)
	a.want(t, 202)
	post := func(login string, approval registry.Approval) answer {
		return s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + p.Intent + "/approvals", as: login, body: approval})
	}
	good := s.sign(t, "xg-acceptor", p)
	wrong := good
	wrong.Signature = bytes.Clone(good.Signature)
	wrong.Signature[len(wrong.Signature)-1] ^= 1
	post("xg-acceptor", wrong).problem(t, 403, registry.CodeApprovalSignature, "approvals")
	post("yd-acceptor", s.sign(t, "yd-acceptor", p)).problem(t, 404, registry.CodeNotFound, "intent")
	post("xg-acceptor", s.sign(t, "yd-acceptor", p)).problem(t, 403, registry.CodeApprovalOther, "approvals")
	post("xg-acceptor", s.sign(t, "xg-approver", p)).problem(t, 403, registry.CodeApprovalOther, "approvals") // a colleague's
	post("xg-system", good).problem(t, 403, registry.CodeApprovalOther, "approvals")                          // a machine is no person
	post("xg-printer", s.sign(t, "xg-printer", p)).problem(t, 404, registry.CodeNotFound, "intent")           // not a printer's to see
	post("operator", good).problem(t, 404, registry.CodeNotFound, "intent")
	post("xg-examiner", s.sign(t, "xg-examiner", p)).problem(t, 403, registry.CodeApprovalRole, "approvals")
	post("xg-acceptor", good).want(t, 202)
	post("xg-acceptor", good).problem(t, 409, registry.CodeApprovalTwice, "approvals")
	if n := s.count(t, `SELECT count(*) FROM audit WHERE operation = 'approve' AND subject = $1`, p.Intent); n < 4 {
		t.Fatalf("%d refusals in the audit trail", n)
	}

	// An application whose signatures do not hold leaves nothing to work on.
	body := s.food(t)
	body["approvals"] = []registry.Approval{good}
	_, a = s.applyAs(t, "xg-acceptor", "/api/v1/licenses", body, nil)
	a.problem(t, 403, registry.CodeApprovalSignature, "approvals")
	if n := s.count(t, `SELECT count(*) FROM proceeding WHERE decision = $1 AND step <> 'dropped'`, body["decision"]); n != 0 {
		t.Fatal("a proceeding was left")
	}
}

func TestCatalogAndLists(t *testing.T) {
	s := openSite(t)
	for _, p := range []string{"/api/v1/types", "/api/v1/tasks", "/api/v1/licenses?limit=2", "/api/v1/licenses?q=" + "%E5%85%B4%E5%9B%BD", "/api/v1/licenses?step=anchored"} {
		s.do(t, request{method: "GET", path: p, as: "xg-system"}).want(t, 200)
	}
	s.do(t, request{method: "GET", path: "/api/v1/keys"}).want(t, 200)
	s.do(t, request{method: "GET", path: "/api/v1/status-list"}).want(t, 200)
	s.do(t, request{method: "GET", path: "/api/v1/openapi.yaml"}).want(t, 200)
	kind, _ := s.plan.Type("food-operation")
	s.do(t, request{method: "GET", path: "/api/v1/types/" + kind.Type.Code, as: "xg-system"}).want(t, 200)
	s.do(t, request{method: "GET", path: "/api/v1/types/11100000MB0143028R999", as: "xg-system"}).problem(t, 404, registry.CodeNotFound, "code")
	s.do(t, request{method: "GET", path: "/api/v1/licenses?limit=0", as: "xg-system"}).problem(t, 400, registry.CodeMalformed, "limit")
	s.do(t, request{method: "GET", path: "/api/v1/licenses?stpe=sealed", as: "xg-system"}).problem(t, 400, registry.CodeUnknownField, "")
	s.do(t, request{method: "GET", path: "/api/v1/licenses?cursor=nonsense", as: "xg-system"}).problem(t, 400, registry.CodeMalformed, "cursor")
	s.do(t, request{method: "GET", path: "/api/v1/licenses?q=%00", as: "xg-system"}).problem(t, 422, registry.CodeFieldForm, "q")

	// Cursors walk every license once.
	seen, next := map[string]bool{}, ""
	for range 100 {
		var page struct {
			Items []struct{ Identifier string }
			Next  string
		}
		s.do(t, request{method: "GET", path: "/api/v1/licenses?limit=2&cursor=" + next, as: "xg-system"}).want(t, 200).decode(t, &page)
		for _, i := range page.Items {
			if seen[i.Identifier] {
				t.Fatalf("%s twice", i.Identifier)
			}
			seen[i.Identifier] = true
		}
		if next = page.Next; next == "" {
			break
		}
	}
	if len(seen) < 2 {
		t.Fatalf("%d licenses seen", len(seen))
	}
}
