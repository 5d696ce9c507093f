// Package render draws licenses: the unsealed OFD (GB/T 33190), the sheets that
// leave the printer, development seal impressions and QR images.
//
// It turns values into bytes and nothing else: it holds no key, makes no
// signature, reads no clock, and decides nothing about a license. The same
// input always gives the same bytes, because approvers sign the digest of the
// unsealed package and a printing may be made again after a crash.
//
// All measures are millimeters from the upper left corner of the page unless a
// name says otherwise. Failures that the person at the form can mend are
// registry errors: CodeGlyph for a character that no font draws, CodeFieldForm
// for a value that does not fit the page.
package render
