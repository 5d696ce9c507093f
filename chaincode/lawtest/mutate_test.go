package lawtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tongzheng/soaktest"
)

// triesVariable lists the checks that one run of the changed build takes out.
const triesVariable = "LAWTEST_TRIES"

// TestEveryCheckIsMissed takes out one refusal after another and wants the
// short walk to fail each time. The changed source is an overlay of one build
// of this very package; nothing of it can reach a program.
//
// A check is first tried on the temptations that it refuses, each alone in a
// fresh city; only when none of them fails is the whole walk taken. With
// TONGZHENG_EXHAUSTIVE it is taken for every check, those that no walk can miss
// as well.
func TestEveryCheckIsMissed(t *testing.T) {
	if contract.takeOut != nil {
		tryAll(t)
		return
	}
	if testing.Short() {
		t.Skip("builds this package once more")
	}
	binary, sites := build(t)
	var tries []int
	for n, s := range sites {
		if soaktest.Asked() || equivalent(s) == "" {
			tries = append(tries, n)
		}
	}
	survived := survivors(t, binary, tries)
	for _, n := range tries {
		switch reason := equivalent(sites[n]); {
		case reason == "" && survived[n]:
			t.Errorf("taken out and not missed: %s", sites[n])
		case reason != "" && !survived[n]:
			t.Errorf("missed, against expectation (%s): %s", reason, sites[n])
		}
	}
	for _, e := range equivalents {
		if !slices.ContainsFunc(sites, func(s site) bool { return e.function == s.function && e.text == s.text }) {
			t.Errorf("no such check: %s: %s", e.function, e.text)
		}
	}
	t.Logf("%d checks, %d taken out", len(sites), len(tries))
}

// survivors takes checks out, on all processors, and returns those that were
// not missed.
func survivors(t *testing.T, binary string, tries []int) map[int]bool {
	t.Helper()
	shares := make([][]string, min(runtime.NumCPU(), len(tries)))
	for i, n := range tries {
		share := &shares[i%len(shares)]
		*share = append(*share, strconv.Itoa(n))
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	found := map[int]bool{}
	for _, share := range shares {
		all.Go(func() {
			out, err := changedRun(t, binary, triesVariable+"="+strings.Join(share, ","))
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			mu.Lock()
			defer mu.Unlock()
			for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
				var n int
				if _, err := fmt.Sscanf(lines.Text(), survivedLine, &n); err == nil {
					found[n] = true
				}
			}
		})
	}
	all.Wait()
	return found
}

// survivedLine is how the changed build names a check that is not missed.
const survivedLine = "survived %d"

// build compiles this package's tests over the changed source.
func build(t *testing.T) (string, []site) {
	t.Helper()
	overlay, sites := changedSource(t)
	binary := filepath.Join(t.TempDir(), "changed.test")
	if out, err := exec.Command("go", "test", "-c", "-overlay", overlay, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("the changed source does not build: %v\n%s", err, out)
	}
	return binary, sites
}

// changedRun runs the test that calls it in the changed build.
func changedRun(t *testing.T, binary string, environment ...string) (string, error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), binary, "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(), environment...)
	out, err := c.CombinedOutput()
	return string(out), err
}

// tryAll runs in the changed build.
func tryAll(t *testing.T) {
	h := &hunt{refusedBy: map[int][]int{}, alone: map[int]bool{}}
	h.watch(t)
	for _, word := range strings.Split(os.Getenv(triesVariable), ",") {
		n, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		if !h.missed(n) {
			fmt.Printf(survivedLine+"\n", n)
		}
	}
}

// hunt looks for checks that can be taken out without being missed.
type hunt struct {
	refusedBy map[int][]int // by check: the temptations that it refuses in the short walk, opening for what comes before
	alone     map[int]bool  // by temptation: it does as it should in a fresh city
}

const (
	opening   = -1 // all that comes before the first step
	elsewhere = -2 // between temptations
)

// watch takes the short walk with every check in place and notes who refuses what.
func (h *hunt) watch(t *testing.T) {
	t.Helper()
	shortWalk(t, func(at int) {
		for _, n := range contract.refused() {
			if !slices.Contains(h.refusedBy[n], at) {
				h.refusedBy[n] = append(h.refusedBy[n], at)
			}
		}
	})
	if t.Failed() {
		t.Fatal("the walk fails with every check in place")
	}
}

// missed tells whether the walk fails without a check.
func (h *hunt) missed(n int) bool {
	if !soaktest.Asked() {
		if len(h.refusedBy[n]) == 0 {
			return false // it refuses nothing: without it the walk is the same
		}
		for _, at := range h.refusedBy[n] {
			if at != elsewhere && h.goesWell(at) && fails(n, func(who witness) { scene(who, at) }) {
				return true
			}
		}
	}
	return fails(n, func(who witness) { shortWalk(who, func(int) {}) })
}

