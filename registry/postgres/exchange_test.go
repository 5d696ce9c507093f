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

// TestNothingStays: of a copy that may be had no longer, or as its result alone, nothing
// stays of what the whole said, nor what was put aside of it.
func TestNothingStays(t *testing.T) {
	t.Parallel()
	for name, shrink := range map[string]func(*world, exchange.Want) error{
		"the result alone": func(w *world, want exchange.Want) error {
			want.Form = registry.CopyResult
			_, err := w.Exchange.Want(ctx(), []exchange.Want{want})
			return err
		},
		"stray": func(w *world, want exchange.Want) error { return w.Exchange.Mend(ctx(), want, true, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			want := exchange.Want{Identifier: registry.Identifier{Type: typeCode, Issuer: bureau, Serial: "20260000001", Version: 1}, Intent: sm.Sum([]byte("intent")), Member: "county",
				Form: registry.CopyWhole, Organization: city, Height: 1, Recorded: w.now().Unix()}
			_, err := w.Exchange.Want(ctx(), []exchange.Want{want})
			w.must(err)
			w.must(w.Exchange.PutAside(ctx(), exchange.Aside{Want: want, Miss: exchange.Miss{State: registry.CopyAside, Code: registry.CodeContent, At: w.now(), Next: w.now()},
				Bytes: 5, Digest: sm.Sum([]byte("whole")), Package: []byte("whole")}))
			w.must(w.Exchange.Keep(ctx(), exchange.Taken{Want: want, Package: []byte("whole"), At: w.now(),
				Found: exchange.Found{Type: typeCode, Number: "N 1", HolderName: "张三", HolderCode: "H1", IssuerName: "局", Expires: 7}}))
			if row, err := w.Exchange.Row(ctx(), want.Identifier); err != nil || row.Found.Number != "N 1" {
				t.Fatalf("%+v, %v", row, err)
			}
			w.must(shrink(w, want))
			row, err := w.Exchange.Row(ctx(), want.Identifier)
			if err != nil || row.Found != (exchange.Found{}) || row.Package != nil {
				t.Errorf("of the whole there stays %+v, %v", row, err)
			}
			account, err := w.Exchange.Account(ctx(), 1, 10)
			if err != nil || len(account.Aside) != 0 {
				t.Errorf("put aside: %+v, %v", account, err)
			}
		})
	}
}
