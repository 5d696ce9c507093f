package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
)

const patience = citytest.Patience

// city is one running program that the tests of this package share: seeding
// takes longer than each of them.
type city struct {
	*app.App
	demo *demo.City
	gate *gate
}

var (
	cityOnce sync.Once
	theCity  *city
	cityErr  error
	nextCase atomic.Int64
)

// gate holds license batches back from the ledger, or makes it unreachable,
// while governance goes through.
type gate struct {
	office.Ledger
	mu     sync.Mutex
	closed bool
}

func (g *gate) set(closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = closed
}

func (g *gate) shut(namespace string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed && namespace != registry.Governance {
		return registry.Errorf(registry.CodeUnavailable, "", "test: the ledger is out of reach")
	}
	return nil
}

func (g *gate) Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error) {
	if err := g.shut(tx.Batch.Namespace); err != nil {
		return nil, err
	}
	return g.Ledger.Submit(ctx, tx)
}

func (g *gate) DryRun(ctx context.Context, batch registry.Batch) (*registry.Outcome, error) {
	if err := g.shut(batch.Namespace); err != nil {
		return nil, err
	}
	return g.Ledger.DryRun(ctx, batch)
}

func TestMain(m *testing.M) {
	citytest.Main(m, func() {
		if theCity != nil {
			theCity.Close()
		}
	})
}

func inCity(t *testing.T) *city {
	t.Helper()
	cityOnce.Do(func() {
		c := &city{}
		config, err := citytest.Shared(app.Config{
			Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
			Wrap: func(p *office.Ports, told *office.Config) {
				c.gate = &gate{Ledger: p.Ledger}
				p.Ledger = c.gate
				told.RetryWait = 50 * time.Millisecond
			}})
		if err != nil {
			cityErr = err
			return
		}
		if c.App, cityErr = demo.Open(context.Background(), config); cityErr != nil {
			return
		}
		go c.Serve(context.Background())
		c.demo, cityErr = demo.Read(config.Data)
		theCity = c
	})
	if cityErr != nil {
		t.Fatal(cityErr)
	}
	return theCity
}

// answer is an HTTP answer with its problem, if it is one.
type answer struct {
	status int
	code   registry.Code
	field  string
	body   []byte
	header http.Header
}

func (c *city) call(t *testing.T, login, method, path, key string, body any) answer {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		raw = nil
	}
	req, err := http.NewRequest(method, "http://"+c.Address+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if login != "" {
		account, err := c.demo.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+account.APIKey)
	}
	if raw != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	got, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	a := answer{status: got.StatusCode, header: got.Header}
	if a.body, err = io.ReadAll(got.Body); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(got.Header.Get("Content-Type"), "application/problem+json") {
		var p struct {
			Code  registry.Code `json:"code"`
			Field string        `json:"field"`
		}
		if err := json.Unmarshal(a.body, &p); err != nil {
			t.Fatal(err)
		}
		a.code, a.field = p.Code, p.Field
	}
	return a
}

// want fails the test unless the answer is the problem expected.
func (a answer) want(t *testing.T, status int, code registry.Code) {
	t.Helper()
	if a.status != status || a.code != code {
		t.Fatalf("status %d code %q, want %d %q: %s", a.status, a.code, status, code, a.body)
	}
}

// fresh is an application nobody made yet.
func (c *city) fresh() (registry.Application, int) {
	i := int(nextCase.Add(1)) + 100
	acceptor, _ := c.demo.Account("xg-acceptor")
	return application(c.App, acceptor.Code, i), i
}

// propose posts an application and returns its proceeding.
func (c *city) propose(t *testing.T, path, key string, app registry.Application) *office.Proceeding {
	t.Helper()
	return c.proposeAs(t, "xg-acceptor", path, key, app)
}

func (c *city) proposeAs(t *testing.T, login, path, key string, app registry.Application) *office.Proceeding {
	t.Helper()
	got := c.call(t, login, http.MethodPost, path, key, app)
	if got.status != http.StatusAccepted {
		t.Fatalf("proposing: %d %s", got.status, got.body)
	}
	var p struct {
		Intent string `json:"intent"`
	}
	if err := json.Unmarshal(got.body, &p); err != nil {
		t.Fatal(err)
	}
	return c.proceeding(t, p.Intent)
}

