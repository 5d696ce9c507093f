package statusview_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tongzheng/chaincode/embedded"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/statusview"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// childDir, when set, makes this test binary the process to be killed.
const childDir = "TONGZHENG_TEST_VIEW_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := follow(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

type world struct {
	*ledgertest.City
	ledger *embedded.Ledger
	view   *statusview.View
	stop   func()
}

// begin opens ledger and view in a folder and runs the view.
func begin(t testing.TB, dir string) *world {
	t.Helper()
	w := &world{City: ledgertest.NewCity()}
	var err error
	if w.ledger, err = embedded.Open(embedded.Config{Path: filepath.Join(dir, "ledger")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.ledger.Close() })
	w.run(t, dir)
	return w
}

func (w *world) run(t testing.TB, dir string) {
	t.Helper()
	var err error
	if w.view, err = statusview.Open(statusview.Config{Path: filepath.Join(dir, "view"), Ledger: w.ledger, Log: quiet}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.view.Run(ctx) }()
	done := false
	w.stop = func() {
		if done {
			return
		}
		done = true
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the view ended with %v", err)
		}
		if err := w.view.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(w.stop)
}

type fataler interface {
	Helper()
	Fatal(args ...any)
}

func (w *world) submit(t fataler, b registry.Batch) *registry.Commit {
	t.Helper()
	tx, err := w.ledger.Prepare(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.ledger.Submit(context.Background(), tx)
	if err != nil {
		t.Fatal(err)
	}
	w.Note(c)
	return c
}

func (w *world) await(t fataler, height uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := w.view.Await(ctx, height); err != nil {
		t.Fatal(err)
	}
}

// sameAsLedger compares view and ledger for some licenses and every record.
func (w *world) sameAsLedger(t fataler, licenses []*ledgertest.License) {
	t.Helper()
	for _, l := range licenses {
		base := l.Identifier.Base()
		s, err := w.view.Standing(base)
		if err != nil {
			t.Fatal(err)
		}
		var license, oversight any
		if s.License != nil {
			license = s.License
		}
		if s.Oversight != nil {
			oversight = s.Oversight
		}
		w.same(t, l.Namespace, registry.LicenseKey(base), license)
		w.same(t, registry.Governance, registry.LicenseKey(base), oversight)
		want := uint64(0)
		if s.License != nil {
			want = s.License.Sequence
		}
		if s.Oversight != nil {
			want += s.Oversight.Sequence
		}
		if uint64(len(s.Entries)) != want {
			t.Fatal(fmt.Sprintf("%d entries, the ledger has %d", len(s.Entries), want))
		}
	}
	for _, r := range w.Records() {
		record, stored, err := w.view.Record(r.Kind(), r.Name())
		if err != nil || record == nil {
			t.Fatal(r.Kind(), r.Name(), err)
		}
		w.same(t, registry.Governance, registry.RecordKey(r.Kind(), r.Name()), stored)
		orders, err := w.view.Orders(r.Kind(), r.Name())
		if err != nil || uint64(len(orders)) != stored.Sequence || orders[len(orders)-1].Entry.Digest() != stored.Head {
			t.Fatal(r.Kind(), r.Name(), len(orders), err)
		}
	}
}

func (w *world) same(t fataler, namespace, key string, value any) {
	t.Helper()
	values, err := w.ledger.Read(context.Background(), namespace, []string{key})
	if err != nil {
		t.Fatal(err)
	}
	var raw []byte
	if value != nil {
		if raw, err = registry.Encode(value); err != nil {
			t.Fatal(err)
		}
	}
	if string(raw) != string(values[0]) {
		t.Fatal(fmt.Sprintf("view %x, ledger %x", raw, values[0]))
	}
}

// TestViewEqualsLedger: over random batches of acts — allowed, refused,
// repeated, a superior's — the view is what the ledger is.
func TestViewEqualsLedger(t *testing.T) {
	w := begin(t, t.TempDir())
	w.submit(t, w.Genesis())
	rapid.Check(t, func(t *rapid.T) {
		licenses := []*ledgertest.License{w.NewLicense(), w.NewLicense(), w.NewYuduLicense()}
		var last *registry.Commit
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			w.Now += int64(rapid.IntRange(0, 3600).Draw(t, "later"))
			last = w.submit(t, w.draw(t, licenses))
			w.accepted(last, licenses)
		}
		w.await(t, last.Height)
		w.sameAsLedger(t, licenses)
	})
}

