package desk

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Reviews are the review files of the caller's organization, and the statistics
// of those below it.
type Reviews struct {
	Office *office.Office
	Trail  signin.Trail
}

// Check tells whether the caller has to do with review files.
func (v Reviews) Check(r *http.Request) error { return signin.AccountOf(r).Actor().MayReview() }

// List lists the files, open ones first.
func (v Reviews) List(r *http.Request) ([]registry.ReviewFile, error) {
	return v.Office.Reviews.List(r.Context(), signin.AccountOf(r).Actor())
}

// Open opens a file.
func (v Reviews) Open(r *http.Request, draft office.ReviewDraft) (*registry.ReviewFile, error) {
	draft.Number, draft.Basis = registry.TrimTyped(draft.Number), registry.TrimTyped(draft.Basis)
	return v.Office.Reviews.Open(r.Context(), signin.AccountOf(r).Actor(), draft)
}

// Named reads the file in the address, with the state of its licenses.
func (v Reviews) Named(r *http.Request) (*registry.ReviewFile, []office.Reviewed, error) {
	number, err := v.number(r)
	if err != nil {
		return nil, nil, err
	}
	return v.Office.Reviews.File(r.Context(), signin.AccountOf(r).Actor(), number)
}

// Close closes the file in the address.
func (v Reviews) Close(r *http.Request) (*registry.ReviewFile, error) {
	number, err := v.number(r)
	if err != nil {
		return nil, err
	}
	return v.Office.Reviews.Close(r.Context(), signin.AccountOf(r).Actor(), number)
}

func (v Reviews) number(r *http.Request) (string, error) {
	number, err := url.PathUnescape(chi.URLParam(r, "number"))
	if err != nil {
		return "", registry.Errorf(registry.CodeMalformed, "number", "not an address")
	}
	return number, nil
}

// Statistics counts the licenses of the caller's organization and of those below
// it.
func (v Reviews) Statistics(r *http.Request) ([]office.Count, error) {
	return v.Office.Reading.Statistics(r.Context(), signin.AccountOf(r).Actor())
}
