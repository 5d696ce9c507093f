package citytest_test

import (
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/signer"
)

func TestMain(m *testing.M) { citytest.Main(m, func() {}) }

// TestNeighbors: each registry has its own member's keys, accounts and licenses
// alone, what one did the other sees on the ledger, and both are ready.
func TestNeighbors(t *testing.T) {
	t.Parallel()
	city, xingguo := citytest.Neighbors(t, nil)
	members := members(t)
	for _, n := range []*citytest.Neighbor{city, xingguo} {
		for _, account := range n.Demo.Accounts {
			if members[account.Code] != n.Member {
				t.Errorf("%s has the account %s of member %s", n.Member, account.Login, members[account.Code])
			}
		}
		keys, err := keyring.Open(n.Config.Data, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		held := map[string]bool{}
		for _, key := range keys.List() {
			held[key.Label] = true
		}
		for code, member := range members {
			if held[signer.ActLabel(code)] != (member == n.Member) {
				t.Errorf("the signer of %s holds the act key of %s (%s): %v", n.Member, code, member, held[signer.ActLabel(code)])
			}
		}
	}
	for _, pair := range [][2]*citytest.Neighbor{{city, xingguo}, {xingguo, city}} {
		n, other := pair[0], pair[1]
		if len(n.Demo.Licenses) == 0 {
			t.Fatalf("%s issued nothing", n.Member)
		}
		for _, issued := range n.Demo.Licenses {
			id, err := registry.ParseIdentifier(issued.Identifier)
			if err != nil {
				t.Fatal(err)
			}
			if members[id.Issuer] != n.Member {
				t.Errorf("%s issued a license of %s", n.Member, members[id.Issuer])
			}
			if !strings.HasPrefix(issued.URL, n.Config.PublicURL+"/") {
				t.Errorf("the code of %s leads to %s", n.Member, issued.URL)
			}
			if err := other.UpToDate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if standing, err := other.View.Standing(id.Base()); err != nil || standing.License == nil {
				t.Errorf("%s does not see %s on the ledger: %v", other.Member, id, err)
			}
			if _, err := other.Store.Record(t.Context(), id.Base()); registry.CodeOf(err) != registry.CodeNotFound {
				t.Errorf("%s has rows of %s: %v", other.Member, id, err)
			}
		}
	}
}

// members of the plan's organizations, by credit code.
func members(t *testing.T) map[string]string {
	t.Helper()
	p, err := plan.Load(citytest.DemoPlan)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]string{}
	for _, o := range p.Organizations {
		members[o.Code] = o.Member
	}
	return members
}
