package api_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/registry"
)

// rows counts what an application can leave.
func (s *site) rows(t testing.TB) string {
	t.Helper()
	var out []string
	for _, table := range []string{"license", "version", "proceeding", "printing", "idempotency"} {
		out = append(out, fmt.Sprintf("%s %d", table, s.count(t, "SELECT count(*) FROM "+table)))
	}
	return strings.Join(out, ", ")
}

// The tables in testdata/bad say how a good application is spoiled, one line
// each: name | JSON merged over it (or "raw" and the body) | status | code |
// field. Each line must get its problem, leave no row, and be audited.
func TestBadApplications(t *testing.T) {
	s := openSite(t)
	files, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no tables", err)
	}
	before := s.rows(t)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(raw), "\n") {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			cells := strings.Split(line, " | ")
			if len(cells) != 5 {
				t.Fatalf("%s:%d: %d cells", file, i+1, len(cells))
			}
			t.Run(cells[0], func(t *testing.T) { s.badLine(t, cells) })
		}
	}
	if after := s.rows(t); after != before {
		t.Fatalf("rows were left: before %s, after %s", before, after)
	}
}

func (s *site) badLine(t *testing.T, cells []string) {
	var status int
	if _, err := fmt.Sscan(cells[2], &status); err != nil {
		t.Fatal(err)
	}
	field := strings.Trim(cells[4], `"`)
	body := []byte(nil)
	if raw, ok := strings.CutPrefix(cells[1], "raw "); ok {
		body = []byte(raw)
	} else {
		application := s.food(t)
		var over map[string]any
		if err := json.Unmarshal([]byte(cells[1]), &over); err != nil {
			t.Fatal(err)
		}
		merge(application, over)
		var err error
		if body, err = json.Marshal(application); err != nil {
			t.Fatal(err)
		}
	}
	audited := s.count(t, "SELECT count(*) FROM audit WHERE code = $1", cells[3])
	a := s.do(t, request{method: "POST", path: "/api/v1/licenses", as: "xg-system", body: body,
		header: map[string]string{"Idempotency-Key": fmt.Sprintf("bad-%d", fresh())}})
	a.problem(t, status, registry.Code(cells[3]), field)
	if n := s.count(t, "SELECT count(*) FROM audit WHERE code = $1", cells[3]); n != audited+1 {
		t.Fatalf("%d lines in the audit trail", n-audited)
	}
}

// merge lays over into base; "" under a key in over takes it away.
func merge(base, over map[string]any) {
	for key, value := range over {
		inner, ok := value.(map[string]any)
		present, both := base[key].(map[string]any)
		switch {
		case ok && both:
			merge(present, inner)
		case value == "-":
			delete(base, key)
		default:
			base[key] = value
		}
	}
}

func TestBadTransport(t *testing.T) {
	s := openSite(t)
	before := s.rows(t)
	good, err := json.Marshal(s.food(t))
	if err != nil {
		t.Fatal(err)
	}
	post := func(body []byte, header map[string]string) answer {
		all := map[string]string{"Idempotency-Key": "transport"}
		for k, v := range header {
			all[k] = v
		}
		return s.do(t, request{method: "POST", path: "/api/v1/licenses", as: "xg-system", body: body, header: all})
	}
	post(bytes.Repeat([]byte(" "), 10<<20), nil).problem(t, 413, registry.CodeTooLarge, "")
	post(good, map[string]string{"Content-Type": "text/plain"}).problem(t, 415, "media-type", "")
	post(good, map[string]string{"Content-Type": ""}).problem(t, 415, "media-type", "")
	post(good, map[string]string{"Content-Type": "application/json; charset=gbk"}).problem(t, 415, "media-type", "")
	post(good, map[string]string{"Content-Encoding": "gzip"}).problem(t, 415, "media-type", "")
	post(good, map[string]string{"Idempotency-Key": "钥匙"}).problem(t, 400, registry.CodeMalformed, "Idempotency-Key")
	s.do(t, request{method: "PUT", path: "/api/v1/licenses", as: "xg-system"}).problem(t, 405, "method-not-allowed", "")
	s.do(t, request{method: "GET", path: "/api/v1/nothing", as: "xg-system"}).problem(t, 404, registry.CodeNotFound, "")
	s.do(t, request{method: "GET", path: "/api/v1/proceedings/xyz", as: "xg-system"}).problem(t, 400, registry.CodeMalformed, "intent")
	s.do(t, request{method: "GET", path: "/api/v1/proceedings/" + strings.Repeat("0", 64), as: "xg-system"}).problem(t, 404, registry.CodeNotFound, "intent")
	s.do(t, request{method: "GET", path: "/api/v1/licenses/1.2.3", as: "xg-system"}).problem(t, 422, registry.CodeIdentifierForm, "identifier")
	if after := s.rows(t); after != before {
		t.Fatalf("rows were left: before %s, after %s", before, after)
	}
}

