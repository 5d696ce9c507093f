package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"tongzheng/api/browsertest"
	"tongzheng/cmd/citytest"
	"tongzheng/registry"
)

// desk is a person of one registry at a browser of its own, with a passkey.
type desk struct {
	*browsertest.Tab
	at *at
}

func (a *at) desk() *desk {
	a.t.Helper()
	b := browsertest.Open(a.t)
	b.Do(chromedp.EmulateViewport(1280, 900))
	for _, err := range []error{call(b, webauthn.Enable, webauthn.EnableParams{}), call(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true}})} {
		if err != nil {
			a.t.Fatal(err)
		}
	}
	return &desk{b, a}
}

// open opens a page; where the one before is still on its way to another, it is asked for
// again.
func (d *desk) open(path string) {
	d.T.Helper()
	for end := time.Now().Add(citytest.Patience); ; time.Sleep(200 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(d.Ctx, time.Minute)
		err := chromedp.Do(ctx, chromedp.Navigate(d.at.console()+path), chromedp.WaitVisible(chromedp.CSS(`main`)))
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			d.T.Fatal(err)
		}
	}
}

// as signs an account in, with a passkey that its organization's registry puts on the
// ledger.
func (d *desk) as(login string) {
	d.T.Helper()
	account, err := d.at.demo.Account(login)
	if err != nil {
		d.T.Fatal(err)
	}
	d.open("/console/sign-in")
	d.Within("sign-in-"+login, chromedp.SendKeys(chromedp.CSS(`input[name=login]`), account.Login), chromedp.SendKeys(chromedp.CSS(`input[name=password]`), account.Password),
		chromedp.Click(chromedp.CSS(`main button`)), chromedp.WaitVisible(chromedp.CSS(`nav`)))
	d.open("/console/account")
	d.Within("passkey-"+login, chromedp.Click(chromedp.CSS(`#enroll`)), chromedp.WaitEnabled(chromedp.CSS(`#sign`)), chromedp.Click(chromedp.CSS(`#sign`)), chromedp.WaitVisible(chromedp.CSS(`.tag.anchored`)))
}

// step takes a step of the case at its page, signed at the signer's own.
func (d *desk) step(page, word, done string, values map[string]string) {
	d.T.Helper()
	d.open(page)
	form := "#step-" + word
	d.Value(`document.querySelector("` + form + `").open = true; ""`)
	for name, value := range values {
		d.Within(word, chromedp.SetValue(chromedp.CSS(form+` [name="`+name+`"]`), value))
	}
	d.Within(word, chromedp.Click(chromedp.CSS(form+` .actions button`)), chromedp.WaitVisible(chromedp.CSS(`#approve`)), chromedp.Click(chromedp.CSS(`#approve`)), chromedp.WaitEnabled(chromedp.CSS(`#sign`)), chromedp.Click(chromedp.CSS(`#sign`)))
	d.Until(`location.href.startsWith("` + d.at.console() + `") && document.querySelector("main")`)
	d.reads(page, done)
}

// reads loads a page again until it says something.
func (d *desk) reads(page, text string) {
	d.T.Helper()
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		d.open(page)
		if strings.Contains(d.Text(), text) {
			return
		}
		if time.Now().After(end) {
			d.T.Fatalf("%s never says %s:\n%s", page, text, d.Text())
		}
	}
}

// agree has the city's governors put a review grant's agreement on the ledger.
func (a *at) agree(grant string) {
	a.t.Helper()
	account := func(login string) (key, file string) {
		who, err := a.demo.Account(login)
		if err != nil {
			a.t.Fatal(err)
		}
		return who.APIKey, filepath.Join(a.data, who.KeyFile)
	}
	key, file := account("gz-governor-1")
	as := []string{"--server", a.server, "--api-key", key}
	var order struct {
		Orders []struct {
			Kind   string         `json:"kind"`
			Record map[string]any `json:"record"`
		} `json:"orders"`
	}
	if err := json.Unmarshal([]byte(a.command(append([]string{"govern", "record", "grant", grant}, as...)...)), &order); err != nil {
		a.t.Fatal(err)
	}
	order.Orders[0].Record["agreement"], order.Orders[0].Record["agreed"] = "演示承接协议〔2026〕1号", time.Now().Unix()-1
	raw, err := json.Marshal(order)
	if err != nil {
		a.t.Fatal(err)
	}
	path := filepath.Join(a.t.TempDir(), "agreement.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		a.t.Fatal(err)
	}
	governor, err := a.demo.Account("gz-governor-1")
	if err != nil {
		a.t.Fatal(err)
	}
	said := a.command(append([]string{"govern", "draft", "--organization", governor.Code, "--basis", "演示承接协议〔2026〕1号", path, "--sign", file}, as...)...)
	second, file := account("gz-governor-2")
	a.command("govern", "sign", "--server", a.server, "--api-key", second, sheetDigest.FindString(said), "--sign", file)
}

// sideBySide works two matters at both registries' consoles, each in a browser of its own:
// under review the county accepts, examines and asks for the seal, and the city confirms it;
// under window the county's counter takes in and accepts, and the city examines.
func sideBySide(t *testing.T, city, county *at) {
	city.agree("xg-review-003")
	left, right := county.desk(), city.desk()
	page := func(grant, number string) string { return "/console/case?grant=" + grant + "&case=" + number }

	review := page("xg-review-003", "XG-REVIEW-1")
	left.as("xg-acceptor")
	left.step(review, "receive", "收件", map[string]string{"channel": string(registry.ChannelCounter), "items": "办学许可申请书"})
	left.step(review, "accept", "受理", map[string]string{"days": "15"})
	window := page("xg-window-041", "XG-WINDOW-1")
	left.step(window, "receive", "收件", map[string]string{"channel": string(registry.ChannelCounter), "items": "演示事项申请书"})
	left.step(window, "accept", "受理", nil)
	left.as("xg-examiner")
	left.step(review, "forward", "上报", map[string]string{"content": "符合条件，拟同意"})
	left.step(review, "seal-request", "等待办理", nil)
	left.Picture("county-case")

	right.as("gz-education-seal")
	right.reads("/console/tasks", "XG-REVIEW-1")
	right.Picture("city-tasks")
	right.reads(review, "副本")
	right.Picture("city-case")
	right.step(review, "seal-confirm", "用印确认", nil)
	left.reads(review, "用印确认")
	right.as("gz-education-examiner")
	right.step(window, "forward", "上报", map[string]string{"content": "符合法定条件"})
	left.reads(window, "符合法定条件")
}

// unplugged shows what a phone reads at the address on the county's paper while the county
// is down.
func unplugged(t *testing.T, code string) {
	b := browsertest.Open(t)
	b.Phone()
	b.Go(code)
	b.Until(`document.querySelector(".verdict")`)
	b.Says("unplugged", "有效")
	b.Glance("county-unplugged")
	b.Accessible("county-unplugged")
}

// command runs a command and gives what it says.
func (a *at) command(args ...string) string {
	a.t.Helper()
	d := &deployment{t: a.t}
	return d.must(args...)
}
