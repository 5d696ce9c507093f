package api

import (
	"net/http"
	"net/url"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// reviews answers for review files and statistics.
type reviews struct {
	desk  desk.Reviews
	trail signin.Trail
	base  string
}

func reviewResource(f *registry.ReviewFile, licenses []office.Reviewed) *resource.ReviewFile {
	out := &resource.ReviewFile{Number: f.Number, Kind: f.Kind, Organization: f.Organization, Basis: f.Basis, Opened: f.Opened.In(registry.China),
		OpenedBy: f.OpenedBy, ClosedBy: f.ClosedBy, Count: len(f.Licenses)}
	if !f.Open() {
		out.Closed = f.Closed.In(registry.China)
	}
	for _, l := range licenses {
		out.Licenses = append(out.Licenses, resource.ReviewedLicense{Identifier: l.Identifier, Verdict: l.Word})
	}
	return out
}

// list lists the caller's organization's files.
func (v *reviews) list(w http.ResponseWriter, r *http.Request) {
	list, err := v.desk.List(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	out := resource.ReviewList{Items: []resource.ReviewFile{}}
	for i := range list {
		out.Items = append(out.Items, *reviewResource(&list[i], nil))
	}
	httpx.JSON(w, r, http.StatusOK, out)
}

// open opens a file.
func (v *reviews) open(w http.ResponseWriter, r *http.Request) {
	var body resource.ReviewDraft
	err := v.desk.Check(r)
	if err == nil {
		err = httpx.DecodeBody(r, &body)
	}
	var f *registry.ReviewFile
	if err == nil {
		f, err = v.desk.Open(r, office.ReviewDraft{Number: body.Number, Kind: body.Kind, Basis: body.Basis, Licenses: body.Licenses})
	}
	if err != nil {
		v.trail.Refuse(w, r, "open review file", "", err)
		return
	}
	w.Header().Set("Location", v.base+"/api/v1/review-files/"+url.PathEscape(f.Number))
	httpx.JSON(w, r, http.StatusCreated, reviewResource(f, nil))
}

// show shows one file with the state of its licenses.
func (v *reviews) show(w http.ResponseWriter, r *http.Request) {
	f, licenses, err := v.desk.Named(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, reviewResource(f, licenses))
}

// close ends the sight that a file gives.
func (v *reviews) close(w http.ResponseWriter, r *http.Request) {
	f, err := v.desk.Close(r)
	if err != nil {
		v.trail.Refuse(w, r, "close review file", "", err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, reviewResource(f, nil))
}

// statistics counts licenses below the caller's organization, and its own.
func (v *reviews) statistics(w http.ResponseWriter, r *http.Request) {
	list, err := v.desk.Statistics(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	out := resource.Statistics{Items: []resource.Count{}}
	for _, c := range list {
		out.Items = append(out.Items, resource.Count{Type: c.Type, TypeName: c.TypeName, Issuer: c.Issuer, IssuerName: c.IssuerName, Verdict: c.Word, Licenses: c.Licenses})
	}
	httpx.JSON(w, r, http.StatusOK, out)
}
