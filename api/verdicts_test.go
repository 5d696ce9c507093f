package api_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tongzheng/api"
	"tongzheng/api/browsertest"
	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
)

// turned is a clock that can be set forward.
type turned struct{ by atomic.Int64 }

func (c *turned) now() time.Time { return time.Now().Add(time.Duration(c.by.Load())) }

// gate puts the ledger out of reach of license acts.
type gate struct {
	office.Ledger
	shut atomic.Bool
}

func (g *gate) closed(namespace string) error {
	if g.shut.Load() && namespace != registry.Governance {
		return registry.Errorf(registry.CodeUnavailable, "", "test: the ledger is out of reach")
	}
	return nil
}

func (g *gate) Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error) {
	if err := g.closed(tx.Batch.Namespace); err != nil {
		return nil, err
	}
	return g.Ledger.Submit(ctx, tx)
}

func (g *gate) DryRun(ctx context.Context, batch registry.Batch) (*registry.Outcome, error) {
	if err := g.closed(batch.Namespace); err != nil {
		return nil, err
	}
	return g.Ledger.DryRun(ctx, batch)
}

// museum is a site of its own, mounted under a path of another, whose clock
// and ledger the test holds.
type museum struct {
	*site
	clock turned
	gate  gate
}

func openMuseum(t *testing.T) *museum {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	m := &museum{}
	_, port, _ := net.SplitHostPort(address)
	ctx, stop := context.WithCancel(context.Background())
	a, err := citytest.Open(ctx, citytest.Lend(t, citytest.Config{Listen: address, PublicURL: "http://localhost:" + port + "/province/zz", DemoCity: true, PublicPerMinute: 1e6,
		Clock: m.clock.now, Offline: t.TempDir(), Wrap: func(p *office.Ports, _ *office.Config) {
			m.gate.Ledger = p.Ledger
			p.Ledger = &m.gate
		}}))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx) }()
	t.Cleanup(func() { stop(); <-done; a.Close() })
	m.site = &site{App: a}
	if m.demo, err = citytest.ReadDemo(a.Config.Data); err == nil {
		m.plan, err = plan.Load(citytest.DemoPlan)
	}
	if err == nil {
		m.spec, err = newSpec()
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// of is a good application for a license of another type, with an original on
// the blank named.
func (s *site) of(t *testing.T, kind, grant, form, run, number string) map[string]any {
	t.Helper()
	a := s.food(t)
	planned, ok := s.plan.Type(kind)
	if !ok {
		t.Fatal("no type ", kind)
	}
	a["type"], a["grant"], a["fields"] = planned.Type.Code, grant, clone(planned.Sample)
	a["expires"] = "2029-10-31" // three years: as long as any of these types is valid at least
	a["copies"] = []any{map[string]any{"copy": "original", "blank": map[string]any{"form": form, "run": run, "number": number}}}
	return a
}

// made brings an application to its end and returns the original's page.
func (s *site) made(t *testing.T, application map[string]any) (proceeding, string) {
	t.Helper()
	p, a := s.apply(t, "/api/v1/licenses", application, nil)
	a.want(t, http.StatusAccepted)
	if p = s.approve(t, p); p.Step != "anchored" {
		t.Fatalf("step %s", p.Step)
	}
	return p, path(p.Printings[1].URL)
}

func (m *museum) food(t *testing.T, changes ...any) map[string]any {
	t.Helper()
	a, n := m.site.food(t), fresh()
	code := fmt.Sprintf("91360732DEM3%05d", n)
	a["holder"] = map[string]any{"name": fmt.Sprintf("兴国县演示味道%d号餐饮有限公司", n), "code": code + string(registry.USCCCheck(code)), "code_type": "001"}
	for i := 0; i < len(changes); i += 2 {
		a[changes[i].(string)] = changes[i+1]
	}
	return a
}

// exhibit is how one verdict is reached: an address to open, or a file to hand
// in on the first page; what its page must say besides the verdict.
type exhibit struct {
	address, file string
	status        int
	tone          string
	says          []string
}

func day(offset int) string {
	return time.Now().In(registry.China).AddDate(0, 0, offset).Format("2006-01-02")
}

// exhibits reaches every verdict through the product: real acts on a real
// ledger, an insider in the database, a file sealed elsewhere. The last ones
// need the ledger out of reach or the clock set forward, so they are functions
// that set the stage when their turn comes.
func (m *museum) exhibits(t *testing.T) map[registry.Word]func() exhibit {
	t.Helper()
	page := func(word registry.Word, status int, tone string, makes func() string, says ...string) func() exhibit {
		return func() exhibit {
			return exhibit{address: m.Config.PublicURL + makes(), status: status, tone: tone, says: says}
		}
	}
	after := func(act, ground string) func() string {
		return func() string {
			p, address := m.made(t, m.food(t))
			m.done(t, p.Identifier, act, map[string]any{"ground": ground, "decision": fmt.Sprintf("兴审食%s〔2026〕%d号", act, fresh())})
			return address
		}
	}
	return map[registry.Word]func() exhibit{
		registry.Valid: page(registry.Valid, 200, "good", func() string { _, address := m.made(t, m.food(t)); return address },
			"空白证照编号", "JX0000", "经营场所", "兴国县潋江镇演示路1号一层", "演*****", "兴国县行政审批局审批专用章", "作出决定", "行政复议", "兴国县人民政府", "12345", "localhost"),
		registry.Pending: page(registry.Pending, 200, "wait", func() string {
			m.gate.shut.Store(true)
			p, a := m.apply(t, "/api/v1/licenses", m.food(t), nil)
			a.want(t, http.StatusAccepted)
			if p = m.approve(t, p); p.Step != "sealed" {
				t.Fatalf("step %s", p.Step)
			}
			m.do(t, request{method: "POST", path: "/api/v1/proceedings/" + p.Intent + "/release", as: "xg-approver"}).want(t, 200)
			return path(p.Printings[1].URL)
		}, "正等待登记", "还不能当作", "七天"),
		registry.NotYetEffective: page(registry.NotYetEffective, 200, "wait", func() string {
			_, address := m.made(t, m.food(t, "effective", day(10)))
			return address
		}, "起有效"),
		registry.IsSuspended: page(registry.IsSuspended, 200, "warn", func() string {
			p, address := m.made(t, m.of(t, "construction-safety", "xg-direct-005", "AQSC-ZB", "2023-01", "A036000077"))
			m.measured(t, "xg-housing", p.Identifier, "suspend", "xg-direct-005")
			return address
		}, "暂扣", "暂扣许可证件", "兴国县住房和城乡建设局"),
		registry.Superseded: page(registry.Superseded, 200, "warn", func() string {
			p, address := m.made(t, m.food(t))
			m.done(t, p.Identifier, "change", map[string]any{"ground": "representative", "seal": sealOf(m.site, t), "decision": fmt.Sprintf("兴审食变〔2026〕%d号", fresh()),
				"fields": map[string]any{"KZ_FDDBR": "演示负责人新"}})
			return address
		}, "现行版本：第 002 版", "法定代表人（负责人）变更"),
		registry.Void: page(registry.Void, 200, "warn", func() string {
			p, address := m.made(t, m.food(t))
			m.done(t, p.Identifier, "spoil", map[string]any{"printing": 2, "ground": "misprint"})
			return address
		}, "作废印件", "打印错误作废", "不等于许可无效"),
		registry.IsWithdrawn: page(registry.IsWithdrawn, 200, "bad", after("withdraw", "law-changed"), "撤回", "所依据的法律", "不追溯既往"),
		registry.IsRevoked:   page(registry.IsRevoked, 200, "bad", after("revoke", "fraud"), "撤销", "以欺骗、贿赂", "自始无效"),
		registry.IsPenalized: page(registry.IsPenalized, 200, "bad", func() string {
			p, address := m.made(t, m.food(t))
			m.measured(t, "xg-market", p.Identifier, "penalize", "xg-direct-001")
			return address
		}, "吊销", "吊销许可证件"),
		registry.IsCancelled: page(registry.IsCancelled, 200, "bad", after("cancel", "applied"), "注销", "被许可人申请注销"),
		registry.Altered: page(registry.Altered, 200, "alarm", func() string {
			p, address := m.made(t, m.food(t))
			m.exec(t, `UPDATE version SET facts = jsonb_set(facts, '{holder,name}', '"别家公司"') WHERE intent = decode($1, 'hex')`, p.Intent)
			return address
		}, "摘要不符", "请勿", "12345"),
		registry.Untrusted: func() exhibit {
			other := openSite(t) // another instance: another city's roots
			p, _ := other.made(t, other.of(t, "drug-retail", "xg-direct-004", "YPJY-ZB", "2024-01", "Y0000577"))
			document := other.do(t, request{method: "GET", path: "/api/v1/licenses/" + p.Identifier + "/document", as: "xg-system"}).want(t, 200)
			file := filepath.Join(t.TempDir(), "license.ofd")
			if err := os.WriteFile(file, document.body, 0o600); err != nil {
				t.Fatal(err)
			}
			return exhibit{file: file, status: 200, tone: "alarm", says: []string{"不是本库信任的发证机关"}}
		},
		registry.Unverifiable: func() exhibit {
			file, err := filepath.Abs("../signer/check/testdata/ofd/hello.ofd") // never sealed
			if err != nil {
				t.Fatal(err)
			}
			return exhibit{file: file, status: 200, tone: "none", says: []string{"文件没有电子签章", "不是说文件被改动过", "索取"}}
		},
		registry.NotFound: page(registry.NotFound, 404, "none", func() string { return "/v/" + strings.Repeat("A", 26) }, "可能是伪造的", "12345"),
		registry.UnknownNow: func() exhibit {
			_, address := m.made(t, m.food(t))
			config := api.Config{PublicURL: "http://localhost", Demo: true}
			server, _ := m.second(t, config, func(p *office.Ports) { p.Clock = func() time.Time { return m.clock.now().Add(time.Hour) } })
			return exhibit{address: server.URL + address, status: 503, tone: "none", says: []string{"最后一次取得状态", "既不说明有效，也不说明无效"}}
		},
		registry.Expired: page(registry.Expired, 200, "warn", func() string {
			_, address := m.made(t, m.food(t, "expires", day(20)))
			m.clock.by.Store(int64(40 * 24 * time.Hour))
			for began := time.Now(); time.Since(began) < citytest.Patience; time.Sleep(100 * time.Millisecond) {
				if !m.View.Knowledge(m.clock.now()).Stale {
					return address
				}
			}
			t.Fatal("the view does not follow the clock")
			return ""
		}, "没有在有效期内受理的延续申请", "有效期至"),
	}
}

// Every verdict of the registry has its page, reached as people reach it, in a
// real browser: its words, its own shape, its status, what it means, what to
// do. Each is held against axe, a phone of 320 px, type of twice the size.
func TestEveryVerdictHasItsPage(t *testing.T) {
	m := openMuseum(t)
	exhibits := m.exhibits(t)
	b := browsertest.Open(t)
	shapes := map[string]registry.Word{}
	last := []registry.Word{registry.Pending, registry.Expired} // they change the stage for all others
	words := slices.Clone(registry.Words())
	slices.SortStableFunc(words, func(a, b registry.WordInfo) int {
		return slices.Index(last, a.Word) - slices.Index(last, b.Word)
	})
	for _, info := range words {
		reach, ok := exhibits[info.Word]
		if !ok {
			t.Errorf("no page shows %s", info.Word)
			continue
		}
		x, name := reach(), "public-"+string(info.Word)
		b.Phone()
		if x.file != "" {
			b.Go(m.Config.PublicURL + "/")
			b.Within(name, chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{x.file}), chromedp.Click(chromedp.CSS(`form[enctype] button`)),
				chromedp.WaitVisible(chromedp.CSS(`.verdict`)))
		} else {
			b.Go(x.address)
		}
		if b.Glance(name); info.Word == registry.Valid {
			b.Picture(name + "-whole")
		}
		if scripts := b.Value(`String(document.scripts.length)`); scripts != "0" {
			t.Errorf("%s: %s scripts on the page", info.Word, scripts)
		}
		b.Value(`document.querySelectorAll("details").forEach((d) => { d.open = true; }); ""`)
		if heading := b.Value(`document.querySelector("h1").innerText.replace(/\s+/g, " ").trim()`); heading != info.Chinese+" "+info.English {
			t.Fatalf("%s: the page is headed %q", info.Word, heading)
		}
		if status := b.Value(`String(performance.getEntriesByType("navigation")[0].responseStatus)`); status != fmt.Sprint(x.status) {
			t.Errorf("%s: status %s, want %d", info.Word, status, x.status)
		}
		if class := b.Value(`document.querySelector(".verdict").className`); class != "card verdict "+x.tone {
			t.Errorf("%s: class %q", info.Word, class)
		}
		shape := b.Value(`document.querySelector(".verdict header svg").innerHTML`)
		if other, taken := shapes[shape]; taken {
			t.Errorf("%s and %s have the same shape", info.Word, other)
		}
		shapes[shape] = info.Word
		b.Says(string(info.Word), append(x.says, "怎么办", "怎样认出真网站")...)
		b.Accessible(name)
		b.Fits(name, 320)
		b.Large(name)
		if info.Word == registry.Pending { // recorded, it is in force
			m.gate.shut.Store(false)
			b.Phone()
			for began := time.Now(); time.Since(began) < citytest.Patience; time.Sleep(250 * time.Millisecond) {
				if b.Go(x.address); b.Value(`document.querySelector("h1").innerText`) == registry.Valid.Info().Chinese+"\n"+registry.Valid.Info().English {
					break
				}
			}
			if heading := b.Value(`document.querySelector("h1").innerText`); !strings.HasPrefix(heading, registry.Valid.Info().Chinese) {
				t.Errorf("recorded, it says %s", heading)
			}
		}
	}
}
