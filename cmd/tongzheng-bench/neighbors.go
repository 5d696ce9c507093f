package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tongzheng/api/client"
	"tongzheng/api/resource"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/demo"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

const (
	neighborRuns  = 30                    // licenses that the county issues and revokes, one after another
	askEvery      = 10 * time.Millisecond // between two questions whether something is there: no figure is finer
	neighborsWait = time.Minute           // for anything
)

// benchNeighbors measures what the city has of a county's acts: two registries on one
// ledger in this process, each with a PostgreSQL, keys and a signer of its own, which
// exchange over mutual TLS and are asked over HTTP.
func benchNeighbors(ctx context.Context) (results []result, err error) {
	dir, err := os.MkdirTemp("", "tongzheng-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	p := &pair{watch: &watch{committed: map[sm.Digest]time.Time{}}}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.open(ctx, dir); err != nil {
		return nil, err
	}
	if err := p.acquainted(ctx); err != nil {
		return nil, err
	}
	issued, revoked := new(sight), new(sight)
	for i := range neighborRuns + 1 {
		if err := p.one(ctx, issued, revoked); err != nil {
			return nil, fmt.Errorf("license %d: %w", i, err)
		}
		if i == 0 { // caches and connections
			*issued, *revoked = sight{}, sight{}
		}
	}
	fmt.Printf("a license of the county's is in the city's library %s after the last signature, and its revocation on the city's page %s\n",
		spread(issued.signed), spread(revoked.signed))
	return []result{
		issued.result("library_after_anchoring_ms", 2000, "the same licenses until the county's own registry has released them"),
		revoked.result("revocation_at_other_page_ms", 1000, "the same revocations until the county's own page says so"),
	}, nil
}

// pair is the registries of a city and of a county.
type pair struct {
	city, county *app.App
	bureau       *bureau // of the county
	watch        *watch  // of what the county anchors
	page         map[*app.App]*client.Client
	stop         func()
}

// open opens the county beside the city, as tongzheng neighbors does.
func (p *pair) open(ctx context.Context, dir string) error {
	var serving context.Context
	serving, p.stop = context.WithCancel(ctx)
	p.page = map[*app.App]*client.Client{}
	var parts []demo.Part
	var configs []app.Config
	for _, member := range []string{ledgertest.MemberCity, ledgertest.MemberXingguo} {
		config, err := neighborConfig(filepath.Join(dir, member))
		if err != nil {
			return err
		}
		part := demo.Part{Member: member, Exchange: filepath.Join(dir, "exchange"), Known: true}
		if err := demo.Prepare(ctx, config, part); err != nil {
			return fmt.Errorf("%s: %w", member, err)
		}
		parts, configs = append(parts, part), append(configs, config)
	}
	configs[1].Wrap = func(ports *office.Ports, _ *office.Config) { ports.Ledger = watchedLedger{ports.Ledger, p.watch} }
	for i, a := range []**app.App{&p.city, &p.county} {
		configs[i].Beside = p.city // nil for itself
		opened, err := demo.OpenPart(ctx, configs[i], parts[i])
		if err != nil {
			return fmt.Errorf("%s: %w", parts[i].Member, err)
		}
		*a, p.page[opened] = opened, client.New(client.Config{Server: opened.Config.PublicURL})
		go opened.Serve(serving)
	}
	var err error
	p.bureau, err = openBureau(p.county, configs[1].Data)
	return err
}

// neighborConfig names addresses that are free: the ledger names them before anybody
// listens there.
func neighborConfig(data string) (app.Config, error) {
	config := app.Config{Data: data, PublicPerMinute: 1e9}
	for _, address := range []*string{&config.Listen, &config.ExchangeListen} {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return config, err
		}
		defer free.Close()
		*address = free.Addr().String()
	}
	return config, nil
}

// close closes the county first: the ledger is the city's.
func (p *pair) close() (err error) {
	if p.stop != nil {
		p.stop()
	}
	for _, a := range []*app.App{p.county, p.city} {
		if a != nil {
			err = errors.Join(err, a.Close())
		}
	}
	return err
}

// acquainted waits until the city has the county's keys and what the county has issued.
func (p *pair) acquainted(ctx context.Context) error {
	seeded, err := demo.Read(p.county.Config.Data)
	if err != nil {
		return err
	}
	_, err = await(ctx, func(ctx context.Context) (bool, error) {
		account, err := p.city.Exchange.Library.Account(ctx)
		if err != nil || !account.Whole {
			return false, err
		}
		return p.says(p.city, seeded.Licenses[0].QR, registry.Valid)(ctx)
	})
	return err
}

