package api

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// StatusLists is what is published for verifiers without a network
// (office.Publisher).
type StatusLists interface {
	// List returns a list in full, or as changes since a height when they are
	// known.
	List(id uint32, since uint64) (*registry.StatusList, error)
	// Heads names what is published.
	Heads() []registry.StatusHead
}

// mediaStatusList is the published form of a list: canonical bytes.
const mediaStatusList = "application/vnd.tongzheng.status-list"

// statusLists names the lists with their heights and digests.
func (s *Server) statusLists(w http.ResponseWriter, r *http.Request) {
	heads := s.Config.Lists.Heads()
	if heads == nil {
		heads = []registry.StatusHead{}
	}
	out := map[string]any{"lists": heads}
	s.encodeTagged(w, r, out, out)
}

// statusList hands out one list. It is the same for everyone and names nobody:
// any cache may keep it for as long as the next making takes.
func (s *Server) statusList(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseUint(chi.URLParam(r, "list"), 10, 32)
	if err != nil {
		s.fail(w, r, registry.Errorf(registry.CodeMalformed, "list", "want the number of a list"))
		return
	}
	since := uint64(0)
	if text := r.URL.Query().Get("since"); text != "" {
		if since, err = strconv.ParseUint(text, 10, 64); err != nil {
			s.fail(w, r, registry.Errorf(registry.CodeMalformed, "since", "want a height"))
			return
		}
	}
	list, err := s.Config.Lists.List(uint32(id), since)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	raw := list.Bytes()
	tag := `"` + sm.Sum(raw).String()[:32] + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d, stale-if-error=86400", int(s.listAge().Seconds())))
	h.Set("Last-Modified", time.Unix(list.Head.Time, 0).UTC().Format(http.TimeFormat))
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", mediaStatusList)
	_, _ = w.Write(raw)
}

func (s *Server) listAge() time.Duration {
	if s.Config.ListsEvery > 0 {
		return s.Config.ListsEvery
	}
	return 30 * time.Second
}
