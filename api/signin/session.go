package signin

import (
	"context"
	"net/http"
	"time"

	"tongzheng/api/httpx"
	"tongzheng/registry"
)

const (
	sessionLife   = 12 * time.Hour
	sessionRotate = time.Hour // a session in use gets a new token after this long
)

// Sessions are the signed-in browsers.
type Sessions struct {
	accounts Accounts
	site     httpx.Site
	clock    func() time.Time
}

// NewSessions keeps sessions of accounts in cookies of a site.
func NewSessions(accounts Accounts, site httpx.Site, clock func() time.Time) *Sessions {
	return &Sessions{accounts, site, clock}
}

// cookieName carries the __Host- prefix where https allows it and the cookie
// covers the whole host.
func (s *Sessions) cookieName() string {
	if s.site.HTTPS && s.site.Base == "" {
		return "__Host-tongzheng"
	}
	return "tongzheng"
}

// Current reads the session cookie. CodeUnauthenticated.
func (s *Sessions) Current(r *http.Request) (*Session, error) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil || cookie.Value == "" || len(cookie.Value) > 200 {
		return nil, registry.Errorf(registry.CodeUnauthenticated, "", "sign in first")
	}
	return s.accounts.Session(r.Context(), cookie.Value)
}

// Renew gives a session that has been in use for an hour a new token.
func (s *Sessions) Renew(w http.ResponseWriter, r *http.Request, session *Session) {
	if s.clock().Sub(session.Created) <= sessionRotate {
		return
	}
	if err := s.start(w, r, session.Account.Login); err != nil {
		httpx.Log(r).Warn("session keeps its token", "request", httpx.RequestID(r), "error", err)
	}
}

// start makes a new session token; the old one of this browser ends.
func (s *Sessions) start(w http.ResponseWriter, r *http.Request, login string) error {
	token, err := s.accounts.StartSession(r.Context(), login, s.clock().Add(sessionLife))
	if err != nil {
		return err
	}
	if err := s.end(r); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(token, int(sessionLife.Seconds())))
	return nil
}

func (s *Sessions) end(r *http.Request) error {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return nil
	}
	return s.accounts.EndSession(r.Context(), cookie.Value)
}

func (s *Sessions) cookie(token string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: s.cookieName(), Value: token, Path: s.site.Base + "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.site.HTTPS, SameSite: http.SameSiteStrictMode}
}

type contextKey struct{}

// SignedIn is the request with its caller.
func SignedIn(r *http.Request, account *Account) *http.Request {
	httpx.SetAccount(r, account.Login)
	return r.WithContext(context.WithValue(r.Context(), contextKey{}, account))
}

// AccountOf is the caller; routes behind a sign-in have one.
func AccountOf(r *http.Request) *Account {
	account, _ := r.Context().Value(contextKey{}).(*Account)
	if account == nil {
		return &Account{} // no organization, no role: may see and do nothing
	}
	return account
}
