package api

import (
	"net/http"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// library answers for the copies of other members' licenses.
type library struct{ desk desk.Library }

// account is what the ledger says must be here against what is.
func (l *library) account(w http.ResponseWriter, r *http.Request) {
	c, err := l.desk.Account(r)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, c)
}

// search lists copies.
func (l *library) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	err := httpx.KnownParameters(r, "q", "type", "member", "cursor", "limit")
	var page *office.CopyPage
	if err == nil {
		page, err = l.desk.Search(r, office.CopyQuery{Text: q.Get("q"), Type: q.Get("type"), Member: q.Get("member"), Cursor: q.Get("cursor")}, q.Get("limit"))
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	out := resource.CopyPage{Items: []resource.CopyItem{}, Next: page.Next}
	for _, i := range page.Items {
		out.Items = append(out.Items, resource.CopyItem{Identifier: i.Identifier, Member: i.Member, Number: i.Number, HolderName: i.HolderName, IssuerName: i.IssuerName, Result: i.Result,
			Expires: i.Expires, Recorded: i.Recorded.In(registry.China), Relations: i.Relations})
	}
	httpx.JSON(w, r, http.StatusOK, out)
}
