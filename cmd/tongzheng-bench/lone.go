package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// loneRuns are the licenses that come alone.
const loneRuns = 30

// benchLone measures a license that comes alone through the whole product on a
// real network: from commit 2 (the sealed document is in PostgreSQL) to the
// ledger's commit, the queue's wait for company included.
func benchLone(ctx context.Context) (results []result, err error) {
	n, clean, err := foundNetwork(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, clean()) }()
	dir, err := os.MkdirTemp("", "tongzheng-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	w := &watch{sealed: map[sm.Digest]time.Time{}, committed: map[sm.Digest]time.Time{}}
	a, err := demo.Open(ctx, app.Config{Data: dir, Listen: "127.0.0.1:0",
		Ledger: filepath.Dir(n.ProfilePath(ledgertest.MemberCity)),
		Wrap: func(p *office.Ports, _ *office.Config) {
			p.Queue, p.Ledger = watchedQueue{p.Queue, w}, watchedLedger{p.Ledger, w}
		}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	city, err := demo.Read(dir)
	if err != nil {
		return nil, err
	}
	var times []float64
	for i := range loneRuns {
		p, err := issueAlone(ctx, a, city, i)
		if err != nil {
			return nil, err
		}
		times = append(times, float64(w.took(p.Digest).Microseconds())/1000)
	}
	lone := middle(times)
	return []result{{Name: "anchor_fabric_lone_p50_ms", Value: lone, Unit: "ms", Ratio: lone / 600, Figure: lone, Target: 600, Aim: 600, AtMost: true,
		Yardstick: "the target; from sealed to committed, through the queue"}}, nil
}

// issueAlone has the demonstration bureau issue one license and waits for its
// end.
func issueAlone(ctx context.Context, a *app.App, city *demo.City, i int) (*office.Proceeding, error) {
	acceptor, err := city.Account("xg-acceptor")
	if err != nil {
		return nil, err
	}
	code := fmt.Sprintf("91360732DEM2%05d", 100+i)
	today := registry.DateOf(time.Now())
	by := registry.Actor{Account: acceptor.Login, Organization: acceptor.Code, Roles: acceptor.Roles}
	p, err := a.Office.Issuing.Propose(ctx, by, registry.Application{Act: registry.Issue, Type: "11100000MB0143028R003", Grant: "xg-direct-001",
		Organization: acceptor.Code, Ground: "applied", Decision: fmt.Sprintf("兴审食准〔2026〕7%03d号", i), Case: fmt.Sprintf("XG2026-7%03d", i), Seal: "xg-approval-seal",
		Holder: registry.Holder{Name: fmt.Sprintf("演示食品店%d", i), Code: code + string(registry.USCCCheck(code)), CodeType: "001"},
		Fields: map[string]string{"KZ_FDDBR": "演示负责人", "KZ_ZS": "兴国县演示路", "KZ_JYCS": "兴国县演示路一层",
			"KZ_ZTYT": "餐饮服务经营者", "KZ_JYXM": "热食类食品制售", "KZ_TSJBDH": "12315"},
		Effective: today, Expires: today.AddYears(5) - 1,
		Copies: []registry.CopyRequest{{Copy: registry.Original, Blank: registry.Blank{Form: "SPJY-ZB", Run: "2024-01", Number: fmt.Sprintf("JX%08d", 1100+i)}}},
	}, office.Idempotency{Client: "bench", Operation: "issue", Key: code})
	if err != nil {
		return nil, err
	}
	for _, login := range []string{"xg-acceptor", "xg-approver"} {
		account, err := city.Account(login)
		if err != nil {
			return nil, err
		}
		key, err := person.Key(filepath.Join(a.Config.Data, account.KeyFile))
		if err != nil {
			return nil, err
		}
		approval, err := person.Approve(key, p.Digest)
		if err != nil {
			return nil, err
		}
		if _, err := a.Office.Issuing.Approve(ctx, account.Actor(), p.Digest, approval); err != nil {
			return nil, err
		}
	}
	if p, err = a.Office.Reading.Wait(ctx, by, p.Digest); err == nil && p.Step != office.StepAnchored {
		err = fmt.Errorf("%s: %s %s", p.Step, p.Refusal, p.Detail)
	}
	return p, err
}

// watch notes when a proceeding was sealed and when the ledger had it.
type watch struct {
	mu                sync.Mutex
	sealed, committed map[sm.Digest]time.Time
}

func (w *watch) took(intent sm.Digest) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.committed[intent].Sub(w.sealed[intent])
}

// anchored is when the ledger had it.
func (w *watch) anchored(intent sm.Digest) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.committed[intent]
}

type watchedQueue struct {
	office.AnchorQueue
	watch *watch
}

func (s watchedQueue) Sealed(ctx context.Context, act office.SealedAct) error {
	err := s.AnchorQueue.Sealed(ctx, act)
	if err == nil {
		s.watch.mu.Lock()
		s.watch.sealed[act.Intent] = time.Now()
		s.watch.mu.Unlock()
	}
	return err
}

type watchedLedger struct {
	office.Ledger
	watch *watch
}

func (l watchedLedger) Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error) {
	c, err := l.Ledger.Submit(ctx, tx)
	if err == nil {
		l.watch.mu.Lock()
		for _, e := range tx.Batch.Entries {
			if e.Intent != nil {
				l.watch.committed[e.Intent.Digest()] = time.Now()
			}
		}
		l.watch.mu.Unlock()
	}
	return c, err
}
