package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tongzheng/chaincode/gateway"
	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/registry"
)

// Sizes of one measurement. Everything is made and signed before the clock
// starts, so that both sides are measured from sealed to committed.
const (
	anchorRuns = 3 // of each; the median counts
	batchSize  = 500
	batches    = 24   // per run: 12,000 licenses; the city has indexes for 65,000
	atOnce     = 6    // batches under way
	singles    = 1200 // per run
)

// inFlight are the numbers of single transactions under way that the baseline
// tries; the best counts.
var inFlight = []int{64, 128, 256}

// firstPort begins the ports of the bench's network, below those of tests.
const firstPort = 19000

// benchAnchor measures anchoring on a real Fabric network on this machine: the
// contract with all its checks, the same values on both sides.
func benchAnchor(ctx context.Context) (results []result, err error) {
	n, clean, err := foundNetwork(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, clean()) }()
	b, err := newAnchorBench(ctx, n)
	if err != nil {
		return nil, err
	}
	defer b.ledger.Close()
	return b.measure(ctx)
}

// foundNetwork founds a network in a temporary folder; clean ends it.
func foundNetwork(ctx context.Context) (n *network.Network, clean func() error, err error) {
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	tools, err := network.EnsureTools(ctx, say)
	if err != nil {
		return nil, nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	d, err := network.Load(filepath.Join("network", "ganzhou.yaml"))
	if err != nil {
		return nil, nil, err
	}
	d.SetPorts(firstPort)
	dir, err := os.MkdirTemp("", "tongzheng-bench-network-")
	if err != nil {
		return nil, nil, err
	}
	n, err = network.Open(d, network.Options{Root: dir, Tools: tools, DieWithParent: true,
		Chaincode: filepath.Join(filepath.Dir(program), "tongzheng-chaincode")})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	clean = func() error {
		down, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return errors.Join(n.Down(down), os.RemoveAll(dir))
	}
	if err := n.Up(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("starting the network: %w", err), clean())
	}
	return n, clean, nil
}

// anchorBench is a city on a ledger that only the bench writes to.
type anchorBench struct {
	network *network.Network
	ledger  *gateway.Ledger
	city    *ledgertest.City
}

func newAnchorBench(ctx context.Context, n *network.Network) (*anchorBench, error) {
	var profiles []string
	for _, member := range []string{ledgertest.MemberCity, ledgertest.MemberXingguo, ledgertest.MemberYudu} {
		profiles = append(profiles, n.ProfilePath(member))
	}
	ledger, err := gateway.Open(gateway.Config{Profiles: profiles})
	if err != nil {
		return nil, err
	}
	b := &anchorBench{network: n, ledger: ledger, city: ledgertest.NewCity()}
	genesis, err := b.submit(ctx, b.city.Genesis())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("genesis: %w", err), ledger.Close())
	}
	b.city.Note(genesis)
	b.city.Now = b.city.Rules.GenesisUntil + 60
	return b, nil
}

func (b *anchorBench) measure(ctx context.Context) ([]result, error) {
	if _, err := b.rate(ctx, b.make(batchSize, 4), atOnce); err != nil { // warm up
		return nil, err
	}
	var many []float64
	one := map[int][]float64{} // by number in flight
	used, written := map[string]float64{}, int64(0)
	for range anchorRuns { // by turns: what else the machine does meets both sides
		waiting, bytes, before := b.make(batchSize, batches), b.blockBytes(), b.spent()
		rate, err := b.rate(ctx, waiting, atOnce)
		if err != nil {
			return nil, err
		}
		for kind, seconds := range b.spent() {
			used[kind] += seconds - before[kind]
		}
		many, written = append(many, rate), written+b.blockBytes()-bytes
		for _, n := range inFlight {
			if rate, err = b.rate(ctx, b.make(1, singles), n); err != nil {
				return nil, err
			}
			one[n] = append(one[n], rate)
		}
	}
	const licenses = anchorRuns * batches * batchSize
	fmt.Print("anchoring takes, per license, in microseconds of processor time:")
	for _, kind := range slices.Sorted(maps.Keys(used)) {
		fmt.Printf("  %s %.0f", kind, 1e6*used[kind]/licenses)
	}
	fmt.Println()
	rate, size, single, best := middle(many), float64(written)/licenses, 0.0, 0
	for n, rates := range one {
		if r := middle(rates); r > single {
			single, best = r, n
		}
	}
	return []result{
		{Name: "anchor_fabric_vs_single", Value: rate, Unit: "licenses/s", Ratio: rate / single, Figure: rate / single, Target: 15, Aim: 25,
			Yardstick: fmt.Sprintf("one license per transaction, %d in flight: %.0f licenses/s", best, single)},
		{Name: "anchor_fabric_per_second", Value: rate, Unit: "licenses/s", Ratio: rate / 3000, Figure: rate, Target: 3000, Aim: 5000,
			Yardstick: "the target"},
		{Name: "ledger_bytes_per_license", Value: size, Unit: "bytes", Ratio: size / 500, Figure: size, Target: 500, Aim: 400, AtMost: true,
			Yardstick: "the target"},
	}, nil
}

