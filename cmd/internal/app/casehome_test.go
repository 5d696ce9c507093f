package app_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// crossing are the registries of a city and of a county that work on the cases of one
// review grant: the county accepts, examines and asks for the seal, the city confirms it
// and decides.
type crossing struct {
	*exchanging
	grant  *registry.Grant
	faults map[*citytest.Neighbor]*struckCases
}

const (
	reviewGrant  = "xg-review-003"
	caseOfBefore = "兴教受〔2026〕0号" // begun before the two exchange anything
)

func crossingMembers(t *testing.T) *crossing {
	t.Helper()
	faults := map[string]*struckCases{citytest.City: {}, citytest.Xingguo: {}}
	city, county := citytest.Neighbors(t, func(member string, config *citytest.Config) {
		config.ExchangeListen, config.LibraryEvery = "127.0.0.1:0", time.Hour
		config.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
		config.Wrap = faults[member].wrap
	})
	x := &crossing{exchanging: &exchanging{city: city, county: county}, faults: map[*citytest.Neighbor]*struckCases{city: faults[citytest.City], county: faults[citytest.Xingguo]}}
	record, _, err := city.View.Record(registry.KindGrant, reviewGrant)
	if err != nil || record == nil {
		t.Fatalf("no grant: %v", err)
	}
	agreed := *record.(*registry.Grant)
	agreed.Agreement, agreed.Agreed = "演示协议〔2026〕1号", time.Now().Unix()-1
	x.record(t, &agreed)
	x.grant = &agreed
	x.accepted(t, caseOfBefore)
	x.order(t, city, "")
	x.order(t, county, "")
	return x
}

// struckCases strikes a call on the way of a case between registries: before anything was
// done, or after all was.
type struckCases struct {
	strikes
	exchange office.CaseExchange
	store    office.CaseStore
	ledger   office.Ledger
	away     bool                        // the other registry cannot be reached
	refusing registry.Code               // of the ledger, for orders
	held     func(context.Context) error // done as soon as a step is held
	lost     func()                      // done when an answer of the home was lost
}

func (f *struckCases) wrap(p *office.Ports, told *office.Config) {
	f.exchange, f.store, f.ledger = p.CaseExchange, p.Cases, p.Ledger
	p.CaseExchange, p.Cases, p.Ledger = struckExchange{p.CaseExchange, f}, struckStore{p.Cases, f}, struckLedger{p.Ledger, f}
	told.RetryWait = 30 * time.Millisecond
}

// next arms the faults; an empty call disarms them.
func (f *struckCases) next(call, mode string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.call, f.mode, f.struck = call, mode, false
}

func (f *struckCases) hit() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.struck
}

func (f *struckCases) setAway(away bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = away
}

// refuse has the ledger answer orders with a code; empty: as it is.
func (f *struckCases) refuse(code registry.Code) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refusing = code
}

func (f *struckCases) refuses() registry.Code {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refusing
}

// setHeld has something done as soon as a step is held, before whoever took it goes on.
func (f *struckCases) setHeld(then func(context.Context) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = then
}

func (f *struckCases) onceHeld() func(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.held
}

// setLost has something done when an answer of the home was lost, before whoever waited for
// it goes on.
func (f *struckCases) setLost(then func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost = then
}

func (f *struckCases) onceLost() func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

func (f *struckCases) isAway() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.away
}

type struckExchange struct {
	office.CaseExchange
	f *struckCases
}

func (s struckExchange) Submit(ctx context.Context, to, from string, body []byte) (answer []byte, err error) {
	if s.f.isAway() {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "test: away")
	}
	err = s.f.strike("submit", func() (e error) { answer, e = s.CaseExchange.Submit(ctx, to, from, body); return })
	if lost := s.f.onceLost(); err == errStruck && lost != nil {
		lost()
	}
	if err == errStruck {
		err = registry.Errorf(registry.CodeUnavailable, "", "test: broke off")
	}
	return answer, err
}

type struckStore struct {
	office.CaseStore
	f *struckCases
}

func (s struckStore) AddCaseSteps(ctx context.Context, add office.CaseAddition) error {
	return s.f.strike("add", func() error { return s.CaseStore.AddCaseSteps(ctx, add) })
}

