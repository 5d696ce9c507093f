package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tongzheng/api/client"
	"tongzheng/api/resource"
	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/person"
	"tongzheng/network/networktest"
	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
	"tongzheng/registry/statusview"
)

// started is a running tongzheng neighbors.
type started struct {
	t       *testing.T
	folder  string
	process *os.Process
	done    chan error
	mu      sync.Mutex
	said    bytes.Buffer
}

// Write implements io.Writer.
func (s *started) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(text)
}

func (s *started) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// startNeighbors starts both registries on a network and waits until they are ready.
func startNeighbors(t *testing.T, folder, profiles string, addresses []string) *started {
	t.Helper()
	s := &started{t: t, folder: folder, done: make(chan error, 1)}
	cmd := exec.Command(citytest.Program(t, "tongzheng"), "neighbors", "--data", folder, "--ledger", profiles,
		"--listen", "city="+addresses[0], "--listen", "xingguo="+addresses[1], "--sign-listen", "city="+addresses[2], "--sign-listen", "xingguo="+addresses[3],
		"--exchange-listen", "city="+addresses[4], "--exchange-listen", "xingguo="+addresses[5])
	cmd.Stdout, cmd.Stderr = s, s
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process = cmd.Process
	go func() { s.done <- cmd.Wait(); close(s.done) }()
	t.Cleanup(func() {
		_ = s.process.Signal(syscall.SIGTERM)
		<-s.done
		if t.Failed() {
			t.Log(s.text())
		}
	})
	s.until("all are ready", func() bool { return strings.Contains(s.text(), "全部就绪 all are ready") })
	return s
}

// until waits for a state; a run that ends first fails the test.
func (s *started) until(what string, there func() bool) {
	s.t.Helper()
	for end := time.Now().Add(citytest.Patience); !there(); time.Sleep(100 * time.Millisecond) {
		select {
		case err := <-s.done:
			s.t.Fatalf("waiting until %s: the run ended: %v", what, err)
		default:
		}
		if time.Now().After(end) {
			s.t.Fatalf("waiting until %s", what)
		}
	}
}

// stop interrupts the run, which ends well.
func (s *started) stop() {
	s.t.Helper()
	if err := s.process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	if err := <-s.done; err != nil {
		s.t.Fatalf("stopping: %v", err)
	}
}

// at is one registry as its people and its operator reach it.
type at struct {
	t      *testing.T
	member string
	data   string
	server string
	demo   *demo.City
}

func (s *started) at(member, address string) *at {
	s.t.Helper()
	city, err := demo.Read(filepath.Join(s.folder, member))
	if err != nil {
		s.t.Fatal(err)
	}
	return &at{s.t, member, filepath.Join(s.folder, member), "http://" + address, city}
}

// issue issues a license like a sample, through the API.
func (a *at) issue(sample, seal string, signers ...string) (*resource.Proceeding, error) {
	a.t.Helper()
	p, err := plan.Load(demo.Plan)
	if err != nil {
		a.t.Fatal(err)
	}
	var application registry.Application
	for _, l := range p.Licenses {
		if l.ID != sample {
			continue
		}
		kind, _ := p.Type(l.Type)
		application = registry.Application{Act: registry.Issue, Type: kind.Type.Code, Grant: l.Grant, Ground: l.Ground, Seal: seal, Decision: l.Decision + "-" + time.Now().Format(time.RFC3339Nano),
			Case: "在办-" + l.Case + "-" + time.Now().Format("150405.000000"), Fields: l.Fields, Expires: l.Expires, Place: l.Place, Holder: registry.Holder{Name: l.Holder.Name, CodeType: l.Holder.CodeType, Code: l.Holder.Code}}
	}
	var issued *resource.Proceeding
	var server *client.Client
	for _, login := range signers {
		account, err := a.demo.Account(login)
		if err != nil {
			a.t.Fatal(err)
		}
		server = client.New(client.Config{Server: a.server, APIKey: account.APIKey})
		if issued == nil {
			application.Organization, application.Effective = account.Code, registry.DateOf(time.Now())
			asked := client.Submission{Key: sm.Sum([]byte(application.Decision)).String(), Application: resource.Application{Application: application}}
			if issued, err = server.Licenses.Issue(a.t.Context(), asked); err != nil {
				return nil, err
			}
		}
		approval, err := person.ApproveIntent(filepath.Join(a.data, account.KeyFile), issued.Sign.Canonical, issued.Intent)
		if err != nil {
			a.t.Fatal(err)
		}
		if issued, err = server.Proceedings.Approve(a.t.Context(), issued.Intent, approval, 0); err != nil {
			return nil, err
		}
	}
	return server.Proceedings.Show(a.t.Context(), issued.Intent, 30*time.Second)
}

