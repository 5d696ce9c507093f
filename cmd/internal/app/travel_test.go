package app_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// governed has a signer of the demonstration ask for governors, once it is told to: what
// they sign it judges by itself.
type governed struct {
	office.Sealer
	strict *atomic.Bool
	away   *atomic.Bool // out of reach
}

// ActsFor implements office.Sealer.
func (g governed) ActsFor(ctx context.Context, organization string) error {
	if g.away.Load() {
		return registry.Errorf(registry.CodeUnavailable, "", "the signer is out of reach")
	}
	return g.Sealer.ActsFor(ctx, organization)
}

// RegisterOrder implements office.Sealer.
func (g governed) RegisterOrder(ctx context.Context, order registry.Order, w registry.Warrant) (*registry.Entry, error) {
	if g.strict.Load() && order.Kind != registry.KindPublication && len(w.Approvals) == 0 {
		return nil, registry.Errorf(registry.CodeApprovalMissing, "approvals", "a governance order needs governors")
	}
	return g.Sealer.RegisterOrder(ctx, order, w)
}

// traveling are two registries that exchange, whose signers ask for governors.
type traveling struct {
	*exchanging
	strict     atomic.Bool
	away       atomic.Bool // both signers
	sheets     map[string]*striking
	government string // the city's
	approval   string // the county's approval bureau
	governors  []governor
	second     governor // another key of the first one's person
}

// governor is one of the county's bureau, with a key file.
type governor struct {
	actor registry.Actor
	file  string
}

func travelingMembers(t *testing.T) *traveling {
	t.Helper()
	x := &traveling{sheets: map[string]*striking{}}
	x.exchanging = exchangingWith(t, func(member string, config *citytest.Config) {
		strikes := &striking{}
		x.sheets[member] = strikes
		config.Wrap = func(ports *office.Ports, _ *office.Config) {
			ports.Sealer = governed{ports.Sealer, &x.strict, &x.away}
			strikes.OrderSheetStore, ports.Sheets = ports.Sheets, strikes
		}
	})
	x.government, x.approval = organizationOf(t, x.city, "gz-governor-1"), organizationOf(t, x.county, "xg-approver")
	for _, name := range []string{"county-governor-1", "county-governor-2"} {
		x.governors = append(x.governors, x.enroll(t, name, "p-"+name))
	}
	x.second = x.enroll(t, "county-governor-1-again", x.governors[0].actor.Person)
	for _, n := range []*citytest.Neighbor{x.city, x.county} {
		if err := n.UpToDate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	x.strict.Store(true)
	return x
}

// enroll has the county order the key of a new governor of its approval bureau.
func (x *traveling) enroll(t *testing.T, name, pseudonym string) governor {
	t.Helper()
	g := governor{registry.Actor{Account: name, Person: pseudonym, Organization: x.approval, Roles: []registry.Role{registry.RoleGovernor}}, filepath.Join(t.TempDir(), "key.pem")}
	key, err := person.Key(g.file)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := sm.MarshalPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	record := &registry.Approver{KeyID: sm.KeyIDOf(spki), Algorithm: registry.SM2SM3, Public: spki, Person: g.actor.Person, Organization: x.approval,
		Roles: g.actor.Roles, From: time.Now().Unix() - 60}
	if err := x.county.Office.Governing.Enroll(t.Context(), g.actor, record); err != nil {
		t.Fatal(err)
	}
	return g
}

// governs signs a sheet at a registry.
func governs(t *testing.T, n *citytest.Neighbor, sheet sm.Digest, who ...governor) error {
	t.Helper()
	for _, g := range who {
		key, err := person.Key(g.file)
		if err != nil {
			t.Fatal(err)
		}
		approval, err := person.Approve(key, sheet)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Office.Governing.Approve(t.Context(), g.actor, sheet, approval); err != nil {
			return err
		}
	}
	return nil
}

// cityGovernors are those of the demonstration.
func (x *traveling) cityGovernors(t *testing.T) (all []governor) {
	t.Helper()
	for _, login := range []string{"gz-governor-1", "gz-governor-2"} {
		account, err := x.city.Demo.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, governor{account.Actor(), filepath.Join(x.city.Config.Data, account.KeyFile)})
	}
	return all
}

