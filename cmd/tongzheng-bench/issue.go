package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// perRound are the licenses of one round; the clock stops when all of them are
// anchored.
const perRound = 200

// benchIssue measures a food license from its application to commit 3 through
// the whole product: one-machine ledger, the signer in this process, PostgreSQL
// durable. Clients propose and sign; sealing and anchoring follow.
func benchIssue(ctx context.Context) (results []result, err error) {
	dir, err := os.MkdirTemp("", "tongzheng-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ended := make(chan sm.Digest, 16*perRound)
	a, err := demo.Open(ctx, app.Config{Data: dir, Listen: "127.0.0.1:0", Wrap: func(p *office.Ports, _ *office.Config) {
		tell := p.Published
		p.Published = func(p *office.Proceeding, at time.Time) {
			tell(p, at)
			ended <- p.Digest
		}
	}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	bureau, err := openBureau(a, dir)
	if err != nil {
		return nil, err
	}
	for len(ended) > 0 { // those of the demonstration
		<-ended
	}
	bureau.ended = ended
	if err := bureau.issue(ctx, perRound); err != nil { // caches, and a document to measure
		return nil, err
	}
	bound, sizes, err := bureau.bound(ctx)
	if err != nil {
		return nil, err
	}
	defer bound.close()
	m := &issueMeter{app: a}
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	rate := result{Name: "issue_per_second", Unit: "licenses/s", Target: 300, Aim: 300,
		Yardstick: "the SM2 and SM3 that an issue must do, approvals checked twice, and one durable row of the document's size"}
	err = rate.compare(func() (float64, error) { return m.round(ctx, bureau) }, func() (float64, error) { return bound.round(ctx) })
	if err != nil {
		return nil, err
	}
	kept, err := m.end(ctx)
	if err != nil {
		return nil, err
	}
	vs := rate
	vs.Name, vs.Target, vs.Aim = "issue_vs_bound", 0.5, 0.5
	rate.Figure = rate.Value
	fmt.Printf("a sealed food license has %d bytes, unsealed %d; %s\n", sizes.sealed, sizes.unsealed, m)
	return []result{rate, vs,
		{Name: "bytes_per_license", Value: kept, Unit: "bytes", Ratio: kept / float64(sizes.sealed), Figure: kept, Target: 90 << 10, Aim: 60 << 10, AtMost: true,
			Yardstick: "PostgreSQL with its indexes, the signer's file, the ledger and the status view together; the ratio is to the sealed file"}}, nil
}

// bureau is the demonstration bureau with its two persons.
type bureau struct {
	app     *app.App
	by      registry.Actor
	persons []approver
	ended   <-chan sm.Digest
	next    atomic.Int64
	digest  sm.Digest // of the last license
}

type approver struct {
	actor registry.Actor
	key   *sm2.PrivateKey
}

func openBureau(a *app.App, dir string) (*bureau, error) {
	city, err := demo.Read(dir)
	if err != nil {
		return nil, err
	}
	b := &bureau{app: a}
	for _, login := range []string{"xg-acceptor", "xg-approver"} {
		account, err := city.Account(login)
		if err != nil {
			return nil, err
		}
		key, err := person.Key(filepath.Join(dir, account.KeyFile))
		if err != nil {
			return nil, err
		}
		b.persons = append(b.persons, approver{account.Actor(), key})
	}
	b.by = b.persons[0].actor
	return b, nil
}

// application is a food license for another holder each time.
func (b *bureau) application(n int64) registry.Application {
	code := fmt.Sprintf("91360732DEM%06d", n)
	today := registry.DateOf(time.Now())
	return registry.Application{Act: registry.Issue, Type: "11100000MB0143028R003", Grant: "xg-direct-001",
		Organization: b.by.Organization, Ground: "applied", Decision: fmt.Sprintf("兴审食准〔2026〕%06d号", n), Case: fmt.Sprintf("XG2026-%06d", n), Seal: "xg-approval-seal",
		Holder: registry.Holder{Name: fmt.Sprintf("兴国县潋江镇%s餐饮店%d（演示）", shopNames[n%int64(len(shopNames))], n), Code: code + string(registry.USCCCheck(code)), CodeType: "001"},
		Fields: map[string]string{"KZ_FDDBR": "演示负责人", "KZ_ZS": "江西省赣州市兴国县潋江镇演示路18号", "KZ_JYCS": "江西省赣州市兴国县潋江镇演示路18号一层商铺",
			"KZ_ZTYT": "餐饮服务经营者", "KZ_JYXM": "热食类食品制售；冷食类食品制售（仅限熟食拼盘）；自制饮品制售", "KZ_TSJBDH": "12315"},
		Effective: today, Expires: today.AddYears(5) - 1, Copies: []registry.CopyRequest{}}
}

// shopNames make holders that need other glyphs than one another.
var shopNames = []string{"祥和", "福满楼", "老表", "鸿运", "客家人", "鑫源", "聚贤", "翠竹轩", "金穗", "喜洋洋", "德兴", "百味"}

// issue brings n licenses to their end, from clients that do not wait for it.
func (b *bureau) issue(ctx context.Context, n int) error {
	first := b.next.Add(int64(n)) - int64(n)
	var next atomic.Int64
	var failed atomic.Value
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && failed.Load() == nil; i = next.Add(1) - 1 {
				if err := b.one(ctx, first+i); err != nil {
					failed.Store(err)
					return
				}
			}
		})
	}
	wait.Wait()
	if err, ok := failed.Load().(error); ok {
		return err
	}
	for range n {
		select {
		case b.digest = <-b.ended:
		case <-time.After(time.Minute):
			return errors.New("a license is not anchored within a minute")
		}
	}
	return nil
}