// goesWell tells whether a scene stands on its own feet: with every check in
// place it does not fail.
func (h *hunt) goesWell(at int) bool {
	well, known := h.alone[at]
	if !known {
		well = !fails(nothing, func(who witness) { scene(who, at) })
		h.alone[at] = well
	}
	return well
}

// scene is the opening of the short walk, or one of its temptations in a city
// that has just been opened.
func scene(who witness, at int) {
	if at == opening {
		beforeTheRules(who)
		underTheFirstRules(who)
	}
	w := newWalk(who, inMemory(), 1)
	if at == opening {
		w.tempt(tooMany)
		w.tempt(tooManyPowers)
	} else {
		w.tempt(temptations[at])
	}
}

// fails tells whether something fails, or panics, without a check. It ends with
// the first failure.
func fails(n int, do func(who witness)) bool {
	contract.takeOut(n)
	defer contract.takeOut(nothing)
	var seen firstFailure
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if recover() != nil {
				seen = true
			}
		}()
		do(&seen)
	}()
	<-done
	return bool(seen)
}

// firstFailure is a witness that ends its goroutine as soon as something is wrong.
type firstFailure bool

func (*firstFailure) Helper()                 {}
func (f *firstFailure) Errorf(string, ...any) { *f = true; runtime.Goexit() }
func (f *firstFailure) Fatalf(string, ...any) { *f = true; runtime.Goexit() }
func (f *firstFailure) Fatal(...any)          { *f = true; runtime.Goexit() }

// equivalent says why a check cannot be missed by any walk: without it another
// one refuses the very same, or it only reports an error of the machine.
func equivalent(s site) string {
	for _, e := range equivalents {
		if e.function == s.function && e.text == s.text {
			return e.why
		}
	}
	return ""
}

const restsCheck = "restsOn asked when the entrustment was recorded, and grants are append-only"

// firstRules: the walk goes by the newest rules; TestFirstRules by the first.
const firstRules = "asked under the first rules only"

var equivalents = []struct{ function, text, why string }{
	{"run", "err != nil", "the state cannot be read: no law"},
	{"load", "err != nil", "the state cannot be read: no law"},
	{"load", "err != nil #2", "the state cannot be read: no law"},
	{"loadMembers", "err != nil", "the state cannot be read: no law"},
	{"loadOthers", "err != nil", "the state cannot be read: no law"},
	{"order", "err != nil", "Entry.Check has decoded the record before"},
	{"applyReplacement", "err != nil", "a license in force has fewer causes than it may have: the walk would stay hundreds of acts of one license"},
	{"DecodeStored", "err != nil", "the contract reads what it wrote"},
	{"DecodeStored", "record == nil", "the contract reads what it wrote"},
	{"checkOrganizationOrder", "old == nil", "an organization that is not registered has no key that signs for it"},
	{"checkPrintings", "p.Instance == nil", "a serial that was issued keeps its instance"},
	{"inForce", "u == nil", restsCheck}, {"inForce", "u.Matter != g.Matter", restsCheck}, {"inForce", "u.Decider != g.Decider", restsCheck},
	{"inForce", "u.Mode != ModeOwn && u.Mode != ModeDirect", restsCheck},
	{"checkGrantReferences", "h.Start == 0", "Operating is not zero here, and the start is compared with it"},
	{"checkSignatures", "err != nil", "a registered key was parsed when it was registered"},
	{"applyRenewal", "day > l.Expires", "taken back, the renewal no longer carries the license: applyTerm refuses"},
	{"ApplyOversight", "!ok", "Entry.Check knows the act"},
	{"checkRulesOrder", "now.Version < before.Version", "version 1 is the first: nothing is older"},
	{"checkGrant", "in.Origin == nil && !Within(p.Issuer.Region, g.Territory) && !(g.Decider == in.Identifier.Issuer && Within(g.Territory, p.Issuer.Region))", firstRules},
	{"CheckOversight", `in.Grant != ""`, firstRules}, {"decide", "err != nil", firstRules},
	{"Allows", "in.Origin == nil && act != Cancel && act.Class() != ClassPaper", firstRules},
	{"knows", "in != nil && (in.Act.Rules() || in.Act == registry.Replace) && !v.rules().Since(registry.RulesOfRelations)", firstRules},
	{"checkReplaces", "old == nil", "the contract has read it, there or not, once its issuer is registered"},
	{"signedBy", "!ok", "no key, no public key: the next line refuses"},
	{"signedBy", "err != nil", "a registered key was parsed when it was registered"},
}
