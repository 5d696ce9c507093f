package signin

import (
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"tongzheng/api/httpx"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// ceremonies are the enrolments under way. A ceremony lives in memory for five
// minutes: after a restart it is begun again.
type ceremonies struct {
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

func newCeremonies(site httpx.Site, relyingParty string, log *slog.Logger) *ceremonies {
	c := &ceremonies{pending: map[sm.Digest]ceremony{}, clock: time.Now}
	c.webauthn, c.err = webauthn.New(&webauthn.Config{RPID: relyingParty, RPDisplayName: "同证 Tongzheng", RPOrigins: []string{site.Origin},
		AttestationPreference: protocol.PreferNoAttestation})
	if c.err != nil {
		log.Warn("no passkeys", "error", c.err)
	}
	return c
}

// keep remembers a ceremony of a session.
func (c *ceremonies) keep(session sm.Digest, data webauthn.SessionData) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock()
	for key, old := range c.pending {
		if now.After(old.expires) {
			delete(c.pending, key)
		}
	}
	if len(c.pending) >= ceremoniesMost {
		return registry.Errorf(registry.CodeUnavailable, "", "too many enrolments at once")
	}
	c.pending[session] = ceremony{data: data, expires: now.Add(ceremonyLife)}
	return nil
}

// take returns the ceremony once.
func (c *ceremonies) take(session sm.Digest) (webauthn.SessionData, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	begun, ok := c.pending[session]
	delete(c.pending, session)
	return begun.data, ok && c.clock().Before(begun.expires)
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
