package operate

import (
	"net/http"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// library answers for the copies of other members' licenses.
type library struct{ office *office.Office }

// account is what the ledger says must be here against what is.
func (l *library) account(r *http.Request) (*registry.Collection, error) {
	return l.office.Library.Account(r.Context(), by(r))
}
