// Package exchange is what members' registries give one another: who they are to each
// other by the ledger's word (Directory), the packages of license versions that one
// hands out (Giving), and the copies that another takes over and accounts for
// (Library). Use cases over ports, as in office; closed.
//
// It decides no right: registry's table of relations does, over the ledger's records.
// It believes no sender: what comes is held against the status view, digest by digest,
// and what does not fit is put aside. It must not rest a decision on another's clock,
// and it knows neither HTTP nor SQL.
package exchange
