package web

import (
	"unicode/utf8"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Problem is an error as pages show it.
type Problem struct {
	Title, TitleEnglish, Detail, Field, Instance string
}

// Verdict is the public page of one verification.
type Verdict struct {
	V        *office.Verification
	Newer    bool // another version is in force
	Unsigned bool // a scanned address: the code's signature was not seen
	Checks   []registry.Check
	Cause    *Cause
	Long     bool // the headline needs a smaller type
}

// Cause is why a license is not in force, with its ground in words.
type Cause struct {
	Act    registry.Act
	Day    registry.Date
	Ground string
	Before *Cause
}

// NewVerdict lays a verification out. scanned: it came by the address in a
// code, whose fragment no browser sends.
func NewVerdict(v *office.Verification, scanned bool) Verdict {
	page := Verdict{V: v, Unsigned: scanned, Checks: v.Checks}
	page.Newer = v.Public != nil && v.Version > v.Identifier.Version
	page.Long = utf8.RuneCountInString(v.Word.Info().Chinese) > 6
	if scanned && v.Word != registry.NotFound {
		page.Checks = append(append([]registry.Check{}, v.Checks...), registry.Note(registry.CheckQRSignature, "fragment-unseen",
			"二维码签名未核验：浏览器不会把这部分发给网站", "code signature not checked: browsers do not send that part to a site"))
	}
	if v.Public != nil && !v.Cause.IsZero() {
		page.Cause = causeOf(v.Cause, v.Public.History)
		if v.Before != nil {
			page.Cause.Before = causeOf(*v.Before, v.Public.History)
		}
	}
	return page
}

// causeOf finds the ground's words in the history: the cause has its code.
func causeOf(c registry.Cause, history []office.PublicAct) *Cause {
	cause := &Cause{Act: c.Act, Day: c.Day}
	for _, line := range history {
		if line.Act == c.Act && line.Decided == c.Day {
			cause.Ground = line.Ground
		}
	}
	return cause
}

// Landing is the page with the forms.
type Landing struct {
	Number, Holder, Field string
	Problem               *Problem
}

// Message is a page that only says what went wrong.
type Message struct {
	Icon    string
	Problem Problem
}
