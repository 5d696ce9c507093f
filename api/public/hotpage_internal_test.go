package public

import (
	"net/http/httptest"
	"testing"
	"time"

	"tongzheng/registry"
)

// TestHotPages: a page is kept only for a code that is drawn again and again,
// and forgotten with the height, the freshness, the day and the second.
func TestHotPages(t *testing.T) {
	var h hotPages
	now := time.Date(2026, 3, 2, 23, 59, 59, 0, registry.China)
	k := registry.Knowledge{AsOf: now, Height: 7}
	served := func(k registry.Knowledge, at time.Time) bool {
		w := httptest.NewRecorder()
		word, ok := h.serve(w, "T", k, at)
		if ok && (word != registry.Valid || w.Body.String() != "page" || w.Header().Get("X-Request-Id") != "") {
			t.Errorf("%s %q %v", word, w.Body, w.Header())
		}
		return ok
	}
	for i := range hotAfter {
		if served(k, now) {
			t.Fatalf("served after %d drawings", i)
		}
		due := h.due("T", now)
		if due != (i == hotAfter-1) {
			t.Fatalf("drawing %d: due %v", i+1, due)
		}
	}
	r := &recorded{ResponseWriter: httptest.NewRecorder()}
	r.Header().Set("X-Request-Id", "1")
	_, _ = r.Write([]byte("page"))
	h.keep("T", k, now, registry.Valid, r)
	if !served(k, now.Add(500*time.Millisecond)) {
		t.Error("a kept page is not served")
	}
	if served(registry.Knowledge{AsOf: now, Height: 8}, now) {
		t.Error("the ledger moved on")
	}
	if served(registry.Knowledge{AsOf: now, Height: 7, Stale: true}, now) {
		t.Error("the view is stale")
	}
	if served(k, now.Add(time.Second)) {
		t.Error("another day")
	}
	if served(k, now.Add(hotFor+time.Millisecond)) {
		t.Error("older than a second")
	}
}
