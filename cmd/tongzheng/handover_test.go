package main

import (
	"encoding/json"
	"os"
	"path/filepath"
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
)

// TestHandover moves food licensing from one bureau to another with the
// program's commands: drawn up from what ledger and registry know, printed,
// signed by keys and on paper, refused when anything was changed after that,
// recorded, and in effect from its start of operation only.
func TestHandover(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // of the clock
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	config := citytest.Lend(t, app.Config{Listen: "127.0.0.1:0", Clock: clock})
	data := config.Data
	a, err := demo.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { a.Close() }()
	city, err := demo.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Load("ganzhou")
	if err != nil {
		t.Fatal(err)
	}
	code := func(id string) string { o, _ := p.Organization(id); return o.Code }
	from, to, government := code("xg-approval"), code("xg-market"), code("gz-gov")
	const ended, begun = "xg-direct-001", "xg-back-001"
	grant := func(id string) *registry.Grant {
		t.Helper()
		record, _, err := a.View.Record(registry.KindGrant, id)
		if err != nil || record == nil {
			t.Fatalf("grant %s: %v", id, err)
		}
		return record.(*registry.Grant)
	}
	back := *grant(ended)
	back.ID, back.Source, back.Decider, back.Acceptor, back.Examiner, back.Handling = begun, from, to, to, to, ""
	back.List, back.Handover, back.Begun, back.Operating, back.Regulators = "xg-back", true, "交2026-1", 0, nil
	if err := a.Office.Governing.Govern(t.Context(), registry.Operator("test"), []office.OrderDraft{{Organization: government, Record: &back, Basis: "方案（测试）"}}); err != nil {
		t.Fatal(err)
	}
	waiting := propose(t, a, city, p.Licenses[0])
	socket, err := serveOperator(a.Handler, data)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	program := func(want int, args ...string) string {
		t.Helper()
		w := &strings.Builder{}
		got := run(&world{ctx: t.Context(), stdin: strings.NewReader(""), stdout: w, stderr: w}, args)
		if got != want {
			t.Fatalf("%v: exit %d, want %d\n%s", args, got, want, w)
		}
		return w.String()
	}
	here := func(want int, args ...string) string {
		t.Helper()
		return program(want, append([]string{"handover"}, args...)...)
	}
	// Two unused blanks are lost; one that a license has cannot be.
	lost := func(want int, first, last string) {
		t.Helper()
		program(want, "stock", "spend", "--data", data, "--type", waiting.Intent.Identifier.Type, "--form", "SPJY-ZB", "--run", "2024-01", "--organization", from,
			"--from", first, "--to", last, "--basis", "遗失公告", "--how", "lost")
	}
	lost(0, "JX00001000", "JX00001001")
	lost(exitNegative, "JX00000001", "JX00000001")
	lost(exitUsage, "JX00001001", "JX00001001") // once
	file := filepath.Join(t.TempDir(), "handover.json")
	terms := []string{"draw", "--data", data, "--id", "交2026-1", "--from", from, "--to", to, "--document", "方案（测试）", "--begins", "xg-back",
		"--archives", "stay", "--access", "一窗受理系统", "--seals-begun", "xg-market-seal", "--out", file,
		"--item", "operating-rules=操作规范,二册", "--item", "training=培训一期", "--group", "justice=" + code("xg-justice"), "--advise-until", "2099-12-31"}
	here(exitUsage, append(slices.Clone(terms), "--ends", ended, "--item", "furniture=桌")...)
	here(exitUsage, append(slices.Clone(terms), "--ends", ended, "--group", "justice")...)
	here(exitUsage, append(terms, "--ends", "xg-none")...)
	here(0, append(terms, "--ends", ended)...)
	h := readHandover(t, file)
	if h.Open < 4 || !slices.Contains(h.Cases, waiting.Intent.Case) || len(h.Blanks) == 0 || len(h.Begins) != 1 || len(h.Ends) != 1 {
		t.Fatalf("drawn up: %d open, cases %v, %d ranges of blanks, begins %v", h.Open, h.Cases, len(h.Blanks), h.Begins)
	}
	if len(h.Items) != 2 || h.Items[0].What != "操作规范,二册" || len(h.Group) != 1 || registry.DateOfUnix(h.AdviseUntil-1).String() != "2099-12-31" {
		t.Errorf("items %+v, group %+v, advises until %d", h.Items, h.Group, h.AdviseUntil)
	}
	for _, b := range h.Blanks {
		if b.Of.From <= "JX00001000" && "JX00001000" <= b.Of.To {
			t.Errorf("a lost blank is counted over: %+v", b)
		}
	}
	here(exitUsage, "record", "--data", data, file) // nobody has signed
	page := here(0, "print", "--data", data, file)
	for _, want := range []string{h.Terms().String(), "兴国县市场监督管理局", waiting.Intent.Case, "食品经营许可", h.Blanks[0].Of.From, "操作规范,二册", "交接工作组 司法行政", "至 2099-12-31"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %s", want)
		}
	}

	approver, err := city.Account("xg-approver")
	if err != nil {
		t.Fatal(err)
	}
	keyFile := approver.KeyFile
	if !filepath.IsAbs(keyFile) {
		keyFile = filepath.Join(data, keyFile)
	}
	scan := filepath.Join(t.TempDir(), "scan.pdf")
	if err := os.WriteFile(scan, []byte("signed page"), 0o600); err != nil {
		t.Fatal(err)
	}
	here(exitUsage, "sign", file, "--side", "from", "--organization", to, "--paper", scan)
	here(0, "sign", file, "--side", "from", "--organization", from, "--key", keyFile)
	here(0, "sign", file, "--side", "to", "--organization", to, "--paper", scan)
	here(0, "sign", file, "--side", "witness", "--organization", government, "--paper", scan)
	here(exitUsage, "record", "--data", data, file) // the handover group has not signed
	here(0, "sign", file, "--side", "witness", "--organization", code("xg-justice"), "--paper", scan)
	signed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := *readHandover(t, file)
	changed.Open--
	raw, err := json.Marshal(changed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if said := here(exitNegative, "record", "--data", data, file); !strings.Contains(said, string(registry.CodeApprovalSignature)) {
		t.Errorf("changed after it was signed: %s", said)
	}
	if err := os.WriteFile(file, signed, 0o600); err != nil {
		t.Fatal(err)
	}
	here(exitNegative, "start", "--data", data, h.ID) // not recorded yet
	here(0, "record", "--data", data, file)
	if g := grant(ended); g.End != 0 || grant(begun).Operating != 0 {
		t.Errorf("signed is not begun: %+v", g)
	}

	// Powers change at the hour that was named ahead; blanks follow it.
	ahead.Store(int64(2 * time.Hour))
	if said := here(exitNegative, "start", "--data", data, h.ID, "--at", clock().Add(-time.Hour).Format(time.RFC3339)); !strings.Contains(said, string(registry.CodePast)) {
		t.Errorf("started in the past: %s", said)
	}
	here(exitUsage, "start", "--data", data, h.ID, "--at", "tomorrow")
	named := clock().Add(time.Hour).Truncate(time.Second)
	here(0, "start", "--data", data, h.ID, "--at", named.Format(time.RFC3339))
	if g := grant(ended); g.End != named.Unix() || g.InForce(clock().Unix()) != nil || grant(begun).Operating != named.Unix() {
		t.Errorf("started ahead: %+v", g)
	}
	here(exitNegative, "start", "--data", data, h.ID) // nothing to do before
	ahead.Add(int64(time.Hour + time.Minute))
	here(0, "start", "--data", data, h.ID)
	here(exitNegative, "start", "--data", data, h.ID) // once
	old, now := grant(ended), grant(begun)
	if old.End == 0 || old.End != now.Operating || old.Ended != h.ID || !slices.Contains(old.Cases, waiting.Intent.Case) {
		t.Errorf("ended %+v, begun %+v", old, now)
	}
	counted := 0
	lines, err := a.Office.Stocks.Report(t.Context(), registry.Operator("test"), "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range lines {
		if !lines[i].Balanced() {
			t.Errorf("%+v", lines[i])
		}
		if lines[i].Organization == to && strings.HasPrefix(lines[i].Form, "SPJY") {
			counted += lines[i].Free
		}
		if lines[i].Organization == from && strings.HasPrefix(lines[i].Form, "SPJY") && lines[i].Free != 0 {
			t.Errorf("left behind: %+v", lines[i])
		}
	}
	if counted == 0 {
		t.Error("no blank changed hands")
	}
	app := application(city, p.Licenses[1], from)
	if _, err := a.Office.Issuing.Propose(t.Context(), registry.Actor{Account: "t", Organization: from, Roles: []registry.Role{registry.RoleAcceptor}}, app,
		office.Idempotency{Client: "t", Operation: "issue", Key: "late"}); registry.CodeOf(err) != registry.CodeGrantPeriod {
		t.Errorf("after the takeover the earlier bureau proposes: %v", err)
	}
}

