// Package resource holds the JSON forms of openapi.yaml, declared once for the
// server that answers with them and the client that reads them. It knows
// neither the office nor HTTP; a test of package api validates every answer
// against the description.
package resource
