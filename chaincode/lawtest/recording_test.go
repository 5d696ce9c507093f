package lawtest

import (
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// registered tries an act that is registered later, decided so many seconds before
// what a ledger takes in time.
func registered(act registry.Act, before int64) func(w *walk) []registry.Code {
	return func(w *walk) []registry.Code {
		l := w.NewLicense()
		if act != registry.Issue {
			l = w.issued()
		}
		in := l.Intent(act)
		in.Decided, in.Recording = w.Now-w.Rules.MaxBackdate-before, registry.Register
		e := w.Entry(in)
		e.Recording = in.Recording
		return w.codes(ledgertest.MemberXingguo, e)
	}
}

// recordingTemptations are recorded later than they may be.
var recordingTemptations = []temptation{
	{"a license of this month, registered later", registry.CodeEntryForm, registered(registry.Issue, -3600)},
	{"and an older one", "", registered(registry.Issue, 1)},
	{"a change decided long ago", registry.CodeBackdated, registered(registry.Change, 1)},
	{"a remark made long ago", registry.CodeBackdated, registered(registry.Annotate, 1)},
	{"a sheet printed long ago", registry.CodeBackdated, registered(registry.Print, 1)},
	{"a superior's revocation of this month, registered later", registry.CodeEntryForm, func(w *walk) []registry.Code {
		in := w.issued().OversightIntent(w.County, registry.Revoke)
		in.Recording = registry.Register
		e := w.Entry(in)
		e.Recording = in.Recording
		return w.codes(registry.Governance, e)
	}},
	{"a renewal refused when it counts as granted, dated back", registry.CodeActState, func(w *walk) []registry.Code {
		in := w.ran().Intent(registry.Annotate)
		in.Ground, in.Decided = registry.GroundRenewalRefused, w.Now-9*24*3600+60
		return w.codes(ledgertest.MemberXingguo, w.Entry(in))
	}},
}
