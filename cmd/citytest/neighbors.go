package citytest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"tongzheng/cmd/internal/demo"
	"tongzheng/registry/postgres/pgtest"
)

// Members of the demonstration city that have a registry of their own here.
const (
	City    = "city"
	Xingguo = "xingguo"
)

// Neighbor is the registry of one member, which serves until the test ends.
type Neighbor struct {
	*App
	Member string
	Demo   *Demo // its own accounts and licenses
}

// Neighbors lends a test the registries of the city and of Xingguo on one embedded
// ledger in this process. Each has its own database, data folder, keys, signer,
// accounts and licenses; only the ledger is shared, and of the city's keys no more
// than the one that vouches for the ledger. They are copies of a pair that is seeded
// once for the process: they listen elsewhere than their codes lead to. adjust, which
// may be nil, changes a member's configuration before it is opened; with a public URL
// of its own the ledger names that one from the start.
func Neighbors(t testing.TB, adjust func(member string, config *Config)) (city, xingguo *Neighbor) {
	t.Helper()
	of, err := thePair()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := copyFolder(of.folder, dir); err != nil {
		t.Fatal(err)
	}
	lead, county := of.copy(t, dir, City, adjust), of.copy(t, dir, Xingguo, adjust)
	city = lead.open(t)
	county.config.Beside = city.App
	return city, county.open(t)
}

// NeighborsOn is Neighbors on a network whose members' profiles are named
// (network.Network.ProfilePath): each registry acts as its own member there. Signers
// are in the registries' processes, over the registries' connections; processes of
// their own are started by tongzheng neighbors.
func NeighborsOn(t testing.TB, profile func(member string) string, adjust func(member string, config *Config)) (city, xingguo *Neighbor) {
	t.Helper()
	dir := t.TempDir()
	lead, county := prepare(t, dir, City, profile, adjust), prepare(t, dir, Xingguo, profile, adjust)
	return lead.open(t), county.open(t)
}

// pair is two seeded registries that nobody runs: the others are copies of them.
type pair struct {
	folder  string
	members map[string]Config // address of each, where its codes lead
	db      map[string]pgtest.Database
}

// thePair seeds the pair that is copied.
func thePair() (*pair, error) {
	made.pairOnce.Do(func() { made.pairErr = made.pair.seed() })
	return &made.pair, made.pairErr
}

func (p *pair) seed() (err error) {
	if p.folder, err = sharedFolder("pair"); err != nil {
		return err
	}
	tongzheng, err := program("tongzheng")
	if err != nil {
		return err
	}
	p.members, p.db = map[string]Config{}, map[string]pgtest.Database{}
	args := []string{"neighbors", "--strangers", "--data", p.folder} // tests make them known to each other as they need
	for _, member := range []string{City, Xingguo} {
		db, err := pgtest.Kept()
		if err != nil {
			return err
		}
		address, err := FreeAddress()
		if err != nil {
			return err
		}
		sign, err := FreeAddress()
		if err != nil {
			return err
		}
		p.db[member], p.members[member] = db, Config{PublicURL: urlOf(address), SignURL: urlOf(sign)}
		args = append(args, "--listen", member+"="+address, "--sign-listen", member+"="+sign, "--database-url", member+"="+db.URL, "--owner-url", member+"="+db.OwnerURL)
	}
	return untilReady(tongzheng, args, "all are ready")
}

// copy is one of a test's own, in a folder that has the copy of the pair's.
func (p *pair) copy(t testing.TB, dir, member string, adjust func(string, *Config)) prepared {
	t.Helper()
	db, config := pgtest.Copy(t, p.db[member]), p.members[member]
	config.Data, config.DatabaseURL, config.OwnerURL = filepath.Join(dir, member), db.URL, db.OwnerURL
	config.Listen, config.SignListen = "127.0.0.1:0", "127.0.0.1:0"
	if adjust != nil {
		adjust(member, &config)
	}
	return handIn(t, dir, member, config)
}

// prepared is a member's registry before it is opened: its operator has handed the
// city's what there is to hand.
type prepared struct {
	config Config
	part   demo.Part
}

// prepare is a new one on a network.
func prepare(t testing.TB, dir, member string, profile func(string) string, adjust func(string, *Config)) prepared {
	t.Helper()
	db := pgtest.New(t)
	config := Config{Data: filepath.Join(dir, member), DatabaseURL: db.URL, OwnerURL: db.OwnerURL, Ledger: profile(member)}
	for _, address := range []*string{&config.Listen, &config.SignListen} {
		var err error
		if *address, err = FreeAddress(); err != nil { // the ledger names it before it is listened on
			t.Fatal(err)
		}
	}
	if adjust != nil {
		adjust(member, &config)
	}
	return handIn(t, dir, member, config)
}

func handIn(t testing.TB, dir, member string, config Config) prepared {
	t.Helper()
	part := demo.Part{Member: member, Exchange: filepath.Join(dir, "exchange"), Say: func(format string, args ...any) { t.Logf(member+": "+format, args...) }}
	if err := demo.Prepare(t.Context(), config, part); err != nil {
		t.Fatal(err)
	}
	return prepared{config, part}
}

// open opens it: what its part of the demonstration lacks is seeded.
func (p prepared) open(t testing.TB) *Neighbor {
	t.Helper()
	a, err := demo.OpenPart(t.Context(), p.config, p.part)
	if err != nil {
		t.Fatal(err)
	}
	n := &Neighbor{App: a, Member: p.part.Member}
	serve(t, n)
	if n.Demo, err = demo.Read(p.config.Data); err != nil {
		t.Fatal(err)
	}
	return n
}

// serve serves until the test ends, the last one opened ends first.
func serve(t testing.TB, n *Neighbor) {
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-served, n.Close()); err != nil {
			t.Errorf("closing the registry of %s: %v", n.Member, err)
		}
	})
}
