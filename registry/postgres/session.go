package postgres

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Session is a signed-in browser.
type Session struct {
	Account Account
	Expires time.Time
	Created time.Time
}

// CreateSession signs an account in and returns the token for its cookie; only
// the token's digest is stored.
func (s *Accounts) CreateSession(ctx context.Context, login string, expires time.Time) (string, error) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("random session token: %w", err)
	}
	token := secretText.EncodeToString(random)
	hash := sm.Sum([]byte(token))
	_, err := s.pool.Exec(ctx, `INSERT INTO session (hash, account, expires, created) VALUES ($1, $2, $3, $4)`,
		hash[:], normalLogin(login), expires, s.now())
	if err != nil {
		return "", coded("creating a session", err)
	}
	return token, nil
}

// Session returns the session of a token, CodeUnauthenticated when there is
// none in force. The lookup goes by digest, so its time tells nothing of the
// token.
func (s *Accounts) Session(ctx context.Context, token string) (*Session, error) {
	hash := sm.Sum([]byte(token))
	var found Session
	var roles []string
	err := s.pool.QueryRow(ctx, `SELECT `+accountColumns+`, s.expires, s.created FROM session s JOIN account a ON a.login = s.account
		WHERE s.hash = $1 AND s.expires > $2 AND NOT a.disabled`, hash[:], s.now()).
		Scan(append(accountTargets(&found.Account, &roles), &found.Expires, &found.Created)...)
	if err == pgx.ErrNoRows {
		return nil, errCredential()
	}
	if err != nil {
		return nil, coded("reading a session", err)
	}
	found.Account.Roles = rolesOf(roles)
	return &found, nil
}

// DeleteSession signs out; an unknown token is no error.
func (s *Accounts) DeleteSession(ctx context.Context, token string) error {
	hash := sm.Sum([]byte(token))
	_, err := s.pool.Exec(ctx, `DELETE FROM session WHERE hash = $1`, hash[:])
	return coded("ending a session", err)
}

// DeleteExpiredSessions removes what is over and tells how many that were.
func (s *Accounts) DeleteExpiredSessions(ctx context.Context) (int64, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM session WHERE expires <= $1`, s.now())
	return tag.RowsAffected(), coded("removing old sessions", err)
}

// Credential is a passkey of an account. Data is the WebAuthn library's own
// record, signature counter included.
type Credential struct {
	ID      []byte
	Account string
	KeyID   sm.KeyID // of Public: what the ledger's approver record names
	Public  []byte   // SubjectPublicKeyInfo
	Data    json.RawMessage
	Name    string // given by its owner
	Created time.Time
	Used    time.Time // zero: never
}

const credentialColumns = `id, account, key_id, public, data, name, created, used`

func scanCredential(row pgx.Row) (c Credential, err error) {
	var keyID string
	var data []byte
	var used *time.Time
	err = row.Scan(&c.ID, &c.Account, &keyID, &c.Public, &data, &c.Name, &c.Created, &used)
	c.KeyID, c.Data = sm.KeyID(keyID), data
	if used != nil {
		c.Used = *used
	}
	return c, err
}

// AddCredential registers a passkey. CodeStale when it is registered already.
func (s *Accounts) AddCredential(ctx context.Context, c Credential) error {
	if err := checkText("name", c.Name); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO credential (id, account, key_id, public, data, name, created) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		bytesOf(c.ID), normalLogin(c.Account), string(c.KeyID), bytesOf(c.Public), []byte(c.Data), c.Name, s.now())
	return coded("registering a passkey", err)
}

// Credentials lists an account's passkeys, oldest first.
func (s *Accounts) Credentials(ctx context.Context, login string) ([]Credential, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+credentialColumns+` FROM credential WHERE account = $1 ORDER BY created, id`, normalLogin(login))
	if err != nil {
		return nil, coded("listing passkeys", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Credential, error) { return scanCredential(row) })
	return list, coded("listing passkeys", err)
}

// Credential finds a passkey by its id. CodeNotFound.
func (s *Accounts) Credential(ctx context.Context, id []byte) (*Credential, error) {
	c, err := scanCredential(s.pool.QueryRow(ctx, `SELECT `+credentialColumns+` FROM credential WHERE id = $1`, bytesOf(id)))
	if err == pgx.ErrNoRows {
		return nil, registry.Errorf(registry.CodeNotFound, "credential", "no such passkey")
	}
	if err != nil {
		return nil, coded("reading a passkey", err)
	}
	return &c, nil
}

// UpdateCredential keeps the library's record after a use. CodeNotFound.
func (s *Accounts) UpdateCredential(ctx context.Context, id []byte, data json.RawMessage) error {
	tag, err := s.pool.Exec(ctx, `UPDATE credential SET data = $2, used = $3 WHERE id = $1`, bytesOf(id), []byte(data), s.now())
	if err == nil && tag.RowsAffected() == 0 {
		return registry.Errorf(registry.CodeNotFound, "credential", "no such passkey")
	}
	return coded("keeping a passkey's record", err)
}

// DeleteCredential takes a passkey away from its account. CodeNotFound. The
// ledger's approver record is ended by an order of the organization.
func (s *Accounts) DeleteCredential(ctx context.Context, login string, id []byte) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM credential WHERE id = $1 AND account = $2`, bytesOf(id), normalLogin(login))
	if err == nil && tag.RowsAffected() == 0 {
		return registry.Errorf(registry.CodeNotFound, "credential", "no such passkey")
	}
	return coded("removing a passkey", err)
}