func (s struckStore) HoldStep(ctx context.Context, h office.HeldStep, over sm.Digest) error {
	err := s.f.strike("hold", func() error { return s.CaseStore.HoldStep(ctx, h, over) })
	if then := s.f.onceHeld(); err == nil && then != nil {
		err = then(ctx)
	}
	return err
}

func (s struckStore) MoveHeld(ctx context.Context, step sm.Digest, to office.HeldState, code registry.Code, detail string) error {
	return s.f.strike("move", func() error { return s.CaseStore.MoveHeld(ctx, step, to, code, detail) })
}

type struckLedger struct {
	office.Ledger
	f *struckCases
}

func (s struckLedger) Submit(ctx context.Context, tx registry.Transaction) (commit *registry.Commit, err error) {
	if tx.Batch.Namespace != registry.Governance {
		return s.Ledger.Submit(ctx, tx)
	}
	if code := s.f.refuses(); code != "" {
		return nil, registry.Errorf(code, "", "test: refused")
	}
	err = s.f.strike("ledger", func() (e error) { commit, e = s.Ledger.Submit(ctx, tx); return })
	if err == errStruck {
		err = registry.Errorf(registry.CodeUnavailable, "", "test: no answer")
	}
	return commit, err
}

// signedStep is a step that an account's person has signed at its registry.
func (x *crossing) signedStep(t *testing.T, n *citytest.Neighbor, login string, s registry.CaseStatement, content string) (registry.Actor, registry.CaseStep, error) {
	t.Helper()
	who, err := n.Demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	s.Grant, s.Organization = x.grant.ID, who.Code
	next, err := n.Office.Cases.Next(t.Context(), who.Actor(), s, content)
	if err != nil {
		return who.Actor(), registry.CaseStep{}, err
	}
	return who.Actor(), x.sign(t, n, login, *next, content), nil
}

