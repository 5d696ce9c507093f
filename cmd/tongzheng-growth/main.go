// Command tongzheng-growth measures what requests cost while an instance grows:
// it fills one in bulk, through the stores' own paths, and measures the same
// requests at a hundredth, a tenth and the whole of its size. What it counts is
// processor time of the process and what PostgreSQL touches, not how long it took:
// other work on the machine changes the clock, and hardly these.
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
	"text/tabwriter"
)

// point is what one request costs at one size.
type point struct {
	Licenses int     `json:"licenses"`
	CPU      float64 `json:"cpu_us"`   // of this process
	Buffers  float64 `json:"buffers"`  // pages that PostgreSQL looked at
	Rows     float64 `json:"rows"`     // that it answered or changed
	Database float64 `json:"database"` // µs in its statements
}

// curve is one line of the table and of the file.
type curve struct {
	Name   string  `json:"name"`
	Points []point `json:"points"`
	// Ratio is the dearest measure, largest over smallest size; what stands in the
	// shadow of the other measure does not count (small).
	Ratio  float64 `json:"ratio"`
	Target float64 `json:"target"`
	Met    bool    `json:"met"`
}

// target is how much more a request may cost at the largest size.
const target = 1.3

func main() {
	n := flag.Int("n", 10_000, "licenses to fill")
	out := flag.String("o", "bench-growth.json", "file to write")
	only := flag.String("run", "", "only requests whose name contains this")
	statements := flag.Int("statements", 0, "print so many of the dearest statements of each request")
	profile := flag.String("cpuprofile", "", "write a profile of the requests at the largest size (pprof)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *n, *out, options{only: *only, statements: *statements, profile: *profile}); err != nil {
		fmt.Fprintln(os.Stderr, "tongzheng-growth:", err)
		os.Exit(1)
	}
}

type options struct {
	only       string
	statements int
	profile    string
}

func run(ctx context.Context, n int, out string, o options) (err error) {
	w, err := newWorld(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	m := &meter{world: w, only: o.only, statements: o.statements, curves: map[string]*curve{}}
	for _, size := range []int{n / 100, n / 10, n} {
		if err := w.fill(ctx, size); err != nil {
			return fmt.Errorf("filling up to %d: %w", size, err)
		}
		if size == n && o.profile != "" {
			file, err := os.Create(o.profile)
			if err != nil {
				return err
			}
			defer file.Close()
			if err := pprof.StartCPUProfile(file); err != nil {
				return err
			}
			defer pprof.StopCPUProfile()
		}
		if err := m.measure(ctx, size); err != nil {
			return fmt.Errorf("measuring at %d: %w", size, err)
		}
		m.print()
		raw, err := json.MarshalIndent(m.judged(), "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(out, append(raw, '\n'), 0o644); err != nil { // each size: the next may take hours
			return err
		}
	}
	return nil
}

// judged gives every curve its ratio.
func (m *meter) judged() (list []*curve) {
	for _, name := range m.names {
		c := m.curves[name]
		first, last := c.Points[0], c.Points[len(c.Points)-1]
		c.Target, c.Ratio = target, ratio(first, last)
		c.Met = c.Ratio <= target
		list = append(list, c)
	}
	return list
}

// ratio is that of the processor time here and in PostgreSQL together. Where
// PostgreSQL looks at more than a few pages, theirs counts if it is worse: pages
// are counted, and no neighbor on the machine changes them.
func ratio(first, last point) float64 {
	r := (last.CPU + last.Database) / (first.CPU + first.Database)
	if last.Buffers >= 100 {
		r = max(r, last.Buffers/max(first.Buffers, 1))
	}
	return r
}

func (m *meter) print() {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "request\tlicenses\tµs here\tpages\trows\tµs in PostgreSQL\tratio\t")
	for _, c := range m.judged() {
		for i, p := range c.Points {
			name, r := c.Name, ""
			if i > 0 {
				name, r = "", short(ratio(c.Points[0], p))
			}
			fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", name, p.Licenses, short(p.CPU), short(p.Buffers), short(p.Rows), short(p.Database), r)
		}
	}
	table.Flush()
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
