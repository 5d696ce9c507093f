// Command tongzheng-bench measures the product against yardsticks taken in the
// same run: absolute numbers say much of the machine, ratios say something of
// the code. Each bench is a function in a file of its own, named in benches.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"strings"
	"text/tabwriter"
)

// result is one line of the table and of bench.json.
type result struct {
	Name      string  `json:"name"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Yardstick string  `json:"yardstick"`
	Ratio     float64 `json:"ratio"`             // value over the yardstick's
	Figure    float64 `json:"figure"`            // what is judged: one of the two, or the p99 where value is a median
	Target    float64 `json:"target"`            // what it must reach
	Aim       float64 `json:"aim"`               // what we want
	AtMost    bool    `json:"at_most,omitempty"` // less is better
	Met       string  `json:"met"`               // aim, target or no
}

// judge tells what the figure reaches.
func (r result) judge() string {
	reaches := func(bound float64) bool { return r.Figure >= bound && !r.AtMost || r.Figure <= bound && r.AtMost }
	switch {
	case reaches(r.Aim):
		return "aim"
	case reaches(r.Target):
		return "target"
	}
	return "no"
}

// short writes a number with three digits or more, and no exponent.
func short(v float64) string {
	switch {
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// bench measures; it may give several results.
type bench struct {
	name string
	run  func(ctx context.Context) ([]result, error)
}

// benches are all of them; add yours in a file of its own.
var benches = []bench{
	{"verify", benchVerify},
	{"anchor", benchAnchor},
	{"lone", benchLone},
	{"issue", benchIssue},
	{"neighbors", benchNeighbors},
}

func main() {
	out := flag.String("o", "bench.json", "file to write")
	only := flag.String("run", "", "only benches whose name contains this")
	profile := flag.String("cpuprofile", "", "write a profile of this process (pprof)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *profile != "" {
		file, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(file)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "tongzheng-bench:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	if err := measure(ctx, *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "tongzheng-bench:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, out, only string) error {
	results := []result{}
	for _, b := range benches {
		if !strings.Contains(b.name, only) {
			continue
		}
		found, err := b.run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		results = append(results, found...)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "name\tfigure\ttarget\taim\tmet\tvalue\tyardstick")
	for i := range results {
		r := &results[i]
		r.Met = r.judge()
		sign := "≥ "
		if r.AtMost {
			sign = "≤ "
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s %s\t%s\n", r.Name, short(r.Figure), sign+short(r.Target), sign+short(r.Aim), r.Met, short(r.Value), r.Unit, r.Yardstick)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(raw, '\n'), 0o644)
}
