package citytest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/api/resource"
	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/signer"
	"tongzheng/signer/check"
)

// neighbor is one of two registries, and what its papers say.
type neighbor struct {
	*citytest.Neighbor
	t     *testing.T
	paper paper
}

// paper is a printed sheet of one of its licenses.
type paper struct {
	id    registry.Identifier
	sheet registry.Printing
	token registry.Token
	qr    string
	ofd   []byte
}

// twoRegistries opens city and county and waits until each sees what the other did.
func twoRegistries(t *testing.T) (city, county *neighbor) {
	t.Helper()
	return registriesOf(t, func(*citytest.Config) {})
}

// registriesOf is twoRegistries with a configuration that a test adjusts.
func registriesOf(t *testing.T, adjust func(*citytest.Config)) (city, county *neighbor) {
	t.Helper()
	a, b := citytest.Neighbors(t, func(_ string, config *citytest.Config) {
		adjust(config)
		// Each listens where the ledger says: the other fetches its keys there.
		address, err := citytest.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		config.Listen, config.PublicURL = address, "http://localhost"+address[strings.LastIndex(address, ":"):]
		config.KeysAgain, config.KeysEvery, config.PublicPerMinute = 50*time.Millisecond, 50*time.Millisecond, 1e6
	})
	city, county = &neighbor{Neighbor: a, t: t}, &neighbor{Neighbor: b, t: t}
	for _, n := range []*neighbor{city, county} {
		n.paper = n.printed(0)
	}
	city.caughtUp()
	county.caughtUp()
	return city, county
}

func (n *neighbor) caughtUp() {
	n.t.Helper()
	if err := n.UpToDate(n.t.Context()); err != nil {
		n.t.Fatal(err)
	}
}

// printed is the first paper sheet of the i-th license.
func (n *neighbor) printed(i int) paper {
	n.t.Helper()
	issued := n.Demo.Licenses[i]
	id, err := registry.ParseIdentifier(issued.Identifier)
	if err != nil {
		n.t.Fatal(err)
	}
	code, err := check.ParseQR(issued.QR)
	if err != nil {
		n.t.Fatal(err)
	}
	p := paper{id: id, token: code.Token, qr: issued.QR}
	ref, err := n.Store.ByToken(n.t.Context(), code.Token)
	if err != nil {
		n.t.Fatal(err)
	}
	p.sheet = ref.Printing
	version, err := n.Store.Version(n.t.Context(), id.Base(), id.Version)
	if err != nil {
		n.t.Fatal(err)
	}
	p.ofd = version.Sealed
	return p
}

// order sets a record in an organization's name.
func (n *neighbor) order(organization string, record registry.GovernanceRecord) error {
	n.t.Helper()
	n.caughtUp()
	return n.Office.Governing.Govern(n.t.Context(), registry.Operator("test"), []office.OrderDraft{{Organization: organization, Record: record, Basis: "测试"}})
}

// member is how this registry has a member in its directory.
func (n *neighbor) member(name string) resource.Member {
	n.t.Helper()
	var out resource.Members
	if err := json.Unmarshal(n.get("/api/v1/keys/directory", 200), &out); err != nil {
		n.t.Fatal(err)
	}
	for _, m := range out.Members {
		if m.Member == name {
			return m
		}
	}
	n.t.Fatalf("%s knows no member %s", n.Member, name)
	return resource.Member{}
}

// namesKeys orders the record of its own keys, as its operator does.
func (n *neighbor) namesKeys() {
	n.t.Helper()
	own := n.member(n.Member)
	if !own.Own || own.Order == nil {
		n.t.Fatalf("%s has nothing to order: %+v", n.Member, own)
	}
	if err := n.order(own.Operator, own.Order); err != nil {
		n.t.Fatal(err)
	}
}

