package lawtest

import (
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// committed is a license that was granted on a commitment, moved on by acts that
// carry none.
func (w *walk) committed(acts ...registry.Act) *ledgertest.License {
	w.Helper()
	l := w.NewLicense()
	in := l.Intent(registry.Issue)
	in.Commitment = sm.Sum([]byte(w.id("commitment")))
	w.moves(l, in)
	for _, act := range acts {
		w.moves(l, l.Intent(act))
	}
	return l
}

func promised(_ *walk, in *registry.Intent) { in.Commitment = sm.Sum([]byte("承诺")) }

// proved revokes a license because what was committed to proved false.
func proved(license func(w *walk) *ledgertest.License) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		in := license(w).Intent(registry.Revoke)
		in.Ground = registry.GroundCommitmentFalse
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}
}

// provedAbove is proved by the county's government.
func provedAbove(license func(w *walk) *ledgertest.License) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		in := license(w).OversightIntent(w.County, registry.Revoke)
		in.Ground = registry.GroundCommitmentFalse
		return w.codes(registry.Governance, w.Entry(in))
	}
}

func onCommitment(acts ...registry.Act) func(w *walk) *ledgertest.License {
	return func(w *walk) *ledgertest.License { return w.committed(acts...) }
}

var commitmentTemptations = []temptation{
	{"a commitment that proved false, and nobody had made one", registry.CodeGround, proved((*walk).issued)},
	{"a commitment that proved false", "", proved(onCommitment())},
	{"one that a change left as it was", "", proved(onCommitment(registry.Change))},
	{"one that a renewal was not granted on", registry.CodeGround, proved(onCommitment(registry.Renew))},
	{"one that a change brought", "", proved(func(w *walk) *ledgertest.License {
		l := w.issued()
		in := l.Intent(registry.Change)
		promised(w, &in)
		w.moves(l, in)
		return l
	})},
	{"a superior's finding where nobody had committed", registry.CodeGround, provedAbove((*walk).issued)},
	{"a superior's finding", "", provedAbove(onCommitment())},
	{"a commitment to a remark", registry.CodeEntryForm, next(registry.Annotate, promised)},
	{"a commitment to a new print of a version", registry.CodeEntryForm, next(registry.Reissue, promised)},
}
