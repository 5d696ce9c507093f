package api_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"tongzheng/registry"
)

// browser starts a real Chromium (Debian package chromium) for one test.
func browser(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("install the Debian package chromium: ", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.WSURLReadTimeout(90*time.Second))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	timed, done := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(done)
	return timed
}

// picture keeps a screenshot where TONGZHENG_PICTURES says, for docs and eyes.
func picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("TONGZHENG_PICTURES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The public page at phone size with JavaScript off: every word that a sheet
// can get, as a citizen sees it.
func TestPublicPageOnAPhone(t *testing.T) {
	s := openSite(t)
	p := s.issued(t)
	ctx := browser(t)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2))); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	see := func(name, path string, word registry.Word) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Navigate(s.Config.PublicURL+path)); err != nil {
			t.Fatal(err)
		}
		body, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("body")))
		if err != nil {
			t.Fatal(err)
		}
		if word != "" && (!strings.Contains(body, word.Info().Chinese) || !strings.Contains(body, word.Info().English)) {
			t.Fatalf("%s: the page does not say %s", name, word)
		}
		picture(t, ctx, "phone-"+name)
	}
	original := path(p.Printings[1].URL)
	see("valid", original, registry.Valid)
	see("landing", "/", "")
	see("not-found", "/v/"+strings.Repeat("A", 26), registry.NotFound)
	s.done(t, p.Identifier, "spoil", map[string]any{"printing": 2, "ground": "misprint"})
	see("void", original, registry.Void)
	second := s.done(t, p.Identifier, "change", map[string]any{"ground": "representative", "seal": sealOf(s, t), "decision": fmt.Sprintf("兴审食变〔2026〕%d号", fresh()),
		"fields": map[string]any{"KZ_FDDBR": "演示负责人新"}})
	duplicate := path(p.Printings[2].URL)
	see("superseded", duplicate, registry.Superseded)
	s.done(t, second.Identifier, "cancel", map[string]any{"ground": "applied", "decision": fmt.Sprintf("兴审食销〔2026〕%d号", fresh())})
	see("cancelled", duplicate, registry.IsCancelled)
	// An insider edits the holder's name in the database.
	other := s.issued(t)
	s.exec(t, `UPDATE version SET facts = jsonb_set(facts, '{holder,name}', '"别家公司"') WHERE intent = decode($1, 'hex')`, other.Intent)
	see("altered", path(other.Printings[1].URL), registry.Altered)
}

// Staff sign in, enroll a passkey (a virtual authenticator stands for the
// device), fill in the form of a new license and sign it with the passkey.
func TestConsoleWithPasskey(t *testing.T) {
	s := openSite(t)
	ctx := browser(t)
	open := func(path string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(s.Config.PublicURL + path) }
	account := s.account(t, "xg-approver")
	authenticator(t, ctx)
	err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), open("/console/"), chromedp.WaitVisible(chromedp.CSS(`input[name=login]`)))
	if err != nil {
		t.Fatal(err)
	}
	picture(t, ctx, "console-sign-in")
	within(t, ctx, "console-sign-in", chromedp.SendKeys(chromedp.CSS(`input[name=login]`), account.Login), chromedp.SendKeys(chromedp.CSS(`input[name=password]`), account.Password),
		chromedp.Click(chromedp.CSS(`main button`)), chromedp.WaitVisible(chromedp.CSS(`nav`)), open("/console/account"))
	within(t, ctx, "console-account", chromedp.Click(chromedp.CSS(`#enroll`)), chromedp.WaitVisible(chromedp.CSS(`.tag.anchored`)))
	picture(t, ctx, "console-account")
	digest := s.fillNewLicense(t, ctx)

	// The acceptor signs with a key file, the approver with the passkey.
	s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + digest + "/approvals", as: "xg-acceptor",
		body: s.sign(t, "xg-acceptor", proceeding{Intent: digest})}).want(t, 202)
	err = chromedp.Do(ctx, open("/console/proceedings/"+digest), chromedp.WaitVisible(chromedp.CSS(`#approve`)))
	if err != nil {
		t.Fatal(err)
	}
	picture(t, ctx, "console-proceeding")
	within(t, ctx, "console-proceeding", chromedp.Click(chromedp.CSS(`#approve`)), chromedp.WaitVisible(chromedp.CSS(`.fine`)))
	picture(t, ctx, "console-anchored")
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`.fine a`)), chromedp.WaitVisible(chromedp.CSS(`.verdict`))); err != nil {
		t.Fatal(err)
	}
	picture(t, ctx, "console-license")
	for name, path := range map[string]string{"console-licenses": "/console/licenses", "console-tasks": "/console/tasks", "console-types": "/console/new"} {
		if err := chromedp.Do(ctx, open(path), chromedp.WaitVisible(chromedp.CSS(`main`))); err != nil {
			t.Fatal(err)
		}
		picture(t, ctx, name)
	}
}

// within runs steps that a page must finish soon; else it keeps a picture of
// what stands there and fails.
func within(t *testing.T, ctx context.Context, name string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	soon, cancel := context.WithTimeout(ctx, 25*time.Second)
	defer cancel()
	if err := chromedp.Do(soon, steps...); err != nil {
		picture(t, ctx, name+"-failed")
		text, _ := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS(`main`)))
		t.Fatalf("%v: %s", err, strings.Join(strings.Fields(text), " "))
	}
}

// authenticator gives the browser a device that verifies its user.
func authenticator(t *testing.T, ctx context.Context) {
	t.Helper()
	if err := chromedp.Do(ctx); err != nil { // opens the tab
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	_, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true,
		HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true}})
	if err != nil {
		t.Fatal(err)
	}
}

// fillNewLicense fills the issue form in and returns the intent.
func (s *site) fillNewLicense(t *testing.T, ctx context.Context) string {
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
	within(t, ctx, "console-form", append(actions, chromedp.Click(chromedp.CSS(`main .actions button`)), chromedp.WaitVisible(chromedp.CSS(`.invalid input[name="holder.code"]`)))...)
	picture(t, ctx, "console-form") // what was refused comes back filled in, the field marked
	within(t, ctx, "console-form", chromedp.SetValue(chromedp.CSS(`input[name="holder.code"]`), fmt.Sprint(holder["code"])), chromedp.Click(chromedp.CSS(`main .actions button`)),
		chromedp.WaitVisible(chromedp.CSS(`.signs`)))
	address, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	return address[strings.LastIndex(address, "/")+1:]
}
