package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/api/resource"
	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/registry"
)

// TestDailyCommands: the queue of results to hand over, a delivery that says all
// that is missing at once, a superior's review file and its statistics, by commands
// against a running server.
func TestDailyCommands(t *testing.T) {
	t.Parallel()
	a, err := demo.Open(t.Context(), citytest.Lend(t, app.Config{Listen: "127.0.0.1:0"}))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	go a.Serve(t.Context())
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	as := func(login string, want int, args ...string) string {
		t.Helper()
		account, err := city.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		w := &strings.Builder{}
		args = append(args, "--server", "http://"+a.Address, "--api-key", account.APIKey)
		if got := run(&world{ctx: t.Context(), stdin: strings.NewReader(""), stdout: w, stderr: w}, args); got != want {
			t.Fatalf("%s, %v: exit %d, want %d\n%s", login, args[:len(args)-2], got, want, w)
		}
		return w.String()
	}
	says := func(said string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(said, part) {
				t.Errorf("want %q in\n%s", part, said)
			}
		}
	}

	// Deliveries.
	queue := func() (due []resource.PaperDue) {
		t.Helper()
		var page resource.DeliveryPage
		if err := json.Unmarshal([]byte(as("xg-printer", 0, "deliveries", "--act", "deliver", "--json")), &page); err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			due = append(due, item.Due...)
		}
		return due
	}
	before := queue()
	if len(before) == 0 {
		t.Fatal("the demonstration has nothing to deliver")
	}
	says(as("xg-printer", 0, "deliveries"), "送达 deliver", before[0].Identifier.String())
	says(as("xg-witness-1", exitNegative, "deliveries"), string(registry.CodeForbidden))
	says(as("xg-printer", exitUsage, "deliveries", "--act", "revoke"), "--act")
	printer, err := city.Account("xg-printer")
	if err != nil {
		t.Fatal(err)
	}
	deliver := []string{"deliver", before[0].Identifier.String(), fmt.Sprint(before[0].Printing), "--organization", printer.Code, "--sign", filepath.Join(a.Config.Data, printer.KeyFile)}
	said := as("xg-printer", exitUsage, append(deliver, "--courier", "演示快递")...)
	says(said, "receiver: 缺少必填项", "number: 缺少必填项")
	says(as("xg-printer", 0, append(deliver, "--receiver", "演示经办人", "--relation", "代理人（持委托书）", "--id-checked", "委托书和代理人身份证")...), "送达", "anchored")
	says(as("xg-printer", exitNegative, append(deliver, "--receiver", "演示另一人", "--relation", "本人", "--id-checked", "身份证")...), string(registry.CodeActNotAllowed))
	if after := queue(); len(after) != len(before)-1 {
		t.Errorf("%d to deliver, then %d", len(before), len(after))
	}

	// An application that a neighbor decides.
	center, err := city.Account("xg-east-center-clerk")
	if err != nil {
		t.Fatal(err)
	}
	receive := []string{"case", "receive", "xg-west-001", "西街收〔2026〕命1号", "--organization", center.Code, "--sign", filepath.Join(a.Config.Data, center.KeyFile), "--item", "申请书"}
	says(as("xg-east-center-clerk", exitUsage, receive...), "xg-east-001", "--through")
	says(as("xg-east-center-clerk", 0, append(receive, "--through", "xg-east-001")...), "receive", center.Code)

	// A review file.
	id := city.Licenses[0].Identifier
	says(as("gz-gov-acceptor", 0, "review", "list"), "没有案卷")
	says(as("gz-gov-acceptor", exitUsage, "review", "open", "赣督〔2026〕1号", "nonsense", "--kind", "review", "--basis", "年度案卷评查方案"), "nonsense")
	says(as("gz-gov-acceptor", exitUsage, "review", "open", "赣督〔2026〕1号", id, "--kind", "curiosity", "--basis", "年度案卷评查方案"), "--kind")
	says(as("gz-gov-acceptor", 0, "review", "open", "赣督〔2026〕1号", id, "--kind", "review", "--basis", "年度案卷评查方案"), "赣督〔2026〕1号", "open")
	says(as("gz-gov-acceptor", 0, "review", "list"), "赣督〔2026〕1号", "证照 licenses 1")
	says(as("gz-gov-acceptor", 0, "review", "show", "赣督〔2026〕1号"), id, string(registry.Valid))
	says(as("yd-acceptor", exitNegative, "review", "show", "赣督〔2026〕1号"), string(registry.CodeNotFound))
	says(as("gz-gov-acceptor", 0, "review", "close", "赣督〔2026〕1号"), "closed")
	says(as("gz-gov-acceptor", exitNegative, "review", "close", "赣督〔2026〕1号"), string(registry.CodeActState))
	says(as("gz-gov-acceptor", 0, "review", "statistics"), "兴国县行政审批局", string(registry.Valid))
	says(as("xg-center-clerk", 0, "review", "statistics"), "没有证照")
}