// holds waits until this registry holds the keys of a member that the ledger names.
func (n *neighbor) holds(of *neighbor) {
	n.t.Helper()
	n.caughtUp()
	for end := time.Now().Add(citytest.Patience); ; {
		if n.member(of.Member).Fits {
			return
		}
		if time.Now().After(end) {
			n.t.Fatalf("%s never held the keys of %s", n.Member, of.Member)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (n *neighbor) get(path string, status int) []byte {
	n.t.Helper()
	request, err := http.NewRequestWithContext(n.t.Context(), http.MethodGet, "http://"+n.Address+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html, application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		n.t.Fatalf("%s %s: %s, want %d: %v\n%s", n.Member, path, answer.Status, status, err, body)
	}
	return body
}

// verify asks the public API; about is a file or a question.
func (n *neighbor) verify(path string, about any) (*http.Response, []byte) {
	n.t.Helper()
	body, file := about.([]byte)
	kind := "application/octet-stream"
	if !file {
		kind = "application/json"
		var err error
		if body, err = json.Marshal(about); err != nil {
			n.t.Fatal(err)
		}
	}
	answer, err := http.Post("http://"+n.Address+"/api/v1/"+path, kind, bytes.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return answer, said
}

// says holds a verdict against a word and the check codes that must be among its
// checks, and returns it.
func (n *neighbor) says(name string, about any, want registry.Word, codes ...string) resource.Verified {
	n.t.Helper()
	answer, body := n.verify("verify", about)
	var v resource.Verified
	if err := json.Unmarshal(body, &v); err != nil || answer.StatusCode != 200 {
		n.t.Fatalf("%s: %s %v %s", name, answer.Status, err, body)
	}
	if v.Word != want {
		n.t.Errorf("%s at %s: %s, want %s: %+v", name, n.Member, v.Word, want, v.Checks)
	}
	for _, code := range codes {
		if !strings.Contains(fmt.Sprint(v.Checks), " "+code+" ") {
			n.t.Errorf("%s at %s: no check %s among %+v", name, n.Member, code, v.Checks)
		}
	}
	return v
}

// state asks for a statement and holds it against all members' roots.
func (n *neighbor) state(name string, about any, want registry.Word) string {
	n.t.Helper()
	answer, body := n.verify("statements", about)
	var kept struct{ Text string }
	if err := json.Unmarshal(body, &kept); err != nil || answer.StatusCode != 200 {
		n.t.Errorf("statement on %s at %s: %s %s", name, n.Member, answer.Status, body)
		return ""
	}
	if v, err := check.Statement([]byte(kept.Text), n.roots(), time.Now()); err != nil || v.Word != want {
		n.t.Errorf("statement on %s by %s: %s %v %+v", name, n.Member, v.Word, err, v.Checks)
	}
	return kept.Text
}

// roots are all members' as this registry publishes them.
func (n *neighbor) roots() *check.Roots {
	n.t.Helper()
	roots, err := check.ParseRoots(n.get("/api/v1/keys/roots", 200))
	if err != nil {
		n.t.Fatal(err)
	}
	return roots
}

type asked map[string]any

// TestNeighborsPapers: each registry judges the other's papers from code, ledger and
// directory; what it cannot know it says so, with whom to ask.
func TestNeighborsPapers(t *testing.T) {
	t.Parallel()
	city, county := twoRegistries(t)
	pairs := [][2]*neighbor{{city, county}, {county, city}}

	// Before the ledger names any keys.
	for _, p := range pairs {
		at, of := p[0], p[1]
		at.says("token", asked{"token": of.paper.token.String()}, registry.Valid, registry.ContentElsewhere)
		v := at.says("code", asked{"qr": of.paper.qr}, registry.UnknownNow, registry.KeysElsewhere)
		if v.Elsewhere == nil || v.Elsewhere.Public != of.Config.PublicURL || v.Elsewhere.Name == "" {
			t.Errorf("%s does not say whom to ask: %+v", at.Member, v.Elsewhere)
		}
		at.says("file", of.paper.ofd, registry.UnknownNow, registry.KeysElsewhere)
	}
	city.namesKeys()
	county.namesKeys()
	for _, p := range pairs {
		p[0].holds(p[1])
	}
	for _, p := range pairs {
		at, of := p[0], p[1]
		at.says("code", asked{"qr": of.paper.qr}, registry.Valid, registry.ContentElsewhere)
		at.says("token", asked{"token": of.paper.token.String()}, registry.Valid, registry.ContentElsewhere)
		at.says("file", of.paper.ofd, registry.Valid)
		of.says("its own code", asked{"qr": of.paper.qr}, registry.Valid)
		of.says("its own file", of.paper.ofd, registry.Valid)
		at.state("code", asked{"qr": of.paper.qr}, registry.Valid)
		at.state("token", asked{"token": of.paper.token.String()}, registry.Valid)
		at.state("file", of.paper.ofd, registry.Valid)
		for _, path := range []string{"/v/", "/xg/v/", "/whoever/v/"} {
			page := string(at.get(path+of.paper.token.String(), 200))
			if !strings.Contains(page, of.Config.PublicURL) || !strings.Contains(page, "有效") {
				t.Errorf("the page %s of %s does not say whom to ask", path, at.Member)
			}
		}
		at.get("/XG/v/"+of.paper.token.String(), 404)
		altered := bytes.Clone(of.paper.ofd)
		if i := bytes.Index(altered, []byte("Signature.xml")); i < 0 {
			t.Fatal("no signature")
		}
		at.says("an altered file", tampered(t, of.paper.ofd), registry.Altered)
		at.says("altered payload", asked{"qr": otherSheet(t, of.paper.qr)}, registry.Altered)
		at.says("by identifier and holder", asked{"identifier": of.paper.id.String(), "holder": "某某"}, registry.UnknownNow, registry.HolderElsewhere)
		unissued := of.paper.id
		unissued.Serial = strings.Repeat("Z", len(unissued.Serial))
		at.says("an identifier of nothing", asked{"identifier": unissued.String(), "holder": "某某"}, registry.UnknownNow, registry.HolderElsewhere)
		at.says("by number and holder", asked{"number": "JY10000000000", "holder": "某某"}, registry.NotFound, registry.NumberElsewhere)
		at.says("a token of nobody's", asked{"token": registry.Token{1}.String()}, registry.NotFound)
		at.says("a token of nobody's at a member's address", asked{"qr": of.Config.PublicURL + "/v/" + registry.Token{1}.String()}, registry.UnknownNow, registry.TokenElsewhere)
		forgeries(t, at, of)
	}
	home(t, city, county)
	rowClaims(t, city, county)
	lists(t, city, county)
	bundles(t, city, county)
	revokedAndVoid(t, city, county)
	rotation(t, city, county)
	down(t, city, county)
}

// tampered is a package with one byte of a page changed, whole as a ZIP.
func tampered(t *testing.T, ofd []byte) []byte {
	t.Helper()
	return replaceInZip(t, ofd, "Content.xml")
}

// otherSheet is a genuine payload behind another token.
func otherSheet(t *testing.T, qr string) string {
	t.Helper()
	at := strings.Index(qr, "#")
	last := qr[at-1]
	next := byte('A')
	if last == 'A' {
		next = 'E' // the last character of a token has two bits that count
	}
	return qr[:at-2] + flip(qr[at-2]) + string(next) + qr[at:]
}

func flip(c byte) string {
	if c == 'B' {
		return "C"
	}
	return "B"
}

// forgeries: a key of the forger's own that claims the member, whose keys are held.
func forgeries(t *testing.T, at, of *neighbor) {
	t.Helper()
	dir := t.TempDir()
	forger, err := keyring.Open(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	key, _ := forger.Store.Current(signer.LabelQR)
	code, err := check.ParseQR(of.paper.qr)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signer.SignQR(forger.Store, key, code.Prefix, code.Token, *code.Payload)
	if err != nil {
		t.Fatal(err)
	}
	at.says("a forger's key", asked{"qr": text}, registry.Untrusted, "qr-key-unknown")
	// The neighbor's own key, which may not speak for the other's licenses either.
	own, err := keyring.Open(at.Config.Data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	key, _ = own.Store.Current(signer.LabelQR)
	if text, err = signer.SignQR(own.Store, key, code.Prefix, code.Token, *code.Payload); err != nil {
		t.Fatal(err)
	}
	at.says("the neighbor's key", asked{"qr": text}, registry.Untrusted, "qr-key-unknown")
}

// home: codes that are printed from now on carry the city's address with the member's
// path, and lead to the same page.
func home(t *testing.T, city, county *neighbor) {
	t.Helper()
	record, _, err := city.View.Record(registry.KindService, county.Member)
	if err != nil {
		t.Fatal(err)
	}
	service := *record.(*registry.Service)
	service.Home = city.Config.PublicURL + "/xg"
	if err := county.order(service.Operator, &service); registry.CodeOf(err) != registry.CodeOrderNotAllowed {
		t.Errorf("an operator orders its address on paper: %v", err)
	}
	if err := city.order(cityCode(t, city), &service); err != nil {
		t.Fatal(err)
	}
	county.caughtUp()
	version, err := county.Store.Version(t.Context(), county.paper.id.Base(), county.paper.id.Version)
	if err != nil {
		t.Fatal(err)
	}
	text, err := county.Signer.SignQR(t.Context(), registry.QRRequest{Public: "https://evil.example", Identifier: county.paper.id, Printing: county.paper.sheet,
		HolderName: version.Facts.Holder.Name, Effective: version.Facts.Effective, Expires: version.Facts.Expires})
	if err != nil || !strings.HasPrefix(text, service.Home+"/v/"+county.paper.token.String()+"#") {
		t.Fatalf("a code of the county's: %s %v", text, err)
	}
	city.says("a code with the city's address", asked{"qr": text}, registry.Valid)
	county.says("a code with the city's address", asked{"qr": text}, registry.Valid)
	city.get("/xg/v/"+county.paper.token.String(), 200)
	page := string(city.get("/xg/v/"+registry.Token{7}.String(), 503))
	if !strings.Contains(page, county.Config.PublicURL) {
		t.Error("a sheet that the ledger does not name: whom to ask is not said")
	}
}

func cityCode(t *testing.T, n *neighbor) string {
	t.Helper()
	record, _, err := n.View.Record(registry.KindRules, registry.CurrentRules)
	if err != nil {
		t.Fatal(err)
	}
	return record.(*registry.Rules).City
}

// rowClaims: somebody in the city's database has a row claim the county's token.
func rowClaims(t *testing.T, city, county *neighbor) {
	t.Helper()
	owner, err := pgx.Connect(t.Context(), city.Config.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(context.Background())
	was := city.paper.token
	move := func(from, to registry.Token) {
		t.Helper()
		if tag, err := owner.Exec(t.Context(), "UPDATE printing SET token = $2 WHERE token = $1", from[:], to[:]); err != nil || tag.RowsAffected() != 1 {
			t.Fatal(tag, err)
		}
	}
	move(was, county.paper.token)
	city.says("a claimed token", asked{"token": county.paper.token.String()}, registry.Valid, registry.ContentElsewhere)
	city.says("a claimed code", asked{"qr": county.paper.qr}, registry.Valid, registry.ContentElsewhere)
	move(county.paper.token, was)
	city.says("its own again", asked{"qr": city.paper.qr}, registry.Valid)
}

// replaceInZip is in elsewherezip_test.go, lists and bundles in elsewhereoffline_test.go.

// revokedAndVoid: what becomes of a neighbor's license and sheet is the ledger's word.
func revokedAndVoid(t *testing.T, city, county *neighbor) {
	t.Helper()
	// The county's first license is spoiled by sheet and then cancelled, as in its demonstration.
	code := county.act(registry.Spoil)
	_ = code
	city.caughtUp()
	city.says("a spoiled sheet", asked{"qr": county.paper.qr}, registry.Void)
	city.says("a spoiled sheet by token", asked{"token": county.paper.token.String()}, registry.Void)
	county.act(registry.Revoke)
	city.caughtUp()
	city.says("a revoked license", county.paper.ofd, registry.IsRevoked)
	city.says("a revoked license by code", asked{"qr": county.paper.qr}, registry.IsRevoked)
	city.state("a revoked license", asked{"qr": county.paper.qr}, registry.IsRevoked)
}

// rotation: the county replaces its key alone; the city follows, and an older list does
// not come back.
func rotation(t *testing.T, city, county *neighbor) {
	t.Helper()
	before := city.Directory.Keys(county.Member)
	keys, err := keyring.Open(county.Config.Data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	_ = keys
	fresh, err := county.Keys.(*keyring.Keys).Rotate(signer.LabelQR, "测试")
	if err != nil {
		t.Fatal(err)
	}
	again := county.second()
	text := county.sign(again)
	code, err := check.ParseQR(text)
	if err != nil {
		t.Fatal(err)
	}
	if hint, _ := check.KeyHintOf(fresh); code.Payload.Key == hint {
		t.Error("a key signs that the ledger does not name yet")
	}
	city.says("between rotation and order", asked{"qr": text}, registry.Valid)
	county.namesKeys()
	city.holds(county)
	text = county.sign(again)
	if code, err = check.ParseQR(text); err != nil {
		t.Fatal(err)
	}
	if hint, _ := check.KeyHintOf(fresh); code.Payload.Key != hint {
		t.Error("the key that the ledger names does not sign")
	}
	city.says("by the new key", asked{"qr": text}, registry.Valid)
	city.says("by the earlier key", asked{"qr": county.paper.qr}, registry.IsRevoked)
	service := record(t, city, county.Member)
	if err := city.Directory.Take(service, before); registry.CodeOf(err) != registry.CodeStale {
		t.Errorf("an older list is taken: %v", err)
	}
	older := *service
	older.KeyNumber--
	if err := county.order(service.Operator, &older); registry.CodeOf(err) != registry.CodeOrderNotAllowed {
		t.Errorf("an older list is ordered: %v", err)
	}
}

func record(t *testing.T, n *neighbor, member string) *registry.Service {
	t.Helper()
	found, _, err := n.View.Record(registry.KindService, member)
	if err != nil {
		t.Fatal(err)
	}
	return found.(*registry.Service)
}

// down: with the county out of reach its papers are judged by what is held, also after
// a restart of the city's directory; what was never fetched is unknown.
func down(t *testing.T, city, county *neighbor) {
	t.Helper()
	folder := filepath.Join(city.Config.Data, "members")
	if names, err := os.ReadDir(folder); err != nil || len(names) == 0 {
		t.Fatal("nothing is kept", err)
	}
	// The ledger names a list that the county's server does not have: nobody can
	// fetch it, as when the server is down.
	gone := *record(t, city, county.Member)
	gone.KeyNumber, gone.KeyList = gone.KeyNumber+1, registry.CollectedDigest([]byte("gone"))
	if err := city.order(cityCode(t, city), &gone); err != nil {
		t.Fatal(err)
	}
	city.caughtUp()
	second := county.second()
	city.says("a list that cannot be fetched", asked{"qr": county.sign(second)}, registry.UnknownNow, registry.KeysOlder)
	city.says("its token", asked{"token": second.token.String()}, registry.Valid, registry.ContentElsewhere)
	var ready resource.Readiness
	if err := json.Unmarshal(city.get("/readyz", 200), &ready); err != nil || !ready.Ready || !strings.Contains(ready.Warnings["keys of "+county.Member], registry.KeysOlder) {
		t.Errorf("readiness %+v %v", ready, err)
	}
	if meters := string(city.get("/metrics", 200)); !strings.Contains(meters, `tongzheng_member_keys_fit{member="`+county.Member+`"} 0`) {
		t.Error("no metric of the keys that lack")
	}
}
