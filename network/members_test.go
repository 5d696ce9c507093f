package network_test

import (
	"testing"
	"time"

	"tongzheng/network"
	"tongzheng/network/networktest"
)

// TestMembers lets a county into a running network, out again and in again, under
// a stream. For make soak: chaincode/gateway's TestMembership has a county join
// and leave in make test, TestRunbook has one join by hand.
func TestMembers(t *testing.T) {
	networktest.ForSoak(t)
	t.Parallel()
	n := networktest.Start(t, networktest.Options{})
	must(t, put(t, n, "yudu", "yudu", "first", "by yudu"))
	m := networktest.Joining(t, n.Description())
	finish := stream(t, n, "city", "city", "joining", length())
	began := time.Now()
	must(t, n.AddMember(t.Context(), m))
	t.Logf("member added: %s", time.Since(began).Round(time.Millisecond))
	finish()
	must(t, put(t, n, "huichang", "huichang", "first", "by huichang"))
	eventually(t, n, "huichang", "yudu", "first", "by yudu")
	// It counts as another member in oversight.
	both := []string{"CityMSP", "HuichangMSP"}
	must(t, networktest.Client(t, n, "city").SubmitBy(networktest.Within(t), both, network.Governance, "put", "seen", "1"))
	// It survives a restart of everything.
	must(t, n.Down(t.Context()))
	must(t, n.Up(networktest.Within(t)))

	began = time.Now()
	must(t, n.RemoveMember(t.Context(), "huichang"))
	t.Logf("member removed: %s", time.Since(began).Round(time.Millisecond))
	if n.Running("peer.huichang") {
		t.Error("the removed member's peer still runs")
	}
	refused(t, n, "a removed member wrote", "huichang", "city", "huichang")
	refused(t, n, "the city wrote in the namespace of a member that left", "city", "", "huichang")
	if got := get(t, n, "city", "huichang", "first"); got != "by huichang" {
		t.Errorf("the removed member's entries read %q", got)
	}
	must(t, put(t, n, "city", network.Governance, "oversight", "1"))

	// A member may come back.
	must(t, n.AddMember(t.Context(), m))
	must(t, put(t, n, "huichang", "huichang", "second", "1"))
	eventually(t, n, "huichang", "huichang", "first", "by huichang")
}
