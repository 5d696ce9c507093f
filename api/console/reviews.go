package console

import (
	"net/http"
	"net/url"
	"strings"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// reviews are the pages of review files.
type reviews struct {
	frame
	desk desk.Reviews
}

// list lists the files, offers the form of a new one, and counts licenses.
func (v *reviews) list(w http.ResponseWriter, r *http.Request) {
	v.draw(w, r, http.StatusOK, &web.Reviews{})
}

func (v *reviews) draw(w http.ResponseWriter, r *http.Request, status int, page *web.Reviews) {
	if err := v.fill(r, page); err != nil {
		v.fail(w, r, err)
		return
	}
	v.show(w, r, status, "console-reviews", "reviews", web.Pair{Chinese: "监督", English: "Oversight"}, page)
}

func (v *reviews) fill(r *http.Request, page *web.Reviews) error {
	files, err := v.desk.List(r)
	if err != nil {
		return err
	}
	for _, f := range files {
		page.Files = append(page.Files, v.row(f))
	}
	counts, err := v.desk.Statistics(r)
	if err != nil {
		return err
	}
	for _, c := range counts {
		row := web.CountRow{Type: c.TypeName, Issuer: c.IssuerName, Word: c.Word, Licenses: c.Licenses}
		if row.Type == "" {
			row.Type = c.Type
		}
		page.Counts = append(page.Counts, row)
	}
	for _, kind := range registry.ReviewKinds() {
		name := web.ReviewName(kind)
		page.Kinds = append(page.Kinds, web.Option{Value: string(kind), Text: name.Chinese + " " + name.English})
	}
	return nil
}

func (v *reviews) row(f registry.ReviewFile) web.ReviewRow {
	return web.ReviewRow{File: f, Kind: web.ReviewName(f.Kind), URL: v.url(f.Number)}
}

func (v *reviews) url(number string) string {
	return v.base + "/console/reviews/" + url.PathEscape(number)
}

// open opens a file. A form that is refused comes back filled, with every fault.
func (v *reviews) open(w http.ResponseWriter, r *http.Request) {
	err := v.desk.Check(r)
	var values url.Values
	if err == nil {
		values, err = httpx.Values(w, r)
	}
	if err != nil {
		v.fail(w, r, err)
		return
	}
	page := &web.Reviews{Draft: web.ReviewForm{Number: trimmed(values, "number"), Kind: values.Get("kind"), Basis: trimmed(values, "basis"), Licenses: values.Get("licenses")}}
	draft, faults := readReview(page.Draft)
	if len(faults) == 0 {
		f, err := v.desk.Open(r, draft)
		if err == nil {
			http.Redirect(w, r, v.url(f.Number), http.StatusSeeOther)
			return
		}
		faults = []error{err}
	}
	v.trail.Refused(r, "open review file", "", faults[0])
	status := 0
	for _, fault := range faults {
		p := httpx.Report(w, r, fault)
		if status == 0 {
			status = p.Status
		}
		page.Problems = append(page.Problems, *web.ProblemOf(p))
	}
	v.draw(w, r, status, page)
}

// readReview reads the form, and names everything that is wrong with it.
func readReview(form web.ReviewForm) (office.ReviewDraft, []error) {
	draft := office.ReviewDraft{Number: form.Number, Kind: registry.ReviewKind(form.Kind), Basis: form.Basis}
	check := registry.ReviewFile{Number: form.Number, Kind: draft.Kind, Basis: form.Basis}
	var unread []error
	for _, line := range strings.Fields(form.Licenses) {
		check.Licenses = append(check.Licenses, line)
		id, err := registry.ParseIdentifier(line)
		if err != nil {
			unread = append(unread, registry.Errorf(registry.CodeOf(err), "licenses", "%s", line))
			continue
		}
		draft.Licenses = append(draft.Licenses, id)
	}
	return draft, append(check.Faults(), unread...)
}

// page shows one file with its licenses.
func (v *reviews) page(w http.ResponseWriter, r *http.Request) {
	f, licenses, err := v.desk.Named(r)
	if err != nil {
		v.fail(w, r, err)
		return
	}
	page := web.Review{ReviewRow: v.row(*f)}
	for _, l := range licenses {
		page.Licenses = append(page.Licenses, web.ReviewedRow{Identifier: l.Identifier, Word: l.Word})
	}
	v.show(w, r, http.StatusOK, "console-review", "reviews", web.Pair{Chinese: "调阅案卷 " + f.Number, English: "Review file"}, &page)
}

// close ends the sight that a file gives.
func (v *reviews) close(w http.ResponseWriter, r *http.Request) {
	f, err := v.desk.Close(r)
	if err != nil {
		v.refuse(w, r, "close review file", "", err)
		return
	}
	http.Redirect(w, r, v.url(f.Number), http.StatusSeeOther)
}
