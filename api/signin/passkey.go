package signin

import (
	"context"
	"errors"
	"net/http"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// PasskeysConfig is what passkeys are kept with.
type PasskeysConfig struct {
	Sessions *Sessions
	// Enroll sets the ledger's approver record for a new passkey; nil when passkeys
	// cannot be enrolled here.
	Enroll func(ctx context.Context, account Account, spki []byte) error
}

// Passkeys are those of accounts: made, and used, at the signer's page.
type Passkeys struct{ config PasskeysConfig }

// NewPasskeys keeps the passkeys of the accounts.
func NewPasskeys(config PasskeysConfig) *Passkeys { return &Passkeys{config} }

// Offered tells whether passkeys can be enrolled here.
func (p *Passkeys) Offered() bool { return p.config.Enroll != nil }

// Of lists the passkeys of the caller.
func (p *Passkeys) Of(r *http.Request) ([]Passkey, error) {
	return p.config.Sessions.accounts.Passkeys(r.Context(), AccountOf(r).Login)
}

// Handle is the caller's WebAuthn user handle, a pseudonym that authenticators store.
func (p *Passkeys) Handle(r *http.Request) []byte {
	handle := sm.Tagged("tongzheng passkey user v1", []byte(AccountOf(r).Login))
	return handle[:]
}

// Person is the caller as the signing page needs it.
func (p *Passkeys) Person(r *http.Request) (registry.SigningPerson, error) {
	account := AccountOf(r)
	person := registry.SigningPerson{Name: account.Name, Organization: account.Organization, Handle: p.Handle(r)}
	if person.Name == "" {
		person.Name = account.Login
	}
	keys, err := p.Of(r)
	for _, k := range keys {
		person.Keys = append(person.Keys, registry.PersonKey{Credential: k.ID, KeyID: k.KeyID})
	}
	return person, err
}

// Add keeps a passkey that was made at the signing page for the caller, and has the
// ledger's approver record set; sheet is where it waits for governors, zero when it is
// set.
func (p *Passkeys) Add(r *http.Request, made *registry.NewPasskey) (id sm.KeyID, sheet sm.Digest, err error) {
	if !p.Offered() {
		return "", sheet, registry.Errorf(registry.CodeUnavailable, "", "passkeys cannot be enrolled here")
	}
	account := AccountOf(r)
	key := Passkey{ID: made.Credential, KeyID: sm.KeyIDOf(made.Public), Public: made.Public, Record: made.Record, Created: p.config.Sessions.clock()}
	if err := p.config.Sessions.accounts.AddPasskey(r.Context(), account.Login, key); err != nil {
		return "", sheet, err
	}
	err = p.config.Enroll(r.Context(), *account, key.Public)
	var awaiting *office.Awaiting
	if errors.As(err, &awaiting) {
		return key.KeyID, awaiting.Sheet, nil
	}
	return key.KeyID, sheet, err
}
