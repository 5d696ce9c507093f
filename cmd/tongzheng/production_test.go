package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"tongzheng/api/browsertest"
	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/demo"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
	signing "tongzheng/signer/remote"
)

// deployment is an instance without demonstration data, worked by commands
// alone: each gets its own arguments, as an operator or a governor types them.
type deployment struct {
	t            *testing.T
	dir, data    string
	server       string
	operatorKey  string
	apiKeys      map[string]string // of people's own accounts, by login; the operator hands in for a keeper
	clerkKey     string
	county, city plan.Organization
	bureau       plan.Organization
	sign         string // origin of the page where people sign
}

// run runs one command and returns its exit code and what it said.
func (d *deployment) run(args ...string) (int, string) {
	d.t.Helper()
	var out, errs bytes.Buffer
	code := run(&world{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}, args)
	return code, out.String() + errs.String()
}

func (d *deployment) must(args ...string) string {
	d.t.Helper()
	code, said := d.run(args...)
	if code != 0 {
		d.t.Fatalf("tongzheng %s: exit %d\n%s", strings.Join(args, " "), code, said)
	}
	return said
}

func (d *deployment) path(name string) string { return filepath.Join(d.dir, name) }

// file keeps what a command printed.
func (d *deployment) file(name, content string) string {
	d.t.Helper()
	if err := os.WriteFile(d.path(name), []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return d.path(name)
}

func (d *deployment) json(name string, value any) string {
	d.t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.file(name, string(raw))
}

var sheetDigest = regexp.MustCompile(`[0-9a-f]{64}`)

// signed has people sign the sheet that a command named.
func (d *deployment) signed(said string, keys ...string) string {
	d.t.Helper()
	digest := sheetDigest.FindString(said)
	if digest == "" {
		d.t.Fatalf("no sheet named in %q", said)
	}
	for _, key := range keys {
		said = d.must("govern", "sign", "--server", d.server, "--api-key", cmp.Or(d.apiKeys[key], d.operatorKey), digest, "--sign", d.path(key+".pem"))
	}
	return said
}

// account makes an account with an API key for a person whose pseudonym is p and
// the login.
func (d *deployment) account(login, organization, role string) {
	d.t.Helper()
	d.must("account", "create", "--data", d.data, login, "--organization", organization, "--name", login, "--role", role, "--person", "p"+login)
	if d.apiKeys == nil {
		d.apiKeys = map[string]string{}
	}
	d.apiKeys[login] = strings.TrimSpace(d.must("account", "api-key", "--data", d.data, login))
}

func (d *deployment) wants(said, part string) {
	d.t.Helper()
	if !strings.Contains(said, part) {
		d.t.Fatalf("want %q in\n%s", part, said)
	}
}

func (d *deployment) serve(args ...string) {
	ctx, stop := context.WithCancel(context.Background())
	var out, errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(&world{ctx: ctx, stdin: strings.NewReader(""), stdout: &out, stderr: &errs},
			append([]string{"serve", "--data", d.data, "--listen", strings.Replace(d.server, "http://localhost", "127.0.0.1", 1),
				"--sign-listen", strings.Replace(d.sign, "http://localhost", "127.0.0.1", 1)}, args...))
	}()
	d.t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			d.t.Errorf("serve: exit %d\n%s%s", code, out.String(), errs.String())
		}
	})
	d.ready()
}

