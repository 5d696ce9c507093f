package httpx

import (
	"net/http"
	"net/url"
	"strings"

	"tongzheng/api/problem"
	"tongzheng/registry"
)

// Site is where browsers see the site.
type Site struct {
	Origin   string // scheme://host[:port]
	Host     string // host[:port]
	Hostname string // host
	Base     string // path that it is mounted at, without a slash at the end
	HTTPS    bool
}

// ParseSite reads scheme://host[:port][/path]. Of what is no URL nothing is
// known.
func ParseSite(publicURL string) Site {
	u, err := url.Parse(publicURL)
	if err != nil {
		return Site{}
	}
	return Site{Origin: u.Scheme + "://" + u.Host, Host: u.Host, Hostname: u.Hostname(), Base: strings.TrimRight(u.Path, "/"), HTTPS: u.Scheme == "https"}
}

// Secure sets the headers that every answer carries. Pages set their own
// content policy over it.
func (s Site) Secure(next http.Handler) http.Handler {
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
		if s.HTTPS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// SameOrigin refuses unsafe requests that a browser sends for another site
// (Sec-Fetch-Site, Origin). Machine clients send neither header.
func (s Site) SameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	if s.Host != "" {
		_ = protection.AddTrustedOrigin(s.Origin) // behind a proxy that changes Host
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Fail(w, r, registry.Errorf(problem.CrossOrigin, "", ""))
	}))
	return protection.Handler(next)
}

// Unmount takes the path that the site is mounted at off, for deployments
// whose proxy leaves it on.
func (s Site) Unmount(next http.Handler) http.Handler {
	if s.Base == "" {
		return next
	}
	stripped := http.StripPrefix(s.Base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == s.Base {
			http.Redirect(w, r, s.Base+"/", http.StatusPermanentRedirect)
			return
		}
		if strings.HasPrefix(r.URL.Path, s.Base+"/") {
			stripped.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
