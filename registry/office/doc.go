// Package office holds the life of a license as use cases, numbered functions on
// small structs: Issuing, Anchoring, Scan, Papers, Cases, Governing, Grants,
// Handovers, Stocks, Bundles, Publishing, Reconciling, and Reading for what
// people look up. New connects them to the ports; nobody outside reaches a port
// through the office. Every use case and every query takes the Actor who asks,
// and access.go puts the question of who may to registry's rule.
//
// The numbered steps of a use case are those of docs/use-cases.md. What the law
// is judged by is gathered by registry.Gatherer from the status view; the office
// decides none of it itself.
package office
