package public

import (
	"fmt"
	"net/http"
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

// mediaStatusList is the published form of a list: canonical bytes.
const mediaStatusList = "application/vnd.tongzheng.status-list"

// statusLists answers with status lists.
type statusLists struct{ config Config }

// heads names the lists with their heights and digests.
func (l statusLists) heads(w http.ResponseWriter, r *http.Request) {
	heads := l.config.Lists.Heads()
	if heads == nil {
		heads = []registry.StatusHead{}
	}
	out := resource.StatusListHeads{Lists: heads}
	httpx.Tagged(w, r, out, out)
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
	list, err := l.config.Lists.List(uint32(id), since)
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
