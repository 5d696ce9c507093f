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
// than the one that vouches for the ledger. adjust, which may be nil, changes a
// member's configuration before it is opened.
func Neighbors(t testing.TB, adjust func(member string, config *Config)) (city, xingguo *Neighbor) {
	t.Helper()
	dir := t.TempDir()
	lead, county := prepare(t, dir, City, adjust), prepare(t, dir, Xingguo, adjust)
	city = lead.open(t)
	county.config.Beside = city.App
	return city, county.open(t)
}

// prepared is a member's registry before it is opened: its operator has handed the
// city's what there is to hand.
type prepared struct {
	config Config
	part   demo.Part
}

func prepare(t testing.TB, dir, member string, adjust func(string, *Config)) prepared {
	t.Helper()
	db := pgtest.New(t)
	config := Config{Data: filepath.Join(dir, member), DatabaseURL: db.URL, OwnerURL: db.OwnerURL}
	for _, address := range []*string{&config.Listen, &config.SignListen} {
		var err error
		if *address, err = FreeAddress(); err != nil { // the ledger names it before it is listened on
			t.Fatal(err)
		}
	}
	if adjust != nil {
		adjust(member, &config)
	}
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
