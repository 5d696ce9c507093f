package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/pack"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/pgtest"
	"tongzheng/registry/sm"
)

// shelved is another library of the city's, on a shelf of its own.
type shelved struct {
	*exchange.Library
	db     pgtest.Database
	store  *postgres.Store
	config exchange.Config
}

// shelf opens one. Its waits are short: what is waited for are states.
func (x *exchanging) shelf(t *testing.T, neighbors exchange.Neighbors, wrap func(exchange.Shelf) exchange.Shelf) *shelved {
	t.Helper()
	s := &shelved{db: pgtest.New(t)}
	s.store = pgtest.Open(t, s.db, nil)
	s.config = exchange.Config{View: x.city.View, Directory: x.city.Exchange.Directory, Shelf: s.store.Exchange, Neighbors: neighbors, Checker: x.city.Ports.Checker,
		Clock: time.Now, Log: slog.New(slog.DiscardHandler), WalkEvery: time.Hour, FirstWait: 5 * time.Millisecond, LastWait: 20 * time.Millisecond, Outage: 5 * time.Millisecond}
	if wrap != nil {
		s.config.Shelf = wrap(s.config.Shelf)
	}
	s.again(t)
	return s
}

// again opens the library on the same shelf, as after a restart.
func (s *shelved) again(t *testing.T) {
	t.Helper()
	var err error
	if s.Library, err = exchange.NewLibrary(s.config); err != nil {
		t.Fatal(err)
	}
}

// run runs it until until.
func (s *shelved) run(t *testing.T, what string, until func() bool) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	defer func() { stop(); <-ended }()
	eventually(t, what, until)
}

func (s *shelved) whole(t *testing.T) bool {
	t.Helper()
	c, err := s.Account(t.Context())
	return err == nil && c.Whole
}

func (s *shelved) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// reached is the county's registry as the city reaches it, or whatever answer puts in its
// place.
type reached struct {
	exchange.Neighbors
	answer func(ctx context.Context, ask exchange.Ask, honest func() ([]byte, int, error)) ([]byte, int, error)

	mu    sync.Mutex
	given []registry.Identifier // answered, in order
}

func (r *reached) Package(ctx context.Context, member string, ask exchange.Ask) ([]byte, int, error) {
	honest := func() ([]byte, int, error) { return r.Neighbors.Package(ctx, member, ask) }
	if r.answer == nil {
		r.answer = func(_ context.Context, _ exchange.Ask, honest func() ([]byte, int, error)) ([]byte, int, error) {
			return honest()
		}
	}
	raw, version, err := r.answer(ctx, ask, honest)
	if err == nil {
		r.mu.Lock()
		r.given = append(r.given, ask.Identifier)
		r.mu.Unlock()
	}
	return raw, version, err
}

// faultyShelf, faultyBook and faultyCounty strike the first call of a name.
type faultyShelf struct {
	exchange.Shelf
	*strikes
}

type faultyBook struct {
	exchange.Book
	*strikes
}

// strikes fails one call: before anything was done, or after all was.
type strikes struct {
	call, mode string
	mu         sync.Mutex
	struck     bool
}

var errStruck = errors.New("test fault")

func (f *strikes) strike(call string, do func() error) error {
	f.mu.Lock()
	now := call == f.call && !f.struck
	f.struck = f.struck || now
	f.mu.Unlock()
	if now && f.mode == "failed" {
		return errStruck
	}
	if err := do(); err != nil || !now {
		return err
	}
	return errStruck
}

func (f faultyShelf) Want(ctx context.Context, wants []exchange.Want) (n int, err error) {
	err = f.strike("want", func() (e error) { n, e = f.Shelf.Want(ctx, wants); return })
	return n, err
}

func (f faultyShelf) Due(ctx context.Context, member string, now time.Time, limit int) (due []exchange.Want, next time.Time, err error) {
	err = f.strike("due", func() (e error) { due, next, e = f.Shelf.Due(ctx, member, now, limit); return })
	return due, next, err
}

func (f faultyShelf) Keep(ctx context.Context, taken exchange.Taken) error {
	return f.strike("keep", func() error { return f.Shelf.Keep(ctx, taken) })
}

