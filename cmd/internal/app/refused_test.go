package app_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// The sheet of a change that was let out as pending and then refused stays
// dead when the same change is filed again and anchored.
func TestRefusedSheetStaysDead(t *testing.T) {
	c := inCity(t)
	p, _ := c.issued(t)
	path := "/licenses/" + p.Intent.Identifier.String() + "/acts"
	change := func(i int) registry.Application {
		app := then(p, registry.Change, "representative")
		app.Seal, app.Fields, app.Decision = "xg-approval-seal", map[string]string{"KZ_FDDBR": "演示负责人新"}, fmt.Sprintf("兴审食变〔2026〕%d号", time.Now().UnixNano())
		app.Copies = []registry.CopyRequest{{Copy: registry.Original, Blank: registry.Blank{Form: "SPJY-ZB", Run: "2024-01", Number: fmt.Sprintf("JX%08d", 1900+i)}}}
		return app
	}
	c.gate.set(true)
	defer c.gate.set(false)
	first := c.propose(t, path, "dead-1-"+p.Digest.String(), change(1))
	c.sign(t, first, "xg-acceptor", "xg-approver")
	if got := c.call(t, "xg-approver", "POST", "/proceedings/"+first.Digest.String()+"/release", "", nil); got.status >= 300 {
		t.Fatalf("release: %d %s", got.status, got.body)
	}
	sheet := first.Intent.Printings[1]
	if v := c.scanPrinting(t, first, sheet); v.Word != registry.Pending {
		t.Fatalf("verdict %s, want pending", v.Word)
	}
	c.sealState(t, "xg-approval-seal", registry.SealSuspended)
	c.gate.set(false)
	if first = c.end(t, first); first.Step != office.StepRefused {
		t.Fatalf("step %s, want refused", first.Step)
	}
	c.sealState(t, "xg-approval-seal", registry.SealInUse)
	second := c.propose(t, path, "dead-2-"+p.Digest.String(), change(2))
	c.sign(t, second, "xg-acceptor", "xg-approver")
	if second = c.end(t, second); second.Step != office.StepAnchored {
		t.Fatalf("second attempt: %s %s", second.Step, second.Refusal)
	}
	if v := c.scanPrinting(t, second, second.Intent.Printings[1]); v.Word != registry.Valid {
		t.Errorf("the anchored sheet: %s", v.Word)
	}
	if v := c.scanPrinting(t, first, sheet); v.Word != registry.NotFound {
		t.Errorf("the refused sheet: %s, want not-found", v.Word)
	}
}

func (c *city) scanPrinting(t *testing.T, p *office.Proceeding, printing registry.Printing) *office.Verification {
	t.Helper()
	token := c.token(t, p.Intent.Identifier, printing)
	v, err := c.Office.Scan.Verify(context.Background(), registry.Operator("test"), office.Asked{Token: token.String()})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A row that merely says sealed is not believed: pending needs approvals that
// hold, the approved content and the sealed document.
func TestUnsignedRowIsNotPending(t *testing.T) {
	c := inCity(t)
	app, i := c.fresh()
	p := c.propose(t, "/licenses", fmt.Sprintf("unsigned-%d", i), app)
	entry := &registry.Entry{Intent: &p.Intent, Approvals: p.Intent.Content, Sealed: time.Now().Unix(), Seal: p.Intent.Content}
	db := c.owner(t)
	if _, err := db.Exec(context.Background(), `UPDATE proceeding SET step = 'sealed', pending = true, entry = $2, next_try = now() + interval '1 hour' WHERE intent = $1`,
		p.Digest[:], entry.Bytes()); err != nil {
		t.Fatal(err)
	}
	if v := c.scanPrinting(t, p, p.Intent.Printings[1]); v.Word != registry.NotFound {
		t.Errorf("verdict %s, want not-found", v.Word)
	}
}

// A refusal that comes late does not undo what went on meanwhile.
func TestLateRefusalIsNothing(t *testing.T) {
	c := inCity(t)
	p, _ := c.issued(t)
	stale := *p
	stale.Step = office.StepApproved
	if err := c.Office.Anchoring.Seal(context.Background(), &stale); err != nil && registry.CodeOf(err) == registry.CodeInternal {
		t.Log("sealing again:", err)
	}
	if again := c.proceeding(t, p.Digest.String()); again.Step != office.StepAnchored {
		t.Fatalf("step %s, want anchored", again.Step)
	}
	if v := c.scan(t, p, 2); v.Word != registry.Valid {
		t.Errorf("verdict %s, want valid", v.Word)
	}
}

// A database restored from an older backup counts on from the ledger.
func TestRestoredDatabaseCountsOn(t *testing.T) {
	c := inCity(t)
	before, _ := c.issued(t)
	for _, sql := range []string{"UPDATE serial_counter SET used = 0", "UPDATE list_counter SET next = 0"} {
		if _, err := c.owner(t).Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.RaiseCounters(c.App, context.Background()); err != nil {
		t.Fatal(err)
	}
	after, _ := c.issued(t)
	if after.Intent.Identifier.Serial <= before.Intent.Identifier.Serial || after.Intent.Printings[0].Index <= before.Intent.Printings[len(before.Intent.Printings)-1].Index {
		t.Errorf("%s then %s: a serial or a place was given again", before.Intent.Identifier, after.Intent.Identifier)
	}
}
