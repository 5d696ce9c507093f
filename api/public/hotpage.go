package public

import (
	"bytes"
	"maps"
	"net/http"
	"sync"
	"time"

	"tongzheng/registry"
)

// hotFor is how long a drawn verdict may be shown again: a code that many
// people scan at once is drawn once a second. What an insider changes in the
// database is therefore seen a second later at most; what the ledger says is
// never older than the view, for a new height forgets the page.
const (
	hotFor   = time.Second
	hotAfter = 3    // drawn so often within hotFor, a page is kept
	hotMost  = 4096 // pages
)

// hotPages keeps the pages of codes that are scanned again and again. A page
// serves while the view is fresh, its height and the day are the same, and
// hotFor has not passed.
type hotPages struct {
	mu    sync.Mutex
	pages map[string]*hotPage
}

type hotPage struct {
	began  time.Time // of the counting, then of the page
	drawn  int
	height uint64
	day    registry.Date
	word   registry.Word
	status int
	header http.Header
	body   []byte
}

// serve writes a kept page; false when there is none that holds.
func (h *hotPages) serve(w http.ResponseWriter, token string, k registry.Knowledge, now time.Time) (registry.Word, bool) {
	h.mu.Lock()
	p := h.pages[token]
	if p == nil || p.body == nil || k.Stale || p.height != k.Height || now.Sub(p.began) > hotFor || p.day != registry.DateOf(now) {
		h.mu.Unlock()
		return "", false
	}
	h.mu.Unlock() // a page with a body is never changed
	maps.Copy(w.Header(), p.header)
	w.WriteHeader(p.status)
	_, _ = w.Write(p.body)
	return p.word, true
}

// due counts a drawing and tells whether this one should be kept.
func (h *hotPages) due(token string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages == nil || len(h.pages) >= hotMost {
		h.pages = map[string]*hotPage{}
	}
	p := h.pages[token]
	if p == nil || p.body != nil || now.Sub(p.began) > hotFor {
		h.pages[token] = &hotPage{began: now, drawn: 1}
		if p != nil && p.body != nil && now.Sub(p.began) <= 2*hotFor {
			h.pages[token].drawn = hotAfter // still hot: drawn anew and kept again
			return true
		}
		return false
	}
	p.drawn++
	return p.drawn >= hotAfter
}

// keep stores what was drawn from knowledge k.
func (h *hotPages) keep(token string, k registry.Knowledge, now time.Time, word registry.Word, r *recorded) {
	if k.Stale {
		return
	}
	header := r.Header().Clone()
	header.Del("X-Request-Id") // each answer has its own
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[token] = &hotPage{began: now, height: k.Height, day: registry.DateOf(now),
		word: word, status: r.status, header: header, body: r.body.Bytes()}
}

// recorded passes an answer on and keeps a copy.
type recorded struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (r *recorded) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorded) Write(part []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(part)
	return r.ResponseWriter.Write(part)
}
