package lawtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tongzheng/chaincode"
	"tongzheng/chaincode/embedded"
	"tongzheng/chaincode/gateway"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/network/networktest"
	"tongzheng/registry"
)

// replayed is how many steps of a walk are taken again on a real network. A
// step is several transactions.
const replayed = 500

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
// transaction.
func resubmit(ctx context.Context, l ledgertest.Ledger, one *taken) string {
	for {
		tx, err := l.Prepare(ctx, one.batch)
		var c *registry.Commit
		if err == nil {
			c, err = l.Submit(ctx, tx)
		}
		switch code := registry.CodeOf(err); {
		case code == registry.CodeLedgerConflict && ctx.Err() == nil:
			continue
		case code != one.refused:
			return fmt.Sprintf("refused as a whole with %q, want %q: %v", code, one.refused, err)
		case err == nil && !reflect.DeepEqual(&c.Outcome, one.outcome):
			return fmt.Sprintf("%+v, want %+v", c.Outcome, *one.outcome)
		}
		return ""
	}
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

// openEmbedded is the ledger that walks are recorded on.
func openEmbedded(t *testing.T) *embedded.Ledger {
	t.Helper()
	key := ledgertest.NewKey("checkpoint")
	l, err := embedded.Open(embedded.Config{Path: filepath.Join(t.TempDir(), "ledger"), Key: key.ID, Sign: key.SignRaw})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// openNetwork founds a real network that runs a contract service.
func openNetwork(t *testing.T, service string, environment ...string) *gateway.Ledger {
	t.Helper()
	n := networktest.Start(t, networktest.Options{Chaincode: service, ChaincodeEnv: environment})
	var profiles []string
	for _, member := range []string{ledgertest.MemberCity, ledgertest.MemberXingguo, ledgertest.MemberYudu} {
		profiles = append(profiles, n.ProfilePath(member))
	}
	l, err := gateway.Open(gateway.Config{Profiles: profiles, Settle: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// TestReplayOnFabric takes five hundred steps on the embedded ledger and the
// same ones on a real network: every entry is accepted or refused alike, with
// the same code, and every key holds the same value on both. The dates are the
// walk's own: its rules declare a simulated clock at genesis, which both
// ledgers honor, so that no clock of a machine enters into a decision.
func TestReplayOnFabric(t *testing.T) {
	networktest.Tools(t) // skips with -short before anything is built
	one := openEmbedded(t)
	all := record(t, one, 3, func(w *walk) {
		for step := 0; step < replayed && !t.Failed(); step++ {
			w.step()
		}
	})
	two := openNetwork(t, buildService(t))
	started := time.Now()
	for _, d := range replay(t.Context(), two, all) {
		t.Error(d)
	}
	took := time.Since(started)
	keys, differences, err := compare(t.Context(), one, two, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences {
		t.Error(d)
	}
	t.Logf("%d steps, %d transactions in %s; %d keys compared", replayed, len(all), took.Round(time.Second/10), keys)
}

// TestReplayNoticesAnotherContract replays one forbidden thing on a network
// whose members all run a contract without the check that forbids it: the
// replay names the decision and the keys that differ.
func TestReplayNoticesAnotherContract(t *testing.T) {
	networktest.Tools(t)
	overlay, sites := changedSource(t)
	off := slices.IndexFunc(sites, func(s site) bool { return s.function == "freeBlanks" })
	if off < 0 {
		t.Fatal("no check that blanks are free")
	}
	one := openEmbedded(t)
	all := record(t, one, 4, func(w *walk) {
		for _, x := range temptations {
			if x.want == registry.CodeBlankUsed {
				w.tempt(x)
			}
		}
	})
	two := openNetwork(t, buildService(t, "-overlay", overlay), fmt.Sprintf("LAWTEST_OFF=%d", off))
	decisions := replay(t.Context(), two, all)
	_, keys, err := compare(t.Context(), one, two, all)
	if err != nil || len(decisions) != 1 || len(keys) == 0 {
		t.Errorf("noticed decisions %v and keys %v (%v)", decisions, keys, err)
	}
}

// buildService compiles the contract service.
func buildService(t *testing.T, flags ...string) string {
	t.Helper()
	service := filepath.Join(t.TempDir(), "tongzheng-chaincode")
	arguments := append(append([]string{"build"}, flags...), "-o", service, "tongzheng/cmd/tongzheng-chaincode")
	if out, err := exec.Command("go", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("building the contract service: %v\n%s", err, out)
	}
	return service
}
