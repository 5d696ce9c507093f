package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// One Idempotency-Key, one license; another body under it is refused.
func TestSameKeyOneLicense(t *testing.T) {
	c := inCity(t)
	app, i := c.fresh()
	key := fmt.Sprintf("same-%d", i)
	first := c.propose(t, "/licenses", key, app)
	again := c.propose(t, "/licenses", key, app)
	if first.Digest != again.Digest {
		t.Fatal("the same request made two proceedings")
	}
	app.Case += "x"
	c.call(t, "xg-acceptor", http.MethodPost, "/licenses", key, app).want(t, http.StatusUnprocessableEntity, registry.CodeIdempotencyMismatch)
	page, err := c.Store.Search(context.Background(), office.SearchQuery{Text: holderOf(i)})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("want one license: %+v %v", page, err)
	}
	if err := c.Office.Issuing.Drop(context.Background(), registry.Actor{Organization: app.Organization, Roles: []registry.Role{registry.RoleAcceptor}}, first.Digest); err != nil {
		t.Fatal(err)
	}
}

// A second act while one is on its way.
func TestSecondActInFlight(t *testing.T) {
	c := inCity(t)
	p, _ := c.issued(t)
	path := "/licenses/" + p.Intent.Identifier.String() + "/acts"
	change := then(p, registry.Change, "representative")
	change.Seal, change.Fields, change.Decision = "xg-approval-seal", map[string]string{"KZ_FDDBR": "演示负责人二"}, fmt.Sprintf("兴审食变〔2026〕%d号", time.Now().UnixNano())
	c.propose(t, path, "flight-1-"+p.Digest.String(), change)
	cancel := then(p, registry.Cancel, "applied")
	c.call(t, "xg-acceptor", http.MethodPost, path, "flight-2-"+p.Digest.String(), cancel).want(t, http.StatusConflict, registry.CodeActInProgress)
}

// A seal suspended between approval and anchoring: refused by the ledger,
// nothing released, the unit has its task.
func TestSealSuspendedBeforeAnchoring(t *testing.T) {
	c := inCity(t)
	ctx := context.Background()
	app, i := c.fresh()
	c.gate.set(true)
	defer c.gate.set(false)
	p := c.propose(t, "/licenses", fmt.Sprintf("suspended-%d", i), app)
	c.sign(t, p, "xg-acceptor", "xg-approver")
	if p = c.proceeding(t, p.Digest.String()); p.Step != office.StepSealed {
		t.Fatalf("step %s, want sealed: an unreachable ledger does not stop the sealing", p.Step)
	}
	c.sealState(t, "xg-approval-seal", registry.SealSuspended)
	defer c.sealState(t, "xg-approval-seal", registry.SealInUse)
	c.gate.set(false)
	if p = c.end(t, p); p.Step != office.StepRefused || p.Refusal != registry.CodeSealState {
		t.Fatalf("%s %s, want refused %s", p.Step, p.Refusal, registry.CodeSealState)
	}
	if _, err := c.Office.Papers.Document(ctx, c.as(t, "xg-acceptor"), p.Intent.Identifier); err == nil {
		t.Error("the document was released")
	}
	if _, err := c.Office.Papers.Paper(ctx, c.as(t, "xg-printer"), c.token(t, p.Intent.Identifier, p.Intent.Printings[1]), nil); err == nil {
		t.Error("the paper was released")
	}
	tasks, err := c.Store.Tasks(ctx, app.Organization)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if task.Intent == p.Digest && task.Code == registry.CodeSealState {
			return
		}
	}
	t.Errorf("the unit has no task: %+v", tasks)
}

func (c *city) sealState(t *testing.T, id string, state registry.SealState) {
	t.Helper()
	record, _, err := c.View.Record(registry.KindSeal, id)
	if err != nil {
		t.Fatal(err)
	}
	seal := *record.(*registry.SealRecord)
	seal.History = append(append([]registry.SealEvent{}, seal.History...), registry.SealEvent{State: state, At: time.Now().Unix(), Basis: "test"})
	if err := c.Office.Governing.Govern(context.Background(), registry.Operator("test"), []office.OrderDraft{{Organization: seal.Owner, Record: &seal, Basis: "test"}}); err != nil {
		t.Fatal(err)
	}
}

