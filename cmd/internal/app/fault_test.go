package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/soaktest"
)

// A fault is put between the office and one of its ports: at the named call
// the process is killed (before or after the call), or the call fails although
// (persisted) or because (failed) nothing was written.
type fault struct{ call, mode string }

const faultVariable = "TONGZHENG_TEST_FAULT"

// killedInStream kills the process while a stream of licenses runs, shortly
// after the call was made for the streamCalls-th time.
const (
	killedInStream = "killed in the stream"
	streamCalls    = 6
	streamLength   = 40
)

var streamed atomic.Int64

// times counts how often the fault struck; struckTwice is closed at the second.
var (
	times       atomic.Int64
	struckTwice = make(chan struct{})
)

func (f fault) String() string { return f.call + ":" + f.mode }

// strike surrounds one external write.
func (f fault) strike(call string, do func() error) error {
	if call != f.call {
		return do()
	}
	if times.Add(1) == 2 {
		close(struckTwice)
	}
	if after, ok := strings.CutPrefix(f.mode, "killed amid "); ok {
		d, err := time.ParseDuration(after)
		if err != nil {
			panic(err)
		}
		time.AfterFunc(d, die)
	}
	switch f.mode {
	case killedInStream:
		if streamed.Add(1) == streamCalls {
			time.AfterFunc(60*time.Millisecond, die)
		}
	case "killed before":
		die()
	case "failed":
		return errors.New("test fault: the call failed")
	}
	err := do()
	switch f.mode {
	case "killed after":
		die()
	case "persisted":
		if err == nil {
			err = errors.New("test fault: the call failed after it had persisted")
		}
	}
	return err
}

// die is kill -9: no deferred call runs, nothing is flushed.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

type faultyActs struct {
	office.ActStore
	fault
}

type faultyQueue struct {
	office.AnchorQueue
	fault
}

func (s *faultyActs) Reserve(ctx context.Context, r office.Reservation) error {
	return s.strike("reserve", func() error { return s.ActStore.Reserve(ctx, r) })
}

func (s *faultyActs) AddApproval(ctx context.Context, intent sm.Digest, have int, a registry.Approval, complete bool, by registry.Actor) (p *office.Proceeding, err error) {
	call := "approval"
	if complete {
		call = "last approval"
	}
	err = s.strike(call, func() (e error) { p, e = s.ActStore.AddApproval(ctx, intent, have, a, complete, by); return })
	return p, err
}

func (s *faultyQueue) Sealed(ctx context.Context, act office.SealedAct) error {
	return s.strike("sealed", func() error { return s.AnchorQueue.Sealed(ctx, act) })
}

func (s *faultyQueue) Submitting(ctx context.Context, intents []sm.Digest, tx string) error {
	return s.strike("submitting", func() error { return s.AnchorQueue.Submitting(ctx, intents, tx) })
}

func (s *faultyQueue) Anchored(ctx context.Context, intent sm.Digest, r *registry.Receipt, after *registry.License) error {
	return s.strike("anchored", func() error { return s.AnchorQueue.Anchored(ctx, intent, r, after) })
}

type faultySealer struct {
	office.Sealer
	fault
}

func (s *faultySealer) Seal(ctx context.Context, job registry.SealJob) (result *registry.SealResult, err error) {
	err = s.strike("signer", func() (e error) { result, e = s.Sealer.Seal(ctx, job); return })
	return result, err
}

type faultyLedger struct {
	office.Ledger
	fault
}

func (l *faultyLedger) Submit(ctx context.Context, tx registry.Transaction) (commit *registry.Commit, err error) {
	err = l.strike("ledger", func() (e error) { commit, e = l.Ledger.Submit(ctx, tx); return })
	return commit, err
}

// wrap arms the fault for as long as the process lives.
func (f fault) wrap(p *office.Ports, told *office.Config) {
	p.Acts = &faultyActs{p.Acts, f}
	p.Queue = &faultyQueue{p.Queue, f}
	p.Sealer = &faultySealer{p.Sealer, f}
	p.Ledger = &faultyLedger{p.Ledger, f}
	told.RetryWait = 50 * time.Millisecond
	told.LeaseFor = 2 * time.Second
}

// faults: before and after each commit, after the signer persisted, after the
// ledger committed; every external write also as failed, and as failed but
// persisted.
func faults() []fault {
	var all []fault
	for _, call := range []string{"reserve", "approval", "last approval", "signer", "sealed", "submitting", "ledger", "anchored"} {
		for _, mode := range []string{"killed before", "killed after", "failed", "persisted"} {
			all = append(all, fault{call, mode})
		}
	}
	return all
}

