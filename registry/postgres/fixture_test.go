package postgres_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres"
	"tongzheng/registry/postgres/pgtest"
	"tongzheng/registry/sm"
)

const (
	typeCode = "11100000000013338W011"
	bureau   = "11360732MB1234567X"
	city     = "11360700014500001A"
	matter   = "0131014000"
)

var clerk = registry.Actor{Account: "clerk", Organization: bureau, Roles: []registry.Role{registry.RoleAcceptor}}

// world is one test's store with a clock that moves by hand.
type world struct {
	*postgres.Store
	t       testing.TB
	db      pgtest.Database
	mu      sync.Mutex
	instant time.Time
	index   atomic.Uint32 // status list indexes given out
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, db: pgtest.New(t), instant: time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)}
	w.Store = pgtest.Open(t, w.db, w.now)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.instant
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.instant = w.instant.Add(d)
}

func ctx() context.Context { return context.Background() }

// issue is a reservation of a new license with an original on numbered stock.
func (w *world) issue(serial int) office.Reservation {
	id := registry.Identifier{Type: typeCode, Issuer: bureau, Serial: fmt.Sprintf("X1%05d", serial), Version: 1}
	in := registry.Intent{Act: registry.Issue, Identifier: id, Sequence: 1, TypeVersion: 1, Grant: "g1", Organization: bureau, Ground: "new",
		Decision: fmt.Sprintf("兴审批〔2026〕%d号", serial), Seal: "s1", Decided: w.now().Unix(), Effective: 20000, Expires: 22000}
	in.Printings = []registry.Printing{w.printing(1, registry.Electronic, ""), w.printing(2, registry.Original, fmt.Sprintf("%08d", serial))}
	return w.reservation(in, &registry.Facts{Identifier: id, Number: fmt.Sprintf("JY136073200%05d", serial), IssuerName: "兴国县行政审批局",
		Holder: registry.Holder{Name: fmt.Sprintf("食客%05d𠮷店", serial), Code: "92360732MA35XXXX1A", CodeType: "001"},
		Issued: 20000, Effective: 20000, Expires: 22000, Fields: map[string]string{"KZ_JYXM": "热食类食品制售", "KZ_ZT": "餐饮服务经营者"}})
}

func (w *world) printing(number uint32, kind registry.CopyKind, blank string) registry.Printing {
	p := registry.Printing{Number: number, Copy: kind, List: 7, Index: w.index.Add(1)}
	if blank != "" {
		p.Blank = registry.Blank{Form: "SP-A3", Run: "2026A", Number: blank}
	}
	return p
}

// reservation completes an intent; facts only for acts that make a version.
func (w *world) reservation(in registry.Intent, facts *registry.Facts) office.Reservation {
	r := office.Reservation{Matter: matter, By: clerk, Issuers: []string{bureau}}
	if facts != nil {
		r.Version = &office.Version{Identifier: in.Identifier, Facts: *facts, TypeVersion: 1, Secret: secret(), Unsealed: []byte("unsealed " + in.Identifier.String())}
		in.Content = sm.Sum(append(r.Version.Secret, r.Version.Unsealed...))
	}
	if err := in.Check(); err != nil {
		w.t.Fatal(err)
	}
	r.Proceeding = &office.Proceeding{Digest: in.Digest(), Intent: in, Step: office.StepReserved, Remark: "备注", Created: w.now()}
	if r.Version != nil {
		r.Version.Intent = r.Proceeding.Digest
	}
	for _, p := range in.Printings {
		r.Printings = append(r.Printings, office.PrintingRef{Token: tokenOf(in.Identifier, p.Number), Identifier: in.Identifier, Printing: p})
	}
	return r
}

func tokenOf(id registry.Identifier, number uint32) registry.Token {
	return registry.NewToken([]byte("test key"), id, registry.Printing{Number: number})
}

func secret() []byte {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		panic(err)
	}
	return raw
}

