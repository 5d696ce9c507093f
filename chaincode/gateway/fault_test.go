package gateway

import (
	"context"
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
	if c := untilKnown(within, after, ledgertest.MemberXingguo, sent.ID); c == nil || c.Outcome.Count != 1 {
		t.Errorf("handed over, then forgotten: %+v", c)
	}
	if c := untilKnown(within, after, ledgertest.MemberXingguo, never.ID); c != nil {
		t.Errorf("never handed over: %+v", c)
	}
	// A caller who does not wait for the end learns that it is unknown, no more.
	impatient, cancelNow := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancelNow()
	if c, err := l.Submit(impatient, hasty); err == nil || registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("impatient: %v %v", c, err)
	}
	untilKnown(within, l, ledgertest.MemberXingguo, hasty.ID) // either way, but known in the end
	if within.Err() != nil {
		t.Error("a transaction's fate stayed unknown")
	}
}

// faultyStream goes through the faults one by one, while Xingguo and Yudu issue.
func faultyStream(t *testing.T, n *network.Network, l *Ledger, city *ledgertest.City) {
	where := &town{City: city}
	xingguo, yudu := newStream(t, l, where, ledgertest.MemberXingguo), newStream(t, l, where, ledgertest.MemberYudu)
	fault := func(what string, meanwhile func(), names ...string) {
		t.Helper()
		began, before := time.Now(), [2]int64{xingguo.done.Load(), yudu.done.Load()}
		for _, name := range names {
			if err := n.Kill(name); err != nil {
				t.Fatal(err)
			}
		}
		meanwhile()
		for _, name := range names {
			if err := n.Start(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The next fault meets a network that works.
		for _, s := range []*stream{xingguo, yudu} {
			s.goesOn(20, 2*time.Minute)
		}
		if err := n.Level(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d and %d issued in %.1f s, longest %d and %d ms", what, xingguo.done.Load()-before[0], yudu.done.Load()-before[1],
			time.Since(began).Seconds(), xingguo.longest.Swap(0), yudu.longest.Swap(0))
	}
	pause := func(d time.Duration) func() { return func() { time.Sleep(d) } }
	for _, s := range []*stream{xingguo, yudu} {
		s.goesOn(20, time.Minute)
	}
	leader, err := n.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	follower := "orderer.audit"
	if leader == follower {
		follower = "orderer.yudu"
	}
	var waiting []string
	fault("Yudu's peer", func() { waiting = queued(t, yudu, xingguo) }, "peer.yudu")
	yudu.drained(waiting, time.Minute)
	fault("Xingguo's contract service", func() { waiting = queued(t, xingguo, yudu) }, "service.xingguo")
	xingguo.drained(waiting, time.Minute)
	fault("city's contract service", pause(2*time.Second), "service.city")
	fault("gateway peer of Xingguo", func() { waiting = queued(t, xingguo, yudu) }, "peer.xingguo")
	xingguo.drained(waiting, time.Minute)
	fault("follower orderer", func() {
		xingguo.goesOn(50, time.Minute) // who is not needed is not missed
		yudu.goesOn(50, time.Minute)
	}, follower)
	fault("leader", pause(12*time.Second), leader)
	fault("two orderers", pause(5*time.Second), "orderer.audit", "orderer.yudu")
	restarted(t, n, xingguo, yudu)
	xingguo.end()
	yudu.end()
}

// queued: what a member needs is gone. Nothing of it is committed; what is
// handed in meanwhile waits, and is returned. The other member does not notice.
func queued(t *testing.T, stuck, free *stream) []string {
	t.Helper()
	stuck.still(time.Minute) // what was with the orderers already is through
	began := stuck.done.Load()
	stuck.handIn(20)
	free.goesOn(50, time.Minute)
	time.Sleep(2 * time.Second)
	waiting := stuck.pending()
	if n := stuck.done.Load() - began; n != 0 || len(waiting) != 26 {
		t.Errorf("%s: %d committed without its endorsement, %d wait", stuck.member, n, len(waiting))
	}
	return waiting
}

// restarted: the whole network stops and starts on its data; what was under way
// or handed in meanwhile goes on.
func restarted(t *testing.T, n *network.Network, streams ...*stream) {
	t.Helper()
	began := time.Now()
	if err := n.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := streams[0].ledger.Read(t.Context(), registry.Governance, []string{"x"}); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("everything is down: %v", err)
	}
	t.Logf("down, and said so: %.1f s", time.Since(began).Seconds())
	for _, s := range streams {
		s.handIn(20)
	}
	time.Sleep(2 * time.Second)
	if err := n.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	for _, s := range streams {
		waiting := s.pending()
		s.drained(waiting, 2*time.Minute)
		t.Logf("%s: %d that waited are through %.1f s after the network was ready", s.member, len(waiting), time.Since(began).Seconds())
	}
}
