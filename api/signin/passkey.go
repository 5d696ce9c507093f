package signin

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"tongzheng/api/httpx"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// PasskeysConfig is what passkeys are kept with.
type PasskeysConfig struct {
	Sessions *Sessions
	Trail    Trail
	// RelyingParty is the WebAuthn relying party id, the site's host when empty.
	RelyingParty string
	// Enroll sets the ledger's approver record for a new passkey; nil when
	// passkeys cannot be enrolled here.
	Enroll func(ctx context.Context, account Account, spki []byte) error
	Log    *slog.Logger
}

// Passkeys enrolls the passkeys of accounts and reads what they sign.
type Passkeys struct {
	config     PasskeysConfig
	ceremonies *ceremonies
}

// NewPasskeys begins with no enrolment under way.
func NewPasskeys(config PasskeysConfig) *Passkeys {
	if config.RelyingParty == "" {
		config.RelyingParty = config.Sessions.site.Hostname
	}
	return &Passkeys{config: config, ceremonies: newCeremonies(config.Sessions.site, config.RelyingParty, config.Log)}
}

// RelyingParty is the id that passkeys are bound to.
func (p *Passkeys) RelyingParty() string { return p.config.RelyingParty }

// Offered tells whether passkeys can be enrolled here.
func (p *Passkeys) Offered() bool { return p.ceremonies.err == nil && p.config.Enroll != nil }

// Of lists the passkeys of the caller.
func (p *Passkeys) Of(r *http.Request) ([]Passkey, error) {
	return p.config.Sessions.accounts.Passkeys(r.Context(), AccountOf(r).Login)
}

// Begin starts the enrolment of a passkey: ES256, user verified.
func (p *Passkeys) Begin(w http.ResponseWriter, r *http.Request) {
	if !p.Offered() {
		httpx.Fail(w, r, registry.Errorf(registry.CodeUnavailable, "", "passkeys cannot be enrolled here"))
		return
	}
	account := AccountOf(r)
	keys, err := p.config.Sessions.accounts.Passkeys(r.Context(), account.Login)
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	user := passkeyUser{account, keys}
	creation, data, err := p.ceremonies.webauthn.BeginRegistration(user,
		webauthn.WithCredentialParameters([]protocol.CredentialParameter{{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256}}),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: protocol.VerificationRequired, ResidentKey: protocol.ResidentKeyRequirementPreferred}),
		webauthn.WithExclusions(webauthn.Credentials(user.WebAuthnCredentials()).CredentialDescriptors()))
	if err == nil {
		err = p.ceremonies.keep(p.config.Sessions.digest(r), *data)
	}
	if err != nil {
		httpx.Fail(w, r, err)
		return
	}
	httpx.JSON(w, r, http.StatusOK, creation)
}

// attestationBody is what the browser's authenticator made.
type attestationBody struct {
	ID       string `json:"id"`
	RawID    string `json:"rawId"`
	Type     string `json:"type"`
	Response struct {
		ClientData  string `json:"clientDataJSON"`
		Attestation string `json:"attestationObject"`
	} `json:"response"`
}

// Add finishes the enrolment: checks what the authenticator made, keeps
// the credential, and has the ledger's approver record set.
func (p *Passkeys) Add(w http.ResponseWriter, r *http.Request) {
	account := AccountOf(r)
	key, err := p.made(r, account)
	if err == nil {
		err = p.config.Sessions.accounts.AddPasskey(r.Context(), account.Login, *key)
	}
	if err == nil {
		err = p.config.Enroll(r.Context(), *account, key.Public)
	}
	answer, status := map[string]any{}, http.StatusCreated
	var awaiting *office.Awaiting
	if errors.As(err, &awaiting) {
		answer["sheet"], status, err = awaiting.Sheet, http.StatusAccepted, nil
	}
	if err != nil {
		p.config.Trail.Refuse(w, r, "enroll passkey", "", err)
		return
	}
	p.config.Trail.Note(r, account.Actor(), "enroll passkey", string(key.KeyID), "")
	answer["key_id"] = key.KeyID
	httpx.JSON(w, r, status, answer)
}

func (p *Passkeys) made(r *http.Request, account *Account) (*Passkey, error) {
	if !p.Offered() {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "passkeys cannot be enrolled here")
	}
	var body attestationBody
	if err := httpx.DecodeBody(r, &body); err != nil {
		return nil, err
	}
	data, ok := p.ceremonies.take(p.config.Sessions.digest(r))
	if !ok {
		return nil, registry.Errorf(registry.CodeStale, "", "begin the enrolment again")
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(bytes.NewReader(raw))
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "response", "no attestation").WithCause(err)
	}
	credential, err := p.ceremonies.webauthn.CreateCredential(passkeyUser{account: account}, data, parsed)
	if err != nil {
		return nil, registry.Errorf(registry.CodeApprovalSignature, "response", "the attestation does not hold").WithCause(err)
	}
	public, err := spkiOf(credential.PublicKey)
	if err != nil {
		return nil, err
	}
	record, err := json.Marshal(credential)
	return &Passkey{ID: credential.ID, KeyID: sm.KeyIDOf(public), Public: public, Record: record, Created: p.config.Sessions.clock()}, err
}

// spkiOf turns a COSE key into what the ledger holds; P-256 only.
func spkiOf(cose []byte) ([]byte, error) {
	key, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "response", "no public key").WithCause(err)
	}
	ec, ok := key.(webauthncose.EC2PublicKeyData)
	if !ok || webauthncose.COSEAlgorithmIdentifier(ec.Algorithm) != webauthncose.AlgES256 {
		return nil, registry.Errorf(registry.CodeMalformed, "response", "want an ES256 key")
	}
	pub, err := ec.ToECDSA()
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "response", "want an ES256 key").WithCause(err)
	}
	return sm.MarshalPublicKey(pub)
}

// AssertionBody is a passkey's signature over an intent, all in base64url.
type AssertionBody struct {
	ID                string `json:"id"`
	AuthenticatorData string `json:"authenticator_data"`
	ClientData        string `json:"client_data"`
	Signature         string `json:"signature"`
}

// ReadAssertion reads a passkey's signature from the body. Whether it holds is
// for the office, and again for the signer, to say.
func (p *Passkeys) ReadAssertion(r *http.Request) (*registry.Approval, error) {
	var body AssertionBody
	if err := httpx.DecodeBody(r, &body); err != nil {
		return nil, err
	}
	return p.Assertion(r, body)
}

// Assertion packs what a passkey of this account signed.
func (p *Passkeys) Assertion(r *http.Request, body AssertionBody) (*registry.Approval, error) {
	parts := map[string][]byte{}
	for name, value := range map[string]string{"id": body.ID, "authenticator_data": body.AuthenticatorData,
		"client_data": body.ClientData, "signature": body.Signature} {
		raw, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil || len(raw) == 0 || len(raw) > 4096 {
			return nil, registry.Errorf(registry.CodeMalformed, name, "want unpadded base64url")
		}
		parts[name] = raw
	}
	keys, err := p.Of(r)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if !bytes.Equal(key.ID, parts["id"]) {
			continue
		}
		signed, err := registry.Encode(registry.Assertion{AuthenticatorData: parts["authenticator_data"], ClientData: parts["client_data"]})
		return &registry.Approval{Algorithm: registry.WebAuthn, KeyID: key.KeyID, Signed: signed, Signature: parts["signature"]}, err
	}
	return nil, registry.Errorf(registry.CodeApprovalUnknown, "id", "not a passkey of this account")
}
