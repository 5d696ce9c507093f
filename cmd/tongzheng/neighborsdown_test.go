package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/api/client"
	"tongzheng/api/resource"
	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/postgres/cluster"
	"tongzheng/registry/sm"
	"tongzheng/soaktest"
)

// lone is one member's registry, run as an operator runs it: by itself, from its folder.
type lone struct {
	t       *testing.T
	address string
	process *os.Process
	done    chan struct{}
	mu      sync.Mutex
	said    bytes.Buffer
}

// Write implements io.Writer.
func (i *lone) Write(text []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.said.Write(text)
}

// serving starts a member's registry from its folder and waits until it is ready.
func serving(t *testing.T, folder, member, profiles, listen, sign, exchange string) *lone {
	t.Helper()
	i := &lone{t: t, address: listen, done: make(chan struct{})}
	cmd := exec.Command(citytest.Program(t, "tongzheng"), "serve", "--data", filepath.Join(folder, member), "--ledger", filepath.Join(profiles, member+".json"),
		"--listen", listen, "--sign-listen", sign, "--exchange-listen", exchange, "--signer-process")
	cmd.Stdout, cmd.Stderr = i, i
	cmd.Env = environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	i.process = cmd.Process
	go func() { _ = cmd.Wait(); close(i.done) }()
	t.Cleanup(func() {
		_ = i.process.Signal(os.Interrupt)
		<-i.done
		if t.Failed() {
			i.mu.Lock()
			defer i.mu.Unlock()
			t.Logf("%s:\n%s", member, i.said.String())
		}
	})
	i.ready()
	return i
}

