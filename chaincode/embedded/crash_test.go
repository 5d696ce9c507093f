package embedded

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// childPath, when set, makes this test binary the process to be killed.
const childPath = "TONGZHENG_TEST_LEDGER_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		if err := stream(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// stream submits issues for ever from several goroutines and prints each
// transaction id before submitting ("try") and after the answer ("ack").
func stream(path string) error {
	l, err := Open(Config{Path: path})
	if err != nil {
		return err
	}
	city := ledgertest.NewCity()
	next := func() registry.Batch {
		return city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue))
	}
	if at, err := l.Height(); err != nil {
		return err
	} else if at == 0 {
		if err := say(l, city.Genesis()); err != nil {
			return err
		}
	}
	for range os.Getpid() % 997 * 7 {
		_ = city.NewLicense() // other serials than the runs before
	}
	var mu sync.Mutex
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				mu.Lock()
				b := next()
				mu.Unlock()
				if err := say(l, b); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

func say(l *Ledger, b registry.Batch) error {
	tx, err := l.Prepare(ctx, b)
	if err != nil {
		return err
	}
	fmt.Printf("try %s\n", tx.ID)
	c, err := l.Submit(ctx, tx)
	if err != nil {
		return err
	}
	fmt.Printf("ack %s %d\n", tx.ID, c.Height)
	return nil
}

// TestKilled really kills a process that submits, several times over one file:
// every acknowledged commit is there exactly once, at its height, and the
// chain holds. The kill comes after so many acknowledgements, with others on
// their way.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	tried, acked := map[string]bool{}, map[string]string{}
	for round := range 5 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childPath+"="+path)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lived, lifetime := 0, 10+round*17
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var word, id, height string
			fmt.Sscan(lines.Text(), &word, &id, &height)
			if len(id) != 64 {
				continue // cut by the kill
			}
			if tried[id] = true; word == "ack" {
				acked[id] = height
				if lived++; lived == lifetime {
					child.Process.Kill()
				}
			}
		}
		if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("round %d: the child ended by itself: %v", round, err)
		}
		checkKilled(t, path, tried, acked)
	}
	t.Logf("%d acknowledged of %d tried", len(acked), len(tried))
}

func checkKilled(t *testing.T, path string, tried map[string]bool, acked map[string]string) {
	t.Helper()
	l, err := Open(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	report, err := l.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	enough := errors.New("enough")
	err = l.Follow(t.Context(), 0, func(c *registry.Commit) error {
		if c == nil {
			return enough
		}
		seen[c.Transaction]++
		if !tried[c.Transaction] {
			t.Errorf("transaction %s was never tried", c.Transaction)
		}
		if height := acked[c.Transaction]; height != "" && height != fmt.Sprint(c.Height) {
			t.Errorf("transaction %s is at %d, was acknowledged at %s", c.Transaction, c.Height, height)
		}
		return nil
	})
	if !errors.Is(err, enough) || len(seen) != int(report.Height) {
		t.Fatalf("%d transactions, %d blocks: %v", len(seen), report.Height, err)
	}
	for id := range acked {
		if seen[id] != 1 {
			t.Errorf("acknowledged transaction %s is there %d times", id, seen[id])
		}
	}
}

// fill makes a small ledger and closes it.
func fill(t *testing.T, path string) {
	t.Helper()
	l := openTest(t, path)
	city := ledgertest.NewCity()
	batches := []registry.Batch{city.Genesis()}
	for range 5 {
		license := city.NewLicense()
		batches = append(batches, city.Batch(ledgertest.MemberXingguo, license.Next(registry.Issue)),
			city.Batch(ledgertest.MemberXingguo, license.Next(registry.Change)))
	}
	for _, b := range batches {
		tx, err := l.Prepare(ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Submit(ctx, tx); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTampered alters stored values one at a time, as an insider with the file
// would, and wants each found and the file named.
func TestTampered(t *testing.T) {
	dir := t.TempDir()
	clean := filepath.Join(dir, "clean")
	fill(t, clean)
	flip := func(bucket []byte, nth int) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error {
			b, cursor := tx.Bucket(bucket), tx.Bucket(bucket).Cursor()
			key, value := cursor.First()
			for range nth {
				key, value = cursor.Next()
			}
			changed := append([]byte(nil), value...)
			changed[len(changed)-1] ^= 1
			return b.Put(append([]byte(nil), key...), changed)
		}
	}
	remove := func(bucket []byte) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error {
			key, _ := tx.Bucket(bucket).Cursor().First()
			return tx.Bucket(bucket).Delete(append([]byte(nil), key...))
		}
	}
	add := func(bucket []byte, key, value string) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error { return tx.Bucket(bucket).Put([]byte(key), []byte(value)) }
	}
	for name, change := range map[string]func(tx *bolt.Tx) error{
		"first block": flip(bucketBlocks, 0), "fourth block": flip(bucketBlocks, 3), "last block": flip(bucketBlocks, 10),
		"state": flip(bucketState, 7), "state at the end": flip(bucketState, 40), "index": flip(bucketTransactions, 2), "head": flip(bucketMeta, 1),
		"a block gone": remove(bucketBlocks), "a value gone": remove(bucketState), "an id gone": remove(bucketTransactions),
		"a value more": add(bucketState, "xingguo\x00lAAAA", "\x00\x00\x00\x00\x00\x00\x00\x01x"), "an id more": add(bucketTransactions, "00", "\x00\x00\x00\x00\x00\x00\x00\x01"),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "altered")
			raw, err := os.ReadFile(clean)
			if err == nil {
				err = os.WriteFile(path, raw, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			db, err := bolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(change), db.Close()); err != nil {
				t.Fatal(err)
			}
			wantDamaged(t, path)
		})
	}
}

