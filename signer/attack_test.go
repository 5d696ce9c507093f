package signer

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// TestRegistryInAttackersHands drives the signer directly, as whoever owns the
// registry process can: with any job, any approvals it ever saw, in any order.
// Nothing is sealed unless two enrolled persons approved these very bytes.
func TestRegistryInAttackersHands(t *testing.T) {
	s := newStage(t)
	genuine := s.job()
	fresh := 0
	// attack changes a job of its own that two persons approved; resign has
	// them (unwittingly) sign what came out of it.
	attack := func(what string, code registry.Code, change func(*registry.SealJob)) {
		t.Helper()
		job := s.job()
		fresh++
		job.Intent.Identifier.Serial = fmt.Sprintf("AT%08d", fresh)
		s.restate(&job)
		change(&job)
		if result, err := s.service.Seal(context.Background(), job); registry.CodeOf(err) != code || result != nil {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
	}
	other := unsealedOFD()
	other = append(other[:len(other):len(other)], 0)
	outsider, err := s.people.Generate("outsider", s.now)
	must(t, err)
	secondKey := s.enroll("p1", registry.RoleApprover) // acceptor's second key
	stale := s.enroll("p3", registry.RoleApprover)
	s.end(stale, s.now.Unix()-1)
	elsewhere := s.enrollAt("11360700MB1234567A", "p4", registry.RoleApprover)
	printer := s.enroll("p5", registry.RolePrinter)
	third := s.enroll("p6", registry.RoleApprover)

	attack("no approval", registry.CodeApprovalMissing, func(j *registry.SealJob) { j.Approvals = nil })
	attack("one approval", registry.CodeApprovalMissing, func(j *registry.SealJob) { j.Approvals = j.Approvals[:1] })
	attack("one approval, handed in twice", registry.CodeApprovalTwice, func(j *registry.SealJob) { j.Approvals[1] = j.Approvals[0] })
	attack("one person with two keys", registry.CodeApprovalTwice, func(j *registry.SealJob) { j.Approvals = s.approve(&j.Intent, s.acceptor, secondKey) })
	attack("a key of the attacker's own", registry.CodeApprovalUnknown, func(j *registry.SealJob) { j.Approvals = s.approve(&j.Intent, s.acceptor, outsider) })
	attack("a key that has ended", registry.CodeApprovalUnknown, func(j *registry.SealJob) { j.Approvals = s.approve(&j.Intent, s.acceptor, stale) })
	attack("an approver of another authority", registry.CodeApprovalUnknown, func(j *registry.SealJob) { j.Approvals = s.approve(&j.Intent, s.acceptor, elsewhere) })
	attack("a printer for the approver", registry.CodeApprovalRole, func(j *registry.SealJob) { j.Approvals = s.approve(&j.Intent, s.acceptor, printer) })
	attack("two approvers, no acceptor", registry.CodeApprovalRole, func(j *registry.SealJob) { j.Approvals = s.approve(&j.Intent, s.approver, third) })
	attack("more than were asked for", registry.CodeApprovalRole, func(j *registry.SealJob) { j.Approvals = s.approve(&j.Intent, s.acceptor, s.approver, third) })
	attack("a signature under another's name", registry.CodeApprovalSignature, func(j *registry.SealJob) { j.Approvals[1].KeyID = third })
	attack("a changed signature", registry.CodeApprovalSignature, func(j *registry.SealJob) {
		j.Approvals[1].Signature = bytes.Clone(j.Approvals[1].Signature)
		j.Approvals[1].Signature[12] ^= 1
	})
	attack("approvals of another license", registry.CodeApprovalSignature, func(j *registry.SealJob) { j.Approvals = genuine.Approvals })
	attack("other bytes than were approved", registry.CodeContent, func(j *registry.SealJob) { j.Version.Unsealed = other })
	attack("other fields than were approved", registry.CodeContent, func(j *registry.SealJob) { j.Version.Facts.Holder.Name = "吉祥饭店" })
	attack("under another seal", registry.CodeApprovalSignature, func(j *registry.SealJob) { j.Intent.Seal = "another" })
	attack("another holder, dates moved", registry.CodeApprovalSignature, func(j *registry.SealJob) { j.Intent.Expires = j.Intent.Expires.AddYears(5) })
	attack("another grant", registry.CodeGrant, func(j *registry.SealJob) { j.Intent.Grant = "g2" })
	attack("no grant at all", registry.CodeApprovalSignature, func(j *registry.SealJob) { j.Intent.Grant = "" })
	// Signed by both, yet not theirs to seal with.
	attack("approved under another's seal", registry.CodeSealUnknown, func(j *registry.SealJob) {
		j.Intent.Seal = "another"
		j.Approvals = s.approve(&j.Intent, s.acceptor, s.approver)
	})
	attack("decided in the future", registry.CodeFuture, func(j *registry.SealJob) {
		j.Intent.Decided = s.now.Unix() + 3600
		j.Approvals = s.approve(&j.Intent, s.acceptor, s.approver)
	})

	// An act that makes no version is nothing to seal, and the other way round.
	if _, err := s.service.Register(context.Background(), genuine); registry.CodeOf(err) != registry.CodeEntryForm {
		t.Errorf("a version act registered without sealing: %v", err)
	}
	// The act key signs nothing that was not checked here.
	entry := &registry.Entry{Intent: &genuine.Intent, Approvals: registry.ApprovalsDigest(genuine.Approvals), Sealed: s.now.Unix(), Seal: sm.Sum([]byte("x"))}
	if _, err := s.service.Authorship(context.Background(), testOrg, "m", []*registry.Entry{entry}); registry.CodeOf(err) != registry.CodeAuthorship {
		t.Errorf("an entry of the attacker's own: %v", err)
	}
	var seals int
	_, err = s.service.ReadLog(func(l LogLine) error {
		if l.Use == UseSeal || l.Use == UseAuthorship {
			seals++
		}
		return nil
	})
	must(t, err)
	if seals != 0 {
		t.Errorf("the use log has %d uses after attacks alone", seals)
	}
	s.seal(genuine) // and what is in order goes through
}

// TestForgedPolicy: a policy that asks for less, or an older and laxer one,
// shown by whoever stands between signer and ledger.
func TestForgedPolicy(t *testing.T) {
	s := newStage(t)
	s.seal(s.job()) // the signer has seen the policy
	lax := &registry.Policy{Type: registry.DefaultPolicy, Version: []registry.Role{registry.RoleAcceptor}}
	s.ledger.mu.Lock()
	s.ledger.records[registry.RecordKey(registry.KindPolicy, registry.DefaultPolicy)] = lax
	key := registry.RecordKey(registry.KindPolicy, registry.DefaultPolicy)
	stored := s.ledger.stored[key]
	stored.Head = sm.Sum([]byte("another history"))
	s.ledger.stored[key] = stored
	s.ledger.mu.Unlock()
	job := s.job()
	job.Intent.Identifier.Serial = "2026000077"
	job.Approvals = s.approve(&job.Intent, s.acceptor)
	s.refuses(job, registry.CodeUnavailable)
}

func (s *stage) end(id sm.KeyID, until int64) {
	s.t.Helper()
	key := *s.ledger.records[registry.RecordKey(registry.KindApprover, string(id))].(*registry.Approver)
	key.Until = until
	s.ledger.set(&key)
}

func (s *stage) enrollAt(organization, person string, roles ...registry.Role) sm.KeyID {
	s.t.Helper()
	id := s.enroll(person, roles...)
	key := *s.ledger.records[registry.RecordKey(registry.KindApprover, string(id))].(*registry.Approver)
	key.Organization = organization
	s.ledger.set(&key)
	return id
}

// portStage is a stage whose seal is kept by a seal system elsewhere, which a
// test can have misbehave.
type portStage struct {
	*stage
	server *SealPortServer
	before func(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request)) // nil: behaves
	calls  atomic.Int32
}

