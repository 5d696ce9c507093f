package httpx

import (
	"net/http"
	"sync"
	"time"

	"tongzheng/registry"
)

// Limiter is a token bucket per key in bounded memory. When it is full, the
// buckets that have filled up again are forgotten; if all are in use, the new
// key is refused, so that a flood of keys cannot reset anybody's bucket.
type Limiter struct {
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

// limitedKeys per limiter: some 100 bytes each.
const limitedKeys = 100_000

// NewLimiter lets each key through so often a minute, after a burst.
func NewLimiter(perMinute, burst float64) *Limiter {
	return &Limiter{rate: perMinute / 60, burst: burst, most: limitedKeys, clock: time.Now, buckets: map[string]bucket{}}
}

// Allow takes a token of key's bucket, if there is one.
func (l *Limiter) Allow(key string) bool {
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

// Return gives a token back that was not to be counted.
func (l *Limiter) Return(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.buckets[key]; ok {
		b.tokens = min(l.burst, b.tokens+1)
		l.buckets[key] = b
	}
}

// Forget gives a key its full bucket back.
func (l *Limiter) Forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.buckets, key)
}

func (l *Limiter) refill(b bucket, now time.Time) bucket {
	b.tokens = min(l.burst, b.tokens+max(0, now.Sub(b.at).Seconds())*l.rate)
	b.at = now
	return b
}

// sweep forgets full buckets and tells whether there is room now.
func (l *Limiter) sweep(now time.Time) bool {
	for key, b := range l.buckets {
		if l.refill(b, now).tokens >= l.burst {
			delete(l.buckets, key)
		}
	}
	return len(l.buckets) < l.most
}

// Slow refuses who comes too often from one address, in the form that fail
// writes.
func Slow(limiter *Limiter, proxies Proxies, fail func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !limiter.Allow(proxies.Caller(r)) {
				fail(w, r, registry.Errorf(registry.CodeRateLimited, "", ""))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
