package signer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

const (
	testOrg  = "11430000006122244L"
	testType = "11100000000013338W011"

	testMember = "xingguo"
)

// testEntry is a catalog entry: examination decided one of its fields.
func testEntry() *registry.LicenseType {
	return &registry.LicenseType{Code: testType, Version: 1, Name: "食品经营许可证", Source: registry.MadeHere, Seal: registry.ApprovalSeal, Matters: []string{"000131020000"},
		Number: registry.NumberRule{Template: "JY{seq:14}"},
		Fields: []registry.FieldRule{{Name: "KZ_JYXM", Label: "经营项目", Decided: true}, {Name: "KZ_DH", Label: "电话"}},
		Acts:   map[string][]registry.Ground{"issue": {{Code: "x"}}, "revoke": {{Code: "fraud", Bar: 3}}}}
}

// ledger is a ledger in memory: only what the signer reads of it.
type ledger struct {
	mu      sync.Mutex
	records map[string]registry.GovernanceRecord
	stored  map[string]registry.Stored
	license *registry.License // of every identifier
	down    error
}

func (l *ledger) License(_ context.Context, namespace, _ string) (*registry.License, error) {
	if l.down != nil || namespace != testMember {
		return nil, l.down
	}
	return l.license, nil
}

func (l *ledger) set(r registry.GovernanceRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := registry.RecordKey(r.Kind(), r.Name())
	s := l.stored[key]
	s.Sequence++
	s.Head = sm.Sum(append([]byte(key), byte(s.Sequence)))
	l.records[key], l.stored[key] = r, s
}

func (l *ledger) Record(_ context.Context, kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := registry.RecordKey(kind, name)
	if l.down != nil || l.records[key] == nil {
		return nil, nil, l.down
	}
	s := l.stored[key]
	return l.records[key], &s, nil
}

// stage is a signer service with a ledger, two approvers and one act to seal.
type stage struct {
	*fixture
	t                  *testing.T
	ledger             *ledger
	cfg                ServiceConfig
	service            *Service
	acceptor, approver sm.KeyID
	actKey             sm.KeyID
	people             *FileStore
}

var testTokenKey = bytes.Repeat([]byte{7}, 32)

func newStage(t *testing.T) *stage {
	t.Helper()
	f := newFixture(t)
	s := &stage{fixture: f, t: t, ledger: &ledger{records: map[string]registry.GovernanceRecord{}, stored: map[string]registry.Stored{}}}
	var err error
	s.people, err = OpenFileStore(t.TempDir(), nil)
	must(t, err)
	s.actKey, err = f.auth.ActKey("某机关（演示）", testOrg)
	must(t, err)
	tsa, _ := f.keys.Current(LabelTimeStamp)
	clock := func() time.Time { return f.now }
	s.cfg = ServiceConfig{Path: filepath.Join(t.TempDir(), "signer.db"), Keys: f.keys, Records: s.ledger, Roots: f.roots, Clock: clock,
		Stamps: &TimeStampAuthority{Keys: f.keys, Key: tsa, Clock: clock}, OpenOrders: true,
		Boundary: func(w, h float64) Box { return Box{140, 230, w, h} }, TokenKey: testTokenKey}
	s.open()
	s.acceptor, s.approver = s.enroll("p1", registry.RoleAcceptor), s.enroll("p2", registry.RoleApprover)
	s.ledger.set(&registry.Rules{Version: 1, City: testOrg})
	s.ledger.set(&registry.Policy{Type: registry.DefaultPolicy, Version: []registry.Role{registry.RoleAcceptor, registry.RoleApprover}, Paper: []registry.Role{registry.RoleAcceptor}})
	s.ledger.set(&registry.Grant{ID: "g1", Decider: testOrg})
	s.ledger.set(testEntry().Record())
	s.putSeal(f.seal, registry.SealInUse)
	s.putActKey(s.actKey)
	return s
}

func (s *stage) open() {
	s.t.Helper()
	var err error
	s.service, err = OpenService(s.cfg)
	must(s.t, err)
	s.t.Cleanup(func() { _ = s.service.Close() })
}

func (s *stage) reopen() {
	s.t.Helper()
	must(s.t, s.service.Close())
	s.open()
}

