package signer

import (
	"bytes"
	"compress/flate"
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tongzheng/chaincode/embedded"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/registry/statusview"
	"tongzheng/signer/check"
)

// attesting is a signer with a copy of a small city's ledger, and a registry that says
// what it likes.
type attesting struct {
	*ledgertest.City
	t        *testing.T
	ledger   *embedded.Ledger
	view     *statusview.View
	keys     *FileStore
	roots    *check.Roots
	clock    time.Time
	service  *Service
	attester *Attester
	behind   error
}

// held is the copy; a test says when it is behind.
type held struct {
	*statusview.View
	a *attesting
}

func (h held) Behind() error { return h.a.behind }

// viewedRecords are governance records and licenses as the copy has them.
type viewedRecords struct{ view *statusview.View }

func (r viewedRecords) Record(_ context.Context, kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error) {
	return r.view.Record(kind, name)
}

func (r viewedRecords) License(_ context.Context, _, base string) (*registry.License, error) {
	standing, err := r.view.Standing(base)
	if err != nil {
		return nil, err
	}
	return standing.License, nil
}

func newAttesting(t *testing.T) *attesting {
	t.Helper()
	a := &attesting{City: ledgertest.NewCity(), t: t}
	dir := t.TempDir()
	var err error
	a.ledger, err = embedded.Open(embedded.Config{Path: filepath.Join(dir, "ledger"), Clock: a.Time})
	must(t, err)
	t.Cleanup(func() { _ = a.ledger.Close() })
	a.view, err = statusview.OpenFed(statusview.Config{Path: filepath.Join(dir, "view"), Name: embedded.Name, Lists: true})
	must(t, err)
	t.Cleanup(func() { _ = a.view.Close() })
	a.keys, err = OpenFileStore(filepath.Join(dir, "keys"), nil)
	must(t, err)
	a.clock = a.Time().Add(time.Hour)
	authority, err := OpenAuthority(a.keys, a.Time)
	must(t, err)
	a.roots, err = authority.Roots()
	must(t, err)
	for _, label := range []string{LabelStatus, LabelQR} {
		id, _ := a.keys.Current(label)
		der, err := a.keys.Certificate(id)
		must(t, err)
		must(t, a.roots.Add(der, map[string]check.Use{LabelStatus: check.UseStatus, LabelQR: check.UseQR}[label]))
	}
	// This signer is Xingguo's: it holds keys of its organizations, and of no other.
	for _, o := range []*ledgertest.Organization{a.Xingguo, a.County} {
		_, err = authority.ActKey(o.FullName, o.Code)
		must(t, err)
	}
	stamp, _ := a.keys.Current(LabelTimeStamp)
	clock := func() time.Time { return a.clock }
	a.service, err = OpenService(ServiceConfig{Path: filepath.Join(dir, "signer.db"), Keys: a.keys, Records: viewedRecords{a.view}, Roots: a.roots, Clock: clock,
		Stamps: &TimeStampAuthority{Keys: a.keys, Key: stamp, Clock: clock}, Boundary: func(w, h float64) Box { return Box{140, 230, w, h} }, OpenOrders: true,
		Copy: held{a.view, a}, Ledger: embedded.Name, TokenKey: testTokenKey, QRKeys: func() (check.QRKeys, error) { return a.roots.QRKeys(a.clock) }})
	must(t, err)
	t.Cleanup(func() { _ = a.service.Close() })
	a.attester = a.service.Attester()
	a.commit(a.Genesis())
	return a
}

// commit puts a batch on the ledger and hands it to the signer's copy.
func (a *attesting) commit(b registry.Batch) *registry.Commit {
	a.t.Helper()
	tx, err := a.ledger.Prepare(context.Background(), b)
	must(a.t, err)
	c, err := a.ledger.Submit(context.Background(), tx)
	must(a.t, err)
	for _, r := range c.Outcome.Results {
		if !r.Accepted() {
			a.t.Fatalf("%+v", r)
		}
	}
	a.Note(c)
	must(a.t, a.view.Take(c))
	return c
}

// does commits an act of a license's own.
func (a *attesting) does(l *ledgertest.License, act registry.Act) *registry.Commit {
	a.t.Helper()
	a.Now += 60
	return a.commit(a.Batch(l.Namespace, l.Next(act)))
}

func (a *attesting) lists(have ...registry.ListHeight) *registry.SignedLists {
	a.t.Helper()
	said, err := a.attester.Lists(context.Background(), registry.ListsRequest{Have: have, Valid: 24 * 3600})
	must(a.t, err)
	return said
}

