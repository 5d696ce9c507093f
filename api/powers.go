package api

import (
	"net/http"

	"tongzheng/registry"
)

// powers answers, for a license and a civil day (today when none is named),
// from the ledger alone: who had the power, by which grant, which seal was
// valid, who answers, who may act on it, where its file is, where to appeal.
func (s *Server) powers(w http.ResponseWriter, r *http.Request) {
	_, id, err := s.visible(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	day := registry.DateOf(s.Office.Clock())
	if asked := r.URL.Query().Get("as_of"); asked != "" {
		if day, err = registry.ParseDate(asked); err != nil {
			err.(*registry.Error).Field = "as_of"
			s.fail(w, r, err)
			return
		}
	}
	answer, err := s.Office.PowersAt(r.Context(), id.Base(), day)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.encode(w, r, http.StatusOK, answer)
}
