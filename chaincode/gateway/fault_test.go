package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/registry"
)

// TestFaults stops parts of a real network under a stream of issues: nothing is
// lost, nothing doubled, no failure reported that was none.
func TestFaults(t *testing.T) {
	n := startNetwork(t)
	l := openLedger(t, n, allMembers...)
	city := found(t, l)
	t.Run("lost answers", func(t *testing.T) { lostAnswers(t, n, l, city) })
	t.Run("stream", func(t *testing.T) { faultyStream(t, n, l, city) })
	t.Run("stopped and started", func(t *testing.T) { restarted(t, n, l, city) })
}

// lostAnswers: what a process that ended between submit and commit finds out
// when it comes back.
func lostAnswers(t *testing.T, n *network.Network, l *Ledger, city *ledgertest.City) {
	issue := func() registry.Transaction {
		tx, err := l.Prepare(t.Context(), city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue)))
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	sent, never, hasty := issue(), issue(), issue()
	proposed, err := l.proposed(sent)
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.endorse(t.Context(), sent, proposed)
	if err != nil {
		t.Fatal(err)
	}
	via := l.as(ledgertest.MemberXingguo).order()[0]
	if _, _, err := handOver(t.Context(), via, e.raw); err != nil {
		t.Fatal(err)
	}
	// The process ends here; its successor asks.
	after := openLedger(t, n, allMembers...)
	if _, err := after.Lookup(t.Context(), ledgertest.MemberXingguo, never.ID); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("right after the start nobody knows: %v", err)
	}
	within, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if c := untilKnown(within, after, sent.ID); c == nil || c.Outcome.Count != 1 {
		t.Errorf("handed over, then forgotten: %+v", c)
	}
	if c := untilKnown(within, after, never.ID); c != nil {
		t.Errorf("never handed over: %+v", c)
	}
	// A caller who does not wait for the end learns that it is unknown, no more.
	impatient, cancelNow := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancelNow()
	if c, err := l.Submit(impatient, hasty); err == nil || registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("impatient: %v %v", c, err)
	}
	untilKnown(within, l, hasty.ID) // either way, but known in the end
	if within.Err() != nil {
		t.Error("a transaction's fate stayed unknown")
	}
}

