package lawtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tongzheng/chaincode"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// taken is one batch of a walk: what the ledger made of it, and which keys the
// contract read and wrote for it.
type taken struct {
	batch   registry.Batch
	outcome *registry.Outcome
	refused registry.Code // of the whole batch
	reads   []string
	writes  []string
	after   []int // earlier batches that wrote what this one reads, or read or wrote what it writes
}

// footprint is a state that keeps what the contract asked of it.
type footprint struct {
	state
	reads, writes []string
}

func (f *footprint) Read(namespace string, keys []string) ([][]byte, error) {
	for _, key := range keys {
		f.reads = append(f.reads, namespace+"/"+key)
	}
	return f.state.Read(namespace, keys)
}

func (f *footprint) Put(key string, value []byte) error {
	f.writes = append(f.writes, f.space+"/"+key)
	return f.state.Put(key, value)
}

// record walks on a ledger and keeps every batch in order, with the batches
// each of them rests on.
func record(t *testing.T, l ledgertest.Ledger, seed uint64, along func(w *walk)) []taken {
	t.Helper()
	var all []taken
	shadow := &footprint{state: state{values: map[string][]byte{}}}
	reader, writer := map[string][]int{}, map[string]int{} // by key: since its last writing, and that
	submit := onLedger(l)
	w := newWalk(t, func(b registry.Batch) (*registry.Outcome, error) {
		outcome, err := submit(b)
		shadow.space, shadow.reads, shadow.writes = b.Namespace, nil, nil
		_, _ = chaincode.Execute(shadow, &b)
		one := taken{batch: b, outcome: outcome, refused: registry.CodeOf(err), reads: shadow.reads, writes: shadow.writes}
		for _, key := range one.reads {
			if i, ok := writer[key]; ok {
				one.after = append(one.after, i)
			}
		}
		for _, key := range one.writes {
			one.after = append(one.after, reader[key]...)
			if i, ok := writer[key]; ok {
				one.after = append(one.after, i)
			}
		}
		for _, key := range one.reads {
			reader[key] = append(reader[key], len(all))
		}
		for _, key := range one.writes {
			writer[key], reader[key] = len(all), nil
		}
		slices.Sort(one.after)
		one.after = slices.Compact(one.after)
		all = append(all, one)
		return outcome, err
	}, seed)
	along(w)
	return all
}

// replay submits what was recorded, each batch after those it rests on, many at
// once, and says where the ledger decided otherwise.
func replay(ctx context.Context, l ledgertest.Ledger, all []taken) (differences []string) {
	done := make([]chan struct{}, len(all))
	for i := range done {
		done[i] = make(chan struct{})
	}
	found := make([]string, len(all))
	var running sync.WaitGroup
	atOnce := make(chan struct{}, 48)
	for i := range all {
		for _, earlier := range all[i].after {
			<-done[earlier]
		}
		atOnce <- struct{}{}
		running.Go(func() {
			defer func() { <-atOnce; close(done[i]) }()
			found[i] = resubmit(ctx, l, &all[i])
		})
	}
	running.Wait()
	for i, f := range found {
		if f != "" {
			differences = append(differences, fmt.Sprintf("batch %d in %s: %s", i, all[i].batch.Namespace, f))
		}
	}
	return differences
}

// resubmit hands in one batch until it is committed or refused as a whole: a
// conflict means that it was not judged, and the same entries go into another
// transaction; an answer that says nothing is asked about.
func resubmit(ctx context.Context, l ledgertest.Ledger, one *taken) string {
	c, err := ledgertest.Settle(ctx, l, one.batch, registry.CodeLedgerConflict)
	switch code := registry.CodeOf(err); {
	case code != one.refused:
		return fmt.Sprintf("refused as a whole with %q, want %q: %v", code, one.refused, err)
	case err == nil && !reflect.DeepEqual(&c.Outcome, one.outcome):
		return fmt.Sprintf("%+v, want %+v", c.Outcome, *one.outcome)
	}
	return ""
}

// compare reads every key that the contract ever read or wrote from both
// ledgers and names those that differ.
func compare(ctx context.Context, a, b ledgertest.Ledger, all []taken) (keys int, differences []string, err error) {
	touched := map[string]bool{}
	for _, one := range all {
		for _, key := range slices.Concat(one.reads, one.writes) {
			touched[key] = true
		}
	}
	spaces := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(touched)) {
		space, name, _ := strings.Cut(key, "/")
		spaces[space] = append(spaces[space], name)
	}
	for _, space := range slices.Sorted(maps.Keys(spaces)) {
		for names := range slices.Chunk(spaces[space], 500) {
			x, errX := a.Read(ctx, space, names)
			y, errY := b.Read(ctx, space, names)
			if err := errors.Join(errX, errY); err != nil {
				return keys, differences, err
			}
			for i, name := range names {
				if keys++; !bytes.Equal(x[i], y[i]) {
					differences = append(differences, fmt.Sprintf("%s/%s: %x and %x", space, name, x[i], y[i]))
				}
			}
		}
	}
	return keys, differences, nil
}

// TestReplayNoticesAnotherContract replays what the law forbids on a ledger
// whose contract is without the check that forbids it: the replay names the
// decision and the keys that differ.
func TestReplayNoticesAnotherContract(t *testing.T) {
	if contract.takeOut == nil {
		binary, sites := build(t)
		if out, err := changedRun(t, binary, fmt.Sprintf("%s=%d", triesVariable, freeBlanks(t, sites))); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	n, err := strconv.Atoi(os.Getenv(triesVariable))
	if err != nil {
		t.Fatal(err)
	}
	one := openEmbedded(t)
	all := recordSpent(t, one)
	if noticed := replay(t.Context(), openEmbedded(t), all); len(noticed) > 0 {
		t.Errorf("with every check in place: %v", noticed)
	}
	contract.takeOut(n)
	wantNoticed(t, one, openEmbedded(t), all)
}

// freeBlanks is the number of the check that no blank is used twice in the same
// batch or before.
func freeBlanks(t *testing.T, sites []site) int {
	t.Helper()
	n := slices.IndexFunc(sites, func(s site) bool { return s.function == "freeBlanks" })
	if n < 0 {
		t.Fatal("no check that blanks are free")
	}
	return n
}

// recordSpent records every attempt to use a blank that is used.
func recordSpent(t *testing.T, l ledgertest.Ledger) []taken {
	t.Helper()
	return record(t, l, 4, func(w *walk) {
		for _, x := range temptations {
			if x.want == registry.CodeBlankUsed {
				w.tempt(x)
			}
		}
	})
}

// wantNoticed replays on a ledger without the check that blanks are free.
func wantNoticed(t *testing.T, one, two ledgertest.Ledger, all []taken) {
	t.Helper()
	decisions := replay(t.Context(), two, all)
	_, keys, err := compare(t.Context(), one, two, all)
	if err != nil || len(decisions) != 1 || len(keys) == 0 {
		t.Errorf("noticed decisions %v and keys %v (%v)", decisions, keys, err)
	}
}
