package check

import (
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// chain is a license's entries as a bundle has them.
type chain struct {
	*testing.T
	*ledgertest.License
	b *bundle
}

func (c *chain) enters(namespace string, e *registry.Entry) {
	c.b.acts = append(c.b.acts, act{registry.BundleAct{Receipt: registry.Receipt{Namespace: namespace, Recorded: c.City.Now}}, e})
	c.b.manifest.AsOf = c.City.Now
	c.City.Advance(10 * 24 * time.Hour)
}

func (c *chain) on(day registry.Date, want registry.State) {
	c.Helper()
	c.b.opts.AsOf = day
	var q registry.Question
	c.b.rec = recorder{checks: new([]registry.Check)}
	c.b.answer(&q)
	if q.Standing == nil || q.Standing.License == nil {
		c.Fatalf("on %s: nothing", day)
	}
	if got, _ := q.Standing.State(); got != want {
		c.Errorf("on %s: %s, want %s", day, got, want)
	}
}

func newChain(t *testing.T) *chain {
	city := ledgertest.NewCity()
	l := city.NewLicense()
	return &chain{t, l, &bundle{manifest: &registry.Manifest{Identifier: l.Identifier}}}
}

func (c *chain) today() registry.Date { return registry.DateOf(c.City.Time()) }

// A bundle says of each day what the register says: a ruling counts from the day
// that it names, and leaves no revocation behind.
func TestBundleAsOfRulings(t *testing.T) {
	c := newChain(t)
	c.enters(c.Namespace, c.Next(registry.Issue))
	penalty := c.today()
	c.enters(c.Namespace, c.Next(registry.Penalize))
	c.on(penalty, registry.Penalized)
	in := c.Intent(registry.Reinstate)
	in.Ruling.From = penalty
	e := c.City.Entry(in)
	if err := c.Accept(e); err != nil {
		t.Fatal(err)
	}
	c.enters(c.Namespace, e)
	c.on(penalty-1, registry.Effective)
	c.on(penalty+5, registry.Effective)
	c.on(penalty+15, registry.Effective)

	c = newChain(t)
	c.enters(c.Namespace, c.Next(registry.Issue))
	c.enters(c.Namespace, c.Next(registry.Revoke))
	cancelled := c.today()
	c.enters(c.Namespace, c.Next(registry.Cancel))
	c.on(cancelled-15, registry.Revoked) // 撤销 reaches back
	lifts := c.OversightIntent(c.City.County, registry.Reinstate)
	lifts.Ruling.MemberAct, lifts.Ruling.From = 2, cancelled-10
	e = c.City.Entry(lifts)
	c.enters(registry.Governance, e)
	c.on(cancelled, registry.Effective)
	c.on(cancelled-15, registry.Effective)
}

// A ruling binds whose act it was, also after its power ended.
func TestBundleRulingAfterThePowerEnded(t *testing.T) {
	c := newChain(t)
	in := c.Intent(registry.Reinstate)
	for _, end := range []int64{0, in.Decided - 1} {
		d := newDesk(t)
		d.b.orders = append(d.b.orders, at(&registry.Grant{ID: in.Grant, Effective: 1, End: end, Decider: deskOrganization}))
		d.intent.Grant, d.intent.Act, d.intent.Ruling, d.intent.Ground, d.intent.Decided = in.Grant, registry.Reinstate, in.Ruling, "", in.Decided
		if got := registry.CodeOf(d.b.inForce(d.intent, 2)); got != "" {
			t.Errorf("ended at %d: %s", end, got)
		}
	}
}
