package gateway

import (
	"context"
	"strings"
	"testing"
	"time"

	"tongzheng/chaincode/gateway/handover"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/registry"
)

// TestFaults stops parts of a real network under a stream of issues: nothing is
// lost, nothing doubled, no failure reported that was none. Then the contract
// service is replaced under the same streams.
func TestFaults(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	l := openLedger(t, n, allMembers...)
	city := found(t, l)
	t.Run("unclear answers", func(t *testing.T) { unclearAnswers(t, n, city) })
	t.Run("lost answers", func(t *testing.T) { lostAnswers(t, n, l, city) })
	t.Run("stream", func(t *testing.T) { faultyStream(t, n, l, city) })
	t.Run("rolling upgrade", func(t *testing.T) { rollingUpgrade(t, n, l, city) })
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
	e := endorsedFor(t, l, sent)
	networktest.Eventually(t, "orderers that took it", func() error {
		_, clear, err := handover.Once(t.Context(), l.as(ledgertest.MemberXingguo).ways()[0], e.raw)
		if clear || strings.Contains(said(err), saidProcessed) {
			return nil
		}
		return err
	})
	// The process ends here; its successor asks.
	fresh := openWith(t, Config{Profiles: l.config.Profiles, Settle: networktest.Patience})
	if _, err := fresh.Lookup(t.Context(), ledgertest.MemberXingguo, never.ID); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("right after the start nobody knows: %v", err)
	}
	within := networktest.Within(t)
	if c := ledgertest.UntilKnown(within, fresh, ledgertest.MemberXingguo, sent.ID); c == nil || c.Outcome.Count != 1 {
		t.Errorf("handed over, then forgotten: %+v", c)
	}
	after := openLedger(t, n, allMembers...)
	if c := ledgertest.UntilKnown(within, after, ledgertest.MemberXingguo, never.ID); c != nil || within.Err() != nil {
		t.Errorf("never handed over: %+v", c)
	}
	// A caller who does not wait for the end learns that it is unknown, no more,
	// unless the network was quicker than that.
	impatient, cancelNow := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancelNow()
	if c, err := l.Submit(impatient, hasty); registry.CodeOf(err) != registry.CodeUnavailable && (err != nil || c.Outcome.Count != 1) {
		t.Errorf("impatient: %v %v", c, err)
	}
	ledgertest.UntilKnown(within, l, ledgertest.MemberXingguo, hasty.ID) // either way, but known in the end
	if within.Err() != nil {
		t.Error("a transaction's fate stayed unknown")
	}
}

// few is how many licenses are enough to say that a stream goes on.
func few() int64 {
	if networktest.Exhaustive() {
		return 50
	}
	return 10
}

// faulty is a network under the streams of two members.
type faulty struct {
	*testing.T
	network       *network.Network
	xingguo, yudu *stream
}

func (f *faulty) both() []*stream { return []*stream{f.xingguo, f.yudu} }

func (f *faulty) goOn() {
	f.Helper()
	for _, s := range f.both() {
		s.goesOn(few())
	}
}

// fault kills processes, has something done meanwhile, starts them again and
// waits until everything is as before: the next fault meets a network that works.
func (f *faulty) fault(what string, meanwhile func(), names ...string) {
	f.Helper()
	began, before := time.Now(), [2]int64{f.xingguo.done.Load(), f.yudu.done.Load()}
	for _, name := range names {
		if err := f.network.Kill(name); err != nil {
			f.Fatal(err)
		}
	}
	meanwhile()
	for _, name := range names {
		if err := f.network.Start(name); err != nil {
			f.Fatal(err)
		}
	}
	if err := f.network.Ready(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.goOn()
	networktest.Level(f, f.network)
	f.Logf("%s: %d and %d issued in %.1f s, longest %d and %d ms", what, f.xingguo.done.Load()-before[0], f.yudu.done.Load()-before[1],
		time.Since(began).Seconds(), f.xingguo.longest.Swap(0), f.yudu.longest.Swap(0))
}

// stuck is a fault that leaves one member without what it needs.
func (f *faulty) stuck(what string, who, free *stream, name string) {
	f.Helper()
	var waiting []string
	f.fault(what, func() { waiting = queued(f.T, who, free) }, name)
	who.drained(waiting)
}

// halted is a fault that leaves everybody without what they need.
func (f *faulty) halted(what string, names ...string) {
	f.Helper()
	waiting := map[*stream][]string{}
	f.fault(what, func() {
		for _, s := range f.both() {
			waiting[s] = s.handIn(10)
		}
		time.Sleep(2 * time.Second)
		for _, s := range f.both() {
			s.none(what, waiting[s])
		}
	}, names...)
	for _, s := range f.both() {
		s.drained(waiting[s])
	}
}

// faultyStream goes through the faults one by one, while Xingguo and Yudu issue.
func faultyStream(t *testing.T, n *network.Network, l *Ledger, city *ledgertest.City) {
	where := &town{City: city}
	f := &faulty{t, n, newStream(t, l, where, ledgertest.MemberXingguo), newStream(t, l, where, ledgertest.MemberYudu)}
	f.goOn()
	leader := networktest.Leader(t, n)
	follower := "orderer.audit"
	if leader == follower {
		follower = "orderer.yudu"
	}
	f.stuck("gateway peer of Xingguo", f.xingguo, f.yudu, "peer.xingguo")
	if networktest.Exhaustive() {
		f.halted("city's contract service", "service.city")
		f.stuck("Yudu's peer", f.yudu, f.xingguo, "peer.yudu")
		f.stuck("Xingguo's contract service", f.xingguo, f.yudu, "service.xingguo")
		f.fault("follower orderer", f.goOn, follower) // who is not needed is not missed
	}
	f.fault("leader", func() { networktest.Leader(t, n, leader) }, leader)
	f.halted("two orderers", "orderer.audit", "orderer.yudu")
	restarted(t, n, f.both()...)
	f.xingguo.end()
	f.yudu.end()
}

// queued: what a member needs is gone. Nothing that it hands in now is
// committed; it waits, and is returned. The other member does not notice.
func queued(t *testing.T, stuck, free *stream) []string {
	t.Helper()
	handed := stuck.handIn(20)
	free.goesOn(few())
	stuck.none("without "+stuck.member+"'s endorsement", handed)
	return stuck.pending()
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
	waiting := map[*stream][]string{}
	for _, s := range streams {
		waiting[s] = s.handIn(20)
	}
	if err := n.Up(networktest.Within(t)); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	for _, s := range streams {
		s.drained(waiting[s])
		t.Logf("%s: %d that waited are through %.1f s after the network was ready", s.member, len(waiting[s]), time.Since(began).Seconds())
	}
}