// next is an act of one kind that follows entry.
func (w *world) next(act registry.Act, after *registry.Entry) office.Reservation {
	in := registry.Intent{Act: act, Identifier: after.Intent.Identifier, Sequence: after.Intent.Sequence + 1, Previous: after.Digest(),
		TypeVersion: 1, Grant: "g1", Organization: bureau, Ground: "because", Decision: fmt.Sprintf("兴审批变〔2026〕%s%d号", after.Intent.Identifier.Serial, after.Intent.Sequence+1),
		Decided: w.now().Unix()}
	if !act.MakesVersion() {
		return w.reservation(in, nil)
	}
	in.Identifier.Version++
	in.Seal, in.Effective, in.Expires = "s1", 20000, 22000
	in.Printings = []registry.Printing{w.printing(3, registry.Electronic, "")}
	return w.reservation(in, &registry.Facts{Identifier: in.Identifier, Number: "JY13607320000001", IssuerName: "兴国县行政审批局",
		Holder: registry.Holder{Name: "改名后的店", Code: "92360732MA35XXXX1A", CodeType: "001"}, Issued: 20000, Effective: 20000, Expires: 22000,
		Fields: map[string]string{}})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantCode(err error, code registry.Code) {
	w.t.Helper()
	if got := registry.CodeOf(err); got != code {
		w.t.Fatalf("want %q, got %q: %v", code, got, err)
	}
}

func approvalBy(key string) registry.Approval {
	return registry.Approval{Algorithm: registry.SM2SM3, KeyID: sm.KeyID(key), Signature: []byte{1, 2, 3}}
}

// approve takes a reserved act to step approved by two signatures.
func (w *world) approve(r office.Reservation) {
	w.t.Helper()
	_, err := w.AddApproval(ctx(), r.Proceeding.Digest, 0, approvalBy("k1"), false, clerk)
	w.must(err)
	p, err := w.AddApproval(ctx(), r.Proceeding.Digest, 1, approvalBy("k2"), true, clerk)
	w.must(err)
	if p.Step != office.StepApproved || len(p.Approvals) != 2 {
		w.t.Fatalf("step %s with %d approvals", p.Step, len(p.Approvals))
	}
}

func sealedAct(r office.Reservation) office.SealedAct {
	in := r.Proceeding.Intent
	s := office.SealedAct{Intent: r.Proceeding.Digest, Entry: &registry.Entry{Intent: &in, Approvals: sm.Sum([]byte("approvals"))}}
	if in.Act.MakesVersion() {
		s.Sealed = []byte("sealed " + in.Identifier.String())
		s.Entry.Sealed, s.Entry.Seal = in.Decided, sm.Sum(s.Sealed)
	}
	return s
}

func receiptFor(e *registry.Entry) *registry.Receipt {
	return &registry.Receipt{Ledger: "single-node", Namespace: "xingguo", Transaction: "tx-" + e.Digest().String()[:8], Height: 7, Entry: e.Bytes(),
		Size: 1, Root: sm.Sum(e.Bytes()), Path: []sm.Digest{sm.Sum(nil)}, Evidence: binary.BigEndian.AppendUint64(nil, 7)}
}

// seal takes a reserved act to step sealed, anchor further to its end.
func (w *world) seal(r office.Reservation) *registry.Entry {
	w.t.Helper()
	w.approve(r)
	s := sealedAct(r)
	w.must(w.Sealed(ctx(), s))
	return s.Entry
}

func (w *world) anchor(r office.Reservation, before *registry.License) (*registry.Entry, *registry.License) {
	w.t.Helper()
	e := w.seal(r)
	after, err := registry.Apply(before, e)
	w.must(err)
	w.must(w.Anchored(ctx(), r.Proceeding.Digest, receiptFor(e), after))
	return e, after
}

// sql runs a statement as the owner of the tables: what tests look at, and
// what an insider could do.
func (w *world) sql(statement string, args ...any) error {
	conn, err := pgx.Connect(ctx(), w.db.OwnerURL)
	w.must(err)
	defer conn.Close(ctx())
	_, err = conn.Exec(ctx(), statement, args...)
	return err
}

// rows counts every table, for tests that nothing is left behind.
func (w *world) rows() string {
	conn, err := pgx.Connect(ctx(), w.db.OwnerURL)
	w.must(err)
	defer conn.Close(ctx())
	var out strings.Builder
	for _, table := range []string{"license", "proceeding", "version", "printing", "idempotency", "task", "audit", "account", "license_type"} {
		var n int
		w.must(conn.QueryRow(ctx(), "SELECT count(*) FROM "+table).Scan(&n))
		fmt.Fprintf(&out, "%s %d\n", table, n)
	}
	return out.String()
}
