package exchange

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Config is what a library works over. Every port is required.
type Config struct {
	View      View
	Directory *Directory
	Shelf     Shelf
	Neighbors Neighbors
	Checker   Checker
	Clock     func() time.Time
	Log       *slog.Logger

	WalkEvery time.Duration // between whole walks; 1 h when 0
	FirstWait time.Duration // after a version that its registry does not have yet; 150 ms when 0; doubled each time
	LastWait  time.Duration // at most; 1 h when 0
	Outage    time.Duration // after a registry that cannot be reached; 1 s when 0; doubled each time up to 5 min
	Jitter    func() float64
}

// outageMost bounds the pause after failures.
const outageMost = 5 * time.Minute

// Library has the copies of other members' licenses: what the view says must be here is
// asked for, held against the view, kept, and looked at again in whole walks. What comes
// takes no part in counters, number series or proposals.
type Library struct {
	Config
	examiner examiner

	mu     sync.Mutex
	seen   map[string]uint64 // bases with new entries, by height
	wake   chan struct{}     // for the queue
	walk   chan struct{}     // for a walk
	links  map[string]*link
	tally  tally
	mended int
	walked time.Time

	recent recent
}

// link is how one member's registry is reached.
type link struct {
	wake  chan struct{}
	state registry.MemberState
}

// seenMost bounds the queue of bases; more than that is found by a walk.
const seenMost = 100_000

// NewLibrary opens the library; Run does its work.
func NewLibrary(c Config) (*Library, error) {
	if c.View == nil || c.Directory == nil || c.Shelf == nil || c.Neighbors == nil || c.Checker == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("exchange: the library lacks a port")
	}
	for d, usual := range map[*time.Duration]time.Duration{&c.WalkEvery: time.Hour, &c.FirstWait: 150 * time.Millisecond, &c.LastWait: time.Hour, &c.Outage: time.Second} {
		if *d == 0 {
			*d = usual
		}
	}
	if c.Jitter == nil {
		c.Jitter = func() float64 { return 0.5 }
	}
	return &Library{Config: c, examiner: examiner{c.View, c.Checker, c.Clock}, seen: map[string]uint64{}, wake: make(chan struct{}, 1), walk: make(chan struct{}, 1), links: map[string]*link{}}, nil
}

// Seen hears of commits that have come into the view. It does not wait.
func (l *Library) Seen(commits []*registry.Commit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range commits {
		_, indexes := c.Accepted()
		for _, i := range indexes {
			e := c.Batch.Entries[i]
			if e.Order != nil {
				switch e.Order.Kind {
				case registry.KindService, registry.KindRules, registry.KindGrant, registry.KindSuccession, registry.KindOrganization:
					l.askWalk() // who may have what is another question now
				}
				continue
			}
			l.seen[e.Intent.Identifier.Base()] = c.Height
		}
	}
	if len(l.seen) > seenMost {
		clear(l.seen)
		l.askWalk()
	}
	nudge(l.wake)
}

// Hinted hears from members that there is something new. Pull is the truth: what is asked
// for, the view says; what waits is asked for now.
func (l *Library) Hinted(ctx context.Context, members []string) error {
	for _, member := range members {
		if err := l.Shelf.Hasten(ctx, member, l.Clock()); err != nil {
			return err
		}
		l.mu.Lock()
		k := l.links[member]
		if k != nil {
			k.state.Next = time.Time{}
			nudge(k.wake)
		}
		l.mu.Unlock()
	}
	return nil
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run asks for what must be here until ctx ends: one worker a member, so that one that is
// away holds nobody else up, and one that walks, so that a long walk holds nothing new up.
func (l *Library) Run(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	workers.Go(func() { l.walks(ctx) })
	employed := map[string]bool{}
	for again := time.Duration(0); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-time.After(again):
		}
		again = idle
		if err := l.turn(ctx); err != nil && ctx.Err() == nil {
			l.Log.Warn("license library", "error", err)
			l.askWalk() // what was in the queue is found by a walk
			again = l.Outage
		}
		neighbors, err := l.Directory.Neighbors()
		if err != nil {
			l.Log.Warn("license library", "error", err)
			again = l.Outage
		}
		for _, n := range neighbors {
			l.employ(ctx, n.Member, employed, &workers)
		}
	}
}

