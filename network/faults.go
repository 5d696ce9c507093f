package network

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// Kill ends a process at once, as a power failure would. The name is
// kind.member: "orderer.audit", "peer.city", "service.xingguo".
func (mc *machine) Kill(name string) error { return mc.sup.kill(name) }

// Stop asks a process to end and waits for it.
func (mc *machine) Stop(name string) error { return mc.sup.stop(name, 10*time.Second) }

// Start starts a stopped process on its data. It does not wait: see Ready and
// Endorses.
func (mc *machine) Start(name string) error {
	p, err := mc.process(name)
	if err != nil {
		return err
	}
	return mc.startProcess(p)
}

// Freeze suspends a process: its connections stay, nothing answers. Thaw lets
// it go on.
func (mc *machine) Freeze(name string) error { return mc.sup.signal(name, syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (mc *machine) Thaw(name string) error { return mc.sup.signal(name, syscall.SIGCONT) }

// Running tells whether a process runs.
func (mc *machine) Running(name string) bool {
	_, ok := mc.sup.running(name)
	return ok
}

// CutOff disconnects the hosts of a member from all others: packets vanish, no
// connection is reset. Only for isolated networks; elsewhere use Freeze.
func (mc *machine) CutOff(ctx context.Context, member string) error {
	return mc.eachHost(member, func(host string) error { return mc.link.cut(ctx, host) })
}

// Reconnect ends a CutOff.
func (mc *machine) Reconnect(ctx context.Context, member string) error {
	return mc.eachHost(member, func(host string) error { return mc.link.join(ctx, host) })
}

// Forgotten is nil when no other host keeps a connection to the orderer of a
// member that was cut off: kernels do so for some 20 s without an answer.
func (mc *machine) Forgotten(ctx context.Context, member string) error {
	gone, ok := mc.d.Member(member)
	if mc.link == nil || !ok || gone.Orderer == nil {
		return fmt.Errorf("%q is no orderer of an isolated network", member)
	}
	for _, m := range mc.d.OrdererMembers() {
		if m.Orderer.Host == gone.Orderer.Host {
			continue
		}
		kept, err := mc.link.connections(ctx, m.Orderer.Host, address(gone.Orderer.Host, gone.Orderer.Port))
		if err != nil {
			return err
		}
		if kept > 0 {
			return fmt.Errorf("%s keeps %d connections", m.ID, kept)
		}
	}
	return nil
}

func (mc *machine) eachHost(member string, do func(string) error) error {
	if mc.link == nil {
		return fmt.Errorf("only an isolated network can cut a member off")
	}
	m, ok := mc.d.Member(member)
	if !ok {
		return fmt.Errorf("no member %q", member)
	}
	var hosts []string
	for _, l := range mc.d.listeners(m) {
		hosts = append(hosts, l.host)
	}
	slices.Sort(hosts)
	return inParallel(slices.Compact(hosts), do)
}