// one proposes and signs a license.
func (b *bureau) one(ctx context.Context, n int64) error {
	_, err := b.act(ctx, b.application(n))
	return err
}

// act proposes and signs an act; no other has its decision.
func (b *bureau) act(ctx context.Context, a registry.Application) (*office.Proceeding, error) {
	p, err := b.app.Office.Issuing.Propose(ctx, b.by, a, office.Idempotency{Client: "bench", Operation: a.Act.String(), Key: a.Decision})
	for _, who := range b.persons {
		var approval registry.Approval
		if err == nil {
			approval, err = person.Approve(who.key, p.Digest)
		}
		if err == nil {
			p, err = b.app.Office.Issuing.Approve(ctx, who.actor, p.Digest, approval)
		}
	}
	return p, err
}

// issueMeter counts what the rounds of the product cost beside time.
type issueMeter struct {
	app             *app.App
	database        *pgx.Conn
	licenses, bytes float64
	here, there     float64 // processor time in this process and in PostgreSQL, seconds
	written         float64 // WAL
}

// stored are the bytes of PostgreSQL and of the files beside it in which a
// license leaves something: signer.db, ledger.db, statusview.db.
func (m *issueMeter) stored(ctx context.Context) (bytes float64, err error) {
	// Space that rows left behind is used again: it is not counted.
	if _, err := m.database.Exec(ctx, `VACUUM`); err != nil {
		return 0, err
	}
	if err := m.database.QueryRow(ctx, `SELECT pg_database_size(current_database())::float8`).Scan(&bytes); err != nil {
		return 0, err
	}
	files, err := filepath.Glob(filepath.Join(m.app.Config.Data, "*.db"))
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return 0, err
		}
		bytes += float64(info.Size())
	}
	return bytes, err
}

// wal is how far PostgreSQL has written its log.
func (m *issueMeter) wal(ctx context.Context) (at float64, err error) {
	err = m.database.QueryRow(ctx, `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8`).Scan(&at)
	return at, err
}

func (m *issueMeter) begin(ctx context.Context) (err error) {
	if m.database, err = pgx.Connect(ctx, m.app.Config.OwnerURL); err == nil {
		m.bytes, err = m.stored(ctx)
	}
	return err
}

func (m *issueMeter) round(ctx context.Context, b *bureau) (float64, error) {
	own, began := spent(os.Getpid()), time.Now()
	theirs, err := databaseSpent(ctx, m.app.Config.OwnerURL)
	log, err2 := m.wal(ctx)
	if err := errors.Join(err, err2, b.issue(ctx, perRound)); err != nil {
		return 0, err
	}
	took := time.Since(began)
	now, err := databaseSpent(ctx, m.app.Config.OwnerURL)
	after, err2 := m.wal(ctx)
	m.here, m.there, m.written, m.licenses = m.here+spent(os.Getpid())-own, m.there+now-theirs, m.written+after-log, m.licenses+perRound
	return perRound / took.Seconds(), errors.Join(err, err2)
}

