// Package ledgertest is the conformance suite that every ledger of Tongzheng
// passes — the embedded one and a Fabric network alike — and the small city
// that its tests, and those of other packages, play in.
//
// It must not know any ledger's inside: what it asks goes through the port.
// Nothing here belongs into a running system; its keys are derived from names.
package ledgertest

import (
	"fmt"
	"slices"
	"time"

	"github.com/emmansun/gmsm/sm2"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Key is a test key, derived from its name: the same name, the same key.
type Key struct {
	ID      sm.KeyID
	Public  []byte // SubjectPublicKeyInfo
	private *sm2.PrivateKey
}

// NewKey derives an SM2 key from a name.
func NewKey(name string) *Key {
	seed := sm.Tagged("tongzheng test key", []byte(name))
	private, err := sm2.NewPrivateKey(seed[:])
	must(err)
	public, err := sm.MarshalPublicKey(&private.PublicKey)
	must(err)
	return &Key{ID: sm.KeyIDOf(public), Public: public, private: private}
}

// Sign makes an ASN.1 SM2 signature, the same one for the same message.
func (k *Key) Sign(message []byte) []byte {
	der, err := sm2.SignDeterministic(k.private, message, sm2.DefaultSM2SignerOpts)
	must(err)
	return der
}

// SignRaw is Sign in the form r ‖ s; it serves as embedded.Config.Sign.
func (k *Key) SignRaw(message []byte) ([]byte, error) { return sm.ASN1ToRaw(k.Sign(message)) }

// Organization is one authority of the city with its act key.
type Organization struct {
	registry.Organization
	Act *Key
}

// Names of the city's fixtures.
const (
	MemberCity    = "city"
	MemberXingguo = "xingguo"
	MemberYudu    = "yudu"

	Matter      = "000131008000" // leads to Type
	OtherMatter = "000131009000" // leads to OtherType

	GrantDirect   = "g-direct"   // Xingguo decides
	GrantReview   = "g-review"   // Xingguo examines, the city decides; no agreement yet
	GrantWindow   = "g-window"   // Xingguo accepts, the city decides
	GrantEntrust  = "g-entrust"  // Xingguo in the city's name
	GrantOwn      = "g-own"      // the city itself
	GrantYudu     = "g-yudu"     // Yudu decides
	GrantEnding   = "g-ending"   // Xingguo decides; for tests that end it
	GrantHandover = "g-handover" // Xingguo decides once the handover is recorded
	GrantOther    = "g-other"    // Xingguo decides on OtherMatter

	Takeover = "h-takeover" // the handover that begins GrantHandover

	SealXingguo  = "s-xingguo"
	SealCity     = "s-city"
	SealYudu     = "s-yudu"
	SealOfficial = "s-official" // Xingguo's, of the kind the type does not ask for
	SealScoped   = "s-scoped"   // Xingguo's, for OtherMatter only
	SealSpare    = "s-spare"    // Xingguo's; for tests that suspend it

	Ground = "g1" // allowed for every act

	FormOriginal  = "SYJY-1"
	FormDuplicate = "SYJY-2"
	PrintRun      = "2026A"
)

// City is a small city: Ganzhou with the counties Xingguo and Yudu, one license
// type made on numbered stock, a grant in every mode, seals, stock, approvers.
// It keeps a simulated clock and the heads of the records it orders. It is not
// safe for concurrent use.
type City struct {
	Now       int64 // simulated, Unix seconds
	Governing *Organization
	County    *Organization // Xingguo's government: superior of its bureau
	Xingguo   *Organization // approval bureau
	Yudu      *Organization // approval bureau
	Rules     registry.Rules
	Type      string // code of the type made here
	OtherType string
	Acceptor  *Key // Xingguo's two persons
	Approver  *Key
	Decider   *Key // the city's person, who confirms seal requests

	start         int64
	organizations map[string]*Organization
	heads         map[string]chainHead
	serial        int
	blank         int
	index         uint32
}

type chainHead struct {
	sequence uint64
	head     sm.Digest
}

// NewCity makes the city as it stands before genesis.
func NewCity() *City {
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, registry.China).Unix()
	c := &City{Now: start, start: start, organizations: map[string]*Organization{}, heads: map[string]chainHead{}}
	c.Governing = c.organization("1136070001234567", "赣州市行政审批局（测试）", "360700", MemberCity)
	c.County = c.organization("1136073201234567", "兴国县人民政府（测试）", "360732", MemberXingguo, c.Governing)
	c.Xingguo = c.organization("1136073201234568", "兴国县行政审批局（测试）", "360732", MemberXingguo, c.County, c.Governing)
	c.Yudu = c.organization("1136073101234567", "于都县行政审批局（测试）", "360731", MemberYudu, c.Governing)
	c.Type, c.OtherType = c.Governing.Code+"001", c.Governing.Code+"002"
	c.Acceptor, c.Approver, c.Decider = NewKey("acceptor"), NewKey("approver"), NewKey("decider")
	c.Rules = registry.Rules{Version: registry.NewestRules, City: c.Governing.Code, Members: []string{MemberCity, MemberXingguo, MemberYudu},
		MaxBackdate: 20 * 24 * 3600, GenesisUntil: start + 3600, Simulated: true,
		Founder: c.Governing.ActKeys[0], RelyingParty: "localhost", Origins: []string{"https://localhost"}}
	return c
}

