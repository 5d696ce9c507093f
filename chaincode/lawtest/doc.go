// Package lawtest tests the contract's law as a whole. A random walk over
// grants, recalls, handovers, seals, blanks, paper and acts holds every entry
// that a ledger accepts against a simple model of its own, which shares no code
// with the contract: no forbidden state is ever reached.
//
// It then proves that the walk looks: with any one check of the contract taken
// out, in a copy of the source that only the test builds, the walk fails. And
// it takes the walk again on a real Fabric network, which decides the same and
// ends in the same state. The package holds tests only.
package lawtest
