package httpx_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"tongzheng/api/httpx"
)

// TestCaller: a trusted proxy names the caller, the caller does not, whether
// the proxy adds to the caller's line or writes one of its own.
func TestCaller(t *testing.T) {
	proxies := httpx.Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		from string
		said []string
		want string
	}{
		{"203.0.113.9:1", []string{"198.51.100.7"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"1.1.1.1, 198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"1.1.1.1", "198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"[2001:db8::1]:1", nil, "2001:db8::/64"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.from
		for _, line := range c.said {
			r.Header.Add("X-Forwarded-For", line)
		}
		if got := proxies.Caller(r); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.from, c.said, got, c.want)
		}
	}
}
