package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"tongzheng/chaincode/gateway/handover"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/network/networktest"
	"tongzheng/registry"
)

// refused wants one entry of Xingguo refused with its code, and nothing of it on
// the ledger.
func (a *attacks) refused(by *Ledger, what string, e *registry.Entry, want registry.Code) {
	a.Helper()
	before := a.read(e.Intent.Identifier)
	c, err := settled(a, by, a.city.Batch(ledgertest.MemberXingguo, e))
	if err != nil || c.Outcome.Results[0].Code != want {
		a.Errorf("%s: %+v %v, want %s", what, c, err, want)
	}
	if string(a.read(e.Intent.Identifier)) != string(before) {
		a.Errorf("%s: the license changed", what)
	}
}

func (a *attacks) read(id registry.Identifier) []byte {
	a.Helper()
	values, err := a.ledger.Read(a.Context(), ledgertest.MemberXingguo, []string{registry.LicenseKey(id.Base())})
	if err != nil {
		a.Fatal(err)
	}
	return values[0]
}

// forbidden are issues that Xingguo's own keys sign and no power covers.
func (a *attacks) forbidden() map[string]struct {
	entry *registry.Entry
	want  registry.Code
} {
	issue := func(change func(in *registry.Intent)) *registry.Entry {
		in := a.city.NewLicense().Intent(registry.Issue)
		change(&in)
		e := a.city.Entry(in)
		e.Sealed = in.Decided
		return e
	}
	return map[string]struct {
		entry *registry.Entry
		want  registry.Code
	}{
		"a matter that it does not hold": {issue(func(in *registry.Intent) { in.Grant = ledgertest.GrantOther }), registry.CodeGrantMatter},
		"a matter that Yudu holds":       {issue(func(in *registry.Intent) { in.Grant = ledgertest.GrantYudu }), registry.CodeGrantMode},
		"a matter that the city decides": {issue(func(in *registry.Intent) { in.Grant = ledgertest.GrantWindow }), registry.CodeGrantMode},
		"Yudu's seal":                    {issue(func(in *registry.Intent) { in.Seal = ledgertest.SealYudu }), registry.CodeSealScope},
		"the city's seal":                {issue(func(in *registry.Intent) { in.Seal = ledgertest.SealCity }), registry.CodeSealScope},
		"back-dated beyond what rules allow": {issue(func(in *registry.Intent) {
			in.Decided -= a.city.Rules.MaxBackdate + 3600
			in.Effective -= 21
		}), registry.CodeBackdated},
		"decided tomorrow": {issue(func(in *registry.Intent) { in.Decided += 24 * 3600 }), registry.CodeFuture},
	}
}

// byCounty: Xingguo goes around the API with its own client and act key; every
// contract service is honest.
func (a *attacks) byCounty() {
	own := openLedger(a, a.network, ledgertest.MemberXingguo)
	for what, attack := range a.forbidden() {
		a.refused(own, what, attack.entry, attack.want)
	}
	// Back-dated as a whole: the services look at their own clocks.
	for _, d := range []time.Duration{-time.Hour, -24 * time.Hour, time.Hour} {
		license := a.city.NewLicense()
		a.city.Advance(d)
		batch := a.city.Batch(ledgertest.MemberXingguo, a.city.Entry(license.Intent(registry.Issue)))
		a.city.Advance(-d)
		if c, err := settled(a, own, batch); registry.CodeOf(err) != registry.CodeClock {
			a.Errorf("recorded %s from now: %+v %v", d, c, err)
		}
		a.absent(batch.Namespace, registry.LicenseKey(license.Identifier.Base()))
	}
}

