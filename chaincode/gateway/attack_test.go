package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/protobuf/proto"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/registry"
)

// attacks are what somebody does who has a member's client key, or a member's
// whole contract service, and goes around the API.
type attacks struct {
	*testing.T
	network *network.Network
	ledger  *Ledger
	city    *ledgertest.City
}

// by has a batch endorsed by exactly these members, whatever the policy asks
// for, and hands it to the orderers.
func (a *attacks) by(b registry.Batch, members ...string) error {
	a.Helper()
	tx, err := a.ledger.Prepare(a.Context(), b)
	if err != nil {
		a.Fatal(err)
	}
	proposed := new(gateway.ProposedTransaction)
	if err := proto.Unmarshal(tx.Payload, proposed); err != nil {
		a.Fatal(err)
	}
	var verdict error
	networktest.Eventually(a, "an answer of the members", func() error {
		prepared, err := a.ledger.askFor(a.Context(), b.Namespace, proposed, members)
		if err != nil {
			if verdict = notSent(err); registry.CodeOf(verdict) == registry.CodeUnavailable {
				return verdict
			}
			return nil
		}
		e, err := finish(tx, prepared)
		if err == nil {
			_, err = a.ledger.commit(a.Context(), e)
		}
		verdict = err
		return nil
	})
	return verdict
}

// ineffective wants a forged batch ordered in vain, or not even endorsed, and
// nothing of it on the ledger.
func (a *attacks) ineffective(b registry.Batch, key, says string, members ...string) {
	a.Helper()
	err := a.by(b, members...)
	if registry.CodeOf(err) != registry.CodeLedgerConflict || !strings.Contains(err.Error(), says) {
		a.Errorf("endorsed by %v: %v, want %q", members, err, says)
	}
	a.absent(b.Namespace, key)
}

func (a *attacks) absent(namespace, key string) {
	a.Helper()
	values, err := a.ledger.Read(a.Context(), namespace, []string{key})
	if err != nil || values[0] != nil {
		a.Errorf("%s has the forged record: %x %v", namespace, values, err)
	}
}

const (
	policyFailure = "not endorsed by those whom the namespace needs"
	mismatch      = "answers differ"
)

// TestAttacks runs attacks on a real network, by its real clock, with real lying
// contract services.
func TestAttacks(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	l := openLedger(t, n, allMembers...)
	city := ledgertest.NewCity()
	city.Now, city.Rules.Simulated = time.Now().Unix(), false
	city.Rules.GenesisUntil = city.Now // the city is older than its ledger
	city.Note(submit(t, l, city.Genesis()))
	for _, attack := range []struct {
		name string
		run  func(*attacks)
	}{
		{"governance without a second member", (*attacks).governanceAlone},
		{"a county around the API", (*attacks).byCounty},
		{"old entries again", (*attacks).replays},
		{"another contract named in the body", (*attacks).misnamed},
		{"a county's lying contract service", (*attacks).lyingCounty},
		{"lying contract services of city and county", (*attacks).lyingServices},
		{"a county does not block a recall", (*attacks).blockedRecall},
	} {
		t.Run(attack.name, func(t *testing.T) {
			city.Now = time.Now().Unix()
			attack.run(&attacks{t, n, l, city})
		})
	}
}

// governanceAlone: the entry is in order and signed by the city; what is missing
// is the second authority that saw it.
func (a *attacks) governanceAlone() {
	matter := &registry.Matter{Code: "000131000001", FullName: "测试事项"}
	key := registry.RecordKey(matter.Kind(), matter.Name())
	order := func() registry.Batch {
		return a.city.Batch(registry.Governance, a.city.Order(a.city.Governing, matter))
	}
	a.ineffective(order(), key, policyFailure, "CityMSP")
	a.ineffective(order(), key, policyFailure, "XingguoMSP")
	a.ineffective(order(), key, policyFailure, "XingguoMSP", "YuduMSP")
	networktest.Eventually(a, "city and a county", func() error { return a.by(order(), "CityMSP", "YuduMSP") })
}

