package network

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mostExposed is what systemd may find open at most, of 100: what is left is that
// the processes have a network and users of their own.
const mostExposed = "25"

// TestUnits has systemd itself judge the units of a deployment: of a ledger alone,
// and of one with registries.
func TestUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("needs systemd-analyze (Debian package systemd)")
	}
	ledger := ganzhou(t)
	ledger.SetHosts(func(m string) string { return "ledger." + m + ".example" })
	whole, err := Load("hosts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		d        *Description
		services int
		says     []string
	}{
		{"ledger", ledger, 10, []string{"ledger.xingguo.example", "network join"}},
		{"whole", whole, 10 + 2*6, []string{"xingguo.ledger.example", "govern genesis", "registry restore"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root, out := t.TempDir(), t.TempDir()
			n, err := Open(c.d, Options{Root: root})
			if err != nil {
				t.Fatal(err)
			}
			to := Deployment{Root: filepath.Join(root, "data"), Tools: filepath.Join(root, "bin"), User: "tongzheng", Postgres: filepath.Join(root, "postgresql", "15", "bin")}
			if err := n.Units(out, to); err != nil {
				t.Fatal(err)
			}
			present(t, c.d, to)
			services, err := filepath.Glob(filepath.Join(out, "*", "etc", "systemd", "system", "*.service"))
			if err != nil || len(services) != c.services {
				t.Fatalf("units: %v %v", services, err)
			}
			timers, err := filepath.Glob(filepath.Join(out, "*", "etc", "systemd", "system", "*.timer"))
			if err != nil || len(timers) != 2*len(c.d.RegistryMembers()) {
				t.Fatalf("timers: %v %v", timers, err)
			}
			judged(t, append([]string{"verify", "--man=no"}, append(services, timers...)...))
			judged(t, append([]string{"security", "--offline=true", "--no-pager", "--threshold=" + mostExposed}, services...))
			started(t, services)
			book, err := os.ReadFile(filepath.Join(out, "RUNBOOK.md"))
			if err != nil {
				t.Fatal(err)
			}
			for _, said := range c.says {
				if !strings.Contains(string(book), said) {
					t.Errorf("the runbook does not say %q", said)
				}
			}
			_, renewal, _ := strings.Cut(string(book), "\n## 10.")
			if n := strings.Count(renewal, "/etc/tongzheng/$who/ledger\n    chown"); n != len(c.d.RegistryMembers()) {
				t.Errorf("after a renewal %d registries and signers get their copies", n)
			}
			if strings.Contains(string(book), "<no value>") || c.name == "ledger" && strings.Contains(string(book), "registry") && strings.Contains(string(book), "govern genesis") {
				t.Error("the runbook has steps of what is not there")
			}
		})
	}
}

// started looks at how long units may take to start: a registry that migrates its
// database is never killed, a backup that hangs is.
func started(t *testing.T, services []string) {
	t.Helper()
	for _, path := range services {
		unit, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := "5min"
		switch {
		case strings.HasSuffix(path, "-registry.service"):
			want = "infinity"
		case strings.HasSuffix(path, "-registry-backup.service"):
			want = "12h"
		case strings.HasSuffix(path, "-signer-backup.service"):
			want = "15min"
			startsAgain(t, string(unit))
		}
		if !strings.Contains(string(unit), "\nTimeoutStartSec="+want+"\n") {
			t.Errorf("%s does not have %s to start", filepath.Base(path), want)
		}
	}
}

// startsAgain: after its backup a signer is started that was not stopped before.
func startsAgain(t *testing.T, unit string) {
	t.Helper()
	for state, want := range map[string]string{"active": "stop start", "activating": "stop start", "inactive": "stop"} {
		folder := t.TempDir()
		stub := filepath.Join(folder, "systemctl")
		must(t, os.WriteFile(stub, []byte("#!/bin/sh\n[ $1 = is-active ] && echo "+state+" && exit\necho $1 >>"+folder+"/log\n"), 0o755))
		_, runtime, _ := strings.Cut(unit, "\nRuntimeDirectory=")
		runtime, _, _ = strings.Cut(runtime, "\n")
		for _, when := range []string{"\nExecStartPre=+", "\nExecStopPost=+"} {
			_, command, ok := strings.Cut(unit, when)
			command, _, _ = strings.Cut(command, "\n")
			command = strings.NewReplacer("/usr/bin/systemctl", stub, "/run/"+runtime, folder).Replace(command)
			if out, err := exec.Command("sh", "-c", command).CombinedOutput(); !ok || err != nil {
				t.Fatalf("%s: %v %s", command, err, out)
			}
		}
		said, err := os.ReadFile(filepath.Join(folder, "log"))
		if got := strings.Join(strings.Fields(string(said)), " "); err != nil || got != want {
			t.Errorf("a signer that was %s: %q: %v", state, got, err)
		}
	}
}