// sheetAt is a sheet as an account of a registry sees it; nil for one that it does not.
func sheetAt(t *testing.T, n *citytest.Neighbor, by registry.Actor, digest sm.Digest) *office.OrderSheet {
	t.Helper()
	s, err := n.Office.Governing.Sheet(t.Context(), by, digest)
	if err != nil && registry.CodeOf(err) != registry.CodeNotFound {
		t.Fatal(err)
	}
	return s
}

func awaited(t *testing.T, err error) sm.Digest {
	t.Helper()
	var waits *office.Awaiting
	if !errors.As(err, &waits) {
		t.Fatalf("on no sheet: %v", err)
	}
	return waits.Sheet
}

// stands waits until a sheet is in a step at both registries.
func (x *traveling) stands(t *testing.T, digest sm.Digest, step office.SheetStep) {
	t.Helper()
	city, county := x.cityGovernors(t)[0].actor, x.governors[0].actor
	eventually(t, "the sheet is "+string(step)+" at both", func() bool {
		here, there := sheetAt(t, x.city, city, digest), sheetAt(t, x.county, county, digest)
		if here != nil && here.Step == office.SheetRefused && step != office.SheetRefused {
			t.Fatalf("refused: %s %s", here.Refusal, here.Detail)
		}
		return here != nil && there != nil && here.Step == step && there.Step == step
	})
}

