package desk

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Licenses are those that an account may see.
type Licenses struct{ Office *office.Office }

// Named reads the license in the address if the caller may see it: its issuer,
// an organization that acted on it, an operator. Others are told that there is
// none.
func (l Licenses) Named(r *http.Request) (*office.LicenseView, registry.Identifier, error) {
	id, err := registry.ParseIdentifier(chi.URLParam(r, "identifier"))
	if err != nil {
		return nil, id, err
	}
	view, err := l.Office.Show(r.Context(), id.Base())
	if err != nil {
		return nil, id, err
	}
	if !mayView(signin.AccountOf(r), id, view) {
		return nil, id, registry.Errorf(registry.CodeNotFound, "identifier", "no such license for this account")
	}
	return view, id, nil
}

func mayView(a *signin.Account, id registry.Identifier, v *office.LicenseView) bool {
	if a.Admin || a.Organization != "" && a.Organization == id.Issuer {
		return true
	}
	for _, p := range v.Proceedings {
		if a.Organization != "" && p.Intent.Organization == a.Organization {
			return true
		}
	}
	return false
}

// Search checks a query, binds it to the caller's organization and answers it.
func (l Licenses) Search(r *http.Request, query *office.SearchQuery, limit string) (*office.SearchPage, error) {
	if err := bind(signin.AccountOf(r), query, limit); err != nil {
		return nil, err
	}
	return l.Office.Store.Search(r.Context(), *query)
}

func bind(account *signin.Account, query *office.SearchQuery, limit string) error {
	if limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > 100 {
			return registry.Errorf(registry.CodeMalformed, "limit", "1 to 100")
		}
		query.Limit = n
	}
	if query.Step != "" && !slices.Contains(office.Steps(), query.Step) {
		return registry.Errorf(registry.CodeMalformed, "step", "want one of %v", office.Steps())
	}
	for name, value := range map[string]string{"q": query.Text, "type": query.Type, "cursor": query.Cursor, "organization": query.Organization} {
		if err := registry.CheckText(name, strings.TrimSpace(value), 200); err != nil {
			return err
		}
	}
	query.Text = strings.TrimSpace(query.Text)
	if account.Admin {
		return nil
	}
	if account.Organization == "" || query.Organization != "" && query.Organization != account.Organization {
		return registry.Errorf(registry.CodeForbidden, "organization", "this account works for %s", account.Organization)
	}
	query.Organization = account.Organization
	return nil
}

// Tasks lists what the caller's organization has to attend to.
func (l Licenses) Tasks(r *http.Request) ([]office.Task, error) {
	organization, err := signin.AccountOf(r).Scope()
	if err != nil {
		return nil, err
	}
	return l.Office.Store.Tasks(r.Context(), organization)
}

// Item is a license as lists show it; nil when it cannot be found.
func (l Licenses) Item(r *http.Request, base string) (*office.SearchItem, error) {
	found, err := l.Office.Store.Search(r.Context(), office.SearchQuery{Text: base, Limit: 1})
	if err != nil || len(found.Items) != 1 {
		return nil, err
	}
	return &found.Items[0], nil
}

// Today is the civil day that the office works on.
func (l Licenses) Today() registry.Date { return registry.DateOf(l.Office.Clock()) }