// Paper let out while the ledger is away is pending; refused later, it is
// not-found with the cause shown.
func TestPendingPaper(t *testing.T) {
	c := inCity(t)
	app, i := c.fresh()
	c.gate.set(true)
	defer c.gate.set(false)
	p := c.propose(t, "/licenses", fmt.Sprintf("pending-%d", i), app)
	c.sign(t, p, "xg-acceptor", "xg-approver")
	c.call(t, "xg-acceptor", http.MethodPost, "/proceedings/"+p.Digest.String()+"/release", "", nil).want(t, http.StatusForbidden, registry.CodeForbidden)
	if got := c.call(t, "xg-approver", http.MethodPost, "/proceedings/"+p.Digest.String()+"/release", "", nil); got.status >= 300 {
		t.Fatalf("release: %d %s", got.status, got.body)
	}
	if _, err := c.Office.Papers.Paper(context.Background(), c.as(t, "xg-printer"), c.token(t, p.Intent.Identifier, p.Intent.Printings[1]), nil); err != nil {
		t.Fatal(err)
	}
	if v := c.scan(t, p, 2); v.Word != registry.Pending {
		t.Fatalf("verdict %s, want pending", v.Word)
	}
	c.sealState(t, "xg-approval-seal", registry.SealSuspended)
	defer c.sealState(t, "xg-approval-seal", registry.SealInUse)
	c.gate.set(false)
	c.end(t, p)
	v := c.scan(t, p, 2)
	if v.Word != registry.NotFound {
		t.Fatalf("verdict %s, want not-found", v.Word)
	}
	for _, check := range v.Checks {
		if check.Code == string(registry.CodeSealState) {
			return
		}
	}
	t.Errorf("the cause is not shown: %+v", v.Checks)
}

// Every act that the table does not allow is refused by the API. (The contract
// refuses them too: chaincode/ledgertest.)
func TestForbiddenActs(t *testing.T) {
	c := inCity(t)
	for _, reach := range []struct {
		state registry.State
		acts  []registry.Application
	}{
		{state: registry.Effective},
		{state: registry.Revoked, acts: []registry.Application{{Act: registry.Revoke, Ground: "fraud"}}},
		{state: registry.Withdrawn, acts: []registry.Application{{Act: registry.Withdraw, Ground: "law-changed"}}},
		{state: registry.Penalized, acts: []registry.Application{{Act: registry.Penalize, Ground: "penalty"}}},
		{state: registry.Cancelled, acts: []registry.Application{{Act: registry.Cancel, Ground: "applied"}}},
	} {
		p, _ := c.issued(t)
		path := "/licenses/" + p.Intent.Identifier.String() + "/acts"
		for _, app := range reach.acts {
			next, acceptor, approver := then(p, app.Act, app.Ground), "xg-acceptor", "xg-approver"
			if app.Act == registry.Penalize { // whom the grant lists
				acceptor, approver = "xg-market-acceptor", "xg-market-approver"
				next.Organization = c.as(t, acceptor).Organization
			}
			done := c.proposeAs(t, acceptor, path, "reach-"+p.Digest.String(), next)
			c.sign(t, done, acceptor, approver)
			if done = c.end(t, done); done.Step != office.StepAnchored {
				t.Fatalf("%s: %s %s", app.Act, done.Step, done.Refusal)
			}
		}
		c.forbidden(t, p, path, reach.state)
	}
}

