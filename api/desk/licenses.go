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

// Named reads of the license in the address what the caller may see: what it
// says, its result or its status. Others are told that there is none.
func (l Licenses) Named(r *http.Request) (*office.LicenseView, registry.Identifier, error) {
	id, err := l.Identifier(r)
	if err != nil {
		return nil, id, err
	}
	view, err := l.Office.Reading.License(r.Context(), signin.AccountOf(r).Actor(), id)
	return view, id, err
}

// Identifier reads the one in the address.
func (l Licenses) Identifier(r *http.Request) (registry.Identifier, error) {
	return registry.ParseIdentifier(chi.URLParam(r, "identifier"))
}

// Search checks a query, binds it to what the caller's organization may see and
// answers it.
func (l Licenses) Search(r *http.Request, query *office.SearchQuery, limit string) (*office.SearchPage, error) {
	if err := checkQuery(query, limit); err != nil {
		return nil, err
	}
	return l.Office.Reading.Search(r.Context(), signin.AccountOf(r).Actor(), *query)
}

func checkQuery(query *office.SearchQuery, limit string) error {
	if limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > 100 {
			return registry.Errorf(registry.CodeMalformed, "limit", "1 to 100")
		}
		query.Limit = n
	}
	if query.Relation != "" && (!slices.Contains(registry.Relations(), query.Relation) || query.Relation == registry.IsStranger) {
		return registry.Errorf(registry.CodeMalformed, "relation", "want one of %v, but no stranger", registry.Relations())
	}
	if query.Step != "" && !slices.Contains(office.Steps(), query.Step) {
		return registry.Errorf(registry.CodeMalformed, "step", "want one of %v", office.Steps())
	}
	query.Text = registry.TrimTyped(query.Text)
	for name, value := range map[string]string{"q": query.Text, "type": query.Type, "cursor": query.Cursor, "organization": query.Organization} {
		if err := registry.CheckText(name, strings.TrimSpace(value), 200); err != nil {
			return err
		}
	}
	return nil
}

// Deliveries lists the results that the caller's organization hands over: all, or
// those that wait for one act.
func (l Licenses) Deliveries(r *http.Request, act, cursor, limit string) (*office.DeliveryPage, error) {
	check := office.SearchQuery{Cursor: cursor}
	if err := checkQuery(&check, limit); err != nil {
		return nil, err
	}
	query := office.DeliveryQuery{Cursor: cursor, Limit: check.Limit}
	if act != "" {
		var err error
		if query.Act, err = registry.ParseAct(act); err != nil {
			return nil, err
		}
	}
	return l.Office.Reading.Deliveries(r.Context(), signin.AccountOf(r).Actor(), query)
}

// Tasks lists what the caller's organization has to attend to.
func (l Licenses) Tasks(r *http.Request) ([]office.Task, error) {
	return l.Office.Reading.Tasks(r.Context(), signin.AccountOf(r).Actor())
}

// Today is the civil day that the office works on.
func (l Licenses) Today() registry.Date { return registry.DateOf(l.Office.Reading.Now()) }