func (m *issueMeter) end(ctx context.Context) (float64, error) {
	bytes, err := m.stored(ctx)
	return (bytes - m.bytes) / m.licenses, errors.Join(err, m.database.Close(ctx))
}

func (m *issueMeter) String() string {
	return fmt.Sprintf("one takes %.0f µs of processor time here, clients included, and %.0f µs in PostgreSQL, and writes %.0f bytes of WAL",
		1e6*m.here/m.licenses, 1e6*m.there/m.licenses, m.written/m.licenses)
}

// issueBound does what an issue cannot do without.
type issueBound struct {
	pool     *pgxpool.Pool
	unsealed []byte
	must     must
	key      *sm2.PrivateKey
	approval []byte // signature over message
	message  []byte
	next     atomic.Int64
}

type issueSizes struct{ sealed, unsealed int }

// bound prepares the yardstick from the last license issued.
func (b *bureau) bound(ctx context.Context) (*issueBound, issueSizes, error) {
	p, err := b.app.Store.Proceeding(ctx, b.digest)
	if err != nil {
		return nil, issueSizes{}, err
	}
	v, err := b.app.Store.Version(ctx, p.Intent.Identifier.Base(), 1)
	if err != nil {
		return nil, issueSizes{}, err
	}
	sizes := issueSizes{len(v.Sealed), len(v.Unsealed)}
	y := &issueBound{unsealed: v.Unsealed, message: make([]byte, 32)}
	if y.must, err = newMust(v.Sealed, v.Unsealed); err != nil {
		return nil, sizes, err
	}
	if y.key, err = sm2.GenerateKey(rand.Reader); err != nil {
		return nil, sizes, err
	}
	if y.approval, err = y.key.SignWithSM2(rand.Reader, nil, y.message); err != nil {
		return nil, sizes, err
	}
	if y.pool, err = pgxpool.New(ctx, b.app.Config.OwnerURL); err != nil {
		return nil, sizes, err
	}
	if _, err = y.pool.Exec(ctx, `CREATE TABLE bench_issue (n bigint PRIMARY KEY, document bytea NOT NULL);
		ALTER TABLE bench_issue ALTER document SET STORAGE EXTERNAL`); err != nil {
		y.pool.Close()
	}
	return y, sizes, err
}

func (y *issueBound) close() { y.pool.Close() }

// round runs for a round's length on as many connections as there are clients.
func (y *issueBound) round(ctx context.Context) (float64, error) {
	rate, err := parallel(clients, func() (func() error, error) {
		return func() error {
			if err := y.sign(); err != nil {
				return err
			}
			_, err := y.pool.Exec(ctx, `INSERT INTO bench_issue VALUES ($1, $2)`, y.next.Add(1), y.unsealed)
			return err
		}, nil
	})
	if err == nil { // its rows are not the product's
		_, err = y.pool.Exec(ctx, `TRUNCATE bench_issue`)
	}
	return rate, err
}

// sign is the cryptography: two persons sign, as the load client does, office and
// signer check both; seal and time stamp are signed. SM3 runs once over the unsealed
// document for the content digest, over every file that Signature.xml lists, and over
// that. What the product does beyond this is not in it: it verifies what it signed,
// digests the unsealed document in office and signer, and the sealed one for the
// store. What licenses of a batch share (authorship, the transaction's time stamp,
// checkpoints) is left out, and so are the salted fields.
func (y *issueBound) sign() error {
	for _, message := range [][]byte{y.message, y.message, y.must.signed[0], y.must.signed[1]} {
		if _, err := sm2.SignDeterministic(y.key, message, sm2.DefaultSM2SignerOpts); err != nil {
			return err
		}
	}
	for range 4 {
		if !sm.Verify(&y.key.PublicKey, y.message, y.approval) {
			return errors.New("the yardstick's own signature does not hold")
		}
	}
	for _, data := range y.must.digests {
		sm.Sum(data)
	}
	return nil
}