func newPortStage(t *testing.T) *portStage {
	t.Helper()
	s := &portStage{stage: newStage(t)}
	national := newFixture(t) // another authority, another store
	roots, err := check.ParseRoots(append(s.roots.PEM(), national.roots.PEM()...))
	must(t, err)
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "port.db"), 0o600, nil)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	s.server = &SealPortServer{Keys: national.keys, Roots: roots, Clock: func() time.Time { return s.now }, Token: "t",
		Log: slog.New(slog.DiscardHandler), Seals: map[string][]byte{testSealID: national.seal}, DB: db}
	handler := s.server.Handler()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		if s.before == nil {
			handler.ServeHTTP(w, r)
			return
		}
		s.before(w, r, handler.ServeHTTP)
	}))
	t.Cleanup(web.Close)
	s.cfg.Roots = roots
	s.cfg.Port = &HTTPSealPort{Base: web.URL, Token: "t", Within: 10 * time.Second, Tries: 2, Pause: time.Millisecond}
	s.reopen()
	s.putSeal(national.seal, registry.SealInUse)
	return s
}

func (s *portStage) holds(sealed []byte) {
	s.t.Helper()
	report, err := check.OFD(sealed, s.cfg.Roots, s.now, check.Options{})
	must(s.t, err)
	if !report.Integrity() || !report.Trusted() {
		s.t.Errorf("%+v", report.Checks)
	}
}

// patience is how long one try waits; the service starts anew.
func (s *portStage) patience(within time.Duration) {
	s.t.Helper()
	s.cfg.Port.(*HTTPSealPort).Within = within
	s.reopen()
}

// answers counts the uses of the seal that its keeper has on record.
func (s *portStage) answers() (n int) {
	s.t.Helper()
	must(s.t, s.server.DB.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucketAnswers); b != nil {
			n = b.Stats().KeyN
		}
		return nil
	}))
	return n
}