// handover has a city bureau's power go over to the county's approval bureau, recorded
// and not started yet.
func (x *traveling) handover(t *testing.T, id string) {
	t.Helper()
	record, _, err := x.city.View.Record(registry.KindGrant, "xg-direct-001")
	if err != nil {
		t.Fatal(err)
	}
	like, bureau := *record.(*registry.Grant), organizationOf(t, x.city, "gz-market-acceptor")
	begins, ends := like, like
	begins.ID, begins.Handover, begins.Operating, begins.Begun = id+"-begins", true, 0, ""
	ends.ID, ends.Mode, ends.Decider, ends.Source, ends.Handover, ends.Operating, ends.Begun = id+"-ends", registry.ModeOwn, bureau, "", false, 0, ""
	x.strict.Store(false)
	x.record(t, &begins, &ends)
	drawn, err := x.city.Office.Handovers.Draw(t.Context(), registry.Operator("test"), office.HandoverTerms{ID: id, From: []string{bureau}, To: x.approval, Document: "测试",
		Ends: []string{ends.ID}, Begins: []string{begins.ID}, Archives: registry.ArchivesStay})
	if err != nil {
		t.Fatal(err)
	}
	for side, code := range map[registry.Side]string{registry.SideFrom: bureau, registry.SideTo: x.approval, registry.SideWitness: x.government} {
		drawn.Signatures = append(drawn.Signatures, registry.HandoverSignature{Organization: code, Side: side, Paper: sm.Sum([]byte(code))})
	}
	if err := x.city.Office.Handovers.Record(t.Context(), registry.Operator("test"), drawn); err != nil {
		t.Fatal(err)
	}
	if err := x.county.UpToDate(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.strict.Store(true)
}

func (x *traveling) grant(t *testing.T, n *citytest.Neighbor, id string) *registry.Grant {
	t.Helper()
	record, _, err := n.View.Record(registry.KindGrant, id)
	if err != nil {
		t.Fatal(err)
	}
	return record.(*registry.Grant)
}

// TestSheetsTravel: what several members' act keys sign stands on one sheet, which the
// governors of each sign at their own registry; all of it is set together, or nothing.
func TestSheetsTravel(t *testing.T) {
	t.Parallel()
	x := travelingMembers(t)
	by, city := registry.Operator("test"), x.cityGovernors(t)

	// A handover starts: the county's start, the city's end of a grant. Every write of both
	// stores fails, and fails though it persisted; both begin anew in between.
	x.handover(t, "travels")
	at := time.Now().Add(3 * time.Minute)
	digest := awaited(t, x.county.Office.Handovers.Start(t.Context(), by, "travels", at))
	for _, s := range x.sheets {
		s.strike.Store(true)
	}
	eventually(t, "the city has the sheet", func() bool { return sheetAt(t, x.city, city[0].actor, digest) != nil })
	if s := sheetAt(t, x.city, city[0].actor, digest); s.Home != citytest.Xingguo || len(s.Orders) != 3 {
		t.Fatalf("%+v", s)
	}
	if s := sheetAt(t, x.city, registry.Actor{Organization: x.approval, Roles: []registry.Role{registry.RoleApprover, registry.RoleGovernor}, Account: "x"}, digest); s == nil {
		t.Error("a governor of an organization that orders does not see it")
	}
	for _, g := range x.governors {
		eventually(t, "the county's governor signs", func() bool {
			err := governs(t, x.county, digest, g)
			return err == nil || registry.CodeOf(err) == registry.CodeApprovalTwice
		})
	}
	if err := governs(t, x.county, digest, x.second); registry.CodeOf(err) != registry.CodeApprovalTwice {
		t.Errorf("one person with two keys: %v", err)
	}
	if s := sheetAt(t, x.county, x.governors[0].actor, digest); s.Step != office.SheetOpen {
		t.Fatalf("set without the city's governors: %s", s.Step)
	}
	x.begunAnew(t)
	for _, g := range city {
		eventually(t, "the city's governor signs", func() bool {
			err := governs(t, x.city, digest, g)
			return err == nil || registry.CodeOf(err) == registry.CodeApprovalTwice || registry.CodeOf(err) == registry.CodeActState
		})
	}
	x.stands(t, digest, office.SheetSet)
	for _, n := range []*citytest.Neighbor{x.city, x.county} {
		if ended, begun := x.grant(t, n, "travels-ends"), x.grant(t, n, "travels-begins"); ended.End != at.Unix() || begun.Operating != at.Unix() {
			t.Errorf("at %s: ends %d, begins %d, want %d", n.Member, ended.End, begun.Operating, at.Unix())
		}
	}
	for member, s := range x.sheets {
		if s.strike.Store(false); s.struck.Load() == 0 {
			t.Errorf("no write of %s failed", member)
		}
	}

	x.saysTheLedger(t, digest)

	// The other side's governors give one up, and the drafter is told. It was drafted, and
	// went there, while no signer could be asked.
	x.handover(t, "dropped")
	x.away.Store(true)
	digest = awaited(t, x.county.Office.Handovers.Start(t.Context(), by, "dropped", at))
	eventually(t, "the city has the sheet", func() bool { return sheetAt(t, x.city, city[0].actor, digest) != nil })
	if err := x.city.Office.Governing.Drop(t.Context(), city[0].actor, digest); err != nil {
		t.Fatal(err)
	}
	x.stands(t, digest, office.SheetDropped)
	x.away.Store(false)
	if s := sheetAt(t, x.county, x.governors[0].actor, digest); s.Detail == "" {
		t.Error("nobody is told who gave it up")
	}
	if x.grant(t, x.county, "dropped-ends").End != 0 {
		t.Error("what was given up was set")
	}
	x.lies(t)
	x.refusals(t)
}

// saysTheLedger: a sheet that the ledger has is set, whatever a row or its home says.
func (x *traveling) saysTheLedger(t *testing.T, digest sm.Digest) {
	t.Helper()
	s := sheetAt(t, x.county, x.governors[0].actor, digest)
	lie, err := registry.Encode(sheetItem{Orders: s.Orders, Approvals: s.Approvals, Step: office.SheetDropped})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, ownerOf(t, x.city), `UPDATE order_sheet SET step = 'dropped'`)
	if err := x.city.Office.Traveling.TakeSheet(t.Context(), citytest.Xingguo, citytest.City, digest.String(), lie); err != nil {
		t.Error(err)
	}
	if got := sheetAt(t, x.city, x.cityGovernors(t)[0].actor, digest); got.Step != office.SheetSet {
		t.Errorf("the sheet is %s", got.Step)
	}
	execute(t, ownerOf(t, x.county), `UPDATE order_sheet SET step = 'open'`)
	if err := x.county.Office.Governing.Drop(t.Context(), x.governors[0].actor, digest); registry.CodeOf(err) != registry.CodeActState {
		t.Errorf("given up after the ledger had it: %v", err)
	}
	x.stands(t, digest, office.SheetSet)
}

