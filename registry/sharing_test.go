package registry

import "testing"

// Every verdict but unknown has a result in both operations of the sharing
// interface; an outage has none.
func TestSharingResults(t *testing.T) {
	info := map[Word]string{Valid: "0", Pending: "1", NotYetEffective: "1", IsSuspended: "2", Superseded: "3", Void: "3", IsWithdrawn: "3",
		IsRevoked: "3", IsPenalized: "3", IsCancelled: "3", Expired: "3", Altered: "6", Untrusted: "6", Unverifiable: "6", NotFound: "5", UnknownNow: ""}
	file := map[Word]string{Altered: "2", Untrusted: "1", Unverifiable: "2", NotFound: "2", UnknownNow: ""}
	for _, w := range Words() {
		v := Verdict{Word: w.Word}
		code := func(r *SharingResult) string {
			if r == nil {
				return ""
			}
			return r.Code
		}
		if got, want := code(v.Sharing(false)), info[w.Word]; got != want {
			t.Errorf("%s: information %q, want %q", w.Word, got, want)
		}
		want, listed := file[w.Word]
		if !listed {
			want = "0"
		}
		if got := code(v.Sharing(true)); got != want {
			t.Errorf("%s: file %q, want %q", w.Word, got, want)
		}
	}
	sealed := Verdict{Word: Altered, Checks: []Check{Fail(CheckSignature, "signature-wrong", "", "")}}
	if sealed.Sharing(true).Code != "1" {
		t.Error("a wrong signature is the seal's failure")
	}
	unsealed := Verdict{Word: Unverifiable, Checks: []Check{CannotTell(CheckSignature, WhyNotSealed, "", "")}}
	if unsealed.Sharing(true).Code != "1" {
		t.Error("without a seal the seal's check fails")
	}
}