// must issues a license that is anchored.
func (a *at) must(sample, seal string, signers ...string) *resource.Proceeding {
	a.t.Helper()
	issued, err := a.issue(sample, seal, signers...)
	if err != nil || issued.Step != resource.StepAnchored {
		a.t.Fatalf("issuing at the registry of %s: %+v %v", a.member, issued, err)
	}
	return issued
}

// operator runs a command of the operator's on the running registry.
func (a *at) operator(args ...string) string {
	a.t.Helper()
	var out, errs bytes.Buffer
	w := &world{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
	if code := run(w, append(args, "--data", a.data)); code != 0 {
		a.t.Fatalf("tongzheng %s: exit %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	}
	return out.String()
}

// verify asks anybody's question at the registry.
func (a *at) verify(qr string) *resource.Verification {
	a.t.Helper()
	v, err := client.New(client.Config{Server: a.server}).Public.Verify(a.t.Context(), resource.Question{QR: qr})
	if err != nil {
		a.t.Fatal(err)
	}
	return v
}

// console is the address that the registry is reached at.
func (a *at) console() string { return strings.TrimSuffix(a.demo.Console, "/console/") }

// sealState is what the registry has of a seal.
func (a *at) sealState(seal string) string {
	a.t.Helper()
	for line := range strings.Lines(a.operator("seal", "list")) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == seal {
			return words[1]
		}
	}
	return ""
}

// TestNeighborsOnNetwork: city and county as separate processes on a real network,
// started as an operator starts them. Both issue; each sees on the ledger what the
// other did; the city's order reaches the county; a second start goes on from the
// folders; when one is killed, the other is stopped, and the reason told.
func TestNeighborsOnNetwork(t *testing.T) {
	t.Parallel()
	networktest.Tools(t)
	citytest.Program(t, "tongzheng-signer") // beside the other one, which starts it
	n := networktest.Start(t, networktest.Options{Chaincode: citytest.Program(t, "tongzheng-chaincode")})
	folder, err := os.MkdirTemp("", "tzn") // socket paths are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeRun(folder) })
	var addresses []string
	for range 6 {
		address, err := citytest.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, address)
	}
	profiles := filepath.Dir(n.ProfilePath("city"))
	began := time.Now()
	s := startNeighbors(t, folder, profiles, addresses)
	t.Logf("seeded and ready in %s", time.Since(began).Round(time.Millisecond))
	city, county := s.at("city", addresses[0]), s.at("xingguo", addresses[1])
	if keys := county.operator("keys", "list"); !strings.Contains(keys, "act/11360732") || strings.Contains(keys, "act/11360700") {
		t.Errorf("the county's signer holds other act keys than its member's:\n%s", keys)
	}
	ofCity := city.must("gz-project-1", "gz-approval-seal", "gz-approval-acceptor", "gz-approval-approver")
	ofCounty := county.must("xg-document-1", "xg-approval-seal", "xg-acceptor", "xg-approver")

	// The city's order arrives: the county seals no more until it is taken back.
	city.operator("seal", "suspend", "xg-approval-seal", "--basis", "赣停〔2026〕1号")
	s.until("the county has the city's order", func() bool { return county.sealState("xg-approval-seal") == "suspended" })
	if issued, err := county.issue("xg-document-1", "xg-approval-seal", "xg-acceptor", "xg-approver"); err == nil && issued.Step == resource.StepAnchored {
		t.Error("the county sealed with a seal that the city has suspended")
	}
	city.operator("seal", "resume", "xg-approval-seal", "--basis", "赣复〔2026〕1号")
	s.until("the county may seal again", func() bool { return county.sealState("xg-approval-seal") == "in-use" })

	// Each judges the other's paper; the city reads the county's in its library.
	s.until("the city has the keys and a copy of the county's paper", func() bool {
		v := city.verify(county.demo.Licenses[0].QR)
		return v.Word == registry.Valid && v.Elsewhere != nil && v.Public != nil && v.Public.Number == county.demo.Licenses[0].Number
	})
	s.until("the county has the city's keys", func() bool { return county.verify(city.demo.Licenses[0].QR).Word == registry.Valid })
	if code := county.demo.Licenses[0].QR; !strings.HasPrefix(code, city.console()+"/xingguo/v/") {
		t.Errorf("the county's codes do not carry the city's address: %s", code)
	}
	s.stop()
	for _, seen := range []struct {
		by *at
		of *resource.Proceeding
	}{{city, ofCounty}, {county, ofCity}} {
		onView(t, filepath.Join(seen.by.data, "statusview.db"), seen.of.Identifier)
	}

	began = time.Now()
	s = startNeighbors(t, folder, profiles, addresses)
	t.Logf("started again in %s", time.Since(began).Round(time.Millisecond))
	if again := s.at("xingguo", addresses[1]); again.demo.Licenses[0].URL != county.demo.Licenses[0].URL {
		t.Errorf("the second start made other licenses: %s, %s", county.demo.Licenses[0].URL, again.demo.Licenses[0].URL)
	}
	county.must("xg-document-1", "xg-approval-seal", "xg-acceptor", "xg-approver")

	// The county's instance dies.
	for _, child := range childrenOf(t, s.process.Pid) {
		raw, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(child), "cmdline"))
		if strings.Contains(string(raw), "--demo-member\x00xingguo") {
			if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = <-s.done
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != exitNegative || !strings.Contains(s.text(), "xingguo 已结束") {
		t.Errorf("after the county's instance was killed: %v\n%s", err, s.text())
	}

	// Each for itself, as on hosts of their own.
	whileDown(t, city, county, func(member string) *lone {
		first := map[string]int{"city": 0, "xingguo": 1}[member]
		return serving(t, folder, member, profiles, addresses[first], addresses[first+2], addresses[first+4])
	})
}

// onView looks for a license in the view of a registry that does not run.
func onView(t *testing.T, path string, id registry.Identifier) {
	t.Helper()
	view, err := statusview.OpenReadOnly(statusview.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer view.Close()
	if standing, err := view.Standing(id.Base()); err != nil || standing.License == nil {
		t.Errorf("%s does not have %s: %v", path, id, err)
	}
}

// removeRun removes the folders of a run, and the clusters that stand elsewhere when
// the tests run as root.
func removeRun(folder string) {
	for _, member := range []string{"city", "xingguo"} {
		if moved, err := os.ReadFile(filepath.Join(folder, member, "postgres.location")); err == nil {
			_ = os.RemoveAll(strings.TrimSpace(string(moved)))
		}
	}
	_ = os.RemoveAll(folder)
}

// TestNeighborsUsage: what cannot be meant is said before anything is started.
func TestNeighborsUsage(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--ledger", t.TempDir()}, "no profile of member city"},
		{[]string{"--listen", "yudu=127.0.0.1:9000"}, `no instance of "yudu"`},
		{[]string{"--listen", "city=127.0.0.1:0"}, "a port that stays"},
		{[]string{"--listen", "city=" + taken.Addr().String()}, "choose another address for city"},
		{[]string{"--member", "city,nowhere", "--listen", "city=" + free(t), "--sign-listen", "city=" + free(t), "--listen", "nowhere=" + free(t), "--sign-listen", "nowhere=" + free(t),
			"--exchange-listen", "city=" + free(t), "--exchange-listen", "nowhere=" + free(t)}, `no member "nowhere"`},
	} {
		var out, errs bytes.Buffer
		w := &world{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
		if code := run(w, append([]string{"neighbors", "--data", t.TempDir()}, c.args...)); code == 0 || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%v: exit %d, want %q in\n%s%s", c.args, code, c.says, out.String(), errs.String())
		}
	}
}

func free(t *testing.T) string {
	t.Helper()
	address, err := citytest.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}
