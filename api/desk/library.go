package desk

import (
	"net/http"

	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Library is the copies of other members' licenses.
type Library struct{ Office *office.Office }

// Account is what the ledger says must be here against what is.
func (l Library) Account(r *http.Request) (*registry.Collection, error) {
	return l.Office.Library.Account(r.Context(), signin.AccountOf(r).Actor())
}

// Search checks a query and answers it.
func (l Library) Search(r *http.Request, query office.CopyQuery, limit string) (*office.CopyPage, error) {
	check := office.SearchQuery{Text: query.Text, Type: query.Type, Cursor: query.Cursor, Organization: query.Member}
	if err := checkQuery(&check, limit); err != nil {
		return nil, err
	}
	query.Text, query.Limit = check.Text, check.Limit
	return l.Office.Library.Search(r.Context(), signin.AccountOf(r).Actor(), query)
}
