package app_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	faces "tongzheng/api/exchange"
	"tongzheng/cmd/citytest"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// exchanging are the registries of a city and of a county on one ledger, whose records say
// where they exchange, and that one of the city's bureaus keeps the license library.
type exchanging struct {
	city, county *citytest.Neighbor
	library      string // organization
}

func exchangingMembers(t *testing.T) *exchanging {
	t.Helper()
	return exchangingWith(t, func(string, *citytest.Config) {})
}

// exchangingWith changes the members' configurations before.
func exchangingWith(t *testing.T, adjust func(member string, config *citytest.Config)) *exchanging {
	t.Helper()
	city, county := citytest.Neighbors(t, func(member string, config *citytest.Config) {
		adjust(member, config)
		config.ExchangeListen, config.LibraryEvery = "127.0.0.1:0", time.Hour
		config.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	})
	x := &exchanging{city: city, county: county, library: organizationOf(t, city, "gz-market-acceptor")}
	x.order(t, city, x.library)
	x.order(t, county, "")
	return x
}

func organizationOf(t *testing.T, n *citytest.Neighbor, login string) string {
	t.Helper()
	account, err := n.Demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	return account.Code
}

// service is what the ledger says of a member.
func service(t *testing.T, n *citytest.Neighbor) registry.Service {
	t.Helper()
	record, _, err := n.View.Record(registry.KindService, n.Member)
	if err != nil || record == nil {
		t.Fatalf("no service of %s: %v", n.Member, err)
	}
	return *record.(*registry.Service)
}

// order has the city order where a member exchanges; without an address of anybody's with nil keys.
func (x *exchanging) order(t *testing.T, n *citytest.Neighbor, library string) {
	t.Helper()
	s := service(t, x.city)
	if n != x.city {
		s = service(t, n)
	}
	s.Exchange, s.ExchangeKey, s.Library = "https://"+n.Exchange.Address, n.Exchange.Keys.Digests()[0], library
	x.record(t, &s)
}