// published verifies a list as everybody does.
func (a *attesting) published(l registry.SignedList, before *check.KnownList) *check.KnownList {
	a.t.Helper()
	list := &registry.StatusList{Head: l.Head, Key: l.Key, Signature: l.Signature, Since: l.Since, Changes: l.Changes, Delta: !l.Full}
	if l.Full {
		list.Codes = deflated(a.t, l.Codes)
	}
	known, err := check.VerifyStatusList(list.Bytes(), before, a.roots)
	must(a.t, err)
	return known
}

// TestListsAreTheSigners: codes, time and height come from the signer's copy of the
// ledger; a registry can ask for no longer validity than the cap, nor for another
// time, nor for a list of another member; changes are told since what it has.
func TestListsAreTheSigners(t *testing.T) {
	a := newAttesting(t)
	mine, other := a.NewLicense(), a.NewYuduLicense()
	made := a.does(mine, registry.Issue)
	a.does(other, registry.Issue)
	at := made.Batch.Entries[0].Intent.Printings
	said := a.lists()
	if len(said.Lists) != 1 || said.Lists[0].Head.List != at[0].List || !said.Lists[0].Full {
		t.Fatalf("%d lists: %+v", len(said.Lists), said.Lists)
	}
	if want := []string{ledgertest.MemberXingguo}; !slices.Equal(said.Members, want) {
		t.Errorf("publishes for %s, want %s", said.Members, want)
	}
	first := a.published(said.Lists[0], nil)
	block := a.view.Newest()
	if head := first.Head; head.Time != block.Time || head.Height != block.Height || head.Time == a.clock.Unix() || head.Next != head.Time+24*3600 || head.Ledger != embedded.Name {
		t.Errorf("the head is not of the newest block: %+v, block %+v", head, block)
	}
	for _, p := range at {
		if code := first.Codes.Get(p.Index); code != registry.ListEffective {
			t.Errorf("printing %d: %d", p.Number, code)
		}
	}
	// A list that is valid for a year.
	long, err := a.attester.Lists(context.Background(), registry.ListsRequest{Valid: 365 * 24 * 3600})
	must(t, err)
	if head := long.Lists[0].Head; head.Next-head.Time != int64(registry.MostValid/time.Second) {
		t.Errorf("valid for %d seconds", head.Next-head.Time)
	}
	// Revoked: the signer knows, whatever the registry would rather publish.
	a.does(mine, registry.Revoke)
	later := a.lists(registry.ListHeight{List: first.Head.List, Height: first.Head.Height})
	changes := later.Lists[0]
	if changes.Full || len(changes.Changes) != len(at) || changes.Since != first.Head.Height {
		t.Errorf("%+v", changes)
	}
	second := a.published(changes, first)
	if code := second.Codes.Get(at[0].Index); code != registry.ListRevoked {
		t.Errorf("revoked: %d", code)
	}
	// A state that is too old, or none of ours, is told in full.
	if l := a.lists(registry.ListHeight{List: first.Head.List, Height: 1 << 40}).Lists[0]; !l.Full {
		t.Error("since a height that is still to come: not in full")
	}
	// While the copy is behind, nothing is signed.
	a.behind = registry.Errorf(registry.CodeUnavailable, "", "another member's peer has more")
	if _, err := a.attester.Lists(context.Background(), registry.ListsRequest{}); registry.CodeOf(err) != registry.CodeUnavailable {
		t.Errorf("behind: %v", err)
	}
}

