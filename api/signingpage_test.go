package api_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tongzheng/api/browsertest"
	"tongzheng/registry"
)

// signOrigin is where the site's people sign.
func (s *site) signOrigin(t testing.TB) string {
	t.Helper()
	at, err := s.SigningPage(context.Background())
	if err != nil || at == "" || at == s.Config.PublicURL {
		t.Fatalf("signing page at %q: %v", at, err)
	}
	return at
}

// enter signs an account in and gives it a passkey, made at the signing page.
func (s *site) enter(t testing.TB, b *browsertest.Tab, login string) {
	t.Helper()
	account := s.account(t, login)
	b.Do(chromedp.Navigate(s.Config.PublicURL+"/console/sign-in"), chromedp.SendKeys(css(`input[name=login]`), account.Login), chromedp.SendKeys(css(`input[name=password]`), account.Password),
		chromedp.Click(css(`main button`)), chromedp.WaitVisible(css(`nav`)), chromedp.Navigate(s.Config.PublicURL+"/console/account"), chromedp.WaitVisible(css(`#enroll`)))
	had := b.Value(`String(document.querySelectorAll(".tag.anchored").length)`)
	b.Do(chromedp.Click(css(`#enroll`)), chromedp.WaitEnabled(css(`#sign`)), chromedp.Click(css(`#sign`)))
	b.Until(`location.pathname.endsWith("/console/account") && String(document.querySelectorAll(".tag.anchored").length) != "` + had + `"`)
}

// waiting proposes a license whose acceptor has signed.
func (s *site) waiting(t testing.TB) proceeding {
	t.Helper()
	p, a := s.apply(t, "/api/v1/licenses", s.food(t), nil)
	a.want(t, 202)
	s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + p.Intent + "/approvals", as: "xg-acceptor", body: s.sign(t, "xg-acceptor", p)}).want(t, 202)
	return p
}

func (s *site) stepOf(t testing.TB, p proceeding) string {
	t.Helper()
	var said proceeding
	if err := json.Unmarshal(s.do(t, request{method: "GET", path: "/api/v1/proceedings/" + p.Intent, as: "xg-system"}).want(t, 200).body, &said); err != nil {
		t.Fatal(err)
	}
	return said.Step
}

// TestSigningPage: people sign at the signer's own origin, which shows what is signed:
// the license's words, the act, the file drawn from its bytes. It may be loaded again;
// declining signs nothing.
func TestSigningPage(t *testing.T) {
	s := openSite(t)
	b := browsertest.Open(t)
	authenticator(b)
	b.Do(chromedp.EmulateViewport(1280, 900))
	s.enter(t, b, "xg-approver")
	at := s.signOrigin(t)
	p := s.waiting(t)
	page := "/console/proceedings/" + p.Intent
	toSign := func() string {
		b.Do(chromedp.Navigate(s.Config.PublicURL+page), chromedp.WaitVisible(css(`#approve`)), chromedp.Click(css(`#approve`)), chromedp.WaitVisible(css(`#sign`)))
		return b.Value(`location.href`)
	}
	address := toSign()
	if !strings.HasPrefix(address, at+"/p/") {
		t.Fatalf("signed at %s, not at %s", address, at)
	}
	b.Until(`document.querySelector("img.drawn").complete && document.querySelector("img.drawn").naturalWidth > 100`)
	b.Says("signing-page", "新发 issue", "食品经营许可证", "兴国县行政审批局", "直接承接", "已签署", "SM3 "+p.Intent, at)
	b.Picture("signing-page")
	b.Accessible("signing-page")
	b.Do(chromedp.Reload(), chromedp.WaitVisible(css(`#sign`)))
	b.Says("signing-page-again", "新发 issue", "SM3 "+p.Intent)
	b.Do(chromedp.Click(css(`#decline`)), chromedp.WaitVisible(css(`#approve`)))
	if step := s.stepOf(t, p); step != "reserved" {
		t.Errorf("declined, and %s", step)
	}
	toSign()
	b.Do(chromedp.WaitEnabled(css(`#sign`)), chromedp.Click(css(`#sign`)), chromedp.WaitVisible(css(`.fine`)))
	if address := b.Value(`location.href`); !strings.HasSuffix(address, page) {
		t.Errorf("back at %s", address)
	}
	if step := s.stepOf(t, p); step != "anchored" {
		t.Errorf("signed, and %s", step)
	}
}

