package app_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"image"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/skip2/go-qrcode"

	"tongzheng/api/browsertest"
	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry/sm"
)

// TestDevelopmentHTTPS: TONGZHENG_TLS=dev, as for a phone. The certificate
// serves this machine's addresses and is kept; the offline page can be
// installed; its camera reads a code.
func TestDevelopmentHTTPS(t *testing.T) {
	t.Parallel()
	config := citytest.Lend(t, app.Config{Listen: "127.0.0.1:0", TLS: app.TLSDev, ListsEvery: time.Second, Offline: citytest.Verifier(t)})
	data := config.Data
	config.PublicURL = "" // the one that TLS gives it
	a, err := demo.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	go a.Serve(t.Context())
	if !strings.HasPrefix(a.Config.PublicURL, "https://localhost:") {
		t.Fatal("codes lead to ", a.Config.PublicURL)
	}
	raw, err := os.ReadFile(filepath.Join(data, "tls-dev.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(certificate)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		answer, err := client.Get(strings.Replace(a.Config.PublicURL, "localhost", host, 1) + "/healthz")
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(host, answer, err)
		}
		answer.Body.Close()
	}
	if answer, err := http.Get(a.Config.PublicURL + "/healthz"); err == nil {
		t.Error("a client that does not know the certificate accepts it: ", answer.Status)
	}
	if answer, err := http.Get("http://" + a.Address + "/healthz"); err == nil && answer.StatusCode == http.StatusOK {
		t.Error("the same address answers without TLS")
	}
	if key, err := os.Stat(filepath.Join(data, "tls-dev.key")); err != nil || key.Mode().Perm() != 0o600 {
		t.Error("the private key: ", key.Mode(), err)
	}
	again, err := app.DevelopmentTLS(a)
	if err != nil || !again.Certificates[0].Leaf.Equal(certificate) {
		t.Error("another certificate after a restart: ", err)
	}
	camera(t, a, certificate)
}

// camera opens the offline page in a browser that knows the certificate, and
// holds a code before its camera.
func camera(t *testing.T, a *app.App, certificate *x509.Certificate) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(a.Office.Publishing.Heads()) == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no status list")
		}
	}
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	film := filepath.Join(t.TempDir(), "code.y4m")
	filmOf(t, film, city.Licenses[0].QR)
	pin := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	f := &flight{browsertest.Open(t, "ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(pin[:]),
		"use-fake-device-for-media-stream", "use-fake-ui-for-media-stream", "use-file-for-fake-video-capture="+film), a.Config.PublicURL}
	f.Phone()
	f.open()
	if state := f.Value(`String(isSecureContext) + " " + (navigator.serviceWorker.controller ? "controlled" : "alone")`); state != "true controlled" {
		t.Error("the page is ", state)
	}
	manifest, err := chromedp.Call(f.Ctx, page.GetAppManifest, page.GetAppManifestParams{})
	if err != nil || len(manifest.Errors) > 0 || !strings.HasSuffix(manifest.URL, "/offline/manifest.webmanifest") {
		t.Errorf("manifest %s: %+v %v", manifest.URL, manifest.Errors, err)
	}
	installable, err := chromedp.Call(f.Ctx, page.GetInstallabilityErrors, cdp.Empty{})
	if err != nil || len(installable.InstallabilityErrors) > 0 {
		raw, _ := json.Marshal(installable)
		t.Errorf("not installable: %s %v", raw, err)
	}
	f.Within("https-camera", chromedp.Click(chromedp.CSS(`#camera`)))
	f.Until(`document.getElementById("result").dataset.verdict`)
	if verdict := f.Value(`document.getElementById("result").dataset.verdict`); verdict != "valid" {
		t.Errorf("before the camera: %s\n%s", verdict, f.Text())
	}
	// The key of codes is stolen; the device hears of it when it is updated.
	qr := f.Value(`fetch("../api/v1/keys").then((r) => r.json()).then((k) => k.keys.find((key) => key.use === "qr").id)`)
	if err := a.Keys.(*keyring.Keys).Stolen(sm.KeyID(qr), time.Now().Add(-time.Hour), "stolen"); err != nil {
		t.Fatal(err)
	}
	f.Within("https-refresh", chromedp.Click(chromedp.CSS(`#refresh`)))
	f.Until(`document.getElementById("knowledge").textContent.includes("失窃密钥 1 个")`)
	if verdict, words := f.scan(city.Licenses[0].QR); verdict != "unknown" || !strings.Contains(words, "二维码签名密钥已失窃") {
		t.Errorf("a code of a stolen key: %s\n%s", verdict, words)
	}
	if hidden := f.Value(`String(document.getElementById("video").hidden)`); hidden != "true" {
		t.Error("the camera goes on after the code was read")
	}
}

// filmOf writes a film of a code held still, as Chromium's camera takes it:
// YUV4MPEG2, 640 by 480, 4:2:0.
func filmOf(t *testing.T, file, text string) {
	t.Helper()
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	const width, height = 640, 480
	still := code.Image(height - 20)
	frame := make([]byte, width*height*3/2)
	for i := range frame {
		frame[i] = 128 // no color
	}
	for y := range height {
		for x := range width {
			at, light := image.Pt(x-(width-height)/2-10, y-10), byte(235)
			if at.In(still.Bounds()) {
				if r, _, _, _ := still.At(at.X, at.Y).RGBA(); r < 0x8000 {
					light = 16
				}
			}
			frame[y*width+x] = light
		}
	}
	out := fmt.Appendf(nil, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420\n", width, height)
	for range 3 {
		out = append(append(out, "FRAME\n"...), frame...)
	}
	if err := os.WriteFile(file, out, 0o600); err != nil {
		t.Fatal(err)
	}
}
