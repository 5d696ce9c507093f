package network

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestResume: a unit that a renewal stopped is started by the next call, although
// nothing is due any more, and even when its caller gives up.
func TestResume(t *testing.T) {
	t.Parallel()
	peer, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer peer.Close()
	d, root := ganzhou(t), t.TempDir()
	m := &d.Members[2]
	m.Orderer = nil
	m.Peer.Port = peer.Addr().(*net.TCPAddr).Port // it runs
	m.Service.Port = 1                            // it does not
	n, err := Open(d, Options{Root: filepath.Join(root, "data"), Members: []string{m.ID}})
	must(t, err)
	must(t, n.issueMember(*m))

	log, stub := filepath.Join(root, "log"), filepath.Join(root, "systemctl")
	// The start that follows a stop fails.
	must(t, os.WriteFile(stub, []byte("#!/bin/sh\nlast=$(tail -n 1 \"$1\")\necho \"$2 $3\" >>\"$1\"\n[ $2 = stop ] || [ \"$last\" != \"stop $3\" ]\n"), 0o755))
	must(t, os.WriteFile(log, nil, 0o644))
	r := Renewal{Holders: []string{"service." + m.ID}, Systemctl: []string{stub, log}}
	if err := n.Renew(t.Context(), r); err == nil {
		t.Fatal("what was not started counts as started")
	}
	must(t, n.Renew(t.Context(), Renewal{Before: time.Now(), Systemctl: r.Systemctl}))

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	h := holder{*m, KindService}
	must(t, n.resume(gone, r, h))
	must(t, n.resumeOld(gone, r, h))
	const unit = "tongzheng-yudu-service.service\n"
	said, err := os.ReadFile(log)
	if want := "start " + unit + "stop " + unit + strings.Repeat("start "+unit, 4); err != nil || string(said) != want {
		t.Errorf("asked for %q: %v", said, err)
	}
}