// upload posts a form with one file.
func (s *site) upload(t testing.TB, path, name string, file []byte) answer {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(file)
	w.Close()
	r, err := http.NewRequest("POST", "http://"+s.Address+path, &form)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return s.send(t, r)
}

func zipped(t testing.TB, names map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, content := range names {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write(content)
	}
	w.Close()
	return out.Bytes()
}

func TestBadUploads(t *testing.T) {
	s := openSite(t)
	bomb := zipped(t, map[string][]byte{"OFD.xml": bytes.Repeat([]byte("0"), 200<<20)})
	many := map[string][]byte{}
	for i := range 20000 {
		many[fmt.Sprintf("f%d", i)] = nil
	}
	for name, file := range map[string][]byte{
		"no zip": []byte("hello"), "empty zip": zipped(t, nil), "bomb": bomb, "many": zipped(t, many),
		"tricks": zipped(t, map[string][]byte{"../../etc/passwd": []byte("x"), "/OFD.xml": []byte("x"), "OFD.xml": []byte("<ofd/>")}),
		"xml":    zipped(t, map[string][]byte{"OFD.xml": []byte(`<!DOCTYPE x [<!ENTITY a "` + strings.Repeat("b", 1000) + `">]><x>&a;</x>`)}),
	} {
		a := s.upload(t, "/api/v1/verify", "../../"+name+".ofd", file)
		if a.StatusCode >= 500 {
			t.Errorf("%s is called our fault: %s", name, a.body)
		}
		if a.StatusCode == 200 {
			var v struct{ Verdict registry.Word }
			if a.decode(t, &v); v.Verdict != registry.Altered && v.Verdict != registry.Untrusted && v.Verdict != registry.NotFound {
				t.Errorf("%s: %s", name, v.Verdict)
			}
		}
	}
	s.upload(t, "/api/v1/verify", "a.ofd", bytes.Repeat([]byte("PK"), 6<<20)).problem(t, 413, registry.CodeTooLarge, "file")
	s.upload(t, "/api/v1/verify", "a.ofd", nil).problem(t, 422, registry.CodeMissing, "file")
	if n := s.count(t, `SELECT count(*) FROM audit WHERE operation = 'verify-file' AND code = 'too-large'`); n == 0 {
		t.Error("a refused file is not in the audit trail")
	}
	for _, c := range []struct {
		body  string
		code  registry.Code
		field string
		is    int
	}{
		{`{}`, registry.CodeMissing, "", 422},
		{`{"token":"a","qr":"b"}`, registry.CodeMalformed, "", 400},
		{`{"token":"short"}`, registry.CodeMalformed, "token", 400},
		{`{"number":"JY1"}`, registry.CodeMissing, "holder", 422},
		{`{"identifier":"1.2.156.3005.2.x","holder":"a"}`, registry.CodeIdentifierForm, "identifier", 422},
		{`{"token":"` + strings.Repeat("A", 65) + `"}`, registry.CodeFieldForm, "token", 422},
		{`{"holder":"a` + "\u202e" + `"}`, registry.CodeFieldForm, "holder", 422},
	} {
		s.do(t, request{method: "POST", path: "/api/v1/verify", body: []byte(c.body)}).problem(t, c.is, c.code, c.field)
	}
}