// draw makes a batch of one namespace.
func (w *world) draw(t *rapid.T, licenses []*ledgertest.License) registry.Batch {
	namespace := rapid.SampledFrom([]string{ledgertest.MemberXingguo, ledgertest.MemberXingguo, ledgertest.MemberYudu, registry.Governance}).Draw(t, "namespace")
	var entries []*registry.Entry
	for range rapid.IntRange(1, 4).Draw(t, "entries") {
		l := rapid.SampledFrom(licenses).Draw(t, "license")
		act := rapid.SampledFrom(registry.Acts()).Draw(t, "act").Act
		switch {
		case namespace == registry.Governance && rapid.Bool().Draw(t, "order"):
			own := w.Xingguo.Organization
			entries = append(entries, w.Order(w.Xingguo, &own))
		case namespace == registry.Governance:
			entries = append(entries, w.Entry(l.OversightIntent(w.Governing, act)))
		default:
			if l.State == nil && rapid.Bool().Draw(t, "begin") {
				act = registry.Issue
			}
			entries = append(entries, w.Entry(l.Intent(act)))
		}
	}
	return w.Batch(namespace, entries...)
}

// accepted moves the licenses on by what the ledger took.
func (w *world) accepted(c *registry.Commit, licenses []*ledgertest.License) {
	_, indexes := c.Accepted()
	for _, i := range indexes {
		e := c.Batch.Entries[i]
		for _, l := range licenses {
			if e.Intent == nil || e.Intent.Identifier.Base() != l.Identifier.Base() {
				continue
			}
			var err error
			if c.Batch.Namespace == registry.Governance {
				l.Oversight, err = registry.ApplyOversight(l.Oversight, l.State, e)
			} else {
				err = l.Accept(e)
			}
			if err != nil {
				panic(err)
			}
		}
	}
}

func TestReads(t *testing.T) {
	dir := t.TempDir()
	w := begin(t, dir)
	w.submit(t, w.Genesis())
	l := w.NewLicense()
	c := w.submit(t, w.Batch(ledgertest.MemberXingguo, l.Next(registry.Issue)))
	w.await(t, c.Height)
	unknown, err := w.view.Standing(w.NewLicense().Identifier.Base())
	if err != nil || unknown.License != nil || len(unknown.Entries) != 0 {
		t.Errorf("never anchored: %+v %v", unknown, err)
	}
	if record, stored, err := w.view.Record(registry.KindGrant, "none"); record != nil || stored != nil || err != nil {
		t.Error("absent record:", record, stored, err)
	}
	grants, err := w.view.Records(registry.KindGrant)
	if err != nil || len(grants) != 9 || grants[0].Name() > grants[1].Name() {
		t.Errorf("%d grants: %v", len(grants), err)
	}
	printing := c.Batch.Entries[0].Intent.Printings[1]
	number, err := w.view.BlankUsed(ledgertest.MemberXingguo, w.Type, printing.Blank)
	if err != nil || number != printing.Number {
		t.Errorf("blank: printing %d %v", number, err)
	}
	listed := map[uint32]registry.Placed{}
	height, err := w.view.List(t.Context(), printing.List, func(index uint32, p registry.Placed) error {
		listed[index] = p
		return nil
	})
	if err != nil || height != c.Height || len(listed) != 2 || listed[printing.Index].Printing != printing.Number || listed[printing.Index].Identifier != l.Identifier {
		t.Errorf("list at %d: %+v %v", height, listed, err)
	}
	before, err := w.view.Standing(l.Identifier.Base())
	if err != nil {
		t.Fatal(err)
	}
	over := w.submit(t, w.Batch(registry.Governance, l.NextOversight(w.County, registry.Revoke)))
	w.await(t, over.Height)
	after, err := w.view.Standing(l.Identifier.Base())
	if state, cause := after.State(); err != nil || state != registry.Revoked || cause.Act != registry.Revoke {
		t.Errorf("a superior's revocation in the view: %s %v", state, err)
	}
	if state, _ := before.State(); state != registry.Effective {
		t.Error("what was read before changed under the reader")
	}
	if _, err := statusview.Open(statusview.Config{Path: filepath.Join(dir, "view"), Ledger: w.ledger}); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("a second owner: %v", err)
	}
	w.stop()
	readOnly, err := statusview.OpenReadOnly(statusview.Config{Path: filepath.Join(dir, "view")})
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	if s, err := readOnly.Standing(l.Identifier.Base()); err != nil || len(s.Entries) != 2 || readOnly.Height() != over.Height {
		t.Errorf("read only: %+v %v", s, err)
	}
}

