package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/signer/check"
)

// TestVerifyEverything hands the command each thing that an instance prints,
// keeps or publishes, with roots and, after a theft, the key list: offline.
func TestVerifyEverything(t *testing.T) {
	t.Parallel()
	a, err := demo.Open(t.Context(), citytest.Lend(t, app.Config{Listen: "127.0.0.1:0", ListsEvery: time.Second}))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	go a.Serve(t.Context())
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	dir, license := t.TempDir(), city.Licenses[0]
	keep := func(name string, content []byte) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	fetch := func(name, method, path string, body any) string {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(method, "http://"+a.Address+path, bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		account, err := city.Account("xg-acceptor")
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+account.APIKey)
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		content, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %s %v", path, answer.Status, content, err)
		}
		return keep(name, content)
	}
	at := func(name string) string { return filepath.Join(a.Config.Data, name) }
	qr := license.QR
	for deadline := time.Now().Add(citytest.Patience); len(a.Office.Publishing.Heads()) == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no status list")
		}
	}
	var statement struct{ Text string }
	if err := json.Unmarshal(readFile(t, fetch("statement.json", "POST", "/api/v1/statements", map[string]string{"qr": qr})), &statement); err != nil {
		t.Fatal(err)
	}
	list := "1"
	for _, head := range a.Office.Publishing.Heads() {
		if id, err := registry.ParseIdentifier(license.Identifier); err == nil && listOf(t, a, id) == head.List {
			list = fmt.Sprint(head.List)
		}
	}
	picture := filepath.Join(dir, "sheet")
	if out, err := exec.Command("pdftoppm", "-r", "200", "-png", "-singlefile", at(license.PDF[0]), picture).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	things := map[string]string{
		"text": qr, "pdf": at(license.PDF[0]), "picture": picture + ".png", "ofd": at(license.OFD),
		"statement": keep("statement.txt", []byte(statement.Text)),
		"bundle":    fetch("license.bundle", "GET", "/api/v1/licenses/"+license.Identifier+"/bundle", nil),
		"fields":    fetch("fields.json", "POST", "/api/v1/licenses/"+license.Identifier+"/disclosure", map[string]any{"fields": []string{"ZZMC", "ZZYXQJZRQ"}}),
		"keys":      fetch("keys.json", "GET", "/api/v1/keys/list", nil),
		"list":      fetch("list.cbor", "GET", "/api/v1/status-list/"+list, nil),
	}
	roots := keep("roots.pem", a.RootsPEM())
	verify := func(thing string, more ...string) (word registry.Word, exit int, said string) {
		t.Helper()
		var out, errs bytes.Buffer
		code := run(&world{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}, append(append([]string{"verify", "--json"}, more...), thing))
		var v registry.Verdict
		if err := json.Unmarshal(out.Bytes(), &v); err != nil {
			t.Fatalf("%s: exit %d %s %s", thing, code, out.String(), errs.String())
		}
		return v.Word, code, out.String()
	}
	exits := map[registry.Word]int{registry.Valid: 0, registry.UnknownNow: 3}
	want := func(when string, words map[string]registry.Word, flags ...string) {
		t.Helper()
		for name, word := range words {
			got, exit, said := verify(things[name], flags...)
			code, special := exits[word]
			if !special {
				code = 1
			}
			if got != word || exit != code {
				t.Errorf("%s, %s: %s (exit %d), want %s (exit %d)\n%s", when, name, got, exit, word, code, said)
			}
		}
	}
	want("no status at hand", map[string]registry.Word{"text": registry.UnknownNow, "pdf": registry.UnknownNow, "picture": registry.UnknownNow, "ofd": registry.UnknownNow,
		"statement": registry.Valid, "bundle": registry.Valid, "fields": registry.UnknownNow, "keys": registry.Valid, "list": registry.Valid}, "--roots", roots)
	want("with status and key list", map[string]registry.Word{"text": registry.Valid, "pdf": registry.Valid, "picture": registry.Valid, "ofd": registry.UnknownNow,
		"statement": registry.Valid, "bundle": registry.Valid}, "--roots", roots, "--keys", things["keys"], "--status-list", things["list"])
	want("without roots", map[string]registry.Word{"text": registry.Untrusted, "ofd": registry.Untrusted, "statement": registry.Untrusted, "bundle": registry.Untrusted, "fields": registry.Untrusted,
		"keys": registry.Untrusted, "list": registry.Untrusted})
	altered := map[string]registry.Word{}
	for name, old := range map[string]string{"keys": `"list":"`, "fields": "食品经营许可证"} {
		raw := bytes.Replace(readFile(t, things[name]), []byte(old), []byte(map[string]string{"keys": `"list":"AAAA`, "fields": "食品生产许可证"}[name]), 1)
		things[name+" changed"] = keep(name+"-changed.json", raw)
	}
	altered["keys changed"], altered["fields changed"] = registry.Untrusted, registry.Altered
	want("changed", altered, "--roots", roots)

	// The keys of this city's seal, codes and status are stolen: since before
	// they signed for all that stands above.
	anchors, err := operator.ParseAnchors(a.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	listed, err := check.ParseKeyList(readFile(t, things["keys"]), anchors.Roots, time.Now(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range listed.Keys {
		if key.Use == check.KeyUseSeal || key.Use == check.KeyUseQR || key.Use == check.KeyUseStatus {
			if err := a.Keys.(*keyring.Keys).Stolen(key.ID, time.Now().Add(-24*time.Hour), "stolen"); err != nil {
				t.Fatal(key.Use, err)
			}
		}
	}
	things["keys"] = fetch("keys-later.json", "GET", "/api/v1/keys/list", nil)
	want("after the theft, nobody knows", map[string]registry.Word{"text": registry.Valid, "statement": registry.Valid}, "--roots", roots, "--status-list", things["list"])
	want("after the theft", map[string]registry.Word{"text": registry.UnknownNow, "pdf": registry.UnknownNow, "ofd": registry.Untrusted, "statement": registry.Untrusted,
		"bundle": registry.Untrusted, "keys": registry.Valid}, "--roots", roots, "--keys", things["keys"])
}

// TestVerifyFilesOfOthers: what programs that are not ours wrote gets the right
// word, the reason, and the exit code that goes with it.
func TestVerifyFilesOfOthers(t *testing.T) {
	for name, want := range map[string]struct {
		word   registry.Word
		reason string
	}{
		"ofd/hello.ofd": {registry.Unverifiable, registry.WhyNotSealed}, "ofd/DigitalSign.ofd": {registry.Unverifiable, registry.WhySignerUnknown},
		"ofd/entry-uncovered.ofd": {registry.Unverifiable, registry.WhyNotCovered}, "reports/sm2-raw.ofd": {registry.Unverifiable, registry.WhyForm},
		"reports/pre.ofd": {registry.Altered, registry.WhyPackage}, "reports/strip.ofd": {registry.Altered, registry.WhyNotSealed},
		"ofd/h.ofd": {registry.Altered, "reference-digest"}, "ofd/v4signed.ofd": {registry.Untrusted, "maker-untrusted"},
	} {
		var out, errs bytes.Buffer
		file := "../../signer/check/testdata/" + name
		code := run(&world{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}, []string{"verify", "--json", file})
		var v registry.Verdict
		if err := json.Unmarshal(out.Bytes(), &v); err != nil || code != 1 || v.Word != want.word ||
			!slices.ContainsFunc(v.Checks, func(c registry.Check) bool { return c.Code == want.reason }) {
			t.Errorf("%s: %s (exit %d), want %s with %s: %s %s", name, v.Word, code, want.word, want.reason, out.String(), errs.String())
		}
	}
	var out bytes.Buffer
	run(&world{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: &out}, []string{"verify", "../../signer/check/testdata/ofd/hello.ofd"})
	for _, says := range []string{"unverifiable  不具备验证条件", "文件没有电子签章", "ask whoever issued it for the sealed file"} {
		if !strings.Contains(out.String(), says) {
			t.Errorf("it does not say %q:\n%s", says, out.String())
		}
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// listOf is the status list that a license's sheets stand in.
func listOf(t *testing.T, a *app.App, id registry.Identifier) uint32 {
	t.Helper()
	var refs []office.PrintingRef
	refs, err := a.Store.Printings(t.Context(), id.Base())
	if err != nil || len(refs) == 0 {
		t.Fatal(err)
	}
	return refs[0].Printing.List
}
