package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// metrics counts requests by route pattern, never by path.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	verdicts *prometheus.CounterVec
	public   *prometheus.HistogramVec
}

// meters makes the metrics when something is first counted.
func (s *Server) meters() *metrics {
	s.metering.Do(func() {
		s.metrics = newMetrics()
		s.metrics.registry.MustRegister(s.listMeters()...)
	})
	return s.metrics
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tongzheng_http_requests_total",
			Help: "Requests answered, by route pattern, method and status."}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tongzheng_http_request_seconds",
			Help: "Time to answer, by route pattern.", Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30}}, []string{"route"}),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tongzheng_verdicts_total",
			Help: "Verifications answered, by verdict."}, []string{"verdict"}),
		public: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tongzheng_act_public_seconds",
			Help:    "Time until an act was anchored and public, by deciding organization, from its decision or from its sealing.",
			Buckets: []float64{.3, 1, 3, 10, 30, 60, 300, 1800, 3600, 4 * 3600, 24 * 3600, 3 * 24 * 3600, 7 * 24 * 3600}}, []string{"organization", "from"})}
	m.registry.MustRegister(m.requests, m.seconds, m.verdicts, m.public)
	return m
}

func (m *metrics) answered(route, method string, status int, took time.Duration) {
	if status == 0 {
		status = http.StatusOK
	}
	m.requests.WithLabelValues(route, knownMethod(method), strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// knownMethod keeps invented methods from making new time series.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete:
		return method
	}
	return "other"
}

// Published is office.Office.Published: it measures from decision to public.
// What is registered later on purpose is left out; instants of the ledger are
// whole seconds.
func (s *Server) Published(p *office.Proceeding, at time.Time) {
	if p.Entry == nil || p.Intent.Recording != registry.Timely {
		return
	}
	for from, began := range map[string]int64{"decided": p.Intent.Decided, "sealed": p.Entry.Sealed} {
		if began == 0 {
			continue // an act that makes no version is not sealed
		}
		s.meters().public.WithLabelValues(p.Intent.Organization, from).Observe(max(0, at.Sub(time.Unix(began, 0)).Seconds()))
	}
}

// listMeters say how long after the page a status list may tell of an act, at
// most, and how old the oldest published list is now.
func (s *Server) listMeters() []prometheus.Collector {
	if s.Config.Lists == nil {
		return nil
	}
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tongzheng_status_list_refresh_seconds",
			Help: "How often status lists are made: an act that is public stands in the list given out so much later at most."}, func() float64 { return s.listAge().Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tongzheng_status_list_age_seconds",
			Help: "Age of the oldest published status list; 0 before the first."}, s.listsAge),
	}
}

func (s *Server) listsAge() float64 {
	age := 0.0
	for _, h := range s.Config.Lists.Heads() {
		age = max(age, s.Office.Clock().Sub(time.Unix(h.Time, 0)).Seconds())
	}
	return age
}
