package api

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// actMeter measures how long acts take until they are public.
type actMeter struct{ seconds *prometheus.HistogramVec }

func newActMeter(meters prometheus.Registerer) *actMeter {
	m := &actMeter{prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tongzheng_act_public_seconds",
		Help:    "Time until an act was anchored and public, by deciding organization, from its decision or from its sealing.",
		Buckets: []float64{.3, 1, 3, 10, 30, 60, 300, 1800, 3600, 4 * 3600, 24 * 3600, 3 * 24 * 3600, 7 * 24 * 3600}}, []string{"organization", "from"})}
	meters.MustRegister(m.seconds)
	return m
}

// published measures one act. What is registered later on purpose is left out;
// instants of the ledger are whole seconds.
func (m *actMeter) published(p *office.Proceeding, at time.Time) {
	if p.Entry == nil || p.Intent.Recording != registry.Timely {
		return
	}
	for from, began := range map[string]int64{"decided": p.Intent.Decided, "sealed": p.Entry.Sealed} {
		if began == 0 {
			continue // an act that makes no version is not sealed
		}
		m.seconds.WithLabelValues(p.Intent.Organization, from).Observe(max(0, at.Sub(time.Unix(began, 0)).Seconds()))
	}
}
