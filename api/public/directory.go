package public

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"tongzheng/api/httpx"
	"tongzheng/api/resource"
)

// Directory is what this registry knows of the registries on the ledger, its own
// included.
type Directory interface {
	Members(ctx context.Context) ([]resource.Member, error)
	// AllRootsPEM is everything that verifies the papers of all members.
	AllRootsPEM(ctx context.Context) ([]byte, error)
}

// members answers with the directory.
type members struct{ config Config }

// list tells of every member.
func (m members) list(w http.ResponseWriter, r *http.Request) {
	all, err := m.config.Directory.Members(r.Context())
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	if all == nil {
		all = []resource.Member{}
	}
	out := resource.Members{Members: all}
	httpx.Tagged(w, r, out, out)
}

// roots is the one file that verifies all members' papers.
func (m members) roots(w http.ResponseWriter, r *http.Request) {
	text, err := m.config.Directory.AllRootsPEM(r.Context())
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(text)
}

// memberMeters tells of which other members the keys that the ledger names are held.
type memberMeters struct{ directory Directory }

var memberKeysFit = prometheus.NewDesc("tongzheng_member_keys_fit",
	"Whether the keys held of another member are those that the ledger names: 1 or 0.", []string{"member"}, nil)

// Describe implements prometheus.Collector.
func (memberMeters) Describe(out chan<- *prometheus.Desc) { out <- memberKeysFit }

// Collect implements prometheus.Collector.
func (m memberMeters) Collect(out chan<- prometheus.Metric) {
	all, err := m.directory.Members(context.Background())
	if err != nil {
		return
	}
	for _, member := range all {
		if member.Own {
			continue
		}
		fits := 0.0
		if member.Fits {
			fits = 1
		}
		out <- prometheus.MustNewConstMetric(memberKeysFit, prometheus.GaugeValue, fits, member.Member)
	}
}
