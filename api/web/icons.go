package web

import "html/template"

// The icons are drawn here, one shape per verdict, so that the page needs no
// font and no file and says the same without color. 48 by 48, stroke only.
var icons = map[string]string{
	// verdicts
	"valid":             `<circle cx="24" cy="24" r="20"/><path d="M14.5 24.5l6.5 6.5 12.5-13.5"/>`,
	"pending":           `<circle cx="24" cy="24" r="20"/><path d="M24 13v11.5l7.5 5"/>`,
	"not-yet-effective": `<rect x="6" y="9" width="36" height="33" rx="3"/><path d="M6 18h36M15 5v8M33 5v8M17 30h13M25 25l5 5-5 5"/>`,
	"suspended":         `<circle cx="24" cy="24" r="20"/><path d="M18.5 16v16M29.5 16v16"/>`,
	"superseded":        `<path d="M15 5h21a3 3 0 013 3v26"/><rect x="7" y="12" width="25" height="31" rx="3"/><path d="M13 23h13M13 30h13M13 37h7"/>`,
	"void":              `<rect x="9" y="5" width="30" height="38" rx="3"/><path d="M16 16h16M16 24h16M16 32h9"/><path d="M4 44L44 4"/>`,
	"expired":           `<rect x="6" y="9" width="36" height="33" rx="3"/><path d="M6 18h36M15 5v8M33 5v8M18.5 24.5l11 11M29.5 24.5l-11 11"/>`,
	"withdrawn":         `<path d="M15.5 4h17L44 15.5v17L32.5 44h-17L4 32.5v-17z"/><path d="M33 30c0-7-4-10-10-10h-7M21 14.5L15.5 20l5.5 5.5"/>`,
	"revoked":           `<path d="M15.5 4h17L44 15.5v17L32.5 44h-17L4 32.5v-17z"/><path d="M17 17l14 14M31 17L17 31"/>`,
	"penalized":         `<path d="M15.5 4h17L44 15.5v17L32.5 44h-17L4 32.5v-17z"/><path d="M13 24h22"/>`,
	"cancelled":         `<circle cx="24" cy="24" r="20"/><path d="M10 38L38 10"/>`,
	"altered":           `<path d="M9 43V8a3 3 0 013-3h17l10 10v28"/><path d="M29 5v10h10"/><path d="M9 43l5-6 5 6 5-6 5 6 5-6 5 6M24 18v9M24 31.5v.5"/>`,
	"untrusted":         `<path d="M24 4l17 6v13c0 10-7 17-17 21C14 40 7 33 7 23V10z"/><path d="M19 19c0-3 2-5 5-5s5 2 5 4.5c0 4-5 4-5 8M24 32v.5"/>`,
	"unverifiable":      `<path d="M9 43V8a3 3 0 013-3h17l10 10v25a3 3 0 01-3 3z" stroke-dasharray="6 4.5"/><path d="M29 5v10h10M19 24c0-3 2-5 5-5s5 2 5 4.5c0 4-5 4-5 8M24 36v.5"/>`,
	"not-found":         `<circle cx="20" cy="20" r="15"/><path d="M31 31l13 13M15 15l10 10M25 15L15 25"/>`,
	"unknown":           `<circle cx="24" cy="24" r="20" stroke-dasharray="6 4.5"/><path d="M18 19.5c0-3.5 2.5-6 6-6s6 2.5 6 5.5c0 5-6 5-6 9.5M24 34v.5"/>`,
	// results of single checks
	"check-passed":  `<path d="M9 25l10 10 20-22"/>`,
	"check-failed":  `<path d="M11 11l26 26M37 11L11 37"/>`,
	"check-unknown": `<path d="M16 18c0-5 3.5-8 8-8s8 3 8 7.5c0 6.5-8 6.5-8 12.5M24 38v.5"/>`,
	"check-noted":   `<path d="M24 20v18M24 10v.5"/>`,
	// the site
	"mark": `<rect x="6" y="6" width="36" height="36" rx="7"/><path d="M13 17h22M13 25h12M13 33h7M26 32l4.5 4.5L39 27"/>`,
	"sign": `<path d="M6 40h36M10 32l4-10L32 4l8 8-18 18z"/>`,
}

// icon returns an icon as inline SVG. It is decoration: the word stands beside.
func icon(name string) template.HTML {
	drawing, ok := icons[name]
	if !ok {
		drawing = icons["unknown"]
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 48 48" aria-hidden="true" focusable="false">` + drawing + `</svg>`)
}
