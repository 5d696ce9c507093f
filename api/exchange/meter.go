package exchange

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tongzheng/registry"
)

// Account tells how the copies stand (exchange.Library).
type Account interface {
	Recent(ctx context.Context) (*registry.Collection, error)
}

// meter counts copies by member and state, when it is asked.
type meter struct {
	library                          Account
	copies, failures, oldest, mended *prometheus.Desc
}

// NewMeter makes the metrics of the copies.
func NewMeter(library Account) prometheus.Collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tongzheng_library_"+name, help, labels, nil)
	}
	return &meter{library: library,
		copies:   desc("versions", "Versions of other members' licenses, by member: on the ledger, here, missing, refused, put aside.", "member", "state"),
		failures: desc("link_failures", "Failures to reach a member's registry, one after another.", "member"),
		oldest:   desc("oldest_gap_seconds", "Since the oldest version that is not here was recorded.", "member"),
		mended:   desc("mended_total", "Copies found deleted or altered here and fetched again, since the start.")}
}

// Describe implements prometheus.Collector.
func (m *meter) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.copies, m.failures, m.oldest, m.mended} {
		out <- d
	}
}

// Collect implements prometheus.Collector. What cannot be counted now is left out.
func (m *meter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := m.library.Recent(ctx)
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, l := range c.Members {
		for state, n := range map[string]int{"ledger": l.On, string(registry.CopyHere): l.Here, string(registry.CopyMissing): l.Missing,
			string(registry.CopyRefused): l.Refused, string(registry.CopyAside): l.Aside} {
			gauge(m.copies, float64(n), l.Member, state)
		}
		if l.Link != nil {
			gauge(m.failures, float64(l.Link.Failures), l.Member)
		}
		if l.Gap != nil {
			gauge(m.oldest, time.Since(l.Gap.Recorded).Seconds(), l.Member)
		}
	}
	out <- prometheus.MustNewConstMetric(m.mended, prometheus.CounterValue, float64(c.Mended))
}
