package api_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

// A window checks a license instead of taking a copy: the answer carries the
// result codes of the sharing interface. Who does not know the holder learns
// nothing, not even that the number exists.
func TestSharingResultCodes(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	holder := s.food(t)["holder"].(map[string]any)
	number := s.value(t, `SELECT facts->>'number' FROM version WHERE intent = decode($1, 'hex')`, p.Intent)
	ask := func(body any, contentType string) string {
		t.Helper()
		var v struct {
			Sharing *struct{ Operation, Code string }
			License *struct{}
		}
		q := request{method: "POST", path: "/api/v1/verify", body: body}
		if contentType != "" {
			q.header = map[string]string{"Content-Type": contentType}
		}
		s.do(t, q).want(t, 200).decode(t, &v)
		if v.Sharing == nil {
			return "none"
		}
		if (v.License != nil) != (v.Sharing.Code == "0" || v.Sharing.Code == "3") {
			t.Errorf("code %s and license shown: %v", v.Sharing.Code, v.License != nil)
		}
		return v.Sharing.Operation + " " + v.Sharing.Code
	}
	info := func(extra ...any) map[string]any {
		body := map[string]any{"number": number, "holder": holder["name"]}
		for i := 0; i < len(extra); i += 2 {
			body[extra[i].(string)] = extra[i+1]
		}
		return body
	}
	for _, c := range []struct {
		name string
		body map[string]any
		want string
	}{
		{"number and holder", info(), "verifyCertInfo 0"},
		{"with the holder's code", info("holder_code", holder["code"]), "verifyCertInfo 0"},
		{"with another code", info("holder_code", "91360732DEM100023G"), "verifyCertInfo 6"},
		{"another holder", info("holder", "别家公司"), "verifyCertInfo 5"},
		{"another holder, right code", info("holder", "别家公司", "holder_code", holder["code"]), "verifyCertInfo 5"},
		{"no such number", info("number", "JY00000000000000"), "verifyCertInfo 5"},
	} {
		if got := ask(c.body, ""); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	s.do(t, request{method: "POST", path: "/api/v1/verify", body: map[string]any{"number": number}}).problem(t, 422, "missing", "holder")
	document := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/document", as: "xg-system"}).want(t, 200).body
	if got := ask(document, "application/ofd"); got != "verifyFile 0" {
		t.Errorf("file: %s", got)
	}
	if got := ask(resealed(t, document), "application/ofd"); got != "verifyFile 2" {
		t.Errorf("file with a page changed: %s", got)
	}
	for name, want := range map[string]string{"ofd/hello.ofd": "verifyFile 1", "reports/sm2-raw.ofd": "verifyFile 1", "reports/strip.ofd": "verifyFile 1", "reports/pre.ofd": "verifyFile 1"} {
		file, err := os.ReadFile("../signer/check/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(file, "application/ofd"); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	s.done(t, p.Identifier, "cancel", map[string]any{"ground": "applied", "decision": "兴审食销〔2026〕S" + p.Identifier[len(p.Identifier)-1:] + "号"})
	if got := ask(info(), ""); got != "verifyCertInfo 3" {
		t.Errorf("cancelled: %s", got)
	}
	if got := ask(document, "application/ofd"); got != "verifyFile 0" {
		t.Errorf("file of a cancelled license: %s", got)
	}
}

// resealed changes one page of a package and leaves its seal as it was.
func resealed(t *testing.T, document []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, "Content.xml") {
			raw = bytes.Replace(raw, []byte("</"), []byte(" </"), 1)
		}
		part, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: f.Method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
