// Package public is the face that anyone sees without an account: the page
// behind a scanned code, the look-up by number, verification by JSON, keys,
// status lists and statements, and the page that works offline. It shows what
// the office says may be shown and nothing more.
package public
