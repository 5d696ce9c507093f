package console

import (
	"net/http"

	"tongzheng/api/desk"
	"tongzheng/api/httpx"
	"tongzheng/api/web"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// library is the page of the copies of other members' licenses.
type library struct {
	frame
	desk desk.Library
}

// page shows the account, to whom it is for, and lists copies.
func (l *library) page(w http.ResponseWriter, r *http.Request) {
	page := &web.Library{}
	if r.Method == http.MethodPost {
		q, err := httpx.Values(w, r)
		if err != nil {
			l.fail(w, r, err)
			return
		}
		page.Query = office.CopyQuery{Text: q.Get("q"), Member: q.Get("member"), Cursor: q.Get("cursor")}
	}
	var err error
	if page.Account, err = l.desk.Account(r); registry.CodeOf(err) == registry.CodeForbidden {
		page.Account, err = nil, nil
	}
	if err == nil {
		page.Page, err = l.desk.Search(r, page.Query, "")
	}
	if page.Account != nil && registry.CodeOf(err) == registry.CodeForbidden {
		err = nil // who runs the machine sees the account, and no names
	}
	if err != nil {
		l.fail(w, r, err)
		return
	}
	l.show(w, r, http.StatusOK, "console-library", "library", web.Pair{Chinese: "归集库", English: "License library"}, page)
}
