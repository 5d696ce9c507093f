package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

// TestWithoutServer: with nobody on the socket a command opens the data folder
// itself, and says what it says of a running server's; commands that need no
// database start none. A file that is named is read by the command.
func TestWithoutServer(t *testing.T) {
	d := &deployment{t: t, dir: t.TempDir()}
	d.data = d.path("data")
	list := d.file("holders.csv", "代码类型,代码,名单,列入日期,机关\n")
	if err := os.MkdirAll(d.data, 0o700); err != nil {
		t.Fatal(err)
	}
	d.wants(d.must("import", "holders", "--data", d.data, list), "holders listed: 0")
	d.wants(d.must("seal", "log", "--data", d.data), "0 行完好 lines intact")
	if _, err := os.Stat(filepath.Join(d.data, "postgres")); !os.IsNotExist(err) {
		t.Errorf("a database was started for the use log: %v", err)
	}
	if code, said := d.run("import", "holders", "--data", d.data, d.file("holders.txt", "x")); code != exitUsage {
		t.Errorf("a list of no known form: exit %d, %s", code, said)
	}

	// The exchange between members: a key is made once, another one when asked for.
	first := strings.Fields(d.must("keys", "exchange", "--data", d.data))[0]
	d.wants(d.must("keys", "exchange", "--data", d.data), first)
	if said := d.must("keys", "exchange", "--data", d.data, "--make"); !strings.Contains(said, first) || strings.Count(said, "new\n") != 1 {
		t.Errorf("a second key: %s", said)
	}

	// What a server that ended without goodbye left behind is no server.
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(d.data, operatorSocket)})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	code := "11360700MB0000000X"
	d.wants(d.must("account", "create", "--data", d.data, "clerk", "--organization", code, "--name", "受理员", "--role", "acceptor"), "password")
	d.wants(d.must("account", "list", "--data", d.data), "clerk  "+code)
	if code, said := d.run("account", "disable", "--data", d.data, "nobody"); code != exitNegative || !strings.Contains(said, string(registry.CodeNotFound)) {
		t.Errorf("an unknown account: exit %d, %s", code, said)
	}
	if code, said := d.run("library", "--data", d.data); code != exitNegative || !strings.Contains(said, string(registry.CodeNotFound)) {
		t.Errorf("copies where nothing is copied: exit %d, %s", code, said)
	}
	d.wants(d.must("keys", "certificates", "--data", d.data), "time-stamp")
	if code, said := d.run("keys", "certificates", "--data", d.data, "--within", "90000h"); code != exitNegative || !strings.Contains(said, "qr") {
		t.Errorf("certificates that end: exit %d, %s", code, said)
	}
	if code, said := d.run("handover", "start", "--data", d.data, "交2026-1"); code != exitNegative || !strings.Contains(said, string(registry.CodeHandover)) {
		t.Errorf("an unknown handover: exit %d, %s", code, said)
	}
}

// TestSocketIsTheOwners: only the owner of the data folder can open the socket,
// and a server's end takes it away.
func TestSocketIsTheOwners(t *testing.T) {
	data := t.TempDir()
	cut := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"lines":[`)) })
	socket, err := serveOperator(cut, data)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, operatorSocket)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	o := overSocket(data)
	if o == nil {
		t.Fatal("nobody answers")
	}
	if _, err := o.Seals.UseLog(context.Background(), "", func(resource.LogLine) error { return nil }); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("an answer that is cut off: %v", err)
	}
	o.Close()
	if err := socket.Close(); err != nil {
		t.Error(err)
	}
	if overSocket(data) != nil {
		t.Error("the socket outlived its server")
	}
}