// make prepares count batches of size licenses.
func (b *anchorBench) make(size, count int) []registry.Batch {
	made := make([]registry.Batch, count)
	for i := range made {
		entries := make([]*registry.Entry, size)
		for j := range entries {
			entries[j] = b.city.NewLicense().Next(registry.Issue)
		}
		made[i] = b.city.Batch(ledgertest.MemberXingguo, entries...)
	}
	return made
}

// rate submits batches, atOnce at a time, and returns licenses per second.
// Every entry must be accepted.
func (b *anchorBench) rate(ctx context.Context, made []registry.Batch, atOnce int) (float64, error) {
	waiting, licenses := make(chan registry.Batch, len(made)), 0
	for _, batch := range made {
		waiting <- batch
		licenses += len(batch.Entries)
	}
	close(waiting)
	var accepted atomic.Int64
	var failed atomic.Value
	var workers sync.WaitGroup
	began := time.Now()
	for range atOnce {
		workers.Go(func() {
			for batch := range waiting {
				c, err := b.submit(ctx, batch)
				if err != nil {
					failed.Store(err)
					return
				}
				accepted.Add(int64(c.Outcome.Count))
			}
		})
	}
	workers.Wait()
	took := time.Since(began)
	if err, ok := failed.Load().(error); ok {
		return 0, err
	}
	if accepted.Load() != int64(licenses) {
		return 0, fmt.Errorf("%d of %d accepted", accepted.Load(), licenses)
	}
	return float64(licenses) / took.Seconds(), nil
}

// submit commits a batch and asks where the answer was not clear; an entry
// refused or repeated is an error.
func (b *anchorBench) submit(ctx context.Context, batch registry.Batch) (*registry.Commit, error) {
	c, err := ledgertest.Settle(ctx, b.ledger, batch)
	if err != nil {
		return nil, err
	}
	for _, r := range c.Outcome.Results {
		if !r.Accepted() || r.Repeat {
			return nil, fmt.Errorf("transaction %s: %+v", c.Transaction, r)
		}
	}
	return c, nil
}

// spent is the processor time that the network's processes and the bench, their
// client, have used, by kind, in seconds.
func (b *anchorBench) spent() map[string]float64 {
	byKind := map[string]float64{"client": spent(os.Getpid())}
	for _, s := range b.network.Status() {
		byKind[s.Kind] += spent(s.PID)
	}
	return byKind
}

// blockBytes is the size of the city peer's block files, once it has written
// what others had first.
func (b *anchorBench) blockBytes() int64 {
	for size := b.blockFiles(); ; {
		time.Sleep(300 * time.Millisecond)
		now := b.blockFiles()
		if now == size {
			return size
		}
		size = now
	}
}

func (b *anchorBench) blockFiles() int64 {
	root := filepath.Join(filepath.Dir(filepath.Dir(b.network.ProfilePath(ledgertest.MemberCity))), "members", ledgertest.MemberCity, "peer", "data")
	var total int64
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasPrefix(e.Name(), "blockfile_") {
			return nil
		}
		if info, err := os.Stat(path); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
