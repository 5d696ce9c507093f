package app

import (
	"context"
	"time"

	"tongzheng/api/signin"
	"tongzheng/registry/postgres"
)

// accounts is the store's accounts as the API sees them.
type accounts struct{ store *postgres.Store }

var _ signin.Accounts = accounts{}

func accountOf(a postgres.Account) signin.Account {
	return signin.Account{Login: a.Login, Name: a.Name, Person: a.Person, Organization: a.Organization, Roles: a.Roles, Admin: a.Admin}
}

func (s accounts) SignIn(ctx context.Context, login, password string) (*signin.Account, error) {
	found, err := s.store.Authenticate(ctx, login, password)
	if err != nil {
		return nil, err
	}
	account := accountOf(*found)
	return &account, nil
}

// ByAPIKey gives the account what its key may do, which can be less than the
// account itself.
func (s accounts) ByAPIKey(ctx context.Context, text string) (*signin.Account, error) {
	key, err := s.store.AuthenticateKey(ctx, text)
	if err != nil {
		return nil, err
	}
	found, err := s.store.Account(ctx, key.Account)
	if err != nil {
		return nil, err
	}
	account := accountOf(*found)
	account.Organization, account.Roles, account.Admin = key.Organization, key.Roles, key.Admin
	return &account, nil
}

func (s accounts) StartSession(ctx context.Context, login string, expires time.Time) (string, error) {
	return s.store.CreateSession(ctx, login, expires)
}

func (s accounts) Session(ctx context.Context, token string) (*signin.Session, error) {
	found, err := s.store.Session(ctx, token)
	if err != nil {
		return nil, err
	}
	return &signin.Session{Account: accountOf(found.Account), Created: found.Created, Expires: found.Expires}, nil
}

func (s accounts) EndSession(ctx context.Context, token string) error {
	return s.store.DeleteSession(ctx, token)
}

func (s accounts) Passkeys(ctx context.Context, login string) ([]signin.Passkey, error) {
	found, err := s.store.Credentials(ctx, login)
	if err != nil {
		return nil, err
	}
	keys := make([]signin.Passkey, len(found))
	for i, c := range found {
		keys[i] = signin.Passkey{ID: c.ID, KeyID: c.KeyID, Public: c.Public, Record: c.Data, Name: c.Name, Created: c.Created}
	}
	return keys, nil
}

func (s accounts) AddPasskey(ctx context.Context, login string, key signin.Passkey) error {
	return s.store.AddCredential(ctx, postgres.Credential{ID: key.ID, Account: login, KeyID: key.KeyID, Public: key.Public,
		Data: key.Record, Name: key.Name})
}