func (f faultyShelf) Missed(ctx context.Context, w exchange.Want, m exchange.Miss) error {
	return f.strike("missed", func() error { return f.Shelf.Missed(ctx, w, m) })
}

func (f faultyShelf) PutAside(ctx context.Context, a exchange.Aside) error {
	return f.strike("aside", func() error { return f.Shelf.PutAside(ctx, a) })
}

func (f faultyShelf) Mend(ctx context.Context, w exchange.Want, stray bool, why string) error {
	return f.strike("mend", func() error { return f.Shelf.Mend(ctx, w, stray, why) })
}

func (f faultyShelf) Rows(ctx context.Context, after registry.Identifier, limit int) (rows []exchange.Row, err error) {
	err = f.strike("rows", func() (e error) { rows, e = f.Shelf.Rows(ctx, after, limit); return })
	return rows, err
}

func (f faultyBook) Note(ctx context.Context, g exchange.Gift) error {
	return f.strike("note", func() error { return f.Book.Note(ctx, g) })
}

// faults: each call to a port fails once, before and after it did its work; in the end every
// version is here, and each was written down once.
func (x *exchanging) faults(t *testing.T) {
	for _, call := range []string{"package", "want", "due", "keep", "missed", "aside", "mend", "rows", "note"} {
		for _, mode := range []string{"failed", "persisted"} {
			t.Run(call+" "+mode, func(t *testing.T) {
				t.Parallel()
				x.fault(t, &strikes{call: call, mode: mode})
			})
		}
	}
}

func (x *exchanging) fault(t *testing.T, f *strikes) {
	target := x.countys(t)[0]
	book := pgtest.Store(t, nil)
	giving := *x.county.Exchange.Giving
	giving.Book = faultyBook{book.Exchange, f}
	first := map[string]bool{"missed": true, "aside": true}[f.call] // an answer that makes the call necessary
	var mu sync.Mutex
	neighbors := &reached{answer: func(ctx context.Context, ask exchange.Ask, _ func() ([]byte, int, error)) (raw []byte, version int, err error) {
		mu.Lock()
		defer mu.Unlock()
		if ask.Identifier == target && first {
			first = false
			if f.call == "missed" {
				return nil, 0, registry.Errorf(registry.CodeNotYet, "", "test")
			}
			return []byte("rubbish"), 1, nil
		}
		err = f.strike("package", func() (e error) {
			raw, e = giving.Package(ctx, []string{citytest.City}, ask)
			return
		})
		return raw, 1, err
	}}
	s := x.shelf(t, neighbors, func(shelf exchange.Shelf) exchange.Shelf { return faultyShelf{shelf, f} })
	s.run(t, "all versions are here", func() bool { return s.whole(t) })
	if f.call == "mend" {
		if n := s.exec(t, `UPDATE copy SET package = 'x' WHERE base = $1`, target.Base()); n != 1 {
			t.Fatal(n)
		}
		s.run(t, "an altered copy is back", func() bool {
			if err := s.Walk(t.Context()); err != nil && !errors.Is(err, errStruck) {
				t.Fatal(err)
			}
			_, err := s.Copy(t.Context(), target)
			return err == nil
		})
	}
	f.mu.Lock()
	struck := f.struck
	f.mu.Unlock()
	if !struck {
		t.Error("the fault never struck")
	}
	on := s.count(t, `SELECT count(*) FROM copy`)
	if taken := s.count(t, `SELECT count(*) FROM audit WHERE operation = 'exchange take'`); taken != on || s.count(t, `SELECT count(*) FROM copy WHERE state = 'here'`) != on {
		t.Errorf("%d versions, %d lines in the audit trail", on, taken)
	}
	events, _, err := book.AuditTrail(t.Context(), "", 0, 10*on)
	if err != nil || len(events) != on {
		t.Errorf("%d versions were given, %d lines in the audit trail, %v", on, len(events), err)
	}
}

func (s *shelved) exec(t *testing.T, sql string, args ...any) int64 {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	return execute(t, conn, sql, args...)
}

