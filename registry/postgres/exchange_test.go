package postgres_test

import (
	"testing"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/sm"
)

// TestHasten: a hint brings what comes any moment, and not what was asked for in vain again
// and again: that would be asked for for ever before all that is new.
func TestHasten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := func(serial string, height uint64) exchange.Want {
		return exchange.Want{Identifier: registry.Identifier{Type: typeCode, Issuer: bureau, Serial: serial, Version: 1}, Intent: sm.Sum([]byte(serial)), Member: "county", Form: registry.CopyWhole,
			Organization: city, Height: height, Recorded: w.now().Unix()}
	}
	lost, late := want("20260000001", 1), want("20260000002", 2)
	if _, err := w.Exchange.Want(ctx(), []exchange.Want{lost, late}); err != nil {
		t.Fatal(err)
	}
	miss := exchange.Miss{State: registry.CopyMissing, Code: registry.CodeNotYet, At: w.now(), Next: w.now().Add(time.Hour)}
	for range 10 {
		if err := w.Exchange.Missed(ctx(), lost, miss); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Exchange.Missed(ctx(), late, miss); err != nil {
		t.Fatal(err)
	}
	if err := w.Exchange.Hasten(ctx(), "county", w.now()); err != nil {
		t.Fatal(err)
	}
	due, _, err := w.Exchange.Due(ctx(), "county", w.now(), 10)
	if err != nil || len(due) != 1 || due[0].Identifier != late.Identifier {
		t.Errorf("%v, %v", due, err)
	}
}
