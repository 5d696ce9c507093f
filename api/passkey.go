package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// passkeys runs the enrolment ceremony. A ceremony lives in memory for five
// minutes: after a restart it is begun again.
type passkeys struct {
	webauthn *webauthn.WebAuthn
	err      error
	clock    func() time.Time

	mu      sync.Mutex
	pending map[sm.Digest]ceremony // by session
}

type ceremony struct {
	data    webauthn.SessionData
	expires time.Time
}

const (
	ceremonyLife   = 5 * time.Minute
	ceremoniesMost = 10_000
)

func (s *Server) relyingParty() string {
	if s.Config.RelyingParty != "" {
		return s.Config.RelyingParty
	}
	u, err := url.Parse(s.Config.PublicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (s *Server) newPasskeys() *passkeys {
	p := &passkeys{pending: map[sm.Digest]ceremony{}, clock: time.Now}
	origin := ""
	if u, err := url.Parse(s.Config.PublicURL); err == nil {
		origin = u.Scheme + "://" + u.Host
	}
	p.webauthn, p.err = webauthn.New(&webauthn.Config{RPID: s.relyingParty(), RPDisplayName: "同证 Tongzheng", RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation})
	if p.err != nil {
		s.Log.Warn("no passkeys", "error", p.err)
	}
	return p
}

// keep remembers a ceremony of a session.
func (p *passkeys) keep(session sm.Digest, data webauthn.SessionData) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	for key, c := range p.pending {
		if now.After(c.expires) {
			delete(p.pending, key)
		}
	}
	if len(p.pending) >= ceremoniesMost {
		return registry.Errorf(registry.CodeUnavailable, "", "too many enrolments at once")
	}
	p.pending[session] = ceremony{data: data, expires: now.Add(ceremonyLife)}
	return nil
}

// take returns the ceremony once.
func (p *passkeys) take(session sm.Digest) (webauthn.SessionData, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.pending[session]
	delete(p.pending, session)
	return c.data, ok && p.clock().Before(c.expires)
}

// passkeyUser is an account as the library sees it.
type passkeyUser struct {
	account *Account
	keys    []Passkey
}

// WebAuthnID is a pseudonym: authenticators store it.
func (u passkeyUser) WebAuthnID() []byte {
	id := sm.Tagged("tongzheng passkey user v1", []byte(u.account.Login))
	return id[:]
}
func (u passkeyUser) WebAuthnName() string        { return u.account.Login }
func (u passkeyUser) WebAuthnDisplayName() string { return u.account.Name }
func (u passkeyUser) WebAuthnCredentials() []webauthn.Credential {
	var list []webauthn.Credential
	for _, k := range u.keys {
		var c webauthn.Credential
		if json.Unmarshal(k.Record, &c) == nil {
			list = append(list, c)
		}
	}
	return list
}

// beginPasskey starts the enrolment of a passkey: ES256, user verified.
func (s *Server) beginPasskey(w http.ResponseWriter, r *http.Request) {
	if s.passkeys.err != nil || s.Config.Enroll == nil {
		s.fail(w, r, registry.Errorf(registry.CodeUnavailable, "", "passkeys cannot be enrolled here"))
		return
	}
	account := accountOf(r)
	keys, err := s.Accounts.Passkeys(r.Context(), account.Login)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	user := passkeyUser{account, keys}
	creation, data, err := s.passkeys.webauthn.BeginRegistration(user,
		webauthn.WithCredentialParameters([]protocol.CredentialParameter{{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256}}),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: protocol.VerificationRequired, ResidentKey: protocol.ResidentKeyRequirementPreferred}),
		webauthn.WithExclusions(webauthn.Credentials(user.WebAuthnCredentials()).CredentialDescriptors()))
	if err == nil {
		err = s.passkeys.keep(s.sessionDigest(r), *data)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.encode(w, r, http.StatusOK, creation)
}

// sessionDigest names the browser's session; routes behind the console's
// sign-in have one.
func (s *Server) sessionDigest(r *http.Request) sm.Digest {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return sm.Digest{}
	}
	return sm.Sum([]byte(cookie.Value))
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

// addPasskey finishes the enrolment: checks what the authenticator made, keeps
// the credential, and has the ledger's approver record set.
func (s *Server) addPasskey(w http.ResponseWriter, r *http.Request) {
	account := accountOf(r)
	key, err := s.madePasskey(r, account)
	if err == nil {
		err = s.Accounts.AddPasskey(r.Context(), account.Login, *key)
	}
	if err == nil {
		err = s.Config.Enroll(r.Context(), *account, key.Public)
	}
	answer, status := map[string]any{}, http.StatusCreated
	var awaiting *office.Awaiting
	if errors.As(err, &awaiting) {
		answer["sheet"], status, err = awaiting.Sheet, http.StatusAccepted, nil
	}
	if err != nil {
		s.refuse(w, r, "enroll passkey", "", err)
		return
	}
	s.audit(r, account.Actor(), "enroll passkey", string(key.KeyID), "")
	answer["key_id"] = key.KeyID
	s.encode(w, r, status, answer)
}

func (s *Server) madePasskey(r *http.Request, account *Account) (*Passkey, error) {
	if s.passkeys.err != nil || s.Config.Enroll == nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "passkeys cannot be enrolled here")
	}
	var body attestationBody
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	data, ok := s.passkeys.take(s.sessionDigest(r))
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
	credential, err := s.passkeys.webauthn.CreateCredential(passkeyUser{account: account}, data, parsed)
	if err != nil {
		return nil, registry.Errorf(registry.CodeApprovalSignature, "response", "the attestation does not hold").WithCause(err)
	}
	public, err := spkiOf(credential.PublicKey)
	if err != nil {
		return nil, err
	}
	record, err := json.Marshal(credential)
	return &Passkey{ID: credential.ID, KeyID: sm.KeyIDOf(public), Public: public, Record: record, Created: s.Office.Clock()}, err
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

// assertionBody is a passkey's signature over an intent, all in base64url.
type assertionBody struct {
	ID                string `json:"id"`
	AuthenticatorData string `json:"authenticator_data"`
	ClientData        string `json:"client_data"`
	Signature         string `json:"signature"`
}

// approveByPasskey packs the browser's assertion as an approval. Whether it
// holds is for the office, and again for the signer, to say.
func (s *Server) approveByPasskey(w http.ResponseWriter, r *http.Request) {
	p, err := s.visibleProceeding(r)
	if err != nil {
		s.refuse(w, r, "approve", "", err)
		return
	}
	approval, err := s.readAssertion(r)
	if err == nil {
		p, err = s.Office.Approve(r.Context(), accountOf(r).Actor(), p.Digest, *approval)
	}
	if err != nil {
		s.refuse(w, r, "approve", "", err)
		return
	}
	s.encode(w, r, http.StatusOK, map[string]any{"step": p.Step})
}

func (s *Server) readAssertion(r *http.Request) (*registry.Approval, error) {
	var body assertionBody
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return s.assertion(r, body)
}

// assertion packs what a passkey of this account signed.
func (s *Server) assertion(r *http.Request, body assertionBody) (*registry.Approval, error) {
	parts := map[string][]byte{}
	for name, value := range map[string]string{"id": body.ID, "authenticator_data": body.AuthenticatorData,
		"client_data": body.ClientData, "signature": body.Signature} {
		raw, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil || len(raw) == 0 || len(raw) > 4096 {
			return nil, registry.Errorf(registry.CodeMalformed, name, "want unpadded base64url")
		}
		parts[name] = raw
	}
	keys, err := s.Accounts.Passkeys(r.Context(), accountOf(r).Login)
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
