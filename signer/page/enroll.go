package page

import (
	"bytes"
	"encoding/json"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// enrollment is a new passkey being made.
type enrollment struct {
	library *webauthn.WebAuthn
	user    user
	data    webauthn.SessionData
}

// user is the account as the library sees it.
type user struct{ person registry.SigningPerson }

func (u user) WebAuthnID() []byte          { return u.person.Handle }
func (u user) WebAuthnName() string        { return u.person.Name }
func (u user) WebAuthnDisplayName() string { return u.person.Name }
func (u user) WebAuthnCredentials() []webauthn.Credential {
	var known []webauthn.Credential
	for _, k := range u.person.Keys {
		known = append(known, webauthn.Credential{ID: k.Credential})
	}
	return known
}

// begin makes the options of a new passkey, bound to this page's relying party: ES256,
// user verified.
func (s *signing) begin() (string, error) {
	library, err := webauthn.New(&webauthn.Config{RPID: s.site.RelyingParty, RPDisplayName: "同证 Tongzheng", RPOrigins: s.site.Origins, AttestationPreference: protocol.PreferNoAttestation})
	if err != nil {
		return "", err
	}
	e := &enrollment{library: library, user: user{s.ask.Person}}
	options, data, err := library.BeginRegistration(e.user,
		webauthn.WithCredentialParameters([]protocol.CredentialParameter{{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256}}),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: protocol.VerificationRequired, ResidentKey: protocol.ResidentKeyRequirementPreferred}),
		webauthn.WithExclusions(webauthn.Credentials(e.user.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return "", err
	}
	e.data = *data
	s.mu.Lock()
	s.enroll = e
	s.mu.Unlock()
	raw, err := json.Marshal(options.Response)
	return string(raw), err
}

// enrolled checks what the authenticator made and keeps the key for the registry, which
// has the ledger's approver record ordered.
func (s *signing) enrolled(raw []byte) error {
	s.mu.Lock()
	e := s.enroll
	s.enroll = nil
	s.mu.Unlock()
	if e == nil {
		return registry.Errorf(registry.CodeStale, "", "begin the enrolment again")
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(bytes.NewReader(raw))
	if err != nil {
		return registry.Errorf(registry.CodeMalformed, "response", "no attestation").WithCause(err)
	}
	made, err := e.library.CreateCredential(e.user, e.data, parsed)
	if err != nil {
		return registry.Errorf(registry.CodeApprovalSignature, "response", "the attestation does not hold").WithCause(err)
	}
	public, err := spkiOf(made.PublicKey)
	if err != nil {
		return err
	}
	record, err := json.Marshal(made)
	if err != nil {
		return err
	}
	s.finish(&registry.SigningResult{Outcome: registry.SigningSigned, Passkey: &registry.NewPasskey{Credential: made.ID, Public: public, Record: record}})
	return nil
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
