// Package api translates HTTP to use cases. It authenticates the caller, reads
// the request strictly, calls one use case of registry/office and writes the
// answer: JSON under /api/v1 (openapi.yaml describes every route), pages under
// /v/ and /console (drawn by api/web).
//
// It decides nothing about licenses: which act is allowed, who has the power,
// what a verdict says — all of that is the office's and the registry's. It
// logs route patterns and codes, never paths, queries, bodies, names or
// tokens.
package api