// replays: what was accepted once is handed in again, after something newer.
func (a *attacks) replays() {
	license := a.city.NewLicense()
	old, err := a.ledger.Prepare(a.Context(), a.city.Batch(ledgertest.MemberXingguo, license.Next(registry.Issue)))
	if err != nil {
		a.Fatal(err)
	}
	e := endorsedFor(a, a.ledger, old)
	first, err := a.ledger.commit(a.Context(), e)
	if err != nil {
		a.Fatal(err)
	}
	submit(a, a.ledger, a.city.Batch(ledgertest.MemberXingguo, license.Next(registry.Suspend)))
	unchanged := func(what string) {
		a.Helper()
		holdsLicense(a.T, a.ledger, ledgertest.MemberXingguo, license.Identifier, license.State)
		if a.Failed() {
			a.Fatal(what)
		}
	}
	// The entry in a new transaction, by its author and by another member.
	for _, member := range []string{ledgertest.MemberXingguo, ledgertest.MemberYudu} {
		c, err := settled(a, openLedger(a, a.network, member), old.Batch)
		if err != nil || c.Outcome.Results[0].Code != registry.CodeSequencePast {
			a.Errorf("by %s: %+v %v", member, c, err)
		}
		unchanged(member)
	}
	// The transaction itself: the client's answer is the first commit, and the
	// signed envelope handed to the orderers again comes to nothing.
	if again, err := a.ledger.Submit(a.Context(), old); err != nil || again.Height != first.Height {
		a.Errorf("submitted again: %+v %v", again, err)
	}
	// What the orderers say to it is nothing to go by.
	_, _, _ = handover.Once(a.Context(), a.ledger.as(ledgertest.MemberXingguo).ways()[0], e.raw)
	submit(a, a.ledger, a.city.Batch(ledgertest.MemberXingguo, a.city.NewLicense().Next(registry.Issue))) // ordered after it
	unchanged("handed over again")
	if n := a.count(old.ID); n != 1 {
		a.Errorf("followed %d times", n)
	}
	// An old order: the grant as it was before the city changed it.
	var grant *registry.Grant
	for _, r := range a.city.Records() {
		if g, ok := r.(*registry.Grant); ok && g.ID == ledgertest.GrantOther {
			grant = g
		}
	}
	in := a.city.Order(a.city.Governing, grant)
	a.city.Note(submit(a, a.ledger, a.city.Batch(registry.Governance, in)))
	grant.End, grant.EndBasis = a.city.Now+3600, "收回〔2026〕2号"
	a.city.Note(submit(a, a.ledger, a.city.Batch(registry.Governance, a.city.Order(a.city.Governing, grant))))
	c, err := settled(a, a.ledger, a.city.Batch(registry.Governance, in))
	if err != nil || c.Outcome.Results[0].Code != registry.CodeSequencePast {
		a.Errorf("an old order: %+v %v", c, err)
	}
}

// count follows the ledger and tells how often it has a transaction.
func (a *attacks) count(id string) (times int) {
	ctx, cancel := context.WithCancel(networktest.Within(a))
	defer cancel()
	_ = a.ledger.Follow(ctx, 0, func(c *registry.Commit) error {
		switch {
		case c == nil:
			cancel() // nothing newer
		case c.Transaction == id:
			times++
		}
		return nil
	})
	return times
}

// lyingCounty: Xingguo's contract service endorses everything that Xingguo asks
// for. The city's does not.
func (a *attacks) lyingCounty() {
	old := a.city.NewLicense()
	issue := a.city.Batch(ledgertest.MemberXingguo, old.Next(registry.Issue))
	submit(a, a.ledger, issue)
	submit(a, a.ledger, a.city.Batch(ledgertest.MemberXingguo, old.Next(registry.Suspend)))
	honest := a.tamper("xingguo")
	for _, attack := range a.forbidden() {
		batch := a.city.Batch(ledgertest.MemberXingguo, attack.entry)
		key := registry.LicenseKey(attack.entry.Intent.Identifier.Base())
		a.ineffective(batch, key, policyFailure, "XingguoMSP")
		a.ineffective(batch, key, mismatch, "XingguoMSP", "YuduMSP")
		a.ineffective(batch, key, mismatch, "CityMSP", "XingguoMSP")
	}
	// Back-dated by an hour: the city's service refuses to look at it.
	late := a.city.NewLicense()
	a.city.Advance(-time.Hour)
	batch := a.city.Batch(ledgertest.MemberXingguo, a.city.Entry(late.Intent(registry.Issue)))
	a.city.Advance(time.Hour)
	if err := a.by(batch, "CityMSP", "XingguoMSP"); err == nil {
		a.Error("back-dated with its own service's help")
	}
	a.ineffective(batch, registry.LicenseKey(late.Identifier.Base()), policyFailure, "XingguoMSP")
	// An old entry that would end the suspension.
	for says, set := range map[string][]string{policyFailure: {"XingguoMSP"}, mismatch: {"CityMSP", "XingguoMSP"}} {
		if err := a.by(issue, set...); registry.CodeOf(err) != registry.CodeLedgerConflict || !strings.Contains(err.Error(), says) {
			a.Errorf("an old entry, endorsed by %v: %v", set, err)
		}
		holdsLicense(a.T, a.ledger, ledgertest.MemberXingguo, old.Identifier, old.State)
	}
	honest()
	submit(a, a.ledger, a.city.Batch(ledgertest.MemberXingguo, old.Next(registry.Return)))
}

