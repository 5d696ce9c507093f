package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// noClosings is a ledger that closings do not reach while it is shut.
type noClosings struct {
	office.Ledger
	shut *atomic.Bool
}

func (g noClosings) Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error) {
	closes := slices.ContainsFunc(tx.Batch.Entries, func(e *registry.Entry) bool { return e.Intent != nil && e.Intent.Act == registry.Replace })
	if closes && g.shut.Load() {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "test: out of reach")
	}
	return g.Ledger.Submit(ctx, tx)
}

// TestReplacement: a matter goes over from the city's bureau to the county's, which
// is another member. The county makes a version of its own in the city's license's
// place. Between the two entries the program is stopped: the old license is in
// force, and says so. Started again, it closes the old one, and the papers of each
// say what became of them.
func TestReplacement(t *testing.T) {
	t.Parallel()
	shut := &atomic.Bool{}
	config := citytest.Lend(t, app.Config{Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Wrap: func(p *office.Ports, told *office.Config) {
			p.Ledger = noClosings{p.Ledger, shut}
			told.RetryWait, told.LeaseFor = 50*time.Millisecond, 5*time.Second
		}})
	c := &city{}
	start := func() func() {
		var err error
		if c.App, err = demo.Open(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		if c.demo, err = demo.Read(config.Data); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		served := make(chan struct{})
		go func() { defer close(served); _ = c.Serve(ctx) }()
		return func() { stop(); <-served; c.Close() }
	}
	stop := start()
	defer func() { stop() }()

	old, revoked := c.issuedByCity(t, 1), c.issuedByCity(t, 2)
	said, err := c.Store.Version(t.Context(), old.Intent.Identifier.Base(), 1)
	if err != nil {
		t.Fatal(err)
	}
	grant := c.handedOver(t)
	change := registry.Application{Act: registry.Issue, Grant: grant, Organization: c.organization(t, "xg-approval"), Ground: "succession",
		Decision: "兴审承继〔2026〕1号", Seal: "xg-approval-seal", Closes: &registry.Closes{License: old.Intent.Identifier, As: registry.Change},
		Number: said.Facts.Number} // of this pair it may be twice
	view, err := c.Office.Reading.License(t.Context(), c.as(t, "xg-acceptor"), old.Intent.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	offered := func(act registry.Act) bool {
		return slices.ContainsFunc(view.Offers, func(o registry.Offer) bool {
			return o.Act == act && o.Replaces && slices.Contains(o.Grants, grant)
		})
	}
	if !offered(registry.Change) || !offered(registry.Correct) || offered(registry.Revoke) {
		t.Errorf("the successor is offered %+v", view.Offers)
	}
	again := change
	again.Decision = "兴审承继〔2026〕2号"

	shut.Store(true)
	p := c.propose(t, "/licenses", "replace-1", change)
	c.sign(t, p, "xg-acceptor", "xg-approver")
	made := c.end(t, p)
	if made.Step != office.StepAnchored || made.Intent.Closes == nil {
		t.Fatalf("the issue: %s %s %s", made.Step, made.Refusal, made.Detail)
	}
	c.call(t, "xg-acceptor", http.MethodPost, "/licenses", "replace-2", again).want(t, http.StatusConflict, registry.CodeReplaced)
	if v := c.scan(t, old, 1); v.Word != registry.Valid || !noted(v, "being-replaced") || v.ReplacedBy != nil {
		t.Errorf("between issue and closing the old license is %s, %+v", v.Word, v.Checks)
	}
	closing := c.closing(t, old)
	if closing.Step == office.StepAnchored || closing.Step == office.StepRefused {
		t.Fatalf("closed out of reach: %s %s", closing.Step, closing.Refusal)
	}

	stop()
	shut.Store(false)
	stop = start()
	closing = c.end(t, c.closing(t, old))
	if closing.Step != office.StepAnchored {
		t.Fatalf("after the restart: %s %s %s", closing.Step, closing.Refusal, closing.Detail)
	}
	if v := c.scan(t, old, 1); v.Word != registry.Superseded || v.ReplacedBy == nil || *v.ReplacedBy != made.Intent.Identifier {
		t.Errorf("the old license is %s, replaced by %v: %+v", v.Word, v.ReplacedBy, v.Checks)
	}
	if v := c.scan(t, made, 1); v.Word != registry.Valid || !noted(v, "replaces") {
		t.Errorf("the new license is %s: %+v", v.Word, v.Checks)
	}
	c.provenReplaced(t, old, made)
	now, err := c.Store.Version(t.Context(), made.Intent.Identifier.Base(), 1)
	if err != nil {
		t.Fatal(err)
	}
	was, err := c.Store.Version(t.Context(), old.Intent.Identifier.Base(), 1)
	if err != nil || now.Facts.Number != was.Facts.Number || now.Facts.Holder != was.Facts.Holder || now.Facts.Expires != was.Facts.Expires || now.Facts.Fields["KZ_WJBT"] != was.Facts.Fields["KZ_WJBT"] {
		t.Errorf("the new license says %+v, the old one %+v: %v", now.Facts, was, err)
	}
	if tasks, err := c.Store.Tasks(t.Context(), made.Intent.Organization); err != nil || len(tasks) > 0 && tasks[0].Kind == office.TaskEndedBefore {
		t.Errorf("tasks %+v %v", tasks, err)
	}
	c.revokedInBetween(t, shut, revoked, grant)
}

// revokedInBetween: a superior revokes the old license between the two entries.
// The pair is closed behind that; the old license stays revoked, the new one says
// so, and its bureau has a task.
func (c *city) revokedInBetween(t *testing.T, shut *atomic.Bool, old *office.Proceeding, grant string) {
	t.Helper()
	shut.Store(true)
	p := c.propose(t, "/licenses", "replace-3", registry.Application{Act: registry.Issue, Grant: grant, Organization: c.organization(t, "xg-approval"), Ground: "succession",
		Decision: "兴审承继〔2026〕3号", Seal: "xg-approval-seal", Closes: &registry.Closes{License: old.Intent.Identifier, As: registry.Change}})
	c.sign(t, p, "xg-acceptor", "xg-approver")
	made := c.end(t, p)
	first := c.closing(t, old)
	revoke := then(old, registry.Revoke, "beyond-power")
	revoke.Grant, revoke.Organization = "", c.organization(t, "gz-gov")
	c.act(t, revoke, "gz-gov-acceptor", "gz-gov-approver")
	shut.Store(false)
	var closing *office.Proceeding
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if closing = c.closing(t, old); closing.Step == office.StepAnchored {
			break
		}
		if closing.Step == office.StepRefused || time.Now().After(deadline) {
			t.Fatalf("the closing: %s %s %s", closing.Step, closing.Refusal, closing.Detail)
		}
	}
	if first.Intent.Sequence != 1 || closing.Intent.Sequence != 2 || closing.Intent.Closes.Issue != made.Digest {
		t.Errorf("closed at %d after %d", closing.Intent.Sequence, first.Intent.Sequence)
	}
	if v := c.scan(t, old, 1); v.Word != registry.IsRevoked {
		t.Errorf("the old license is %s", v.Word)
	}
	if v := c.scan(t, made, 1); v.Word != registry.Valid || !noted(v, "replaced-void") {
		t.Errorf("the new license is %s: %+v", v.Word, v.Checks)
	}
	tasks, err := c.Store.Tasks(t.Context(), made.Intent.Organization)
	if err != nil || !slices.ContainsFunc(tasks, func(task office.Task) bool {
		return task.Kind == office.TaskEndedBefore && task.Intent == closing.Digest
	}) {
		t.Errorf("tasks %+v %v", tasks, err)
	}
}

// issuedByCity is a license that the city's bureau decided on for the county.
func (c *city) issuedByCity(t *testing.T, n int) *office.Proceeding {
	t.Helper()
	p := c.proposeAs(t, "gz-education-acceptor", "/licenses", fmt.Sprintf("by-city-%d", n), registry.Application{Act: registry.Issue, Type: "11100000DEM900151A001",
		Grant: "xg-window-041", Organization: c.organization(t, "gz-education"), Ground: "applied", Decision: fmt.Sprintf("赣教准〔2026〕70%d号", n),
		Case: fmt.Sprintf("XGCK2026-070%d", n), Seal: "gz-education-seal",
		Holder:    registry.Holder{Name: "兴国县𠮷祥演示饭店有限公司", Code: "91360732DEM100015M", CodeType: "001"},
		Fields:    map[string]string{"KZ_WJBT": "行政许可决定书", "KZ_SXMC": "教育示例事项（合成）", "KZ_PZNR": "准予实施。", "KZ_PZYJ": "行政许可法第三十八条第一款"},
		Effective: registry.DateOf(c.Config.Clock()), Expires: registry.LongTerm})
	c.sign(t, p, "gz-education-acceptor", "gz-education-approver")
	if p = c.end(t, p); p.Step != office.StepAnchored {
		t.Fatalf("the city's issue: %s %s %s", p.Step, p.Refusal, p.Detail)
	}
	return p
}

// handedOver hands the matter of those licenses over to the county's bureau and
// returns its grant.
func (c *city) handedOver(t *testing.T) string {
	t.Helper()
	record, _, err := c.View.Record(registry.KindGrant, "xg-window-041")
	if err != nil {
		t.Fatal(err)
	}
	from, to, government := c.organization(t, "gz-education"), c.organization(t, "xg-approval"), c.organization(t, "gz-gov")
	began := *record.(*registry.Grant)
	began.ID, began.Mode, began.Source, began.Decider, began.Acceptor, began.Examiner, began.Handling = "xg-taken-041", registry.ModeDirect, from, to, to, "", ""
	began.List, began.Regulators, began.Informed, began.Agreement, began.Agreed = "xg-taken", nil, nil, "", 0
	h := &registry.Handover{ID: "交2026-41", From: []string{from}, To: to, Document: "交接书（测试）", Begins: []string{began.ID}, Archives: registry.ArchivesStay,
		Signed: c.Config.Clock().Unix(), Succeeds: []string{registry.SuccessionName(from, began.Matter, began.Territory)}}
	for _, party := range []struct {
		code string
		side registry.Side
	}{{from, registry.SideFrom}, {to, registry.SideTo}, {government, registry.SideWitness}} {
		h.Signatures = append(h.Signatures, registry.HandoverSignature{Organization: party.code, Side: party.side, Paper: sm.Sum([]byte(party.code))})
	}
	started := *h
	started.Start = c.Config.Clock().Unix()
	for _, r := range []registry.GovernanceRecord{&began, h, &started} {
		if err := c.Office.Governing.Govern(t.Context(), registry.Operator("test"), []office.OrderDraft{{Organization: government, Record: r, Basis: "方案（测试）"}}); err != nil {
			t.Fatalf("%s: %v", r.Name(), err)
		}
	}
	return began.ID
}

// provenReplaced: the old license's page leads to the new one, and its bundle
// proves the closing by pinned roots alone, by the issue that it follows from.
func (c *city) provenReplaced(t *testing.T, old, made *office.Proceeding) {
	t.Helper()
	token := c.token(t, old.Intent.Identifier, old.Intent.Printings[0])
	got, err := http.Get("http://" + c.Address + "/v/" + token.String())
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	page, err := io.ReadAll(got.Body)
	if link := "/?number=" + made.Intent.Identifier.String(); err != nil || !strings.Contains(string(page), link) {
		t.Errorf("the page of the old license has no link %s: %v", link, err)
	}
	raw, err := c.Office.Bundles.Bundle(t.Context(), c.as(t, "xg-acceptor"), old.Intent.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := check.ParseRoots(c.Keys.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	v := verdictOf(t, raw, roots, check.BundleOptions{})
	if v.Word != registry.Superseded || v.ReplacedBy == nil || *v.ReplacedBy != made.Intent.Identifier {
		t.Errorf("the bundle says %s, replaced by %v: %+v", v.Word, v.ReplacedBy, v.Checks)
	}
	m, seal, files, err := registry.DecodeBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	var acts []registry.BundleAct
	if err := json.Unmarshal(files[registry.BundleActs], &acts); err != nil {
		t.Fatal(err)
	}
	if acts[len(acts)-1].Issue == nil {
		t.Fatal("the closing comes without its issue")
	}
	acts[len(acts)-1].Issue = &acts[0].Receipt // of an issue that replaces nothing
	if files[registry.BundleActs], err = json.Marshal(acts); err != nil {
		t.Fatal(err)
	}
	forged, err := c.reseal(t, registry.NewManifest(*m, files), seal.Stamps[:0], files)
	if err != nil {
		t.Fatal(err)
	}
	if v := verdictOf(t, forged, roots, check.BundleOptions{}); v.Word != registry.Altered {
		t.Errorf("a closing by another issue: %s %+v", v.Word, v.Checks)
	}
}

func noted(v *office.Verification, code string) bool {
	for _, check := range v.Checks {
		if check.Code == code {
			return true
		}
	}
	return false
}

func (c *city) organization(t *testing.T, id string) string {
	t.Helper()
	p, err := plan.Load(demo.Plan)
	if err != nil {
		t.Fatal(err)
	}
	o, ok := p.Organization(id)
	if !ok {
		t.Fatalf("no organization %s", id)
	}
	return o.Code
}

// closing is the newest closing of a license.
func (c *city) closing(t *testing.T, old *office.Proceeding) *office.Proceeding {
	t.Helper()
	history, err := c.Store.History(t.Context(), old.Intent.Identifier.Base())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range slices.Backward(history) {
		if p.Intent.Act == registry.Replace {
			return p
		}
	}
	t.Fatalf("no closing among %d proceedings", len(history))
	return nil
}