// TestSealPortHangs: the seal is used, the answer never comes; hours and a
// restart later the same request brings the same signature.
func TestSealPortHangs(t *testing.T) {
	s := newPortStage(t)
	s.patience(150 * time.Millisecond)
	job := s.job()
	s.before = func(_ http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request)) {
		serve(httptest.NewRecorder(), r) // done there …
		<-r.Context().Done()             // … and never said
	}
	if _, err := s.service.Seal(context.Background(), job); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Fatalf("a hanging port: %v", err)
	}
	if s.calls.Load() != 2 || s.answers() != 1 {
		t.Errorf("%d tries, %d uses of the seal", s.calls.Load(), s.answers())
	}
	sealedAt := s.now.Unix()
	s.before = nil
	s.patience(10 * time.Second)
	s.fixture.now = s.now.Add(3 * time.Hour)
	result := s.seal(job)
	s.holds(result.Sealed)
	if s.answers() != 1 || result.Entry.Sealed != sealedAt {
		t.Errorf("%d uses of the seal, sealed at %d, want %d", s.answers(), result.Entry.Sealed, sealedAt)
	}
	if again := s.seal(job); !bytes.Equal(again.Sealed, result.Sealed) {
		t.Error("asked again it gives other bytes")
	}
}

// TestSealPortAnswersLate: the first try is given up, the second finds the
// answer of the first.
func TestSealPortAnswersLate(t *testing.T) {
	s := newPortStage(t)
	s.patience(3 * time.Second)
	var late atomic.Bool
	s.before = func(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request)) {
		if !late.Swap(true) {
			serve(httptest.NewRecorder(), r)
			time.Sleep(3500 * time.Millisecond)
			return
		}
		serve(w, r)
	}
	s.holds(s.seal(s.job()).Sealed)
	if s.answers() != 1 {
		t.Errorf("%d uses of the seal", s.answers())
	}
	// Still at it: 202, then done.
	var asked atomic.Int32
	s.before = func(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request)) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, `{}`)
			return
		}
		serve(w, r)
	}
	job := s.job()
	job.Intent.Identifier.Serial = "2026000002"
	s.restate(&job)
	s.holds(s.seal(job).Sealed)
}

// TestSealPortAnswersTwice: a port that signs anew at every call, asked by
// several at once: one file stays, for everyone.
func TestSealPortAnswersTwice(t *testing.T) {
	s := newPortStage(t)
	s.before = func(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request)) {
		_ = s.server.DB.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucketAnswers) })
		serve(w, r)
	}
	job := s.job()
	var wait sync.WaitGroup
	results := make([]*registry.SealResult, 4)
	for i := range results {
		wait.Go(func() { results[i], _ = s.service.Seal(context.Background(), job) })
	}
	wait.Wait()
	kept := s.seal(job)
	s.holds(kept.Sealed)
	for i, r := range results {
		if r == nil || !bytes.Equal(r.Sealed, kept.Sealed) {
			t.Errorf("caller %d got another file", i)
		}
	}
}

// TestSealPortLies: a signature over something else, a refusal, an answer that
// is none: nothing is sealed, and what is a refusal is told from an outage.
func TestSealPortLies(t *testing.T) {
	s := newPortStage(t)
	for what, c := range map[string]struct {
		body func() string
		code registry.Code
		stat int
	}{
		"nonsense":   {func() string { return `{"signature":"AAAA"}` }, registry.CodeSealState, 200},
		"a refusal":  {func() string { return `{"code":"suspended","detail":"停用"}` }, registry.CodeSealState, 423},
		"a token":    {func() string { return `{"code":"unauthenticated"}` }, registry.CodeUnavailable, 401},
		"too many":   {func() string { return `{"code":"busy"}` }, registry.CodeUnavailable, 429},
		"a gateway":  {func() string { return `{"message":"no route"}` }, registry.CodeUnavailable, 404},
		"an outage":  {func() string { return `{"code":"busy"}` }, registry.CodeUnavailable, 503},
		"not JSON":   {func() string { return `<html>` }, registry.CodeUnavailable, 200},
		"half of it": {func() string { return `{"signature":` }, registry.CodeUnavailable, 200},
	} {
		s.before = func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter, *http.Request)) {
			w.WriteHeader(c.stat)
			fmt.Fprint(w, c.body())
		}
		if _, err := s.service.Seal(context.Background(), s.job()); registry.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", what, err, c.code)
		}
	}
	// A signature of the right seal over another document's digest.
	wrong, err := s.server.make(SealRequest{Seal: testSealID, DataHash: sm.Sum([]byte("another")), Path: "/Doc_0/Signs/Sign_0/Signature.xml"}, s.server.Seals[testSealID])
	must(t, err)
	s.cfg.Port = portFunc(func(context.Context, SealRequest) ([]byte, error) { return wrong, nil })
	s.reopen()
	if _, err := s.service.Seal(context.Background(), s.job()); registry.CodeOf(err) != registry.CodeSealState {
		t.Errorf("another document's signature: %v", err)
	}
}

type portFunc func(context.Context, SealRequest) ([]byte, error)

func (f portFunc) Sign(ctx context.Context, ask SealRequest) ([]byte, error) { return f(ctx, ask) }
