package postgres

import (
	"strings"
	"sync"
	"time"
)

// looking remembers where the next look for work begins. While something holds a
// snapshot for long, a backup or the statistics of a large table, the index of what
// waits keeps the entries of all that was done since; a look that begins where the last
// one ended meets few of them, whatever their number. What a look could miss — a row that
// was locked, or written by a transaction that took longer than lookBack or under a clock
// so far behind, a lease that ran out — is found by the next look at everything.
type looking struct {
	mu    sync.Mutex
	known map[string]look // by the steps that were looked for
}

// look is one look for work.
type look struct {
	from  time.Time // what is due before was leased, or is met by a look at everything
	whole time.Time // when everything is looked at again
	at    time.Time // when it began
}

const (
	lookBack  = 2 * time.Second  // a row is due from a clock's reading on, and seen when its transaction ends
	lookWhole = 10 * time.Second // between two looks at everything
)

// begin says where to look now.
func (l *looking) begin(steps []string, now time.Time) look {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.known[strings.Join(steps, " ")]
	if !ok || !now.Before(known.whole) || now.Before(known.at) { // never, again, or the clock was set back
		return look{whole: now.Add(lookWhole), at: now}
	}
	return look{from: known.from, whole: known.whole, at: now}
}

// end keeps what a look found: all that was due, or as much as was asked for. until is
// when the leases that it gave run out.
func (l *looking) end(steps []string, done look, all bool, until time.Time) {
	if all {
		done.from = done.at.Add(-lookBack)
	}
	if until.Before(done.whole) {
		done.whole = until
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[string]look{}
	}
	l.known[strings.Join(steps, " ")] = done
}
