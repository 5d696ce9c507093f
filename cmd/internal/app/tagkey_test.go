package app_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
)

// readiness is what /readyz says.
func readiness(a *app.App) (int, string) {
	answer := httptest.NewRecorder()
	a.Handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return answer.Code, answer.Body.String()
}

// TestTagKeyOfTheLedger: drafts carry the tag that the signer makes with the key
// that the ledger names, and the signer's log has a line for each. Without that
// key nothing is drafted, and readiness says so.
func TestTagKeyOfTheLedger(t *testing.T) {
	t.Parallel()
	a := openFor(t, ownPlace(t), func(_ *office.Ports, told *office.Config) { told.RetryWait = 50 * time.Millisecond })
	defer a.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	path := filepath.Join(a.Config.Data, keyring.Folder, signer.TagKeyFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	ledgers, _, err := a.View.Record(registry.KindRules, registry.CurrentRules)
	if rules, ok := ledgers.(*registry.Rules); err != nil || !ok || rules.TagKey != sm.Sum(key) {
		t.Fatalf("the ledger's rules: %+v %v", ledgers, err)
	}
	tags := func() (lines []signer.LogLine) {
		if _, err := a.Signer.(*signer.Service).ReadLog(func(l signer.LogLine) error {
			if l.Use == signer.UseTag {
				lines = append(lines, l)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return lines
	}
	before := len(tags())
	p, err := issueOne(ctx, a, 0)
	if err != nil || p.Step != office.StepAnchored {
		t.Fatalf("%+v %v", p, err)
	}
	asked := application(a, p.Intent.Organization, 0)
	if p.Intent.Holder != registry.HolderTag(key, asked.Type, asked.Holder) {
		t.Error("the tag is not made with the key that the ledger names")
	}
	lines := tags()[before:]
	want := registry.TagRequest{Organization: asked.Organization, Type: asked.Type, Draft: "test\x00issue\x000"}
	if len(lines) != 1 || lines[0].Organization != asked.Organization || lines[0].Subject != want.Subject() {
		t.Errorf("the use log has %+v", lines)
	}

	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if status, said := readiness(a); status != http.StatusServiceUnavailable || !strings.Contains(said, "tag-key") {
		t.Errorf("without the key: %d %s", status, said)
	}
	if _, err := issueOne(ctx, a, 1); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("without the key: %v", err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("ab", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, said := readiness(a); status != http.StatusServiceUnavailable || !strings.Contains(said, "tag-key") {
		t.Errorf("with another key: %d %s", status, said)
	}
	if _, err := issueOne(ctx, a, 1); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("with another key: %v", err)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	if status, said := readiness(a); status != http.StatusOK {
		t.Errorf("with the key: %d %s", status, said)
	}
	if p, err := issueOne(ctx, a, 1); err != nil || p.Step != office.StepAnchored {
		t.Errorf("with the key: %+v %v", p, err)
	}
}

// tagsByItself is a registry that makes holders' tags under a key of its own.
type tagsByItself struct{ office.Sealer }

func (tagsByItself) Tag(_ context.Context, ask registry.TagRequest) (sm.Digest, error) {
	return registry.HolderTag([]byte("its own"), ask.Type, ask.Holder), nil
}

// TestRegistryThatTagsByItself: a registry that does not ask its signer for tags. Two
// persons approve, the contract sees nothing wrong, and the signer refuses: the
// proceeding ends so.
func TestRegistryThatTagsByItself(t *testing.T) {
	t.Parallel()
	a := openFor(t, ownPlace(t), func(p *office.Ports, _ *office.Config) { p.Sealer = tagsByItself{p.Sealer} })
	defer a.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := issueOne(ctx, a, 0)
	if err != nil {
		t.Fatal(err)
	}
	asked := application(a, p.Intent.Organization, 0)
	if p.Intent.Holder != registry.HolderTag([]byte("its own"), asked.Type, asked.Holder) {
		t.Error("the registry does not tag by itself")
	}
	for p.Step == office.StepApproved && ctx.Err() == nil {
		if p, err = a.Store.Proceeding(ctx, p.Digest); err != nil {
			t.Fatal(err)
		}
	}
	if p.Step != office.StepRefused || p.Refusal != registry.CodeTag {
		t.Errorf("step %s, %s %s", p.Step, p.Refusal, p.Detail)
	}
}

// TestTagsPerHour: an organization that asks for more tags than its share is told
// to wait.
func TestTagsPerHour(t *testing.T) {
	t.Parallel()
	config := citytest.Lend(t, app.Config{Listen: "127.0.0.1:0", TagsPerHour: 2})
	a, err := demo.Open(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	acceptor, err := city.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	by := registry.Actor{Account: acceptor.Login, Organization: acceptor.Code, Roles: acceptor.Roles}
	limited := &registry.Error{Code: registry.CodeRateLimited}
	for i := 0; !errors.Is(err, limited); i++ {
		if err != nil || i > 4 { // an hour may end in between
			t.Fatalf("after %d drafts: %v", i, err)
		}
		_, err = a.Office.Issuing.Propose(context.Background(), by, application(a, acceptor.Code, i), office.Idempotency{Client: "test", Operation: "issue", Key: fmt.Sprint(i)})
	}
}