// organization makes one whose act key began ten days ago. sixteen
// are the first characters of its credit code.
func (c *City) organization(sixteen, name, region, member string, superiors ...*Organization) *Organization {
	seventeen := sixteen + "0"
	code := seventeen + string(registry.USCCCheck(seventeen))
	key := NewKey("act " + code)
	o := &Organization{Act: key, Organization: registry.Organization{Code: code, FullName: name, Region: region, Member: member,
		ActKeys: []registry.ActKey{{ID: key.ID, Public: key.Public, From: c.Now - 10*24*3600}}}}
	for _, s := range superiors {
		o.Superiors = append(o.Superiors, s.Code)
	}
	c.organizations[code] = o
	return o
}

// Organizations lists the city's organizations, superiors first.
func (c *City) Organizations() []*Organization {
	return []*Organization{c.Governing, c.County, c.Xingguo, c.Yudu}
}

// AddOrganization adds one to those that can sign; its record is the caller's to
// order. sixteen are the first characters of its credit code.
func (c *City) AddOrganization(sixteen, name, region, member string, superiors ...*Organization) *Organization {
	return c.organization(sixteen, name, region, member, superiors...)
}

// Advance moves the simulated clock.
func (c *City) Advance(d time.Duration) { c.Now += int64(d / time.Second) }

// Time is the simulated clock.
func (c *City) Time() time.Time { return time.Unix(c.Now, 0).In(registry.China) }

// Records lists everything that governance holds after genesis, rules first.
func (c *City) Records() []registry.GovernanceRecord {
	rules := c.Rules
	records := []registry.GovernanceRecord{&rules}
	for _, o := range c.Organizations() {
		record := o.Organization
		records = append(records, &record)
	}
	records = append(records,
		&registry.Matter{Code: Matter, FullName: "食品经营许可（测试）"},
		&registry.Matter{Code: OtherMatter, FullName: "公共场所卫生许可（测试）"},
		c.typeRecord(c.Type, Matter), c.typeRecord(c.OtherType, OtherMatter))
	records = append(records, c.grants()...)
	records = append(records, c.seals()...)
	for _, form := range []string{FormOriginal, FormDuplicate} {
		records = append(records, &registry.Stock{Type: c.Type, Form: form, Run: PrintRun, Organization: c.Xingguo.Code,
			Ranges: []registry.BlankRange{{From: "000001", To: "099999"}}})
	}
	list := uint32(1)
	for _, i := range []struct{ issuer, prefix string }{{c.Xingguo.Code, "XG"}, {c.Governing.Code, "GZ"}, {c.Yudu.Code, "YD"}} {
		records = append(records, &registry.Instance{Issuer: i.issuer, Prefix: i.prefix, Lists: []uint32{list}})
		list++
	}
	return slices.Concat(records, c.services(), c.people())
}

// Public is the address of every member's registry.
const Public = "https://lic.example.gov.cn"

// services are the members' registries: rules before version 2 know none.
func (c *City) services() (records []registry.GovernanceRecord) {
	if !c.Rules.Since(registry.RulesOfRelations) {
		return nil
	}
	for _, operator := range []*Organization{c.Governing, c.Xingguo, c.Yudu} {
		records = append(records, &registry.Service{Member: operator.Member, Operator: operator.Code, Public: Public})
	}
	return records
}

