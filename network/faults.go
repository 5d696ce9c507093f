package network

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Kill ends a process at once, as a power failure would. The name is
// kind.member: "orderer.audit", "peer.city", "service.xingguo".
func (n *Network) Kill(name string) error { return n.sup.kill(name) }

// Stop asks a process to end and waits for it.
func (n *Network) Stop(name string) error { return n.sup.stop(name, 10*time.Second) }

// Start starts a stopped process on its data. It does not wait: see Ready and
// Endorses.
func (n *Network) Start(name string) error {
	p, err := n.process(name)
	if err != nil {
		return err
	}
	return n.startProcess(p)
}

// Freeze suspends a process: its connections stay, nothing answers. Thaw lets
// it go on.
func (n *Network) Freeze(name string) error { return n.sup.signal(name, syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (n *Network) Thaw(name string) error { return n.sup.signal(name, syscall.SIGCONT) }

// Running tells whether a process runs.
func (n *Network) Running(name string) bool {
	_, ok := n.sup.running(name)
	return ok
}

// CutOff disconnects the hosts of a member from all others: packets vanish, no
// connection is reset. Only for isolated networks; elsewhere use Freeze.
func (n *Network) CutOff(ctx context.Context, member string) error {
	return n.eachHost(member, func(host string) error { return n.link.cut(ctx, host) })
}

// Reconnect ends a CutOff.
func (n *Network) Reconnect(ctx context.Context, member string) error {
	return n.eachHost(member, func(host string) error { return n.link.join(ctx, host) })
}

func (n *Network) eachHost(member string, do func(string) error) error {
	if n.link == nil {
		return fmt.Errorf("only an isolated network can cut a member off")
	}
	m, ok := n.d.Member(member)
	if !ok {
		return fmt.Errorf("no member %q", member)
	}
	var hosts []string
	for _, l := range n.d.listeners(m) {
		hosts = append(hosts, l.host)
	}
	slices.Sort(hosts)
	return inParallel(slices.Compact(hosts), do)
}

// Leader names the process of the orderer that leads now, as a majority of the
// orderers see it.
func (n *Network) Leader(ctx context.Context) (string, error) {
	orderers := n.d.OrdererMembers()
	votes := map[int]int{}
	for _, m := range orderers {
		if id, err := n.leaderSeenBy(ctx, m.Orderer); err == nil {
			votes[id]++
		}
	}
	for id, count := range votes {
		if 2*count > len(orderers) && id >= 1 && id <= len(orderers) {
			return KindOrderer + "." + orderers[id-1].ID, nil
		}
	}
	return "", fmt.Errorf("the orderers name no common leader: %v", votes)
}

// leaderSeenBy reads one orderer's metrics.
func (n *Network) leaderSeenBy(ctx context.Context, o *OrdererNode) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	metrics, err := n.metrics(ctx, o)
	if err != nil {
		return 0, fmt.Errorf("asking an orderer for its leader: %w", err)
	}
	for line := range strings.Lines(string(metrics)) {
		if name, value, ok := strings.Cut(line, " "); ok && strings.HasPrefix(name, "consensus_BFT_leader_id") {
			id, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return int(id), err
		}
	}
	return 0, fmt.Errorf("the orderer's metrics name no leader")
}

// metrics listen on the loopback interface, which on an isolated host only a
// program started on that host can reach.
func (n *Network) metrics(ctx context.Context, o *OrdererNode) ([]byte, error) {
	if ns := n.netns(o.Host); ns != "" {
		const ask = `exec 3<>/dev/tcp/127.0.0.1/$0; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3; cat <&3`
		return runTool(ctx, command{path: "ip", args: []string{"netns", "exec", ns, "bash", "-c", ask, strconv.Itoa(o.Operations)}})
	}
	url := "http://" + address("127.0.0.1", o.Operations) + "/metrics"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// Heights asks every orderer of this machine how many blocks it has; one that
// does not answer is left out. A difference that stays means an orderer that
// does not count toward the quorum.
func (n *Network) Heights(ctx context.Context) map[string]int {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	heights := map[string]int{}
	var lock sync.Mutex
	// An orderer that is away has no height: that is the answer, not an error.
	_ = inParallel(n.own(), func(m Member) error {
		if m.Orderer == nil {
			return nil
		}
		out, err := runTool(ctx, command{path: n.opts.Tools.Path("osnadmin"), args: n.osnadmin(m, "list")})
		if err != nil {
			return err
		}
		var answer struct {
			Height int `json:"height"`
		}
		_, text, _ := strings.Cut(string(out), "\n")
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			return fmt.Errorf("reading an orderer's height: %w", err)
		}
		lock.Lock()
		defer lock.Unlock()
		heights[m.ID] = answer.Height
		return nil
	})
	return heights
}

// Level waits until every orderer has the blocks that any of them has now, so
// that the next fault meets a network at full strength.
func (n *Network) Level(ctx context.Context, within time.Duration) error {
	target := 0
	for _, h := range n.Heights(ctx) {
		target = max(target, h)
	}
	return retry(ctx, within, "waiting for the orderers to catch up", func() error {
		heights := n.Heights(ctx)
		for _, m := range n.d.OrdererMembers() {
			if heights[m.ID] < target {
				return fmt.Errorf("%s has %d of %d blocks", m.ID, heights[m.ID], target)
			}
		}
		return nil
	})
}
