package api_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"tongzheng/api/browsertest"
	"tongzheng/registry"
)

// The other pages for everyone, and the door of the console: each as people
// reach it, held against axe, a phone of 320 px and type of twice the size.
func TestPagesForEveryone(t *testing.T) {
	s := openSite(t)
	config := s.API.Config()
	config.OfflineFolder = t.TempDir()
	server, _ := s.second(t, config, nil)
	p := s.issued(t)
	token := path(p.Printings[1].URL)
	b := browsertest.Open(t)
	field := func(name string) chromedp.CSS { return chromedp.CSS(`input[name=` + name + `]`) }
	ask := func(number, holder string) func() {
		return func() {
			b.Go(server.URL + "/")
			b.Within("public-landing", chromedp.SendKeys(field("number"), number), chromedp.SendKeys(field("holder"), holder),
				chromedp.Click(chromedp.CSS(`form:not([enctype]) button`)), chromedp.WaitVisible(chromedp.CSS(`.verdict, .problem`)))
		}
	}
	open := func(path string) func() { return func() { b.Go(server.URL + path) } }
	holder := s.food(t)["holder"].(map[string]any)["name"].(string)
	number := s.value(t, `SELECT facts->>'number' FROM version WHERE intent = decode($1, 'hex')`, p.Intent)
	for _, x := range []struct {
		name  string
		reach func()
		says  []string
	}{
		{"public-landing", open("/"), []string{"证照核验", "扫一扫", "按编号核验", "OFD", "怎样认出真网站", "离线核验页"}},
		{"public-by-number", ask(number, holder), []string{registry.Valid.Info().Chinese, "与所查的持证主体相符"}},
		{"public-by-identifier", ask(p.Identifier, holder), []string{registry.Valid.Info().Chinese}},
		{"public-other-holder", ask(number, "别家公司"), []string{"编号或名称不符", "按编号核验"}},
		{"public-wrong-identifier", ask(p.Identifier[:len(p.Identifier)-1]+"*", holder), []string{"证照核验", "identifier"}},
		{"public-statement", open(token + "?statement=1"), []string{"核验回执", "TONGZHENG STATEMENT"}},
		{"public-no-such-page", open("/nothing-here"), []string{"核验首页"}},
		{"offline-first", func() { b.Go(server.URL + "/offline/"); b.Until(`document.getElementById("site").textContent !== ""`) }, []string{"离线核验", "摄像头", "添加到主屏幕"}},
		{"console-sign-in", open("/console/"), []string{"登录"}},
	} {
		b.Phone()
		x.reach()
		b.Says(x.name, x.says...)
		b.Picture(x.name)
		b.Accessible(x.name)
		b.Fits(x.name, 320)
		b.Large(x.name)
	}
}

// value is a query's one text, as the owner of the tables.
func (s *site) value(t testing.TB, query string, args ...any) (text string) {
	t.Helper()
	s.row(t, query, args, &text)
	return text
}

// The page prints on two sheets of A4 at most, with everything to compare.
func TestPublicPagePrints(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	b := browsertest.Open(t)
	b.Go(s.Config.PublicURL + path(p.Printings[1].URL))
	printed, err := chromedp.Call(b.Ctx, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: 8.27, PaperHeight: 11.69})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "page.pdf")
	if err := os.WriteFile(file, printed.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("TONGZHENG_PICTURES"); dir != "" {
		if out, err := exec.Command("pdftoppm", "-r", "70", "-png", file, filepath.Join(dir, "printed")).CombinedOutput(); err != nil {
			t.Error(err, string(out))
		}
	}
	out, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	if err != nil {
		t.Fatal("pdftotext (package poppler-utils): ", err)
	}
	text := string(out)
	for _, says := range []string{"有效", "JX0000", "兴国县潋江镇演示路1号一层", "逐项核验", "行政复议", "核验时间"} {
		if !strings.Contains(strings.ReplaceAll(text, "\n", ""), says) {
			t.Errorf("printed, it does not say %s:\n%s", says, text)
		}
	}
	if sheets := strings.Count(text, "\f"); sheets > 2 {
		t.Errorf("%d sheets", sheets)
	}
}