// ready waits until the server answers.
func (d *deployment) ready() {
	d.t.Helper()
	for began := time.Now(); time.Since(began) < citytest.Patience; time.Sleep(100 * time.Millisecond) {
		if answer, err := http.Get(d.server + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
	}
	d.t.Fatal("the server is not ready")
}

// TestProductionBegins: an empty data folder, no demonstration: the ledger is
// opened by a keeper, everything else is ordered by two governors, people are
// enrolled, one license is issued and verified. The steps are those of
// docs/operations.md.
func TestProductionBegins(t *testing.T) {
	t.Parallel()
	p, err := plan.Load(demo.Plan)
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{t: t, dir: t.TempDir()}
	d.data = d.path("data")
	d.city, _ = p.Organization("gz-gov")
	d.county, _ = p.Organization("xg-gov")
	d.bureau, _ = p.Organization("xg-approval")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	d.server = "http://localhost:" + port // browsers allow passkeys there
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(own.Addr().String())
	d.sign = "http://localhost:" + port
	free.Close()
	own.Close()

	// 1. Keys: of organizations at the signer, of people on their own machines.
	for _, o := range []plan.Organization{d.city, d.county, d.bureau} {
		d.file(o.ID+".key", d.must("keys", "create", "--data", d.data, "--json", o.Code, o.Name))
	}
	for _, person := range []string{"keeper", "governor-1", "governor-2", "acceptor", "approver"} {
		d.must("person", "create", d.path(person+".pem"))
	}
	tagKey := strings.TrimSpace(d.must("keys", "tag", "make", "--data", d.data))
	sealFile := d.developmentSeal(p)

	// 2. The server, with a keeper who may open the ledger.
	d.serve("--keeper", d.path("keeper.pub.pem"))
	d.must("account", "create", "--data", d.data, "--operator", "operator", "--organization", d.city.Code, "--name", "运维")
	d.operatorKey = strings.TrimSpace(d.must("account", "api-key", "--data", d.data, "operator"))
	for _, governor := range []string{"governor-1", "governor-2"} {
		d.account(governor, d.city.Code, "governor")
		d.file(governor+".json", d.must("person", "record", d.path(governor+".pub.pem"), "--organization", d.city.Code, "--role", "governor", "--person", "p"+governor))
	}

	// 3. Genesis: a governor cannot open the ledger, the keeper can.
	said := d.must("govern", "genesis", "--server", d.server, "--api-key", d.operatorKey, "--city", d.city.Code, "--name", d.city.Name,
		"--region", d.city.Region, "--member", "city", "--members", "city,xingguo", "--act-key", d.path("gz-gov.key"), "--tag-key", tagKey,
		"--governor", d.path("governor-1.json"), "--governor", d.path("governor-2.json"), "--url", d.server, "--sign-url", d.sign)
	digest := sheetDigest.FindString(said)
	if code, said := d.run("govern", "sign", "--server", d.server, "--api-key", d.operatorKey, digest, "--sign", d.path("governor-1.pem")); code == 0 {
		t.Fatalf("a governor opened the ledger:\n%s", said)
	}
	d.wants(d.signed(said, "keeper"), " set ")

	// 4. The plan: organizations, matter, policy, instance; types; seal; grant.
	said = d.must("govern", "draft", "--server", d.server, "--api-key", d.operatorKey, "--organization", d.city.Code, "--basis", "赣府发〔2026〕1号", d.planFile(p))
	d.wants(said, "0/2")
	if code, said := d.run("govern", "sign", "--server", d.server, "--api-key", d.operatorKey, sheetDigest.FindString(said), "--sign", d.path("governor-1.pem")); code == 0 || !strings.Contains(said, string(registry.CodeApprovalOther)) {
		t.Fatalf("the operator handed in a governor's signature: %d\n%s", code, said)
	}
	if code, said := d.run("govern", "sign", "--server", d.server, "--api-key", d.operatorKey, sheetDigest.FindString(said), "--sign", d.path("keeper.pem")); code == 0 {
		t.Fatalf("after the genesis the keeper still governs:\n%s", said)
	}
	d.wants(d.signed(said, "governor-1"), "1/2")
	if code, said := d.run("govern", "sign", "--server", d.server, "--api-key", d.apiKeys["governor-1"], sheetDigest.FindString(said), "--sign", d.path("governor-1.pem")); code == 0 {
		t.Fatalf("one governor signed twice:\n%s", said)
	}
	d.wants(d.signed(said, "governor-2"), " set ")
	kind, _ := p.Type("food-operation")
	road, _ := p.Type("road-transport") // made by the ministry's system
	kind.Type.Matters, road.Type.Matters = []string{"DEM360700101"}, []string{"DEM360700101"}
	d.wants(d.signed(d.must("import", "types", "--data", d.data, "--basis", "赣市监〔2026〕2号", d.json("types.json", []*registry.LicenseType{&kind.Type, &road.Type})), "governor-1", "governor-2"), " set ")
	d.wants(d.signed(d.must("seal", "import", "--data", d.data, sealFile, "--owner", d.bureau.Code, "--basis", "章备〔2026〕1号"), "governor-1", "governor-2"), " set ")
	d.wants(d.must("seal", "list", "--data", d.data), "in-use")
	d.wants(d.signed(d.must("stock", "allocate", "--data", d.data, "--type", kind.Type.Code, "--form", "SPJY-ZB", "--run", "2026-01", "--organization", d.bureau.Code,
		"--from", "JX00000001", "--to", "JX00000100", "--basis", "领〔2026〕1号"), "governor-1", "governor-2"), " set ")

	// 5. People: accounts here, keys on the ledger.
	var records []string
	for role, person := range map[string]string{"acceptor": "acceptor", "approver": "approver"} {
		d.account(person, d.bureau.Code, role)
		records = append(records, d.file(person+".json", d.must("person", "record", d.path(person+".pub.pem"), "--organization", d.bureau.Code, "--role", role, "--person", "p"+person)))
	}
	d.clerkKey = d.apiKeys["acceptor"]
	args := append([]string{"govern", "draft", "--server", d.server, "--api-key", d.operatorKey, "--organization", d.city.Code, "--basis", "人事〔2026〕1号"}, records...)
	said = d.must(args...)
	application := d.application(p)
	if code, said := d.run("issue", "--server", d.server, "--api-key", d.clerkKey, application, "--sign", d.path("acceptor.pem")); code == 0 {
		t.Fatalf("a key that is not enrolled signed:\n%s", said)
	}
	d.wants(d.signed(said, "governor-1", "governor-2"), " set ")
	d.passkeys()

	// 6. A license, its case accepted first; and one that the ministry made.
	step := func(verb string, more ...string) (int, string) {
		return d.run(append([]string{"case", verb, "--server", d.server, "--api-key", d.clerkKey, "xg-food", "XG2026-0001", "--organization", d.bureau.Code, "--sign", d.path("acceptor.pem")}, more...)...)
	}
	if code, said := step("opinion", "--text", "现场布局符合要求"); code != exitNegative || !strings.Contains(said, string(registry.CodeActState)) {
		t.Fatalf("an opinion before the acceptance: %d\n%s", code, said)
	}
	if code, said := step("accept", "--days", "20"); code != 0 {
		t.Fatalf("accept: %d\n%s", code, said)
	}
	if code, said := step("opinion", "--text", "现场布局符合要求"); code != 0 {
		t.Fatalf("opinion: %d\n%s", code, said)
	}
	d.wants(d.must("case", "show", "--server", d.server, "--api-key", d.clerkKey, "xg-food", "XG2026-0001"), "现场布局符合要求")
	collected := d.collected(p, &road.Type)
	gathered := d.must("collect", "--server", d.server, "--api-key", d.clerkKey, collected, d.file("ministry.pdf", "%PDF-1.7 as it came"), "--sign", d.path("acceptor.pem"))
	said = d.must("issue", "--server", d.server, "--api-key", d.clerkKey, application, "--sign", d.path("acceptor.pem"))
	identifier := regexp.MustCompile(`1\.2\.156\.3005\.2\.\S+`).FindString(said)
	both := []string{"approve", "--server", d.server, "--api-key", d.apiKeys["approver"], sheetDigest.FindString(gathered), sheetDigest.FindString(said), "--sign", d.path("approver.pem")}
	if said = d.must(both...); strings.Count(said, "anchored") != 2 { // looked through, signed once
		t.Fatalf("two approved with one signature:\n%s", said)
	}
	if code, said := d.run(both...); code != exitNegative || !strings.Contains(said, "2 / 2") {
		t.Fatalf("approved again: %d\n%s", code, said)
	}
	d.verified(identifier)

	// 7. A key that two governors ended signs no more.
	var list struct {
		Orders []struct{ Record registry.Approver }
	}
	if err := json.Unmarshal([]byte(d.must("govern", "record", "--server", d.server, "--api-key", d.operatorKey, "approver")), &list); err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Orders {
		if o.Record.Person == "papprover" {
			o.Record.Until = time.Now().Unix()
			said = d.must("govern", "draft", "--server", d.server, "--api-key", d.operatorKey, "--organization", d.city.Code, "--basis", "离岗",
				d.json("ended.json", map[string]any{"kind": "approver", "record": o.Record}))
			shown := d.must("govern", "show", "--server", d.server, "--api-key", d.apiKeys["governor-1"], sheetDigest.FindString(said))
			d.wants(shown, "机关 Organization  "+d.bureau.Name+"（"+d.bureau.Code+"）") // names for codes, and
			d.wants(shown, "* 至 Until  "+time.Unix(o.Record.Until, 0).In(registry.China).Format("2006-01-02 15:04:05"))
			said = d.signed(said, "governor-1", "governor-2")
		}
	}
	d.wants(said, " set ")
	act := d.json("cancel.json", map[string]any{"grant": "xg-food", "act": "cancel", "organization": d.bureau.Code, "ground": "applied", "decision": "兴销〔2026〕1号"})
	proposed := d.must("act", "--server", d.server, "--api-key", d.clerkKey, identifier, act, "--sign", d.path("acceptor.pem"))
	if code, said := d.run("approve", "--server", d.server, "--api-key", d.apiKeys["approver"], sheetDigest.FindString(proposed), "--sign", d.path("approver.pem")); code == 0 || !strings.Contains(said, string(registry.CodeApprovalUnknown)) {
		t.Fatalf("an ended key signed: %d\n%s", code, said)
	}
	d.countyJoins()
}

// countyJoins: a county gets a registry and a signer of its own; its operator hands
// the city's an enrollment, whose fingerprint goes by another way.
func (d *deployment) countyJoins() {
	d.t.Helper()
	file := d.path("xingguo.json")
	said := d.must("keys", "enroll", "--data", d.path("county"), "--member", "xingguo", "--organization", d.county.Code+"="+d.county.Name,
		"--operator", d.county.Code, "--url", "https://xingguo.example", "--sign-url", "https://sign.xingguo.example", file)
	key, fingerprint := strings.Fields(said)[0], sheetDigest.FindString(said[strings.Index(said, "fingerprint"):])
	enroll := []string{"govern", "enroll", "--server", d.server, "--api-key", d.operatorKey, file, "--fingerprint"}
	if code, said := d.run(append(enroll, strings.Repeat("0", 64))...); code == 0 || !strings.Contains(said, fingerprint) {
		d.t.Fatalf("an enrollment with another fingerprint: %d\n%s", code, said)
	}
	d.wants(d.signed(d.must(append(enroll, fingerprint)...), "governor-1", "governor-2"), " set ")
	d.wants(d.must("govern", "record", "--server", d.server, "--api-key", d.operatorKey, "organization", d.county.Code), key)
	d.wants(d.must("govern", "record", "--server", d.server, "--api-key", d.operatorKey, "service", "xingguo"), "https://sign.xingguo.example")
	d.wants(d.must(append(enroll, fingerprint)...), "账本已有")
	service := []string{"govern", "service", "--server", d.server, "--api-key", d.operatorKey, "xingguo", "--home", d.server + "/xingguo", "--exchange", "https://xingguo.example:8100", "--exchange-key", strings.Repeat("1f", 32)}
	d.wants(d.signed(d.must(service...), "governor-1", "governor-2"), " set ")
	d.wants(d.must("govern", "record", "--server", d.server, "--api-key", d.operatorKey, "service", "xingguo"), "https://xingguo.example:8100")
	d.wants(d.must(service...), "账本已有")
	if code, said := d.run("govern", "service", "--server", d.server, "--api-key", d.operatorKey, "yudu", "--home", d.server+"/yudu"); code == 0 || !strings.Contains(said, "govern enroll") {
		d.t.Errorf("the record of a registry that never joined: %d\n%s", code, said)
	}
}

// developmentSeal stands for the file that the national seal system would make.
func (d *deployment) developmentSeal(p *plan.Plan) string {
	d.t.Helper()
	keys, err := keyring.Open(d.data, time.Now)
	if err != nil {
		d.t.Fatal(err)
	}
	seal, _ := p.Seal("xg-approval-seal")
	der, err := keys.MakeSeal(context.Background(), signing.SealRequest{ID: seal.ID, Name: seal.Name, Owner: d.bureau.Code, OwnerName: d.bureau.Name, Kind: seal.Kind, Diameter: seal.Diameter})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.file("seal.esl", string(der))
}

func (d *deployment) actKey(id string) registry.ActKey {
	d.t.Helper()
	raw, err := os.ReadFile(d.path(id + ".key"))
	if err != nil {
		d.t.Fatal(err)
	}
	var key registry.ActKey
	if err := json.Unmarshal(raw, &key); err != nil {
		d.t.Fatal(err)
	}
	return key
}

// planFile is what the city writes down before it begins.
func (d *deployment) planFile(p *plan.Plan) string {
	d.t.Helper()
	began := time.Now().Add(-time.Hour).Unix()
	roles := []registry.Role{registry.RoleAcceptor, registry.RoleApprover}
	var orders []map[string]any
	for _, record := range []registry.GovernanceRecord{
		&registry.Organization{Code: d.county.Code, FullName: d.county.Name, Region: d.county.Region, Member: "xingguo", Superiors: []string{d.city.Code},
			ActKeys: []registry.ActKey{d.actKey("xg-gov")}, Rank: registry.RankGovernment},
		&registry.Organization{Code: d.bureau.Code, FullName: d.bureau.Name, Region: d.bureau.Region, Member: "xingguo", Superiors: []string{d.county.Code, d.city.Code},
			ActKeys: []registry.ActKey{d.actKey("xg-approval")}, Rank: registry.RankDepartment},
		&registry.Service{Member: "xingguo", Operator: d.county.Code, Public: d.server, Sign: d.sign, RelyingParty: "localhost"},
		&registry.Matter{Code: "DEM360700101", FullName: "食品经营许可"},
		&registry.Policy{Type: registry.DefaultPolicy, Version: roles, State: roles, Record: roles, Paper: roles[:1]},
		&registry.Instance{Issuer: d.bureau.Code, Prefix: "A1", Lists: []uint32{1}},
		&registry.Grant{ID: "xg-food", Matter: "DEM360700101", Mode: registry.ModeOwn, Decider: d.bureau.Code, Territory: d.bureau.Region,
			Document: "兴府发〔2026〕1号", Effective: began, RecallBy: d.city.Code},
	} {
		orders = append(orders, map[string]any{"kind": record.Kind(), "record": record})
	}
	return d.json("plan.json", map[string]any{"orders": orders})
}

func (d *deployment) application(p *plan.Plan) string {
	d.t.Helper()
	for _, sample := range p.Licenses {
		if sample.ID != "xg-food-1" {
			continue
		}
		kind, _ := p.Type(sample.Type)
		return d.json("application.json", map[string]any{"type": kind.Type.Code, "grant": "xg-food", "organization": d.bureau.Code, "ground": sample.Ground,
			"seal": "xg-approval-seal", "decision": sample.Decision, "case": sample.Case, "fields": sample.Fields, "expires": "2031-03-01",
			"holder": map[string]any{"name": sample.Holder.Name, "code": sample.Holder.Code, "code_type": sample.Holder.CodeType},
			"copies": []any{map[string]any{"copy": "original", "blank": map[string]any{"form": "SPJY-ZB", "run": "2026-01", "number": "JX00000001"}}}})
	}
	d.t.Fatal("the plan has no xg-food-1")
	return ""
}

// collected is an application for a license of the ministry's system.
func (d *deployment) collected(p *plan.Plan, road *registry.LicenseType) string {
	d.t.Helper()
	for _, sample := range p.Licenses {
		if sample.ID != "xg-road-1" {
			continue
		}
		id := registry.Identifier{Type: road.Code, Issuer: d.bureau.Code, Serial: "BU20260000001", Version: 1}
		return d.json("collected.json", map[string]any{"type": road.Code, "identifier": id, "grant": "xg-food", "organization": d.bureau.Code, "ground": sample.Ground,
			"decision": sample.Decision, "case": sample.Case, "number": sample.Number, "fields": sample.Fields, "expires": "2031-03-01",
			"holder":    map[string]any{"name": sample.Holder.Name, "code": sample.Holder.Code, "code_type": sample.Holder.CodeType},
			"collected": map[string]any{"system": "交通运输部电子证照系统", "seal": sm.Sum([]byte("signature object"))}})
	}
	d.t.Fatal("the plan has no xg-road-1")
	return ""
}

var shownPassword = regexp.MustCompile(`password\s+(\S+)`)

// passkeys: a third governor's passkey is made in the browser, enrolled by the
// two others, and signs the next sheet; the signer takes it by the ledger's
// relying party and origins.
func (d *deployment) passkeys() {
	t := d.t
	t.Helper()
	password := shownPassword.FindStringSubmatch(d.must("account", "create", "--data", d.data, "governor-3", "--organization", d.city.Code, "--name", "治理员三", "--role", "governor"))[1]
	governorKey := strings.TrimSpace(d.must("account", "api-key", "--data", d.data, "governor-3"))
	b := browsertest.Open(t)
	b.Do()
	for _, err := range []error{call(b, webauthn.Enable, webauthn.EnableParams{}), call(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true}})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	open := func(path string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(d.server + path) }
	b.Do(open("/console/sign-in"), chromedp.SendKeys(chromedp.CSS(`input[name=login]`), "governor-3"), chromedp.SendKeys(chromedp.CSS(`input[name=password]`), password),
		chromedp.Click(chromedp.CSS(`main button`)), chromedp.WaitVisible(chromedp.CSS(`nav`)), open("/console/account"), chromedp.Click(chromedp.CSS(`#enroll`)), chromedp.WaitEnabled(chromedp.CSS(`#sign`)), chromedp.Click(chromedp.CSS(`#sign`)),
		chromedp.WaitVisible(chromedp.CSS(`.tag.reserved`))) // not on the ledger yet
	if said := d.must("govern", "list", "--server", d.server, "--api-key", d.operatorKey); strings.Contains(said, " open ") {
		t.Fatalf("the operator did not draft it:\n%s", said)
	}
	d.wants(d.signed(d.must("govern", "list", "--server", d.server, "--api-key", governorKey), "governor-1", "governor-2"), " set ")
	b.Do(open("/console/account"), chromedp.WaitVisible(chromedp.CSS(`.tag.anchored`)))
	matter := d.json("matter.json", map[string]any{"kind": "matter", "record": map[string]any{"code": "DEM360700999", "name": "通行密钥签署的事项"}})
	said := d.must("govern", "draft", "--server", d.server, "--api-key", d.apiKeys["governor-2"], "--organization", d.city.Code, "--basis", "测试", matter, "--sign", d.path("governor-2.pem"))
	b.Do(open("/console/orders/"+sheetDigest.FindString(said)), chromedp.WaitVisible(chromedp.CSS(`#approve`)), chromedp.Click(chromedp.CSS(`#approve`)), chromedp.WaitEnabled(chromedp.CSS(`#sign`)), chromedp.Click(chromedp.CSS(`#sign`)), chromedp.WaitVisible(chromedp.CSS(`.fine`)))
	d.must("govern", "record", "--server", d.server, "--api-key", d.operatorKey, "matter", "DEM360700999")
}

// call does one thing of the browser's protocol.
func call[P, R any](b *browsertest.Tab, command cdp.Command[P, R], params P) error {
	_, err := chromedp.Call(b.Ctx, command, params)
	return err
}

// verified asks the public page's question, and checks the bundle offline.
func (d *deployment) verified(identifier string) {
	d.t.Helper()
	body := fmt.Sprintf(`{"identifier": %q, "holder": "兴国县演示味道餐饮有限公司"}`, identifier)
	answer, err := http.Post(d.server+"/api/v1/verify", "application/json", strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	var v struct{ Verdict registry.Word }
	if err := json.NewDecoder(answer.Body).Decode(&v); err != nil || v.Verdict != registry.Valid {
		d.t.Fatalf("verdict %s %v", v.Verdict, err)
	}
	d.must("keys", "roots", "--data", d.data, d.path("roots.pem"))
	d.must("bundle", "get", "--server", d.server, "--api-key", d.clerkKey, identifier, "-o", d.path("license.bundle"))
	d.wants(d.must("verify", "--roots", d.path("roots.pem"), d.path("license.bundle")), "valid")
}
