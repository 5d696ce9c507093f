package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

const (
	sessionLife   = 12 * time.Hour
	sessionRotate = time.Hour // a session in use gets a new token after this long
	apiKeyPrefix  = "tz_"
)

// cookieName carries the __Host- prefix where https allows it and the cookie
// covers the whole host.
func (s *Server) cookieName() string {
	if s.https() && s.base() == "" {
		return "__Host-tongzheng"
	}
	return "tongzheng"
}

// authenticate finds the caller of an API request: an API key, or the session
// of the console. Without either the request ends here.
func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		account, err := s.caller(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, signedIn(r, account))
	})
}

func (s *Server) caller(r *http.Request) (*Account, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		session, err := s.session(r)
		if err != nil {
			return nil, err
		}
		return &session.Account, nil
	}
	scheme, key, _ := strings.Cut(header, " ")
	key = strings.TrimSpace(key)
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(key, apiKeyPrefix) || len(key) > 200 {
		return nil, registry.Errorf(registry.CodeUnauthenticated, "", "want Authorization: Bearer tz_…")
	}
	address := s.remote(r)
	account, err := s.Accounts.ByAPIKey(r.Context(), key)
	if registry.CodeOf(err) == registry.CodeUnauthenticated && !s.failures.allow(address) {
		return nil, registry.Errorf(registry.CodeRateLimited, "", "too many wrong keys from this address")
	}
	return account, err
}

func signedIn(r *http.Request, account *Account) *http.Request {
	outcome(r.Context()).account = account.Login
	return r.WithContext(context.WithValue(r.Context(), keyAccount, account))
}

// accountOf is the caller; routes behind authenticate or signedInPage have one.
func accountOf(r *http.Request) *Account {
	account, _ := r.Context().Value(keyAccount).(*Account)
	if account == nil {
		return &Account{} // no organization, no role: may see and do nothing
	}
	return account
}

// session reads the session cookie.
func (s *Server) session(r *http.Request) (*Session, error) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil || cookie.Value == "" || len(cookie.Value) > 200 {
		return nil, registry.Errorf(registry.CodeUnauthenticated, "", "sign in first")
	}
	return s.Accounts.Session(r.Context(), cookie.Value)
}

// startSession makes a new session token; the old one of this browser ends.
func (s *Server) startSession(w http.ResponseWriter, r *http.Request, login string) error {
	token, err := s.Accounts.StartSession(r.Context(), login, s.Office.Clock().Add(sessionLife))
	if err != nil {
		return err
	}
	if err := s.endSession(r); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: token, Path: s.base() + "/", MaxAge: int(sessionLife.Seconds()),
		HttpOnly: true, Secure: s.https(), SameSite: http.SameSiteStrictMode})
	return nil
}

func (s *Server) endSession(r *http.Request) error {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return nil
	}
	return s.Accounts.EndSession(r.Context(), cookie.Value)
}

func (s *Server) clearCookie(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Path: s.base() + "/", MaxAge: -1, HttpOnly: true,
		Secure: s.https(), SameSite: http.SameSiteStrictMode})
}

// signIn checks a password, slowly for whoever guesses: per account, whatever
// the address, and per address, whatever the account.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request, login, password string) error {
	login = strings.ToLower(strings.TrimSpace(login))
	address := s.remote(r)
	if len(login) > 64 || len(password) > 256 {
		return registry.Errorf(registry.CodeUnauthenticated, "", "")
	}
	if !s.doors.allow(address) || !s.logins.allow(login) {
		s.audit(r, registry.Actor{}, "sign-in", "", registry.CodeRateLimited)
		return registry.Errorf(registry.CodeRateLimited, "", "too many attempts: wait a minute")
	}
	account, err := s.Accounts.SignIn(r.Context(), login, password)
	if err != nil {
		// What was typed as a login may be a password: it is not kept.
		s.audit(r, registry.Actor{}, "sign-in", "", registry.CodeOf(err))
		return err
	}
	s.logins.forget(login)
	outcome(r.Context()).account = account.Login
	s.audit(r, account.Actor(), "sign-in", account.Login, "")
	return s.startSession(w, r, account.Login)
}

// audit appends to the audit trail; a trail out of reach is logged and does
// not hide the answer.
func (s *Server) audit(r *http.Request, by registry.Actor, operation, subject string, code registry.Code) {
	event := office.AuditEvent{At: s.Office.Clock(), By: by, Operation: operation, Subject: subject, Code: code}
	if err := s.Office.Store.Audit(context.WithoutCancel(r.Context()), event); err != nil {
		s.Log.Error("audit", "request", requestID(r.Context()), "operation", operation, "error", err)
	}
}

// refuse answers a refused write and puts it into the audit trail: operation
// and code, never values. Office audits its own refusals of applications.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, operation, subject string, err error) {
	s.auditRefusal(r, operation, subject, err)
	s.fail(w, r, err)
}

func (s *Server) auditRefusal(r *http.Request, operation, subject string, err error) {
	if e := coded(err); e.Code != registry.CodeInternal {
		s.audit(r, accountOf(r).Actor(), operation, subject, e.Code)
	}
}
