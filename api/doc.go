// Package api translates HTTP to use cases. It composes the faces behind one
// handler and answers for approval units: JSON under /api/v1 (openapi.yaml
// describes every route). A handler has its caller from api/signin, reads the
// request strictly (api/httpx), calls one use case of registry/office and
// writes the answer in its form of api/resource. Everybody else's face is
// api/public, that of staff with a browser api/console.
//
// It decides nothing about licenses: which act is allowed, who has the power,
// what a verdict says — all of that is the office's and the registry's. It
// logs route patterns and codes, never paths, queries, bodies, names or
// tokens.
package api