// TestSignedTogether: several tasks are approved with one signature; one that was given
// up meanwhile fails alone.
func TestSignedTogether(t *testing.T) {
	s := openSite(t)
	b := browsertest.Open(t)
	authenticator(b)
	s.enter(t, b, "xg-approver")
	three := []proceeding{s.waiting(t), s.waiting(t), s.waiting(t)}
	b.Do(chromedp.Navigate(s.Config.PublicURL+"/console/tasks"), chromedp.WaitVisible(css(`#together`)))
	b.Accessible("console-tasks-together")
	for _, p := range three {
		b.Do(chromedp.Click(css(`input[name="sign.` + p.Intent + `"]`)))
	}
	b.Do(chromedp.Click(css(`#together`)), chromedp.WaitVisible(css(`#sign`)))
	if said := b.Text(); !strings.Contains(said, "一次签署 3 件") || strings.Count(said, "SM3 "+three[1].Intent) != 1 {
		t.Fatalf("the list does not show them:\n%s", said)
	}
	b.Picture("signing-page-batch")
	b.Accessible("signing-page-batch")
	s.do(t, request{method: "DELETE", path: "/api/v1/proceedings/" + three[1].Intent, as: "xg-system"}).want(t, 204)
	b.Do(chromedp.WaitEnabled(css(`#sign`)), chromedp.Click(css(`#sign`)), chromedp.WaitVisible(css(`.problem`)))
	for i, want := range []string{"anchored", "dropped", "anchored"} {
		for end := time.Now().Add(time.Minute); s.stepOf(t, three[i]) != want && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		}
		if step := s.stepOf(t, three[i]); step != want {
			t.Errorf("%d: %s, want %s", i, step, want)
		}
	}
}

// hostilePage asks the browser's passkey at an origin of its own, and tries to frame the
// signing page.
const hostilePage = `<!doctype html><meta charset="utf-8"><title>统一审批</title><button id="steal">签名</button><pre id="got"></pre><div id="frames"></div><script>
const bytes = (t) => Uint8Array.from(atob(t.replaceAll("-","+").replaceAll("_","/")), (c) => c.charCodeAt(0));
const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll("+","-").replaceAll("/","_").replaceAll("=","");
document.getElementById("steal").addEventListener("click", async () => {
  const ask = await (await fetch("/ask")).json(), got = document.getElementById("got");
  try {
    const m = await navigator.credentials.get({ publicKey: { challenge: bytes(ask.challenge), rpId: "localhost", userVerification: "required",
      allowCredentials: ask.credentials.map((id) => ({ type: "public-key", id: bytes(id) })) } });
    got.textContent = JSON.stringify({ authenticator_data: text(m.response.authenticatorData), client_data: text(m.response.clientDataJSON), signature: text(m.response.signature) });
  } catch (e) { got.textContent = "refused " + e.name; }
});
</script>`

