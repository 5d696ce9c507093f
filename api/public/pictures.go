package public

import (
	"fmt"
	"net/http"
	"strings"

	"tongzheng/api/codes"
	"tongzheng/api/problem"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// examined is the answer to one question. What was handed in as a picture or
// PDF may bear several codes: the verification is then that of the worst.
type examined struct {
	*office.Verification
	codes []judgedCode // in the order of pages; nil when no picture was handed in
}

// judgedCode is one code of a picture; without a verification it is none of a
// license.
type judgedCode struct {
	codes.Code
	v *office.Verification
}

// examine answers a question. What a file is its content tells.
func (j *judge) examine(r *http.Request, ask office.Asked) (*examined, error) {
	found, ask, err := j.opened(r, ask)
	if err != nil {
		return nil, err
	}
	if found == nil {
		v, err := j.ask(r, ask)
		return &examined{Verification: v}, err
	}
	out := &examined{}
	for _, code := range found {
		judged := judgedCode{Code: code}
		if code.Ours() {
			if judged.v, err = j.ask(r, office.Asked{QR: registry.ScannedText(code.Text)}); err != nil {
				return nil, placed(code, err)
			}
			if out.Verification == nil || judged.v.Word.Worse(out.Word) {
				out.Verification = judged.v
			}
		}
		out.codes = append(out.codes, judged)
	}
	if out.Verification == nil {
		return nil, foreignOnly(found)
	}
	return out, nil
}

// placed says of an error which code it is about.
func placed(code codes.Code, err error) error {
	said := problem.Coded(err)
	if said.Code.Kind() != registry.KindInvalid {
		return err
	}
	return registry.Errorf(said.Code, "file", "the code on page %d, %s: %s", code.Place.Page, code.Place.English(), said.Detail)
}

// opened finds what a file asks: its codes when it is a picture or PDF, else
// the question itself.
func (j *judge) opened(r *http.Request, ask office.Asked) ([]codes.Code, office.Asked, error) {
	if ask.File == nil {
		return nil, ask, nil
	}
	switch kind := registry.KindOfFile(ask.File); kind {
	case registry.FilePackage:
		return nil, ask, nil
	case registry.FileCode:
		ask, err := asked(resource.Question{QR: registry.TextOfFile(ask.File)})
		return nil, ask, err
	case registry.FilePDF, registry.FilePicture:
		found, err := j.reader.Read(r.Context(), ask.File)
		return found, ask, err
	case registry.FileOther:
		said := registry.FileOtherName(ask.File)
		if said == "" {
			said = "neither a sealed OFD, a PDF nor a picture (PNG, JPEG, GIF, BMP, WebP)"
		}
		return nil, ask, registry.Errorf(registry.CodeMalformed, "file", "%s", said)
	default:
		return nil, ask, registry.Errorf(registry.CodeMalformed, "file", "a %s is verified with `tongzheng verify`, without this site", kind)
	}
}

// single is the question that a statement is about: it speaks of one thing.
func (j *judge) single(r *http.Request, ask office.Asked) (office.Asked, error) {
	found, ask, err := j.opened(r, ask)
	if err != nil || found == nil {
		return ask, err
	}
	var ours []codes.Code
	for _, code := range found {
		if code.Ours() {
			ours = append(ours, code)
		}
	}
	switch len(ours) {
	case 0:
		return ask, foreignOnly(found)
	case 1:
		return asked(resource.Question{QR: ours[0].Text})
	}
	return ask, registry.Errorf(registry.CodeMalformed, "file", "%d codes of licenses: a statement is about one, send its text as qr", len(ours))
}

// foreignOnly says which codes were found, none of a license.
func foreignOnly(found []codes.Code) error {
	var places []string
	for _, code := range found {
		place := fmt.Sprintf("page %d %s", code.Place.Page, code.Place.English())
		if host := code.Host(); host != "" {
			place += " (" + host + ")"
		}
		places = append(places, place)
	}
	return registry.Errorf(registry.CodeNoCode, "file", "other codes only: %s", strings.Join(places, "; "))
}

// resource is the answer in its JSON form.
func (e *examined) resource() resource.Verification {
	out := resource.Verification{Verified: verification(e.Verification)}
	for _, code := range e.codes {
		found := resource.FoundCode{Place: resource.CodePlace(code.Place), Text: code.Text}
		if code.v != nil {
			v := verification(code.v)
			found.Verification = &v
		}
		out.Codes = append(out.Codes, found)
	}
	return out
}