// blockedRecall: Xingguo's peer and service are gone, as if the county refused
// to take part; the city ends its grant and revokes its license all the same.
func (a *attacks) blockedRecall() {
	license := a.city.NewLicense()
	submit(a, a.ledger, a.city.Batch(ledgertest.MemberXingguo, license.Next(registry.Issue)))
	for _, name := range []string{"peer.xingguo", "service.xingguo"} {
		if err := a.network.Kill(name); err != nil {
			a.Fatal(err)
		}
	}
	var ending *registry.Grant
	for _, r := range a.city.Records() {
		if g, ok := r.(*registry.Grant); ok && g.ID == ledgertest.GrantEnding {
			ending = g
		}
	}
	late := a.city.NewLicense()
	late.Grant = ledgertest.GrantEnding
	ending.End, ending.EndBasis = a.city.Now, "收回〔2026〕1号"
	a.city.Note(submit(a, a.ledger, a.city.Batch(registry.Governance, a.city.Order(a.city.Governing, ending))))
	revoked := submit(a, a.ledger, a.city.Batch(registry.Governance, license.NextOversight(a.city.Governing, registry.Revoke)))
	if revoked.Outcome.Count != 1 {
		a.Errorf("revoked: %+v", revoked.Outcome)
	}
	if r := receiptOf(a, a.ledger, revoked, 0); len(r.Evidence) == 0 {
		a.Error("no evidence of the recall")
	}
	for _, name := range []string{"service.xingguo", "peer.xingguo"} {
		if err := a.network.Start(name); err != nil {
			a.Fatal(err)
		}
	}
	if err := a.network.Ready(a.Context()); err != nil {
		a.Fatal(err)
	}
	// Back, it finds both in force: no new license under the grant, no act that
	// undoes the revocation.
	a.refused(a.ledger, "under the grant that was ended", a.city.Entry(late.Intent(registry.Issue)), registry.CodeGrantPeriod)
	a.refused(a.ledger, "after the superior's revocation", a.city.Entry(license.Intent(registry.Change)), registry.CodeActState)
}

// lyingServices: the contract services of the city and of Xingguo accept
// everything. They try to make a license of Yudu that Yudu never granted, and to
// alter one that it did.
func (a *attacks) lyingServices() {
	granted := a.city.NewYuduLicense()
	submit(a, a.ledger, a.city.Batch(ledgertest.MemberYudu, granted.Next(registry.Issue)))
	honest := a.tamper("city", "xingguo")
	license := a.city.NewYuduLicense()
	key := registry.LicenseKey(license.Identifier.Base())
	batch := registry.Batch{Namespace: ledgertest.MemberYudu, Rules: a.city.Rules.Version, Time: a.city.Now,
		Entries: []*registry.Entry{a.city.Entry(license.Intent(registry.Issue))}}
	thief := ledgertest.NewKey("thief")
	batch.Authors = []registry.Authorship{ledgertest.Authorship(batch.Namespace, a.city.Yudu.Code, thief, batch.DigestsOf(a.city.Yudu.Code))}

	altered := granted.Intent(registry.Cancel)
	alter := registry.Batch{Namespace: ledgertest.MemberYudu, Rules: a.city.Rules.Version, Time: a.city.Now, Entries: []*registry.Entry{a.city.Entry(altered)}}
	alter.Authors = []registry.Authorship{ledgertest.Authorship(alter.Namespace, a.city.Yudu.Code, thief, alter.DigestsOf(a.city.Yudu.Code))}
	for says, members := range map[string][][]string{policyFailure: {{"CityMSP"}, {"CityMSP", "XingguoMSP"}}, mismatch: {{"CityMSP", "YuduMSP"}}} {
		for _, set := range members {
			if err := a.by(alter, set...); registry.CodeOf(err) != registry.CodeLedgerConflict || !strings.Contains(err.Error(), says) {
				a.Errorf("altered, endorsed by %v: %v, want %q", set, err, says)
			}
			holdsLicense(a.T, a.ledger, ledgertest.MemberYudu, granted.Identifier, granted.State)
		}
	}
	a.ineffective(batch, key, policyFailure, "CityMSP")
	a.ineffective(batch, key, policyFailure, "XingguoMSP")
	a.ineffective(batch, key, policyFailure, "CityMSP", "XingguoMSP")
	a.ineffective(batch, key, mismatch, "CityMSP", "YuduMSP") // Yudu's own answers: refused
	if c, err := once(a, a.ledger, batch); registry.CodeOf(err) != registry.CodeLedgerConflict {
		a.Errorf("as every client would: %v %v", c, err)
	}
	a.absent(ledgertest.MemberYudu, key)
	// Honest again, the license can be issued by Yudu: nothing was spoiled.
	honest()
	submit(a, a.ledger, a.city.Batch(ledgertest.MemberYudu, license.Next(registry.Issue)))
}
