package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
)

// TestShowAsOf asks the program, through a running server, who answered for a
// license: on the day before it was decided, on that day, and after the city
// took the power back and the seal was retired. The clock is the test's.
func TestShowAsOf(t *testing.T) {
	var days atomic.Int64 // since the license was decided
	decision := registry.DateOf(time.Date(2026, 7, 1, 0, 0, 0, 0, registry.China))
	clock := func() time.Time { return (decision + registry.Date(days.Load())).Start().Add(9 * time.Hour) }
	a, err := demo.Open(t.Context(), app.Config{Data: t.TempDir(), Listen: "127.0.0.1:0", Throwaway: true, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	go a.Serve(t.Context())
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	account, err := city.Account("xg-system")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TONGZHENG_SERVER", "http://"+a.Address)
	t.Setenv("TONGZHENG_API_KEY", account.APIKey)

	p, err := plan.Load("ganzhou")
	if err != nil {
		t.Fatal(err)
	}
	code := func(id string) string { o, _ := p.Organization(id); return o.Code }
	sample := p.Licenses[0] // under xg-direct-001
	i := slices.IndexFunc(city.Licenses, func(l demo.License) bool { return l.Holder == sample.Holder.Name })
	if i < 0 || sample.Grant != "xg-direct-001" {
		t.Fatalf("the first license of the plan is not seeded: %+v", sample)
	}
	id := city.Licenses[i].Identifier

	decided := asOf(t, id, decision, 0)
	if decided.Grant != sample.Grant || decided.Decider.Code != code("xg-approval") || decided.SealThen != registry.SealInUse || decided.SealDay != registry.SealInUse ||
		decided.Defendant.Code != code("xg-approval") || decided.Review.Code != code("xg-gov") || decided.File.Code != code("xg-approval") ||
		len(decided.MayAct) != 1 || len(decided.Regulators) == 0 {
		t.Errorf("on the day of the decision: %+v", decided)
	}
	asOf(t, id, decision-1, exitNegative)
	if said, _ := program("show", "--as-of", "yesterday", id); said != exitUsage {
		t.Errorf("a day that is none: exit %d", said)
	}

	days.Store(60)
	record, _, err := a.View.Record(registry.KindGrant, sample.Grant)
	if err != nil {
		t.Fatal(err)
	}
	ended := *record.(*registry.Grant)
	ended.End, ended.EndBasis = clock().Unix(), "收回决定（测试）"
	if err := a.Office.Governing.Govern(t.Context(), registry.Operator("test"), []office.OrderDraft{{Organization: ended.RecallBy, Record: &ended, Basis: ended.EndBasis}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Office.Governing.SetSealState(t.Context(), registry.Operator("test"), decided.Seal, registry.SealRetired, "注销（测试）"); err != nil {
		t.Fatal(err)
	}
	after := asOf(t, id, decision+60, 0)
	if len(after.MayAct) != 0 || after.SealThen != registry.SealInUse || after.SealDay != registry.SealRetired || after.Defendant.Code != code("xg-approval") {
		t.Errorf("after the power was taken back: %+v", after)
	}
	if again := asOf(t, id, decision+59, 0); len(again.MayAct) != 1 || again.SealDay != registry.SealInUse {
		t.Errorf("the past has changed: %+v", again)
	}
}

// program runs one command as main does.
func program(args ...string) (code int, printed string) {
	var out bytes.Buffer
	w := &world{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: &out}
	code = run(w, args)
	return code, out.String()
}

// asOf asks for a day and wants an exit code.
func asOf(t *testing.T, id string, day registry.Date, want int) *registry.Accountability {
	t.Helper()
	code, printed := program("show", "--as-of", day.String(), id)
	a := new(registry.Accountability)
	if code != want || code == 0 && json.Unmarshal([]byte(printed), a) != nil {
		t.Fatalf("as of %s: exit %d, %s", day, code, printed)
	}
	return a
}
