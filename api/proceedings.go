package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// maxWait bounds Prefer: wait.
const maxWait = 30 * time.Second

// proceedings answers for acts on their way.
type proceedings struct {
	office *office.Office
	desk   desk.Proceedings
	trail  signin.Trail
	base   string
}

// show shows one act on its way; Prefer: wait waits for its end.
func (p *proceedings) show(w http.ResponseWriter, r *http.Request) {
	found, err := p.desk.Named(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	if wait := preferred(r); wait > 0 {
		w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(wait.Seconds())))
		if found, err = p.desk.Await(r, found, wait); err != nil {
			httpx.Fail(w, r, err)
			return
		}
	}
	out, err := p.resource(r, found)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.Tagged(w, r, out, out)
}

// approve adds one person's signature.
func (p *proceedings) approve(w http.ResponseWriter, r *http.Request) {
	found, err := p.desk.Named(r)
	if err != nil {
		p.trail.Refuse(w, r, "approve", "", err)
		return
	}
	var approval registry.Approval
	if err := httpx.DecodeBody(r, &approval); err != nil {
		p.trail.Refuse(w, r, "approve", found.Digest.String(), err)
		return
	}
	found, err = p.desk.Approve(r, found.Digest, approval)
	if err != nil {
		p.trail.Refuse(w, r, "approve", chi.URLParam(r, "intent"), err)
		return
	}
	p.answer(w, r, found, http.StatusAccepted)
}

// drop gives a reserved proceeding up.
func (p *proceedings) drop(w http.ResponseWriter, r *http.Request) {
	found, err := p.desk.Named(r)
	if err == nil {
		err = p.desk.Drop(r, found.Digest)
	}
	if err != nil {
		p.trail.Refuse(w, r, "drop", chi.URLParam(r, "intent"), err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// release lets paper out before the ledger has answered.
func (p *proceedings) release(w http.ResponseWriter, r *http.Request) {
	found, err := p.desk.Named(r)
	if err == nil {
		err = p.desk.Release(r, found.Digest)
	}
	if err == nil {
		found, err = p.desk.Read(r, found.Digest)
	}
	if err != nil {
		p.trail.Refuse(w, r, "release", chi.URLParam(r, "intent"), err)
		return
	}
	p.answer(w, r, found, http.StatusOK)
}

// answer answers a write: with the status given and where to look, or 200 with
// the end when the caller asked to wait and it came in time.
func (p *proceedings) answer(w http.ResponseWriter, r *http.Request, found *office.Proceeding, status int) {
	wait := preferred(r)
	if wait > 0 && found.Step != office.StepReserved { // nobody knows when people sign
		var err error
		if found, err = p.desk.Await(r, found, wait); err != nil {
			httpx.Fail(w, r, err)
			return
		}
	}
	if found.Step.Done() {
		status = http.StatusOK
	}
	out, err := p.resource(r, found)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Location", out.Links["self"])
	if wait > 0 {
		h.Set("Preference-Applied", "wait="+strconv.Itoa(int(wait.Seconds())))
	}
	if !found.Step.Done() {
		h.Set("Retry-After", "1")
	}
	httpx.JSON(w, r, status, out)
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