// says asks whether a registry's public verification has a word for a code.
func (p *pair) says(a *app.App, code string, word registry.Word) question {
	return func(ctx context.Context) (bool, error) {
		v, err := p.page[a].Public.Verify(ctx, resource.Question{QR: code})
		return err == nil && v.Word == word, err
	}
}

// one has the county issue a license and revoke it.
func (p *pair) one(ctx context.Context, issued, revoked *sight) error {
	n := p.bureau.next.Add(1) - 1
	issue, err := p.bureau.act(ctx, p.bureau.application(n))
	if err != nil {
		return err
	}
	id := issue.Intent.Identifier
	err = p.see(ctx, issued, issue.Digest, func(ctx context.Context) (bool, error) {
		now, err := p.county.Store.Proceeding(ctx, issue.Digest)
		return err == nil && now.Step == office.StepAnchored, err
	}, func(ctx context.Context) (bool, error) {
		_, err := p.city.Exchange.Library.Copy(ctx, id)
		if registry.CodeOf(err) == registry.CodeNotFound {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	printings, err := p.county.Store.Printings(ctx, id.Base())
	if err != nil {
		return err
	}
	code, err := p.county.Office.Papers.Code(ctx, p.bureau.by, printings[0].Token)
	if err != nil {
		return err
	}
	if valid, err := p.says(p.city, code, registry.Valid)(ctx); err != nil || !valid {
		return errors.Join(err, errors.New("the city's page does not know a license of the county's as valid"))
	}
	revoke, err := p.bureau.act(ctx, registry.Application{Act: registry.Revoke, Identifier: id, Grant: issue.Intent.Grant, Organization: issue.Intent.Organization,
		Ground: "fraud", Decision: fmt.Sprintf("兴审撤〔2026〕%06d号", n)})
	if err != nil {
		return err
	}
	return p.see(ctx, revoked, revoke.Digest, p.says(p.county, code, registry.IsRevoked), p.says(p.city, code, registry.IsRevoked))
}

// see asks both registries side by side until each has an act that was signed just now.
// Anchored it is when the ledger has told the county's registry of the commit: before
// commit 3, and before the county itself shows it.
func (p *pair) see(ctx context.Context, s *sight, act sm.Digest, own, other question) error {
	signed := time.Now()
	var there [2]time.Time
	var failed [2]error
	var both sync.WaitGroup
	for i, is := range []question{own, other} {
		both.Go(func() { there[i], failed[i] = await(ctx, is) })
	}
	both.Wait()
	done, err := p.county.Office.Reading.Wait(ctx, p.bureau.by, act)
	if err == nil && done.Step != office.StepAnchored {
		err = fmt.Errorf("%s: %s %s", done.Step, done.Refusal, done.Detail)
	}
	if err := errors.Join(failed[0], failed[1], err); err != nil {
		return err
	}
	anchored := p.watch.anchored(act)
	// What is asked while the ledger commits may be answered before the commit is known.
	since := func(began, at time.Time) float64 { return max(1, float64(at.Sub(began).Microseconds())/1000) }
	s.own, s.other, s.signed = append(s.own, since(anchored, there[0])), append(s.other, since(anchored, there[1])), append(s.signed, since(signed, there[1]))
	return nil
}

// question asks whether something is there yet.
type question func(ctx context.Context) (bool, error)

// await asks until it is, and tells when that was answered.
func await(ctx context.Context, is question) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, neighborsWait)
	defer cancel()
	for {
		if there, err := is(ctx); err != nil || there {
			return time.Now(), err
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("not there within %s: %w", neighborsWait, ctx.Err())
		case <-time.After(askEvery):
		}
	}
}

// sight is how long acts took until they were seen, in milliseconds.
type sight struct {
	own, other []float64 // from anchored: at the county's own registry, at the city's
	signed     []float64 // from the last signature, at the city's
}

func (s *sight) result(name string, aim float64, yardstick string) result {
	value := middle(s.other)
	return result{Name: name, Value: value, Unit: "ms", Ratio: value / middle(s.own), Figure: late(s.other), Target: aim, Aim: aim, AtMost: true,
		Yardstick: fmt.Sprintf("%s: %s", yardstick, spread(s.own))}
}

// late is the p99: of thirty, the largest.
func late(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)*99+99)/100-1]
}

func spread(values []float64) string {
	return fmt.Sprintf("median %s ms, p99 %s ms", short(middle(values)), short(late(values)))
}
