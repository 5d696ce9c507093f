package machines_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/network"
	"tongzheng/network/machines"
	"tongzheng/network/networktest"
	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/soaktest"
)

// TestDeployment executes the runbook: its own blocks of commands, in order, on
// three hosts with a systemd each, from nothing to a paper of the county that the
// city's page finds valid, over the proxies' TLS. With make soak backups are made,
// the county's host is lost and replaced, and programs are, too.
func TestDeployment(t *testing.T) {
	t.Parallel()
	d, err := network.Load("../hosts.yaml")
	must(t, err)
	to := network.Deployment{Root: "/var/lib/tongzheng", Tools: "/opt/tongzheng/bin", User: "tongzheng", Postgres: installed(t)}
	names, address := map[string]string{}, map[string]string{"desk": "10.77.0.9"}
	for i, host := range d.Hosts() {
		address[host] = "10.77.0." + strconv.Itoa(i+1)
		names[host] = address[host]
	}
	for _, m := range d.RegistryMembers() {
		names[m.Registry.PublicName()], names[m.Registry.SignName()] = address[m.Registry.Host], address[m.Registry.Host]
	}
	w := &world{t: t, d: d, authority: newAuthority(t), hosts: map[string]*machines.Host{}, address: address}
	w.room = machines.Open(t, w.authority.pem, names)
	w.provide(networktest.Tools(t), to)
	for name := range address {
		w.hosts[name] = w.room.Start(name, address[name])
	}
	w.sealSystem()
	book, err := os.ReadFile(filepath.Join(w.room.Medium, "deployment", "RUNBOOK.md"))
	must(t, err)
	county := d.RegistryMembers()[1].Registry.Host
	for _, chapter := range chaptersOf(string(book)) {
		if chapter.title >= "7." && !soaktest.Asked() {
			break
		}
		if strings.HasPrefix(chapter.title, "8.") {
			w.hosts[county].Kill()
			w.hosts[county] = w.room.Start(county, address[county])
		}
		began := time.Now()
		w.execute(chapter)
		if len(chapter.blocks) > 0 {
			t.Logf("%s: %s", chapter.title, time.Since(began).Round(100*time.Millisecond))
		}
	}
	w.bounds()
	w.nothingSecret()
}

// nothingSecret: what went from host to host has no private key and no archive.
func (w *world) nothingSecret() {
	w.t.Helper()
	seen := 0
	must(w.t, filepath.WalkDir(w.room.Medium, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		seen++
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".api-key") && info.Mode().Perm() != 0o600 {
			w.t.Errorf("%s is open to others: %s", path, info.Mode())
		}
		if filepath.Dir(path) == w.on("programs") {
			return nil
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte("PRIVATE KEY-----")) || strings.HasSuffix(path, ".tar.gz") {
			w.t.Errorf("%s goes from host to host", path)
		}
		return err
	}))
	if seen == 0 {
		w.t.Error("nothing was looked at")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// installed is the folder of the database server that this machine has as a
// package, beside the proxy.
func installed(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		t.Skip("needs PostgreSQL as a Debian package")
	}
	folder := filepath.Dir(found[len(found)-1])
	for _, name := range []string{network.Deployment{Postgres: folder}.PostgresPackage(), "nginx"} {
		if out, err := exec.Command("dpkg-query", "-W", "-f", "${Status}", name).CombinedOutput(); err != nil || string(out) != "install ok installed" {
			t.Skipf("needs the Debian package %s: %s", name, out)
		}
	}
	return folder
}

// world is everything that the runbook takes for granted: hosts, the medium between
// them, the authority that signs for the web, the seal system.
type world struct {
	t         *testing.T
	d         *network.Description
	room      *machines.Room
	hosts     map[string]*machines.Host
	address   map[string]string
	authority *authority
}

