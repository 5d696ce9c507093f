package exchange

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"tongzheng/registry"
)

// Inbox keeps how far feeds have been read and which items are still to be taken over.
// Every method is durable when it returns and leaves nothing half-written on error.
type Inbox interface {
	// Place is how far a feed has been read.
	Place(ctx context.Context, of FeedOf) (Place, error)
	// Announce adds the items that changed and moves the place on, both or neither.
	Announce(ctx context.Context, of FeedOf, to Place, changes []Change) error
	// Waiting lists items of a member that may be asked for now, by number, and when the
	// next one may be (zero: none waits).
	Waiting(ctx context.Context, from string, now time.Time, limit int) (items []Item, next time.Time, err error)
	// Finish takes an item off that was taken over, and what was put aside of it, with a line
	// of the audit trail; one that changed meanwhile waits on.
	Finish(ctx context.Context, item Item, at time.Time) error
	// Drop takes an item off that is not to be had.
	Drop(ctx context.Context, item Item) error
	// Backlog counts a member's items that are still to be taken over.
	Backlog(ctx context.Context, from string) (int, error)
	// Postpone notes why an item could not be had.
	Postpone(ctx context.Context, item Item, m Miss) error
	// SetAside does the same for one that does not hold, and keeps what came, a bounded
	// number a member, with a line of the audit trail.
	SetAside(ctx context.Context, item Item, m Miss, body []byte) error
	// Urge lets a member's items be asked for from now on.
	Urge(ctx context.Context, from string, now time.Time) error
	// Amiss lists the feeds of which items wait for long or were put aside.
	Amiss(ctx context.Context) ([]FeedState, error)
}

// FeedState is what is amiss with a member's items of one kind.
type FeedState struct {
	From    string
	Kind    ItemKind
	Waiting int // asked for in vain many times
	Aside   int // did not hold
}

// Item is one that changed and is still to be taken over.
type Item struct {
	FeedOf
	Change
	Tries int // so far
}

// Feeds reaches the feeds of other members' registries; deadlines and sizes are bounded by it.
// Codes are as those of Neighbors; what is handed in has the code that the other registry
// answers with.
type Feeds interface {
	Changes(ctx context.Context, member string, s Since) (*Changes, error)
	Item(ctx context.Context, member string, ask ItemAsk) ([]byte, error)
	Submit(ctx context.Context, member string, s Submission) ([]byte, error)
}

// Following reads the feeds that other members have for this registry's. Kinds are set before
// Run.
type Following struct {
	Directory *Directory
	Inbox     Inbox
	Feeds     Feeds
	Kinds     map[ItemKind]Kind
	Clock     func() time.Time
	Log       *slog.Logger
	Jitter    func() float64

	Outage time.Duration // after a member that cannot be reached, an item that has to wait, and a full answer of a feed; 1 s when 0; the first two doubled each time up to 5 min

	mu    sync.Mutex
	wakes map[string]chan struct{}
}

// Bounds of what a member has us keep.
const (
	waitingMost = ChangesMost // items asked for in one go
	backlogMost = 2000        // items not taken over yet; nothing more is read of its feeds before
)

// Hinted hears from members that there is something new.
func (f *Following) Hinted(ctx context.Context, members []string) error {
	for _, member := range members {
		if err := f.Inbox.Urge(ctx, member, f.Clock()); err != nil {
			return err
		}
		nudge(f.woken(member))
	}
	return nil
}

func (f *Following) woken(member string) chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wakes == nil {
		f.wakes = map[string]chan struct{}{}
	}
	if f.wakes[member] == nil {
		f.wakes[member] = make(chan struct{}, 1)
	}
	return f.wakes[member]
}

