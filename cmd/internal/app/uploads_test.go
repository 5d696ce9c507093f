package app_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tongzheng/api"
	"tongzheng/api/httpx"
	"tongzheng/cmd/internal/app"
)

// TestUploadsTogetherBounded: files that are being received hold a bounded
// amount of memory together. Who comes too many is asked to come again, scans
// go on, and when the others are gone there is room again.
func TestUploadsTogetherBounded(t *testing.T) {
	c := inCity(t)
	server := httptest.NewServer(api.New(api.Config{Office: c.Office, Accounts: app.Accounts{c.Store.Accounts}, PublicURL: "http://localhost", PublicPerMinute: 1e6, PublicBurst: 1e6}))
	defer server.Close()
	const size = httpx.MaxUpload - 1
	part := make([]byte, 1<<20)
	// begin sends all of a file but its last byte.
	begin := func() net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /api/v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ofd\r\nContent-Length: %d\r\n\r\n", size)
		for left := size - 1; left > 0; left -= len(part) {
			if _, err := conn.Write(part[:min(left, len(part))]); err != nil {
				break // answered already
			}
		}
		return conn
	}
	status := func(conn net.Conn, within time.Duration) int {
		_ = conn.SetReadDeadline(time.Now().Add(within))
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	// 17 files fit into what 16 of the largest bodies may take; 18 do not.
	var waiting []net.Conn
	for range 17 {
		waiting = append(waiting, begin())
	}
	if got := status(waiting[0], 200*time.Millisecond); got != 0 {
		t.Fatalf("a file that fits was answered before its end: %d", got)
	}
	one := begin()
	if got := status(one, patience); got != http.StatusServiceUnavailable {
		t.Errorf("one file too many: %d", got)
	}
	one.Close()
	got, err := http.Post(server.URL+"/api/v1/verify", "application/json", bytes.NewReader([]byte(`{"token":"AAAAAAAAAAAAAAAAAAAAAAAAAA"}`)))
	if err != nil || got.StatusCode == http.StatusServiceUnavailable {
		t.Errorf("a question without a file: %v %v", got, err)
	}
	for _, conn := range waiting {
		conn.Close()
	}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		got, err := http.Post(server.URL+"/api/v1/verify", "application/ofd", bytes.NewReader(make([]byte, size)))
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode == http.StatusBadRequest || got.StatusCode == http.StatusUnprocessableEntity {
			return // read to its end and found to be no package
		}
		if time.Now().After(end) {
			t.Fatalf("no room after the others are gone: %s", got.Status)
		}
	}
}