// provide puts on the medium what is there before the first step.
func (w *world) provide(tools network.Tools, to network.Deployment) {
	w.t.Helper()
	programs := w.on("programs")
	must(w.t, os.CopyFS(programs, os.DirFS(filepath.Dir(tools.Path("peer")))))
	for _, name := range []string{"tongzheng", "tongzheng-signer", "tongzheng-chaincode"} {
		copyFile(w.t, citytest.Program(w.t, name), filepath.Join(programs, name))
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(programs, "tongzheng-network"), "tongzheng/network/cmd/network").CombinedOutput(); err != nil {
		w.t.Fatalf("building the network command: %v %s", err, out)
	}
	n, err := network.Open(w.d, network.Options{Root: w.t.TempDir()})
	must(w.t, err)
	must(w.t, n.Units(w.on("deployment"), to))
	for _, open := range []string{"people", "handed"} {
		must(w.t, os.Mkdir(w.on(open), 0o755))
		must(w.t, os.Chmod(w.on(open), 0o1777))
	}
	must(w.t, os.Mkdir(w.on("plan"), 0o755))
	must(w.t, os.Mkdir(w.on("desk"), 0o700))
	w.plan()
}

func (w *world) on(path ...string) string {
	return filepath.Join(append([]string{w.room.Medium}, path...)...)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, raw, 0o755))
}

func (w *world) json(value any, path ...string) {
	w.t.Helper()
	raw, err := json.Marshal(value)
	must(w.t, err)
	must(w.t, os.WriteFile(w.on(path...), raw, 0o644))
}

const seal, matter = "xg-approval-seal", "DEM360700101"

// plan is what the city wrote down: the county's bureau may decide one matter, and
// issue one type of license.
func (w *world) plan() {
	w.t.Helper()
	p, err := plan.Load(citytest.DemoPlan)
	must(w.t, err)
	city, county := w.d.RegistryMembers()[0].Registry, w.d.RegistryMembers()[1].Registry
	bureau := county.Operator()
	roles := []registry.Role{registry.RoleAcceptor, registry.RoleApprover}
	var orders []map[string]any
	for _, record := range []registry.GovernanceRecord{
		&registry.Organization{Code: bureau.Code, FullName: bureau.Name, Region: county.Region, Member: "xingguo", Superiors: []string{city.Operator().Code}, ActKeys: []registry.ActKey{}, Rank: registry.RankDepartment},
		&registry.Matter{Code: matter, FullName: "食品经营许可"},
		&registry.Policy{Type: registry.DefaultPolicy, Version: roles, State: roles, Record: roles, Paper: roles[:1]},
		&registry.Instance{Issuer: bureau.Code, Prefix: "A1", Lists: []uint32{1}},
		&registry.Grant{ID: "xg-document", Matter: matter, Mode: registry.ModeOwn, Decider: bureau.Code, Territory: county.Region,
			Document: "兴府发〔2026〕1号", Effective: time.Now().Add(-time.Hour).Unix(), RecallBy: city.Operator().Code},
	} {
		orders = append(orders, map[string]any{"kind": record.Kind(), "record": record})
	}
	w.json(map[string]any{"orders": orders}, "plan", "plan.json")
	for _, sample := range p.Licenses {
		if sample.ID != "xg-document-1" {
			continue
		}
		kind, _ := p.Type(sample.Type)
		kind.Type.Matters = []string{matter}
		w.json([]*registry.LicenseType{&kind.Type}, "plan", "types.json")
		w.json(map[string]any{"type": kind.Type.Code, "grant": "xg-document", "organization": bureau.Code, "ground": sample.Ground, "seal": seal,
			"decision": sample.Decision, "case": sample.Case, "fields": sample.Fields, "expires": sample.Expires, "place": sample.Place, "copies": []any{map[string]any{"copy": registry.Original}},
			"holder": map[string]any{"name": sample.Holder.Name, "code": sample.Holder.Code, "code_type": sample.Holder.CodeType}}, "plan", "application.json")
		w.json(map[string]any{"grant": "xg-document", "act": registry.Cancel, "organization": bureau.Code, "ground": "applied", "decision": "兴销〔2026〕1号"}, "plan", "cancellation.json")
	}
}