// present makes the programs that units start: systemd asks whether they exist.
func present(t *testing.T, d *Description, to Deployment) {
	t.Helper()
	programs := []string{filepath.Join(to.Postgres, "postgres")}
	for _, name := range []string{"peer", "orderer", "tongzheng", "tongzheng-signer"} {
		programs = append(programs, filepath.Join(to.Tools, name))
	}
	for _, m := range d.PeerMembers() {
		programs = append(programs, layout{filepath.Join(to.Root, "network")}.member(m.ID, "service", "chaincode"))
	}
	for _, p := range programs {
		if err := writeFile(p, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat("/usr/sbin/nginx"); err != nil && len(d.RegistryMembers()) > 0 {
		t.Skip("needs the Debian package nginx")
	}
}

// judged has systemd-analyze say nothing of our units.
func judged(t *testing.T, args []string) {
	t.Helper()
	said, err := exec.Command("systemd-analyze", args...).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, said)
	}
	for line := range strings.Lines(string(said)) {
		if args[0] == "verify" && strings.Contains(line, "tongzheng-") {
			t.Error(line)
		}
	}
}

// TestRegistryDescription: what would make a deployment fail, or let a description
// say something to a shell, is found when it is read.
func TestRegistryDescription(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says   string
		change func(d *Description)
	}{
		{"not https://name", func(d *Description) { d.Members[0].Registry.Public = "http://gz.example" }},
		{"not https://name", func(d *Description) { d.Members[0].Registry.Public = "https://gz.example/path" }},
		{"not https://name", func(d *Description) { d.Members[0].Registry.Sign = "https://x;reboot" }},
		{"a name each", func(d *Description) { d.Members[0].Registry.Sign = d.Members[0].Registry.Public }},
		{"six digits", func(d *Description) { d.Members[0].Registry.Region = "36" }},
		{"no organization", func(d *Description) { d.Members[0].Registry.Organizations = nil }},
		{"without signs", func(d *Description) { d.Members[0].Registry.Organizations[0].Name = "$(reboot)" }},
		{"credit code", func(d *Description) { d.Members[0].Registry.Organizations[0].Code = "1" }},
		{"a host has one", func(d *Description) { d.Members[1].Registry.Host = d.Members[0].Registry.Host }},
		{"own peer", func(d *Description) {
			d.Members[3].Registry = d.Members[1].Registry.clone()
			d.Members[1].Registry = nil
		}},
		{"the lead", func(d *Description) { d.Members[0].Registry = nil }},
		{"like", func(d *Description) { d.Members[0].Registry.Port = d.Members[0].Peer.Port }},
	} {
		d, err := Load("hosts.yaml")
		if err != nil {
			t.Fatal(err)
		}
		c.change(d)
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("want %q: %v", c.says, err)
		}
	}
}

// TestAuthorityAway: with its key put away an authority certifies nothing, and no
// other one is founded in its place.
func TestAuthorityAway(t *testing.T) {
	t.Parallel()
	l, m := layout{t.TempDir()}, ganzhou(t).Members[0]
	if err := l.issueMember(m); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(l.identityRoots(m.ID))
	if err != nil {
		t.Fatal(err)
	}
	for _, authority := range []string{"ca", "tlsca"} {
		if err := os.Remove(l.member(m.ID, authority, "key.pem")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.issueMember(m); err != nil {
		t.Fatalf("nothing was to be certified: %v", err)
	}
	if after, err := os.ReadFile(l.identityRoots(m.ID)); err != nil || string(after) != string(before) {
		t.Errorf("the member has another authority: %v", err)
	}
	if err := os.Remove(l.member(m.ID, "peer", "tls", "cert.pem")); err != nil {
		t.Fatal(err)
	}
	if err := l.issueMember(m); err == nil || !strings.Contains(err.Error(), "bring members/city/ca") {
		t.Errorf("certified without a key: %v", err)
	}
}