// TestHostileConsole: whoever owns the console, or another page of this host, gets no
// signature that counts: the passkey answers there too (ports share a relying party),
// and the signer, the office and the bundle verifier refuse the origin. The signing page
// is not framed, not driven from elsewhere, and answers to no other name.
func TestHostileConsole(t *testing.T) {
	s := openSite(t)
	b := browsertest.Open(t)
	authenticator(b)
	s.enter(t, b, "xg-approver")
	at := s.signOrigin(t)
	p := s.waiting(t)
	keys, err := s.Store.Accounts.Credentials(context.Background(), "xg-approver")
	if err != nil || len(keys) == 0 {
		t.Fatal(err)
	}
	digest := digestOf(t, p.Intent)
	var ids []string
	for _, k := range keys {
		ids = append(ids, base64url(k.ID))
	}
	hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ask" {
			_ = json.NewEncoder(w).Encode(map[string]any{"challenge": base64url(digest[:]), "credentials": ids})
			return
		}
		_, _ = io.WriteString(w, hostilePage)
	}))
	defer hostile.Close()
	_, port, _ := net.SplitHostPort(hostile.Listener.Addr().String())
	evil := "http://localhost:" + port
	b.Do(chromedp.Navigate(evil), chromedp.WaitVisible(css(`#steal`)), chromedp.Click(css(`#steal`)))
	b.Until(`document.getElementById("got").textContent`)
	var stolen struct {
		AuthenticatorData string `json:"authenticator_data"`
		ClientData        string `json:"client_data"`
		Signature         string `json:"signature"`
	}
	if said := b.Value(`document.getElementById("got").textContent`); json.Unmarshal([]byte(said), &stolen) != nil || stolen.Signature == "" {
		t.Fatalf("the browser gave no assertion: %s: the test would prove nothing", said)
	}
	signed, err := registry.Encode(registry.Assertion{AuthenticatorData: unbase64url(t, stolen.AuthenticatorData), ClientData: unbase64url(t, stolen.ClientData)})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys { // the one that signed is among them
		approval := registry.Approval{Algorithm: registry.WebAuthn, KeyID: k.KeyID, Signed: signed, Signature: unbase64url(t, stolen.Signature)}
		s.do(t, request{method: "POST", path: "/api/v1/proceedings/" + p.Intent + "/approvals", as: "xg-approver", body: approval}).problem(t, 403, registry.CodeApprovalSignature, "approvals")
	}
	if step := s.stepOf(t, p); step != "reserved" {
		t.Errorf("the act is %s", step)
	}
	// The page itself: headers, names, origins.
	answer, err := http.Get(at + "/")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	for header, part := range map[string]string{"Content-Security-Policy": "frame-ancestors 'none'", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
		if !strings.Contains(answer.Header.Get(header), part) {
			t.Errorf("%s: %q", header, answer.Header.Get(header))
		}
	}
	if len(answer.Cookies()) != 0 {
		t.Error("the signing page sets cookies")
	}
	_, signPort, _ := net.SplitHostPort(strings.TrimPrefix(at, "http://"))
	for name, r := range map[string]func(r *http.Request){
		"by its address": func(r *http.Request) { r.Host = "127.0.0.1:" + signPort }, "by another name": func(r *http.Request) { r.Host = "evil.example:" + signPort },
		"driven from elsewhere": func(r *http.Request) { r.Method = http.MethodPost; r.Header.Set("Origin", evil) },
	} {
		q, err := http.NewRequest(http.MethodGet, at+"/p/x/sign", nil)
		if err != nil {
			t.Fatal(err)
		}
		r(q)
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusMisdirectedRequest && answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
	// A registry that asks for one act and names another one's words gets no page.
	who := s.account(t, "xg-approver")
	job, err := s.Office.Issuing.ToSign(context.Background(), who.Actor(), digest)
	if err != nil {
		t.Fatal(err)
	}
	lie := job[0]
	other := *lie.Version
	other.Facts.Holder.Name = "别人"
	lie.Version = &other
	person := registry.SigningPerson{Name: "x", Handle: []byte("h"), Organization: s.account(t, "xg-approver").Code, Keys: []registry.PersonKey{{Credential: keys[0].ID, KeyID: keys[0].KeyID}}}
	for name, ask := range map[string]struct {
		request registry.SigningRequest
		code    registry.Code
	}{
		"other words":           {registry.SigningRequest{Return: "/console/", Person: person, Acts: []registry.SealJob{lie}}, registry.CodeContent},
		"back to another site":  {registry.SigningRequest{Return: "//evil.example/", Person: person, Acts: job}, registry.CodeMalformed},
		"two kinds at once":     {registry.SigningRequest{Return: "/console/", Person: person, Acts: job, Enroll: true}, registry.CodeMissing},
		"nobody's organization": {registry.SigningRequest{Return: "/console/", Person: registry.SigningPerson{Handle: []byte("h"), Organization: "11000000000000000X"}, Enroll: true}, registry.CodeOrganization},
	} {
		if ticket, err := s.Page.Open(context.Background(), ask.request); registry.CodeOf(err) != ask.code {
			t.Errorf("%s: %+v %v, want %s", name, ticket, err, ask.code)
		}
	}
}

func base64url(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func unbase64url(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