func (s *stage) enroll(person string, roles ...registry.Role) sm.KeyID {
	s.t.Helper()
	id, err := s.people.Generate(person, s.now)
	must(s.t, err)
	s.ledger.set(&registry.Approver{KeyID: id, Algorithm: registry.SM2SM3, Public: s.spki(s.people, id), Person: person, Organization: testOrg,
		Roles: roles, From: s.now.Unix() - 1})
	return id
}

func (s *stage) spki(keys KeyStore, id sm.KeyID) []byte {
	s.t.Helper()
	pub, err := keys.PublicKey(id)
	must(s.t, err)
	raw, err := sm.MarshalPublicKey(pub)
	must(s.t, err)
	return raw
}

func (s *stage) putSeal(der []byte, state registry.SealState) {
	s.t.Helper()
	if state == registry.SealInUse {
		_, err := s.service.ImportSeal(der)
		must(s.t, err)
	}
	s.ledger.set(&registry.SealRecord{ID: testSealID, Owner: testOrg, Digest: sm.Sum(der), History: []registry.SealEvent{{State: state, At: s.now.Unix() - 1}}})
}

func (s *stage) putActKey(id sm.KeyID) {
	s.t.Helper()
	s.ledger.set(&registry.Organization{Code: testOrg, Member: testMember, Region: "430000", ActKeys: []registry.ActKey{{ID: id, Public: s.spki(s.keys, id), From: s.now.Unix() - 1}}})
}

// job is an approved issue of version 1.
func (s *stage) job() registry.SealJob {
	s.t.Helper()
	job := registry.SealJob{Intent: registry.Intent{
		Act: registry.Issue, Identifier: registry.Identifier{Type: testType, Issuer: testOrg, Serial: "2026000001", Version: 1}, Sequence: 1,
		TypeVersion: 1, Grant: "g1", Organization: testOrg, Ground: "x", Decision: "d1", Seal: testSealID, Decided: s.now.Unix() - 60,
		Effective: registry.DateOf(s.now), Expires: registry.DateOf(s.now).AddYears(5),
		Printings: []registry.Printing{
			{Number: 1, Copy: registry.Electronic, List: 1, Index: 10},
			{Number: 2, Copy: registry.Original, List: 1, Index: 11, Blank: registry.Blank{Form: "F", Run: "R", Number: "JX00000001"}},
		},
	}}
	job.Version = &registry.Opened{Type: testEntry(), Secret: []byte("a secret of 32 bytes for the test"), Unsealed: unsealedOFD(), Facts: registry.Facts{
		Number: "JY13607320000017", IssuerName: "某机关（演示）", Holder: registry.Holder{Name: "𠮷祥饭店", Code: testOrg, CodeType: "001"}, Issued: registry.DateOf(s.now),
		Fields: map[string]string{"KZ_JYXM": "热食类食品制售", "KZ_DH": "0797-12345"}}}
	s.restate(&job)
	return job
}

// rotateSeal gives the seal a new key, certificate and file, and returns that.
func (s *stage) rotateSeal() []byte {
	s.t.Helper()
	fresh, err := s.auth.Rotate(SealLabel(testSealID))
	must(s.t, err)
	spec := s.spec()
	spec.Signers = [][]byte{s.certificate(s.t, fresh).Raw}
	der, err := MakeSeal(s.keys, s.maker(s.t), spec)
	must(s.t, err)
	s.putSeal(der, registry.SealInUse)
	return der
}

// restate has fields and approvals of a job follow its intent.
func (s *stage) restate(job *registry.SealJob) {
	s.t.Helper()
	in, facts := &job.Intent, &job.Version.Facts
	facts.Identifier, facts.Effective, facts.Expires = in.Identifier, in.Effective, in.Expires
	var serial uint32
	_, _ = fmt.Sscanf(in.Identifier.Serial, "2026%d", &serial)
	in.Printings = slices.Clone(in.Printings)
	for i := range in.Printings { // every license has places of its own
		in.Printings[i].Index = in.Printings[i].Index%100 + 100*((serial+999)%1000)
	}
	in.Content = job.Version.Digest()
	job.Approvals = s.approve(in, s.acceptor, s.approver)
}

func (s *stage) approve(in *registry.Intent, keys ...sm.KeyID) []registry.Approval {
	s.t.Helper()
	var out []registry.Approval
	for _, id := range keys {
		signature, err := s.people.Sign(id, registry.ApprovalMessage(in.Digest()))
		must(s.t, err)
		out = append(out, registry.Approval{Algorithm: registry.SM2SM3, KeyID: id, Signature: signature})
	}
	return out
}

