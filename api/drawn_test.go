package api_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tongzheng/api/browsertest"
	"tongzheng/registry"
)

// pictureIn is the SVG in a page; empty when there is none.
func pictureIn(t testing.TB, page []byte) string {
	t.Helper()
	_, rest, ok := strings.Cut(html.UnescapeString(string(page)), `src="data:image/svg+xml;base64,`)
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(rest, `"`)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestUploadedFileIsShown: who hands in a file sees it drawn beside a verdict
// that shows what the license says, and under it when it is in force no more. Of
// a file that does not hold nothing is drawn, and nobody who only has a code or a
// number sees the document.
func TestUploadedFileIsShown(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	holder := s.food(t)["holder"].(map[string]any)["name"].(string)
	file := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/document", as: "xg-system"}).want(t, 200).body

	page := s.upload(t, "/verify", "license.ofd", file).want(t, 200)
	if svg := pictureIn(t, page.body); !strings.Contains(svg, `role="img"`) || !strings.Contains(svg, holder) || !strings.Contains(svg, `href="data:image/png;base64,`) {
		t.Errorf("not shown: %.300s", svg)
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self' data:") || strings.Contains(policy, "script-src") {
		t.Error(policy)
	}
	// One byte changed in a stored font: altered, and not drawn under any mark.
	altered := bytes.Clone(file)
	at := bytes.Index(altered, []byte("glyf"))
	altered[at+4000] ^= 1
	for name, bad := range map[string][]byte{"altered": altered, "cut off": file[:len(file)-10]} {
		page := s.upload(t, "/verify", "license.ofd", bad)
		if pictureIn(t, page.body) != "" || strings.Contains(string(page.body), `class="drawn"`) {
			t.Errorf("%s: drawn", name)
		}
	}
	if page := s.upload(t, "/verify", "license.ofd", altered).want(t, 200); !strings.Contains(string(page.body), registry.Altered.Info().Chinese) {
		t.Error("the altered file was not told")
	}
	// Who scanned a code, or knows number and holder, has no document.
	jar, _ := cookiejar.New(nil)
	for _, page := range []answer{s.do(t, request{method: "GET", path: path(p.Printings[1].URL)}), s.do(t, request{method: "GET", path: path(p.Printings[0].URL)}),
		s.form(t, jar, "/verify", map[string][]string{"number": {p.Identifier}, "holder": {holder}}, nil)} {
		if page.want(t, 200); pictureIn(t, page.body) != "" || strings.Contains(string(page.body), `class="drawn"`) {
			t.Error("a document without its file")
		}
	}
	// In force no more: shown, and the verdict stands under it.
	q, a := s.applyAs(t, "xg-acceptor", "/api/v1/licenses/"+p.Identifier+"/acts", map[string]any{"act": "cancel", "grant": "xg-direct-001",
		"organization": s.account(t, "xg-system").Code, "ground": "applied", "decision": fmt.Sprintf("销%d", fresh())}, nil)
	if a.StatusCode == http.StatusAccepted {
		s.approve(t, q)
		if page := s.upload(t, "/verify", "license.ofd", file).want(t, 200); pictureIn(t, page.body) == "" || !strings.Contains(string(page.body), "核验结论：") {
			t.Errorf("a license that ended: %.2000s", page.body)
		}
	} else {
		t.Errorf("%s", a.body)
	}
}

// TestDocumentsAreShown: the console shows the document of a proposal as it will
// be sealed, and the sealed one of a license, to whoever may see them; that they
// looked is written down. What is served runs nothing.
func TestDocumentsAreShown(t *testing.T) {
	s := openSite(t)
	application := s.food(t)
	holder := application["holder"].(map[string]any)["name"].(string)
	p, a := s.apply(t, "/api/v1/licenses", application, nil)
	a.want(t, http.StatusAccepted)
	proposal, license := "/console/proceedings/"+p.Intent, "/console/licenses/"+p.Identifier
	lines := func(subject string) int {
		return s.count(t, `SELECT count(*) FROM audit WHERE operation = 'read document' AND account = 'xg-approver' AND subject = $1 AND detail LIKE '%face console%'`, subject)
	}
	page := s.page(t, "xg-approver", proposal).want(t, 200)
	if !strings.Contains(string(page.body), `src="`+proposal+`/document.svg"`) {
		t.Errorf("the proposal's page shows no document: %.3000s", page.body)
	}
	before := lines(p.Intent)
	unsealed := s.page(t, "xg-approver", proposal+"/document.svg").want(t, 200)
	if got := string(unsealed.body); !strings.Contains(got, holder) || strings.Contains(got, "<image ") || unsealed.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("%v %.300s", unsealed.Header, got)
	}
	policy := unsealed.Header.Get("Content-Security-Policy")
	for _, part := range []string{"sandbox;", "default-src 'none'", "style-src 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy %s lacks %s", policy, part)
		}
	}
	if unsealed.Header.Get("X-Content-Type-Options") != "nosniff" || lines(p.Intent) != before+1 {
		t.Error("sniffed, or not written down")
	}
	s.page(t, "xg-printer", proposal+"/document.svg").want(t, 404)
	s.page(t, "xg-approver", license+"/document.svg").want(t, 409) // not sealed yet

	p = s.approve(t, p)
	page = s.page(t, "xg-approver", license).want(t, 200)
	if !strings.Contains(string(page.body), `src="`+license+`/document.svg"`) {
		t.Errorf("the license's page shows no document: %.3000s", page.body)
	}
	before = lines(p.Identifier)
	sealed := s.page(t, "xg-approver", license+"/document.svg").want(t, 200)
	if got := string(sealed.body); !strings.Contains(got, holder) || strings.Count(got, "<image ") != 1 || lines(p.Identifier) != before+1 {
		t.Errorf("%.300s", got)
	}
	if again := s.page(t, "xg-approver", proposal+"/document.svg").want(t, 200); !bytes.Equal(again.body, sealed.body) {
		t.Error("the proceeding shows another document than was sealed")
	}
	// What another system made comes sealed, and is shown so from the start.
	road, id, people := s.road(t)
	file := s.foreignOFD(t, road, id)
	c, a := s.collect(t, people[0], fmt.Sprintf("collect-%d", fresh()), road, file)
	a.want(t, http.StatusAccepted)
	foreign := s.page(t, people[1], "/console/proceedings/"+c.Intent+"/document.svg").want(t, 200)
	if got := string(foreign.body); !strings.Contains(got, "道路运输") || strings.Count(got, "<image ") != 1 {
		t.Errorf("%.300s", got)
	}
	if c = s.finish(t, c, people[:]...); c.Step != "anchored" {
		t.Fatalf("%+v", c)
	}
	if page := s.upload(t, "/verify", "road.ofd", file).want(t, 200); pictureIn(t, page.body) != string(foreign.body) {
		t.Errorf("what was collected is not shown to who has it: %.2000s", page.body)
	}
	s.page(t, "xg-gov-acceptor", license+"/document.svg").want(t, 404)
	if got := string(s.page(t, "xg-gov-acceptor", license).want(t, 200).body); strings.Contains(got, "document.svg") {
		t.Error("a superior is offered the document")
	}
}