// begunAnew has other processes' offices work on the same stores.
func (x *traveling) begunAnew(t *testing.T) {
	t.Helper()
	for _, n := range []*citytest.Neighbor{x.city, x.county} {
		again, err := office.New(n.Ports, n.Told)
		if err != nil {
			t.Fatal(err)
		}
		go again.Traveling.Work(t.Context())
	}
}

// lies: whatever a co-author hands over that is not its own signer's word over its own
// organizations' entries is refused, and named.
func (x *traveling) lies(t *testing.T) {
	t.Helper()
	x.handover(t, "lies")
	digest := awaited(t, x.county.Office.Handovers.Start(t.Context(), registry.Operator("test"), "lies", time.Now().Add(time.Hour)))
	s := sheetAt(t, x.county, x.governors[0].actor, digest)
	s.Approvals = nil
	for _, g := range x.cityGovernors(t) {
		key, err := person.Key(g.file)
		if err != nil {
			t.Fatal(err)
		}
		approval, err := person.Approve(key, digest)
		if err != nil {
			t.Fatal(err)
		}
		s.Approvals = append(s.Approvals, approval)
	}
	var entries []*registry.Entry
	var warrant = registry.Warrant{Approvals: s.Approvals}
	for _, order := range s.Orders {
		warrant.Sheet = append(warrant.Sheet, order.Digest())
	}
	for _, order := range s.Orders {
		if order.Organization == x.government {
			e, err := x.city.Ports.Sealer.RegisterOrder(t.Context(), *order, warrant)
			if err != nil {
				t.Fatal(err)
			}
			entries = append(entries, e)
		}
	}
	signed, err := x.city.Ports.Sealer.Authorship(t.Context(), x.government, registry.Governance, entries)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := x.city.Ports.Sealer.Authorship(t.Context(), x.government, "xingguo", entries)
	if err != nil {
		t.Fatal(err)
	}
	raw := func(entries ...*registry.Entry) (all [][]byte) {
		for _, e := range entries {
			all = append(all, e.Bytes())
		}
		return all
	}
	foreign := &registry.Entry{Order: s.Orders[0]}
	stranger := x.governors[0]
	key, err := person.Key(stranger.file)
	if err != nil {
		t.Fatal(err)
	}
	other, err := person.Approve(key, sm.Sum([]byte("another sheet")))
	if err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct {
		item signedItem
		want registry.Code
	}{
		"a signature over other entries": {signedItem{Part: partOf(t, raw(entries...), elsewhere)}, registry.CodeAuthorship},
		"no signature":                   {signedItem{Part: partOf(t, raw(entries...))}, registry.CodeAuthorship},
		"no entry":                       {signedItem{Part: partOf(t, nil, signed)}, registry.CodeAuthorship},
		"the county's own order":         {signedItem{Part: partOf(t, raw(foreign), signed)}, registry.CodeAuthorship},
		"more than its own":              {signedItem{Part: partOf(t, raw(append(entries[:len(entries):len(entries)], foreign)...), signed)}, registry.CodeAuthorship},
		"two signatures":                 {signedItem{Part: partOf(t, raw(entries...), signed, signed)}, registry.CodeAuthorship},
		"an approval of something else":  {signedItem{Approvals: []registry.Approval{other}}, registry.CodeApprovalSignature},
		"an unknown key":                 {signedItem{Approvals: []registry.Approval{{Algorithm: registry.SM2SM3, KeyID: "0000000000000000", Signature: other.Signature}}}, registry.CodeNotYet},
	} {
		body, err := registry.Encode(test.item)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.county.Office.Traveling.TakeSigned(t.Context(), citytest.City, citytest.Xingguo, digest.String(), body); registry.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %s", what, err, test.want)
		}
	}
	if parts, err := x.county.Store.Sheets.Parts(t.Context(), digest); err != nil || len(parts) != 0 {
		t.Errorf("something of it was kept: %v %v", parts, err)
	}
	// One person who signs at two registries, with a key at each, counts once.
	if err := governs(t, x.county, digest, x.governors[0]); err != nil {
		t.Fatal(err)
	}
	twice, err := person.Key(x.second.file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := person.Approve(twice, digest)
	if err != nil {
		t.Fatal(err)
	}
	there, err := registry.Encode(signedItem{Approvals: []registry.Approval{again}})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.county.Office.Traveling.TakeSigned(t.Context(), citytest.City, citytest.Xingguo, digest.String(), there); err != nil {
		t.Error(err)
	}
	if counted := sheetAt(t, x.county, x.governors[0].actor, digest); len(counted.Approvals) != 1 {
		t.Errorf("one person signed %d times", len(counted.Approvals))
	}
	// Nobody else has part in it, and no other sheet has its name.
	if _, err := x.county.Office.Traveling.GiveSheet(t.Context(), "yudu", digest.String()); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("given to a stranger: %v", err)
	}
	body, err := x.county.Office.Traveling.GiveSheet(t.Context(), citytest.City, digest.String())
	if err != nil {
		t.Fatal(err)
	}
	if err := x.city.Office.Traveling.TakeSheet(t.Context(), citytest.Xingguo, citytest.City, sm.Sum([]byte("x")).String(), body); registry.CodeOf(err) != registry.CodeContent {
		t.Errorf("under another digest: %v", err)
	}
	eventually(t, "the city has the sheet", func() bool { return sheetAt(t, x.city, x.cityGovernors(t)[0].actor, digest) != nil })
	if err := x.city.Office.Traveling.TakeSheet(t.Context(), "yudu", citytest.City, digest.String(), body); registry.CodeOf(err) != registry.CodeContent {
		t.Errorf("of another home: %v", err)
	}
	x.unknown(t, s.Orders)
	// A part that does not hold any more is asked for again.
	if err := x.county.Store.Sheets.KeepPart(t.Context(), s, citytest.City, partOf(t, raw(entries...), elsewhere)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a part that does not hold is gone", func() bool {
		parts, err := x.county.Store.Sheets.Parts(t.Context(), digest)
		return err == nil && len(parts) == 0
	})
	// The truth is taken after all lies.
	if body, err = registry.Encode(signedItem{Approvals: s.Approvals, Part: partOf(t, raw(entries...), signed)}); err != nil {
		t.Fatal(err)
	}
	x.sheets[x.county.Member].stale.Store(true) // one's own race is nobody's lie
	for _, want := range []registry.Code{registry.CodeNotYet, ""} {
		if err := x.county.Office.Traveling.TakeSigned(t.Context(), citytest.City, citytest.Xingguo, digest.String(), body); registry.CodeOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	x.stands(t, digest, office.SheetSet)
}