// token is that of a printing, as the signer makes it.
func (c *city) token(t testing.TB, id registry.Identifier, p registry.Printing) registry.Token {
	t.Helper()
	made, err := c.Attester.Tokens(context.Background(), registry.TokenRequest{Identifier: id, Printings: []registry.Printing{p}})
	if err != nil {
		t.Fatal(err)
	}
	return made[0]
}

// other is a second office over the same ports, some of them changed.
func (c *city) other(t *testing.T, change func(*office.Ports, *office.Config)) *office.Office {
	t.Helper()
	ports, told := c.Ports, c.Told
	change(&ports, &told)
	o, err := office.New(ports, told)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// publishing makes status lists apart from the instance's own publisher.
func (c *city) publishing(t *testing.T, how office.Publication) *office.Publishing {
	t.Helper()
	return c.other(t, func(_ *office.Ports, told *office.Config) { told.Publication = how }).Publishing
}

func (c *city) proceeding(t *testing.T, intent string) *office.Proceeding {
	t.Helper()
	var digest [32]byte
	if _, err := fmt.Sscanf(intent, "%x", (*hexDigest)(&digest)); err != nil {
		t.Fatal(err)
	}
	p, err := c.Store.Proceeding(context.Background(), digest)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type hexDigest [32]byte

// Scan reads 64 hexadecimal digits.
func (d *hexDigest) Scan(state fmt.ScanState, _ rune) error {
	var raw []byte
	_, err := fmt.Fscanf(state, "%x", &raw)
	copy(d[:], raw)
	return err
}

// sign has the named people approve over HTTP.
func (c *city) sign(t *testing.T, p *office.Proceeding, logins ...string) {
	t.Helper()
	for _, login := range logins {
		account, err := c.demo.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		key, err := person.Key(filepath.Join(c.Config.Data, account.KeyFile))
		if err != nil {
			t.Fatal(err)
		}
		approval, err := person.Approve(key, p.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.call(t, login, http.MethodPost, "/proceedings/"+p.Digest.String()+"/approvals", "", approval); got.status >= 300 {
			t.Fatalf("approval by %s: %d %s", login, got.status, got.body)
		}
	}
}

// as is an account of the demonstration as the use cases know it.
func (c *city) as(t *testing.T, login string) registry.Actor {
	t.Helper()
	account, err := c.demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	return account.Actor()
}

// deciders is somebody at the desk of who decides an act.
func deciders(in *registry.Intent) registry.Actor {
	return registry.Actor{Account: "test", Organization: in.Organization, Roles: []registry.Role{registry.RoleAcceptor}}
}

func (c *city) end(t *testing.T, p *office.Proceeding) *office.Proceeding {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	done, err := c.Office.Reading.Wait(ctx, deciders(&p.Intent), p.Digest)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// issued is a license in force.
func (c *city) issued(t *testing.T) (*office.Proceeding, registry.Application) {
	t.Helper()
	app, i := c.fresh()
	p := c.propose(t, "/licenses", fmt.Sprintf("issued-%d", i), app)
	c.sign(t, p, "xg-acceptor", "xg-approver")
	if p = c.end(t, p); p.Step != office.StepAnchored {
		t.Fatalf("issue: %s %s %s", p.Step, p.Refusal, p.Detail)
	}
	return p, app
}

// then is an application for a later act by the same bureau.
func then(p *office.Proceeding, act registry.Act, ground string) registry.Application {
	app := registry.Application{Act: act, Identifier: p.Intent.Identifier, Grant: p.Intent.Grant, Organization: p.Intent.Organization, Ground: ground,
		Decision: fmt.Sprintf("决〔2026〕%s-%d号", act, nextCase.Add(1))}
	if act == registry.Deliver {
		app.Delivery = &registry.Delivery{Receiver: "持证人", Courier: "EMS", Number: "1000000000001"}
	}
	return app
}

func (c *city) scan(t *testing.T, p *office.Proceeding, printing uint32) *office.Verification {
	t.Helper()
	token := c.token(t, p.Intent.Identifier, p.Intent.Printings[printing-1])
	got := c.call(t, "", http.MethodPost, "/verify", "", map[string]string{"token": token.String()})
	if got.status != http.StatusOK {
		t.Fatalf("verify: %d %s", got.status, got.body)
	}
	v := new(office.Verification)
	if err := json.Unmarshal(got.body, v); err != nil {
		t.Fatal(err)
	}
	return v
}

// owner is a connection of somebody with the database password.
func (c *city) owner(t *testing.T) *pgx.Conn {
	t.Helper()
	db, err := pgx.Connect(context.Background(), c.Config.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(context.Background()) })
	return db
}