func (s *stage) seal(job registry.SealJob) *registry.SealResult {
	s.t.Helper()
	result, err := s.service.Seal(context.Background(), job)
	must(s.t, err)
	return result
}

func (s *stage) refuses(job registry.SealJob, code registry.Code) {
	s.t.Helper()
	if _, err := s.service.Seal(context.Background(), job); registry.CodeOf(err) != code {
		s.t.Errorf("want %s, got %v", code, err)
	}
}

func TestServiceSealsOnceForEver(t *testing.T) {
	s := newStage(t)
	job := s.job()
	first := s.seal(job)
	report, err := check.OFD(first.Sealed, s.roots, s.now, check.Options{})
	must(t, err)
	if !report.Integrity() || !report.Trusted() || first.Entry.Seal != report.Seals[0].Digest || first.Entry.Sealed != s.now.Unix() ||
		first.Entry.Approvals != registry.ApprovalsDigest(job.Approvals) || first.Entry.Intent.Digest() != job.Intent.Digest() {
		t.Fatalf("%+v", first.Entry)
	}
	// Key rotation, a new seal, another time, a restart, other approvals in
	// another order, a ledger out of reach: the same bytes.
	der := s.rotateSeal()
	s.fixture.now = s.now.Add(time.Hour)
	s.reopen()
	s.ledger.down = registry.Errorf(registry.CodeUnavailable, "", "cut")
	slices.Reverse(job.Approvals)
	again := s.seal(job)
	if !bytes.Equal(first.Sealed, again.Sealed) || first.Entry.Digest() != again.Entry.Digest() {
		t.Error("the same intent gave other bytes")
	}
	s.ledger.down = nil
	next := s.job()
	next.Intent.Identifier.Serial = "2026000002"
	s.restate(&next)
	if got := sealSignatureOf(t, s.seal(next).Sealed); !bytes.Equal(got.Seal.Raw, der) {
		t.Error("the new seal is not used for new acts")
	}
}

func TestServiceRefuses(t *testing.T) {
	s := newStage(t)
	outsider := s.enroll("p3", registry.RoleApprover)
	samePerson := s.enroll("p1", registry.RoleApprover)
	stranger, err := s.people.Generate("stranger", s.now)
	must(t, err)
	with := func(change func(*registry.SealJob)) registry.SealJob {
		job := s.job()
		change(&job)
		return job
	}
	signers := func(keys ...sm.KeyID) registry.SealJob {
		return with(func(j *registry.SealJob) { j.Approvals = s.approve(&j.Intent, keys...) })
	}
	s.refuses(signers(s.acceptor), registry.CodeApprovalMissing)
	s.refuses(signers(), registry.CodeApprovalMissing)
	s.refuses(signers(s.acceptor, s.acceptor), registry.CodeApprovalTwice)
	s.refuses(signers(s.acceptor, samePerson), registry.CodeApprovalTwice)
	s.refuses(signers(s.approver, outsider), registry.CodeApprovalRole)
	s.refuses(signers(s.acceptor, stranger), registry.CodeApprovalUnknown)
	s.refuses(with(func(j *registry.SealJob) { j.Approvals[1].Signature = j.Approvals[0].Signature }), registry.CodeApprovalSignature)
	s.refuses(with(func(j *registry.SealJob) { j.Intent.Expires++ }), registry.CodeApprovalSignature)
	s.refuses(with(func(j *registry.SealJob) { j.Version.Unsealed = append(bytes.Clone(j.Version.Unsealed), 0) }), registry.CodeContent)
	s.refuses(with(func(j *registry.SealJob) { j.Version.Secret[0] ^= 1 }), registry.CodeContent)
	s.refuses(with(func(j *registry.SealJob) {
		j.Intent.Seal = "other"
		j.Approvals = s.approve(&j.Intent, s.acceptor, s.approver)
	}), registry.CodeSealUnknown)
	s.refuses(with(func(j *registry.SealJob) {
		j.Intent.Decided = s.now.Unix() + 600
		j.Approvals = s.approve(&j.Intent, s.acceptor, s.approver)
	}), registry.CodeFuture)
	s.ledger.set(&registry.Approver{KeyID: s.approver, Algorithm: registry.SM2SM3, Public: s.spki(s.people, s.approver), Person: "p2", Organization: testOrg,
		Roles: []registry.Role{registry.RoleApprover}, From: s.now.Unix() - 1, Until: s.now.Unix()})
	s.refuses(s.job(), registry.CodeApprovalUnknown)
	s.approver = s.enroll("p2", registry.RoleApprover)
	s.putSeal(s.fixture.seal, registry.SealSuspended)
	s.refuses(s.job(), registry.CodeSealState)
	s.ledger.down = registry.Errorf(registry.CodeUnavailable, "", "cut")
	s.refuses(s.job(), registry.CodeUnavailable)
	if head, err := s.service.CheckLog(); err != nil || head.Lines != 0 {
		t.Errorf("a refusal left a use of the keys: %+v %v", head, err)
	}
}

