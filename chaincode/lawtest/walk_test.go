package lawtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"tongzheng/chaincode"
	"tongzheng/chaincode/embedded"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/soaktest"
)

// walk is one random walk: a city, a ledger, the model, and a source of chance
// that a seed fixes.
type walk struct {
	witness
	*ledgertest.City
	submit  func(b registry.Batch) (*registry.Outcome, error)
	chance  *rand.Rand
	model   *model
	alive   []*ledgertest.License // in no particular state
	town    *ledgertest.Organization
	gone    *ledgertest.Organization // dissolved, and a superior of Xingguo's
	center  *ledgertest.Organization
	bureau  *ledgertest.Organization // a department
	extra   map[string]*registry.Grant
	begin   int64
	serial  int
	service *registry.Service // of Xingguo's registry, as it was set last
	places  int               // named so far: codes of towns are few

	shifting shifting
}

// witness is told what goes wrong: a test, or whoever wants to know whether one
// would fail.
type witness interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// state is a ledger in memory: the contract and nothing else.
type state struct {
	values map[string][]byte
	space  string
}

func (m *state) Read(namespace string, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = m.values[namespace+"/"+key]
	}
	return values, nil
}

func (m *state) Put(key string, value []byte) error {
	m.values[m.space+"/"+key] = value
	return nil
}

// inMemory submits to the contract alone.
func inMemory() func(b registry.Batch) (*registry.Outcome, error) {
	m := &state{values: map[string][]byte{}}
	return func(b registry.Batch) (*registry.Outcome, error) {
		m.space = b.Namespace
		return chaincode.Execute(m, &b)
	}
}

