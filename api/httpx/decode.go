package httpx

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tongzheng/api/problem"
	"tongzheng/registry"
)

const (
	// MaxBody is the most bytes of a JSON or form request.
	MaxBody = 1 << 20
	// MaxUpload is the most bytes of a file handed in for verification.
	MaxUpload = 10 << 20

	maxDepth  = 8    // objects and arrays within each other
	maxTokens = 8192 // names, values and brackets
	// documentTokens bounds a document in place of maxTokens: some of a large
	// city's catalog or handover.
	documentTokens = 1 << 20
)

// DecodeBody reads a JSON request body strictly into a value: content type,
// size, UTF-8, one value only, no duplicate or unknown name, no null, bounded
// depth.
func DecodeBody(r *http.Request, into any) error { return decodeBody(r, into, maxTokens) }

// DecodeDocument is DecodeBody for a document that somebody trusted hands in,
// with far more names and values. LimitBody bounds its bytes.
func DecodeDocument(r *http.Request, into any) error { return decodeBody(r, into, documentTokens) }

func decodeBody(r *http.Request, into any, tokens int) error {
	if err := wantType(r, "application/json"); err != nil {
		return err
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return ReadError(err)
	}
	return decodeJSON(raw, into, tokens)
}

// wantType checks the Content-Type; a charset other than UTF-8 is refused.
func wantType(r *http.Request, want string) error {
	got, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return registry.Errorf(problem.MediaType, "", "want Content-Type: %s", want)
	}
	if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") {
		return registry.Errorf(problem.MediaType, "", "want charset utf-8")
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return registry.Errorf(problem.MediaType, "", "no Content-Encoding here")
	}
	return nil
}

// ReadError keeps the size limit and calls every other broken body malformed:
// the sender stopped, which is no fault of ours.
func ReadError(err error) error {
	var tooLarge *http.MaxBytesError
	var ours *registry.Error
	if errors.As(err, &tooLarge) || errors.As(err, &ours) {
		return err
	}
	return registry.Errorf(registry.CodeMalformed, "", "the body ended early").WithCause(err)
}

// DecodeJSON reads one JSON text strictly.
func DecodeJSON(raw []byte, into any) error { return decodeJSON(raw, into, maxTokens) }

func decodeJSON(raw []byte, into any, tokens int) error {
	if err := scanJSON(raw, tokens); err != nil {
		return err
	}
	return jsonError(json.Unmarshal(raw, into, json.RejectUnknownMembers(true)))
}

// scanJSON walks the tokens once: syntax, UTF-8 and duplicates (jsontext refuses
// them), depth, number of tokens, null and U+0000.
func scanJSON(raw []byte, tokens int) error {
	if !utf8.Valid(raw) {
		return registry.Errorf(registry.CodeMalformed, "", "not valid UTF-8")
	}
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	for n := 0; ; n++ {
		token, err := dec.ReadToken()
		if err == io.EOF && n > 0 {
			return nil
		}
		if err != nil {
			return jsonError(err)
		}
		switch {
		case n > tokens:
			return registry.Errorf(registry.CodeTooLarge, "", "at most %d names and values", tokens)
		case dec.StackDepth() > maxDepth:
			return registry.Errorf(registry.CodeMalformed, fieldOf(dec.StackPointer()), "nested deeper than %d", maxDepth)
		case token.Kind() == 'n':
			return registry.Errorf(registry.CodeMalformed, fieldOf(dec.StackPointer()), "null: leave the name out instead")
		case token.Kind() == '"' && strings.ContainsRune(token.String(), 0):
			return registry.Errorf(registry.CodeMalformed, fieldOf(dec.StackPointer()), "character U+0000")
		}
	}
}

// jsonError turns the decoder's errors into coded ones that name the field,
// never the value.
func jsonError(err error) error {
	if err == nil {
		return nil
	}
	var own *registry.Error
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		field := fieldOf(semantic.JSONPointer)
		if errors.Is(err, json.ErrUnknownName) {
			return registry.Errorf(registry.CodeUnknownField, field, "no such field here")
		}
		if errors.As(err, &own) {
			if field != "" {
				return registry.Errorf(own.Code, field, "%s", own.Detail)
			}
			return own
		}
		return registry.Errorf(registry.CodeMalformed, field, "this form is not accepted here")
	case errors.As(err, &syntactic):
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return registry.Errorf(registry.CodeMalformed, fieldOf(syntactic.JSONPointer), "the name stands twice")
		}
		return registry.Errorf(registry.CodeMalformed, fieldOf(syntactic.JSONPointer), "not JSON, at byte %d", syntactic.ByteOffset)
	}
	return registry.Errorf(registry.CodeMalformed, "", "not JSON").WithCause(err)
}

// fieldOf writes a JSON pointer the way fields are named: fields.KZ_ZS. Names
// that are no plain words are cut, so that an answer never carries a value
// that somebody sent as a name.
func fieldOf(p jsontext.Pointer) string {
	var parts []string
	for token := range p.Tokens() {
		if !PlainName(token) {
			token = "?"
		}
		parts = append(parts, token)
	}
	return strings.Join(parts, ".")
}

// PlainName tells whether a name or code is made of ASCII letters, digits, _
// and - alone, 64 at most: it is safe in a log and in an answer.
func PlainName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	})
}
