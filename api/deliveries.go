package api

import (
	"net/http"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
)

// deliveries lists the results that the caller's organization hands over.
func (l *licenses) deliveries(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if err := httpx.KnownParameters(r, "act", "cursor", "limit"); err != nil {
		httpx.Fail(w, r, err)
		return
	}
	page, err := l.desk.Deliveries(r, q.Get("act"), q.Get("cursor"), q.Get("limit"))
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	out := resource.DeliveryPage{Items: []resource.DeliveryItem{}, Next: page.Next}
	for _, i := range page.Items {
		item := resource.DeliveryItem{Identifier: i.Identifier, TypeName: i.TypeName, Number: i.Number, HolderName: i.HolderName, IssuerName: i.IssuerName, Relations: i.Relations}
		for _, due := range i.Due {
			item.Due = append(item.Due, resource.PaperDue{PaperDue: due.PaperDue, Identifier: i.Identifier.WithVersion(due.Version), Blank: due.Blank, May: due.May})
		}
		out.Items = append(out.Items, item)
	}
	httpx.JSON(w, r, http.StatusOK, out)
}
