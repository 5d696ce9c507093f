// Package lawwalk walks at random over grants, recalls, handovers, seals,
// blanks, paper and acts, and holds every entry that a ledger accepts against a
// simple model of its own: no forbidden state is ever reached. It also proves
// that the walk looks: with any one check of the contract taken out, in a copy
// of the source that only the test builds, the walk fails. Five hundred steps are
// taken again on a real network, which ends in the same state. Tests only.
package lawwalk
