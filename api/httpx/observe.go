package httpx

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"tongzheng/registry"
)

type contextKey struct{}

// observation is what is known of a request while it is answered: its name,
// where faults are logged, and what the log and the metrics are told at the end.
type observation struct {
	id      string
	log     *slog.Logger
	code    registry.Code
	account string
}

// observed is the request's observation; one that nobody reads for a request
// that no Observer passed on.
func observed(r *http.Request) *observation {
	if o, ok := r.Context().Value(contextKey{}).(*observation); ok {
		return o
	}
	return &observation{log: slog.New(slog.DiscardHandler)}
}

// RequestID names the request in our log.
func RequestID(r *http.Request) string { return observed(r).id }

// Log is where the faults of a request are logged.
func Log(r *http.Request) *slog.Logger { return observed(r).log }

// SetAccount tells the log who is calling.
func SetAccount(r *http.Request, login string) { observed(r).account = login }

// Route is the pattern that a request matched. It is what logs and metrics
// carry: paths have tokens and identifiers in them.
func Route(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		if pattern := c.RoutePattern(); pattern != "" {
			return pattern
		}
	}
	return "none"
}

// Observer watches requests.
type Observer struct {
	Log    *slog.Logger
	Meters *Meters
}

// Observe names the request, keeps a panic from ending the process, and writes
// one log line and the metrics when it is answered.
func (o Observer) Observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := &observation{id: rand.Text(), log: o.Log}
		r = r.WithContext(context.WithValue(r.Context(), contextKey{}, seen))
		w.Header().Set("X-Request-Id", seen.id)
		answer := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			if p := recover(); p != nil {
				panicked(answer, r, p)
			}
			o.Meters.answered(Route(r), r.Method, answer.Status(), time.Since(start))
			o.Log.Info("request", "request", seen.id, "method", r.Method, "route", Route(r), "status", answer.Status(),
				"code", string(seen.code), "account", seen.account, "bytes", answer.BytesWritten(), "took", time.Since(start).Round(time.Microsecond))
		}()
		next.ServeHTTP(answer, r)
	})
}

func panicked(w middleware.WrapResponseWriter, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	Log(r).Error("panic", "request", RequestID(r), "route", Route(r), "panic", p, "stack", string(debug.Stack()))
	if w.Status() == 0 {
		Fail(w, r, registry.Errorf(registry.CodeInternal, "", ""))
	}
}