// tamper gives members the lying contract service until honest is called.
func (a *attacks) tamper(members ...string) (honest func()) {
	a.Helper()
	program, good := build(a, "tampered", "./testdata/tampered"), buildService(a)
	give := func(program string) {
		a.Helper()
		if err := a.network.Upgrade(a.Context(), program, members...); err != nil {
			a.Fatal(err)
		}
	}
	give(program)
	return func() { give(good) }
}

// misnamed: whoever endorses a batch knows it before it is ordered, and can wrap
// it into a transaction of its own whose body names another contract than its
// header. Peers run the one in the header; those who follow must see it there,
// or a recall would be in force and shown nowhere.
func (a *attacks) misnamed() {
	own := openLedger(a, a.network, ledgertest.MemberXingguo)
	for i, name := range []string{ledgertest.MemberYudu, "_lifecycle"} {
		matter := &registry.Matter{Code: fmt.Sprintf("00013100020%d", i), FullName: "测试事项"}
		tx, err := own.Prepare(a.Context(), a.city.Batch(registry.Governance, a.city.Order(a.city.Governing, matter)))
		if err != nil {
			a.Fatal(err)
		}
		proposed, err := own.proposed(tx)
		if err != nil {
			a.Fatal(err)
		}
		proposed.Proposal.ProposalBytes = misname(a, proposed.GetProposal().GetProposalBytes(), name)
		var prepared *client.Transaction
		networktest.Eventually(a, "peers that do not compare the names", func() (err error) {
			prepared, err = own.askFor(a.Context(), registry.Governance, proposed, []string{"CityMSP", "XingguoMSP"})
			return err
		})
		e, err := finish(tx, prepared)
		if err != nil {
			a.Fatal(err)
		}
		if _, err := own.commit(a.Context(), e); err != nil {
			a.Fatal(err)
		}
		if n := a.count(tx.ID); n != 1 {
			a.Errorf("named %s in its body: followed %d times", name, n)
		}
		if c, err := a.ledger.Lookup(a.Context(), registry.Governance, tx.ID); err != nil || c.Outcome.Count != 1 {
			a.Errorf("named %s in its body: %+v %v", name, c, err)
		}
	}
}

// misname has the proposal's body name another contract.
func misname(t testing.TB, raw []byte, name string) []byte {
	t.Helper()
	var proposal peer.Proposal
	var payload peer.ChaincodeProposalPayload
	var spec peer.ChaincodeInvocationSpec
	err := errors.Join(proto.Unmarshal(raw, &proposal), proto.Unmarshal(proposal.GetPayload(), &payload), proto.Unmarshal(payload.GetInput(), &spec))
	if err != nil {
		t.Fatal(err)
	}
	spec.ChaincodeSpec.ChaincodeId.Name = name
	put := func(m proto.Message) []byte {
		raw, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	payload.Input = put(&spec)
	proposal.Payload = put(&payload)
	return put(&proposal)
}