// onLedger submits through the ledger port: any ledger.
func onLedger(l ledgertest.Ledger) func(b registry.Batch) (*registry.Outcome, error) {
	return func(b registry.Batch) (*registry.Outcome, error) {
		tx, err := l.Prepare(context.Background(), b)
		if err != nil {
			return nil, err
		}
		c, err := l.Submit(context.Background(), tx)
		if err != nil {
			return nil, err
		}
		return &c.Outcome, nil
	}
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

// TestShortWalk is what the mutation check runs.
func TestShortWalk(t *testing.T) { shortWalk(t, func(int) {}) }

// shortWalk tries every temptation twice, among ordinary acts, on the contract
// alone. It tells what has just been done: the opening, a temptation by its
// number, or something elsewhere.
func shortWalk(who witness, done func(what int)) {
	beforeTheRules(who)
	underTheFirstRules(who)
	rulingsOnFirstActs(who)
	w := newWalk(who, inMemory(), 1)
	w.tempt(tooMany)
	w.tempt(tooManyPowers)
	done(opening)
	for range 2 {
		for _, i := range w.chance.Perm(len(temptations)) {
			w.ordinary()
			w.govern()
			w.attempt()
			w.reach()
			done(elsewhere)
			w.tempt(temptations[i])
			done(i)
		}
	}
}

// TestLongWalk walks on the embedded ledger: a thousand steps, ten thousand
// with TONGZHENG_EXHAUSTIVE.
func TestLongWalk(t *testing.T) {
	t.Parallel()
	steps := soaktest.Count(1_000, 10_000)
	w := newWalk(t, onLedger(openEmbedded(t)), 2)
	for step := 0; step < steps && !t.Failed(); step++ {
		w.step()
	}
	w.model.report(t, steps)
}

// TestUnknownWalk takes a thousand steps on the contract alone where no walk
// has been before, or where LAWTEST_SEED sends it. With TONGZHENG_EXHAUSTIVE it
// sets out a hundred times.
func TestUnknownWalk(t *testing.T) {
	t.Parallel()
	for range soaktest.Count(1, 100) {
		seed := rand.Uint64()
		if given := os.Getenv(seedVariable); given != "" {
			var err error
			if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%s=%d", seedVariable, seed)
		w := newWalk(t, inMemory(), seed)
		for step := 0; step < 1_000 && !t.Failed(); step++ {
			w.step()
		}
	}
}

// seedVariable takes a walk again that failed.
const seedVariable = "LAWTEST_SEED"

// step does something ordinary, lets powers shift and tries one, or tries
// something forbidden, drawn at random.
func (w *walk) step() {
	w.Helper()
	switch w.chance.IntN(6) {
	case 0, 1:
		w.tempt(temptations[w.chance.IntN(len(temptations))])
	case 2:
		w.later()
		w.govern()
		w.attempt()
		w.reach()
	default:
		w.ordinary()
	}
}

// codes submits entries as one signed batch and returns what became of each.
func (w *walk) codes(namespace string, entries ...*registry.Entry) []registry.Code {
	w.Helper()
	return w.codesOf(w.Batch(namespace, entries...))
}

func (w *walk) codesOf(b registry.Batch) []registry.Code {
	w.Helper()
	outcome, err := w.submit(b)
	if err != nil {
		return []registry.Code{registry.CodeOf(err)}
	}
	w.Note(&registry.Commit{Batch: b, Outcome: *outcome})
	codes := make([]registry.Code, len(outcome.Results))
	for i, r := range outcome.Results {
		if codes[i] = r.Code; r.Accepted() && !r.Repeat {
			if why := w.model.take(b, b.Entries[i]); why != "" {
				w.Errorf("forbidden, and accepted: %s", why)
			}
		}
	}
	return codes
}

// accept wants every entry accepted.
func (w *walk) accept(namespace string, entries ...*registry.Entry) {
	w.Helper()
	for i, code := range w.codes(namespace, entries...) {
		if code != "" {
			w.Fatalf("entry %d refused: %s", i+1, code)
		}
	}
}

// set orders records and wants each accepted.
func (w *walk) set(by *ledgertest.Organization, records ...registry.GovernanceRecord) {
	w.Helper()
	var entries []*registry.Entry
	for _, record := range records {
		entries = append(entries, w.Order(by, record))
	}
	w.accept(registry.Governance, entries...)
}

// later moves the clock on, never far: a walk lasts some days.
func (w *walk) later() { w.Advance(time.Duration(1+w.chance.IntN(60)) * time.Second) }

// ordinary does one thing that the law allows, drawn at random.
func (w *walk) ordinary() {
	w.Helper()
	w.later()
	if len(w.alive) == 0 || w.chance.IntN(5) == 0 {
		l := w.NewLicense()
		w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
		w.alive = append(w.alive, l)
		return
	}
	i := w.chance.IntN(len(w.alive))
	l := w.alive[i]
	rules := slices.DeleteFunc(slices.Clone(registry.Acts()), func(r registry.ActRule) bool { return !w.model.may(l, r.Act) })
	if len(rules) == 0 || len(w.alive) > 200 {
		w.alive = slices.Delete(w.alive, i, i+1)
		return
	}
	rule := rules[w.chance.IntN(len(rules))]
	if rule.Superior && !rule.Act.Rules() && w.chance.IntN(4) == 0 && w.model.superiorMay(l, rule.Act) {
		w.accept(registry.Governance, l.NextOversight(w.County, rule.Act))
		return
	}
	if l.Oversight == nil || l.Oversight.State == registry.StateNone {
		w.accept(l.Namespace, l.Next(rule.Act))
	}
}

// tempt tries one thing that the law forbids and wants it refused as such.
func (w *walk) tempt(x temptation) {
	w.Helper()
	w.later()
	before := w.Now
	got := x.try(w)
	w.Now = max(w.Now, before)
	if len(got) == 0 || got[len(got)-1] != x.want {
		w.Errorf("%s: %q, want %q", x.name, got, x.want)
	}
}

// issued is a fresh license, issued.
func (w *walk) issued() *ledgertest.License {
	w.Helper()
	l := w.NewLicense()
	w.accept(ledgertest.MemberXingguo, l.Next(registry.Issue))
	return l
}

// expired is one whose last day is over and whose renewal nobody applied for.
func (w *walk) expired() *ledgertest.License {
	w.Helper()
	l := w.NewLicense()
	in := l.Intent(registry.Issue)
	in.Decided -= 10 * 24 * 3600
	in.Effective = registry.DateOf(w.Time()) - 10
	in.Expires = in.Effective + 2
	e := w.Entry(in)
	w.accept(ledgertest.MemberXingguo, e)
	if err := l.Accept(e); err != nil {
		w.Fatal(err)
	}
	return l
}

func (w *walk) id(prefix string) string { w.serial++; return fmt.Sprintf("%s-%d", prefix, w.serial) }
