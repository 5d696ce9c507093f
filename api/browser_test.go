package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"tongzheng/api/browsertest"
	"tongzheng/registry"
	"tongzheng/signer/check"
)

// Staff sign in, enroll a passkey (a virtual authenticator stands for the
// device), fill in the form of a new license and sign it with the passkey.
func TestConsoleWithPasskey(t *testing.T) {
	s := openSite(t)
	b := browsertest.Open(t)
	open := func(path string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(s.Config.PublicURL + path) }
	account := s.account(t, "xg-approver")
	authenticator(b)
	b.Do(chromedp.EmulateViewport(1280, 900), open("/console/"), chromedp.WaitVisible(chromedp.CSS(`input[name=login]`)))
	b.Picture("console-sign-in")
	b.Within("console-sign-in", chromedp.SendKeys(chromedp.CSS(`input[name=login]`), account.Login), chromedp.SendKeys(chromedp.CSS(`input[name=password]`), account.Password),
		chromedp.Click(chromedp.CSS(`main button`)), chromedp.WaitVisible(chromedp.CSS(`nav`)), open("/console/account"))
	b.Within("console-account", chromedp.Click(chromedp.CSS(`#enroll`)), chromedp.WaitEnabled(chromedp.CSS(`#sign`)), chromedp.Click(chromedp.CSS(`#sign`)), chromedp.WaitVisible(chromedp.CSS(`.tag.anchored`)))
	b.Picture("console-account")
	digest := s.fillNewLicense(t, b)

	// The acceptor signs with a key file, the approver with the passkey.
	s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + digest + "/approvals", as: "xg-acceptor",
		body: s.sign(t, "xg-acceptor", proceeding{Intent: digest})}).want(t, 202)
	b.Do(open("/console/proceedings/"+digest), chromedp.WaitVisible(chromedp.CSS(`#approve`)))
	b.Picture("console-proceeding")
	b.Within("console-proceeding", chromedp.Click(chromedp.CSS(`#approve`)), chromedp.WaitEnabled(chromedp.CSS(`#sign`)), chromedp.Click(chromedp.CSS(`#sign`)), chromedp.WaitVisible(chromedp.CSS(`.fine`)))
	b.Picture("console-anchored")
	b.Do(chromedp.Click(chromedp.CSS(`.fine a`)), chromedp.WaitVisible(chromedp.CSS(`.verdict`)))
	b.Picture("console-license")
	// Its bundle has every approval verified, the passkey's by itself.
	bundle := s.do(t, request{method: "GET", path: "/api/v1/licenses/" + strings.Fields(b.Value(`location.pathname.split("/").pop()`))[0] + "/bundle", as: "xg-system"}).want(t, 200)
	roots, err := check.ParseRoots(s.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	v, err := check.Bundle(bundle.body, roots, time.Now(), check.BundleOptions{})
	if err != nil || v.Word != registry.Valid || !strings.Contains(fmt.Sprint(v.Checks), "2 approvals verified one by one, 1 of them by passkey") {
		t.Errorf("the bundle of a license signed with a passkey: %s %v %+v", v.Word, err, v.Checks)
	}
	// Lists say what the ledger says today, and name a license in words.
	holder := fmt.Sprint(s.food(t)["holder"].(map[string]any)["name"])
	waiting, a := s.apply(t, "/api/v1/licenses", s.food(t), nil)
	a.want(t, 202)
	for _, x := range []struct {
		name, path string
		says       []string
	}{
		{"console-licenses", "/console/licenses", []string{"今日状态", registry.Valid.Info().Chinese, "尚未登记", holder}},
		{"console-tasks", "/console/tasks", []string{"食品经营许可证", holder, "待签名"}},
		{"console-types", "/console/new", nil},
	} {
		b.Do(open(x.path), chromedp.WaitVisible(chromedp.CSS(`main`)))
		b.Says(x.name, x.says...)
		b.Picture(x.name)
		b.Accessible(x.name)
	}
	s.do(t, request{method: "DELETE", path: "/api/v1/proceedings/" + waiting.Intent, as: "xg-system"}).want(t, 204)
	// A name searched for stays out of the address, on the next page too.
	b.Do(open("/console/licenses"), chromedp.WaitVisible(chromedp.CSS(`.find`)))
	b.Within("console-search", chromedp.SendKeys(chromedp.CSS(`input[name=q]`), holder), chromedp.Click(chromedp.CSS(`.find button`)), chromedp.WaitVisible(chromedp.CSS(`input[name=q][value="`+holder+`"]`)))
	if address := b.Value(`location.href`); !strings.HasSuffix(address, "/console/licenses/search") || !strings.Contains(b.Text(), holder) {
		t.Errorf("searched at %s:\n%s", address, b.Text())
	}
}

// authenticator gives the browser a device that verifies its user.
func authenticator(b *browsertest.Tab) {
	b.T.Helper()
	b.Do() // opens the tab
	if _, err := chromedp.Call(b.Ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.T.Fatal(err)
	}
	_, err := chromedp.Call(b.Ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true,
		HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true}})
	if err != nil {
		b.T.Fatal(err)
	}
}

// fillNewLicense fills the issue form in and returns the intent.
func (s *site) fillNewLicense(t *testing.T, b *browsertest.Tab) string {
	t.Helper()
	sample := s.food(t)
	holder := sample["holder"].(map[string]any)
	actions := []chromedp.Action[chromedp.Void]{chromedp.Navigate(s.Config.PublicURL + "/console/new/" + sample["type"].(string)), chromedp.WaitVisible(chromedp.CSS(`input[name="holder.name"]`)),
		chromedp.SendKeys(chromedp.CSS(`input[name="holder.name"]`), fmt.Sprint(holder["name"])), chromedp.SendKeys(chromedp.CSS(`input[name="holder.code"]`), "WRONG"),
		chromedp.SetValue(chromedp.CSS(`select[name="grant"]`), sample["grant"].(string)), chromedp.SetValue(chromedp.CSS(`select[name="ground"]`), "applied"),
		chromedp.SetValue(chromedp.CSS(`select[name="seal"]`), sample["seal"].(string)), chromedp.SetValue(chromedp.CSS(`input[name="expires"]`), "2031-11-20"),
		chromedp.SendKeys(chromedp.CSS(`input[name="decision"]`), fmt.Sprint(sample["decision"])),
		chromedp.Click(chromedp.CSS(`input[name="copies.original1.print"]`)), chromedp.SendKeys(chromedp.CSS(`input[name="copies.original1.number"]`), fmt.Sprintf("JX%08d", 1000+fresh()))}
	for name, value := range sample["fields"].(map[string]any) {
		actions = append(actions, chromedp.SetValue(chromedp.CSS(`[name="fields.`+name+`"]`), value.(string)))
	}
	b.Within("console-form", append(actions, chromedp.Click(chromedp.CSS(`main .actions button`)), chromedp.WaitVisible(chromedp.CSS(`.invalid input[name="holder.code"]`)))...)
	b.Picture("console-form") // what was refused comes back filled in, the field marked
	b.Within("console-form", chromedp.SetValue(chromedp.CSS(`input[name="holder.code"]`), fmt.Sprint(holder["code"])), chromedp.Click(chromedp.CSS(`main .actions button`)),
		chromedp.WaitVisible(chromedp.CSS(`.signs`)))
	address := b.Value(`location.href`)
	return address[strings.LastIndex(address, "/")+1:]
}
