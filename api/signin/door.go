package signin

import (
	"net/http"
	"strings"

	"tongzheng/api/httpx"
	"tongzheng/registry"
)

const apiKeyPrefix = "tz_"

// Door lets callers in, slowly for whoever guesses.
type Door struct {
	sessions *Sessions
	trail    Trail
	proxies  httpx.Proxies
	logins   *httpx.Limiter // attempts, per login
	doors    *httpx.Limiter // attempts, per address: a whole office may share one
	failures *httpx.Limiter // wrong API keys, per address
}

// NewDoor lets in whom sessions and their accounts know.
func NewDoor(sessions *Sessions, trail Trail, proxies httpx.Proxies) *Door {
	return &Door{sessions: sessions, trail: trail, proxies: proxies,
		logins: httpx.NewLimiter(4, 8), doors: httpx.NewLimiter(30, 60), failures: httpx.NewLimiter(10, 20)}
}

// Authenticate finds the caller of an API request: an API key, or the session
// of the console. Without either the request ends here.
func (d *Door) Authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		account, err := d.caller(r)
		if err != nil {
			httpx.Fail(w, r, err)
			return
		}
		account.Face = FaceAPI
		next.ServeHTTP(w, SignedIn(r, account))
	})
}

func (d *Door) caller(r *http.Request) (*Account, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		session, err := d.sessions.Current(r)
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
	account, err := d.sessions.accounts.ByAPIKey(r.Context(), key)
	if registry.CodeOf(err) == registry.CodeUnauthenticated && !d.failures.Allow(d.proxies.Caller(r)) {
		return nil, registry.Errorf(registry.CodeRateLimited, "", "too many wrong keys from this address")
	}
	return account, err
}

// SignIn checks a password and starts a session, slowly for whoever guesses:
// per account, whatever the address, and per address, whatever the account.
func (d *Door) SignIn(w http.ResponseWriter, r *http.Request, login, password string) error {
	login = strings.ToLower(strings.TrimSpace(login))
	if len(login) > 64 || len(password) > 256 {
		return registry.Errorf(registry.CodeUnauthenticated, "", "")
	}
	if !d.doors.Allow(d.proxies.Caller(r)) || !d.logins.Allow(login) {
		d.trail.Note(r, registry.Actor{}, "sign-in", "", registry.CodeRateLimited)
		return registry.Errorf(registry.CodeRateLimited, "", "too many attempts: wait a minute")
	}
	account, err := d.sessions.accounts.SignIn(r.Context(), login, password)
	if err != nil {
		// What was typed as a login may be a password: it is not kept.
		d.trail.Note(r, registry.Actor{}, "sign-in", "", registry.CodeOf(err))
		return err
	}
	d.logins.Forget(login)
	httpx.SetAccount(r, account.Login)
	d.trail.Note(r, account.Actor(), "sign-in", account.Login, "")
	return d.sessions.start(w, r, account.Login)
}

// SignOut ends the caller's session.
func (d *Door) SignOut(w http.ResponseWriter, r *http.Request) error {
	if err := d.sessions.end(r); err != nil {
		return err
	}
	account := AccountOf(r)
	d.trail.Note(r, account.Actor(), "sign-out", account.Login, "")
	http.SetCookie(w, d.sessions.cookie("", -1))
	return nil
}
