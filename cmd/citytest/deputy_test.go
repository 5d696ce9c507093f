package citytest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/registry/postgres"
	"tongzheng/signer/check"
)

// TestDeputyPublishes: the city publishes the county's lists beside it once the county has
// named it, makes the same of the ledger as the county does, and counts for as long as it
// is named.
func TestDeputyPublishes(t *testing.T) {
	t.Parallel()
	city, county := registriesOf(t, func(config *citytest.Config) { config.ListsEvery = 200 * time.Millisecond })
	for _, n := range []*neighbor{city, county} {
		n.namesKeys()
	}
	city.holds(county)
	county.holds(city)
	d := &deputized{t: t, city: city, county: county, list: county.paper.sheet.List}
	d.takenOver()
	d.named()
	d.sameCodes()
	d.atTheCitysAddress()
	d.newestCounts()
	d.outsideThePeriod()
	d.notNamed()
}

// deputized is the county's list as both publish it.
type deputized struct {
	t            *testing.T
	city, county *neighbor
	list         uint32
	byCity       []byte // the list that the city made last
}

// made is the list as a registry makes it now.
func (d *deputized) made(n *neighbor) (*registry.StatusList, error) {
	d.t.Helper()
	n.caughtUp()
	if err := n.Office.Publishing.Publish(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return n.Office.Publishing.List(d.list, 0)
}

// known is a list as somebody with the city's roots of now verifies it.
func (d *deputized) known(raw []byte) *check.KnownList {
	d.t.Helper()
	known, err := check.VerifyStatusList(raw, nil, d.city.roots())
	if err != nil {
		d.t.Fatal(err)
	}
	return known
}

// says judges the county's paper by lists alone.
func (d *deputized) says(now time.Time, raw ...[]byte) registry.Verdict {
	d.t.Helper()
	o := check.Offline{Roots: d.city.roots(), Lists: map[check.ListOf]*check.KnownList{}}
	for _, r := range raw {
		known := d.known(r)
		o.Lists[known.Of()] = known
	}
	q, _, err := o.Question(d.county.paper.qr, now)
	if err != nil {
		d.t.Fatal(err)
	}
	return registry.Judge(*q)
}

// takenOver: before anybody is named the city gives out the county's own list, and makes
// none.
func (d *deputized) takenOver() {
	d.t.Helper()
	if _, err := d.made(d.city); registry.CodeOf(err) != registry.CodeNotFound {
		d.t.Errorf("the city makes the county's list unasked: %v", err)
	}
	for end := time.Now().Add(citytest.Patience); d.city.Directory.StatusList(d.list) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatal("the county's list never came to the city")
		}
	}
	raw := d.city.get(fmt.Sprintf("/api/v1/status-list/%d", d.list), 200)
	if v := d.says(time.Now(), raw); v.Word != registry.Valid || has(v, check.ListDeputy) || d.known(raw).Foreign() != "" {
		d.t.Errorf("by the county's list at the city: %s %+v", v.Word, v.Checks)
	}
	// What another signs in the county's place, or brings as another list, is not taken.
	own, err := d.city.Office.Publishing.List(d.city.paper.sheet.List, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.city.Directory.TakeList(record(d.t, d.city, d.county.Member), d.list, own.Bytes()); registry.CodeOf(err) != registry.CodeForbidden {
		d.t.Errorf("a list that the city signed is taken for the county's: %v", err)
	}
	if err := d.city.Directory.TakeList(record(d.t, d.city, d.county.Member), d.list+1, raw); registry.CodeOf(err) != registry.CodeForbidden {
		d.t.Errorf("a list is taken for another: %v", err)
	}
}

