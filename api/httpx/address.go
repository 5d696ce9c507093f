package httpx

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the reverse proxies that may name a caller in X-Forwarded-For.
type Proxies []netip.Prefix

// Caller is the caller's address for limits: the connection's, or what a
// trusted proxy says. IPv6 callers count by their /64, which one customer
// holds whole.
func (p Proxies) Caller(r *http.Request) string {
	addr := peer(r)
	for _, trusted := range p {
		if trusted.Contains(addr) {
			// A proxy may add a line of its own below the caller's: the last counts.
			hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
			if said, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1])); err == nil {
				addr = said.Unmap()
			}
			break
		}
	}
	if addr.Is6() {
		if prefix, err := addr.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}

// peer is the address of the connection's other end.
func peer(r *http.Request) netip.Addr {
	port, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return port.Addr().Unmap()
}

// Local tells whether the caller is on this machine. A loopback peer with a
// forwarding header is a proxy: its caller is somebody else.
func Local(r *http.Request) bool {
	return peer(r).IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}