func TestServicePinsWhatItRead(t *testing.T) {
	s := newStage(t)
	s.seal(s.job())
	key := registry.RecordKey(registry.KindPolicy, registry.DefaultPolicy)
	old, oldStored := s.ledger.records[key], s.ledger.stored[key]
	s.ledger.set(&registry.Policy{Type: registry.DefaultPolicy, Version: []registry.Role{registry.RoleAcceptor, registry.RoleExaminer, registry.RoleApprover}})
	job := s.job()
	job.Intent.Identifier.Serial = "2026000003"
	s.restate(&job)
	s.refuses(job, registry.CodeApprovalMissing)
	s.ledger.records[key], s.ledger.stored[key] = old, oldStored
	s.refuses(job, registry.CodeUnavailable)
	delete(s.ledger.records, key)
	s.refuses(job, registry.CodeUnavailable)
}

func TestServiceRacesSealOnce(t *testing.T) {
	s := newStage(t)
	job := s.job()
	results := make([]*registry.SealResult, 8)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			var err error
			if results[i], err = s.service.Seal(context.Background(), job); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, r := range results {
		if r == nil || !bytes.Equal(r.Sealed, results[0].Sealed) {
			t.Fatal("racing callers got different documents")
		}
	}
	head, err := s.service.CheckLog()
	must(t, err)
	if head.Lines != 2 { // seal and its time stamp
		t.Errorf("%d lines for one act", head.Lines)
	}
}

func TestServiceAuthorship(t *testing.T) {
	s := newStage(t)
	ctx := context.Background()
	entry := s.seal(s.job()).Entry
	author, err := s.service.Authorship(ctx, testOrg, "ganzhou", []*registry.Entry{entry})
	must(t, err)
	pub, err := s.keys.PublicKey(s.actKey)
	must(t, err)
	if author.Key != s.actKey || !sm.VerifyRaw(pub, registry.AuthorshipMessage("ganzhou", []sm.Digest{entry.Digest()}), author.Signature) {
		t.Errorf("%+v", author)
	}
	forged := *entry
	forged.Sealed++
	for name, entries := range map[string][]*registry.Entry{"none": nil, "never registered": {&forged}, "one of two": {entry, &forged}, "nil": {nil}} {
		if _, err := s.service.Authorship(ctx, testOrg, "ganzhou", entries); err == nil {
			t.Errorf("%s was signed", name)
		}
	}
	if _, err := s.service.Authorship(ctx, "11330105002500287C", "ganzhou", []*registry.Entry{entry}); registry.CodeOf(err) != registry.CodeAuthorship {
		t.Errorf("for another organization: %v", err)
	}
	// A new act key is used once the ledger knows it, not before.
	fresh, err := s.auth.Rotate(ActLabel(testOrg))
	must(t, err)
	author, err = s.service.Authorship(ctx, testOrg, "ganzhou", []*registry.Entry{entry})
	must(t, err)
	if author.Key != s.actKey {
		t.Error("signed with a key that the ledger does not know")
	}
	s.putActKey(fresh)
	author, err = s.service.Authorship(ctx, testOrg, "ganzhou", []*registry.Entry{entry})
	must(t, err)
	if author.Key != fresh {
		t.Error("the new key is not used")
	}
}