// named: the county's operator names the city, nobody else; the command drafts the order.
func (d *deputized) named() {
	d.t.Helper()
	key := d.county.member(d.city.Member).StatusKey
	now := *record(d.t, d.county, d.county.Member)
	now.Deputy = registry.Deputy{Member: d.city.Member, Key: key, From: time.Now().Unix() - 3600, Until: time.Now().Unix() + 12*3600}
	if err := d.city.order(cityCode(d.t, d.city), &now); registry.CodeOf(err) != registry.CodeOrderNotAllowed {
		d.t.Errorf("the city names itself the county's deputy: %v", err)
	}
	account := postgres.Account{Login: "xg-governor", Organization: now.Operator, Name: "测试", Person: "p-xg-governor", Roles: []registry.Role{registry.RoleGovernor}}
	if err := d.county.Store.Accounts.CreateAccount(d.t.Context(), account, ""); err != nil {
		d.t.Fatal(err)
	}
	apiKey, err := d.county.Store.Accounts.CreateAPIKey(d.t.Context(), postgres.APIKey{Name: "test", Account: account.Login, Organization: account.Organization, Roles: account.Roles})
	if err != nil {
		d.t.Fatal(err)
	}
	said, err := exec.Command(citytest.Program(d.t, "tongzheng"), "keys", "deputy", d.city.Member, "--until", "2099-12-31",
		"--server", "http://"+d.county.Address, "--api-key", apiKey).CombinedOutput()
	if err != nil || !strings.Contains(string(said), string(registry.KindService)) {
		d.t.Errorf("keys deputy: %v\n%s", err, said)
	}
	if err := d.county.order(now.Operator, &now); err != nil {
		d.t.Fatal(err)
	}
}

// sameCodes: at one height both make the same codes, signed by their own keys; the
// deputy's serves no longer than its period.
func (d *deputized) sameCodes() {
	d.t.Helper()
	theirs, err := d.made(d.county)
	if err != nil {
		d.t.Fatal(err)
	}
	ours, err := d.made(d.city)
	if err != nil {
		d.t.Fatal("the deputy makes no list:", err)
	}
	a, b := theirs.Head, ours.Head
	if a.Height != b.Height || a.Time != b.Time || a.Digest != b.Digest || a.Size != b.Size || a.Size == 0 || theirs.Key == ours.Key {
		d.t.Errorf("of the same ledger, the county %+v, the city %+v", a, b)
	}
	if until := record(d.t, d.city, d.county.Member).Deputy.Until; b.Next != until || a.Next <= until {
		d.t.Errorf("serve until %d and %d, the period ends %d", a.Next, b.Next, until)
	}
	if v := d.says(time.Now(), ours.Bytes()); v.Word != registry.Valid || !has(v, check.ListDeputy) {
		d.t.Errorf("by the deputy's list: %s %+v", v.Word, v.Checks)
	}
	known := d.known(ours.Bytes())
	offline := check.Offline{Roots: d.city.roots(), Lists: map[check.ListOf]*check.KnownList{known.Of(): known}}
	for _, m := range offline.Members(time.Now()) {
		if m.Member == d.county.Member && (m.Lists != 1 || m.Deputy != d.city.Member || m.Time != b.Time || m.Next != b.Next) || m.Member == d.city.Member && m.Lists != 0 {
			d.t.Errorf("what is known of %s: %+v", m.Member, m)
		}
	}
	if d.cli(ours.Bytes()) != registry.Valid {
		d.t.Error("tongzheng verify does not take the deputy's list")
	}
}