// unknown: of an organization that the ledger does not know here nobody says whose it is,
// and what is another's alone is not kept.
func (x *traveling) unknown(t *testing.T, orders []*registry.Order) {
	t.Helper()
	stranger := *orders[0]
	stranger.Organization = "11360000MB00000000"
	var theirs []*registry.Order
	for _, order := range orders {
		if order.Organization == x.approval {
			theirs = append(theirs, order)
		}
	}
	for want, orders := range map[registry.Code][]*registry.Order{registry.CodeNotYet: {&stranger}, registry.CodeContent: theirs} {
		var digests []sm.Digest
		for _, order := range orders {
			digests = append(digests, order.Digest())
		}
		body, err := registry.Encode(sheetItem{Orders: orders, Step: office.SheetOpen})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.city.Office.Traveling.TakeSheet(t.Context(), citytest.Xingguo, citytest.City, registry.SheetDigest(digests).String(), body); registry.CodeOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// refusals: what no reachable signer signs is refused at once.
func (x *traveling) refusals(t *testing.T) {
	t.Helper()
	record, _, err := x.city.View.Record(registry.KindOrganization, x.approval)
	if err != nil {
		t.Fatal(err)
	}
	county := service(t, x.county)
	county.Exchange, county.ExchangeKey = "", sm.Digest{}
	x.strict.Store(false)
	x.record(t, &county)
	x.strict.Store(true)
	err = x.city.Office.Governing.Govern(t.Context(), registry.Operator("test"), []office.OrderDraft{{Organization: x.approval, Record: record, Basis: "测试"}})
	if registry.CodeOf(err) != registry.CodeActKey {
		t.Errorf("ordered in the name of whose signer is out of reach: %v", err)
	}
}

// sheetItem, signedItem and signedPart are what travels, as a lying registry writes it.
type sheetItem struct {
	Orders    []*registry.Order   `cbor:"1,keyasint"`
	Approvals []registry.Approval `cbor:"2,keyasint,omitempty"`
	Step      office.SheetStep    `cbor:"3,keyasint"`
}

type signedItem struct {
	Approvals []registry.Approval `cbor:"1,keyasint,omitempty"`
	Part      []byte              `cbor:"2,keyasint,omitempty"`
}

type signedPart struct {
	Entries [][]byte              `cbor:"1,keyasint,omitempty"`
	Authors []registry.Authorship `cbor:"2,keyasint,omitempty"`
}

func partOf(t *testing.T, entries [][]byte, authors ...registry.Authorship) []byte {
	t.Helper()
	raw, err := registry.Encode(signedPart{entries, authors})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// striking has every second write of order sheets fail: in turn before and after it persisted.
type striking struct {
	office.OrderSheetStore
	strike, stale  atomic.Bool
	writes, struck atomic.Int64
}

func (s *striking) write(do func() error) error {
	if !s.strike.Load() {
		return do()
	}
	broken := registry.Errorf(registry.CodeUnavailable, "", "the database is out of reach")
	switch s.writes.Add(1) % 4 {
	case 1:
		s.struck.Add(1)
		return broken
	case 3:
		s.struck.Add(1)
		if err := do(); err != nil {
			return err
		}
		return broken
	}
	return do()
}

// AddSheet implements office.OrderSheetStore.
func (s *striking) AddSheet(ctx context.Context, sheet *office.OrderSheet) error {
	return s.write(func() error { return s.OrderSheetStore.AddSheet(ctx, sheet) })
}

// ApproveSheet implements office.OrderSheetStore.
func (s *striking) ApproveSheet(ctx context.Context, sheet *office.OrderSheet, have int, more ...registry.Approval) error {
	if s.stale.Swap(false) {
		return registry.Errorf(registry.CodeStale, "approvals", "another signature came in meanwhile")
	}
	return s.write(func() error { return s.OrderSheetStore.ApproveSheet(ctx, sheet, have, more...) })
}

// EndSheet implements office.OrderSheetStore.
func (s *striking) EndSheet(ctx context.Context, sheet *office.OrderSheet, step office.SheetStep, code registry.Code, detail string) error {
	return s.write(func() error { return s.OrderSheetStore.EndSheet(ctx, sheet, step, code, detail) })
}

// KeepPart implements office.OrderSheetStore.
func (s *striking) KeepPart(ctx context.Context, sheet *office.OrderSheet, member string, body []byte) error {
	return s.write(func() error { return s.OrderSheetStore.KeepPart(ctx, sheet, member, body) })
}