// walks walks at the start, when asked, and every so often.
func (l *Library) walks(ctx context.Context) {
	for tries := 0; ctx.Err() == nil; {
		wait := l.WalkEvery
		if err := l.Walk(ctx); err != nil && ctx.Err() == nil {
			l.Log.Warn("license library: walking", "error", err)
			wait = doubled(l.Outage, outageMost, tries, l.Jitter)
			tries++
		} else {
			tries = 0
		}
		select {
		case <-ctx.Done():
		case <-l.walk:
		case <-time.After(wait):
		}
	}
}

func (l *Library) askWalk() { nudge(l.walk) }

// turn goes through the queue.
func (l *Library) turn(ctx context.Context) error {
	l.mu.Lock()
	queue := l.seen
	l.seen = map[string]uint64{}
	l.mu.Unlock()
	return l.note(ctx, queue)
}

// note adds what new entries make wanted.
func (l *Library) note(ctx context.Context, bases map[string]uint64) error {
	if len(bases) == 0 {
		return nil
	}
	w, err := newWants(l.View, l.Directory, l.Clock())
	if err != nil {
		return err
	}
	var all []Want
	for base := range bases {
		more, err := l.wanted(w, base)
		if err != nil {
			return err
		}
		all = append(all, more...)
	}
	l.tally.add(all)
	return l.want(ctx, all)
}

// wanted lists the versions of a license that must be here.
func (l *Library) wanted(w *wants, base string) ([]Want, error) {
	parts := strings.Split(base, ".") // type, issuer, serial
	if len(parts) != 3 {
		return nil, nil
	}
	if theirs, err := w.theirs(parts[1]); err != nil || !theirs {
		return nil, err
	}
	standing, err := l.View.Standing(base)
	if err != nil {
		return nil, err
	}
	return w.of(parts[1], standing)
}

// want puts rows on the shelf and wakes whoever asks for them.
func (l *Library) want(ctx context.Context, all []Want) error {
	if len(all) == 0 {
		return nil
	}
	_, err := l.Shelf.Want(ctx, all)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range all { // also where it is not known whether that was done
		if k := l.links[w.Member]; k != nil {
			nudge(k.wake)
		}
	}
	return err
}

// Copy returns one version that is here, held against the ledger once more: a row that
// somebody altered is found whoever reads it, taken away and asked for again.
// CodeNotFound for what is not here.
func (l *Library) Copy(ctx context.Context, id registry.Identifier) (*registry.Copied, error) {
	row, err := l.Shelf.Row(ctx, id)
	if err != nil {
		return nil, err
	}
	if row.State != registry.CopyHere {
		return nil, registry.Errorf(registry.CodeNotFound, "identifier", "no copy of this version is here")
	}
	standing, err := l.View.Standing(id.Base())
	if err != nil {
		return nil, err
	}
	made, ok := standing.VersionEntry(id.Version)
	if !ok || made.Entry.Intent.Identifier != id {
		return nil, registry.Errorf(registry.CodeNotFound, "identifier", "no copy of this version is here")
	}
	c, err := l.examiner.examine(row.Package, made)
	if spoiled(err) {
		if mend := l.mend(ctx, row.Want, false, err); mend != nil {
			return nil, mend
		}
		return nil, registry.Errorf(registry.CodeUnavailable, "identifier", "the copy here was not what the ledger says, and is being fetched again").WithCause(err)
	}
	return c, err
}

// spoiled tells a package that does not hold from a check that could not be made.
func spoiled(err error) bool {
	switch registry.CodeOf(err) {
	case registry.CodeContent, registry.CodeReceipt, registry.CodeMalformed, registry.CodeTooLarge, registry.CodeUnknownField:
		return true
	}
	return false
}

// mend takes a copy away. Whoever asks for copies looks, also where it is not known whether
// that was done.
func (l *Library) mend(ctx context.Context, w Want, stray bool, why error) error {
	err := l.Shelf.Mend(ctx, w, stray, why.Error())
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.links[w.Member]; k != nil {
		nudge(k.wake)
	}
	if err == nil && !stray {
		l.mended++
		l.Log.Warn("a copy here was not what the ledger says: it is fetched again", "identifier", w.Identifier.String(), "error", why)
	}
	return err
}

// digest names a package.
func digest(raw []byte) sm.Digest { return sm.Sum(raw) }