// Run follows until ctx ends: one worker a member, so that one that is away holds nobody
// else up.
func (f *Following) Run(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	employed := map[string]bool{}
	for ctx.Err() == nil {
		neighbors, err := f.Directory.Neighbors()
		if err != nil {
			f.Log.Warn("feeds", "error", err)
		}
		for _, n := range neighbors {
			if !employed[n.Member] {
				employed[n.Member] = true
				workers.Go(func() { f.serve(ctx, n.Member) })
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(f.outage()):
		}
	}
}

func (f *Following) outage() time.Duration {
	if f.Outage == 0 {
		return time.Second
	}
	return f.Outage
}

// serve reads one member's feeds.
func (f *Following) serve(ctx context.Context, member string) {
	wake := f.woken(member)
	for failures := 0; ctx.Err() == nil; {
		wait, err := f.round(ctx, member)
		switch {
		case err == nil:
			failures = 0
		case ctx.Err() == nil:
			if failures++; failures == 1 {
				f.Log.Warn("feed", "member", member, "error", err)
			}
			wait = doubled(f.outage(), outageMost, failures-1, f.Jitter)
		}
		select {
		case <-ctx.Done():
		case <-wake: // a hint says that an outage is over, too
		case <-time.After(wait):
		}
	}
}

// round reads on in a member's feeds, one answer each, takes over what waits, and says when
// to look again: one without an end is read no faster than that, whatever is hinted. An error
// is the member's, or our own.
func (f *Following) round(ctx context.Context, member string) (time.Duration, error) {
	if n, err := f.Directory.Neighbor(member); err != nil || n.Address == "" {
		return idle, nil
	}
	own, _, err := f.Directory.Own()
	if err != nil {
		return 0, err
	}
	more := false
	for _, to := range own {
		for _, kind := range slices.Sorted(maps.Keys(f.Kinds)) {
			if f.Kinds[kind].Take == nil {
				continue
			}
			came, err := f.announced(ctx, FeedOf{From: member, To: to, Kind: kind})
			if err != nil {
				return 0, err
			}
			more = more || came
		}
	}
	next, err := f.fetchAll(ctx, member)
	switch {
	case err != nil:
		return 0, err
	case more:
		select {
		case <-ctx.Done():
		case <-time.After(f.outage()):
		}
		return 0, nil
	case next.IsZero():
		return idle, nil
	}
	return min(idle, max(10*time.Millisecond, next.Sub(f.Clock()))), nil
}

// announced reads on in a feed, and tells whether there may be more.
func (f *Following) announced(ctx context.Context, of FeedOf) (more bool, err error) {
	if waiting, err := f.Inbox.Backlog(ctx, of.From); err != nil || waiting >= backlogMost {
		return err == nil, err
	}
	place, err := f.Inbox.Place(ctx, of)
	if err != nil {
		return false, err
	}
	answer, err := f.Feeds.Changes(ctx, of.From, Since{To: of.To, Kind: of.Kind, Place: place})
	if err != nil {
		return false, err
	}
	if answer.Epoch != place.Epoch {
		place = Place{Epoch: answer.Epoch}
	}
	if len(answer.All) == 0 {
		return false, nil
	}
	if len(answer.All) > ChangesMost {
		return false, registry.Errorf(registry.CodeMalformed, "changes", "more than %d", ChangesMost)
	}
	for _, c := range answer.All {
		if c.Number <= place.After || len(c.Key) > KeyMost || registry.CheckText("key", c.Key, KeyMost) != nil {
			return false, registry.Errorf(registry.CodeMalformed, "changes", "number %d after %d", c.Number, place.After)
		}
		place.After = c.Number
	}
	return len(answer.All) == ChangesMost, f.Inbox.Announce(ctx, of, place, answer.All)
}

// fetchAll takes over what waits and may be asked for now.
func (f *Following) fetchAll(ctx context.Context, member string) (next time.Time, err error) {
	for ctx.Err() == nil {
		items, next, err := f.Inbox.Waiting(ctx, member, f.Clock(), waitingMost)
		if err != nil || len(items) == 0 {
			return next, err
		}
		for _, item := range items {
			if err := f.fetch(ctx, item); err != nil {
				return next, err
			}
		}
	}
	return next, ctx.Err()
}

// fetch takes one item over, or notes why not. An error concerns the whole member, or is our
// own: nothing else is asked for meanwhile.
func (f *Following) fetch(ctx context.Context, item Item) error {
	kind := f.Kinds[item.Kind]
	if kind.Take == nil {
		return f.Inbox.Postpone(ctx, item, f.miss(item, registry.Errorf(registry.CodeNotYet, "kind", "not taken here")))
	}
	body, err := f.Feeds.Item(ctx, item.From, ItemAsk{To: item.To, Kind: item.Kind, Key: item.Key})
	switch registry.CodeOf(err) {
	case "":
	case registry.CodeNotFound: // not for us any more, or gone: what changes again is announced again
		return f.Inbox.Drop(ctx, item)
	case registry.CodeNotYet:
		return f.Inbox.Postpone(ctx, item, f.miss(item, err))
	case registry.CodeTooLarge, registry.CodeMalformed:
		return f.aside(ctx, item, nil, err)
	default:
		return err
	}
	err = kind.Take(ctx, item.From, item.To, item.Key, body)
	switch {
	case err == nil:
		return f.Inbox.Finish(ctx, item, f.Clock())
	case unfit(err):
		return f.aside(ctx, item, body, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if code := registry.CodeOf(err); code != registry.CodeNotYet {
		f.Log.Warn("an item cannot be taken over now", "member", item.From, "kind", string(item.Kind), "error", err)
	}
	return f.Inbox.Postpone(ctx, item, f.miss(item, err))
}

// unfit tells what does not hold from what could not be done.
func unfit(err error) bool {
	code := registry.CodeOf(err)
	switch code.Kind() {
	case registry.KindUnavailable, registry.KindInternal:
		return spoiled(err)
	}
	return code != registry.CodeNotYet && code != registry.CodeTimeout
}

// aside keeps what does not hold apart.
func (f *Following) aside(ctx context.Context, item Item, body []byte, why error) error {
	m := f.miss(item, why)
	m.State = registry.CopyAside
	f.Log.Warn("what another member handed over does not hold", "member", item.From, "kind", string(item.Kind), "error", why)
	if len(body) > asideBytes || m.Code == registry.CodeForbidden { // what is not ours to have is not kept, not even apart
		body = nil
	}
	return f.Inbox.SetAside(ctx, item, m, body)
}

func (f *Following) miss(item Item, why error) Miss {
	now := f.Clock()
	return Miss{State: registry.CopyMissing, Code: registry.CodeOf(why), Detail: detailOf(why), At: now,
		Next: now.Add(doubled(f.outage()/4, outageMost, item.Tries, f.Jitter))}
}

// doubled is a wait that doubles with each try, up to most, with up to a quarter taken off at
// random so that those who failed together do not come back together.
func doubled(first, most time.Duration, tries int, jitter func() float64) time.Duration {
	wait := first
	for range min(tries, 40) {
		if wait *= 2; wait >= most {
			break
		}
	}
	wait = min(wait, most)
	return wait - time.Duration(jitter()*float64(wait)/4)
}
