package public

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/registry"
)

// StatusLists is what is published for verifiers without a network
// (office.Publishing).
type StatusLists interface {
	// List returns a list in full, or as changes since a height when they are
	// known.
	List(id uint32, since uint64) (*registry.StatusList, error)
	// Heads names what is published.
	Heads() []registry.StatusHead
}

// OtherLists are those of other members, as they were taken over (the directory).
type OtherLists interface {
	// StatusList returns one in full; nil for none.
	StatusList(id uint32) *registry.StatusList
	// StatusHeads names them.
	StatusHeads() []registry.StatusHead
	// ListsAt are the numbers of the lists of the member whose address on paper is this
	// registry's own with a last part.
	ListsAt(part string) []uint32
}

// mediaStatusList is the published form of a list: canonical bytes.
const mediaStatusList = "application/vnd.tongzheng.status-list"

// statusLists answers with status lists.
type statusLists struct{ config Config }

// heads names the lists with their heights and digests; behind a member's path, the
// member's.
func (l statusLists) heads(w http.ResponseWriter, r *http.Request) {
	heads, ofPath := []registry.StatusHead{}, l.ofPath(r)
	for _, head := range l.all() {
		if ofPath(head.List) {
			heads = append(heads, head)
		}
	}
	out := resource.StatusListHeads{Lists: heads}
	httpx.Tagged(w, r, out, out)
}

// all are the newest heads, by number: own ones, those made as a deputy, and those that
// were taken over.
func (l statusLists) all() []registry.StatusHead {
	by := map[uint32]registry.StatusHead{}
	for _, head := range l.config.Lists.Heads() {
		by[head.List] = head
	}
	if l.config.OtherLists != nil {
		now := l.config.Office.Reading.Now().Unix()
		for _, head := range l.config.OtherLists.StatusHeads() {
			if own, known := by[head.List]; !known || head.Newer(&own, now) {
				by[head.List] = head
			}
		}
	}
	var heads []registry.StatusHead
	for _, list := range slices.Sorted(maps.Keys(by)) {
		heads = append(heads, by[list])
	}
	return heads
}

// ofPath tells of a list whether it is the member's that the path names; every list is
// where it names none.
func (l statusLists) ofPath(r *http.Request) func(list uint32) bool {
	part := chi.URLParam(r, "member")
	if part == "" {
		return func(uint32) bool { return true }
	}
	var numbers []uint32
	if l.config.OtherLists != nil {
		numbers = l.config.OtherLists.ListsAt(part)
	}
	return func(list uint32) bool { return slices.Contains(numbers, list) }
}

// newest is a list as whoever made the newest has it.
func (l statusLists) newest(id uint32, since uint64) (*registry.StatusList, error) {
	own, err := l.config.Lists.List(id, since)
	if l.config.OtherLists == nil {
		return own, err
	}
	other := l.config.OtherLists.StatusList(id)
	if other == nil || err == nil && !other.Head.Newer(&own.Head, l.config.Office.Reading.Now().Unix()) {
		return own, err
	}
	return other, nil
}

// list hands out one list. It is the same for everyone and names nobody: any
// cache may keep it for as long as the next making takes.
func (l statusLists) list(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseUint(chi.URLParam(r, "list"), 10, 32)
	if err != nil {
		httpx.Fail(w, r, registry.Errorf(registry.CodeMalformed, "list", "want the number of a list"))
		return
	}
	since := uint64(0)
	if text := r.URL.Query().Get("since"); text != "" {
		if since, err = strconv.ParseUint(text, 10, 64); err != nil {
			httpx.Fail(w, r, registry.Errorf(registry.CodeMalformed, "since", "want a height"))
			return
		}
	}
	if !l.ofPath(r)(uint32(id)) {
		httpx.Fail(w, r, registry.Errorf(registry.CodeNotFound, "list", "no status list %d of that member", id))
		return
	}
	list, err := l.newest(uint32(id), since)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	raw := list.Bytes()
	h := w.Header()
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d, stale-if-error=86400", int(l.config.ListsEvery.Seconds())))
	h.Set("Last-Modified", time.Unix(list.Head.Time, 0).UTC().Format(http.TimeFormat))
	if httpx.NotModified(w, r, httpx.ETag(raw)) {
		return
	}
	h.Set("Content-Type", mediaStatusList)
	_, _ = w.Write(raw)
}

// listMeters say how long after the page a status list may tell of an act, at
// most, and how old the oldest published list is now.
func listMeters(config Config) []prometheus.Collector {
	if config.Lists == nil {
		return nil
	}
	age := func() float64 {
		oldest := 0.0
		for _, h := range config.Lists.Heads() {
			oldest = max(oldest, config.Office.Reading.Now().Sub(time.Unix(h.Time, 0)).Seconds())
		}
		return oldest
	}
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tongzheng_status_list_refresh_seconds",
			Help: "How often status lists are made: an act that is public stands in the list given out so much later at most."}, config.ListsEvery.Seconds),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tongzheng_status_list_age_seconds",
			Help: "Age of the oldest published status list; 0 before the first."}, age),
	}
}