func (c *City) typeRecord(code, matter string) *registry.TypeRecord {
	t := &registry.TypeRecord{Code: code, Version: 1, Digest: sm.Sum([]byte(code)), Source: registry.MadeHere,
		Seal: registry.ApprovalSeal, Matters: []string{matter}, Grounds: map[string][]string{},
		Forms: map[registry.CopyKind]string{registry.Original: FormOriginal, registry.Duplicate: FormDuplicate, registry.Annex: ""},
		Most:  map[registry.CopyKind]int{registry.Original: 1, registry.Duplicate: 3, registry.Annex: 9}}
	for _, rule := range registry.Acts() {
		if !rule.Act.Rules() || c.Rules.Since(registry.RulesOfRelations) {
			t.Grounds[rule.Name] = []string{Ground}
		}
	}
	if code == c.Type { // a statute that leaves more than 撤销 to superiors
		every := []registry.Doer{registry.DoerDecider, registry.DoerRegulator, registry.DoerSuperior}
		t.Doers = map[string][]registry.Doer{}
		for _, act := range []registry.Act{registry.Suspend, registry.Return, registry.Withdraw, registry.Penalize} {
			t.Doers[act.String()] = every
		}
	}
	t.Grounds[registry.Cancel.String()] = []string{Ground, registry.GroundExpired}
	t.Grounds[registry.Change.String()] = []string{Ground, registry.GroundSlip}
	t.Grounds[registry.Revoke.String()] = []string{Ground, registry.GroundCommitmentFalse}
	t.Grounds[registry.Deliver.String()] = []string{Ground, registry.GroundElectronic}
	t.Grounds[registry.Annotate.String()] = []string{Ground, registry.GroundRenewalRefused}
	return t
}

func (c *City) grants() []registry.GovernanceRecord {
	city, xingguo, yudu := c.Governing.Code, c.Xingguo.Code, c.Yudu.Code
	base := registry.Grant{Matter: Matter, Mode: registry.ModeDirect, Source: city, Decider: xingguo, Acceptor: xingguo, Territory: "360732",
		Document: "测试〔2026〕1号", Effective: c.start - 180*24*3600, RecallBy: city}
	make := func(id string, change func(g *registry.Grant)) registry.GovernanceRecord {
		g := base
		g.ID = id
		change(&g)
		return &g
	}
	return []registry.GovernanceRecord{
		make(GrantDirect, func(*registry.Grant) {}),
		make(GrantEnding, func(*registry.Grant) {}),
		make(GrantReview, func(g *registry.Grant) { g.Mode, g.Decider, g.Examiner = registry.ModeReview, city, xingguo }),
		make(GrantWindow, func(g *registry.Grant) { g.Mode, g.Decider, g.Examiner = registry.ModeWindow, city, city }),
		make(GrantOwn, func(g *registry.Grant) {
			g.Mode, g.Decider, g.Acceptor, g.Territory = registry.ModeOwn, city, city, "360700"
		}),
		make(GrantEntrust, func(g *registry.Grant) {
			g.Mode, g.Decider, g.Rests = registry.ModeEntrust, city, GrantOwn
			g.Publication, g.Published = "公告〔2026〕1号", g.Effective
		}),
		make(GrantYudu, func(g *registry.Grant) { g.Decider, g.Acceptor, g.Territory = yudu, yudu, "360731" }),
		make(GrantHandover, func(g *registry.Grant) { g.Handover, g.Begun = true, Takeover }),
		make(GrantOther, func(g *registry.Grant) { g.Matter = OtherMatter }),
	}
}

func (c *City) seals() []registry.GovernanceRecord {
	seal := func(id string, owner *Organization, kind registry.SealKind, matters ...string) registry.GovernanceRecord {
		return &registry.SealRecord{ID: id, Owner: owner.Code, SealKind: kind, FullName: owner.FullName + "审批专用章", Matters: matters,
			Digest: sm.Sum([]byte(id)), History: []registry.SealEvent{{State: registry.SealInUse, At: c.start - 180*24*3600}}}
	}
	return []registry.GovernanceRecord{
		seal(SealXingguo, c.Xingguo, registry.ApprovalSeal),
		seal(SealCity, c.Governing, registry.ApprovalSeal),
		seal(SealYudu, c.Yudu, registry.ApprovalSeal),
		seal(SealOfficial, c.Xingguo, registry.OfficialSeal),
		seal(SealScoped, c.Xingguo, registry.ApprovalSeal, OtherMatter),
		seal(SealSpare, c.Xingguo, registry.ApprovalSeal, Matter),
	}
}

