package supervisor

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// TestReady: one datagram, to the socket that is named; none is asked for without.
func TestReady(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Ready(); err != nil {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	if err := Ready(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 64)
	if err := socket.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := socket.Read(said)
	if err != nil || string(said[:n]) != "READY=1" {
		t.Errorf("said %q: %v", said[:n], err)
	}
	t.Setenv("NOTIFY_SOCKET", path+"-absent")
	if err := Ready(); err == nil {
		t.Error("nobody was told, and nothing said of it")
	}
}