// TestDocumentsInChromium: under the site's policies a browser shows the pictures,
// the seal in them too, on a phone and to readers of screens.
func TestDocumentsInChromium(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	file := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/document", as: "xg-system"}).want(t, 200).body
	where := filepath.Join(t.TempDir(), "license.ofd")
	if err := os.WriteFile(where, file, 0o600); err != nil {
		t.Fatal(err)
	}
	b := browsertest.Open(t)
	b.Phone()
	b.Go(s.Config.PublicURL + "/")
	b.Within("public-file", chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{where}), chromedp.Click(chromedp.CSS(`form[enctype] button`)), chromedp.WaitVisible(chromedp.CSS(`.drawn`)))
	wantSeal(t, b)
	b.Says("public-file", "所上传的文件")
	b.Accessible("public-file")
	b.Picture("public-file")
	b.Fits("public-file", 320)
	b.Large("public-file")

	account := s.account(t, "xg-approver")
	b.Do(chromedp.EmulateViewport(1280, 900))
	b.Go(s.Config.PublicURL + "/console/")
	b.Within("console-sign-in", chromedp.SendKeys(chromedp.CSS(`input[name=login]`), account.Login), chromedp.SendKeys(chromedp.CSS(`input[name=password]`), account.Password),
		chromedp.Click(chromedp.CSS(`main button`)), chromedp.WaitVisible(chromedp.CSS(`nav`)))
	for name, at := range map[string]string{"console-license-drawn": "/console/licenses/" + p.Identifier, "console-proceeding-drawn": "/console/proceedings/" + p.Intent} {
		b.Go(s.Config.PublicURL + at)
		b.Value(`document.querySelector(".drawn").scrollIntoView(), ""`) // it is loaded when it is looked at
		b.Until(`document.querySelector(".drawn img").complete`)
		wantSeal(t, b)
		b.Accessible(name)
		b.Picture(name)
	}
}

// wantSeal fails when the picture in a page does not have the red of a seal.
func wantSeal(t *testing.T, b *browsertest.Tab) {
	t.Helper()
	red := b.Value(`(async () => {
		const picture = document.querySelector(".drawn img");
		await picture.decode();
		const canvas = document.createElement("canvas");
		canvas.width = 1188; canvas.height = 840;
		const pen = canvas.getContext("2d");
		pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
		const ink = pen.getImageData(0, 0, canvas.width, canvas.height).data;
		let red = 0;
		for (let i = 0; i < ink.length; i += 4) if (ink[i] > 170 && ink[i + 1] < 60 && ink[i + 2] < 60) red++;
		return red > 2000 ? "" : "red pixels: " + red;
	})()`)
	if red != "" {
		t.Error("the seal is not seen: ", red)
	}
}
