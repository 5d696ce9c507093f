// Package plantest runs the reform plans of registry/plan as stories on a
// ledger, at their real dates by a simulated clock and with real signed
// batches: one test per rule of a plan, named after it. It holds tests only,
// written against the ledger port, so that any ledger can run them.
package plantest
