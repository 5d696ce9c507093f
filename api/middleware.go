package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"tongzheng/registry"
)

type contextKey int

const (
	keyRequest contextKey = iota
	keyOutcome
	keyAccount
)

// result is what the log and the metrics are told about an answered request.
type result struct {
	code    registry.Code
	account string
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(keyRequest).(string)
	return id
}

func outcome(ctx context.Context) *result {
	if o, ok := ctx.Value(keyOutcome).(*result); ok {
		return o
	}
	return &result{}
}

// route is the pattern a request matched. It is what logs and metrics carry:
// paths have tokens and identifiers in them.
func route(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		if pattern := c.RoutePattern(); pattern != "" {
			return pattern
		}
	}
	return "none"
}

// observe names the request, keeps a panic from ending the process, and writes
// one log line and the metrics when it is answered.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := rand.Text()
		o := &result{}
		ctx := context.WithValue(context.WithValue(r.Context(), keyRequest, id), keyOutcome, o)
		r = r.WithContext(ctx)
		w.Header().Set("X-Request-Id", id)
		answer := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			if p := recover(); p != nil {
				s.panicked(answer, r, p)
			}
			s.metrics.answered(route(r), r.Method, answer.Status(), time.Since(start))
			s.Log.Info("request", "request", id, "method", r.Method, "route", route(r), "status", answer.Status(),
				"code", string(o.code), "account", o.account, "bytes", answer.BytesWritten(), "took", time.Since(start).Round(time.Microsecond))
		}()
		next.ServeHTTP(answer, r)
	})
}

func (s *Server) panicked(w middleware.WrapResponseWriter, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.Log.Error("panic", "request", requestID(r.Context()), "route", route(r), "panic", p, "stack", string(debug.Stack()))
	if w.Status() == 0 {
		s.fail(w, r, registry.Errorf(registry.CodeInternal, "", ""))
	}
}

// limitBody bounds what is read of a request. The largest bound wins here;
// handlers of JSON are bounded again by decodeBody's route.
func limitBody(most int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, most)
			next.ServeHTTP(w, r)
		})
	}
}

// secure sets the headers that every answer carries. Pages set their own
// content policy over it.
func (s *Server) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store")
		if s.https() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// unmount takes the path prefix of PublicURL off, for deployments whose proxy
// leaves it on.
func (s *Server) unmount(next http.Handler) http.Handler {
	base := s.base()
	if base == "" {
		return next
	}
	stripped := http.StripPrefix(base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == base {
			http.Redirect(w, r, base+"/", http.StatusPermanentRedirect)
			return
		}
		if strings.HasPrefix(r.URL.Path, base+"/") {
			stripped.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