// lies: whatever a county hands over that is not what the ledger says is put aside under its
// name, and what is true is taken afterwards.
func (x *exchanging) lies(t *testing.T) {
	ids := x.countys(t)
	target, other := ids[0], ids[1]
	packed := func(id registry.Identifier, change func(h *exchange.Held)) []byte {
		raw, _, err := x.city.Exchange.Client.Package(t.Context(), citytest.Xingguo, exchange.Ask{Identifier: id, Organization: x.library})
		if err != nil {
			t.Fatal(err)
		}
		h, err := exchange.Unpack(raw)
		if err != nil {
			t.Fatal(err)
		}
		change(h)
		if raw, err = exchange.Pack(h); err != nil {
			t.Fatal(err)
		}
		return raw
	}
	same := func(*exchange.Held) {}
	another, err := exchange.Unpack(packed(other, same))
	if err != nil {
		t.Fatal(err)
	}
	flip := func(raw []byte) []byte {
		raw = slices.Clone(raw)
		raw[len(raw)/2] ^= 1
		return raw
	}
	lies := map[string]struct {
		raw  []byte
		code registry.Code
	}{
		"another document":     {packed(target, func(h *exchange.Held) { h.Opened.Unsealed = flip(h.Opened.Unsealed) }), registry.CodeContent},
		"another number":       {packed(target, func(h *exchange.Held) { h.Opened.Facts.Number += "1" }), registry.CodeContent},
		"another holder":       {packed(target, func(h *exchange.Held) { h.Opened.Facts.Holder.Name = "别家" }), registry.CodeContent},
		"a field more":         {packed(target, func(h *exchange.Held) { h.Opened.Facts.Fields["KZ_MORE"] = "x" }), registry.CodeContent},
		"another term":         {packed(target, func(h *exchange.Held) { h.Opened.Facts.Expires++ }), registry.CodeContent},
		"another secret":       {packed(target, func(h *exchange.Held) { h.Opened.Secret = flip(h.Opened.Secret) }), registry.CodeContent},
		"another catalog":      {packed(target, func(h *exchange.Held) { h.Opened.Type.Name = "别证" }), registry.CodeContent},
		"an approval less":     {packed(target, func(h *exchange.Held) { h.Approvals = h.Approvals[1:] }), registry.CodeContent},
		"another's receipt":    {packed(target, func(h *exchange.Held) { h.Receipt = another.Receipt }), registry.CodeReceipt},
		"a receipt elsewhere":  {packed(target, func(h *exchange.Held) { h.Receipt.Height++ }), registry.CodeReceipt},
		"another author":       {packed(target, func(h *exchange.Held) { h.Receipt.Author.Signature = flip(h.Receipt.Author.Signature) }), registry.CodeReceipt},
		"another signature":    {packed(target, func(h *exchange.Held) { h.Parts.Signature = flip(h.Parts.Signature) }), registry.CodeContent},
		"another seal":         {packed(target, func(h *exchange.Held) { h.Parts.Value = flip(h.Parts.Value); restate(h) }), registry.CodeContent},
		"evidence by the MiB":  {packed(target, func(h *exchange.Held) { h.Receipt.Evidence = make([]byte, 2<<20) }), registry.CodeTooLarge},
		"packed anew":          {packed(target, func(h *exchange.Held) { h.Sealed, h.Parts = x.repacked(t, target), nil }), registry.CodeContent},
		"another license":      {packed(other, same), registry.CodeContent},
		"rubbish":              {[]byte("rubbish"), registry.CodeMalformed},
		"a package cut short":  {packed(target, same)[:2000], registry.CodeMalformed},
		"a package and a half": {append(packed(target, same), 0), registry.CodeMalformed},
	}
	var mu sync.Mutex
	var lie []byte
	s := x.shelf(t, &reached{Neighbors: x.city.Exchange.Client, answer: func(_ context.Context, ask exchange.Ask, honest func() ([]byte, int, error)) ([]byte, int, error) {
		mu.Lock()
		defer mu.Unlock()
		if ask.Identifier == target && lie != nil {
			return lie, 1, nil
		}
		return honest()
	}}, nil)
	for what, l := range lies {
		mu.Lock()
		lie = l.raw
		mu.Unlock()
		digest := sm.Sum(l.raw)
		s.run(t, what+" is put aside", func() bool {
			return s.count(t, `SELECT count(*) FROM copy_aside WHERE digest = $1 AND code = $2 AND member = 'xingguo'`, digest[:], string(l.code)) == 1
		})
		if _, err := s.Copy(t.Context(), target); registry.CodeOf(err) != registry.CodeNotFound {
			t.Errorf("%s is a copy: %v", what, err)
		}
	}
	c, err := s.Account(t.Context())
	if err != nil || c.Whole || len(c.Aside) != len(lies) || line(t, c, citytest.Xingguo).Aside != 1 || line(t, c, citytest.Xingguo).Gap.Identifier != target {
		t.Errorf("%+v, %v", c, err)
	}
	mu.Lock()
	lie = nil
	mu.Unlock()
	s.run(t, "the truth is taken", func() bool { return s.whole(t) })
	if n := s.count(t, `SELECT count(*) FROM audit WHERE operation = 'exchange aside' AND subject = $1`, target.String()); n != len(lies) {
		t.Errorf("%d lines in the audit trail of %d lies", n, len(lies))
	}
}

