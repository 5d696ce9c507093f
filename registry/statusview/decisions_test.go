package statusview_test

import (
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// TestCaseDecision: the first act of a party that names a case decides it, in whatever
// form its number is asked for; an act on paper, another's act and one under another grant
// do not; a file from before there were decisions finds them among its entries.
func TestCaseDecision(t *testing.T) {
	dir := t.TempDir()
	w := begin(t, dir)
	w.submit(t, w.Genesis())
	licenses := []*ledgertest.License{w.NewLicense(), w.NewLicense()}
	var acts []*registry.Entry
	for i, l := range licenses {
		in := l.Intent(registry.Issue)
		in.Case = []string{"受〔2026〕1号", "受〔2026〕2号"}[i]
		acts = append(acts, w.Entry(in))
	}
	c := w.submit(t, w.Batch(ledgertest.MemberXingguo, acts...))
	if n, _ := c.Accepted(); len(n) != 2 {
		t.Fatalf("%+v", c.Outcome.Results)
	}
	for i, l := range licenses {
		if err := l.Accept(acts[i]); err != nil {
			t.Fatal(err)
		}
	}
	later := licenses[0].Intent(registry.Suspend)
	later.Case = "受〔2026〕1号"
	onPaper := licenses[1].Intent(registry.Annotate)
	onPaper.Case = "受〔2026〕3号"
	c = w.submit(t, w.Batch(ledgertest.MemberXingguo, w.Entry(later), w.Entry(onPaper)))
	if n, _ := c.Accepted(); len(n) != 2 {
		t.Fatalf("%+v", c.Outcome.Results)
	}
	w.await(t, c.Height)
	check := func() {
		t.Helper()
		for _, tt := range []struct {
			grants, parties []string
			number          string
			want            bool
		}{
			{[]string{"g-none", ledgertest.GrantDirect}, []string{w.Xingguo.Code}, " 受[2026]1号", true},
			{[]string{ledgertest.GrantDirect}, []string{w.Xingguo.Code}, "受〔2026〕2号", true},
			{[]string{ledgertest.GrantDirect}, []string{w.Xingguo.Code}, "受〔2026〕3号", false},
			{[]string{ledgertest.GrantDirect}, []string{w.Xingguo.Code}, "受〔2026〕", false},
			{[]string{ledgertest.GrantDirect}, []string{w.Yudu.Code}, "受〔2026〕1号", false},
			{[]string{ledgertest.GrantYudu}, []string{w.Xingguo.Code}, "受〔2026〕1号", false},
		} {
			d, err := w.view.CaseDecision(tt.grants, tt.parties, tt.number)
			if err != nil || (d != nil) != tt.want || d != nil && d.Act != registry.Issue {
				t.Errorf("%v: %+v %v", tt, d, err)
			}
		}
	}
	check()
	w.stop()
	db, err := bolt.Open(filepath.Join(dir, "view"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("decisions")) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	w.run(t, dir)
	check()
}