func TestServiceRegistersAndSignsCodes(t *testing.T) {
	s := newStage(t)
	ctx := context.Background()
	job := s.job()
	s.seal(job)
	in := job.Intent
	ask := registry.QRRequest{Public: "https://lic.example.gov.cn", Identifier: in.Identifier, Printing: in.Printings[1],
		HolderName: "𠮷祥饭店", Effective: in.Effective, Expires: in.Expires}
	text, err := s.service.SignQR(ctx, ask)
	must(t, err)
	code, err := check.ParseQR(text)
	must(t, err)
	keys := check.QRKeys{}
	id, _ := s.keys.Current(LabelQR)
	pub, err := s.keys.PublicKey(id)
	must(t, err)
	must(t, keys.Add(pub))
	if c := check.VerifyQR(code, keys); c.Result != registry.Passed || code.Token != registry.NewToken(testTokenKey, in.Identifier, in.Printings[1]) || code.Payload.Blank != "JX00000001" || code.Payload.Index != 11 {
		t.Errorf("%+v %+v", c, code.Payload)
	}
	for name, change := range map[string]func(*registry.QRRequest){
		"another holder":  func(a *registry.QRRequest) { a.HolderName = "吉祥饭店" },
		"a longer period": func(a *registry.QRRequest) { a.Expires++ },
		"another blank":   func(a *registry.QRRequest) { a.Printing.Blank.Number = "JX00000002" },
		"unknown sheet":   func(a *registry.QRRequest) { a.Printing.Number = 9 },
		"another license": func(a *registry.QRRequest) { a.Identifier.Serial = "2026000009" },
		"another version": func(a *registry.QRRequest) { a.Identifier.Version = 2 },
	} {
		changed := ask
		change(&changed)
		if _, err := s.service.SignQR(ctx, changed); registry.CodeOf(err) != registry.CodePrinting {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A sheet printed later is registered by its own act.
	reprint := registry.SealJob{Intent: registry.Intent{Act: registry.Print, Identifier: in.Identifier, Sequence: 2, Previous: sm.Sum([]byte("head")),
		Grant: "g1", Organization: testOrg, Ground: "x", Decided: s.now.Unix(), Printings: []registry.Printing{{Number: 3, Copy: registry.Duplicate, List: 1, Index: 12}}}}
	if _, err := s.service.Register(ctx, reprint); registry.CodeOf(err) != registry.CodeApprovalMissing {
		t.Errorf("without approval: %v", err)
	}
	reprint.Approvals = s.approve(&reprint.Intent, s.acceptor)
	entry, err := s.service.Register(ctx, reprint)
	must(t, err)
	again, err := s.service.Register(ctx, reprint)
	must(t, err)
	if entry.Digest() != again.Digest() || entry.Sealed != 0 {
		t.Errorf("%+v", entry)
	}
	ask.Printing = reprint.Intent.Printings[0]
	_, err = s.service.SignQR(ctx, ask)
	must(t, err)
	if _, err := s.service.Register(ctx, job); registry.CodeOf(err) != registry.CodeEntryForm {
		t.Errorf("a version act was registered without sealing: %v", err)
	}
}

func TestServiceOrdersNeedAKeeper(t *testing.T) {
	s := newStage(t)
	ctx := context.Background()
	record := &registry.Matter{Code: "000131020000", FullName: "食品经营许可（演示）"}
	order, err := registry.NewOrder(testOrg, record, "basis", s.now.Unix(), 1, sm.Digest{})
	must(t, err)
	keeper, err := s.people.Generate("keeper", s.now)
	must(t, err)
	s.cfg.OpenOrders = false
	s.cfg.Keepers = map[sm.KeyID][]byte{keeper: s.spki(s.people, keeper)}
	s.reopen()
	digest := order.Digest()
	approve := func(id sm.KeyID) []registry.Approval {
		signature, err := s.people.Sign(id, registry.ApprovalMessage(digest))
		must(t, err)
		return []registry.Approval{{Algorithm: registry.SM2SM3, KeyID: id, Signature: signature}}
	}
	refused := func(name string, code registry.Code, approvals ...registry.Approval) {
		t.Helper()
		if _, err := s.service.RegisterOrder(ctx, *order, registry.Warrant{Approvals: approvals}); registry.CodeOf(err) != code {
			t.Errorf("%s: %v, want %s", name, err, code)
		}
	}
	// The ledger is still empty: a keeper opens it.
	rules := registry.RecordKey(registry.KindRules, "current")
	began := s.ledger.records[rules]
	delete(s.ledger.records, rules)
	refused("nobody, before the rules", registry.CodeApprovalMissing)
	refused("no keeper", registry.CodeApprovalUnknown, approve(s.approver)...)
	entry, err := s.service.RegisterOrder(ctx, *order, registry.Warrant{Approvals: approve(keeper)})
	must(t, err)
	_, err = s.service.Authorship(ctx, testOrg, registry.Governance, []*registry.Entry{entry})
	must(t, err)
	// From then on two governors order, whatever it is: a keeper gives no power
	// and files no seal.
	s.ledger.set(began)
	first, second := s.enroll("g1", registry.RoleGovernor), s.enroll("g2", registry.RoleGovernor)
	again := s.enroll("g1", registry.RoleGovernor)
	for _, record := range []registry.GovernanceRecord{
		&registry.Grant{ID: "g9", Matter: "000131020000", Mode: registry.ModeOwn, Decider: testOrg, Territory: "360732", Document: "x", Effective: 1, RecallBy: testOrg},
		&registry.SealRecord{ID: "s9", Owner: testOrg, SealKind: registry.ApprovalSeal, Digest: sm.Sum([]byte("s9")), History: []registry.SealEvent{{State: registry.SealInUse, At: 1}}},
		&registry.Matter{Code: "000131020000", FullName: "食品经营许可（改）"},
	} {
		order, err = registry.NewOrder(testOrg, record, "basis", s.now.Unix(), 1, sm.Digest{})
		must(t, err)
		digest = order.Digest()
		refused("a keeper of an open ledger", registry.CodeApprovalUnknown, approve(keeper)...)
	}
	refused("nobody", registry.CodeApprovalMissing)
	refused("an approver", registry.CodeApprovalRole, approve(s.approver)...)
	refused("one governor", registry.CodeApprovalMissing, approve(first)...)
	refused("one person with two keys", registry.CodeApprovalTwice, append(approve(first), approve(again)...)...)
	other := approve(second)
	other[0].KeyID = first
	refused("another's signature", registry.CodeApprovalSignature, other...)
	byTwo := *order
	byTwo.Sequence = 2
	byTwo.Previous = sm.Sum([]byte("x"))
	twoDigest := byTwo.Digest()
	if _, err := s.service.RegisterOrder(ctx, byTwo, registry.Warrant{Approvals: append(approve(first), approve(second)...)}); registry.CodeOf(err) != registry.CodeApprovalSignature {
		t.Errorf("signatures over another order: %v", err)
	}
	digest = twoDigest
	if _, err := s.service.RegisterOrder(ctx, byTwo, registry.Warrant{Approvals: append(approve(first), approve(second)...)}); err != nil {
		t.Errorf("two governors: %v", err)
	}
}

func TestServiceLogIsChained(t *testing.T) {
	s := newStage(t)
	s.seal(s.job())
	_, err := s.service.TimeStamp(context.Background(), sm.Sum([]byte("receipt")))
	must(t, err)
	var uses []string
	head, err := s.service.ReadLog(func(l LogLine) error { uses = append(uses, l.Use); return nil })
	must(t, err)
	if head.Lines != 3 || !slices.Equal(uses, []string{UseSeal, UseTimeStamp, UseTimeStamp}) {
		t.Errorf("%+v %v", head, uses)
	}
	must(t, s.service.db.Update(func(tx *bbolt.Tx) error {
		key, raw := tx.Bucket(bucketLog).Cursor().First()
		changed := bytes.Clone(raw)
		changed[len(changed)-1] ^= 1
		return tx.Bucket(bucketLog).Put(key, changed)
	}))
	if _, err := s.service.CheckLog(); err == nil {
		t.Error("a changed line went unnoticed")
	}
	must(t, s.service.Close())
	if _, err := OpenService(s.cfg); err == nil {
		t.Error("a service opened over a broken log")
	}
}

// TestServiceAnswersOnlyAfterPersisting: when keeping fails, nothing is
// answered, and the next call seals anew.
func TestServiceAnswersOnlyAfterPersisting(t *testing.T) {
	s := newStage(t)
	job := s.job()
	s.seal(job) // pins
	job.Intent.Identifier.Serial = "2026000004"
	s.restate(&job)
	must(t, s.service.Close())
	path := s.cfg.Path
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	must(t, err)
	s.service = &Service{cfg: s.cfg, db: db}
	if result, err := s.service.Seal(context.Background(), job); err == nil || result != nil {
		t.Error("answered without keeping")
	}
	s.reopen()
	first := s.seal(job)
	if !bytes.Equal(first.Sealed, s.seal(job).Sealed) {
		t.Error("not kept")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenService(ServiceConfig{}); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Error("opened without its parts")
	}
}
