package console

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/signin"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Signing is the signer's own page, where people sign with passkeys: the console leads
// there and takes what comes back.
type Signing interface {
	Open(ctx context.Context, ask registry.SigningRequest) (*registry.SigningTicket, error)
	Result(ctx context.Context, ask registry.SigningQuery) (*registry.SigningResult, error)
}

// signings lead to the signing page and back.
type signings struct {
	frame
	signing     Signing // nil: this deployment has no signing page
	proceedings desk.Proceedings
	orders      desk.Orders
	cases       desk.Cases
}

// mostTogether is how many acts the console signs at once.
const mostTogether = registry.BatchMost

// lead opens the signing page for what is asked, and comes back to then.
func (s *signings) lead(w http.ResponseWriter, r *http.Request, operation, then string, ask registry.SigningRequest) {
	err := error(nil)
	if s.signing == nil {
		err = registry.Errorf(registry.CodeUnavailable, "", "this deployment has no signing page: sign with a key file")
	}
	if err == nil {
		ask.Person, err = s.passkeys.Person(r)
	}
	ask.Return = s.base + "/console/signed?" + url.Values{"then": {then}}.Encode()
	var ticket *registry.SigningTicket
	if err == nil {
		ticket, err = s.signing.Open(r.Context(), ask)
	}
	if err != nil {
		s.refuse(w, r, operation, "", err)
		return
	}
	// A form must not be answered by a redirect to another origin (form-action).
	s.show(w, r, http.StatusOK, "console-onward", "", web.Pair{Chinese: "正在进入签署页", English: "To the signing page"}, ticket.URL)
}

// act signs the act in the address.
func (s *signings) act(w http.ResponseWriter, r *http.Request) {
	digest, err := sm.ParseDigest(chi.URLParam(r, "intent"))
	if err != nil {
		s.fail(w, r, registry.Errorf(registry.CodeMalformed, "intent", "want 64 hexadecimal digits"))
		return
	}
	s.acts(w, r, s.base+"/console/proceedings/"+digest.String(), digest)
}

// tasks signs the acts that were chosen in the list of tasks, with one signature.
func (s *signings) tasks(w http.ResponseWriter, r *http.Request) {
	values, err := httpx.Values(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var digests []sm.Digest
	for _, name := range slices.Sorted(maps.Keys(values)) {
		text, chosen := strings.CutPrefix(name, "sign.")
		if !chosen {
			continue
		}
		digest, err := sm.ParseDigest(text)
		if err != nil {
			s.fail(w, r, registry.Errorf(registry.CodeMalformed, "intent", "want 64 hexadecimal digits"))
			return
		}
		digests = append(digests, digest)
	}
	switch {
	case len(digests) == 0:
		s.fail(w, r, registry.Errorf(registry.CodeMissing, "intent", "choose what is to be signed"))
	case len(digests) > mostTogether:
		s.fail(w, r, registry.Errorf(registry.CodeTooLarge, "intent", "one signature approves %d acts at most", mostTogether))
	default:
		s.acts(w, r, s.base+"/console/tasks", digests...)
	}
}

func (s *signings) acts(w http.ResponseWriter, r *http.Request, then string, digests ...sm.Digest) {
	jobs, err := s.proceedings.ToSign(r, digests...)
	if err != nil {
		s.refuse(w, r, "approve", "", err)
		return
	}
	s.lead(w, r, "approve", then, registry.SigningRequest{Acts: jobs})
}

// sheet signs the order sheet in the address.
func (s *signings) sheet(w http.ResponseWriter, r *http.Request) {
	sheet, err := s.orders.Named(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	ask := registry.SigningRequest{}
	for _, order := range sheet.Orders {
		ask.Sheet = append(ask.Sheet, *order)
	}
	s.lead(w, r, "sign orders", s.base+"/console/orders/"+sheet.Digest.String(), ask)
}

// step signs a step of a case file, as its form was filled in.
func (s *signings) step(w http.ResponseWriter, r *http.Request) {
	values, err := httpx.Values(w, r)
	var step registry.CaseStep
	if err == nil {
		step, err = desk.UnsignedStep(values.Get("canonical"), values.Get("content"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	then := s.base + "/console/case?" + url.Values{"grant": {step.Statement.Grant}, "case": {step.Statement.Case}}.Encode()
	s.lead(w, r, desk.CaseOperation(step.Statement.Kind), then, registry.SigningRequest{Step: &step})
}

// passkey makes a new passkey.
func (s *signings) passkey(w http.ResponseWriter, r *http.Request) {
	s.lead(w, r, "enroll passkey", s.base+"/console/account", registry.SigningRequest{Enroll: true})
}

// returned is where the signing page sends the browser back to: it goes on from a page
// of this site, so that the session's cookie goes with it.
func (s *signings) returned(w http.ResponseWriter, r *http.Request) {
	next := s.base + "/console/signed/" + url.PathEscape(r.URL.Query().Get("ticket")) + "?" + url.Values{"then": {s.then(r)}}.Encode()
	s.pages.Show(w, r, http.StatusOK, "console-onward", web.Frame{Title: "正在返回", TitleEnglish: "Going back", Data: next})
}

// then is the page of the console to go on with.
func (s *signings) then(r *http.Request) string {
	then := r.URL.Query().Get("then")
	if !strings.HasPrefix(then, s.base+"/console/") || strings.ContainsAny(then, "\\\r\n") {
		return s.base + "/console/"
	}
	return then
}

// signed takes what was signed.
func (s *signings) signed(w http.ResponseWriter, r *http.Request) {
	if s.signing == nil {
		s.fail(w, r, registry.Errorf(registry.CodeNotFound, "ticket", "this deployment has no signing page"))
		return
	}
	result, err := s.signing.Result(r.Context(), registry.SigningQuery{Ticket: chi.URLParam(r, "ticket"), Handle: s.passkeys.Handle(r)})
	if err == nil && result.Outcome == registry.SigningOpen {
		err = registry.Errorf(registry.CodeApprovalMissing, "ticket", "nothing was signed at the signing page")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if result.Outcome == registry.SigningSigned {
		if err := s.take(r, result); err != nil {
			s.refuse(w, r, "sign", "", err)
			return
		}
	}
	http.Redirect(w, r, s.then(r), http.StatusSeeOther)
}

func (s *signings) take(r *http.Request, result *registry.SigningResult) error {
	switch {
	case result.Passkey != nil:
		id, _, err := s.passkeys.Add(r, result.Passkey)
		if err == nil {
			s.trail.Note(r, signin.AccountOf(r).Actor(), "enroll passkey", string(id), "")
		}
		return err
	case result.Step != nil:
		_, err := s.cases.Take(r, *result.Step)
		return err
	case result.Sheet && len(result.Approvals) == 1:
		_, err := s.orders.Sign(r, result.Approvals[0].Digest, result.Approvals[0].Approval)
		return err
	}
	failed, last := 0, error(nil)
	for _, given := range result.Approvals {
		if _, err := s.proceedings.Approve(r, given.Digest, given.Approval); err != nil {
			failed, last = failed+1, err
		}
	}
	if failed > 0 && len(result.Approvals) > 1 {
		return registry.Errorf(registry.CodeOf(last), "intent", "%s of %s could not be approved, the others are: %v", strconv.Itoa(failed), strconv.Itoa(len(result.Approvals)), last)
	}
	return last
}
