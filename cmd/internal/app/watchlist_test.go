package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/internal/tables"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// statute is a store whose food type has a statute that refuses listed holders:
// no type of the demonstration has one.
type statute struct{ office.Catalog }

func (s statute) Type(ctx context.Context, code string, version int) (*registry.LicenseType, error) {
	t, err := s.Catalog.Type(ctx, code, version)
	if err == nil {
		with := *t
		with.Refuses = map[string]string{"严重违法失信名单": "某条例第九条（测试）"}
		t = &with
	}
	return t, err
}

// A holder on a list is a warning to who decides; a refusal only by statute.
func TestListedHolders(t *testing.T) {
	c := inCity(t)
	app, i := c.fresh()
	list := func(name string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "list.csv")
		text := strings.Join(tables.WatchListHeader, ",") + "\n001," + app.Holder.Code + "," + name + ",2026-01-05,兴国县市场监督管理局\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if n, err := replaceWatchList(c.Config.Data, file); n != 1 || err != nil {
			t.Fatalf("%d %v", n, err)
		}
	}
	list("经营异常名录")
	key := "listed-" + app.Holder.Code
	got := c.call(t, "xg-acceptor", http.MethodPost, "/licenses", key, app)
	var p struct {
		Intent   string            `json:"intent"`
		Warnings []registry.Listed `json:"warnings"`
	}
	if err := json.Unmarshal(got.body, &p); err != nil || got.status != http.StatusAccepted || len(p.Warnings) != 1 || p.Warnings[0].List != "经营异常名录" {
		t.Fatalf("%d %s %v", got.status, got.body, err)
	}
	var warned int
	if err := c.owner(t).QueryRow(t.Context(), "select count(*) from audit where code = $1", string(registry.CodeListed)).Scan(&warned); err != nil || warned != 1 {
		t.Errorf("%d audit lines, %v", warned, err)
	}
	free, _ := c.fresh()
	other := c.propose(t, "/licenses", "free-"+free.Holder.Code, free)
	if hits, err := c.Office.Reading.Warnings(t.Context(), c.as(t, "xg-acceptor"), other); len(hits) != 0 || err != nil {
		t.Errorf("%+v %v", hits, err)
	}

	list("严重违法失信名单")
	strict := c.other(t, func(p *office.Ports, _ *office.Config) { p.Catalog = statute{p.Catalog} })
	acceptor, err := c.demo.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	app.Decision += "-1"
	if _, err := strict.Issuing.Propose(t.Context(), registry.Actor{Account: "t", Organization: acceptor.Code, Roles: acceptor.Roles}, app,
		office.Idempotency{Client: "t", Operation: "issue", Key: key}); registry.CodeOf(err) != registry.CodeListed || !strings.Contains(err.Error(), "第九条") {
		t.Errorf("application %d of a holder whom a statute refuses: %v", i, err)
	}
	for _, bad := range []string{"", "代码\n", strings.Join(tables.WatchListHeader, ",") + "\n001,123,x,2026-01-05,y\n"} {
		file := filepath.Join(t.TempDir(), "bad.csv")
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := replaceWatchList(c.Config.Data, file); err == nil {
			t.Errorf("%q was taken for a list", bad)
		}
	}
}

func replaceWatchList(data, file string) (int, error) {
	table, err := tables.Read(file)
	if err != nil {
		return 0, err
	}
	return tables.ReplaceWatchList(data, table, registry.DateOf(time.Now()))
}
