package reformtest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tongzheng/chaincode/embedded"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
)

// world is one plan on one ledger: who signs with which key, what time it is,
// and how far each record and license has come.
type world struct {
	*testing.T
	*plan.Plan
	ledger ledgertest.Ledger
	now    int64
	act    map[string]*ledgertest.Key // by organization id
	heads  map[string]head
	serial int
	index  uint32
}

type head struct {
	sequence uint64
	digest   sm.Digest
}

// license is one license of the world.
type license struct {
	id    registry.Identifier
	space string
	state *registry.License
}

// openLedger is the ledger that the stories run on.
func openLedger(t *testing.T) ledgertest.Ledger {
	t.Helper()
	key := ledgertest.NewKey("checkpoint")
	l, err := embedded.Open(embedded.Config{Path: filepath.Join(t.TempDir(), "ledger"), Key: key.ID, Sign: key.SignRaw})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// open loads a plan and puts it on a fresh ledger as it stood on a day.
func open(t *testing.T, name, today string) *world {
	t.Helper()
	p, err := plan.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	p.Today = day(today)
	w := &world{T: t, Plan: p, ledger: openLedger(t), act: map[string]*ledgertest.Key{}, heads: map[string]head{}}
	w.clock(today)
	w.genesis()
	return w
}

func day(s string) registry.Date {
	d, err := registry.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// clock sets the simulated clock to nine o'clock of a day.
func (w *world) clock(today string) { w.now = day(today).Start().Add(9 * time.Hour).Unix() }

func (w *world) code(id string) string {
	o, ok := w.Organization(id)
	if !ok {
		w.Fatalf("no organization %s", id)
	}
	return o.Code
}

func (w *world) id(code string) string {
	for _, o := range w.Organizations {
		if o.Code == code {
			return o.ID
		}
	}
	return ""
}

func (w *world) member(id string) string { o, _ := w.Organization(id); return o.Member }

func (w *world) genesis() {
	city, _ := w.Organization(w.City)
	rules := &registry.Rules{Version: registry.NewestRules, City: city.Code, MaxBackdate: 30 * 24 * 3600, GenesisUntil: w.now + 3600, Simulated: true,
		RelyingParty: "localhost", Origins: []string{"https://localhost"}}
	for _, m := range w.Members {
		rules.Members = append(rules.Members, m.ID)
	}
	records := []registry.GovernanceRecord{}
	list := uint32(0)
	for _, record := range w.Records() {
		if o, ok := record.(*registry.Organization); ok {
			key := ledgertest.NewKey("act " + o.Code)
			w.act[w.id(o.Code)] = key
			o.ActKeys = []registry.ActKey{{ID: key.ID, Public: key.Public, From: 1}}
			if o.Code == city.Code {
				rules.Founder = o.ActKeys[0]
			}
			list++
			person := ledgertest.NewKey("person " + o.Code)
			records = append(records, &registry.Instance{Issuer: o.Code, Prefix: "AA", Lists: []uint32{list}},
				&registry.Approver{KeyID: person.ID, Algorithm: registry.SM2SM3, Public: person.Public, Person: o.Code, Organization: o.Code,
					Roles: []registry.Role{registry.RoleExaminer, registry.RoleApprover, registry.RoleGovernor}, From: 1})
		}
		records = append(records, record)
	}
	for _, t := range w.Types {
		records = append(records, t.Type.Record())
	}
	for _, s := range w.Seals {
		records = append(records, &registry.SealRecord{ID: s.ID, Owner: w.code(s.Organization), SealKind: s.Kind, FullName: s.Name, Matters: s.Matters,
			Digest: sm.Sum([]byte(s.ID)), History: []registry.SealEvent{{State: registry.SealInUse, At: s.From.Start().Unix()}}})
	}
	w.set(w.City, append([]registry.GovernanceRecord{rules}, records...)...)
}

// submit commits entries and returns their codes.
func (w *world) submit(namespace string, entries ...*registry.Entry) []registry.Code {
	w.Helper()
	b := registry.Batch{Namespace: namespace, Rules: registry.NewestRules, Time: w.now, Entries: entries}
	for _, code := range b.AuthorsOf() {
		b.Authors = append(b.Authors, ledgertest.Authorship(namespace, code, w.act[w.id(code)], b.DigestsOf(code)))
	}
	tx, err := w.ledger.Prepare(context.Background(), b)
	if err != nil {
		w.Fatal(err)
	}
	c, err := w.ledger.Submit(context.Background(), tx)
	if err != nil {
		w.Fatal(err)
	}
	codes := make([]registry.Code, len(entries))
	for i, r := range c.Outcome.Results {
		if codes[i] = r.Code; r.Code == "" && entries[i].Order != nil {
			record, _ := entries[i].Order.Decode()
			w.heads[registry.RecordKey(record.Kind(), record.Name())] = head{entries[i].Order.Sequence, entries[i].Digest()}
		}
	}
	return codes
}

func (w *world) orderEntry(by string, record registry.GovernanceRecord) *registry.Entry {
	at := w.heads[registry.RecordKey(record.Kind(), record.Name())]
	raw, err := registry.Encode(record)
	if err != nil {
		w.Fatal(err)
	}
	return &registry.Entry{Order: &registry.Order{Kind: record.Kind(), Record: raw, Organization: w.code(by), Sequence: at.sequence + 1,
		Previous: at.digest, Basis: "方案", Decided: w.now}}
}

// set orders records by an organization and wants each accepted.
func (w *world) set(by string, records ...registry.GovernanceRecord) {
	w.Helper()
	var entries []*registry.Entry
	for _, record := range records {
		entries = append(entries, w.orderEntry(by, record))
	}
	for i, code := range w.submit(registry.Governance, entries...) {
		if code != "" {
			w.Fatalf("%s %s: %s", records[i].Kind(), records[i].Name(), code)
		}
	}
}

// refusedOrder wants an order refused with a code.
func (w *world) refusedOrder(by string, record registry.GovernanceRecord, want registry.Code) {
	w.Helper()
	if got := w.submit(registry.Governance, w.orderEntry(by, record))[0]; got != want {
		w.Errorf("%s %s by %s: %q, want %q", record.Kind(), record.Name(), by, got, want)
	}
}

// stored reads a record back from the ledger.
func stored[T registry.GovernanceRecord](w *world, kind registry.RecordKind, name string) T {
	w.Helper()
	values, err := w.ledger.Read(context.Background(), registry.Governance, []string{registry.RecordKey(kind, name)})
	if err != nil || values[0] == nil {
		w.Fatalf("%s %s: %v", kind, name, err)
	}
	record, _, err := registry.DecodeStored(kind, values[0])
	if err != nil {
		w.Fatal(err)
	}
	return record.(T)
}

// issue is the intent of a new license under a grant, decided by who decides,
// with the seal that the plan names.
func (w *world) issue(grantID string) (*license, registry.Intent) {
	w.Helper()
	g, ok := w.Grant(grantID)
	if !ok {
		w.Fatalf("no grant %s", grantID)
	}
	matter, _ := w.Matter(g.Matter)
	t, _ := w.Type(matter.Types[0])
	w.serial++
	l := &license{space: w.member(g.Decider), id: registry.Identifier{Type: t.Type.Code, Issuer: w.code(g.Decider), Serial: fmt.Sprintf("AA%07d", w.serial), Version: 1}}
	in := w.intent(l, grantID, registry.Issue)
	in.Ground = t.Type.Acts["issue"][0].Code
	if len(t.Type.Record().Bars) > 0 {
		in.Holder = w.holder(t.Type.Code, l.id.Serial)
	}
	if t.Type.Source == registry.Collected {
		in.Collected, in.Seal, in.Printings = &registry.Foreign{System: "部电子证照系统", Seal: sm.Sum([]byte("foreign"))}, "", nil
		return l, in
	}
	seal, ok := w.SealFor(g, t.Type.Seal)
	if !ok {
		w.Fatalf("no seal for %s", grantID)
	}
	in.Seal = seal.ID
	return l, in
}

// holder is a holder's tag for a license type.
func (w *world) holder(typeCode, name string) sm.Digest {
	return registry.HolderTag([]byte("reformtest"), typeCode, registry.Holder{Name: name, CodeType: "001", Code: name})
}

// intent is the license's next act under a grant.
func (w *world) intent(l *license, grantID string, act registry.Act) registry.Intent {
	g, _ := w.Grant(grantID)
	in := registry.Intent{Act: act, Identifier: l.id, Sequence: 1, TypeVersion: 1, Grant: grantID, Organization: w.code(g.Decider),
		Decision: "决", Case: fmt.Sprintf("受%d", w.serial), Decided: w.now}
	for _, t := range w.Types {
		if grounds := t.Type.Acts[act.String()]; t.Type.Code == l.id.Type && len(grounds) > 0 {
			in.Ground = grounds[0].Code
		}
	}
	if record := w.GrantRecord(g); g.Mode == registry.ModeEntrust {
		in.Under = record.Rests
	}
	in.Origin = w.origin(l, grantID)
	next := uint32(1)
	if l.state != nil {
		in.Sequence, in.Previous, next = l.state.Sequence+1, l.state.Head, uint32(len(l.state.Printings))+1
	}
	if act.MakesVersion() {
		if l.state != nil {
			in.Identifier.Version = l.state.Version + 1
		}
		in.Content, in.Number = sm.Sum([]byte(in.Identifier.String())), registry.NumberTag(l.id.Type, l.id.Serial)
		in.Effective, in.Expires = registry.DateOfUnix(w.now), registry.LongTerm
		in.Printings = []registry.Printing{w.printing(l, next, registry.Electronic, registry.Blank{})}
	}
	return in
}

// origin is what an act under a grant names of its license.
func (w *world) origin(l *license, grantID string) *registry.Origin {
	w.Helper()
	if l.state == nil {
		issuer := stored[*registry.Organization](w, registry.KindOrganization, l.id.Issuer)
		return &registry.Origin{Place: stored[*registry.Grant](w, registry.KindGrant, grantID).PlaceUnder(issuer)}
	}
	o := &registry.Origin{Matter: stored[*registry.Grant](w, registry.KindGrant, l.state.Grant).Matter, Place: l.state.Place}
	if l.state.Grant != grantID {
		o.Grant = l.state.Grant
	}
	return o
}

// find is a registry.Finder over the ledger.
func (w *world) find(kind registry.RecordKind, name string) registry.GovernanceRecord {
	values, err := w.ledger.Read(context.Background(), registry.Governance, []string{registry.RecordKey(kind, name)})
	if err != nil || values[0] == nil {
		return nil
	}
	record, _, err := registry.DecodeStored(kind, values[0])
	if err != nil {
		return nil
	}
	return record
}

func (w *world) printing(l *license, number uint32, kind registry.CopyKind, blank registry.Blank) registry.Printing {
	w.index++
	list := stored[*registry.Instance](w, registry.KindInstance, l.id.Issuer+".AA").Lists[0]
	return registry.Printing{Number: number, Copy: kind, Blank: blank, List: list, Index: w.index}
}

func (w *world) entry(in registry.Intent) *registry.Entry {
	e := &registry.Entry{Intent: &in, Approvals: sm.Sum([]byte("approvals"))}
	if in.Seals() {
		e.Sealed, e.Seal = max(w.now, in.Decided), sm.Sum([]byte("sealed"))
	}
	return e
}

// do submits an act and wants a code, "" for accepted: the license moves on.
func (w *world) do(l *license, in registry.Intent, want registry.Code) {
	w.Helper()
	w.entryWants(l, w.entry(in), want)
}

func (w *world) entryWants(l *license, e *registry.Entry, want registry.Code) {
	w.Helper()
	in := e.Intent
	got := w.submit(l.space, e)[0]
	if got != want {
		w.Errorf("%s under %s by %s: %q, want %q", in.Act, in.Grant, w.id(in.Organization), got, want)
	}
	if got != "" {
		return
	}
	after, err := registry.Apply(l.state, e)
	if err != nil {
		w.Fatal(err)
	}
	l.state, l.id.Version = after, after.Version
}

// sign is the handover of the plan, signed on its day by every party and by the
// handover group, or the city, as witness, with the keys that the ledger holds.
func (w *world) sign(h plan.Handover, change func(*registry.Handover)) *registry.Handover {
	w.clock(h.Signed.String())
	w.now += 3600
	record := w.HandoverRecord(h)
	if change != nil {
		change(record)
	}
	record.Succeeds = record.Moves(w.find)
	for _, id := range h.From {
		ledgertest.SignHandover(record, w.code(id), registry.SideFrom, ledgertest.NewKey("person "+w.code(id)))
	}
	ledgertest.SignHandover(record, w.code(h.To), registry.SideTo, ledgertest.NewKey("person "+w.code(h.To)))
	witnesses := []string{w.code(w.City)}
	if len(record.Group) > 0 {
		witnesses = nil
		for _, member := range record.Group {
			witnesses = append(witnesses, member.Organization)
		}
	}
	for _, code := range witnesses {
		ledgertest.SignHandover(record, code, registry.SideWitness, ledgertest.NewKey("person "+code))
	}
	return record
}

// handsOver issues a license under a grant and has a handling organization
// deliver its paper: it may, another may not, and neither decides anything.
func (w *world) handsOver(grant, handling, stranger string) {
	w.Helper()
	l, in := w.issue(grant)
	in.Printings = append(in.Printings, w.printing(l, 2, registry.Original, registry.Blank{}))
	by := func(id string, in registry.Intent) registry.Intent {
		in.Organization = w.code(id)
		return in
	}
	w.do(l, by(handling, in), registry.CodeGrantMode)
	w.do(l, in, "")
	w.do(l, by(handling, w.intent(l, grant, registry.Cancel)), registry.CodeGrantMode)
	deliver := w.intent(l, grant, registry.Deliver)
	deliver.Refers = 2
	w.do(l, by(stranger, deliver), registry.CodeGrantMode)
	w.do(l, by(handling, deliver), "")
}

// takeover signs the plan's handover, starts operation on its day, and lets
// the grants and seals begin and end with it.
func (w *world) takeover(h plan.Handover, change func(*registry.Handover)) *registry.Handover {
	w.Helper()
	record := w.sign(h, change)
	w.set(h.To, record)
	w.clock(h.Start.String())
	w.now = h.Start.Start().Unix()
	started := *record
	started.Start = w.now
	w.set(h.To, &started)
	for _, id := range started.Begins {
		g := stored[*registry.Grant](w, registry.KindGrant, id)
		g.Operating = w.now
		w.set(w.id(g.Decider), g)
	}
	for _, id := range slices.Concat(started.Ends, started.Lapses) {
		g := stored[*registry.Grant](w, registry.KindGrant, id)
		g.End, g.EndBasis, g.Ended, g.Cases = w.now, h.ID, h.ID, started.Cases
		w.set(w.id(g.RecallBy), g)
	}
	for _, id := range started.SealsEnded {
		s := stored[*registry.SealRecord](w, registry.KindSeal, id)
		s.History = append(s.History, registry.SealEvent{State: registry.SealRetired, At: w.now, Basis: h.ID})
		w.set(w.id(s.Owner), s)
	}
	w.clock(h.Start.String())
	return &started
}

// answers asks the ledger alone, from its first block, who answers for a
// license on a day.
func (w *world) answers(l *license, on string) *registry.Accountability {
	w.Helper()
	s, history := w.standing(l)
	a, err := registry.AnswersFor(s, history, day(on))
	if err != nil {
		w.Fatalf("as of %s: %v", on, err)
	}
	return a
}

var errEnough = errors.New("enough")

func (w *world) standing(l *license) (*registry.Standing, registry.Chronicle) {
	w.Helper()
	s, history := &registry.Standing{}, registry.Chronicle{}
	err := w.ledger.Follow(context.Background(), 0, func(c *registry.Commit) error {
		if c == nil {
			return errEnough
		}
		_, indexes := c.Accepted()
		for _, i := range indexes {
			e := c.Batch.Entries[i]
			a := registry.Anchored{Entry: e, Namespace: c.Batch.Namespace, Height: c.Height, Recorded: c.Batch.Time}
			var err error
			switch {
			case e.Order != nil:
				record, _ := e.Order.Decode()
				history.Add(record, append(history[registry.RecordKey(record.Kind(), record.Name())].Orders, a))
				continue
			case e.Intent.Identifier.Base() != l.id.Base():
				continue
			case c.Batch.Namespace == registry.Governance:
				s.Oversight, err = registry.ApplyOversight(s.Oversight, s.License, e)
			default:
				s.License, err = registry.Apply(s.License, e)
			}
			if err != nil {
				return err
			}
			s.Entries = append(s.Entries, a)
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		w.Fatal(err)
	}
	return s, history
}

// word is the verdict on one sheet (0: the license) on a day.
func (w *world) word(l *license, version int, sheet uint32, on string) registry.Word {
	s, _ := w.standing(l)
	return registry.Judge(registry.Question{Identifier: l.id.WithVersion(version), Printing: sheet, Standing: s, Now: day(on).Start().Add(12 * time.Hour)}).Word
}
