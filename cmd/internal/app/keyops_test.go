package app_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/cmd/internal/operator"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
)

// TestKeysAndSealsOverTime: rotation, the drill after a theft, a seal made
// again: what was anchored before stays good, what comes later is refused.
func TestKeysAndSealsOverTime(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := openFor(t, ownPlace(t), nil)
	defer a.Close()
	keys := a.Keys.(*keyring.Keys)
	issue := func(i int) *office.Proceeding {
		t.Helper()
		p, err := issueOne(ctx, a, i)
		if err != nil || p.Step != office.StepAnchored {
			t.Fatalf("license %d: %v %+v", i, err, p)
		}
		return p
	}
	word := func(p *office.Proceeding, i int) registry.Word {
		t.Helper()
		v, err := a.Office.Scan.Verify(ctx, registry.Operator("test"), office.Asked{Identifier: p.Intent.Identifier, Holder: holderOf(i)})
		if err != nil {
			t.Fatal(err)
		}
		return v.Word
	}
	before := issue(0)

	// The county's act key is rotated; the next license is signed by the new one.
	acceptor := before.Intent.Organization
	fresh, err := operator.RotateActKey(ctx, a, acceptor, "定期轮换")
	if err != nil {
		t.Fatal(err)
	}
	second := issue(1)
	if second.Receipt.Author.Key != fresh || before.Receipt.Author.Key == fresh {
		t.Errorf("signed by %s, want the new key %s", second.Receipt.Author.Key, fresh)
	}

	// The seal's key is stolen between two licenses.
	wait := time.NewTimer(1100 * time.Millisecond) // the ledger counts seconds
	<-wait.C
	since := time.Now().Truncate(time.Second)
	later := issue(2)
	stolen, _ := keys.Store.Current(signer.SealLabel(later.Intent.Seal))
	plan, err := operator.Compromise(ctx, a, stolen, since, "演练", false)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Doubtful) != 1 || plan.Doubtful[0].Intent != later.Digest || plan.Earlier < 2 {
		t.Errorf("%+v", plan)
	}
	if keys.Register.Note(stolen).Compromised != 0 {
		t.Error("a plan alone records the theft")
	}
	if _, err := operator.Compromise(ctx, a, stolen, since, "演练", true); err != nil {
		t.Fatal(err)
	}
	if p, err := issueOne(ctx, a, 3); registry.CodeOf(err) != registry.CodeSealState {
		t.Errorf("sealed under a suspended seal: %v %+v", err, p)
	}
	if w := word(before, 0); w != registry.Valid {
		t.Errorf("anchored before the theft: %s", w)
	}
	text, err := a.Keys.KeyList(ctx)
	if err != nil {
		t.Fatal(err)
	}
	list, err := check.ParseKeyList(text, a.Keys.Roots(), time.Now(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if k := list.Find(stolen); k == nil || k.CompromisedAt != since.Unix() {
		t.Errorf("the published list: %+v", k)
	}

	// A new seal in its place, under a new key.
	renewed, err := a.Desk.Seals.Renew(ctx, operator.By, later.Intent.Seal, resource.SealRenewal{As: "xg-approval-seal-2", Basis: "失窃换章"})
	if err != nil {
		t.Fatal(err)
	}
	record, _, err := a.View.Record(registry.KindSeal, renewed.ID)
	if err != nil {
		t.Fatal(err)
	}
	filed, ok := record.(*registry.SealRecord)
	if at, _ := keys.Store.Current(signer.SealLabel(renewed.ID)); !ok || at == stolen || filed.StateAt(time.Now().Unix()) != registry.SealInUse {
		t.Errorf("%+v", record)
	}
	if err := a.Office.Governing.SetSealState(ctx, registry.Operator("test"), later.Intent.Seal, registry.SealInUse, "again"); registry.CodeOf(err) != registry.CodeSealState {
		t.Errorf("a retired seal comes back: %v", err)
	}
}

// TestRotatedQRKey: codes of the old key verify, new ones bear the new key, and
// a stolen key's codes are not trusted any more.
func TestRotatedQRKey(t *testing.T) {
	keys, err := keyring.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := keys.Store.Current(signer.LabelQR)
	fresh, err := keys.Rotate(signer.LabelQR, "test")
	if err != nil {
		t.Fatal(err)
	}
	qr, err := keys.QRKeys()
	if err != nil || len(qr) != 2 {
		t.Fatalf("%d keys: %v", len(qr), err)
	}
	if err := keys.Register.Compromise(old, time.Now(), time.Now(), "test"); err != nil {
		t.Fatal(err)
	}
	if qr, err = keys.QRKeys(); err != nil || len(qr) != 1 {
		t.Fatalf("%d keys: %v", len(qr), err)
	}
	certificate := func(id sm.KeyID) []byte {
		t.Helper()
		der, err := keys.Store.Certificate(id)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	was := certificate(fresh)
	if id, err := keys.Renew(signer.LabelQR); err != nil || id != fresh || bytes.Equal(certificate(fresh), was) {
		t.Errorf("renewed: %s %v", id, err)
	}
}