// TestFaults: whatever is struck, after a restart the license reaches its end
// exactly once, with one sealed file only. The database server goes on. Killed after
// the last approval, the request that would have sealed is gone: the worker of the
// next process seals, once office.SealFirst is over.
func TestFaults(t *testing.T) {
	if os.Getenv(faultVariable) != "" {
		return
	}
	for _, f := range faults() {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			at := ownPlace(t)
			struckProcess(t, at, f, 0)
			a := openFor(t, at, nil)
			defer a.Close()
			once(t, a, 0)
		})
	}
}

// TestFaultsWithDatabase: registry and database server are killed together, as
// when a machine loses its power; what was committed is on disk. make soak
// kills before each call as well.
func TestFaultsWithDatabase(t *testing.T) {
	t.Parallel()
	if os.Getenv(faultVariable) != "" {
		return
	}
	at := place{Data: reachable(t), PublicURL: "http://localhost:1"}
	if err := citytest.Seed(at.config()); err != nil {
		t.Fatal(err)
	}
	for i, f := range faults() {
		if f.mode != "killed after" && (f.mode != "killed before" || !soaktest.Asked()) {
			continue
		}
		t.Run(f.String(), func(t *testing.T) {
			struckProcess(t, at, f, i)
			a := openFor(t, at, nil)
			defer a.Close()
			once(t, a, i)
		})
	}
}

// reachable is a new data folder in which the account that runs a database
// server can have its own.
func reachable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "tzd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil { // its name is known to nobody else, its files are closed
		t.Fatal(err)
	}
	return dir
}

// struckProcess issues license number i in a process that the fault strikes.
func struckProcess(t *testing.T, at place, f fault, i int) {
	t.Helper()
	raw, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestFaultChild$", "-test.v")
	child.Env = append(os.Environ(), faultVariable+"="+f.String(), fmt.Sprintf("TONGZHENG_TEST_NUMBER=%d", i), placeVariable+"="+string(raw))
	out, err := child.CombinedOutput()
	var exited *exec.ExitError
	killed := errors.As(err, &exited) && exited.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
	if strings.HasPrefix(f.mode, "killed") != killed {
		t.Fatalf("child: %v\n%s", err, out)
	}
}