// sealSystem runs the sealing port's reference server, with the bureau's seal, on
// the desk's address, and hands over what the county's operator needs of it.
func (w *world) sealSystem() {
	w.t.Helper()
	bureau, at := w.d.RegistryMembers()[1].Registry.Operator(), w.address["desk"]+":8092"
	const folder = "/root/seal-system"
	run := w.hosts["desk"].Command("/media/tongzheng/programs/tongzheng-signer", "sealing-port", "--data", folder, "--listen", at, "--token", "seal-token",
		"--seal", seal, "--name", bureau.Name, "--owner", bureau.Code)
	must(w.t, run.Start())
	w.t.Cleanup(func() { _ = run.Process.Kill(); _ = run.Wait() })
	for name, as := range map[string]string{"seal.esl": "xingguo.seal.esl", "roots.pem": "xingguo.seal-roots.pem"} {
		for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			raw, err := w.hosts["desk"].Command("cat", filepath.Join(folder, name)).Output()
			if err == nil && len(raw) > 0 {
				must(w.t, os.WriteFile(w.on(as), raw, 0o644))
				break
			}
			if time.Since(began) > citytest.Patience {
				w.t.Fatalf("the seal system does not start: %v", err)
			}
		}
	}
	must(w.t, os.WriteFile(w.on("xingguo.seal-port.env"), []byte("TONGZHENG_SEAL_PORT=http://"+at+"\nTONGZHENG_SEAL_PORT_TOKEN=seal-token\nTONGZHENG_SEAL_PORT_ROOTS=/etc/tongzheng/signer/seal-roots.pem\n"), 0o600))
}

// chapter is a part of the runbook with its blocks of commands.
type chapter struct {
	title  string
	blocks []block
}

// block is what is typed on one host.
type block struct {
	host, commands string
	meanwhile      bool // while the blocks after it are executed
}

var blockForm = regexp.MustCompile("(?ms)^```sh (\\S+)( meanwhile)?\n(.*?)^```$")

func chaptersOf(book string) []chapter {
	var all []chapter
	for part := range strings.SplitSeq(book, "\n## ") {
		title, _, _ := strings.Cut(part, "\n")
		c := chapter{title: title}
		for _, found := range blockForm.FindAllStringSubmatch(part, -1) {
			c.blocks = append(c.blocks, block{found[1], found[3], found[2] != ""})
		}
		all = append(all, c)
	}
	return all
}

// execute types the blocks of a chapter.
func (w *world) execute(c chapter) {
	w.t.Helper()
	type result struct {
		block
		said string
		err  error
	}
	ended := make(chan result, len(c.blocks))
	running := 0
	await := func() {
		for ; running > 0; running-- {
			if r := <-ended; r.err != nil {
				w.failed(c, r.block, r.said)
			}
		}
	}
	for _, b := range c.blocks {
		if !b.meanwhile {
			await()
		}
		w.authority.answer(w.t, w.room.Medium)
		h, ok := w.hosts[b.host]
		if !ok {
			w.t.Fatalf("%s: no host %q", c.title, b.host)
		}
		running++
		go func() {
			said, err := h.Run(b.commands)
			ended <- result{b, said, err}
		}()
		if !b.meanwhile {
			await()
		}
	}
	await()
}

// failed says what went wrong, with the end of the host's journal.
func (w *world) failed(c chapter, b block, said string) {
	w.t.Helper()
	journal, _ := w.hosts[b.host].Command("journalctl", "--no-pager", "--lines", "40").CombinedOutput()
	w.t.Fatalf("%s, on %s:\n%s\n--- said\n%s\n--- journal\n%s", c.title, b.host, b.commands, said, journal)
}

// authority signs for the web, as a public one would.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	must(t, err)
	certificate, err := x509.ParseCertificate(der)
	must(t, err)
	return &authority{certificate, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// answer signs the requests on the medium that have no answer yet.
func (a *authority) answer(t *testing.T, medium string) {
	t.Helper()
	requests, err := filepath.Glob(filepath.Join(medium, "*.csr"))
	must(t, err)
	for _, file := range requests {
		answer := strings.TrimSuffix(file, ".csr") + ".pem"
		if _, err := os.Stat(answer); err == nil {
			continue
		}
		raw, err := os.ReadFile(file)
		must(t, err)
		found, _ := pem.Decode(raw)
		if found == nil {
			t.Fatalf("%s holds no request", file)
		}
		request, err := x509.ParseCertificateRequest(found.Bytes)
		must(t, err)
		must(t, request.CheckSignature())
		serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
		must(t, err)
		form := &x509.Certificate{SerialNumber: serial, Subject: request.Subject, DNSNames: request.DNSNames, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		der, err := x509.CreateCertificate(rand.Reader, form, a.certificate, request.PublicKey, a.key)
		must(t, err)
		must(t, os.WriteFile(answer, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	}
}
