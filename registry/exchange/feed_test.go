package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/pgtest"
	"tongzheng/registry/sm"
)

const kindNote exchange.ItemKind = "note"

// ledger says who exchanges, and whether it is in reach.
type ledger struct {
	exchange.View
	mu    sync.Mutex
	stale bool
}

func (l *ledger) Record(registry.RecordKind, string) (registry.GovernanceRecord, *registry.Stored, error) {
	return &registry.Rules{Version: registry.NewestRules, Members: []string{"city", "county"}}, nil, nil
}

func (l *ledger) Records(registry.RecordKind) ([]registry.GovernanceRecord, error) {
	return []registry.GovernanceRecord{&registry.Service{Member: "city", Exchange: "https://city", ExchangeKey: sm.Sum([]byte("city"))},
		&registry.Service{Member: "county", Exchange: "https://county", ExchangeKey: sm.Sum([]byte("county"))}}, nil
}

func (l *ledger) Knowledge(time.Time) registry.Knowledge {
	l.mu.Lock()
	defer l.mu.Unlock()
	return registry.Knowledge{Stale: l.stale, Reason: "test"}
}

// side is one registry's store.
type side struct {
	*postgres.Store
	db pgtest.Database
}

func newSide(t *testing.T) *side {
	db := pgtest.New(t)
	return &side{pgtest.Open(t, db, nil), db}
}

// notes are the items of a county that a city follows.
type notes struct {
	t            *testing.T
	ledger       *ledger
	county, city *side
	feed         *exchange.Feed
	following    *exchange.Following

	mu     sync.Mutex
	here   map[string]string // at the county
	secret map[string]bool   // not for the city
	taken  map[string]string // at the city
	lie    func(key string, body []byte) []byte
	wait   error  // of Take
	away   string // cannot be read at the county
}

func newNotes(t *testing.T) *notes {
	n := &notes{t: t, ledger: &ledger{}, county: newSide(t), city: newSide(t), here: map[string]string{}, secret: map[string]bool{}, taken: map[string]string{}}
	n.feed = &exchange.Feed{View: n.ledger, Outbox: n.county.Feeds, Clock: time.Now, Kinds: map[exchange.ItemKind]exchange.Kind{kindNote: {Give: n.give, Receive: n.receive}}}
	n.following = &exchange.Following{Directory: &exchange.Directory{View: n.ledger, Keys: func() []sm.Digest { return []sm.Digest{sm.Sum([]byte("city"))} }}, Inbox: n.city.Feeds, Feeds: n,
		Kinds: map[exchange.ItemKind]exchange.Kind{kindNote: {Take: n.take}}, Clock: time.Now, Log: slog.New(slog.DiscardHandler), Jitter: func() float64 { return 0.5 }, Outage: 4 * time.Millisecond}
	return n
}

// Changes, Item and Submit are the county as the city reaches it.
func (n *notes) Changes(ctx context.Context, _ string, s exchange.Since) (*exchange.Changes, error) {
	return n.feed.Changes(ctx, []string{"city"}, s)
}

func (n *notes) Item(ctx context.Context, _ string, ask exchange.ItemAsk) ([]byte, error) {
	body, err := n.feed.Item(ctx, []string{"city"}, ask)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil && n.lie != nil {
		body = n.lie(ask.Key, body)
	}
	return body, err
}

func (n *notes) Submit(ctx context.Context, _ string, s exchange.Submission) ([]byte, error) {
	return n.feed.Submit(ctx, []string{"city"}, s)
}

func (n *notes) give(_ context.Context, to, key string) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if key == n.away {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the signer is out of reach")
	}
	if to != "city" || n.secret[key] || n.here[key] == "" {
		return nil, registry.Errorf(registry.CodeNotFound, "key", "no such note")
	}
	return []byte(n.here[key]), nil
}

func (n *notes) take(_ context.Context, from, to, key string, body []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case from != "county" || to != "city":
		return errors.New("of nobody, or for nobody")
	case n.wait != nil:
		return n.wait
	case string(body) == key+" not yours":
		return registry.Errorf(registry.CodeForbidden, "body", "not for the city")
	case !strings.HasPrefix(string(body), key+" "):
		return registry.Errorf(registry.CodeContent, "body", "not this note")
	}
	n.taken[key] = string(body)
	return nil
}

func (n *notes) receive(_ context.Context, from string, body []byte) ([]byte, error) {
	return append([]byte(from+" "), body...), nil
}

// write changes a note at the county.
func (n *notes) write(key, text string) {
	n.t.Helper()
	n.mu.Lock()
	n.here[key] = key + " " + text
	n.mu.Unlock()
	if err := n.county.Feeds.Changed(n.t.Context(), []string{"city"}, kindNote, key); err != nil {
		n.t.Fatal(err)
	}
}