func (c *City) people() []registry.GovernanceRecord {
	person := func(k *Key, name string, roles ...registry.Role) registry.GovernanceRecord {
		return &registry.Approver{KeyID: k.ID, Algorithm: registry.SM2SM3, Public: k.Public, Person: name,
			Organization: c.Xingguo.Code, Roles: roles, From: c.start - 24*3600}
	}
	two := []registry.Role{registry.RoleAcceptor, registry.RoleApprover}
	return []registry.GovernanceRecord{
		person(c.Acceptor, "p1", registry.RoleAcceptor, registry.RoleSealKeeper),
		person(c.Approver, "p2", registry.RoleApprover),
		&registry.Approver{KeyID: c.Decider.ID, Algorithm: registry.SM2SM3, Public: c.Decider.Public, Person: "p3",
			Organization: c.Governing.Code, Roles: two, From: c.start - 24*3600},
		&registry.Policy{Type: registry.DefaultPolicy, Version: two, State: two,
			Record: []registry.Role{registry.RoleAcceptor}, Paper: []registry.Role{registry.RoleAcceptor}},
	}
}

// Genesis is the batch that opens the ledger: the city orders every record.
func (c *City) Genesis() registry.Batch {
	var entries []*registry.Entry
	for _, record := range c.Records() {
		entries = append(entries, c.Order(c.Governing, record))
	}
	return c.Batch(registry.Governance, entries...)
}

// Order is the entry with which by sets a record after what the city knows of
// its chain (see Note).
func (c *City) Order(by *Organization, record registry.GovernanceRecord) *registry.Entry {
	raw, err := registry.Encode(record)
	must(err)
	at := c.heads[registry.RecordKey(record.Kind(), record.Name())]
	return &registry.Entry{Order: &registry.Order{Kind: record.Kind(), Record: raw, Organization: by.Code,
		Sequence: at.sequence + 1, Previous: at.head, Basis: "测试〔2026〕2号", Decided: c.Now}}
}

// Note keeps the heads of the records that a commit set.
func (c *City) Note(commit *registry.Commit) {
	for i, result := range commit.Outcome.Results {
		e := commit.Batch.Entries[i]
		if !result.Accepted() || e.Order == nil {
			continue
		}
		record, err := e.Order.Decode()
		must(err)
		c.heads[registry.RecordKey(record.Kind(), record.Name())] = chainHead{e.Order.Sequence, e.Digest()}
	}
}

// Batch makes a batch of the city's present time, signed by every author.
func (c *City) Batch(namespace string, entries ...*registry.Entry) registry.Batch {
	b := registry.Batch{Namespace: namespace, Rules: c.Rules.Version, Time: c.Now, Entries: entries}
	c.Sign(&b)
	return b
}

// Sign replaces a batch's authorships by those of its authors' act keys.
func (c *City) Sign(b *registry.Batch) {
	b.Authors = nil
	for _, code := range b.AuthorsOf() {
		o := c.organizations[code]
		if o == nil {
			continue
		}
		b.Authors = append(b.Authors, Authorship(b.Namespace, code, o.Act, b.DigestsOf(code)))
	}
}

// Authorship signs for an organization's entries with a key.
func Authorship(namespace, organization string, key *Key, digests []sm.Digest) registry.Authorship {
	signature, err := key.SignRaw(registry.AuthorshipMessage(namespace, digests))
	must(err)
	return registry.Authorship{Organization: organization, Key: key.ID, Signature: signature}
}

// Approvals are both persons' signatures over an intent.
func (c *City) Approvals(in *registry.Intent) []registry.Approval {
	var approvals []registry.Approval
	for _, k := range []*Key{c.Acceptor, c.Approver} {
		approvals = append(approvals, registry.Approval{Algorithm: registry.SM2SM3, KeyID: k.ID,
			Signature: k.Sign(registry.ApprovalMessage(in.Digest()))})
	}
	return approvals
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("ledgertest: %v", err))
	}
}
