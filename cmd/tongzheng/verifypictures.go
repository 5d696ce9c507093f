package main

import (
	"fmt"
	"time"

	"tongzheng/api/codes"
	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/signer/check"
)

// pictured is a verdict with the codes of the picture or PDF that it is on.
type pictured struct {
	registry.Verdict
	Codes []resource.FoundCode `json:"codes,omitempty"`
}

// codeVerdict judges a code's text by what is at hand; the ledger cannot be
// asked here.
func codeVerdict(offline *check.Offline, text string, now time.Time) (*registry.Verdict, error) {
	q, says, err := offline.Question(registry.ScannedText(text), now)
	if err != nil {
		return nil, err
	}
	v := registry.Judge(*q)
	if v.Word != registry.Altered && v.Word != registry.Untrusted {
		v.Checks = append(v.Checks, printed(says)...)
	}
	return &v, nil
}

// picture verifies every code of a picture or PDF. The answer, and the exit
// code, are those of the worst.
func (c *verifyCommand) picture(w *world, raw []byte, offline *check.Offline, now time.Time) error {
	found, err := codes.NewReader(codes.Machine).Read(w.ctx, raw)
	if err != nil {
		return err
	}
	var all pictured
	ours, firstBad := 0, error(nil)
	for _, code := range found {
		listed := resource.FoundCode{Place: resource.CodePlace(code.Place), Text: code.Text}
		if code.Ours() {
			v, err := codeVerdict(offline, code.Text, now)
			if err != nil {
				firstBad = fmt.Errorf("第%d页%s page %d, %s: %w", code.Place.Page, code.Place.Chinese(), code.Place.Page, code.Place.English(), err)
				break
			}
			listed.Verification = &resource.Verified{Verdict: *v}
			if ours++; ours == 1 || v.Word.Worse(all.Word) {
				all.Verdict = *v
			}
		}
		all.Codes = append(all.Codes, listed)
	}
	switch {
	case firstBad != nil:
		return firstBad
	case ours == 0:
		return foreignOnly(found)
	}
	all.Checks = append(all.Checks, c.notes...)
	if c.JSON {
		if err := encode(w, all); err != nil {
			return err
		}
	} else {
		c.printPictured(w, found, all)
	}
	return exitFor(all.Verdict)
}

func (c *verifyCommand) printPictured(w *world, found []codes.Code, all pictured) {
	for i, code := range found {
		at := code.Place
		fmt.Fprintf(w.stdout, "— 第%d页%s page %d, %s —\n", at.Page, at.Chinese(), at.Page, at.English())
		if v := all.Codes[i].Verification; v != nil {
			v.Checks = append(v.Checks, c.notes...)
			printVerdict(w, v.Verdict)
			continue
		}
		fmt.Fprintln(w.stdout, "其他二维码，未作核验 another code, not checked:", leadsTo(code))
	}
	if len(found) > 1 {
		info := all.Word.Info()
		fmt.Fprintf(w.stdout, "共%d个码，最需要注意的结果 %d codes, what matters most: %s  %s  %s\n", len(found), len(found), all.Word, info.Chinese, info.English)
	}
}

// foreignOnly says which codes were found, none of a license.
func foreignOnly(found []codes.Code) error {
	said := ""
	for _, code := range found {
		said += fmt.Sprintf("; 第%d页%s page %d, %s: %s", code.Place.Page, code.Place.Chinese(), code.Place.Page, code.Place.English(), leadsTo(code))
	}
	return registry.Errorf(registry.CodeNoCode, "", "其他二维码 other codes only%s", said)
}

// leadsTo is what may be said of a stranger's code.
func leadsTo(code codes.Code) string {
	if host := code.Host(); host != "" {
		return host
	}
	return "—"
}