func (x *crossing) sign(t *testing.T, n *citytest.Neighbor, login string, s registry.CaseStatement, content string) registry.CaseStep {
	t.Helper()
	who, err := n.Demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := s.Digest()
	if err != nil {
		t.Fatal(err)
	}
	key, err := person.Key(filepath.Join(n.Config.Data, who.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	approval, err := person.Approve(key, digest)
	if err != nil {
		t.Fatal(err)
	}
	return registry.CaseStep{Statement: s, Approval: approval, Content: content}
}

// take has an account take a step at its registry.
func (x *crossing) take(t *testing.T, n *citytest.Neighbor, login string, s registry.CaseStatement, content string) (*registry.CaseFile, error) {
	t.Helper()
	by, step, err := x.signedStep(t, n, login, s, content)
	if err != nil {
		return nil, err
	}
	return n.Office.Cases.Record(t.Context(), by, step)
}

func (x *crossing) must(t *testing.T, n *citytest.Neighbor, login string, s registry.CaseStatement, content string) *registry.CaseFile {
	t.Helper()
	f, err := x.take(t, n, login, s, content)
	if err != nil {
		t.Fatalf("%s by %s: %v", s.Kind, login, err)
	}
	return f
}

// at waits until a registry has so many steps of a file.
func (x *crossing) at(t *testing.T, n *citytest.Neighbor, number string, steps int) *office.KeptCase {
	t.Helper()
	var kept *office.KeptCase
	eventually(t, n.Member+" has the steps of "+number, func() (is bool) {
		var err error
		kept, err = n.Store.Cases.Case(t.Context(), x.grant.ID, number)
		return err == nil && len(kept.Steps) == steps && kept.Held == nil
	})
	return kept
}

// accepted begins a case at the county up to its acceptance.
func (x *crossing) accepted(t *testing.T, number string) {
	t.Helper()
	now := time.Now().Unix()
	x.must(t, x.county, "xg-acceptor", registry.CaseStatement{Case: number, Kind: registry.CaseReceive, Received: now - 60, Channel: registry.ChannelCounter,
		Items: []registry.CaseItem{{Name: "办学许可申请书"}}}, "")
	x.must(t, x.county, "xg-acceptor", registry.CaseStatement{Case: number, Kind: registry.CaseAccept, Days: 15}, "")
}

// asks brings it to the county's request for the seal.
func (x *crossing) asks(t *testing.T, number string) {
	t.Helper()
	x.must(t, x.county, "xg-examiner", registry.CaseStatement{Case: number, Kind: registry.CaseExamine, Result: registry.Forward}, "符合条件")
	x.must(t, x.county, "xg-examiner", registry.CaseStatement{Case: number, Kind: registry.CaseSealRequest}, "")
}

// examination is what a registry's view has of a case.
func (x *crossing) examination(t *testing.T, n *citytest.Neighbor, number string) *registry.Examination {
	t.Helper()
	record, _, err := n.View.Record(registry.KindExamination, registry.ExaminationName(x.grant.ID, number))
	if err != nil {
		t.Fatal(err)
	}
	is, _ := record.(*registry.Examination)
	return is
}

// seen is the file as an account reads it.
func (x *crossing) seen(t *testing.T, n *citytest.Neighbor, login, number string) (*registry.CaseFile, error) {
	t.Helper()
	who, err := n.Demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	return n.Office.Cases.File(t.Context(), who.Actor(), x.grant.ID, number)
}

// TestCaseAcross: a review case over two registries, from the receipt at the county's
// counter to the license that the city sealed and whose result the county sees; the city
// and who is invited see the file, a stranger does not; what the home does not answer is
// not stored; faults at every call end with one file, the same at both.
func TestCaseAcross(t *testing.T) {
	t.Parallel()
	x := crossingMembers(t)
	t.Run("begun before", func(t *testing.T) { x.at(t, x.city, caseOfBefore, 2) })
	t.Run("whole", x.whole)
	t.Run("away", x.homeAway)
	t.Run("held", x.held)
	t.Run("refused", x.refusedSteps)
	t.Run("overtaken", x.overtaken)
	t.Run("refused later", x.refusedLater)
	t.Run("faults", x.caseFaults)
	t.Run("lies", x.caseLies)
}

func (x *crossing) whole(t *testing.T) {
	const number = "兴教受〔2026〕1号"
	x.accepted(t, number)
	x.at(t, x.city, number, 2)
	f, err := x.seen(t, x.city, "gz-education-seal", number)
	if err != nil || f.Home != citytest.Xingguo || f.Stage != registry.CaseAccept || f.Due == 0 {
		t.Fatalf("the city's copy: %+v %v", f, err)
	}
	if own, err := x.seen(t, x.county, "xg-acceptor", number); err != nil || own.Home != "" || own.Digest != f.Digest {
		t.Errorf("the county's own file: %+v %v", own, err)
	}
	if n := execute(t, ownerOf(t, x.city), `SELECT FROM audit WHERE operation = 'read case' AND subject LIKE '%' || $1`, number); n == 0 {
		t.Error("the reading of the copy is not written down")
	}
	// Who is not in the case does not find it; who is invited does, and answers from the city.
	for _, login := range []string{"gz-water-examiner", "gz-market-examiner"} {
		if _, err := x.seen(t, x.city, login, number); registry.CodeOf(err) != registry.CodeNotFound {
			t.Errorf("%s: %v", login, err)
		}
	}
	market := organizationOf(t, x.city, "gz-market-examiner")
	x.must(t, x.county, "xg-acceptor", registry.CaseStatement{Case: number, Kind: registry.CaseInvite, Invited: market, Purpose: registry.InviteConsult, Due: registry.DateOf(time.Now()) + 5}, "")
	x.at(t, x.city, number, 3)
	x.waits(t, x.city, "gz-market-examiner", number, registry.CaseOpinion)
	if _, err := x.seen(t, x.city, "gz-water-examiner", number); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("a stranger: %v", err)
	}
	x.must(t, x.city, "gz-market-examiner", registry.CaseStatement{Case: number, Kind: registry.CaseOpinion}, "无不同意见")
	if kept := x.at(t, x.county, number, 4); kept.Steps[3].Content != "无不同意见" {
		t.Errorf("the county has %+v", kept.Steps[3])
	}
	// The county examines and asks for the seal: a task at the city.
	x.asks(t, number)
	x.at(t, x.city, number, 6)
	x.waits(t, x.city, "gz-education-seal", number, registry.CaseSealConfirm)
	f, err = x.seen(t, x.county, "xg-examiner", number)
	if err != nil {
		t.Fatal(err)
	}
	if w := f.Waits(x.grant); len(w) != 1 || w[0].Organization != x.grant.Decider || w[0].Due != f.Clock.DecideBy || w[0].Due == 0 {
		t.Errorf("the county sees that it waits for %+v", w)
	}
	// The city confirms: the ledger, then both files.
	f = x.must(t, x.city, "gz-education-seal", registry.CaseStatement{Case: number, Kind: registry.CaseSealConfirm}, "")
	if f.Stage != registry.CaseSealConfirm || x.examination(t, x.city, number).Confirmed == 0 {
		t.Errorf("confirmed: %+v", f)
	}
	x.at(t, x.county, number, 7)
	x.decides(t, number)
}

// waits checks that a case is among an account's tasks.
func (x *crossing) waits(t *testing.T, n *citytest.Neighbor, login, number string, kind registry.CaseKind) {
	t.Helper()
	who, err := n.Demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := n.Office.Reading.Tasks(t.Context(), who.Actor())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(tasks, func(task office.Task) bool {
		return task.Kind == office.TaskCase && task.Case == number && task.Grant == x.grant.ID && task.Awaits == kind && task.Due != 0 && task.Organization == who.Code
	}) {
		t.Errorf("%s has no task %s of %s: %+v", login, kind, number, tasks)
	}
	if w := asked(t, n, login, "/tasks"); !strings.Contains(w.Body.String(), number) {
		t.Errorf("the API does not list it: %d %.400s", w.Code, w.Body)
	}
}

// decides has the city issue on the copy; both files are closed by what the ledger says.
func (x *crossing) decides(t *testing.T, number string) {
	t.Helper()
	today := registry.DateOf(time.Now())
	acceptor, err := x.city.Demo.Account("gz-education-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	kind := ""
	types, err := x.city.Store.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, is := range types {
		if slices.Contains(is.Matters, x.grant.Matter) {
			kind = is.Code
		}
	}
	p, err := x.city.Office.Issuing.Propose(t.Context(), acceptor.Actor(), registry.Application{Act: registry.Issue, Type: kind, Grant: x.grant.ID, Organization: acceptor.Code, Ground: "applied",
		Decision: "赣教准〔2026〕88号", Case: number, Seal: "gz-education-seal", Place: "360732",
		Holder:    registry.Holder{Name: "兴国县演示幼儿园", Code: "52360732DEM100197" + string(registry.USCCCheck("52360732DEM100197")), CodeType: "001"},
		Fields:    map[string]string{"KZ_XZ": "演示校长乙", "KZ_DZ": "兴国县潋江镇演示路9号", "KZ_XXLX": "民办幼儿园", "KZ_BXNR": "学前教育", "KZ_JBZ": "赣州演示教育有限公司", "KZ_FRSX": "非营利性"},
		Effective: today, Expires: today.AddYears(5) - 1,
		Copies: []registry.CopyRequest{{Copy: registry.Original, Blank: registry.Blank{Form: "BXXK-ZB", Run: "2022-01", Number: "0036090"}}}}, office.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	for _, login := range []string{"gz-education-examiner", "gz-education-approver", "gz-education-seal"} {
		who, err := x.city.Demo.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		key, err := person.Key(filepath.Join(x.city.Config.Data, who.KeyFile))
		if err != nil {
			t.Fatal(err)
		}
		approval, err := person.Approve(key, p.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.city.Office.Issuing.Approve(t.Context(), who.Actor(), p.Digest, approval); err != nil {
			t.Fatalf("%s: %v", login, err)
		}
	}
	for _, reader := range []struct {
		n     *citytest.Neighbor
		login string
	}{{x.city, "gz-education-seal"}, {x.county, "xg-acceptor"}} {
		eventually(t, reader.n.Member+" sees the decision", func() bool {
			f, err := x.seen(t, reader.n, reader.login, number)
			return err == nil && f.Stage == registry.StageDecided && f.Decision.Document == "赣教准〔2026〕88号"
		})
	}
	if _, err := x.take(t, x.county, "xg-acceptor", registry.CaseStatement{Case: number, Kind: registry.CaseOpinion}, "晚了"); registry.CodeOf(err) != registry.CodeActState {
		t.Errorf("a step after the decision: %v", err)
	}
	standing, err := x.county.View.Standing(p.Intent.Identifier.Base())
	if state, _ := standing.State(); err != nil || state != registry.Effective {
		t.Errorf("the county sees the result as %s, %v", state, err)
	}
}

// homeAway: while the home cannot be reached nothing is stored at the other registry, and
// whoever takes the step is told whom to wait for; it is taken once the home is back.
func (x *crossing) homeAway(t *testing.T) {
	const number = "兴教受〔2026〕2号"
	x.accepted(t, number)
	x.asks(t, number)
	x.at(t, x.city, number, 4)
	x.faults[x.city].setAway(true)
	_, err := x.take(t, x.city, "gz-education-seal", registry.CaseStatement{Case: number, Kind: registry.CaseSealConfirm}, "")
	if registry.CodeOf(err) != registry.CodeUnavailable || !strings.Contains(err.Error(), citytest.Xingguo) {
		t.Fatalf("the home is away: %v", err)
	}
	if !strings.Contains(err.Error(), "not known") {
		t.Errorf("it says more than is known: %v", err)
	}
	f, err := x.seen(t, x.city, "gz-education-seal", number)
	if err != nil || len(f.Steps) != 4 || f.Held != nil || x.examination(t, x.city, number).Confirmed != 0 {
		t.Errorf("something was stored: %+v %v", f, err)
	}
	x.faults[x.city].setAway(false)
	x.at(t, x.city, number, 4) // the home was told that it is not to be
	x.must(t, x.city, "gz-education-seal", registry.CaseStatement{Case: number, Kind: registry.CaseSealConfirm}, "")
	x.at(t, x.county, number, 5)
	// The answer is lost, and the file comes by the feed: the step was taken.
	const other = "兴教受〔2026〕7号"
	x.accepted(t, other)
	x.must(t, x.county, "xg-acceptor", registry.CaseStatement{Case: other, Kind: registry.CaseInvite, Invited: organizationOf(t, x.city, "gz-market-examiner"), Purpose: registry.InviteConsult,
		Due: registry.DateOf(time.Now()) + 5}, "")
	x.at(t, x.city, other, 3)
	x.faults[x.city].setLost(func() { x.at(t, x.city, other, 4) })
	x.faults[x.city].next("submit", "persisted")
	t.Cleanup(func() { x.faults[x.city].setLost(nil); x.faults[x.city].next("", "") })
	f, err = x.take(t, x.city, "gz-market-examiner", registry.CaseStatement{Case: other, Kind: registry.CaseOpinion}, "同意")
	if err != nil || len(f.Steps) != 4 || !x.faults[x.city].hit() {
		t.Errorf("the answer was lost: %+v %v", f, err)
	}
}

// held: while the ledger cannot be reached the county's examination is held and is no step
// of the file, no other step is taken, and the city does not see it; it is taken by itself
// once the ledger answers.
func (x *crossing) held(t *testing.T) {
	const number = "兴教受〔2026〕4号"
	x.accepted(t, number)
	x.refuses(t, x.county, registry.CodeUnavailable)
	by, step, err := x.signedStep(t, x.county, "xg-examiner", registry.CaseStatement{Case: number, Kind: registry.CaseExamine, Result: registry.Forward}, "")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same again is harmless
		f, err := x.county.Office.Cases.Record(t.Context(), by, step)
		if err != nil || len(f.Steps) != 2 || f.Stage != registry.CaseAccept || !f.Held.Awaited() {
			t.Fatalf("%+v %v", f, err)
		}
	}
	if _, err := x.take(t, x.county, "xg-acceptor", registry.CaseStatement{Case: number, Kind: registry.CaseOpinion}, "另一步"); registry.CodeOf(err) != registry.CodeActState {
		t.Errorf("another step meanwhile: %v", err)
	}
	if w := asked(t, x.county, "xg-examiner", "/cases?grant="+x.grant.ID+"&case="+number); !strings.Contains(w.Body.String(), `"held":{"kind":"examine"`) {
		t.Errorf("the API: %d %.300s", w.Code, w.Body)
	}
	x.at(t, x.city, number, 2)
	x.faults[x.county].refuse("")
	x.at(t, x.county, number, 3)
	x.at(t, x.city, number, 3)
	if x.examination(t, x.city, number) == nil {
		t.Error("the ledger was not told")
	}
}
