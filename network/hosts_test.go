package network_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/network"
	"tongzheng/network/networktest"
)

// hosts are members with a data folder each, as on machines of their own: what
// one needs from another is copied by hand.
type hosts struct {
	t       *testing.T
	folder  string
	members map[string]*network.Network
}

func (h hosts) open(d *network.Description, tools network.Tools, id string) *network.Network {
	h.t.Helper()
	n, err := network.Open(d, network.Options{
		Root: filepath.Join(h.folder, id), Tools: tools, Chaincode: tools.Path("testcc"),
		Members: []string{id}, DieWithParent: true, Log: h.t.Logf,
	})
	must(h.t, err)
	h.members[id] = n
	h.t.Cleanup(func() {
		if err := n.Down(context.Background()); err != nil {
			h.t.Error(err)
		}
	})
	return n
}

// hand copies a file or folder of one host to all others.
func (h hosts) hand(from string, path ...string) {
	h.t.Helper()
	source := filepath.Join(append([]string{h.folder, from}, path...)...)
	for id := range h.members {
		if id == from {
			continue
		}
		target := filepath.Join(append([]string{h.folder, id}, path...)...)
		if info, err := os.Stat(source); err == nil && info.IsDir() {
			must(h.t, os.RemoveAll(target))
			must(h.t, os.CopyFS(target, os.DirFS(source)))
			continue
		}
		raw, err := os.ReadFile(source)
		must(h.t, err)
		must(h.t, os.MkdirAll(filepath.Dir(target), 0o755))
		must(h.t, os.WriteFile(target, raw, 0o644))
	}
}

// each does a step on every host at once, as the members' operators would.
func (h hosts) each(do func(id string, n *network.Network) error) {
	h.t.Helper()
	errs := make(chan error, len(h.members))
	for id, n := range h.members {
		go func() { errs <- do(id, n) }()
	}
	for range h.members {
		must(h.t, <-errs)
	}
}

// TestRunbook follows RUNBOOK.md with one data folder per member: no host ever
// sees a private key of another.
func TestRunbook(t *testing.T) {
	t.Parallel()
	tools := networktest.Tools(t)
	d, err := network.Load("ganzhou.yaml")
	must(t, err)
	d.SetPorts(networktest.Ports(t))
	h := hosts{t, t.TempDir(), map[string]*network.Network{}}
	for _, m := range d.Members {
		h.open(d, tools, m.ID)
	}
	ctx := t.Context()

	// 1 to 3. Keys, exchange, genesis.
	h.each(func(id string, n *network.Network) error { return n.Issue(id) })
	if err := h.members["yudu"].Settings(ctx); err == nil || !strings.Contains(err.Error(), "genesis") {
		t.Errorf("a host went on without the common genesis block: %v", err)
	}
	for _, m := range d.Members {
		h.hand(m.ID, "public", m.ID)
	}
	must(t, h.members["city"].Genesis(ctx))
	h.hand("city", "channel", "genesis.block")
	h.offline("yudu", true)

	// 4 to 8. Settings and start, join, commit, check.
	h.each(func(_ string, n *network.Network) error { return n.Up(ctx) })
	h.each(func(id string, n *network.Network) error { return n.Join(ctx, id) })
	must(t, h.members["city"].CommitAll(ctx, "city"))
	for _, m := range d.PeerMembers() {
		must(t, h.members[m.ID].Endorses(ctx, m.ID, networktest.Patience))
		must(t, put(t, h.members[m.ID], m.ID, m.ID, "a", "by "+m.ID))
	}
	h.joins(ctx, d, tools)
	h.revokes(ctx)
	h.renews(ctx)

	keys, err := filepath.Glob(filepath.Join(h.folder, "city", "members", "*"))
	if err != nil || len(keys) != 1 {
		t.Errorf("the city's host holds members %v", keys)
	}
}

