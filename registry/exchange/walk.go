package exchange

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"tongzheng/registry"
)

// rowsMost is how many rows a walk reads at a time, with their packages.
const rowsMost = 8

// Walk goes through the view and the shelf side by side: what must be here and has no row
// is asked for, a copy that is not what the ledger says any more — deleted, edited, of
// another version — is taken away and asked for again, and what nothing on the ledger asks
// for is put out of the lists. Then it is known how many must be here.
func (l *Library) Walk(ctx context.Context) error {
	w, err := newWants(l.View, l.Directory, l.Clock())
	if err != nil || len(w.own) == 0 {
		return err
	}
	known := l.View.Knowledge(l.Clock())
	count := l.tally.begin(known.Height)
	var bases []string
	if err := l.View.Licenses(ctx, func(base string, _ *registry.License) error {
		bases = append(bases, base)
		return ctx.Err()
	}); err != nil {
		return err
	}
	slices.SortFunc(bases, strings.Compare)
	shelf := &walking{library: l, ctx: ctx, known: known}
	var lacking []Want
	for _, base := range bases {
		all, err := l.wanted(w, base)
		if err != nil {
			return err
		}
		count.add(all)
		more, err := shelf.compare(base, all)
		if err != nil {
			return err
		}
		if lacking = append(lacking, more...); len(lacking) >= 500 {
			if err := l.want(ctx, lacking); err != nil {
				return err
			}
			lacking = nil
		}
	}
	if _, err := shelf.compare("", nil); err != nil { // what is left stands behind the last license
		return err
	}
	if err := l.want(ctx, lacking); err != nil {
		return err
	}
	count.end()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.walked = l.Clock()
	return nil
}

// walking reads the shelf in the order of bases.
type walking struct {
	library *Library
	ctx     context.Context
	known   registry.Knowledge
	rows    []Row
	after   registry.Identifier
	over    bool
}

// next is the row at hand; nil at the end.
func (s *walking) next() (*Row, error) {
	if len(s.rows) == 0 && !s.over {
		rows, err := s.library.Shelf.Rows(s.ctx, s.after, rowsMost)
		if err != nil {
			return nil, err
		}
		if s.rows, s.over = rows, len(rows) < rowsMost; len(rows) > 0 {
			s.after = rows[len(rows)-1].Identifier
		}
	}
	if len(s.rows) == 0 {
		return nil, nil
	}
	return &s.rows[0], nil
}

// compare holds the rows of a license against what must be here of it, and returns what
// has no row or a wrong one. Rows of bases before it are of no license; an empty base
// stands behind all.
func (s *walking) compare(base string, wanted []Want) (lacking []Want, err error) {
	rows := map[registry.Identifier]*Row{}
	for {
		row, err := s.next()
		if err != nil {
			return nil, err
		}
		if row == nil {
			break
		}
		at := row.Identifier.Base()
		if base != "" && at > base {
			break
		}
		kept := *row
		s.rows = s.rows[1:]
		if at == base && slices.ContainsFunc(wanted, func(w Want) bool { return w.Identifier == kept.Identifier }) {
			rows[kept.Identifier] = &kept
			continue
		}
		if s.known.Stale || kept.Height >= s.known.Height {
			continue // a view that is built again, or behind, does not know yet what the ledger asks for
		}
		if err := s.library.mend(s.ctx, kept.Want, true, errors.New("nothing on the ledger asks for it here")); err != nil {
			return nil, err
		}
	}
	for _, w := range wanted {
		row := rows[w.Identifier]
		if row == nil || row.Intent != w.Intent || row.Member != w.Member || row.Form != w.Form || row.Height != w.Height || row.Recorded != w.Recorded {
			lacking = append(lacking, w)
			continue
		}
		if row.State != registry.CopyHere {
			continue
		}
		if err := s.check(row); err != nil {
			return nil, err
		}
	}
	return lacking, nil
}

// check holds a copy against the ledger, and what lists find it by against what it says.
func (s *walking) check(row *Row) error {
	standing, err := s.library.View.Standing(row.Identifier.Base())
	if err != nil {
		return err
	}
	made, _ := standing.VersionEntry(row.Identifier.Version)
	c, err := s.library.examiner.examine(row.Package, made, row.Form)
	if err == nil && found(&c.Opened) != row.Found {
		err = registry.Errorf(registry.CodeContent, "row", "lists find it by what it does not say")
	}
	if spoiled(err) {
		return s.library.mend(s.ctx, row.Want, false, err)
	}
	return err
}

// tally counts what must be here, by member and day: below the height at which the last
// whole walk began, and from there on.
type tally struct {
	mu     sync.Mutex
	height uint64
	below  map[tallyKey]int
	since  []Want // heights from height on; a block can come in parts
	known  map[registry.Identifier]bool
	walked bool
}

type tallyKey struct {
	member string
	day    registry.Date
}

// counting is one walk's count of what stands below the height at which it began.
type counting struct {
	tally  *tally
	height uint64
	by     map[tallyKey]int
}

func (t *tally) begin(height uint64) *counting { return &counting{t, height, map[tallyKey]int{}} }

func (c *counting) add(all []Want) {
	for _, w := range all {
		if w.Height < c.height {
			c.by[tallyKey{w.Member, registry.DateOfUnix(w.Recorded)}]++
		} else {
			c.tally.add([]Want{w})
		}
	}
}

// add counts what has come since the last walk began, each version once.
func (t *tally) add(all []Want) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[registry.Identifier]bool{}
	}
	for _, w := range all {
		if w.Height >= t.height && !t.known[w.Identifier] {
			t.known[w.Identifier] = true
			t.since = append(t.since, w)
		}
	}
}

// end takes the count of a walk over.
func (c *counting) end() {
	t := c.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	since := t.since
	t.height, t.below, t.walked = c.height, c.by, true
	t.since, t.known = nil, map[registry.Identifier]bool{}
	for _, w := range since {
		if w.Height >= c.height {
			t.since, t.known[w.Identifier] = append(t.since, w), true
		}
	}
}

// counted is the number by member and day, and up to which height that goes.
func (t *tally) counted() (by map[tallyKey]int, height uint64, walked bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	by, height = maps.Clone(t.below), t.height
	if by == nil {
		by = map[tallyKey]int{}
	}
	for _, w := range t.since {
		by[tallyKey{w.Member, registry.DateOfUnix(w.Recorded)}]++
		height = max(height, w.Height)
	}
	return by, height, t.walked
}
