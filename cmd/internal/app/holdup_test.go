package app_test

import (
	"fmt"
	"testing"
	"time"

	"tongzheng/registry/office"
)

// TestNoneHoldsUpTheOthers: of four proceedings that go to the ledger together
// one row is damaged and one entry is not what the signer registered; the other
// two are anchored. Mended, the two follow.
func TestNoneHoldsUpTheOthers(t *testing.T) {
	c := inCity(t)
	ctx := t.Context()
	c.gate.set(true)
	defer c.gate.set(false)
	var all []*office.Proceeding
	for range 4 {
		app, i := c.fresh()
		p := c.propose(t, "/licenses", fmt.Sprintf("holdup-%d", i), app)
		c.sign(t, p, "xg-acceptor", "xg-approver")
		if p = c.proceeding(t, p.Digest.String()); p.Step != office.StepSealed {
			t.Fatalf("step %s, want sealed", p.Step)
		}
		all = append(all, p)
	}
	db := c.owner(t)
	// All due at one moment, so that one worker takes them together; no worker
	// has any of them now.
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		tag, err := db.Exec(ctx, `UPDATE proceeding SET attempts = 0, next_try = now() + interval '2 seconds'
			WHERE step = 'sealed' AND lease_until IS NULL AND (SELECT count(*) FROM proceeding WHERE step = 'sealed' AND lease_until IS NULL) = 4`)
		if err != nil {
			t.Fatal(err)
		}
		if tag.RowsAffected() == 4 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the four were never at rest together")
		}
	}
	put := func(p *office.Proceeding, entry []byte) {
		t.Helper()
		if _, err := db.Exec(ctx, `UPDATE proceeding SET entry = $2 WHERE intent = $1`, p.Digest[:], entry); err != nil {
			t.Fatal(err)
		}
	}
	damaged, foreign, sound := all[1], all[2], []*office.Proceeding{all[0], all[3]}
	put(damaged, []byte{0xff})
	altered := *foreign.Entry
	altered.Sealed++
	put(foreign, altered.Bytes())
	c.gate.set(false)
	for _, p := range sound {
		if p = c.end(t, p); p.Step != office.StepAnchored {
			t.Errorf("held up by others: %s %s", p.Step, p.Refusal)
		}
		var attempts int
		if err := db.QueryRow(ctx, `SELECT attempts FROM proceeding WHERE intent = $1`, p.Digest[:]).Scan(&attempts); err != nil || attempts != 1 {
			t.Errorf("anchored after %d attempts: %v", attempts, err)
		}
	}
	for name, p := range map[string]*office.Proceeding{"damaged": damaged, "foreign": foreign} {
		var step string
		if err := db.QueryRow(ctx, `SELECT step FROM proceeding WHERE intent = $1`, p.Digest[:]).Scan(&step); err != nil || step != string(office.StepSealed) {
			t.Errorf("%s: step %s, want it to wait: %v", name, step, err)
		}
		put(p, p.Entry.Bytes())
	}
	if _, err := db.Exec(ctx, `UPDATE proceeding SET lease_until = NULL, next_try = now() WHERE step = 'sealed'`); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*office.Proceeding{damaged, foreign} {
		if p = c.end(t, p); p.Step != office.StepAnchored {
			t.Errorf("not anchored after it was mended: %s %s", p.Step, p.Refusal)
		}
	}
}
