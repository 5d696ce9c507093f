package registry

import "slices"

// worstFirst orders the verdicts by what whoever relies on a paper must know
// first: forgery before the end of a license, that before what may pass.
var worstFirst = []Word{Altered, Untrusted, Unverifiable, IsRevoked, IsPenalized, IsWithdrawn, IsCancelled, Void, NotFound, IsSuspended,
	Superseded, Expired, NotYetEffective, Pending, UnknownNow, Valid}

// Worse tells whether a verdict is worse than another. Several verdicts on one
// file are worth the worst of them.
func (w Word) Worse(than Word) bool {
	return slices.Index(worstFirst, w) < slices.Index(worstFirst, than)
}