// TestFaultChild runs in the process that is struck.
func TestFaultChild(t *testing.T) {
	call, mode, ok := strings.Cut(os.Getenv(faultVariable), ":")
	if !ok {
		return // started by TestFaults only
	}
	f := fault{call, mode}
	var number int
	fmt.Sscanf(os.Getenv("TONGZHENG_TEST_NUMBER"), "%d", &number)
	var at place
	if err := json.Unmarshal([]byte(os.Getenv(placeVariable)), &at); err != nil {
		t.Fatal(err)
	}
	a := openFor(t, at, f.wrap)
	defer a.Close()
	// It ends when it is killed, when the license is through, or when the call
	// failed a second time, as it would for ever.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if !strings.HasPrefix(mode, "killed") {
		go func() {
			select {
			case <-struckTwice:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	if mode == killedInStream {
		issueStream(ctx, a, number)
	}
	_, err := issueOne(ctx, a, number)
	t.Log("the struck process saw:", err)
	if strings.HasPrefix(mode, "killed") {
		<-ctx.Done() // death may come a moment later
	}
	if times.Load() == 0 {
		t.Error("the fault did not strike")
	}
}

// issueStream issues licenses from a number on, four at once.
func issueStream(ctx context.Context, a *app.App, first int) {
	var clerks sync.WaitGroup
	for clerk := range 4 {
		clerks.Go(func() {
			for i := first + clerk; i < first+streamLength && ctx.Err() == nil; i += 4 {
				_, _ = issueOne(ctx, a, i)
			}
		})
	}
	clerks.Wait()
}

// place is where an instance is, for the process that is struck to open too.
type place struct {
	Data, DatabaseURL, OwnerURL, Ledger, Signer, PublicURL string
}

const placeVariable = "TONGZHENG_TEST_PLACE"

func placeOf(c app.Config) place {
	return place{c.Data, c.DatabaseURL, c.OwnerURL, c.Ledger, c.Signer, c.PublicURL}
}

func (p place) config() app.Config {
	return app.Config{Data: p.Data, DatabaseURL: p.DatabaseURL, OwnerURL: p.OwnerURL, Ledger: p.Ledger, Signer: p.Signer, PublicURL: p.PublicURL, Listen: "127.0.0.1:0"}
}

// ownPlace is a demonstration city that nobody else uses.
func ownPlace(t *testing.T) place {
	t.Helper()
	return placeOf(citytest.Lend(t, app.Config{}))
}

func openFor(t *testing.T, at place, wrap func(*office.Ports, *office.Config)) *app.App {
	t.Helper()
	config := at.config()
	config.Wrap, config.Log = wrap, testLog()
	a, err := demo.Open(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// issueOne issues license number i, or goes on with it: the idempotency key is
// the same every time.
func issueOne(ctx context.Context, a *app.App, i int) (*office.Proceeding, error) {
	return issueUnder(ctx, a, i, "xg-approval-seal")
}

// issueUnder is issueOne with another seal.
func issueUnder(ctx context.Context, a *app.App, i int, seal string) (*office.Proceeding, error) {
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		return nil, err
	}
	acceptor, err := city.Account("xg-acceptor")
	if err != nil {
		return nil, err
	}
	by := acceptor.Actor()
	asked := application(a, acceptor.Code, i)
	asked.Seal = seal
	p, err := a.Office.Issuing.Propose(ctx, by, asked, office.Idempotency{Client: "test", Operation: "issue", Key: fmt.Sprint(i)})
	if err != nil {
		return nil, err
	}
	for _, login := range []string{"xg-acceptor", "xg-approver"} {
		account, err := city.Account(login)
		if err != nil {
			return nil, err
		}
		if p.Step != office.StepReserved || signedBy(p, account.KeyID) {
			continue
		}
		key, err := person.Key(filepath.Join(a.Config.Data, account.KeyFile))
		if err != nil {
			return nil, err
		}
		approval, err := person.Approve(key, p.Digest)
		if err != nil {
			return nil, err
		}
		if p, err = a.Office.Issuing.Approve(ctx, account.Actor(), p.Digest, approval); err != nil {
			return nil, err
		}
	}
	return a.Office.Reading.Wait(ctx, by, p.Digest)
}

func signedBy(p *office.Proceeding, id sm.KeyID) bool {
	for _, a := range p.Approvals {
		if a.KeyID == id {
			return true
		}
	}
	return false
}

func holderOf(i int) string { return fmt.Sprintf("兴国县断电演示%02d号店", i) }

func application(a *app.App, organization string, i int) registry.Application {
	today := registry.DateOf(a.Config.Clock())
	first := fmt.Sprintf("91360732DEM2%05d", i)
	return registry.Application{Act: registry.Issue, Type: "11100000MB0143028R003", Grant: "xg-direct-001", Organization: organization, Ground: "applied",
		Decision: fmt.Sprintf("兴审食准〔2026〕7%03d号", i), Case: fmt.Sprintf("XG2026-7%03d", i), Seal: "xg-approval-seal",
		Holder: registry.Holder{Name: holderOf(i), Code: first + string(registry.USCCCheck(first)), CodeType: "001"},
		Fields: map[string]string{"KZ_FDDBR": "演示负责人", "KZ_ZS": "兴国县演示路", "KZ_JYCS": "兴国县演示路一层",
			"KZ_ZTYT": "餐饮服务经营者", "KZ_JYXM": "热食类食品制售", "KZ_TSJBDH": "12315"},
		Effective: today, Expires: today.AddYears(5) - 1,
		Copies: []registry.CopyRequest{{Copy: registry.Original, Blank: registry.Blank{Form: "SPJY-ZB", Run: "2024-01", Number: fmt.Sprintf("JX%08d", 1000+i)}}}}
}

// once: one license, one entry, one sealed file, released.
func once(t *testing.T, a *app.App, i int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := issueOne(ctx, a, i)
	if err != nil || p.Step != office.StepAnchored {
		t.Fatalf("after the restart: %+v %v", p, err)
	}
	page, err := a.Store.Search(ctx, office.SearchQuery{Text: holderOf(i), Limit: 10})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("want one license of %s: %+v %v", holderOf(i), page, err)
	}
	base := p.Intent.Identifier.Base()
	standing, err := a.View.Standing(base)
	if err != nil || len(standing.Entries) != 1 || standing.License.Sequence != 1 {
		t.Fatalf("want one entry on the ledger: %+v %v", standing, err)
	}
	version, err := a.Office.Papers.Document(ctx, deciders(&p.Intent), p.Intent.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	report, err := a.Ports.Checker.Document(version.Sealed, time.Now())
	if err != nil || report.SealDigest != standing.Entries[0].Entry.Seal || p.Entry.Digest() != standing.License.Head {
		t.Fatalf("the released file is not the one on the ledger: %v", err)
	}
	history, err := a.Store.History(ctx, base)
	if err != nil || len(history) != 1 {
		t.Fatalf("want one proceeding: %d %v", len(history), err)
	}
}