func (i *lone) ready() {
	i.t.Helper()
	i.until("it is ready", func() bool {
		answer, err := http.Get("http://" + i.address + "/readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// until waits for a state of the run, which does not end meanwhile.
func (i *lone) until(what string, there func() bool) {
	i.t.Helper()
	for end := time.Now().Add(citytest.Patience); !there(); time.Sleep(50 * time.Millisecond) {
		select {
		case <-i.done:
			i.t.Fatalf("waiting until %s: the registry ended", what)
		default:
		}
		if time.Now().After(end) {
			i.t.Fatalf("waiting until %s", what)
		}
	}
}

// kill ends the registry without a word, and its signer and database with it.
func (i *lone) kill() {
	i.t.Helper()
	all := append(childrenOf(i.t, i.process.Pid), i.process.Pid)
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL) // a child may have gone with its parent
	}
	<-i.done
	for _, pid := range all { // what is not reaped yet holds its locks
		for end := time.Now().Add(citytest.Patience); syscall.Kill(pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				i.t.Fatalf("process %d is still there", pid)
			}
		}
	}
}

// act takes a license further through the API, signed by the accounts in turn.
func (a *at) act(application registry.Application, signers ...string) {
	a.t.Helper()
	var p *resource.Proceeding
	var server *client.Client
	for _, login := range signers {
		account, err := a.demo.Account(login)
		if err != nil {
			a.t.Fatal(err)
		}
		server = client.New(client.Config{Server: a.server, APIKey: account.APIKey})
		if p == nil {
			application.Organization = account.Code
			asked := client.Submission{Key: sm.Sum([]byte(application.Decision + string(application.Act) + application.Identifier.String() + time.Now().String())).String(),
				Application: resource.Application{Application: application}}
			if p, err = server.Licenses.Act(a.t.Context(), application.Identifier, asked); err != nil {
				a.t.Fatalf("%s at the registry of %s: %v", application.Act, a.member, err)
			}
		}
		approval, err := person.ApproveIntent(filepath.Join(a.data, account.KeyFile), p.Sign.Canonical, p.Intent)
		if err != nil {
			a.t.Fatal(err)
		}
		if p, err = server.Proceedings.Approve(a.t.Context(), p.Intent, approval, 0); err != nil {
			a.t.Fatalf("%s at the registry of %s: %v", application.Act, a.member, err)
		}
	}
	if p, err := server.Proceedings.Show(a.t.Context(), p.Intent, 30*time.Second); err != nil || p.Step != resource.StepAnchored {
		a.t.Fatalf("%s at the registry of %s: %+v %v", application.Act, a.member, p, err)
	}
}

// ask asks anybody's question at the registry.
func (a *at) ask(q resource.Question) *resource.Verification {
	a.t.Helper()
	v, err := client.New(client.Config{Server: a.server}).Public.Verify(a.t.Context(), q)
	if err != nil {
		a.t.Fatal(err)
	}
	return v
}

// page is what a phone without JavaScript reads at an address.
func page(t *testing.T, address string) string {
	t.Helper()
	address, _, _ = strings.Cut(address, "#")
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// whileDown kills the county's registry. Its paper is answered for at the city, by code, by
// token and by the address that it carries; a spoiled sheet is void there, and what the city
// revokes meanwhile is revoked. Back, the county catches up with what others did, and is told. A copy that is deleted at the city comes back and is
// counted.
func whileDown(t *testing.T, city, county *at, begin func(member string) *lone) {
	cityRuns, countyRuns := begin("city"), begin("xingguo")
	spoiled, inForce := county.demo.Licenses[0], county.demo.Licenses[1]
	identifier, err := registry.ParseIdentifier(spoiled.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	county.act(registry.Application{Act: registry.Spoil, Identifier: identifier, Grant: demo.Grant, Ground: "misprint", Printing: 2}, "xg-printer")
	cityRuns.until("the city sees the spoiled sheet", func() bool { return city.ask(resource.Question{QR: spoiled.QR}).Word == registry.Void })
	cityRuns.until("the library has all of the county", func() bool { return city.collected().Whole })
	sideBySide(t, city, county)
	countyRuns.kill()
	unplugged(t, inForce.QR)

	for _, asked := range []struct {
		what string
		resource.Question
		word registry.Word
	}{{"a code", resource.Question{QR: inForce.QR}, registry.Valid}, {"a token", resource.Question{Token: tokenOf(inForce.QR)}, registry.Valid},
		{"a spoiled sheet's code", resource.Question{QR: spoiled.QR}, registry.Void}, {"its token", resource.Question{Token: tokenOf(spoiled.QR)}, registry.Void}} {
		if v := city.ask(asked.Question); v.Word != asked.word || v.Elsewhere == nil {
			t.Errorf("%s of the county that is down: %s, %+v", asked.what, v.Word, v.Elsewhere)
		}
	}
	if text := page(t, inForce.QR); !strings.Contains(text, "有效") {
		t.Errorf("at the address on paper:\n%.600s", text)
	}

	revoked, err := registry.ParseIdentifier(inForce.Identifier)
	if err != nil {
		t.Fatal(err)
	}
	city.act(registry.Application{Act: registry.Revoke, Identifier: revoked, Ground: "beyond-power", Decision: "赣市府撤〔2026〕1号"}, "gz-gov-acceptor", "gz-gov-approver")
	cityRuns.until("the revocation is seen at the city", func() bool { return city.ask(resource.Question{QR: inForce.QR}).Word == registry.IsRevoked })
	if text := page(t, inForce.QR); !strings.Contains(text, "已撤销") {
		t.Errorf("at the address on the revoked paper:\n%.600s", text)
	}
	city.manyMore()
	city.operator("seal", "suspend", "xg-approval-seal", "--basis", "赣停〔2026〕2号") // after all of them, on the ledger
	began := time.Now()
	countyRuns = begin("xingguo")
	countyRuns.until("the county has the city's last order", func() bool { return county.sealState("xg-approval-seal") == "suspended" })
	t.Logf("the county caught up with %d entries in %s", othersEntries, time.Since(began).Round(time.Millisecond))
	city.operator("seal", "resume", "xg-approval-seal", "--basis", "赣复〔2026〕2号")
	countyRuns.until("the county may seal again", func() bool { return county.sealState("xg-approval-seal") == "in-use" })
	county.must("xg-document-1", "xg-approval-seal", "xg-acceptor", "xg-approver")
	if got := county.ask(resource.Question{QR: inForce.QR}).Word; got != registry.IsRevoked {
		t.Errorf("back, the county says %s of what the city revoked", got)
	}
	countyRuns.until("the county is told who revoked its license", func() bool {
		list, err := county.as("xg-acceptor").Catalog.Tasks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(list, func(task resource.Task) bool {
			return task.Kind == office.TaskActed && task.Identifier == revoked && task.Act == registry.Revoke
		})
	})

	gone, err := database(t, city).Exec(t.Context(), `DELETE FROM copy WHERE base = $1`, identifier.Base())
	if err != nil || gone.RowsAffected() != 1 {
		t.Fatalf("deleting a copy: %d rows, %v", gone.RowsAffected(), err)
	}
	cityRuns.kill()
	cityRuns = begin("city") // at its start all copies are walked beside the ledger
	cityRuns.until("the copy is back", func() bool { return city.collected().Whole })
	if _, err := city.as("gz-approval-acceptor").Licenses.Show(t.Context(), identifier); err != nil {
		t.Errorf("the copy that was deleted: %v", err)
	}
}

// othersEntries is how many entries of the city the county misses while it is down: a
// thousand in `make soak`.
var othersEntries = soaktest.Count(40, 1000)

// manyMore makes that many entries.
func (a *at) manyMore() {
	a.t.Helper()
	var makers sync.WaitGroup
	for i := range 8 {
		makers.Go(func() {
			for range (othersEntries - i + 7) / 8 {
				a.must("gz-project-1", "gz-approval-seal", "gz-approval-acceptor", "gz-approval-approver")
			}
		})
	}
	makers.Wait()
}

func (a *at) as(login string) *client.Client {
	a.t.Helper()
	account, err := a.demo.Account(login)
	if err != nil {
		a.t.Fatal(err)
	}
	return client.New(client.Config{Server: a.server, APIKey: account.APIKey})
}

// collected is the account of the registry's library.
func (a *at) collected() *registry.Collection {
	a.t.Helper()
	account, err := a.demo.Account("gz-approval-acceptor")
	if err != nil {
		a.t.Fatal(err)
	}
	asked, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.server+"/api/v1/library", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	asked.Header.Set("Authorization", "Bearer "+account.APIKey)
	answer, err := http.DefaultClient.Do(asked)
	if err != nil {
		a.t.Fatal(err)
	}
	defer answer.Body.Close()
	c := &registry.Collection{}
	if err := json.NewDecoder(answer.Body).Decode(c); err != nil || answer.StatusCode != http.StatusOK {
		a.t.Fatalf("the library's account: %d %v", answer.StatusCode, err)
	}
	return c
}

// tokenOf is the token in the text of a code.
func tokenOf(code string) string {
	address, _, _ := strings.Cut(code, "#")
	return address[strings.LastIndex(address, "/")+1:]
}

// database connects as who may do anything in a registry's private cluster: an insider.
func database(t *testing.T, a *at) *pgx.Conn {
	t.Helper()
	folder := filepath.Join(a.data, "postgres")
	if moved, err := os.ReadFile(folder + ".location"); err == nil {
		folder = strings.TrimSpace(string(moved))
	}
	raw, err := os.ReadFile(filepath.Join(folder, "postmaster.pid")) // process, folder, start, port, folder of the socket
	lines := strings.Split(string(raw), "\n")
	if err != nil || len(lines) < 5 {
		t.Fatalf("no running cluster of %s: %v", a.member, err)
	}
	conn, err := pgx.Connect(t.Context(), "postgres:///"+cluster.Database+"?host="+lines[4]+"&port="+lines[3]+"&user="+cluster.Owner+"&sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
