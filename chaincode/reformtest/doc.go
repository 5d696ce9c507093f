// Package reformtest runs the five reform plans of registry/plan as stories on
// a ledger, at their real dates by a simulated clock and with real signed
// batches: one test per rule of a plan, named after it. It proves that the
// contract lets each plan be carried out as its document says and refuses what
// the plan ended. The stories are written against the ledger port, so that any
// ledger can run them. The package holds tests only.
package reformtest
