package api

import (
	"context"
	"net/http"
)

// Bundles makes the file that proves a license without the registry
// (office.Bundler).
type Bundles interface {
	Bundle(ctx context.Context, base string) ([]byte, error)
}

const mediaBundle = "application/vnd.tongzheng.bundle+zip"

// bundle hands out the bundle of a license, all versions, to those who may see
// the license: it holds the sealed documents.
func (s *Server) bundle(w http.ResponseWriter, r *http.Request) {
	_, id, err := s.visible(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	raw, err := s.Config.Bundles.Bundle(r.Context(), id.Base())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "private, no-store")
	attachment(w.Header(), mediaBundle, id.String()+".bundle")
	_, _ = w.Write(raw)
}
