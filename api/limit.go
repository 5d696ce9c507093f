package api

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tongzheng/registry"
)

// limiter is a token bucket per key in bounded memory. When it is full, the
// buckets that have filled up again are forgotten; if all are in use, the new
// key is refused, so that a flood of keys cannot reset anybody's bucket.
type limiter struct {
	rate  float64 // tokens a second
	burst float64
	most  int // keys
	clock func() time.Time

	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter(perMinute, burst float64, most int, clock func() time.Time) *limiter {
	return &limiter{rate: perMinute / 60, burst: burst, most: most, clock: clock, buckets: map[string]bucket{}}
}

// allow takes a token of key's bucket, if there is one.
func (l *limiter) allow(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	b, ok := l.buckets[key]
	if !ok {
		if len(l.buckets) >= l.most && !l.sweep(now) {
			return false
		}
		b = bucket{tokens: l.burst, at: now}
	}
	b = l.refill(b, now)
	if b.tokens < 1 {
		l.buckets[key] = b
		return false
	}
	b.tokens--
	l.buckets[key] = b
	return true
}

// forget gives a key its full bucket back.
func (l *limiter) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.buckets, key)
}

func (l *limiter) refill(b bucket, now time.Time) bucket {
	b.tokens = min(l.burst, b.tokens+max(0, now.Sub(b.at).Seconds())*l.rate)
	b.at = now
	return b
}

// sweep forgets full buckets and tells whether there is room now.
func (l *limiter) sweep(now time.Time) bool {
	for key, b := range l.buckets {
		if l.refill(b, now).tokens >= l.burst {
			delete(l.buckets, key)
		}
	}
	return len(l.buckets) < l.most
}

// remote is the caller's address for limits: the connection's, or what a
// trusted proxy says. IPv6 callers count by their /64, which one customer
// holds whole.
func (s *Server) remote(r *http.Request) string {
	addr := peer(r)
	for _, trusted := range s.Config.TrustedProxies {
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

// uploadMemory bounds what all uploads together hold in memory while they are
// received and checked: 16 of the largest, in bytes received.
const uploadMemory = 16 * (MaxUpload + MaxBody)

// budget counts bytes that are held.
type budget struct{ held atomic.Int64 }

// limitUpload bounds what is read of one upload and of all together. Who comes
// when memory is taken is asked to come again; slow senders hold no more than
// they have sent.
func (s *Server) limitUpload(next http.Handler) http.Handler {
	return limitBody(MaxUpload + MaxBody)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &held{ReadCloser: r.Body, of: &s.received}
		defer func() { s.received.held.Add(-body.bytes) }()
		r.Body = body
		next.ServeHTTP(w, r)
	}))
}

// held is a body whose bytes count against a budget.
type held struct {
	io.ReadCloser
	of    *budget
	bytes int64
}

// Read implements io.Reader. CodeUnavailable when the budget is used up.
func (h *held) Read(into []byte) (int, error) {
	n, err := h.ReadCloser.Read(into)
	h.bytes += int64(n)
	if h.of.held.Add(int64(n)) > uploadMemory {
		return n, registry.Errorf(registry.CodeUnavailable, "", "too many files are being received")
	}
	return n, err
}
