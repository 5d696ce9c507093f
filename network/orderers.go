package network

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// orderers are the members' orderers as seen from this machine: who leads, and
// how many blocks each has.
type orderers struct{ *machine }

// Leader names the process of the orderer that leads now, as a majority of the
// orderers see it.
func (ord orderers) Leader(ctx context.Context) (string, error) {
	orderers := ord.d.OrdererMembers()
	votes := map[int]int{}
	for _, m := range orderers {
		if id, err := ord.leaderSeenBy(ctx, m.Orderer); err == nil {
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
func (ord orderers) leaderSeenBy(ctx context.Context, o *OrdererNode) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	metrics, err := ord.metrics(ctx, o)
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
func (ord orderers) metrics(ctx context.Context, o *OrdererNode) ([]byte, error) {
	if ns := ord.netns(o.Host); ns != "" {
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
func (ord orderers) Heights(ctx context.Context) map[string]int {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	heights := map[string]int{}
	var lock sync.Mutex
	// An orderer that is away has no height: that is the answer, not an error.
	_ = inParallel(ord.own(), func(m Member) error {
		if m.Orderer == nil {
			return nil
		}
		p, err := ord.partOf(ctx, m)
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		heights[m.ID] = p.Height
		return nil
	})
	return heights
}

// Level waits until every orderer has the blocks that any of them has now, so
// that the next fault meets a network at full strength.
func (ord orderers) Level(ctx context.Context, within time.Duration) error {
	target := 0
	for _, h := range ord.Heights(ctx) {
		target = max(target, h)
	}
	return retry(ctx, within, "waiting for the orderers to catch up", func() error {
		heights := ord.Heights(ctx)
		for _, m := range ord.d.OrdererMembers() {
			if heights[m.ID] < target {
				return fmt.Errorf("%s has %d of %d blocks", m.ID, heights[m.ID], target)
			}
		}
		return nil
	})
}