// cli is what tongzheng verify says of a list, by the city's roots.
func (d *deputized) cli(list []byte) registry.Word {
	d.t.Helper()
	dir := d.t.TempDir()
	for name, raw := range map[string][]byte{"roots.pem": d.city.get("/api/v1/keys/roots", 200), "list": list} {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
	out, err := exec.Command(citytest.Program(d.t, "tongzheng"), "verify", "--json", "--roots", filepath.Join(dir, "roots.pem"), filepath.Join(dir, "list")).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	var v registry.Verdict
	if err := json.Unmarshal(out, &v); err != nil {
		d.t.Fatalf("%v: %s", err, out)
	}
	return v.Word
}

// atTheCitysAddress: where the county's codes lead to, its lists are, and no other's.
func (d *deputized) atTheCitysAddress() {
	d.t.Helper()
	now := *record(d.t, d.city, d.county.Member)
	now.Home = d.city.Config.PublicURL + "/xg"
	if err := d.city.order(cityCode(d.t, d.city), &now); err != nil {
		d.t.Fatal(err)
	}
	d.city.caughtUp()
	var heads struct{ Lists []registry.StatusHead }
	if err := json.Unmarshal(d.city.get("/xg/api/v1/status-list", 200), &heads); err != nil || len(heads.Lists) == 0 {
		d.t.Errorf("no lists of the county's: %v", err)
	}
	for _, head := range heads.Lists {
		if head.List == d.city.paper.sheet.List {
			d.t.Error("the city's list stands among the county's")
		}
	}
	if known := d.known(d.city.get(fmt.Sprintf("/xg/api/v1/status-list/%d", d.list), 200)); known.Head.List != d.list || known.Owner != d.county.Member {
		d.t.Errorf("%+v", known)
	}
	d.city.get(fmt.Sprintf("/xg/api/v1/status-list/%d", d.city.paper.sheet.List), 404)
	d.city.get(fmt.Sprintf("/nobody/api/v1/status-list/%d", d.list), 404)
	d.city.get("/xg/api/v1/status-list/x", 400)
}

// newestCounts: of the two lists the higher one counts, whoever signed it, and one that
// serves before one that does not.
func (d *deputized) newestCounts() {
	d.t.Helper()
	before, err := d.made(d.county)
	if err != nil {
		d.t.Fatal(err)
	}
	d.county.act(registry.Revoke)
	ours, err := d.made(d.city)
	if err != nil {
		d.t.Fatal(err)
	}
	if ours.Head.Height <= before.Head.Height {
		d.t.Fatal("the ledger did not grow")
	}
	if v := d.says(time.Now(), before.Bytes()); v.Word != registry.Valid {
		d.t.Errorf("by the county's older list: %s", v.Word)
	}
	if v := d.says(time.Now(), before.Bytes(), ours.Bytes()); v.Word != registry.IsRevoked {
		d.t.Errorf("by both lists: %s %+v", v.Word, v.Checks)
	}
	over := time.Unix(ours.Head.Next+1, 0) // the deputy's serves no more, the county's does
	if v := d.says(over, before.Bytes(), ours.Bytes()); v.Word != registry.Valid {
		d.t.Errorf("after the deputy's period: %s", v.Word)
	}
	d.byCity = ours.Bytes()
}

// outsideThePeriod: a list that reaches over the end of the period is the deputy's no
// more, and called so.
func (d *deputized) outsideThePeriod() {
	d.t.Helper()
	now := *record(d.t, d.county, d.county.Member)
	now.Deputy.Until--
	if err := d.county.order(now.Operator, &now); err != nil {
		d.t.Fatal(err)
	}
	d.refused(check.ListDeputyPeriod)
}

// notNamed: the county takes its word back.
func (d *deputized) notNamed() {
	d.t.Helper()
	now := *record(d.t, d.county, d.county.Member)
	now.Deputy = registry.Deputy{}
	if err := d.county.order(now.Operator, &now); err != nil {
		d.t.Fatal(err)
	}
	d.refused(check.ListOtherMember)
	if _, err := d.made(d.city); registry.CodeOf(err) != registry.CodeNotFound {
		d.t.Errorf("the city goes on making the county's list: %v", err)
	}
}

// refused: the city's last list counts for nothing, and it is said why.
func (d *deputized) refused(why string) {
	d.t.Helper()
	d.city.caughtUp()
	if known := d.known(d.byCity); known.Foreign() != why {
		d.t.Errorf("%q, want %q", known.Foreign(), why)
	}
	if v := d.says(time.Now(), d.byCity); v.Word != registry.UnknownNow || !has(v, why) {
		d.t.Errorf("by a list that is not the county's: %s %+v", v.Word, v.Checks)
	}
	if word := d.cli(d.byCity); word != registry.Untrusted {
		d.t.Errorf("tongzheng verify says %s of it", word)
	}
	if err := d.city.Directory.TakeList(record(d.t, d.city, d.county.Member), d.list, d.byCity); registry.CodeOf(err) != registry.CodeForbidden {
		d.t.Errorf("it is taken over: %v", err)
	}
}
