package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

const mediaBundle = "application/vnd.tongzheng.bundle+zip"

// licenses answers for licenses and hands out their papers.
type licenses struct {
	office *office.Office
	desk   desk.Licenses
}

// search lists the licenses to which the caller's organization is something.
func (l *licenses) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	err := httpx.KnownParameters(r, "q", "type", "step", "organization", "relation", "cursor", "limit")
	var page *office.SearchPage
	if err == nil {
		page, err = l.desk.Search(r, &office.SearchQuery{Text: q.Get("q"), Type: q.Get("type"), Step: office.Step(q.Get("step")),
			Organization: q.Get("organization"), Relation: registry.Relation(q.Get("relation")), Cursor: q.Get("cursor")}, q.Get("limit"))
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	out := resource.LicensePage{Items: []resource.LicenseItem{}, Next: page.Next}
	for _, i := range page.Items {
		out.Items = append(out.Items, resource.LicenseItem{Identifier: i.Identifier, TypeName: i.TypeName, Number: i.Number, HolderName: i.HolderName,
			IssuerName: i.IssuerName, Expires: i.Expires, LastAct: i.LastAct, Step: resource.Step(i.Step), Updated: i.Updated.In(registry.China), Relations: i.Relations})
	}
	httpx.JSON(w, r, http.StatusOK, out)
}

// license shows one license.
func (l *licenses) license(w http.ResponseWriter, r *http.Request) {
	view, _, err := l.desk.Named(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	out := l.resource(view)
	tagged := *out
	// The time of asking and the age of what is known change with every answer.
	tagged.Verdict.At, tagged.Verdict.Knowledge = time.Time{}, registry.Knowledge{Stale: out.Verdict.Knowledge.Stale}
	httpx.Tagged(w, r, out, tagged)
}

// document hands out the sealed electronic license of the version named.
func (l *licenses) document(w http.ResponseWriter, r *http.Request) {
	id, err := l.desk.Identifier(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	version, err := l.office.Papers.Document(r.Context(), signin.AccountOf(r).Actor(), id)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	if httpx.NotModified(w, r, httpx.ETag(version.Sealed)) {
		return
	}
	httpx.Attachment(w.Header(), "application/ofd", id.String()+".ofd")
	_, _ = w.Write(version.Sealed)
}

// paper draws one sheet for the printer.
func (l *licenses) paper(w http.ResponseWriter, r *http.Request) {
	id, err := l.desk.Identifier(r)
	if err == nil {
		err = httpx.KnownParameters(r, "overprint")
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	number, err := strconv.ParseUint(chi.URLParam(r, "number"), 10, 32)
	if err != nil {
		httpx.Fail(w, r, registry.Errorf(registry.CodePrinting, "number", "a number from 1"))
		return
	}
	overprint, err := parseOverprint(r.URL.Query().Get("overprint"))
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	pdf, err := l.office.Papers.Sheet(r.Context(), signin.AccountOf(r).Actor(), id, uint32(number), overprint)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.Attachment(w.Header(), "application/pdf", fmt.Sprintf("%s-%d.pdf", id, number))
	_, _ = w.Write(pdf)
}

// bundle hands out the bundle of a license, all versions, to those who may see
// the license: it holds the sealed documents.
func (l *licenses) bundle(w http.ResponseWriter, r *http.Request) {
	id, err := l.desk.Identifier(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	raw, err := l.office.Bundles.Bundle(r.Context(), signin.AccountOf(r).Actor(), id)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "private, no-store")
	httpx.Attachment(w.Header(), mediaBundle, id.String()+".bundle")
	_, _ = w.Write(raw)
}

// powers answers, for a license and a civil day (today when none is named),
// from the ledger alone: who had the power, by which grant, which seal was
// valid, who answers, who may act on it, where its file is, where to appeal.
func (l *licenses) powers(w http.ResponseWriter, r *http.Request) {
	id, err := l.desk.Identifier(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	day := l.desk.Today()
	if asked := r.URL.Query().Get("as_of"); asked != "" {
		if day, err = registry.ParseDate(asked); err != nil {
			err.(*registry.Error).Field = "as_of"
			httpx.Fail(w, r, err)
			return
		}
	}
	answer, err := l.office.Reading.Powers(r.Context(), signin.AccountOf(r).Actor(), id, day)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, answer)
}

// disclose shows some fields of a license with proof and hides the others.
func (l *licenses) disclose(w http.ResponseWriter, r *http.Request) {
	id, err := l.desk.Identifier(r)
	var body resource.FieldNames
	if err == nil {
		err = httpx.DecodeBody(r, &body)
	}
	if err == nil && (len(body.Fields) == 0 || len(body.Fields) > 64) {
		err = registry.Errorf(registry.CodeMissing, "fields", "name 1 to 64 fields")
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	d, err := l.office.Papers.Disclose(r.Context(), signin.AccountOf(r).Actor(), id, body.Fields)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, d)
}

// parseOverprint reads two offsets in millimetres: "1.5,-2".
func parseOverprint(s string) (*registry.Overprint, error) {
	if s == "" {
		return nil, nil
	}
	left, right, ok := strings.Cut(s, ",")
	x, errX := strconv.ParseFloat(left, 64)
	y, errY := strconv.ParseFloat(right, 64)
	if !ok || errX != nil || errY != nil || !(math.Abs(x) <= 50 && math.Abs(y) <= 50) {
		return nil, registry.Errorf(registry.CodeMalformed, "overprint", "two offsets in millimetres, at most 50: 1.5,-2")
	}
	return &registry.Overprint{X: x, Y: y}, nil
}