func (x *exchanging) record(t *testing.T, records ...registry.GovernanceRecord) {
	t.Helper()
	rules, _, err := x.city.View.Record(registry.KindRules, registry.CurrentRules)
	if err != nil {
		t.Fatal(err)
	}
	var drafts []office.OrderDraft
	for _, record := range records {
		drafts = append(drafts, office.OrderDraft{Organization: rules.(*registry.Rules).City, Record: record, Basis: "测试"})
	}
	if err := x.city.Office.Governing.Govern(t.Context(), registry.Operator("test"), drafts); err != nil {
		t.Fatal(err)
	}
	if err := x.county.UpToDate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a state.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// account is the account of the city's copies.
func (x *exchanging) account(t *testing.T) *registry.Collection {
	t.Helper()
	c, err := x.city.Exchange.Library.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func line(t *testing.T, c *registry.Collection, member string) registry.CollectionLine {
	t.Helper()
	for _, l := range c.Members {
		if l.Member == member {
			return l
		}
	}
	t.Fatalf("no line of %s: %+v", member, c.Members)
	return registry.CollectionLine{}
}

// countys are the identifiers of the versions that the county's licenses have.
func (x *exchanging) countys(t *testing.T) (ids []registry.Identifier) {
	t.Helper()
	for _, l := range x.county.Demo.Licenses {
		id, err := registry.ParseIdentifier(l.Identifier)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// ownerOf connects as who may do anything in a registry's database: an insider.
func ownerOf(t *testing.T, n *citytest.Neighbor) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), n.Config.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, sql string, args ...any) int64 {
	t.Helper()
	tag, err := conn.Exec(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	return tag.RowsAffected()
}

// asked is what an account of a registry gets over its API.
func asked(t *testing.T, n *citytest.Neighbor, login, path string) *httptest.ResponseRecorder {
	t.Helper()
	account, err := n.Demo.Account(login)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/api/v1"+path, nil)
	r.Header.Set("Authorization", "Bearer "+account.APIKey)
	w := httptest.NewRecorder()
	n.Handler.ServeHTTP(w, r)
	return w
}

// issue has the county issue a license, signed over its own office.
func (x *exchanging) issue(t *testing.T, i int) registry.Identifier {
	t.Helper()
	return x.issued(t, application(x.county.App, organizationOf(t, x.county, "xg-acceptor"), i))
}

// issued is the license that the county issues on an application.
func (x *exchanging) issued(t *testing.T, app registry.Application) registry.Identifier {
	t.Helper()
	acceptor, err := x.county.Demo.Account("xg-acceptor")
	if err != nil {
		t.Fatal(err)
	}
	p, err := x.county.Office.Issuing.Propose(t.Context(), acceptor.Actor(), app, office.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	for _, login := range []string{"xg-acceptor", "xg-approver"} {
		who, err := x.county.Demo.Account(login)
		if err != nil {
			t.Fatal(err)
		}
		key, err := person.Key(filepath.Join(x.county.Config.Data, who.KeyFile))
		if err != nil {
			t.Fatal(err)
		}
		approval, err := person.Approve(key, p.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.county.Office.Issuing.Approve(t.Context(), who.Actor(), p.Digest, approval); err != nil {
			t.Fatal(err)
		}
	}
	return p.Intent.Identifier
}

// TestLibrary: what the county anchored is in the city's library, and is read there as
// one's own by those whom the table lets; what an insider takes away or alters comes back;
// what may not be asked for is not there, and is written down; who is taken off the
// ledger's record is a stranger at once.
func TestLibrary(t *testing.T) {
	t.Parallel()
	x := exchangingMembers(t)
	eventually(t, "all versions of the county are in the library", func() bool {
		c := x.account(t)
		return c.Whole && line(t, c, citytest.Xingguo).Here > 0
	})
	c := x.account(t)
	if l := line(t, c, citytest.Xingguo); l.On != len(x.countys(t)) || l.Here != l.On || l.Missing+l.Refused+l.Aside != 0 {
		t.Errorf("%+v, of %d licenses", l, len(x.countys(t)))
	}
	t.Run("the same document", x.same)
	t.Run("read as one's own", x.read)
	t.Run("a new license", x.arrives)
	t.Run("an insider", x.insider)
	t.Run("curious", x.curious)
	t.Run("faults", x.faults)
	t.Run("lies", x.lies)
	t.Run("away", x.away)
	t.Run("a view that is behind", x.behind)
	t.Run("taken off the record", x.removed)
}

func (x *exchanging) same(t *testing.T) {
	for _, id := range x.countys(t) {
		own, err := x.county.Store.Version(t.Context(), id.Base(), id.Version)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x.city.Exchange.Library.Copy(t.Context(), id)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if sm.Sum(c.Sealed) != sm.Sum(own.Sealed) || c.Opened.Facts.Holder != own.Facts.Holder || c.Intent != own.Intent {
			t.Errorf("%s is another one in the library", id)
		}
	}
}

func (x *exchanging) read(t *testing.T) {
	id := x.countys(t)[0]
	holder := x.county.Demo.Licenses[0].Holder
	if w := asked(t, x.city, "gz-market-acceptor", "/licenses/"+id.String()); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), holder) {
		t.Errorf("the library's own people: %d %.300s", w.Code, w.Body)
	}
	if w := asked(t, x.city, "gz-market-acceptor", "/licenses/"+id.String()+"/document"); w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/ofd" {
		t.Errorf("the document: %d %.300s", w.Code, w.Body)
	}
	if w := asked(t, x.city, "gz-water-acceptor", "/licenses/"+id.String()); w.Code != http.StatusNotFound {
		t.Errorf("another bureau of the city: %d %.300s", w.Code, w.Body)
	}
	if n := execute(t, ownerOf(t, x.city), `SELECT FROM audit WHERE operation = 'read license' AND subject = $1 AND organization = $2`, id.String(), x.library); n == 0 {
		t.Error("the reading is not written down")
	}
	w := asked(t, x.city, "gz-market-acceptor", "/library/licenses?q="+holder)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), id.String()) {
		t.Errorf("the list: %d %.300s", w.Code, w.Body)
	}
	if w := asked(t, x.city, "gz-water-acceptor", "/library/licenses?q="+holder); w.Code != http.StatusOK || strings.Contains(w.Body.String(), id.String()) {
		t.Errorf("another bureau's list: %d %.300s", w.Code, w.Body)
	}
	if w := asked(t, x.city, "gz-market-acceptor", "/library"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"whole":true`) || strings.Contains(w.Body.String(), holder) {
		t.Errorf("the account: %d %.300s", w.Code, w.Body)
	}
	if w := asked(t, x.city, "gz-water-acceptor", "/library"); w.Code != http.StatusForbidden {
		t.Errorf("the account for another bureau: %d", w.Code)
	}
	// Whoever scans the county's paper at the city reads what it should say.
	v, err := x.city.Office.Scan.Verify(t.Context(), registry.Actor{}, office.Asked{QR: x.county.Demo.Licenses[0].QR})
	switch {
	case err != nil:
		t.Fatal(err)
	case v.Public == nil || v.Elsewhere == nil || v.Public.Number != x.county.Demo.Licenses[0].Number || v.Public.Holder == "":
		t.Errorf("the county's paper at the city: %s, %+v", v.Word, v.Public)
	}
	if r, err := x.city.Office.Reconciling.Reconcile(t.Context(), registry.Operator("test"), false); err != nil || len(r.Gaps) != 0 {
		t.Errorf("the county's licenses are gaps in the city's rows: %+v, %v", r, err)
	}
	if w := asked(t, x.city, "gz-market-acceptor", "/licenses"); strings.Contains(w.Body.String(), id.String()) {
		t.Error("a copy stands among the registry's own licenses")
	}
}

func (x *exchanging) arrives(t *testing.T) {
	id := x.issue(t, 40)
	began := time.Now()
	eventually(t, "a new license is in the library", func() bool {
		_, err := x.city.Exchange.Library.Copy(t.Context(), id)
		return err == nil
	})
	t.Logf("in the library %s after the last signature", time.Since(began).Round(time.Millisecond))
	if l := line(t, x.account(t), citytest.Xingguo); l.On != len(x.countys(t))+1 || l.Here != l.On {
		t.Errorf("%+v", l)
	}
	for side, operation := range map[*citytest.Neighbor]string{x.county: "exchange give", x.city: "exchange take"} {
		if n := execute(t, ownerOf(t, side), `SELECT FROM audit WHERE operation = $1 AND subject = $2 AND organization = $3 AND detail LIKE '%library%'`, operation, id.String(), x.library); n != 1 {
			t.Errorf("%s has %d lines of %s", side.Member, n, operation)
		}
	}
}

func (x *exchanging) insider(t *testing.T) {
	conn, ids := ownerOf(t, x.city), x.countys(t)
	before := x.account(t)
	execute(t, conn, `DELETE FROM copy WHERE base = $1`, ids[0].Base())
	execute(t, conn, `UPDATE copy SET package = set_byte(package, 700, 255 - get_byte(package, 700)) WHERE base = $1`, ids[1].Base())
	execute(t, conn, `UPDATE copy SET holder_name = '别人' WHERE base = $1`, ids[2].Base())
	execute(t, conn, `UPDATE copy SET holder_folded = '别人', day = day - 1 WHERE base = $1`, ids[5].Base())
	execute(t, conn, `UPDATE copy SET package = (SELECT package FROM copy WHERE base = $2) WHERE base = $1`, ids[3].Base(), ids[4].Base())
	execute(t, conn, `INSERT INTO copy (base, version, intent, member, organization, height, recorded, day, state, next_try, package)
		SELECT overlay(base placing '0' from 60 for 1), version, intent, member, organization, height, recorded, day, state, next_try, package FROM copy WHERE base = $1`, ids[4].Base())
	if l := line(t, x.account(t), citytest.Xingguo); l.On != line(t, before, citytest.Xingguo).On {
		t.Errorf("what the ledger has changed with the rows: %+v", l)
	}
	if err := x.city.Exchange.Library.Walk(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what an insider took away is back", func() bool { return x.account(t).Whole })
	after := x.account(t)
	if after.Mended-before.Mended != 3 || after.Strays != before.Strays+1 {
		t.Errorf("mended %d, strays %d", after.Mended-before.Mended, after.Strays)
	}
	if n := execute(t, conn, `SELECT FROM copy WHERE base = $1 AND holder_folded = '别人'`, ids[5].Base()); n != 0 {
		t.Error("lists still find a copy by what an insider wrote")
	}
	x.same(t)
}

// behind: while the view is built again, or has not come as far as the rows, a walk takes
// nothing away.
func (x *exchanging) behind(t *testing.T) {
	s := x.shelf(t, x.city.Exchange.Client, nil)
	s.run(t, "all versions are here", func() bool { return s.whole(t) })
	here := s.count(t, `SELECT count(*) FROM copy WHERE state = 'here'`)
	for what, known := range map[string]registry.Knowledge{"stale": {Height: 1 << 40, Stale: true}, "low": {Height: 1}} {
		s.config.View = empty{x.city.View, known}
		s.again(t)
		if err := s.Walk(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, `SELECT count(*) FROM copy WHERE state = 'here'`); n != here {
			t.Errorf("%s: %d of %d copies are left", what, n, here)
		}
	}
}

// empty is a view that has no license yet.
type empty struct {
	exchange.View
	known registry.Knowledge
}

func (e empty) Knowledge(time.Time) registry.Knowledge { return e.known }

func (empty) Licenses(context.Context, func(string, *registry.License) error) error { return nil }

// curious: neither side gets what the table does not let it see.
func (x *exchanging) curious(t *testing.T) {
	id, water := x.countys(t)[0], organizationOf(t, x.city, "gz-water-acceptor")
	var citys registry.Identifier
	for _, l := range x.city.Demo.Licenses {
		citys, _ = registry.ParseIdentifier(l.Identifier)
	}
	market := organizationOf(t, x.county, "xg-east-acceptor")
	for i, ask := range []struct {
		from, to *citytest.Neighbor
		ask      exchange.Ask
	}{
		{x.city, x.county, exchange.Ask{Identifier: id, Organization: water}},                                      // of ours, and nothing to it
		{x.city, x.county, exchange.Ask{Identifier: id, Organization: organizationOf(t, x.county, "xg-acceptor")}}, // as somebody else's organization
		{x.city, x.county, exchange.Ask{Identifier: id.WithVersion(7), Organization: x.library}},                   // of no such version
		{x.city, x.county, exchange.Ask{Identifier: citys, Organization: x.library}},                               // of another member's license
		{x.county, x.city, exchange.Ask{Identifier: citys, Organization: market}},                                  // a county's street of the city's license
	} {
		_, _, err := ask.from.Exchange.Client.Package(t.Context(), ask.to.Member, ask.ask)
		if registry.CodeOf(err) != registry.CodeNotFound {
			t.Errorf("question %d is answered %v", i, err)
		}
		again, _, err2 := ask.from.Exchange.Client.Package(t.Context(), ask.to.Member, ask.ask)
		if again != nil || err2 == nil || err2.Error() != err.Error() {
			t.Errorf("question %d is answered %v the second time", i, err2)
		}
		if n := execute(t, ownerOf(t, ask.to), `SELECT FROM audit WHERE operation = 'exchange give' AND subject = $1 AND organization = $2 AND code = 'not-found'`,
			ask.ask.Identifier.String(), ask.ask.Organization); n != 1 {
			t.Errorf("question %d has %d lines in the audit trail", i, n)
		}
	}
	// Asked for by a registry that has read further on the ledger: nobody is refused.
	ahead := exchange.Ask{Identifier: id.WithVersion(8), Organization: x.library, Height: 1 << 40}
	if _, _, err := x.city.Exchange.Client.Package(t.Context(), x.county.Member, ahead); registry.CodeOf(err) != registry.CodeNotYet {
		t.Errorf("what is not reached here yet is answered %v", err)
	}
	if n := execute(t, ownerOf(t, x.county), `SELECT FROM audit WHERE operation = 'exchange give' AND subject = $1`, ahead.Identifier.String()); n != 0 {
		t.Error("it is written down as refused")
	}
}

// removed: the order that takes an exchange off the record ends what is open.
func (x *exchanging) removed(t *testing.T) {
	id := x.countys(t)[0]
	ask := exchange.Ask{Identifier: id, Organization: x.library}
	if _, _, err := x.city.Exchange.Client.Package(t.Context(), citytest.Xingguo, ask); err != nil { // a connection is open
		t.Fatal(err)
	}
	s := service(t, x.city)
	s.Exchange, s.ExchangeKey = "", sm.Digest{}
	own := x.city.Exchange.Directory
	// The city's client goes on believing what the ledger said before.
	kept := &exchange.Directory{View: frozen{View: x.city.View, services: services(t, x.city)}, Keys: own.Keys}
	client := faces.NewClient(faces.ClientConfig{Directory: kept, Identity: x.city.Exchange.Keys})
	if _, _, err := client.Package(t.Context(), citytest.Xingguo, ask); err != nil {
		t.Fatal(err)
	}
	x.record(t, &s)
	if _, _, err := client.Package(t.Context(), citytest.Xingguo, ask); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("a removed member is answered: %v", err)
	}
	x.order(t, x.city, x.library)
	eventually(t, "the member is back", func() bool {
		_, _, err := client.Package(t.Context(), citytest.Xingguo, ask)
		return err == nil
	})
}

// frozen is a view whose services are those of before.
type frozen struct {
	exchange.View
	services []registry.GovernanceRecord
}

func (f frozen) Records(kind registry.RecordKind) ([]registry.GovernanceRecord, error) {
	if kind == registry.KindService {
		return f.services, nil
	}
	return f.View.Records(kind)
}

func services(t *testing.T, n *citytest.Neighbor) []registry.GovernanceRecord {
	t.Helper()
	all, err := n.View.Records(registry.KindService)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
