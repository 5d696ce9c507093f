package citytest_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/network/networktest"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
	"tongzheng/signer"
)

func TestMain(m *testing.M) { citytest.Main(m, func() {}) }

// TestNeighbors: each registry has its own member's keys, accounts and licenses
// alone, orders in its own organizations' names, again where an order meets another
// registry's, and sees on the ledger what the other did.
func TestNeighbors(t *testing.T) {
	t.Parallel()
	conflicts := &conflicting{}
	city, xingguo := citytest.Neighbors(t, func(member string, config *citytest.Config) {
		if member == citytest.Xingguo {
			config.Wrap = conflicts.wrap
		}
	})
	apart(t, city, xingguo)
	ordersInOwnNames(t, city, xingguo)
	if !conflicts.met.Load() {
		t.Error("no order met another registry's")
	}
}

// TestNeighborsOnNetwork is TestNeighbors on a real network.
func TestNeighborsOnNetwork(t *testing.T) {
	t.Parallel()
	networktest.ForSoak(t) // cmd/tongzheng has both as processes of their own
	n := networktest.Start(t, networktest.Options{Chaincode: citytest.Program(t, "tongzheng-chaincode")})
	city, xingguo := citytest.NeighborsOn(t, n.ProfilePath, nil)
	apart(t, city, xingguo)
	ordersInOwnNames(t, city, xingguo)
}

// conflicting has every first try of an order meet another registry's transaction.
type conflicting struct {
	office.Ledger
	met   atomic.Bool
	again atomic.Bool
}

func (c *conflicting) wrap(ports *office.Ports, _ *office.Config) {
	c.Ledger, ports.Ledger = ports.Ledger, c
}

// Submit implements office.Ledger.
func (c *conflicting) Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error) {
	if tx.Batch.Namespace == registry.Governance && c.again.CompareAndSwap(false, true) {
		c.met.Store(true)
		return nil, registry.Errorf(registry.CodeLedgerConflict, "", "another registry's transaction came in between")
	}
	c.again.Store(false)
	return c.Ledger.Submit(ctx, tx)
}

// ordersInOwnNames: the county orders in its own organizations' names, whose act keys
// its signer has, and the city its own order about a county's seal.
func ordersInOwnNames(t *testing.T, city, xingguo *citytest.Neighbor) {
	const seal = "xg-approval-seal"
	by := registry.Operator("test")
	state := func(n *citytest.Neighbor) registry.SealState {
		t.Helper()
		if err := n.UpToDate(t.Context()); err != nil {
			t.Fatal(err)
		}
		record, _, err := n.View.Record(registry.KindSeal, seal)
		if err != nil {
			t.Fatal(err)
		}
		return record.(*registry.SealRecord).StateAt(time.Now().Unix())
	}
	for _, step := range []struct {
		by, of *citytest.Neighbor
		to     registry.SealState
		want   registry.Code
	}{{city, xingguo, registry.SealSuspended, ""}, {xingguo, city, registry.SealInUse, registry.CodeOrderNotAllowed}, {city, xingguo, registry.SealInUse, ""},
		{xingguo, city, registry.SealSuspended, ""}, {xingguo, city, registry.SealInUse, ""}} {
		if err := step.by.UpToDate(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := step.by.Office.Governing.SetSealState(t.Context(), by, seal, step.to, "测试")
		if code := registry.CodeOf(err); code != step.want {
			t.Fatalf("%s sets the county's seal %s: %v", step.by.Member, step.to, err)
		}
		if err != nil {
			continue
		}
		if is := state(step.of); is != step.to {
			t.Errorf("%s sees the seal %s, want %s", step.of.Member, is, step.to)
		}
	}
	for _, n := range []*citytest.Neighbor{city, xingguo} {
		login := map[string]string{citytest.City: "gz-approval-acceptor", citytest.Xingguo: "xg-acceptor"}[n.Member]
		account, err := n.Demo.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		key, err := citytest.PersonKey(filepath.Join(t.TempDir(), "k.pem"))
		if err != nil {
			t.Fatal(err)
		}
		spki, err := sm.MarshalPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		enrolled := &registry.Approver{KeyID: sm.KeyIDOf(spki), Algorithm: registry.SM2SM3, Public: spki, Person: account.Actor().Person, Organization: account.Code,
			Roles: account.Roles, From: time.Now().Unix()}
		if err := n.Office.Governing.Enroll(t.Context(), account.Actor(), enrolled); err != nil {
			t.Errorf("%s enrolls a key of its own people: %v", n.Member, err)
		}
	}
}

// apart: each registry has its own member's part alone.
func apart(t *testing.T, city, xingguo *citytest.Neighbor) {
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