// deaf is a ledger that can go out of reach.
type deaf struct {
	*embedded.Ledger
	gone chan struct{}
}

func (d *deaf) Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	select {
	case <-d.gone:
		return registry.Errorf(registry.CodeUnavailable, "", "out of reach")
	default:
	}
	go func() {
		select {
		case <-d.gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := d.Ledger.Follow(ctx, from, fn); ctx.Err() == nil {
		return err
	}
	return registry.Errorf(registry.CodeUnavailable, "", "out of reach")
}

// TestKnowledge: the view says when its knowledge is old, and never before it
// heard of the ledger.
func TestKnowledge(t *testing.T) {
	dir := t.TempDir()
	ledger, err := embedded.Open(embedded.Config{Path: filepath.Join(dir, "ledger")})
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	d := &deaf{Ledger: ledger, gone: make(chan struct{})}
	v, err := statusview.Open(statusview.Config{Path: filepath.Join(dir, "view"), Ledger: d, StaleAfter: 2 * time.Second, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if k := v.Knowledge(time.Now()); !k.Stale || k.Reason == "" {
		t.Errorf("before anything was heard: %+v", k)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- v.Run(ctx) }()
	wait := func(stale bool) registry.Knowledge {
		t.Helper()
		for range 100 {
			if k := v.Knowledge(time.Now()); k.Stale == stale {
				return k
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("stale never became %v: %+v", stale, v.Knowledge(time.Now()))
		return registry.Knowledge{}
	}
	if k := wait(false); k.Reason != "" || time.Since(k.AsOf) > time.Second {
		t.Errorf("fresh: %+v", k)
	}
	time.Sleep(2500 * time.Millisecond) // heartbeats alone keep it fresh
	wait(false)
	close(d.gone)
	if k := wait(true); !strings.Contains(k.Reason, "out of reach") || k.AsOf.IsZero() {
		t.Errorf("out of reach: %+v", k)
	}
	if err := v.Await(func() context.Context {
		c, done := context.WithTimeout(ctx, 10*time.Millisecond)
		t.Cleanup(done)
		return c
	}(), 5); registry.CodeOf(err) != registry.CodeTimeout {
		t.Errorf("waiting for what does not come: %v", err)
	}
	cancel()
	<-ended
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAnotherLedger: a view follows the ledger that it was built from, or
// says that it does not.
func TestAnotherLedger(t *testing.T) {
	dir := t.TempDir()
	w := begin(t, dir)
	w.submit(t, w.Genesis())
	c := w.submit(t, w.Batch(ledgertest.MemberXingguo, w.NewLicense().Next(registry.Issue)))
	w.await(t, c.Height)
	w.stop()
	for name, blocks := range map[string]int{"set back by one": 1, "continued otherwise": 3, "empty": 0} {
		t.Run(name, func(t *testing.T) {
			other, err := embedded.Open(embedded.Config{Path: filepath.Join(t.TempDir(), "ledger")})
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			city := ledgertest.NewCity()
			ow := &world{City: city, ledger: other}
			for i := range blocks {
				if i == 0 {
					ow.submit(t, city.Genesis())
					continue
				}
				ow.submit(t, city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue)))
			}
			v, err := statusview.Open(statusview.Config{Path: filepath.Join(dir, "view"), Ledger: other, Log: quiet})
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := v.Run(ctx); registry.CodeOf(err) != registry.CodeLedgerDamaged && registry.CodeOf(err) != registry.CodeNotFound {
				t.Errorf("followed another ledger: %v", err)
			}
			if k := v.Knowledge(time.Now().Add(time.Hour)); !k.Stale || !strings.Contains(k.Reason, "disagree") {
				t.Errorf("%+v", k)
			}
		})
	}
}

// follow is the child: it follows the ledger that the parent copied, saying
// each height that it has seen.
func follow(dir string) error {
	ledger, err := embedded.Open(embedded.Config{Path: filepath.Join(dir, "ledger"), ReadOnly: true})
	if err != nil {
		return err
	}
	v, err := statusview.Open(statusview.Config{Path: filepath.Join(dir, "view"), Ledger: ledger, Log: quiet})
	if err != nil {
		return err
	}
	go func() {
		for height := v.Height(); ; height = v.Height() + 1 {
			if v.Await(context.Background(), height) == nil {
				fmt.Printf("seen %d\n", height)
			}
		}
	}()
	return v.Run(context.Background())
}

// TestKilled really kills a process that builds the view, again and again:
// each time the view goes on where it stopped, and in the end nothing is
// missing and nothing is there twice.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	ledger, err := embedded.Open(embedded.Config{Path: filepath.Join(dir, "ledger")})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{City: ledgertest.NewCity(), ledger: ledger}
	w.submit(t, w.Genesis())
	var licenses []*ledgertest.License
	var last *registry.Commit
	for range 400 {
		l := w.NewLicense()
		licenses = append(licenses, l)
		last = w.submit(t, w.Batch(ledgertest.MemberXingguo, l.Next(registry.Issue), l.Next(registry.Annotate)))
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	kills := 0
	for round := 0; round < 30; round++ {
		before := kill(t, dir, time.Duration(20+round*12)*time.Millisecond)
		kills++
		if before >= last.Height {
			break
		}
	}
	w = begin(t, dir)
	t.Logf("killed %d times; %d of %d blocks were in the view then", kills, w.view.Height(), last.Height)
	w.await(t, last.Height)
	w.sameAsLedger(t, licenses)
}

// kill runs the child for a while and returns the last height that it said.
func kill(t *testing.T, dir string, after time.Duration) (height uint64) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(after, func() { child.Process.Kill() }).Stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Sscanf(lines.Text(), "seen %d", &height)
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return height
}

// TestReplacing: an issue that replaces a license is known with that license, from
// the issue on; a file from before there were any takes it in, too.
func TestReplacing(t *testing.T) {
	w := begin(t, t.TempDir())
	w.submit(t, w.Genesis())
	old := w.NewLicense()
	old.Place = "360732118"
	c := w.submit(t, w.Batch(ledgertest.MemberXingguo, old.Next(registry.Issue)))
	w.await(t, c.Height)
	if s, err := w.view.Standing(old.Identifier.Base()); err != nil || s.Replacing != nil {
		t.Fatalf("%+v %v", s, err)
	}
	made := w.NewYuduLicense()
	made.Place = old.Place
	made.Grant = w.handedOver(t, old.Place)
	issue, closing := made.Replaced(old, registry.Change)
	c = w.submit(t, w.Batch(ledgertest.MemberYudu, issue))
	w.await(t, c.Height)
	s, err := w.view.Standing(old.Identifier.Base())
	if state, _ := s.State(); err != nil || s.Replacing == nil || *s.Replacing != made.Identifier || state != registry.Effective {
		t.Fatalf("issued: %+v %v", s, err)
	}
	c = w.submit(t, w.Batch(registry.Governance, closing))
	w.await(t, c.Height)
	s, err = w.view.Standing(old.Identifier.Base())
	if by := s.ReplacedBy(); err != nil || by == nil || *by != made.Identifier || len(s.Entries) != 2 {
		t.Fatalf("closed: %+v %v", s, err)
	}
}

// handedOver hands a place of Xingguo's over to Yudu.
func (w *world) handedOver(t *testing.T, place string) string {
	t.Helper()
	g := &registry.Grant{ID: "g-taken", Matter: ledgertest.Matter, Mode: registry.ModeDirect, Source: w.Xingguo.Code, Decider: w.Yudu.Code, Acceptor: w.Yudu.Code,
		Territory: place, Document: "测试", Effective: w.Now - 3600, RecallBy: w.Governing.Code}
	h := &registry.Handover{ID: "h-taken", From: []string{w.Xingguo.Code}, To: w.Yudu.Code, Document: "交接书", Begins: []string{g.ID}, Archives: registry.ArchivesStay,
		Signed: w.Now, Succeeds: []string{registry.SuccessionName(w.Xingguo.Code, ledgertest.Matter, place)}}
	ledgertest.SignHandover(h, w.Xingguo.Code, registry.SideFrom, nil)
	ledgertest.SignHandover(h, w.Yudu.Code, registry.SideTo, nil)
	ledgertest.SignHandover(h, w.Governing.Code, registry.SideWitness, nil)
	started := *h
	started.Start = w.Now
	for _, r := range []registry.GovernanceRecord{g, h, &started} {
		w.submit(t, w.Batch(registry.Governance, w.Order(w.Governing, r)))
	}
	return g.ID
}
