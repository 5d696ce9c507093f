package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// maxWait bounds Prefer: wait.
const maxWait = 30 * time.Second

// proceeding shows one act on its way; Prefer: wait waits for its end.
func (s *Server) proceeding(w http.ResponseWriter, r *http.Request) {
	p, err := s.visibleProceeding(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if wait := preferred(r); wait > 0 {
		w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(wait.Seconds())))
		if p, err = s.await(r.Context(), p, wait); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	out, err := s.proceedingResource(r.Context(), p)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.encodeTagged(w, r, out, out)
}

// visibleProceeding reads the proceeding in the address if the caller's
// organization decides it or issues the license.
func (s *Server) visibleProceeding(r *http.Request) (*office.Proceeding, error) {
	digest, err := sm.ParseDigest(chi.URLParam(r, "intent"))
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "intent", "want 64 hexadecimal digits")
	}
	p, err := s.Office.Store.Proceeding(r.Context(), digest)
	if err != nil {
		return nil, err
	}
	a := accountOf(r)
	if !a.Admin && (a.Organization == "" || a.Organization != p.Intent.Organization && a.Organization != p.Intent.Identifier.Issuer) {
		return nil, registry.Errorf(registry.CodeNotFound, "intent", "no such proceeding for this account")
	}
	return p, nil
}

// approve adds one person's signature.
func (s *Server) approve(w http.ResponseWriter, r *http.Request) {
	p, err := s.visibleProceeding(r)
	if err != nil {
		s.refuse(w, r, "approve", "", err)
		return
	}
	var approval registry.Approval
	if err := decodeBody(r, &approval); err != nil {
		s.refuse(w, r, "approve", p.Digest.String(), err)
		return
	}
	p, err = s.Office.Approve(r.Context(), accountOf(r).Actor(), p.Digest, approval)
	if err != nil {
		s.refuse(w, r, "approve", chi.URLParam(r, "intent"), err)
		return
	}
	s.answerProceeding(w, r, p, http.StatusAccepted)
}

// drop gives a reserved proceeding up.
func (s *Server) drop(w http.ResponseWriter, r *http.Request) {
	p, err := s.visibleProceeding(r)
	if err == nil {
		err = s.Office.Drop(r.Context(), accountOf(r).Actor(), p.Digest)
	}
	if err != nil {
		s.refuse(w, r, "drop", chi.URLParam(r, "intent"), err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// release lets paper out before the ledger has answered.
func (s *Server) release(w http.ResponseWriter, r *http.Request) {
	p, err := s.visibleProceeding(r)
	if err == nil {
		err = s.Office.ReleasePending(r.Context(), accountOf(r).Actor(), p.Digest)
	}
	if err == nil {
		p, err = s.Office.Store.Proceeding(r.Context(), p.Digest)
	}
	if err != nil {
		s.refuse(w, r, "release", chi.URLParam(r, "intent"), err)
		return
	}
	s.answerProceeding(w, r, p, http.StatusOK)
}

// answerProceeding answers a write: with the status given and where to look,
// or 200 with the end when the caller asked to wait and it came in time.
func (s *Server) answerProceeding(w http.ResponseWriter, r *http.Request, p *office.Proceeding, status int) {
	wait := preferred(r)
	if wait > 0 && p.Step != office.StepReserved { // nobody knows when people sign
		var err error
		if p, err = s.await(r.Context(), p, wait); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	if p.Step.Done() {
		status = http.StatusOK
	}
	out, err := s.proceedingResource(r.Context(), p)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Location", out.Links["self"])
	if wait > 0 {
		h.Set("Preference-Applied", "wait="+strconv.Itoa(int(wait.Seconds())))
	}
	if !p.Step.Done() {
		h.Set("Retry-After", "1")
	}
	s.encode(w, r, status, out)
}

// await reads the proceeding until it is done or the wait is over; it then
// returns what is known.
func (s *Server) await(ctx context.Context, p *office.Proceeding, wait time.Duration) (*office.Proceeding, error) {
	end := time.NewTimer(wait)
	defer end.Stop()
	pause := 20 * time.Millisecond
	for !p.Step.Done() {
		select {
		case <-ctx.Done():
			return p, ctx.Err()
		case <-end.C:
			return p, nil
		case <-time.After(pause):
		}
		pause = min(2*pause, 500*time.Millisecond)
		next, err := s.Office.Store.Proceeding(ctx, p.Digest)
		if err != nil {
			return p, err
		}
		p = next
	}
	return p, nil
}

// preferred reads Prefer: wait=N (RFC 7240), at most maxWait. A preference
// that is not understood is ignored, as the RFC asks.
func preferred(r *http.Request) time.Duration {
	for _, header := range r.Header.Values("Prefer") {
		for part := range strings.SplitSeq(header, ",") {
			name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
			n, err := strconv.Atoi(strings.Trim(strings.TrimSpace(value), `"`))
			if ok && err == nil && n > 0 && strings.EqualFold(strings.TrimSpace(name), "wait") {
				return min(time.Duration(min(n, 3600))*time.Second, maxWait)
			}
		}
	}
	return 0
}
