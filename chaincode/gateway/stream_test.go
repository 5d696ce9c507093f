package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// town is a city that several streams issue in.
type town struct {
	sync.Mutex
	*ledgertest.City
}

// stream issues licenses of one member, each in a transaction of its own, until
// it is ended, and treats errors as the office does.
type stream struct {
	*testing.T
	ledger    *Ledger
	town      *town
	member    string
	begin     func() *ledgertest.License // town is locked
	done      atomic.Int64
	longest   atomic.Int64 // milliseconds from the first try to the commit
	again     atomic.Int64
	stop      chan struct{}
	workers   sync.WaitGroup
	follow    sync.WaitGroup
	cancel    context.CancelFunc
	mu        sync.Mutex
	handedIn  map[string]bool // licenses whose issue was begun
	reported  map[string]bool // and those reported as committed
	commits   map[string]bool // transactions followed
	onLedger  map[string]int  // accepted entries by license, as followed
	harmless  int             // repeats of an accepted entry
	anchoring func(*registry.Entry) registry.Batch
}

// newStream starts six hands that issue licenses of a member, one after the
// other, and somebody who follows the ledger from its beginning.
func newStream(t *testing.T, l *Ledger, where *town, member string) *stream {
	s := &stream{T: t, ledger: l, town: where, member: member, stop: make(chan struct{}),
		handedIn: map[string]bool{}, reported: map[string]bool{}, commits: map[string]bool{}, onLedger: map[string]int{}}
	s.begin = map[string]func() *ledgertest.License{
		ledgertest.MemberXingguo: where.NewLicense,
		ledgertest.MemberYudu:    where.NewYuduLicense,
	}[member]
	s.anchoring = func(e *registry.Entry) registry.Batch { return where.Batch(member, e) }
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(t.Context())
	s.follow.Go(func() { s.following(ctx) })
	for range 6 {
		s.workers.Go(func() {
			for !s.stopped() && s.issue() {
			}
		})
	}
	return s
}

func (s *stream) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// handIn begins issues beside the stream; end waits for them.
func (s *stream) handIn(count int) {
	for range count {
		s.workers.Go(func() { s.issue() })
	}
}

func (s *stream) following(ctx context.Context) {
	err := s.ledger.Follow(ctx, 0, func(c *registry.Commit) error {
		if c == nil || c.Batch.Namespace != s.member {
			return nil
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.commits[c.Transaction] {
			s.Errorf("transaction %s was followed twice", c.Transaction)
		}
		s.commits[c.Transaction] = true
		for i, r := range c.Outcome.Results {
			if in := c.Batch.Entries[i].Intent; in != nil && r.Repeat {
				s.harmless++
			} else if in != nil && r.Accepted() {
				s.onLedger[in.Identifier.Base()]++
			}
		}
		return nil
	})
	if registry.CodeOf(err) == registry.CodeLedgerDamaged {
		s.Errorf("following: %v", err)
	}
}

// issue makes one license and brings it onto the ledger.
func (s *stream) issue() bool {
	s.town.Lock()
	license := s.begin()
	entry := license.Next(registry.Issue)
	s.town.Unlock()
	base := license.Identifier.Base()
	s.mu.Lock()
	s.handedIn[base] = true
	s.mu.Unlock()
	began := time.Now()
	if !s.anchor(entry) {
		return false
	}
	took := time.Since(began).Milliseconds()
	for old := s.longest.Load(); took > old && !s.longest.CompareAndSwap(old, took); old = s.longest.Load() {
	}
	s.mu.Lock()
	s.reported[base] = true
	s.mu.Unlock()
	s.done.Add(1)
	return true
}

// anchor brings one entry onto the ledger: unknown is asked for, not committed
// (or made for rules that are in force no longer, or not yet everywhere) is made
// again, refused is a failure of the test.
func (s *stream) anchor(entry *registry.Entry) bool {
	for s.Context().Err() == nil {
		s.town.Lock()
		batch := s.anchoring(entry)
		s.town.Unlock()
		tx, err := s.ledger.Prepare(s.Context(), batch)
		if err != nil {
			s.Errorf("preparing: %v", err)
			return false
		}
		c, err := s.ledger.Submit(s.Context(), tx)
		if registry.CodeOf(err) == registry.CodeUnavailable {
			c = untilKnown(s.Context(), s.ledger, s.member, tx.ID)
		} else if err != nil && registry.CodeOf(err) != registry.CodeLedgerConflict && registry.CodeOf(err) != registry.CodeRules {
			s.Errorf("a failure that is none: %v", err)
			return false
		}
		if c != nil {
			if r := c.Outcome.Results[0]; !r.Accepted() {
				s.Errorf("refused: %+v", r)
				return false
			}
			return true
		}
		s.again.Add(1)
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// untilKnown asks until the ledger says yes or never; nil for never.
func untilKnown(ctx context.Context, l *Ledger, namespace, id string) *registry.Commit {
	for ctx.Err() == nil {
		c, err := l.Lookup(ctx, namespace, id)
		switch registry.CodeOf(err) {
		case "":
			return c
		case registry.CodeNotFound:
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return nil
}

// goesOn waits until count more are committed.
func (s *stream) goesOn(count int64, within time.Duration) {
	s.Helper()
	end := time.Now().Add(within)
	for mark := s.done.Load(); s.done.Load() < mark+count; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("the stream of %s does not go on", s.member)
		}
	}
}

// still waits until nothing was committed for two seconds.
func (s *stream) still(within time.Duration) {
	s.Helper()
	began := time.Now()
	for mark, since := s.done.Load(), began; time.Since(since) < 2*time.Second; time.Sleep(50 * time.Millisecond) {
		if now := s.done.Load(); now != mark {
			mark, since = now, time.Now()
		}
		if time.Since(began) > within {
			s.Fatalf("the stream of %s goes on", s.member)
		}
	}
}

// pending lists the licenses that were handed in and are not reported yet.
func (s *stream) pending() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for base := range s.handedIn {
		if !s.reported[base] {
			list = append(list, base)
		}
	}
	return list
}

// drained waits until each of them is on the ledger and reported.
func (s *stream) drained(waiting []string, within time.Duration) {
	s.Helper()
	end := time.Now().Add(within)
	for {
		missing := 0
		s.mu.Lock()
		for _, base := range waiting {
			if !s.reported[base] || s.onLedger[base] != 1 {
				missing++
			}
		}
		s.mu.Unlock()
		if missing == 0 {
			return
		}
		if time.Now().After(end) {
			s.Fatalf("%d of the %d that waited did not come through", missing, len(waiting))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// followed tells whether everything reported was also followed; the ledger may
// have more, from before.
func (s *stream) followed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for base := range s.reported {
		if s.onLedger[base] == 0 {
			return false
		}
	}
	return true
}

// end lets everything handed in come to its end, and compares what was handed
// in, what was reported and what the ledger has: the same, once each.
func (s *stream) end() {
	s.Helper()
	close(s.stop)
	s.workers.Wait()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if s.followed() {
			break
		}
	}
	s.cancel()
	s.follow.Wait()
	for base := range s.handedIn {
		if n := s.onLedger[base]; n != 1 || !s.reported[base] {
			s.Errorf("license %s: %d times on the ledger, reported as committed: %t", base, n, s.reported[base])
		}
	}
	s.Logf("%s: %d licenses, %d transactions made again, %d harmless repeats", s.member, len(s.reported), s.again.Load(), s.harmless)
}
