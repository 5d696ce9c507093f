package gateway

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/network"
	"tongzheng/registry"
)

// Sizes of one run. Everything is made and signed before the clock starts, so
// that both sides are measured from sealed to committed.
const (
	benchRuns     = 3
	benchBatch    = 500
	benchBatches  = 24   // per run: 12,000 licenses; the city has indexes for 65,000
	benchAtOnce   = 6    // batches under way
	benchSingles  = 1200 // per run
	benchLoneRuns = 30
)

// figure is one line of bench.json.
type figure struct {
	Name      string  `json:"name"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Yardstick float64 `json:"yardstick"`
	Ratio     float64 `json:"ratio"`
}

// BenchmarkAnchor measures anchoring on a real network on this machine: the
// contract with all its checks, the same values on both sides, baseline the
// best of 64, 128 and 256 single transactions in flight, median of three runs.
// It prints one line of JSON per figure after the word "figure". Run it with
// -benchtime 1x.
func BenchmarkAnchor(b *testing.B) {
	n := startNetwork(b)
	l := openLedger(b, n, allMembers...)
	city := found(b, l)
	bench := &anchorBench{B: b, network: n, ledger: l, city: city}
	bench.batched(benchBatch, 4, benchAtOnce) // warm up
	for range b.N {
		bench.run()
	}
}

type anchorBench struct {
	*testing.B
	network *network.Network
	ledger  *Ledger
	city    *ledgertest.City
}

func (b *anchorBench) run() {
	before, spent := b.blockBytes(), b.cpu()
	var many []float64
	for range benchRuns {
		many = append(many, b.batched(benchBatch, benchBatches, benchAtOnce))
	}
	for kind, seconds := range b.cpu() {
		b.Logf("%s: %.0f µs of processor time per license", kind, 1e6*(seconds-spent[kind])/(benchRuns*benchBatches*benchBatch))
	}
	size := float64(b.blockBytes()-before) / (benchRuns * benchBatches * benchBatch)
	single := 0.0
	for _, atOnce := range []int{64, 128, 256} {
		var runs []float64
		for range benchRuns {
			runs = append(runs, b.batched(1, benchSingles, atOnce))
		}
		b.Logf("single, %d at once: %.0f licenses/s (median of %.0f)", atOnce, median(runs), runs)
		single = max(single, median(runs))
	}
	lone := b.lone()
	b.Logf("batches of %d, %d at once: %.0f licenses/s (median of %.0f)", benchBatch, benchAtOnce, median(many), many)
	b.report(figure{"anchor_fabric_vs_single", median(many) / single, "times", single, median(many) / single})
	b.report(figure{"anchor_fabric_per_second", median(many), "licenses/s", 3000, median(many) / 3000})
	b.report(figure{"anchor_fabric_lone_p50_ms", lone, "ms", 600, 600 / lone})
	b.report(figure{"ledger_bytes_per_license", size, "bytes", 500, 500 / size})
}

func (b *anchorBench) report(f figure) {
	raw, err := json.Marshal(f)
	if err != nil {
		b.Fatal(err)
	}
	fmt.Println("figure", string(raw))
	b.ReportMetric(f.Value, f.Name)
}

// batched submits count batches of size licenses, atOnce at a time, and returns
// licenses per second.
func (b *anchorBench) batched(size, count, atOnce int) float64 {
	b.Helper()
	batches := make(chan registry.Batch, count)
	for range count {
		entries := make([]*registry.Entry, size)
		for i := range entries {
			entries[i] = b.city.NewLicense().Next(registry.Issue)
		}
		batches <- b.city.Batch(ledgertest.MemberXingguo, entries...)
	}
	close(batches)
	var accepted atomic.Int64
	var workers sync.WaitGroup
	began := time.Now()
	for range atOnce {
		workers.Go(func() {
			for batch := range batches {
				c, err := try(b.Context(), b.ledger, batch)
				if err != nil {
					b.Error(err)
					return
				}
				accepted.Add(int64(c.Outcome.Count))
				for _, r := range c.Outcome.Results {
					if !r.Accepted() || r.Repeat {
						b.Errorf("transaction %s: %+v", c.Transaction, r)
						return
					}
				}
			}
		})
	}
	workers.Wait()
	took := time.Since(began)
	if accepted.Load() != int64(size*count) {
		b.Fatalf("%d of %d accepted", accepted.Load(), size*count)
	}
	return float64(size*count) / took.Seconds()
}

// lone is the median time of a license that comes alone.
func (b *anchorBench) lone() float64 {
	var times []float64
	for range benchLoneRuns {
		batch := b.city.Batch(ledgertest.MemberXingguo, b.city.NewLicense().Next(registry.Issue))
		began := time.Now()
		if _, err := try(b.Context(), b.ledger, batch); err != nil {
			b.Fatal(err)
		}
		times = append(times, float64(time.Since(began).Milliseconds()))
	}
	return median(times)
}

// cpu is the processor time that the network's processes have used, by kind, in
// seconds: what stands between a figure and its aim. The client's includes the
// making of the entries.
func (b *anchorBench) cpu() map[string]float64 {
	const ticks = 100 // per second, on every Linux that we run on
	spent := map[string]float64{}
	pids := map[int]string{os.Getpid(): "client"}
	for _, s := range b.network.Status() {
		pids[s.PID] = s.Kind
	}
	for pid, kind := range pids {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		// After the name in parentheses: state is the first, user and system time
		// the twelfth and thirteenth.
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
		for _, f := range fields[11:13] {
			n, err := strconv.ParseFloat(f, 64)
			if err == nil {
				spent[kind] += n / ticks
			}
		}
	}
	return spent
}

// blockBytes is the size of the city peer's block files.
func (b *anchorBench) blockBytes() int64 {
	root := filepath.Join(filepath.Dir(filepath.Dir(b.network.ProfilePath(ledgertest.MemberCity))), "members", ledgertest.MemberCity, "peer", "data")
	var total int64
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasPrefix(e.Name(), "blockfile_") {
			return err
		}
		info, err := os.Stat(path)
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil || total == 0 {
		b.Fatalf("block files: %d bytes, %v", total, err)
	}
	return total
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
