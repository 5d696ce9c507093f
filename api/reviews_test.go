package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

func (s *site) openReview(t testing.TB, as, number, kind string, identifiers ...string) answer {
	t.Helper()
	return s.do(t, request{method: "POST", path: "/api/v1/review-files", as: as,
		body: map[string]any{"number": number, "kind": kind, "basis": "行政许可法第六十条", "licenses": append([]string{}, identifiers...)}})
}

// TestReviewFile: a superior sees the state of a license, and what it says within
// an open file of its own that names the license; each reading is written down
// with the file's number; closing it ends the sight.
func TestReviewFile(t *testing.T) {
	s := openSite(t)
	p, other := s.issued(t), s.issued(t)
	number := fmt.Sprintf("兴府调〔2026〕%d号", fresh())
	path := "/api/v1/review-files/" + url.PathEscape(number)
	license := "/api/v1/licenses/" + p.Identifier
	sees := func(as, path string, status int) answer {
		t.Helper()
		return s.do(t, request{method: "GET", path: path, as: as}).want(t, status)
	}
	sight := func(as, identifier string) registry.Right {
		t.Helper()
		var l resource.License
		sees(as, "/api/v1/licenses/"+identifier, 200).decode(t, &l)
		return l.Sight
	}
	// 1. Before: its state alone. Strangers and others of the place open no file,
	// and cannot tell a license from none.
	if got := sight("xg-gov-acceptor", p.Identifier); got != registry.MaySeeStatus {
		t.Fatalf("without a file: %s", got)
	}
	sees("xg-gov-acceptor", license+"/document", 404)
	sees("xg-gov-acceptor", license+"/bundle", 404)
	id, err := registry.ParseIdentifier(p.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	id.Serial = "A999999"
	absent := id.String()
	for _, stranger := range []string{"yd-system", "gz-education-acceptor", "xg-market-regulator", "xg-acceptor"} {
		for _, identifier := range []string{p.Identifier, absent} {
			s.openReview(t, stranger, number, "review", identifier).problem(t, 404, registry.CodeNotFound, "licenses.0")
		}
	}
	for _, outside := range []string{"xg-gov-governor", "operator", "xg-printer"} {
		s.openReview(t, outside, number, "review", p.Identifier).problem(t, 403, registry.CodeForbidden, "")
		s.do(t, request{method: "GET", path: "/api/v1/review-files", as: outside}).problem(t, 403, registry.CodeForbidden, "")
	}
	s.openReview(t, "xg-gov-acceptor", number, "review", absent).problem(t, 404, registry.CodeNotFound, "licenses.0")
	s.openReview(t, "xg-gov-acceptor", "", "review", p.Identifier).problem(t, 422, registry.CodeMissing, "number")
	s.openReview(t, "xg-gov-acceptor", "a/b", "review", p.Identifier).problem(t, 400, registry.CodeMalformed, "number")
	s.openReview(t, "xg-gov-acceptor", number, "curiosity", p.Identifier).problem(t, 400, registry.CodeMalformed, "kind")
	s.openReview(t, "xg-gov-acceptor", number, "review").problem(t, 422, registry.CodeMissing, "licenses")

	// 2. Open: what it says and its document, of the license named and no other, to
	// its own people whose work it is.
	if at := s.openReview(t, "xg-gov-acceptor", number, "review", p.Identifier).want(t, 201).Header.Get("Location"); !strings.HasSuffix(at, path) {
		t.Errorf("Location %s", at)
	}
	s.openReview(t, "xg-gov-approver", number, "complaint", other.Identifier).problem(t, 409, registry.CodeReviewNumber, "number")
	if got := sight("xg-gov-approver", p.Identifier); got != registry.MaySeeContent {
		t.Errorf("within the file: %s", got)
	}
	sees("xg-gov-acceptor", license+"/document", 200)
	sees("xg-gov-acceptor", license+"/bundle", 200)
	sees("xg-gov-acceptor", license+"/printings/2/paper", 404)
	for login, identifier := range map[string]string{"xg-gov-acceptor": other.Identifier, "xg-gov-governor": p.Identifier, "gz-gov-acceptor": p.Identifier, "operator": p.Identifier} {
		if got := sight(login, identifier); got != registry.MaySeeStatus {
			t.Errorf("%s sees %s", login, got)
		}
	}
	sees("yd-system", license, 404)
	sees("gz-gov-acceptor", path, 404) // another organization's file
	var f resource.ReviewFile
	if sees("xg-gov-acceptor", path, 200).decode(t, &f); f.Count != 1 || len(f.Licenses) != 1 || f.Licenses[0].Verdict != registry.Valid || f.OpenedBy != "xg-gov-acceptor" || !f.Closed.IsZero() {
		t.Errorf("%+v", f)
	}
	for operation, want := range map[string]int{"read license": 1, "read document": 1, "read bundle": 1} {
		if n := s.count(t, `SELECT count(*) FROM audit WHERE operation = $1 AND subject = $2 AND detail LIKE '%; face api; file ' || $3`, operation, p.Identifier, number); n != want {
			t.Errorf("%s within the file: %d lines, want %d", operation, n, want)
		}
	}

	// 3. Closed: its state alone again.
	s.do(t, request{method: "POST", path: path + "/close", as: "gz-gov-acceptor"}).problem(t, 404, registry.CodeNotFound, "number")
	s.do(t, request{method: "POST", path: path + "/close", as: "xg-gov-approver"}).want(t, 200).decode(t, &f)
	if f.Closed.IsZero() || f.ClosedBy != "xg-gov-approver" {
		t.Errorf("%+v", f)
	}
	if got := sight("xg-gov-acceptor", p.Identifier); got != registry.MaySeeStatus {
		t.Errorf("after the file: %s", got)
	}
	sees("xg-gov-acceptor", license+"/document", 404)
	s.do(t, request{method: "POST", path: path + "/close", as: "xg-gov-acceptor"}).problem(t, 409, registry.CodeActState, "number")
	var list resource.ReviewList
	sees("xg-gov-acceptor", "/api/v1/review-files", 200).decode(t, &list)
	if len(list.Items) == 0 || s.count(t, `SELECT count(*) FROM audit WHERE operation IN ('open review file', 'close review file') AND subject = $1 AND code = ''`, number) != 2 {
		t.Errorf("%+v", list)
	}
}

// TestReadingIsWrittenDown: every reading of what a license says has its line,
// with who, roles and face, and without values; the sight of a state has none.
func TestReadingIsWrittenDown(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	license := "/api/v1/licenses/" + p.Identifier
	for _, reading := range []struct {
		operation, as string
		q             request
		subject       string
	}{
		{"read license", "xg-acceptor", request{method: "GET", path: license}, p.Identifier},
		{"read document", "xg-seal", request{method: "GET", path: license + "/document"}, p.Identifier},
		{"read bundle", "xg-approver", request{method: "GET", path: license + "/bundle"}, p.Identifier},
		{"read fields", "xg-system", request{method: "POST", path: license + "/disclosure", body: resource.FieldNames{Fields: []string{"ZZMC"}}}, p.Identifier},
		{"read sheet", "xg-printer", request{method: "GET", path: license + "/printings/2/paper"}, p.Identifier},
		{"read license", "xg-market-regulator", request{method: "GET", path: license}, p.Identifier},
	} {
		lines := func() int {
			return s.count(t, `SELECT count(*) FROM audit WHERE operation = $1 AND account = $2 AND subject = $3 AND detail LIKE 'roles %; face api'`, reading.operation, reading.as, reading.subject)
		}
		before := lines()
		reading.q.as = reading.as
		s.do(t, reading.q).want(t, http.StatusOK)
		if n := lines() - before; n != 1 {
			t.Errorf("%s by %s: %d lines", reading.operation, reading.as, n)
		}
	}
	for operation, q := range map[string]request{
		"read list":       {method: "GET", path: "/api/v1/licenses?limit=3", as: "xg-acceptor"},
		"read deliveries": {method: "GET", path: "/api/v1/deliveries?limit=1", as: "xg-printer"},
	} {
		lines := func() int {
			return s.count(t, `SELECT count(*) FROM audit WHERE operation = $1 AND account = $2 AND subject = 'names' AND detail ~ '^roles .*; face api; licenses [1-9]'`, operation, q.as)
		}
		before := lines()
		s.do(t, q).want(t, http.StatusOK)
		if n := lines() - before; n != 1 {
			t.Errorf("%s: %d lines", operation, n)
		}
	}
	// Lists without names are no reading: a superior's, an operator's, an empty one.
	for _, q := range []request{{method: "GET", path: "/api/v1/licenses", as: "gz-gov-acceptor"}, {method: "GET", path: "/api/v1/licenses?q=" + url.QueryEscape(p.Identifier), as: "operator"},
		{method: "GET", path: "/api/v1/licenses?q=nobody", as: "xg-acceptor"}} {
		before := s.count(t, `SELECT count(*) FROM audit WHERE subject = 'names' AND account = $1`, q.as)
		s.do(t, q).want(t, http.StatusOK)
		if n := s.count(t, `SELECT count(*) FROM audit WHERE subject = 'names' AND account = $1`, q.as) - before; n != 0 {
			t.Errorf("%s as %s: %d lines", q.path, q.as, n)
		}
	}
	for _, state := range []string{"xg-witness-1", "xg-gov-acceptor", "operator"} {
		s.do(t, request{method: "GET", path: license, as: state}).want(t, 200)
		if n := s.count(t, `SELECT count(*) FROM audit WHERE operation LIKE 'read %' AND account = $1 AND subject = $2`, state, p.Identifier); n != 0 {
			t.Errorf("%s saw a state: %d lines", state, n)
		}
	}
	name := fmt.Sprint(s.food(t)["holder"].(map[string]any)["name"])
	if n := s.count(t, `SELECT count(*) FROM audit WHERE detail LIKE '%' || $1 || '%' OR subject LIKE '%' || $1 || '%'`, name); n != 0 {
		t.Errorf("%d lines name the holder", n)
	}
}

// TestStatistics: an organization's licenses and those below it are counted by
// what the ledger says; nobody's name is in it; others' are not.
func TestStatistics(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	id, err := registry.ParseIdentifier(p.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	count := func(as string, word registry.Word) (n, foreign int) {
		t.Helper()
		var out resource.Statistics
		a := s.do(t, request{method: "GET", path: "/api/v1/statistics", as: as}).want(t, 200)
		a.decode(t, &out)
		for _, c := range out.Items {
			switch {
			case c.Issuer == id.Issuer && c.Type == id.Type && c.Verdict == word:
				n += c.Licenses
				if c.TypeName == "" || c.IssuerName == "" {
					t.Errorf("%+v", c)
				}
			case !strings.HasPrefix(c.Issuer, "11360732") && !strings.HasPrefix(c.Issuer, "12360732"):
				foreign++
			}
		}
		return n, foreign
	}
	valid, foreign := count("xg-gov-acceptor", registry.Valid)
	cancelled, _ := count("xg-gov-acceptor", registry.IsCancelled)
	if valid == 0 || foreign != 0 {
		t.Errorf("%d valid, %d of others", valid, foreign)
	}
	if n, _ := count("yd-system", registry.Valid); n != 0 {
		t.Errorf("another county counts %d of Xingguo's", n)
	}
	s.done(t, p.Identifier, "cancel", map[string]any{"decision": fmt.Sprintf("兴审注〔2026〕T%d号", fresh())})
	if n, _ := count("xg-gov-acceptor", registry.IsCancelled); n != cancelled+1 {
		t.Errorf("%d cancelled, want %d", n, cancelled+1)
	}
	s.do(t, request{method: "GET", path: "/api/v1/statistics", as: ""}).want(t, 401)
}

// TestReviewPage: the console opens a file, with all faults of a form at once,
// leads to what its license says, and closes it again.
func TestReviewPage(t *testing.T) {
	s := openSite(t)
	p, c := s.issued(t), s.caller(t, "xg-gov-acceptor")
	code := fmt.Sprint(s.food(t)["holder"].(map[string]any)["code"])
	number := fmt.Sprintf("兴府调页〔2026〕%d号", fresh())
	page := func(method, path string, form url.Values) answer {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+s.Address+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", "tongzheng="+c.session)
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		return s.send(t, r)
	}
	says := func(path string) bool {
		t.Helper()
		return strings.Contains(string(page("GET", path, nil).want(t, 200).body), code)
	}
	license := "/console/licenses/" + p.Identifier
	if says(license) {
		t.Fatal("without a file the page names the holder's code")
	}
	a := page("POST", "/console/reviews", url.Values{"number": {"a/b"}, "kind": {"curiosity"}, "licenses": {"nonsense"}})
	if n := strings.Count(string(a.body), `class="problem`); a.StatusCode < 400 || a.StatusCode > 499 || n != 4 || !strings.Contains(string(a.body), "nonsense") {
		t.Errorf("%d faults, status %d", n, a.StatusCode)
	}
	at := page("POST", "/console/reviews", url.Values{"number": {number}, "kind": {"complaint"}, "basis": {"投诉〔2026〕1号"}, "licenses": {p.Identifier + "\r\n"}}).want(t, 303).Header.Get("Location")
	if file := string(page("GET", at, nil).want(t, 200).body); !strings.Contains(file, p.Identifier) || !strings.Contains(file, number) {
		t.Errorf("%.2000s", file)
	}
	if !says(license) {
		t.Error("within the file the page says nothing of the holder")
	}
	if n := s.count(t, `SELECT count(*) FROM audit WHERE operation = 'read license' AND subject = $1 AND detail LIKE '%; face console; file ' || $2`, p.Identifier, number); n != 1 {
		t.Errorf("%d lines", n)
	}
	page("POST", at+"/close", nil).want(t, 303)
	if says(license) {
		t.Error("after the file the page names the holder's code")
	}
	if list := string(page("GET", "/console/reviews", nil).want(t, 200).body); !strings.Contains(list, number) || !strings.Contains(list, "证照统计") {
		t.Errorf("%.2000s", list)
	}
}
