package desk

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/httpx"
	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Catalog is the catalog of license types.
type Catalog struct{ Office *office.Office }

// All lists the newest version of every type.
func (c Catalog) All(r *http.Request) ([]*registry.LicenseType, error) {
	return c.Office.Reading.Types(r.Context(), signin.AccountOf(r).Actor())
}

// Named reads the newest version of the type in the address. CodeNotFound for
// what is no code, CodeTypeUnknown for one that the catalog has not.
func (c Catalog) Named(r *http.Request) (*registry.LicenseType, error) {
	code := chi.URLParam(r, "code")
	if len(code) != 21 || !httpx.PlainName(code) {
		return nil, registry.Errorf(registry.CodeNotFound, "code", "a type code has 21 characters")
	}
	return c.Office.Reading.Type(r.Context(), signin.AccountOf(r).Actor(), code, 0)
}

// Choices are what the caller can choose from for acts on a type: grants in
// force under which its organization decides, their seals, their blanks.
func (c Catalog) Choices(r *http.Request, t *registry.LicenseType) (*office.Choices, error) {
	return c.Office.Reading.Choices(r.Context(), signin.AccountOf(r).Actor(), t)
}
