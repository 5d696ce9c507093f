// Package console is the face for staff who work with a browser: pages to look
// licenses up, forms built from the catalog, and what a passkey signs. What an
// account may see and do is the desk's and the office's to say.
package console
