package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tongzheng/chaincode/evidence"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/network/networktest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

const huichang = "huichang"

// TestMembership: the set of members and their certificates change while the
// network runs.
func TestMembership(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	l := openLedger(t, n, allMembers...)
	city := found(t, l)
	t.Run("a third county", func(t *testing.T) { thirdCounty(t, n, l, city) })
	t.Run("renewal and revocation", func(t *testing.T) { renewalAndRevocation(t, n, l, city) })
	t.Run("client renewed", func(t *testing.T) { clientRenewed(t, n, l, city) })
}

// thirdCounty: a county joins the running network, is given powers by the
// city's orders and issues. When it has left, its namespace is only read, its
// receipts still verify, and its licenses are acted on by the city's oversight.
// A client that was open all along takes part in all of it.
func thirdCounty(t *testing.T, n *network.Network, l *Ledger, city *ledgertest.City) {
	stranger := city.Entry(city.NewLicense().Intent(registry.Issue)) // Xingguo's: refused there, but judged
	if _, err := l.Prepare(t.Context(), city.Batch(huichang, stranger)); registry.CodeOf(err) != registry.CodeNamespace {
		t.Fatalf("before it joined: %v", err)
	}
	seen := make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- l.Follow(ctx, 0, func(c *registry.Commit) error {
			if c != nil {
				seen <- c.Batch.Namespace
			}
			return nil
		})
	}()
	defer func() { cancel(); <-ended }()

	join(t, n)
	c, err := settled(t, l, city.Batch(huichang, stranger))
	if err != nil || c.Outcome.Results[0].Accepted() {
		t.Fatalf("another county's license: %+v %v", c, err)
	}
	for namespace := ""; namespace != huichang; {
		select {
		case namespace = <-seen:
		case <-time.After(networktest.Patience):
			t.Fatal("the new namespace is not followed")
		}
	}
	submit(t, l, city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue)))

	county := newCounty(city)
	license, paper := county.license(1), county.license(2)
	issue := func(license *ledgertest.License) registry.Batch {
		return city.Batch(huichang, license.Next(registry.Issue))
	}
	// In the network, but without a grant it decides nothing.
	powerless := city.Batch(huichang, city.Entry(license.Intent(registry.Issue)))
	own := openLedger(t, n, huichang)
	if c, err := settled(t, own, powerless); err != nil || c.Outcome.Results[0].Accepted() {
		t.Fatalf("before the city's orders: %+v %v", c, err)
	}
	for _, record := range county.records {
		city.Note(submit(t, l, city.Batch(registry.Governance, city.Order(city.Governing, record))))
	}
	receipt := receiptOf(t, own, submit(t, own, issue(license)), 0)
	issued := time.Now()
	submit(t, own, city.Batch(huichang, county.onPaper(t, paper)))
	holdsLicense(t, l, huichang, license.Identifier, license.State)
	holdsLicense(t, l, huichang, paper.Identifier, paper.State)
	if _, err := evidence.VerifyEvidence(receipt, l.Trust(), time.Now()); err != nil {
		t.Errorf("a member's receipt: %v", err)
	}
	time.Sleep(time.Until(issued.Add(2 * time.Second))) // times of leaving are whole seconds

	if err := n.RemoveMember(t.Context(), huichang); err != nil {
		t.Fatal(err)
	}
	late := issue(county.license(3))
	if c, err := try(t.Context(), l, late); err == nil {
		t.Errorf("after it left: %+v", c)
	}
	if _, err := try(t.Context(), l, late); registry.CodeOf(err) != registry.CodeNamespace {
		t.Errorf("once this is known: %v", err)
	}
	// By itself, with its keys and all processes: nobody listens any more.
	if c, err := try(t.Context(), own, late); err == nil {
		t.Errorf("by its own client: %+v", c)
	}
	holdsLicense[registry.License](t, l, huichang, county.made.Identifier, nil)

	// Its licenses: as they were, and the superior's to act on.
	holdsLicense(t, l, huichang, license.Identifier, license.State)
	for _, act := range []registry.Act{registry.Suspend, registry.Return, registry.Revoke} {
		c := submit(t, l, city.Batch(registry.Governance, license.NextOversight(city.Governing, act)))
		holdsLicense(t, l, registry.Governance, license.Identifier, license.Oversight)
		if _, err := evidence.VerifyEvidence(receiptOf(t, l, c, 0), l.Trust(), time.Now()); err != nil {
			t.Errorf("%s by oversight: %v", act, err)
		}
	}
	if license.Oversight.State != registry.Revoked {
		t.Errorf("after the revocation: %+v", license.Oversight)
	}
	// What it endorsed stays proven as of its time stamp; nothing later counts.
	if _, err := evidence.VerifyEvidence(receipt, l.Trust(), issued); err != nil {
		t.Errorf("a former member's receipt: %v", err)
	}
	if _, err := evidence.VerifyEvidence(receipt, l.Trust(), time.Now()); err == nil || !strings.Contains(err.Error(), "left") {
		t.Errorf("endorsed after it left: %v", err)
	}
	submit(t, l, city.Batch(ledgertest.MemberXingguo, city.NewLicense().Next(registry.Issue)))
	submit(t, l, city.Batch(registry.Governance, city.Order(city.Governing, &registry.Matter{Code: "000131000099", FullName: "测试事项"})))
}