func readHandover(t *testing.T, file string) *registry.Handover {
	t.Helper()
	h, err := (&handoverFile{file}).read()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// application is one for a new license like a seeded one.
func application(city *demo.City, sample plan.License, organization string) registry.Application {
	var typeCode string
	for _, l := range city.Licenses {
		if l.Holder == sample.Holder.Name {
			typeCode = strings.Split(l.Identifier, ".")[5]
		}
	}
	return registry.Application{Act: registry.Issue, Type: typeCode, Grant: sample.Grant, Organization: organization, Ground: sample.Ground, Seal: "xg-approval-seal",
		Decision: sample.Decision + "-测试", Case: "在办-" + sample.Case, Fields: sample.Fields, Expires: sample.Expires,
		Holder: registry.Holder{Name: sample.Holder.Name, CodeType: sample.Holder.CodeType, Code: sample.Holder.Code}}
}

// propose leaves an application under way.
func propose(t *testing.T, a *app.App, city *demo.City, sample plan.License) *office.Proceeding {
	t.Helper()
	account, err := city.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Office.Issuing.Propose(t.Context(), registry.Actor{Account: account.Login, Organization: account.Code, Roles: account.Roles},
		application(city, sample, account.Code), office.Idempotency{Client: "t", Operation: "issue", Key: sample.ID})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
