package httpx

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Meters counts requests by route pattern, never by path. Other parts register
// what they count beside them.
type Meters struct {
	*prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// NewMeters makes a registry of its own with the request metrics in it.
func NewMeters() *Meters {
	m := &Meters{Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tongzheng_http_requests_total",
			Help: "Requests answered, by route pattern, method and status."}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tongzheng_http_request_seconds",
			Help: "Time to answer, by route pattern.", Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30}}, []string{"route"})}
	m.MustRegister(m.requests, m.seconds)
	return m
}

func (m *Meters) answered(route, method string, status int, took time.Duration) {
	if status == 0 {
		status = http.StatusOK
	}
	m.requests.WithLabelValues(route, KnownMethod(method), strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// ServeHTTP hands the metrics out.
func (m *Meters) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// KnownMethod keeps invented methods out of time series and answers.
func KnownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete:
		return method
	}
	return "other"
}