// TestPublicationIsComposed: only what the signer composed of the lists it signed
// becomes an order, for the member whose registry is run here.
func TestPublicationIsComposed(t *testing.T) {
	a := newAttesting(t)
	ctx := context.Background()
	ask := registry.PublicationRequest{Member: ledgertest.MemberXingguo}
	if _, err := a.attester.Publication(ctx, ask); registry.CodeOf(err) != registry.CodeStale {
		t.Errorf("before any list was signed: %v", err)
	}
	a.does(a.NewLicense(), registry.Issue)
	said := a.lists()
	for _, member := range []string{ledgertest.MemberYudu, ledgertest.MemberCity, "", "nowhere"} {
		if _, err := a.attester.Publication(ctx, registry.PublicationRequest{Member: member}); registry.CodeOf(err) != registry.CodeForbidden {
			t.Errorf("for %q: %v", member, err)
		}
	}
	record, err := a.attester.Publication(ctx, ask)
	must(t, err)
	if record.Root != registry.PublicationRoot([]registry.StatusHead{said.Lists[0].Head}) || record.Time != said.Block.Time {
		t.Errorf("%+v", record)
	}
	register := func(record *registry.Publication) error {
		raw, err := registry.Encode(record)
		must(t, err)
		_, err = a.service.RegisterOrder(ctx, registry.Order{Organization: a.Xingguo.Code, Kind: registry.KindPublication, Record: raw, Sequence: 1, Basis: "公布", Decided: a.Now}, registry.Warrant{})
		return err
	}
	for name, change := range map[string]func(p *registry.Publication){
		"another root": func(p *registry.Publication) { p.Root = sm.Sum([]byte("other lists")) }, "another time": func(p *registry.Publication) { p.Time++ },
		"more lists": func(p *registry.Publication) { p.Lists++ }, "another member": func(p *registry.Publication) { p.Member = ledgertest.MemberYudu },
		"the whole deployment": func(p *registry.Publication) { p.Member = "" },
	} {
		forged := *record
		change(&forged)
		if err := register(&forged); registry.CodeOf(err) != registry.CodeStale {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, register(record))
}

// TestStatementsAreTheSigners: what a statement says comes from the signer's copy and
// its own look at the code; a registry can name neither word nor address, nor show one
// license's code and name another.
func TestStatementsAreTheSigners(t *testing.T) {
	a := newAttesting(t)
	ctx := context.Background()
	l, other := a.NewLicense(), a.NewLicense()
	in := a.does(l, registry.Issue).Batch.Entries[0].Intent
	foreign := a.does(other, registry.Issue).Batch.Entries[0].Intent
	token := registry.NewToken(testTokenKey, in.Identifier, in.Printings[1])
	good := registry.StatementRequest{Token: token, Identifier: in.Identifier, Printing: in.Printings[1], Public: "https://evil.example"}
	says := func(ask registry.StatementRequest, want registry.Word) *registry.SignedStatement {
		t.Helper()
		signed, err := a.attester.State(ctx, ask)
		if err != nil {
			t.Fatal(err)
		}
		v, err := check.Statement([]byte(signed.Armor()), a.roots, a.clock)
		if err != nil || v.Word != want || signed.Statement.Word != want {
			t.Errorf("%s %v, want %s", v.Word, err, want)
		}
		return signed
	}
	if said := says(good, registry.Valid).Statement; said.By != ledgertest.Public || said.AsOf != a.view.Newest().Time || said.Printing != in.Printings[1].Number {
		t.Errorf("%+v", said)
	}
	refuse := func(name string, code registry.Code, change func(ask *registry.StatementRequest)) {
		t.Helper()
		ask := good
		change(&ask)
		if signed, err := a.attester.State(ctx, ask); registry.CodeOf(err) != code {
			t.Errorf("%s: %+v %v, want %s", name, signed, err, code)
		}
	}
	refuse("another license's code", registry.CodePrinting, func(ask *registry.StatementRequest) {
		ask.Identifier, ask.Printing = foreign.Identifier, foreign.Printings[1]
	})
	refuse("another sheet's code", registry.CodePrinting, func(ask *registry.StatementRequest) { ask.Printing = in.Printings[0] })
	refuse("a token of one's own", registry.CodePrinting, func(ask *registry.StatementRequest) { ask.Token[3]++ })
	refuse("nothing", registry.CodeMissing, func(ask *registry.StatementRequest) { *ask = registry.StatementRequest{} })
	refuse("a file that is none", registry.CodeMalformed, func(ask *registry.StatementRequest) { ask.File = []byte("not a package") })
	// A sheet that the ledger does not have, under a token that fits it.
	never := in.Printings[1]
	never.Number, never.Index = 9, 99
	says(registry.StatementRequest{Token: registry.NewToken(testTokenKey, in.Identifier, never), Identifier: in.Identifier, Printing: never}, registry.NotFound)
	a.does(l, registry.Revoke)
	says(good, registry.IsRevoked)
	says(registry.StatementRequest{Identifier: in.Identifier}, registry.IsRevoked)
	// What is older than the cap is unknown.
	a.clock = a.clock.Add(registry.MostValid + time.Hour)
	says(good, registry.UnknownNow)
	a.behind = registry.Errorf(registry.CodeUnavailable, "", "behind")
	refuse("a copy that is behind", registry.CodeUnavailable, func(*registry.StatementRequest) {})
}

// TestBundleHeadsAreTheSigners: a bundle is sealed when its head says no more than the
// signer's copy; an older end of the chain, a later time, another ledger are refused.
func TestBundleHeadsAreTheSigners(t *testing.T) {
	a := newAttesting(t)
	ctx := context.Background()
	l := a.NewLicense()
	in := a.does(l, registry.Issue).Batch.Entries[0].Intent
	before, err := a.attester.BundleStatus(ctx, in.Identifier)
	must(t, err)
	a.does(l, registry.Suspend)
	now, err := a.attester.BundleStatus(ctx, in.Identifier)
	must(t, err)
	a.does(a.NewLicense(), registry.Issue) // the ledger goes on without it
	manifest := func(s *registry.BundleStatus) registry.Manifest {
		m := registry.Manifest{Identifier: in.Identifier, Made: a.clock.Unix()}
		m.ReadFrom(s)
		return *registry.NewManifest(m, map[string][]byte{"cover.html": []byte("<p>")})
	}
	good := manifest(now)
	seal, err := a.attester.SealBundle(ctx, registry.BundleRequest{Manifest: good})
	must(t, err)
	id, _ := a.keys.Current(LabelStatus)
	pub, err := a.keys.PublicKey(id)
	must(t, err)
	if len(seal.Stamps) != 1 || seal.Key != id || !sm.VerifyRaw(pub, check.StatusMessage(good.SealMessage(seal.Stamps)), seal.Signature) {
		t.Errorf("%+v", seal)
	}
	old := manifest(before)
	for name, change := range map[string]func(m *registry.Manifest){
		"before the suspension":           func(m *registry.Manifest) { *m = old },
		"an older end, as of now":         func(m *registry.Manifest) { m.Sequence, m.Head = old.Sequence, old.Head },
		"a height before the last act":    func(m *registry.Manifest) { m.Height = old.Height },
		"a height that is still to come":  func(m *registry.Manifest) { m.Height += 1000 },
		"knowledge of tomorrow":           func(m *registry.Manifest) { m.AsOf += 86400 },
		"another ledger":                  func(m *registry.Manifest) { m.Ledger = "ganzhou" },
		"oversight that nobody exercised": func(m *registry.Manifest) { m.OversightSequence, m.OversightHead = 1, sm.Sum([]byte("x")) },
	} {
		m := good
		change(&m)
		if seal, err := a.attester.SealBundle(ctx, registry.BundleRequest{Manifest: m}); registry.CodeOf(err) != registry.CodeStale {
			t.Errorf("%s: %+v %v", name, seal, err)
		}
	}
	tomorrow := good
	tomorrow.Made += 86400
	if _, err := a.attester.SealBundle(ctx, registry.BundleRequest{Manifest: tomorrow}); registry.CodeOf(err) != registry.CodeFuture {
		t.Errorf("made tomorrow: %v", err)
	}
	if _, err := a.attester.BundleStatus(ctx, a.NewLicense().Identifier); registry.CodeOf(err) != registry.CodeNotFound {
		t.Errorf("a license that is not on the ledger: %v", err)
	}
}

// TestTokensOfOwnIssuers: a signer makes tokens for its own issuers, as the key says.
func TestTokensOfOwnIssuers(t *testing.T) {
	a := newAttesting(t)
	ctx := context.Background()
	l := a.NewLicense()
	sheet := registry.Printing{Number: 1, Copy: registry.Electronic, List: 1, Index: 7}
	made, err := a.attester.Tokens(ctx, registry.TokenRequest{Identifier: l.Identifier, Printings: []registry.Printing{sheet}})
	must(t, err)
	if want := registry.NewToken(testTokenKey, l.Identifier, sheet); len(made) != 1 || made[0] != want {
		t.Errorf("%v", made)
	}
	if _, err := a.attester.Tokens(ctx, registry.TokenRequest{Identifier: a.NewYuduLicense().Identifier, Printings: []registry.Printing{sheet}}); registry.CodeOf(err) != registry.CodeForbidden {
		t.Errorf("for another member's issuer: %v", err)
	}
	if _, err := a.attester.Tokens(ctx, registry.TokenRequest{Identifier: l.Identifier, Printings: make([]registry.Printing, tokensMost+1)}); registry.CodeOf(err) != registry.CodeTooLarge {
		t.Errorf("too many: %v", err)
	}
}

// TestPlacesAreTaken: the sheet of another license gets no place that the ledger, or an
// act registered here, has given; on the ledger the first keeps it.
func TestPlacesAreTaken(t *testing.T) {
	a := newAttesting(t)
	l := a.NewLicense()
	in := a.does(l, registry.Issue).Batch.Entries[0].Intent
	thief := a.NewLicense().Intent(registry.Issue)
	thief.Printings[0].List, thief.Printings[0].Index = in.Printings[0].List, in.Printings[0].Index
	if err := a.service.freePlaces(&thief); registry.CodeOf(err) != registry.CodeListRange {
		t.Errorf("a place on the ledger: %v", err)
	}
	must(t, a.service.freePlaces(in))
	// A signer that let it pass, at another member: the code stays the first sheet's.
	second := a.NewLicense()
	twice := second.Intent(registry.Issue)
	twice.Printings[0].Index = in.Printings[0].Index
	a.Now += 60
	a.commit(a.Batch(second.Namespace, a.Entry(twice)))
	a.does(l, registry.Revoke)
	list := a.published(a.lists().Lists[0], nil)
	if code := list.Codes.Get(in.Printings[0].Index); code != registry.ListRevoked {
		t.Errorf("the place says %d of the revoked sheet", code)
	}
}

func deflated(t *testing.T, codes []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	must(t, err)
	_, err = w.Write(codes)
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}
