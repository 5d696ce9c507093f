package httpx

import (
	"net/http"
	"net/url"

	"tongzheng/registry"
)

// Values reads a plain form body strictly: size, type, UTF-8 and no value
// given twice.
func Values(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if err := wantType(r, "application/x-www-form-urlencoded"); err != nil {
		return nil, err
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	if err := r.ParseForm(); err != nil {
		return nil, ReadError(err)
	}
	for name, values := range r.PostForm {
		if len(values) > 1 || len(name) > 100 {
			return nil, registry.Errorf(registry.CodeMalformed, "", "a value was sent twice")
		}
	}
	return r.PostForm, nil
}

// KnownParameters refuses a query parameter that nobody reads: a misspelt
// filter would otherwise list everything.
func KnownParameters(r *http.Request, names ...string) error {
	for got := range r.URL.Query() {
		known := false
		for _, name := range names {
			known = known || got == name
		}
		if !known {
			return registry.Errorf(registry.CodeUnknownField, "", "query parameters here: %v", names)
		}
	}
	return nil
}
