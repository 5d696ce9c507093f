package httpx_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"tongzheng/api/httpx"
	"tongzheng/api/problem"
	"tongzheng/registry"
)

type body struct {
	registry.Application
	Approvals []registry.Approval `json:"approvals,omitempty"`
}

func TestDecode(t *testing.T) {
	deep := strings.Repeat(`{"fields":`, 9) + `1` + strings.Repeat(`}`, 9)
	for _, c := range []struct {
		name, text string
		code       registry.Code
		field      string
	}{
		{"good", `{"act":"issue","grant":"g","organization":"o","fields":{"KZ_A":"𠮷"}}`, "", ""},
		{"unknown", `{"gront":"g"}`, registry.CodeUnknownField, "gront"},
		{"unknown inside", `{"holder":{"nmae":"x"}}`, registry.CodeUnknownField, "holder.nmae"},
		{"case matters", `{"Grant":"g"}`, registry.CodeUnknownField, "Grant"},
		{"double", `{"grant":"a","grant":"b"}`, registry.CodeMalformed, "grant"},
		{"double spelt otherwise", `{"grant":"a","\u0067rant":"b"}`, registry.CodeMalformed, "grant"},
		{"double inside a map", `{"fields":{"KZ_A":"1","KZ_A":"2"}}`, registry.CodeMalformed, "fields.KZ_A"},
		{"null", `{"grant":null}`, registry.CodeMalformed, "grant"},
		{"null alone", `null`, registry.CodeMalformed, ""},
		{"trailing", `{"grant":"g"} {}`, registry.CodeMalformed, ""},
		{"nothing", ``, registry.CodeMalformed, ""},
		{"array", `[]`, registry.CodeMalformed, ""},
		{"number for text", `{"grant":1}`, registry.CodeMalformed, "grant"},
		{"too large a number", `{"printing":4294967296}`, registry.CodeMalformed, "printing"},
		{"negative", `{"printing":-1}`, registry.CodeMalformed, "printing"},
		{"fraction", `{"printing":1.5}`, registry.CodeMalformed, "printing"},
		{"deep", deep, registry.CodeMalformed, "fields.fields.fields.fields.fields.fields.fields.fields"},
		{"date", `{"expires":"2026-02-30"}`, registry.CodeDateForm, "expires"},
		{"time", `{"decided":"yesterday"}`, registry.CodeMalformed, "decided"},
		{"act", `{"act":"grant"}`, registry.CodeActUnknown, "act"},
		{"identifier", `{"identifier":"1.2.3"}`, registry.CodeIdentifierForm, "identifier"},
		{"not UTF-8", "{\"grant\":\"\xff\"}", registry.CodeMalformed, ""},
		{"half a surrogate", `{"grant":"\ud842"}`, registry.CodeMalformed, "grant"},
		{"zero byte", `{"grant":"a\u0000b"}`, registry.CodeMalformed, "grant"},
		{"comment", `{/* */"grant":"g"}`, registry.CodeMalformed, ""},
		{"base64", `{"approvals":[{"signature":"***"}]}`, registry.CodeMalformed, "approvals.0.signature"},
		{"a secret as a name", `{"张三丰 36073219900101":1}`, registry.CodeUnknownField, "?"},
		{"many", `{"copies":[` + strings.Repeat(`{},`, 5000) + `{}]}`, registry.CodeTooLarge, ""},
	} {
		err := httpx.DecodeJSON([]byte(c.text), new(body))
		var e *registry.Error
		if errors.As(err, &e); c.code == "" && err != nil || c.code != "" && (e == nil || e.Code != c.code || e.Field != c.field) {
			t.Errorf("%s: got %v, want %s (%s)", c.name, err, c.code, c.field)
		}
	}
}

// Whatever comes, the decoder answers with a coded error that is no fault of
// ours, or with a value that the standard library reads too.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"act":"issue","fields":{"KZ_A":"1"},"copies":[{"copy":"original","blank":{"number":"1"}}]}`, `{"decided":"2026-11-21T00:00:00+08:00","expires":"9999-12-30"}`,
		`{"approvals":[{"algorithm":"sm2-sm3","key_id":"00","signature":"AA=="}]}`, `[[[[[[[[[]]]]]]]]]`, `{"a":1,"a":2}`, "\xff", `null`, `"\ud842\udfb7"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b body
		err := httpx.DecodeJSON(raw, &b)
		if err == nil {
			if !json.Valid(raw) || !utf8.Valid(raw) {
				t.Fatalf("accepted %q", raw)
			}
			return
		}
		if p := problem.Of(err, "r"); p.Status >= 500 {
			t.Fatalf("%q is called our fault: %v", raw, err)
		}
	})
}
