package postgres_test

import (
	"sync"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

const workers = 8

// together runs fn on every worker at once and returns how often each code came.
func together(fn func(i int) error) map[registry.Code]int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes := map[registry.Code]int{}
	start := make(chan struct{})
	for i := range workers {
		wg.Go(func() {
			<-start
			err := fn(i)
			mu.Lock()
			defer mu.Unlock()
			codes[registry.CodeOf(err)]++
		})
	}
	close(start)
	wg.Wait()
	return codes
}

// TestOneActAtATime: of many acts on one license at once, one is reserved.
func TestOneActAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.issue(1)
	w.must(w.Reserve(ctx(), r))
	e, _ := w.anchor(r, nil)
	var list [workers]office.Reservation
	for i := range list {
		list[i] = w.next(registry.Change, e)
		list[i].Proceeding.Intent.Decision = ""
		list[i].Proceeding.Digest = list[i].Proceeding.Intent.Digest()
	}
	before := w.rows()
	codes := together(func(i int) error { return w.Reserve(ctx(), list[i]) })
	if codes[""] != 1 || codes[registry.CodeActInProgress] != workers-1 {
		t.Fatalf("%v", codes)
	}
	after := w.rows()
	history, err := w.History(ctx(), e.Intent.Identifier.Base())
	w.must(err)
	if len(history) != 2 {
		t.Fatalf("%d proceedings", len(history))
	}
	w.must(w.Drop(ctx(), history[1].Digest, clerk))
	t.Logf("before\n%safter\n%s", before, after)
}

// TestOneKeyOneProceeding: the same request many times at once, each with a
// serial of its own, makes one license; the others learn to ask again.
func TestOneKeyOneProceeding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := office.Idempotency{Client: "window", Operation: "propose", Key: "k-1", Body: sm.Sum([]byte("body"))}
	var list [workers]office.Reservation
	for i := range list {
		list[i] = w.issue(i + 1)
		list[i].Idempotency = key
	}
	codes := together(func(i int) error { return w.Reserve(ctx(), list[i]) })
	if codes[""] != 1 || codes[registry.CodeIdempotencyMismatch] != workers-1 {
		t.Fatalf("%v", codes)
	}
	want := "license 1\nproceeding 1\nversion 1\nprinting 2\nidempotency 1\ntask 0\naudit 1\naccount 0\nlicense_type 0\n"
	if got := w.rows(); got != want {
		t.Fatalf("rows left:\n%s", got)
	}
	p, err := w.Replay(ctx(), key)
	w.must(err)
	if p == nil || p.Intent.Act != registry.Issue {
		t.Fatalf("replay: %+v", p)
	}
	other := key
	other.Body = sm.Sum([]byte("other body"))
	_, err = w.Replay(ctx(), other)
	w.wantCode(err, registry.CodeIdempotencyMismatch)
	other.Client = "another client"
	if p, err = w.Replay(ctx(), other); p != nil || err != nil {
		t.Fatalf("keys are scoped by client: %v %v", p, err)
	}
	if p, err = w.Replay(ctx(), office.Idempotency{}); p != nil || err != nil {
		t.Fatalf("no key: %v %v", p, err)
	}
	_, err = w.Replay(ctx(), office.Idempotency{Client: "c", Key: "zero\x00byte"})
	w.wantCode(err, registry.CodeMalformed)
}

// TestReserveLeavesNothing: whatever refuses a reservation, no row remains.
func TestReserveLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.issue(1)
	w.must(w.Reserve(ctx(), first))
	e, _ := w.anchor(first, nil)
	before := w.rows()
	withKey := func(r office.Reservation) office.Reservation {
		r.Idempotency = office.Idempotency{Client: "c", Operation: "o", Key: "k", Body: sm.Sum(nil)}
		return r
	}
	again := w.issue(1) // the same serial, another decision and time
	again.Proceeding.Intent.Decision = "other"
	again = w.reservation(again.Proceeding.Intent, &again.Version.Facts)

	decision := w.issue(2)
	decision.Proceeding.Intent.Decision = first.Proceeding.Intent.Decision
	decision = w.reservation(decision.Proceeding.Intent, &decision.Version.Facts)

	blank := w.issue(3)
	blank.Proceeding.Intent.Printings[1].Blank = first.Printings[1].Printing.Blank
	blank = w.reservation(blank.Proceeding.Intent, &blank.Version.Facts)

	index := w.issue(4)
	index.Proceeding.Intent.Printings[1].Index = first.Printings[1].Printing.Index
	index = w.reservation(index.Proceeding.Intent, &index.Version.Facts)

	stranger := w.next(registry.Cancel, e)
	stranger.Proceeding.Intent.Identifier.Serial = "NOSUCH1"
	stranger = w.reservation(stranger.Proceeding.Intent, nil)

	version := w.next(registry.Change, e)
	version.Proceeding.Intent.Identifier.Version = 1
	facts := version.Version.Facts
	facts.Identifier.Version = 1
	version = w.reservation(version.Proceeding.Intent, &facts)

	token := w.issue(6)
	token.Printings[1].Token = first.Printings[1].Token

	secret := w.issue(7)
	secret.Version.Secret = []byte("short")

	digest := w.issue(8)
	digest.Proceeding.Digest[0] ^= 1

	remark := w.issue(9)
	remark.Proceeding.Remark = "a\x00b"

	for name, c := range map[string]struct {
		r    office.Reservation
		code registry.Code
	}{
		"serial used": {again, registry.CodeStale}, "decision used": {decision, registry.CodeDecisionUsed}, "blank used": {blank, registry.CodeBlankUsed},
		"list index used": {index, registry.CodeListRange}, "no such license": {stranger, registry.CodeNotFound}, "version exists": {version, registry.CodeStale},
		"token exists": {token, registry.CodeStale}, "secret too short": {secret, registry.CodeInternal}, "wrong digest": {digest, registry.CodeInternal},
		"zero byte": {remark, registry.CodeMalformed},
	} {
		err := w.Reserve(ctx(), withKey(c.r))
		if registry.CodeOf(err) != c.code {
			t.Errorf("%s: want %s, got %v", name, c.code, err)
		}
		if after := w.rows(); after != before {
			t.Fatalf("%s left something behind:\n%s\n%s", name, before, after)
		}
	}
	// The decision number serves another matter, and paper acts that carry it out.
	decision.Matter = "another matter"
	w.must(w.Reserve(ctx(), decision))
	spoil := w.next(registry.Annotate, e)
	spoil.Proceeding.Intent.Act, spoil.Proceeding.Intent.Refers = registry.Spoil, 2
	spoil.Proceeding.Intent.Decision = first.Proceeding.Intent.Decision
	spoil = w.reservation(spoil.Proceeding.Intent, nil)
	w.must(w.Reserve(ctx(), spoil))
}
