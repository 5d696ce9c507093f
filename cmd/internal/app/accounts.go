package app

import (
	"context"
	"time"

	"tongzheng/api/signin"
	"tongzheng/registry/postgres"
)

// Accounts is the store's accounts as the API sees them.
type Accounts struct{ Store *postgres.Accounts }

var _ signin.Accounts = Accounts{}

func accountOf(a postgres.Account) signin.Account {
	return signin.Account{Login: a.Login, Name: a.Name, Person: a.Person, Organization: a.Organization, Roles: a.Roles, Admin: a.Admin}
}

// SignIn implements signin.Accounts.
func (s Accounts) SignIn(ctx context.Context, login, password string) (*signin.Account, error) {
	found, err := s.Store.Authenticate(ctx, login, password)
	if err != nil {
		return nil, err
	}
	account := accountOf(*found)
	return &account, nil
}

// ByAPIKey gives the account what its key may do, which can be less than the
// account itself.
func (s Accounts) ByAPIKey(ctx context.Context, text string) (*signin.Account, error) {
	key, err := s.Store.AuthenticateKey(ctx, text)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Account(ctx, key.Account)
	if err != nil {
		return nil, err
	}
	account := accountOf(*found)
	account.Organization, account.Roles, account.Admin = key.Organization, key.Roles, key.Admin
	return &account, nil
}

// StartSession implements signin.Accounts.
func (s Accounts) StartSession(ctx context.Context, login string, expires time.Time) (string, error) {
	return s.Store.CreateSession(ctx, login, expires)
}

// Session implements signin.Accounts.
func (s Accounts) Session(ctx context.Context, token string) (*signin.Session, error) {
	found, err := s.Store.Session(ctx, token)
	if err != nil {
		return nil, err
	}
	return &signin.Session{Account: accountOf(found.Account), Created: found.Created, Expires: found.Expires}, nil
}

// EndSession implements signin.Accounts.
func (s Accounts) EndSession(ctx context.Context, token string) error {
	return s.Store.DeleteSession(ctx, token)
}

// Passkeys implements signin.Accounts.
func (s Accounts) Passkeys(ctx context.Context, login string) ([]signin.Passkey, error) {
	found, err := s.Store.Credentials(ctx, login)
	if err != nil {
		return nil, err
	}
	keys := make([]signin.Passkey, len(found))
	for i, c := range found {
		keys[i] = signin.Passkey{ID: c.ID, KeyID: c.KeyID, Public: c.Public, Record: c.Data, Name: c.Name, Created: c.Created}
	}
	return keys, nil
}

// AddPasskey implements signin.Accounts.
func (s Accounts) AddPasskey(ctx context.Context, login string, key signin.Passkey) error {
	return s.Store.AddCredential(ctx, postgres.Credential{ID: key.ID, Account: login, KeyID: key.KeyID, Public: key.Public,
		Data: key.Record, Name: key.Name})
}
