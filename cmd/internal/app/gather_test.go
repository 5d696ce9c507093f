package app_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

// gatheringQueue keeps workers away until a test says, and tells when one gathers.
type gatheringQueue struct {
	office.AnchorQueue
	mu     sync.Mutex
	hold   bool
	during func() // called once, when the first sealed acts were leased
}

func (q *gatheringQueue) Lease(ctx context.Context, steps []office.Step, limit int, until time.Time) ([]*office.Proceeding, error) {
	q.mu.Lock()
	hold, during := q.hold, q.during
	q.mu.Unlock()
	if hold {
		return nil, nil
	}
	leased, err := q.AnchorQueue.Lease(ctx, steps, limit, until)
	if len(leased) > 0 && leased[0].Step == office.StepSealed && during != nil {
		q.mu.Lock()
		q.during = nil
		q.mu.Unlock()
		during()
	}
	return leased, err
}

func (q *gatheringQueue) set(hold bool, during func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hold, q.during = hold, during
}

// counter is an organization of one member that decides under a seal of its own.
type counter struct{ unit, grant, seal string }

// sealed brings a lone license of a counter to commit 2.
func (o counter) sealed(ctx context.Context, t *testing.T, a *app.App) *office.Proceeding {
	t.Helper()
	city, err := demo.Read(a.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	var p *office.Proceeding
	for i, role := range []string{"-acceptor", "-approver"} {
		account, err := city.Account(o.unit + role)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			p, err = a.Office.Issuing.Propose(ctx, account.Actor(), registry.Application{Act: registry.Issue, Type: approvalDocument, Grant: o.grant, Organization: account.Code,
				Ground: "applied", Decision: "演示准〔2026〕同行号", Case: "同行2026-1", Seal: o.seal, Holder: registry.Holder{Name: "兴国县演示建设有限公司", CodeType: "001", Code: "91360732DEM100082K"},
				Fields:    map[string]string{"KZ_WJBT": "关于准予演示项目的行政许可决定书", "KZ_SXMC": "示例事项（合成）", "KZ_PZNR": "准予按申请材料实施演示项目。", "KZ_PZYJ": "行政许可法第三十八条第一款"},
				Effective: registry.DateOf(a.Config.Clock()), Expires: registry.LongTerm}, office.Idempotency{Client: "test", Operation: "issue", Key: o.unit})
			if err != nil {
				t.Fatal(err)
			}
		}
		key, err := person.Key(filepath.Join(a.Config.Data, account.KeyFile))
		if err != nil {
			t.Fatal(err)
		}
		approval, err := person.Approve(key, p.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if p, err = a.Office.Issuing.Approve(ctx, account.Actor(), p.Digest, approval); err != nil {
			t.Fatal(err)
		}
	}
	if p.Step != office.StepSealed {
		t.Fatalf("%s: %s, want sealed", o.unit, p.Step)
	}
	return p
}

// TestLoneLicensesShareATransaction: licenses that come alone, of several
// organizations of one member, go to the ledger together when they are sealed within
// the waiting bound: two before a worker looks, the third while it gathers.
func TestLoneLicensesShareATransaction(t *testing.T) {
	t.Parallel()
	q := &gatheringQueue{}
	a := openFor(t, ownPlace(t), func(p *office.Ports, told *office.Config) {
		q.AnchorQueue, p.Queue = p.Queue, q
		told.GatherFor = 50 * time.Millisecond
	})
	defer a.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	q.set(true, nil)
	all := []*office.Proceeding{counter{"xg-lianjiang", "xg-town-001", "xg-lianjiang-seal"}.sealed(ctx, t, a), counter{"xg-east", "xg-east-001", "xg-east-seal"}.sealed(ctx, t, a)}
	third := make(chan *office.Proceeding, 1)
	q.set(false, func() { third <- counter{"xg-west", "xg-west-001", "xg-west-seal"}.sealed(ctx, t, a) })
	all = append(all, <-third)
	transactions := map[string]bool{}
	for _, p := range all {
		for p.Step != office.StepAnchored && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
			var err error
			if p, err = a.Store.Proceeding(ctx, p.Digest); err != nil {
				t.Fatal(err)
			}
		}
		if p.Receipt == nil {
			t.Fatalf("%s %s", p.Step, p.Refusal)
		}
		transactions[p.Receipt.Transaction] = true
	}
	if len(transactions) != 1 {
		t.Errorf("three organizations' lone licenses went in %d transactions", len(transactions))
	}
}