// revokes renews the certificate of Xingguo's peer and revokes the old one, host
// by host.
func (h hosts) revokes(ctx context.Context) {
	t, xingguo := h.t, h.members["xingguo"]
	old, err := xingguo.RenewPeer(ctx, "xingguo")
	must(t, err)
	raw, err := os.ReadFile(old)
	must(t, err)
	block, _ := pem.Decode(raw)
	certificate, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	h.knowsRenewed("xingguo")
	must(t, xingguo.Revoke(ctx, "xingguo", certificate))
	if err := xingguo.Revoke(ctx, "yudu", certificate); err == nil {
		t.Error("revoked in another member's name")
	}
	if _, err := os.Stat(filepath.Join(h.folder, "xingguo", "members", "yudu")); err == nil {
		t.Error("an authority was founded in another member's name")
	}
	h.hand("xingguo", "public", "xingguo")
	file, err := h.members["city"].PrepareMemberships(ctx)
	must(t, err)
	for _, id := range []string{"xingguo", "yudu", "audit"} {
		must(t, h.members[id].SignUpdate(ctx, file, id))
	}
	must(t, h.members["city"].SubmitUpdate(ctx, file, "city"))
	h.each(func(_ string, n *network.Network) error { return n.Settings(ctx) })
	profile, err := os.ReadFile(h.members["yudu"].ProfilePath("yudu"))
	must(t, err)
	if !strings.Contains(string(profile), `"revocations": "../public/xingguo/msp/crls/crl.pem"`) {
		t.Errorf("Yudu's clients do not hear of it: %s", profile)
	}
	must(t, put(t, xingguo, "xingguo", "xingguo", "renewed", "1"))
	eventually(t, h.members["yudu"], "yudu", "xingguo", "renewed", "1")
}

// offline moves the keys of a member's authorities away, or back.
func (h hosts) offline(id string, away bool) {
	h.t.Helper()
	for _, name := range []string{"ca", "tlsca"} {
		from, to := filepath.Join(h.folder, id, "members", id, name), filepath.Join(h.folder, "offline-"+name)
		if !away {
			from, to = to, from
		}
		must(h.t, os.Rename(from, to))
	}
}

// knowsRenewed: what a peer keeps of its packages has its new certificate.
func (h hosts) knowsRenewed(id string) {
	h.t.Helper()
	peer := filepath.Join(h.folder, id, "members", id, "peer")
	certificate, err := os.ReadFile(filepath.Join(peer, "tls", "cert.pem"))
	must(h.t, err)
	kept, err := filepath.Glob(filepath.Join(peer, "data", "externalbuilder", "builds", "*", "release", "chaincode", "server", "connection.json"))
	if err != nil || len(kept) == 0 {
		h.t.Errorf("the peer of %s keeps no packages: %v", id, err)
	}
	for _, file := range kept {
		var connection struct {
			Certificate string `json:"client_cert"`
		}
		raw, err := os.ReadFile(file)
		must(h.t, err)
		must(h.t, json.Unmarshal(raw, &connection))
		if connection.Certificate != string(certificate) {
			h.t.Errorf("%s has another certificate", file)
		}
	}
}

// joins lets a member in, host by host.
func (h hosts) joins(ctx context.Context, d *network.Description, tools network.Tools) {
	t := h.t
	m := networktest.Joining(t, d)
	next, err := d.With(m)
	must(t, err)
	joining := h.open(next, tools, m.ID)
	must(t, joining.Issue(m.ID))
	for _, old := range d.Members {
		h.hand(old.ID, "public", old.ID)
	}
	h.hand(m.ID, "public", m.ID)
	h.hand("city", "channel", "genesis.block")

	file, err := h.members["city"].PrepareJoin(ctx, m)
	must(t, err)
	for _, id := range []string{"xingguo", "yudu", "audit"} {
		must(t, h.members[id].SignUpdate(ctx, file, id))
	}
	must(t, h.members["city"].SubmitUpdate(ctx, file, "city"))

	// Everybody takes over the new description and restarts the service.
	h.hand("city", "network.yaml")
	for _, old := range d.Members {
		n := h.open(nil, tools, old.ID)
		must(t, n.Settings(ctx))
		if old.Service != nil {
			must(t, n.Stop("service."+old.ID))
			must(t, n.Start("service."+old.ID))
			must(t, n.Install(ctx, old.ID))
		}
	}
	must(t, joining.Up(ctx))
	must(t, joining.Join(ctx, m.ID))
	for ns, sequence := range map[string]string{network.Governance: "2", "city": "2", m.ID: "1"} {
		for _, p := range next.PeerMembers() {
			must(t, h.members[p.ID].Redefine(ctx, p.ID, ns, sequence, false))
		}
		must(t, h.members["city"].Redefine(ctx, "city", ns, sequence, true))
	}
	must(t, joining.Endorses(ctx, m.ID, networktest.Patience))
	must(t, put(t, joining, m.ID, m.ID, "a", "1"))
	eventually(t, joining, m.ID, "xingguo", "a", "by xingguo")
}
