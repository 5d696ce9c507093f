package api

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// collect takes a version that another system made: a form with the part
// application (JSON) and the part file, in this order.
func (a *applications) collect(w http.ResponseWriter, r *http.Request) {
	actor := signin.AccountOf(r).Actor()
	body, file, err := readCollected(r)
	if err != nil {
		a.trail.Refuse(w, r, "collect", "", err)
		return
	}
	if body.Act == 0 {
		body.Act = registry.Issue
	}
	key, err := idempotency(r, actor.Account, "collect", body.Application)
	if err != nil {
		a.trail.Refuse(w, r, "collect", "", err)
		return
	}
	digest := sm.Sum(file)
	key.Body = sm.Sum(append(key.Body[:], digest[:]...)) // another file is another application
	p, err := a.office.Issuing.Collect(r.Context(), actor, body.Application, file, key)
	if err != nil {
		httpx.Fail(w, r, err) // audited by the office
		return
	}
	if p, err = a.approveAll(r, p, body.Approvals); err != nil {
		a.trail.Refuse(w, r, "collect", p.Digest.String(), err)
		return
	}
	a.proceedings.answer(w, r, p, http.StatusAccepted)
}

func readCollected(r *http.Request) (body resource.Application, file []byte, err error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" || len(params["boundary"]) > 100 {
		return body, nil, registry.Errorf(problem.MediaType, "", "want multipart/form-data with the parts application and file")
	}
	form := multipart.NewReader(r.Body, params["boundary"])
	said := false
	for range 8 {
		part, err := form.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return body, nil, httpx.ReadError(err)
		}
		switch part.FormName() {
		case "application":
			raw, err := io.ReadAll(io.LimitReader(part, httpx.MaxBody+1))
			if err != nil {
				return body, nil, httpx.ReadError(err)
			}
			if len(raw) > httpx.MaxBody {
				return body, nil, registry.Errorf(registry.CodeTooLarge, "application", "at most %d bytes", httpx.MaxBody)
			}
			if err := httpx.DecodeJSON(raw, &body); err != nil {
				return body, nil, err
			}
			said = true
		case "file":
			if file, err = httpx.ReadFile(part, r.ContentLength); err != nil {
				return body, nil, err
			}
		}
	}
	if !said || len(file) == 0 {
		return body, nil, registry.Errorf(registry.CodeMissing, "file", "the parts application and file")
	}
	return body, file, nil
}
