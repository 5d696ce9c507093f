package operating

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/postgres"
)

// accounts implements operate.Accounts on the store.
type accounts struct {
	store *postgres.Accounts
	clock func() time.Time
}

// List implements operate.Accounts.
func (a accounts) List(ctx context.Context, organization string) ([]resource.Account, error) {
	found, err := a.store.List(ctx, organization)
	list := make([]resource.Account, len(found))
	for i, f := range found {
		list[i] = resource.Account{Login: f.Login, Organization: f.Organization, Name: f.Name, Roles: f.Roles, Person: f.Person, Operator: f.Admin, Disabled: f.Disabled}
	}
	return list, err
}

// Create implements operate.Accounts. Whoever is no machine gets a password and,
// unless one is named, a pseudonym; who operates has the role.
func (a accounts) Create(ctx context.Context, draft resource.AccountDraft) (*resource.NewAccount, error) {
	if err := registry.CheckTexts(draft); err != nil {
		return nil, err
	}
	account := postgres.Account{Login: draft.Login, Organization: draft.Organization, Name: draft.Name, Person: draft.Person, Roles: draft.Roles, Admin: draft.Operator}
	password := ""
	if !draft.Machine {
		password = NewPassword()
		if account.Person == "" {
			account.Person = person.NewPseudonym()
		}
	}
	if draft.Operator && !slices.Contains(account.Roles, registry.RoleOperator) {
		account.Roles = append(slices.Clone(account.Roles), registry.RoleOperator)
	}
	if err := a.store.CreateAccount(ctx, account, password); err != nil {
		return nil, err
	}
	return &resource.NewAccount{Login: draft.Login, Password: password, Person: account.Person}, nil
}

// NewPassword implements operate.Accounts.
func (a accounts) NewPassword(ctx context.Context, login string) (string, error) {
	password := NewPassword()
	return password, a.store.SetPassword(ctx, login, password)
}

// NewKey implements operate.Accounts.
func (a accounts) NewKey(ctx context.Context, login string, draft resource.APIKeyDraft) (string, error) {
	account, err := a.store.Account(ctx, login)
	if err != nil {
		return "", err
	}
	if !draft.Expires.IsZero() && !draft.Expires.After(a.clock()) {
		return "", registry.Errorf(registry.CodeMalformed, "expires", "a key that has expired already")
	}
	return a.store.CreateAPIKey(ctx, postgres.APIKey{Name: draft.Name, Account: account.Login, Organization: account.Organization, Roles: account.Roles,
		Admin: account.Admin, Expires: draft.Expires})
}

// Lock implements operate.Accounts.
func (a accounts) Lock(ctx context.Context, login string, locked bool) error {
	return a.store.DisableAccount(ctx, login, locked)
}

// NewPassword is readable and random: 12 of 32 characters, 60 bits.
func NewPassword() string {
	const alphabet = "23456789abcdefghijkmnpqrstuvwxyz"
	raw := make([]byte, 12)
	if _, err := rand.Read(raw); err != nil {
		panic(err) // the system has no randomness
	}
	for i := range raw {
		raw[i] = alphabet[raw[i]%32]
	}
	return string(raw)
}
