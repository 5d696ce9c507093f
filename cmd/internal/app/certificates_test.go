package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/signer"
)

// TestCertificatesEnd: every certificate is told of before it ends, and the command
// for its kind renews it: papers of before stay valid, new ones are.
func TestCertificatesEnd(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	at := ownPlace(t)
	a := openFor(t, at, nil)
	before, err := issueOne(ctx, a, 0)
	if err != nil || before.Step != office.StepAnchored {
		t.Fatalf("%v %+v", err, before)
	}
	first := endings(t, a)
	for _, of := range []string{"qr ", "status ", "time-stamp ", "act " + before.Intent.Organization, "seal " + before.Intent.Seal} {
		if first[of].Before(time.Now().AddDate(9, 0, 0)) {
			t.Errorf("%s ends %s", of, first[of])
		}
	}
	if _, told := first["authority 开发测试根 Development Root"]; !told {
		t.Errorf("no anchor among %v", first)
	}
	if soon := warned(a); len(soon) > 0 {
		t.Errorf("warned of %v", soon)
	}
	alerted(t, metrics(a))
	closed(t, a)

	// Shortly before the end.
	var clock atomic.Int64
	clock.Store(time.Now().AddDate(10, 0, -20).Unix())
	a = openAt(t, at, func() time.Time { return time.Unix(clock.Load(), 0) })
	endings(t, a)
	soon := warned(a)
	for _, of := range []string{"certificate qr", "certificate act " + before.Intent.Organization, "certificate seal " + before.Intent.Seal} {
		if !strings.HasPrefix(soon[of], "ends ") || strings.Contains(soon[of], "now") {
			t.Errorf("%s: %q", of, soon[of])
		}
	}
	clock.Store(time.Now().AddDate(10, 0, -5).Unix())
	if said := warned(a)["certificate status"]; !strings.Contains(said, "renew it now") {
		t.Errorf("five days before: %q", said)
	}
	closed(t, a)

	renewAll(t, at, before)
	a = openFor(t, at, nil)
	defer a.Close()
	if _, err := a.Desk.Seals.Renew(ctx, operator.By, before.Intent.Seal, resource.SealRenewal{As: "xg-approval-seal-2", Basis: "证书到期"}); err != nil {
		t.Fatal(err)
	}
	now := endings(t, a)
	for _, of := range []string{"qr ", "status ", "time-stamp ", "act " + before.Intent.Organization} {
		if !now[of].After(first[of]) {
			t.Errorf("%s ends %s, before %s", of, now[of], first[of])
		}
	}
	if old, is := now["seal "+before.Intent.Seal]; is || now["seal xg-approval-seal-2"].IsZero() {
		t.Errorf("the old seal ends %s, the new one %s", old, now["seal xg-approval-seal-2"])
	}
	after, err := issueUnder(ctx, a, 1, "xg-approval-seal-2")
	if err != nil || after.Step != office.StepAnchored {
		t.Fatalf("%v %+v", err, after)
	}
	for i, p := range []*office.Proceeding{before, after} {
		v, err := a.Office.Scan.Verify(ctx, registry.Operator("test"), office.Asked{Identifier: p.Intent.Identifier, Holder: holderOf(i)})
		if err != nil || v.Word != registry.Valid {
			t.Errorf("license %d: %v %+v", i, err, v)
		}
		version, err := a.Office.Papers.Document(ctx, deciders(&p.Intent), p.Intent.Identifier)
		if err != nil {
			t.Fatal(err)
		}
		report, err := a.Ports.Checker.Document(version.Sealed, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range report.Checks {
			if c.Result == registry.Failed {
				t.Errorf("license %d: %+v", i, c)
			}
		}
	}
}

// renewAll runs the commands for keys, as an operator does: nothing runs meanwhile.
func renewAll(t *testing.T, at place, p *office.Proceeding) {
	t.Helper()
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // Certificates count seconds.
	keys, err := keyring.Open(at.Data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{signer.LabelQR, signer.LabelStatus, signer.LabelTimeStamp} {
		if _, err := keys.Rotate(label, "证书到期"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := keys.Renew(signer.ActLabel(p.Intent.Organization)); err != nil {
		t.Fatal(err)
	}
}

// alerted: the rules that are shipped ask for gauges that there are.
func alerted(t *testing.T, gauges string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(raw, &file); err != nil || len(file.Groups) == 0 {
		t.Fatalf("%v: %d groups", err, len(file.Groups))
	}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			name := regexp.MustCompile(`tongzheng_[a-z_]+`).FindString(rule.Expr)
			told := strings.Contains(gauges, "\n"+name+`{of="",use="qr"} `) || strings.Contains(gauges, "\n"+name+`{use="keys"} `)
			if name == "" || !told {
				t.Errorf("%s asks for %q, which nobody tells", rule.Alert, name)
			}
		}
	}
}

func openAt(t *testing.T, at place, clock func() time.Time) *app.App {
	t.Helper()
	config := at.config()
	config.Log, config.Clock = testLog(), clock
	a, err := demo.Open(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func closed(t *testing.T, a *app.App) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// endings looks at the certificates now: ends by use and whose.
func endings(t *testing.T, a *app.App) map[string]time.Time {
	t.Helper()
	list, err := a.Desk.Certificates.Certificates(t.Context())
	if err != nil || len(list.Unknown) > 0 {
		t.Fatalf("%v, unknown %v", err, list.Unknown)
	}
	ends := map[string]time.Time{}
	for _, c := range list.Items {
		ends[c.Use+" "+c.Of] = c.Ends
	}
	return ends
}

// warned are the warnings of certificates.
func warned(a *app.App) map[string]string {
	soon := map[string]string{}
	for what, said := range app.Warn(a, context.Background()) {
		if strings.HasPrefix(what, "certificate") {
			soon[what] = said
		}
	}
	return soon
}

func metrics(a *app.App) string {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	a.Handler.ServeHTTP(w, r)
	return w.Body.String()
}