// join lets Huichang into the running network, on ports of the test's own.
func join(t *testing.T, n *network.Network) {
	t.Helper()
	m := networktest.Joining(t, n.Description())
	began := time.Now()
	if err := n.AddMember(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	t.Logf("joined in %.1f s", time.Since(began).Seconds())
}

// county is Huichang with what the city orders so that it can issue.
type county struct {
	city    *ledgertest.City
	bureau  *ledgertest.Organization
	records []registry.GovernanceRecord
	made    *ledgertest.License // the newest
}

func newCounty(city *ledgertest.City) *county {
	bureau := city.AddOrganization("1136073301234567", "会昌县行政审批局（测试）", "360733", huichang, city.Governing)
	rules, record := city.Rules, bureau.Organization
	rules.Members = append(append([]string{}, rules.Members...), huichang)
	return &county{city: city, bureau: bureau, records: []registry.GovernanceRecord{&rules, &record,
		&registry.Grant{ID: "g-huichang", Matter: ledgertest.Matter, Mode: registry.ModeDirect, Source: city.Governing.Code, Decider: bureau.Code,
			Acceptor: bureau.Code, Territory: "360733", Document: "测试〔2026〕3号", Effective: city.Now - 24*3600, RecallBy: city.Governing.Code},
		&registry.SealRecord{ID: "s-huichang", Owner: bureau.Code, SealKind: registry.ApprovalSeal, FullName: bureau.FullName + "审批专用章",
			Digest: sm.Sum([]byte("s-huichang")), History: []registry.SealEvent{{State: registry.SealInUse, At: city.Now - 24*3600}}},
		&registry.Instance{Issuer: bureau.Code, Prefix: "HC", Lists: []uint32{9}},
		&registry.Stock{Type: city.Type, Form: ledgertest.FormOriginal, Run: ledgertest.PrintRun, Organization: bureau.Code,
			Ranges: []registry.BlankRange{{From: "100001", To: "199999"}}}}}
}

func (c *county) license(number int) *ledgertest.License {
	c.made = &ledgertest.License{City: c.city, Grant: "g-huichang", Seal: "s-huichang", By: c.bureau, Namespace: huichang, List: 9, Place: c.bureau.Region,
		Identifier: registry.Identifier{Type: c.city.Type, Issuer: c.bureau.Code, Serial: "HC000000" + string(rune('0'+number)), Version: 1}}
	return c.made
}

// onPaper issues a license with an original on a sheet of the county's stock.
func (c *county) onPaper(t *testing.T, license *ledgertest.License) *registry.Entry {
	t.Helper()
	in := license.Intent(registry.Issue)
	in.Printings = append(in.Printings, registry.Printing{Number: 2, Copy: registry.Original, List: 9, Index: in.Printings[0].Index + 1,
		Blank: registry.Blank{Form: ledgertest.FormOriginal, Run: ledgertest.PrintRun, Number: "100001"}})
	e := c.city.Entry(in)
	if err := license.Accept(e); err != nil {
		t.Fatal(err)
	}
	return e
}

// holdsLicense compares what a namespace has of a license; nil for nothing. The
// peer that answers may be some blocks behind the one that committed.
func holdsLicense[T any](t *testing.T, l *Ledger, namespace string, id registry.Identifier, want *T) {
	t.Helper()
	var raw []byte
	if want != nil {
		var err error
		if raw, err = registry.Encode(want); err != nil {
			t.Fatal(err)
		}
	}
	networktest.Eventually(t, "the license in "+namespace, func() error {
		values, err := l.Read(t.Context(), namespace, []string{registry.LicenseKey(id.Base())})
		if err == nil && string(raw) != string(values[0]) {
			err = fmt.Errorf("it has %x of %s, want %x", values[0], id, raw)
		}
		return err
	})
}