// repacked is a document with the same files in another ZIP.
func (x *exchanging) repacked(t *testing.T, id registry.Identifier) []byte {
	t.Helper()
	c, err := x.city.Exchange.Library.Copy(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	old, err := zip.NewReader(bytes.NewReader(c.Sealed), int64(len(c.Sealed)))
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	anew := zip.NewWriter(&raw)
	for _, f := range old.File {
		if err := anew.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	if w, err := anew.Create("more.txt"); err != nil {
		t.Fatal(err)
	} else if _, err := w.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := anew.Close(); err != nil {
		t.Fatal(err)
	}
	return raw.Bytes()
}

// restate has parts say of themselves what they make.
func restate(h *exchange.Held) {
	if sealed, err := pack.Compose(h.Opened.Unsealed, h.Parts); err == nil {
		h.Parts.Sealed = sm.Sum(sealed)
	}
}

// away: a member that cannot be reached is left alone for longer and longer, then caught up
// with in the order of the ledger, each version once, through a restart in the middle.
func (x *exchanging) away(t *testing.T) {
	var mu sync.Mutex
	away, tries, most := true, 0, 0
	neighbors := &reached{Neighbors: x.city.Exchange.Client}
	neighbors.answer = func(_ context.Context, _ exchange.Ask, honest func() ([]byte, int, error)) ([]byte, int, error) {
		mu.Lock()
		defer mu.Unlock()
		if tries++; away || most > 0 && len(neighbors.given) >= most {
			return nil, 0, registry.Errorf(registry.CodeUnavailable, "", "test: away")
		}
		return honest()
	}
	s := x.shelf(t, neighbors, nil)
	s.run(t, "it is asked again", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return tries > 3
	})
	c, err := s.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := line(t, c, citytest.Xingguo)
	if c.Whole || l.Here != 0 || l.Missing != l.On || l.Link == nil || l.Link.Code != registry.CodeUnavailable || l.Link.Failures < 3 || l.Gap == nil {
		t.Errorf("%+v", l)
	}
	mu.Lock()
	away, most = false, 3
	mu.Unlock()
	s.again(t)
	s.run(t, "some versions are here", func() bool { return s.count(t, `SELECT count(*) FROM copy WHERE state = 'here'`) == 3 })
	mu.Lock()
	most = 0
	mu.Unlock()
	s.again(t)
	s.run(t, "all versions are here", func() bool { return s.whole(t) })
	heights := map[registry.Identifier]uint64{}
	var last uint64
	for _, id := range neighbors.given {
		standing, err := x.city.View.Standing(id.Base())
		if err != nil {
			t.Fatal(err)
		}
		made, _ := standing.VersionEntry(id.Version)
		if heights[id] != 0 || made.Height < last {
			t.Errorf("%s at height %d is taken after height %d, %d of %d", id, made.Height, last, len(heights), l.On)
		}
		heights[id], last = made.Height, made.Height
	}
	if len(heights) != l.On {
		t.Error(fmt.Sprint(len(heights), " versions were taken, of ", l.On))
	}
}