// untilKnown asks until the ledger says yes or never; nil for never.
func untilKnown(ctx context.Context, l *Ledger, id string) *registry.Commit {
	for ctx.Err() == nil {
		c, err := l.Lookup(ctx, ledgertest.MemberXingguo, id)
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

// faultyStream goes through the faults one by one.
func faultyStream(t *testing.T, n *network.Network, l *Ledger, city *ledgertest.City) {
	s := newStream(t, l, city)
	fault := func(what string, away time.Duration, names ...string) {
		t.Helper()
		began, before := time.Now(), s.done.Load()
		for _, name := range names {
			if err := n.Kill(name); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(away)
		for _, name := range names {
			if err := n.Start(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The next fault meets a network that works.
		for mark := s.done.Load(); s.done.Load() < mark+20; time.Sleep(50 * time.Millisecond) {
			if time.Since(began) > 2*time.Minute {
				t.Fatalf("%s: the stream does not go on", what)
			}
		}
		t.Logf("%s: %d issued in %.1f s, longest so far %d ms", what, s.done.Load()-before, time.Since(began).Seconds(), s.longest.Load())
		s.longest.Store(0)
	}
	leader, err := n.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	follower := "orderer.audit"
	if leader == follower {
		follower = "orderer.yudu"
	}
	fault("another county's peer", 3*time.Second, "peer.yudu")
	fault("follower orderer", 3*time.Second, follower)
	fault("city's contract service", 2*time.Second, "service.city")
	fault("gateway peer", 3*time.Second, "peer.xingguo")
	if err := n.Level(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	fault("leader", 12*time.Second, leader)
	if err := n.Level(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	fault("two orderers", 5*time.Second, "orderer.audit", "orderer.yudu")
	s.end()
}

// restarted: the network stops and starts on its data, and the follower and the
// next license go on.
func restarted(t *testing.T, n *network.Network, l *Ledger, city *ledgertest.City) {
	began := time.Now()
	if err := n.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(t.Context(), registry.Governance, []string{"x"}); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("everything is down: %v", err)
	}
	t.Logf("down, and said so: %.1f s", time.Since(began).Seconds())
	if err := n.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	defer func() { t.Logf("first commit %.1f s after the network was ready", time.Since(began).Seconds()) }()
	submit(t, l, city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue)))
}

// stream issues licenses of Xingguo, each in a transaction of its own, until it
// is ended, and treats errors as the office does.
type stream struct {
	*testing.T
	ledger  *Ledger
	mu      sync.Mutex // of city and issued
	city    *ledgertest.City
	issued  []registry.Identifier
	done    atomic.Int64
	longest atomic.Int64 // milliseconds from the first try to the commit
	again   atomic.Int64
	stop    chan struct{}
	workers sync.WaitGroup
	commits sync.Map // transaction id → times followed
	follow  sync.WaitGroup
	cancel  context.CancelFunc
	counts  map[string]int // accepted entries by license, as followed
}

func newStream(t *testing.T, l *Ledger, city *ledgertest.City) *stream {
	s := &stream{T: t, ledger: l, city: city, stop: make(chan struct{}), counts: map[string]int{}}
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(t.Context())
	s.follow.Go(func() { s.following(ctx) })
	for range 6 {
		s.workers.Go(s.work)
	}
	return s
}

func (s *stream) following(ctx context.Context) {
	err := s.ledger.Follow(ctx, 0, func(c *registry.Commit) error {
		if c == nil {
			return nil
		}
		if _, twice := s.commits.LoadOrStore(c.Transaction, true); twice {
			s.Errorf("transaction %s was followed twice", c.Transaction)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		_, indexes := c.Accepted()
		for _, i := range indexes {
			if in := c.Batch.Entries[i].Intent; in != nil {
				s.counts[in.Identifier.Base()]++
			}
		}
		return nil
	})
	if registry.CodeOf(err) == registry.CodeLedgerDamaged {
		s.Errorf("following: %v", err)
	}
}

func (s *stream) work() {
	for {
		select {
		case <-s.stop:
			return
		default:
		}
		s.mu.Lock()
		license := s.city.NewLicense()
		entry := license.Next(registry.Issue)
		s.mu.Unlock()
		began := time.Now()
		if !s.anchor(entry) {
			return
		}
		took := time.Since(began).Milliseconds()
		for old := s.longest.Load(); took > old && !s.longest.CompareAndSwap(old, took); old = s.longest.Load() {
		}
		s.mu.Lock()
		s.issued = append(s.issued, license.Identifier)
		s.mu.Unlock()
		s.done.Add(1)
	}
}

// anchor brings one entry onto the ledger: unknown is asked for, not committed
// is made again, refused is a failure of the test.
func (s *stream) anchor(entry *registry.Entry) bool {
	for s.Context().Err() == nil {
		s.mu.Lock()
		batch := s.city.Batch(ledgertest.MemberXingguo, entry)
		s.mu.Unlock()
		tx, err := s.ledger.Prepare(s.Context(), batch)
		if err != nil {
			s.Errorf("preparing: %v", err)
			return false
		}
		c, err := s.ledger.Submit(s.Context(), tx)
		if registry.CodeOf(err) == registry.CodeUnavailable {
			c = untilKnown(s.Context(), s.ledger, tx.ID)
		} else if err != nil && registry.CodeOf(err) != registry.CodeLedgerConflict {
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

// end compares what was reported with what the ledger says.
func (s *stream) end() {
	close(s.stop)
	s.workers.Wait()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		s.mu.Lock()
		missing := 0
		for _, id := range s.issued {
			if s.counts[id.Base()] == 0 {
				missing++
			}
		}
		s.mu.Unlock()
		if missing == 0 {
			break
		}
	}
	s.cancel()
	s.follow.Wait()
	for _, id := range s.issued {
		if n := s.counts[id.Base()]; n != 1 {
			s.Errorf("license %s is on the ledger %d times", id, n)
		}
	}
	s.Logf("%d licenses, %d transactions made again", len(s.issued), s.again.Load())
}