func (n *notes) is(key, text string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.taken[key] == key+" "+text
}

// backlog counts what is still to be taken over.
func (n *notes) backlog() int {
	n.t.Helper()
	items, err := n.city.Feeds.Backlog(n.t.Context(), "county")
	if err != nil {
		n.t.Fatal(err)
	}
	return items
}

// run follows until a state.
func (n *notes) run(what string, until func() bool) {
	n.t.Helper()
	ctx, stop := context.WithCancel(n.t.Context())
	ended := make(chan struct{})
	go func() { n.following.Run(ctx); close(ended) }()
	defer func() { stop(); <-ended }()
	for deadline := time.Now().Add(time.Minute); !until(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			n.t.Fatalf("never: %s", what)
		}
		if err := n.following.Hinted(ctx, []string{"county"}); err != nil {
			n.t.Fatal(err)
		}
	}
}

// lines counts the trail's lines of an operation.
func lines(t *testing.T, s *side, operation string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE operation = $1`, operation).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFollow: what changed is had as it is, each change once, in more answers than one; who
// may not have it is told that it is not there; both sides write it down.
func TestFollow(t *testing.T) {
	t.Parallel()
	n := newNotes(t)
	for i := range exchange.ChangesMost + 7 {
		n.write(fmt.Sprintf("n%d", i), "first")
	}
	n.write("n3", "second")
	n.secret["n5"] = true
	last := fmt.Sprintf("n%d", exchange.ChangesMost+6)
	n.run("all notes are here", func() bool { return n.is(last, "first") && n.is("n3", "second") && n.backlog() == 0 })
	n.mu.Lock()
	if len(n.taken) != exchange.ChangesMost+6 || n.taken["n5"] != "" {
		t.Errorf("%d notes, the secret one %q", len(n.taken), n.taken["n5"])
	}
	n.mu.Unlock()
	// The same change once more is no new one.
	if _, err := n.Item(t.Context(), "county", exchange.ItemAsk{To: "city", Kind: kindNote, Key: "n3"}); err != nil {
		t.Fatal(err)
	}
	if gave, took := lines(t, n.county, "exchange give"), lines(t, n.city, "exchange take"); gave != exchange.ChangesMost+7 || took != exchange.ChangesMost+6 {
		t.Errorf("%d lines of what was given, %d of what was taken", gave, took) // the refusal is one that was given
	}
	for _, ask := range []exchange.ItemAsk{{To: "county", Kind: kindNote, Key: "n1"}, {To: "city", Kind: "other", Key: "n1"}, {To: "city", Kind: kindNote, Key: "n5"}, {To: "city", Kind: kindNote, Key: "x"}} {
		if _, err := n.Item(t.Context(), "county", ask); registry.CodeOf(err) != registry.CodeNotFound {
			t.Errorf("%+v: %v", ask, err)
		}
	}
	n.ledger.mu.Lock()
	n.ledger.stale = true
	n.ledger.mu.Unlock()
	if _, err := n.Item(t.Context(), "county", exchange.ItemAsk{To: "city", Kind: kindNote, Key: "n1"}); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("given by old records: %v", err)
	}
}

// TestFollowAgain: a feed that was put back is read anew, and a reader that was put back
// reads again what it had.
func TestFollowAgain(t *testing.T) {
	t.Parallel()
	n := newNotes(t)
	n.write("a", "1")
	n.write("b", "1")
	n.run("two notes", func() bool { return n.is("a", "1") && n.is("b", "1") })
	place, err := n.city.Feeds.Place(t.Context(), exchange.FeedOf{From: "county", To: "city", Kind: kindNote})
	if err != nil || place.After != 2 {
		t.Fatalf("%+v, %v", place, err)
	}
	// The county's database is one of before, with other numbers.
	n.county = newSide(t)
	n.feed.Outbox = n.county.Feeds
	n.write("c", "1")
	n.run("what came after the restore", func() bool { return n.is("c", "1") })
	// With as many changes as before, only the operator's word tells.
	if err := n.county.Feeds.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.mu.Lock()
	clear(n.taken)
	n.mu.Unlock()
	n.run("all of a feed that began anew", func() bool { return n.is("c", "1") })
}

// TestFollowLies: what does not hold is put aside and named, what has to wait waits, and
// neither keeps anything else.
func TestFollowLies(t *testing.T) {
	t.Parallel()
	n := newNotes(t)
	n.lie = func(key string, body []byte) []byte {
		if key == "bad" {
			return []byte("b another note")
		}
		return body
	}
	n.write("bad", "1")
	n.write("good", "1")
	n.run("the good one", func() bool { return n.is("good", "1") && lines(t, n.city, "exchange aside") == 1 && n.backlog() == 0 })
	if amiss, err := n.city.Feeds.Amiss(t.Context()); err != nil || len(amiss) != 1 || amiss[0] != (exchange.FeedState{From: "county", Kind: kindNote, Aside: 1}) {
		t.Errorf("amiss: %+v, %v", amiss, err)
	}
	n.wait = registry.Errorf(registry.CodeNotYet, "", "not on the ledger yet")
	n.write("late", "1")
	n.run("late was asked for", func() bool {
		items, _, err := n.city.Feeds.Waiting(t.Context(), "county", time.Now().Add(time.Hour), 10)
		return err == nil && len(items) == 1 && items[0].Key == "late" && items[0].Tries > 1
	})
	n.mu.Lock()
	n.wait, n.lie = nil, nil
	n.mu.Unlock()
	n.run("the late one", func() bool { return n.is("late", "1") })
	n.write("bad", "2")
	n.run("the mended one", func() bool { return n.is("bad", "2") })
	if n.is("bad", "1") {
		t.Error("the false one was taken")
	}
	n.run("nothing is amiss any more", func() bool {
		amiss, err := n.city.Feeds.Amiss(t.Context())
		return err == nil && len(amiss) == 0
	})
	// One that its own registry cannot read now holds no other up.
	n.away = "first"
	n.write("first", "1")
	n.write("second", "1")
	n.run("the second one", func() bool { return n.is("second", "1") })
	n.mu.Lock()
	n.away = ""
	n.mu.Unlock()
	n.run("the first one", func() bool { return n.is("first", "1") })
}

var errStruck = errors.New("test fault")

// strike fails one call: before anything was done, or after all was.
type strike struct {
	call      string
	persisted bool
	mu        sync.Mutex
	struck    bool
}

func (s *strike) on(call string, do func() error) error {
	s.mu.Lock()
	now := call == s.call && !s.struck
	s.struck = s.struck || now
	s.mu.Unlock()
	if now && !s.persisted {
		return errStruck
	}
	if err := do(); err != nil || !now {
		return err
	}
	return errStruck
}

type faulty struct {
	exchange.Inbox
	exchange.Feeds
	*strike
}

func (f faulty) Place(ctx context.Context, of exchange.FeedOf) (p exchange.Place, err error) {
	err = f.on("place", func() (e error) { p, e = f.Inbox.Place(ctx, of); return })
	return p, err
}

func (f faulty) Announce(ctx context.Context, of exchange.FeedOf, to exchange.Place, changes []exchange.Change) error {
	return f.on("announce", func() error { return f.Inbox.Announce(ctx, of, to, changes) })
}

func (f faulty) Waiting(ctx context.Context, from string, now time.Time, limit int) (items []exchange.Item, next time.Time, err error) {
	err = f.on("waiting", func() (e error) { items, next, e = f.Inbox.Waiting(ctx, from, now, limit); return })
	return items, next, err
}

func (f faulty) Finish(ctx context.Context, item exchange.Item, at time.Time) error {
	return f.on("finish", func() error { return f.Inbox.Finish(ctx, item, at) })
}

func (f faulty) SetAside(ctx context.Context, item exchange.Item, m exchange.Miss, body []byte) error {
	return f.on("aside", func() error { return f.Inbox.SetAside(ctx, item, m, body) })
}

func (f faulty) Changes(ctx context.Context, member string, s exchange.Since) (c *exchange.Changes, err error) {
	err = f.on("changes", func() (e error) { c, e = f.Feeds.Changes(ctx, member, s); return })
	return c, err
}

func (f faulty) Item(ctx context.Context, member string, ask exchange.ItemAsk) (body []byte, err error) {
	err = f.on("item", func() (e error) { body, e = f.Feeds.Item(ctx, member, ask); return })
	return body, err
}

// TestFollowFaults: whatever call fails, before or after it did its work, every note is
// taken as it is, and what was put aside is put aside once.
func TestFollowFaults(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"place", "announce", "waiting", "finish", "aside", "changes", "item", "take", "note"} {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", call, persisted), func(t *testing.T) {
				t.Parallel()
				n := newNotes(t)
				s := &strike{call: call, persisted: persisted}
				f := faulty{n.following.Inbox, n.following.Feeds, s}
				n.following.Inbox, n.following.Feeds = f, f
				n.following.Kinds[kindNote] = exchange.Kind{Take: func(ctx context.Context, from, to, key string, body []byte) error {
					return s.on("take", func() error { return n.take(ctx, from, to, key, body) })
				}}
				n.feed.Outbox = faultyOutbox{n.feed.Outbox, s}
				n.lie = func(key string, body []byte) []byte {
					if key == "bad" {
						return []byte("lie")
					}
					return body
				}
				for _, key := range []string{"a", "bad", "c"} {
					n.write(key, "1")
				}
				n.run("both notes, and the lie aside", func() bool { return n.is("a", "1") && n.is("c", "1") && lines(t, n.city, "exchange aside") == 1 })
				s.mu.Lock()
				defer s.mu.Unlock()
				if !s.struck {
					t.Error("the fault did not strike")
				}
			})
		}
	}
}

type faultyOutbox struct {
	exchange.Outbox
	*strike
}

func (f faultyOutbox) NoteItem(ctx context.Context, g exchange.ItemGift) error {
	return f.on("note", func() error { return f.Outbox.NoteItem(ctx, g) })
}

// endless is a member that announces without an end what it does not hand out.
type endless struct {
	*notes
	code   registry.Code
	number uint64
}

func (e *endless) Changes(context.Context, string, exchange.Since) (*exchange.Changes, error) {
	answer := &exchange.Changes{Epoch: sm.Sum([]byte("endless"))}
	for range exchange.ChangesMost {
		e.number++
		answer.All = append(answer.All, exchange.Change{Number: e.number, Key: fmt.Sprint("k", e.number)})
	}
	return answer, nil
}

func (e *endless) Item(context.Context, string, exchange.ItemAsk) ([]byte, error) {
	return nil, registry.Errorf(e.code, "", "")
}

// TestFollowEndless: what a member announces without an end is kept up to a bound, and what
// it does not hand out leaves nothing behind.
func TestFollowEndless(t *testing.T) {
	t.Parallel()
	for _, code := range []registry.Code{registry.CodeNotYet, registry.CodeNotFound} {
		n := newNotes(t)
		e := &endless{notes: n, code: code}
		n.following.Feeds = e
		if code == registry.CodeNotFound {
			n.run("three answers", func() bool { return reads(t, n) >= 3*exchange.ChangesMost })
			if trail := lines(t, n.city, "exchange take"); trail != 0 {
				t.Errorf("%d lines of what was never taken", trail)
			}
			continue
		}
		n.run("the bound is reached", func() bool { return n.backlog() >= 2000 })
		at := reads(t, n)
		ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		n.following.Run(ctx)
		stop()
		if now := reads(t, n); n.backlog() != 2000 || now != at {
			t.Errorf("%d items wait, read up to %d and on to %d", n.backlog(), at, now)
		}
	}
}

// reads is how far the city has read the county's feed.
func reads(t *testing.T, n *notes) uint64 {
	t.Helper()
	place, err := n.city.Feeds.Place(t.Context(), exchange.FeedOf{From: "county", To: "city", Kind: kindNote})
	if err != nil {
		t.Fatal(err)
	}
	return place.After
}

// TestFeedBeginsAnew: a reader who says that it is further than its feed has that one begin
// anew, and no other.
func TestFeedBeginsAnew(t *testing.T) {
	t.Parallel()
	feeds := newSide(t).Feeds
	if err := feeds.Changed(t.Context(), []string{"a", "b"}, kindNote, "x"); err != nil {
		t.Fatal(err)
	}
	epoch := func(of string, place exchange.Place) sm.Digest {
		changes, err := feeds.Changes(t.Context(), of, kindNote, place, 10)
		if err != nil || len(changes.All) != 1 {
			t.Fatalf("%s: %+v, %v", of, changes, err)
		}
		return changes.Epoch
	}
	a, b := epoch("a", exchange.Place{}), epoch("b", exchange.Place{})
	if epoch("a", exchange.Place{Epoch: a, After: 1 << 40}) == a {
		t.Error("the feed of the reader who is further did not begin anew")
	}
	if epoch("b", exchange.Place{}) != b {
		t.Error("another member's feed began anew")
	}
}

// TestFollowForbidden: what is handed over and is not this member's to have is named, and
// not kept.
func TestFollowForbidden(t *testing.T) {
	t.Parallel()
	n := newNotes(t)
	n.write("a", "not yours")
	n.run("it is named", func() bool { return lines(t, n.city, "exchange aside") == 1 })
	conn, err := pgx.Connect(t.Context(), n.city.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var named, kept int
	if err := conn.QueryRow(t.Context(), `SELECT count(*), count(body) FROM feed_aside WHERE code = 'forbidden'`).Scan(&named, &kept); err != nil || named != 1 || kept != 0 {
		t.Errorf("%d named, %d kept, %v", named, kept, err)
	}
}
