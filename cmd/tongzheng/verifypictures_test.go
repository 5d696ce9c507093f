package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tongzheng/registry"
)

// TestVerifyReported: pictures and PDFs that people handed in, and texts as
// scanners leave them. Without roots a whole code is untrusted and one of a
// token alone unknown; the exit code is that of the worst.
func TestVerifyReported(t *testing.T) {
	t.Parallel()
	const token = "K7IHJQIPUCAIUB4STOXPOPK2OQ"
	kept := func(name string) string { return filepath.Join("..", "..", "api", "codes", "testdata", name) }
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		thing string
		exit  int
		word  registry.Word
		pages []int
	}{
		"two codes in one picture":     {kept("q-two.png"), 1, registry.Untrusted, []int{1, 1}},
		"original and duplicate":       {kept("q-both.pdf"), 1, registry.Untrusted, []int{1, 2}},
		"the code is on page 2":        {kept("q-cover2.pdf"), 1, registry.Untrusted, []int{2}},
		"upper case":                   {"HTTP://HOST/V/" + token, 3, registry.UnknownNow, nil},
		"upper-case scheme":            {"HTTPS://lic.example.gov.cn/v/" + token + "。", 3, registry.UnknownNow, nil},
		"a text file with a mark":      {file("qr.txt", "\ufeffhttps://lic.example.gov.cn/v/"+token+"\r\n"), 3, registry.UnknownNow, nil},
		"a text file named like a PDF": {file("a.pdf", "https://lic.example.gov.cn/v/"+token+")"), 3, registry.UnknownNow, nil},
	} {
		var out, errs bytes.Buffer
		exit := run(&world{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}, []string{"verify", "--json", c.thing})
		var v pictured
		if err := json.Unmarshal(out.Bytes(), &v); err != nil {
			t.Errorf("%s: exit %d %s %s", name, exit, out.String(), errs.String())
			continue
		}
		var pages []int
		for _, code := range v.Codes {
			pages = append(pages, code.Place.Page)
			if code.Verification == nil || code.Verification.Word != c.word {
				t.Errorf("%s: %+v", name, code.Verification)
			}
		}
		if exit != c.exit || v.Word != c.word || !slices.Equal(pages, c.pages) {
			t.Errorf("%s: %s, exit %d, pages %v: want %+v", name, v.Word, exit, pages, c)
		}
	}
	for name, thing := range map[string]string{"HEIC": "\x00\x00\x00\x18ftypheic", "anything": "hello", "no code": "GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"} {
		var out, errs bytes.Buffer
		if exit := run(&world{ctx: context.Background(), stdin: strings.NewReader(thing), stdout: &out, stderr: &errs}, []string{"verify", "-"}); exit != exitUsage || errs.Len() == 0 {
			t.Errorf("%s: exit %d %s %s", name, exit, out.String(), errs.String())
		}
	}
}