// TestFlippedBytes flips bytes of the file itself, inside the values.
func TestFlippedBytes(t *testing.T) {
	dir := t.TempDir()
	clean := filepath.Join(dir, "clean")
	fill(t, clean)
	raw, err := os.ReadFile(clean)
	if err != nil {
		t.Fatal(err)
	}
	needle := []byte("决〔2026〕XG0000003")
	found := 0
	for at := 0; ; {
		i := strings.Index(string(raw[at:]), string(needle))
		if i < 0 {
			break
		}
		at += i + len(needle)
		altered := append([]byte(nil), raw...)
		altered[at-1] = '4'
		path := filepath.Join(t.TempDir(), fmt.Sprint("altered", found))
		if err := os.WriteFile(path, altered, 0o600); err != nil {
			t.Fatal(err)
		}
		// bbolt leaves old copies of pages in the file: those may change.
		if stillClean(t, path) {
			continue
		}
		found++
		wantDamaged(t, path)
	}
	if found == 0 {
		t.Fatal("no live page holds the text")
	}
}

func stillClean(t *testing.T, path string) bool {
	l, err := Open(Config{Path: path, ReadOnly: true})
	if err != nil {
		return false
	}
	defer l.Close()
	_, err = l.Verify(t.Context())
	return err == nil
}

func wantDamaged(t *testing.T, path string) {
	t.Helper()
	l, err := Open(Config{Path: path, ReadOnly: true})
	if err == nil {
		_, err = l.Verify(t.Context())
		defer l.Close()
	}
	if registry.CodeOf(err) != registry.CodeLedgerDamaged || !strings.Contains(err.Error(), path) {
		t.Errorf("not found, or the file not named: %v", err)
	}
}

// TestOneOwner: a second process gets a clear refusal, not a hang.
func TestOneOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	openTest(t, path)
	_, err := Open(Config{Path: path})
	if registry.CodeOf(err) != registry.CodeUnavailable || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second opener: %v", err)
	}
}

func TestClosedAndSetBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	fill(t, path)
	l := openTest(t, path)
	if err := l.Follow(ctx, 99, func(*registry.Commit) error { return nil }); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("following beyond the end: %v", err)
	}
	tx, err := l.Prepare(ctx, ledgertest.NewCity().Genesis())
	if err != nil {
		t.Fatal(err)
	}
	waiting, ended := make(chan bool, 1), make(chan error)
	go func() {
		ended <- l.Follow(ctx, 1, func(c *registry.Commit) error {
			if c == nil {
				select {
				case waiting <- true: // it has read all there is
				default:
				}
			}
			return nil
		})
	}()
	<-waiting
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("a follower of a closed ledger: %v", err)
	}
	if _, err := l.Submit(ctx, tx); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("submitting to a closed ledger: %v", err)
	}
	if _, err := l.Lookup(ctx, registry.Governance, tx.ID); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("asking a closed ledger: %v", err)
	}
}
