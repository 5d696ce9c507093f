package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/network/networktest"
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

// hands is how many issue at once in a stream, and breath is their pause after
// each license. The streams of make soak leave the machine no rest.
func hands() (count int, breath time.Duration) {
	if networktest.Exhaustive() {
		return 6, 0
	}
	return 3, 150 * time.Millisecond
}

// newStream starts hands that issue licenses of a member, one after the other,
// and somebody who follows the ledger from its beginning.
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
	count, breath := hands()
	for range count {
		s.workers.Go(func() {
			for !s.stopped() && s.issue(s.start()) {
				time.Sleep(breath)
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

// handIn begins issues beside the stream, and names the licenses; end waits for
// them.
func (s *stream) handIn(count int) []string {
	var bases []string
	for range count {
		base, entry := s.start()
		bases = append(bases, base)
		s.workers.Go(func() { s.issue(base, entry) })
	}
	return bases
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

// start makes one license.
func (s *stream) start() (base string, issue *registry.Entry) {
	s.town.Lock()
	license := s.begin()
	issue = license.Next(registry.Issue)
	s.town.Unlock()
	base = license.Identifier.Base()
	s.mu.Lock()
	s.handedIn[base] = true
	s.mu.Unlock()
	return base, issue
}

// issue brings one license onto the ledger.
func (s *stream) issue(base string, entry *registry.Entry) bool {
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

// anchor brings one entry onto the ledger: not committed (or made for rules that
// are in force no longer, or not yet everywhere) is made again, refused is a
// failure of the test.
func (s *stream) anchor(entry *registry.Entry) bool {
	for s.Context().Err() == nil {
		s.town.Lock()
		batch := s.anchoring(entry)
		s.town.Unlock()
		c, err := ledgertest.Settle(s.Context(), s.ledger, batch)
		switch registry.CodeOf(err) {
		case "":
			if r := c.Outcome.Results[0]; !r.Accepted() {
				s.Errorf("refused: %+v", r)
				return false
			}
			return true
		case registry.CodeLedgerConflict, registry.CodeRules, registry.CodeUnavailable: // the last at the test's end
		default:
			s.Errorf("a failure that is none: %v", err)
			return false
		}
		s.again.Add(1)
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// goesOn waits until count more are committed.
func (s *stream) goesOn(count int64) {
	s.Helper()
	mark := s.done.Load()
	networktest.Eventually(s, "the stream of "+s.member, func() error {
		if n := s.done.Load() - mark; n < count {
			return fmt.Errorf("%d of %d issued", n, count)
		}
		return nil
	})
}

// none wants none of these licenses on the ledger.
func (s *stream) none(what string, bases []string) {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, base := range bases {
		if s.reported[base] || s.onLedger[base] > 0 {
			s.Errorf("%s: license %s was committed", what, base)
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
func (s *stream) drained(waiting []string) {
	s.Helper()
	networktest.Eventually(s, "those that waited", func() error {
		missing := 0
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, base := range waiting {
			if !s.reported[base] || s.onLedger[base] != 1 {
				missing++
			}
		}
		if missing > 0 {
			return fmt.Errorf("%d of %d are missing", missing, len(waiting))
		}
		return nil
	})
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
	networktest.Eventually(s, "what was reported, as followed", func() error {
		if !s.followed() {
			return errors.New("the ledger has less")
		}
		return nil
	})
	s.cancel()
	s.follow.Wait()
	for base := range s.handedIn {
		if n := s.onLedger[base]; n != 1 || !s.reported[base] {
			s.Errorf("license %s: %d times on the ledger, reported as committed: %t", base, n, s.reported[base])
		}
	}
	s.Logf("%s: %d licenses, %d transactions made again, %d harmless repeats", s.member, len(s.reported), s.again.Load(), s.harmless)
}