// forbidden asks for every act that is not allowed from the state.
func (c *city) forbidden(t *testing.T, p *office.Proceeding, path string, state registry.State) {
	t.Helper()
	kind, err := c.Store.Type(context.Background(), p.Intent.Identifier.Type, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range registry.Acts() {
		grounds := kind.Acts[rule.Name]
		if _, err := state.Next(rule.Act); err == nil && (len(grounds) > 0 || rule.Act.Rules()) {
			continue
		}
		app := then(p, rule.Act, "none")
		want := []registry.Code{registry.CodeGround, registry.CodeActState, registry.CodePrinting, registry.CodePrintingState, registry.CodeActUnknown}
		if len(grounds) > 0 {
			app.Ground, want = grounds[0].Code, []registry.Code{registry.CodeActState, registry.CodeActUnknown}
		}
		switch rule.Act {
		case registry.Deliver:
			app.Ground = "courier"
		case registry.Print:
			want = append(want, registry.CodePrinting) // its one original is good
		}
		if rule.Act == registry.Suspend || rule.Act == registry.Penalize {
			want = append(want, registry.CodeGrantMode) // a regulator's, whom the grant lists
		}
		if rule.Act == registry.Replace { // follows from an issue: nobody's to ask for
			want = []registry.Code{registry.CodeActNotAllowed}
		}
		if rule.Class == registry.ClassPaper && rule.Act != registry.Print {
			app.Printing = 2
		}
		if rule.Act == registry.Print || rule.Act == registry.Reprint {
			app.Copies = []registry.CopyRequest{{Copy: registry.Original, Blank: registry.Blank{Form: "SPJY-ZB", Run: "2024-01", Number: "JX00001999"}}}
		}
		if rule.Class == registry.ClassVersion {
			app.Seal = "xg-approval-seal"
			if rule.Act == registry.Renew {
				app.Expires = p.Intent.Expires + 365
			}
		}
		if rule.Act.Rules() {
			app.Ground, app.Ruling = "", &registry.Ruling{By: registry.RulingSelf, Document: "纠〔2026〕1号", From: registry.DateOf(c.Config.Clock()), Undoes: 1}
		}
		got := c.call(t, "xg-acceptor", http.MethodPost, path, fmt.Sprintf("forbidden-%s-%s", p.Digest, rule.Name), app)
		ok := false
		for _, code := range want {
			ok = ok || got.code == code
		}
		if !ok || got.status < 400 || got.status >= 500 {
			t.Errorf("%s on a license that is %s: %d %s", rule.Name, state, got.status, got.body)
		}
	}
}

// A rare character in a holder's name prints and copies out of the PDF as text.
func TestRareCharacterCopiesOut(t *testing.T) {
	c := inCity(t)
	app, i := c.fresh()
	app.Holder.Name = "兴国县𠮷祥演示饭店"
	p := c.propose(t, "/licenses", fmt.Sprintf("rare-%d", i), app)
	c.sign(t, p, "xg-acceptor", "xg-approver")
	c.end(t, p)
	got := c.call(t, "xg-acceptor", http.MethodGet, "/licenses/"+p.Intent.Identifier.String()+"/printings/2/paper", "", nil)
	if got.status != http.StatusOK {
		t.Fatalf("paper: %d %s", got.status, got.body)
	}
	file := filepath.Join(t.TempDir(), "paper.pdf")
	if err := os.WriteFile(file, got.body, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("pdftotext", file, "-").Output()
	if err != nil || !strings.Contains(string(text), app.Holder.Name) {
		t.Errorf("the name does not copy out of the PDF: %v\n%s", err, text)
	}
	app, i = c.fresh()
	app.Holder.Name = "兴国县\U0003134A演示饭店"
	c.call(t, "xg-acceptor", http.MethodPost, "/licenses", fmt.Sprintf("glyph-%d", i), app).want(t, http.StatusUnprocessableEntity, registry.CodeGlyph)
	page, err := c.Store.Search(context.Background(), office.SearchQuery{Text: app.Holder.Name})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("a refused application left something: %+v %v", page, err)
	}
}

// A view that has not heard of the ledger answers unknown, with what was last
// known: never valid, never revoked.
func TestStaleIsUnknown(t *testing.T) {
	c := inCity(t)
	p, _ := c.issued(t)
	later := c.other(t, func(p *office.Ports, _ *office.Config) { p.View = &staleView{p.View} })
	token := c.token(t, p.Intent.Identifier, p.Intent.Printings[1])
	v, err := later.Scan.Verify(context.Background(), registry.Actor{}, office.Asked{Token: token.String()})
	if err != nil || v.Word != registry.UnknownNow || v.Knowledge.AsOf.IsZero() {
		t.Errorf("verdict %+v %v, want unknown with the time of the last knowledge", v, err)
	}
}

// staleView is the real view, asked an hour later.
type staleView struct{ office.StatusView }

func (s *staleView) Knowledge(now time.Time) registry.Knowledge {
	return s.StatusView.Knowledge(now.Add(time.Hour))
}
