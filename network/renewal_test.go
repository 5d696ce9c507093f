package network_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tongzheng/network"
	"tongzheng/network/networktest"
)

// testRenewal renews every certificate of a network at work, by the command, which
// is killed in the middle and called again. Nothing is lost meanwhile, and no
// certificate is made twice.
func testRenewal(t *testing.T, n *network.Network) {
	root := filepath.Dir(filepath.Dir(n.ProfilePath("city")))
	c := newCommander(t, n.Tools())
	limit := endOf(t, n).Add(time.Second).UTC().Format(time.RFC3339)
	c.start("certificates", "-data", root).ends(0)
	if said := c.start("certificates", "-data", root, "-before", limit).ends(1); !strings.Contains(said, "certificates end before") {
		t.Errorf("certificates that end: %s", said)
	}
	finish := flow(t, n, "city", "xingguo")

	const known = "the channel names its new certificates"
	first := c.start("renew", "-data", root, "-before", limit)
	networktest.Eventually(t, "the second orderer", func() error {
		if said := first.out.String(); strings.Count(said, known) < 2 {
			return fmt.Errorf("it said: %s", said)
		}
		return nil
	})
	must(t, first.cmd.Process.Kill())
	_ = first.cmd.Wait() // Killed: an error, and what we want.
	began := time.Now()
	said := c.start("renew", "-data", root, "-before", limit).ends(0)
	t.Logf("the rest took %s: %s", time.Since(began).Round(time.Millisecond), said)
	finish()

	c.start("certificates", "-data", root, "-before", limit).ends(0)
	for _, m := range n.Description().OrdererMembers() {
		for _, kind := range []string{network.HolderAdmin, network.KindOrderer, network.HolderClient} {
			old, err := filepath.Glob(filepath.Join(root, "members", m.ID, kind, "retired", "*.pem"))
			if err != nil || len(old) != 1 {
				t.Errorf("%s.%s retired %d certificates: %v", kind, m.ID, len(old), err)
			}
		}
	}
	networktest.Level(t, n)
	if said := c.start("renew", "-data", root, "orderer.nobody").ends(1); !strings.Contains(said, `no holder of certificates "orderer.nobody"`) {
		t.Errorf("somebody unknown: %s", said)
	}
	c.start("renew", "-data", root, "-before", "soon").ends(2)
}

// endOf is when the last certificate ends that the authorities issued.
func endOf(t *testing.T, n *network.Network) (last time.Time) {
	t.Helper()
	all, err := n.Certificates()
	must(t, err)
	for _, c := range all {
		if !strings.HasPrefix(c.Holder, network.HolderAuthority) && c.Ends.After(last) {
			last = c.Ends
		}
	}
	return last
}

// flow submits as each member, in its own namespace, one transaction after the
// other. The function it returns ends this; the test fails unless each was
// committed, and is there.
func flow(t *testing.T, n *network.Network, members ...string) func() {
	t.Helper()
	ctx, stop := context.WithCancel(networktest.Within(t))
	var wait sync.WaitGroup
	var mu sync.Mutex
	count, longest := map[string]int{}, time.Duration(0)
	for _, m := range members {
		client := networktest.Client(t, n, m)
		wait.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				began := time.Now()
				// What was begun is brought to its end.
				_, err := client.Submit(networktest.Within(t), m, "put", fmt.Sprintf("flow-%d", i), m)
				if err != nil {
					t.Errorf("%s: entry %d: %v", m, i, err)
					return
				}
				mu.Lock()
				count[m], longest = i+1, max(longest, time.Since(began))
				mu.Unlock()
			}
		})
	}
	return func() {
		t.Helper()
		stop()
		wait.Wait()
		for _, m := range members {
			for i := range count[m] {
				if got := get(t, n, m, m, fmt.Sprintf("flow-%d", i)); got != m {
					t.Errorf("%s: entry %d reads %q", m, i, got)
				}
			}
			if count[m] == 0 {
				t.Errorf("%s submitted nothing", m)
			}
		}
		t.Logf("entries %v, longest %s", count, longest.Round(time.Millisecond))
	}
}

// renews renews Xingguo's orderer as the runbook says: the others sign the update
// that makes its new certificates known. Yudu's processes are under another
// supervisor.
func (h hosts) renews(ctx context.Context) {
	t, xingguo := h.t, h.members["xingguo"]
	r := network.Renewal{Holders: []string{"orderer.xingguo", "client.xingguo"}}
	if err := xingguo.Renew(ctx, r); !errors.Is(err, network.ErrUpdateNeeded) {
		t.Fatalf("renewed without the other members: %v", err)
	}
	h.hand("xingguo", "public", "xingguo")
	file, err := h.members["city"].PrepareRenewal(ctx, "xingguo")
	must(t, err)
	for _, id := range []string{"city", "yudu"} {
		must(t, h.members[id].SignUpdate(ctx, file, id))
	}
	r = network.Renewal{Holders: []string{"orderer.xingguo"}, Update: file}
	must(t, xingguo.Renew(ctx, r))
	must(t, put(t, xingguo, "xingguo", "xingguo", "orderer renewed", "1"))

	yudu := filepath.Join(h.folder, "yudu")
	if err := h.members["yudu"].Renew(ctx, network.Renewal{Holders: []string{"peer.yudu"}}); err == nil || !strings.Contains(err.Error(), "bring members/yudu/ca") {
		t.Errorf("renewed without the authority: %v", err)
	}
	h.offline("yudu", false)
	script := filepath.Join(yudu, "systemctl")
	must(t, os.WriteFile(script, []byte(systemctl), 0o755))
	c := newCommander(t, xingguo.Tools())
	before, err := filepath.Glob(filepath.Join(yudu, "members", "yudu", "peer", "retired", "*.pem"))
	must(t, err)
	must(t, h.members["yudu"].Renew(ctx, network.Renewal{Holders: []string{"peer.yudu", "service.yudu"},
		Systemctl: []string{script, c.program, yudu, filepath.Dir(xingguo.Tools().Path("peer"))}}))
	after, err := filepath.Glob(filepath.Join(yudu, "members", "yudu", "peer", "retired", "*.pem"))
	if err != nil || len(after) != len(before)+1 {
		t.Errorf("the peer had %d certificates before, and has %d: %v", len(before), len(after), err)
	}
	said, err := os.ReadFile(filepath.Join(yudu, "systemctl.log"))
	want := "stop tongzheng-yudu-service.service\nstart tongzheng-yudu-service.service\nstop tongzheng-yudu-peer.service\nstart tongzheng-yudu-peer.service\n"
	if err != nil || string(said) != want {
		t.Errorf("asked for %q: %v", said, err)
	}
	must(t, put(t, h.members["yudu"], "yudu", "yudu", "peer renewed", "1"))
}

// systemctl stands for systemd: program, data folder, tools, verb, unit.
const systemctl = `#!/bin/sh
echo "$4 $5" >>"$2/systemctl.log"
name=$(echo "$5" | sed 's/tongzheng-\([a-z]*\)-\([a-z]*\).service/\2.\1/')
case $4 in
stop) kill -9 "$(sed 's/.*"pid":\([0-9]*\).*/\1/' "$2/run/$name.json")" ;;
start) TONGZHENG_FABRIC_BIN=$3 exec "$1" up -data "$2" -members yudu ;;
esac
`
