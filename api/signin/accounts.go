package signin

import (
	"context"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Accounts is what the faces need of staff accounts, API keys, sessions and
// passkeys. Every method is safe for concurrent use and durable when it
// returns. Errors are coded. Secrets are stored hashed only: passwords with
// argon2id, API keys and session tokens by SM3 of a 256-bit random value.
type Accounts interface {
	// SignIn checks a password. CodeUnauthenticated for an unknown login, a
	// wrong password and a disabled account alike, after the same work.
	SignIn(ctx context.Context, login, password string) (*Account, error)
	// ByAPIKey finds the account of a key tz_….  CodeUnauthenticated.
	ByAPIKey(ctx context.Context, key string) (*Account, error)
	// StartSession makes a session and returns its token, 256 random bits.
	StartSession(ctx context.Context, login string, expires time.Time) (token string, err error)
	// Session finds a session that has not expired. CodeUnauthenticated.
	Session(ctx context.Context, token string) (*Session, error)
	// EndSession forgets a session; no error when there is none.
	EndSession(ctx context.Context, token string) error
	// Passkeys lists an account's passkeys.
	Passkeys(ctx context.Context, login string) ([]Passkey, error)
	// AddPasskey keeps a new one.
	AddPasskey(ctx context.Context, login string, key Passkey) error
}

// Account is who is calling.
type Account struct {
	Login        string
	Name         string // as shown
	Person       string // pseudonym on the ledger
	Organization string // credit code
	Roles        []registry.Role
	Admin        bool // operator: runs the machine
	Face         Face // where it is calling
}

// Face is where a caller comes in.
type Face string

const (
	FaceAPI      Face = "api"
	FaceConsole  Face = "console"
	FaceOperator Face = "operator"
)

// Actor is the account as use cases know it.
func (a *Account) Actor() registry.Actor {
	return registry.Actor{Account: a.Login, Person: a.Person, Organization: a.Organization, Roles: a.Roles, Face: string(a.Face), Admin: a.Admin}
}

// Session is a signed-in browser.
type Session struct {
	Account Account
	Created time.Time
	Expires time.Time
}

// Passkey is a WebAuthn credential of an account. Public is what the ledger's
// approver record holds; Record is the library's own.
type Passkey struct {
	ID      []byte
	KeyID   sm.KeyID
	Public  []byte // SubjectPublicKeyInfo of a P-256 key
	Record  []byte // JSON of webauthn.Credential
	Name    string
	Created time.Time
}
