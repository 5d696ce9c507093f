package postgres

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// APIKey is a machine client's key as stored: the key itself is shown once.
type APIKey struct {
	Prefix       string // names the key in lists and logs
	Name         string // what it is for
	Account      string
	Organization string
	Roles        []registry.Role
	Admin        bool
	Expires      time.Time // zero: open
	Revoked      time.Time // zero: not revoked
	Created      time.Time
}

// Actor is the key's holder as the use cases see it.
func (k *APIKey) Actor() registry.Actor {
	return registry.Actor{Account: k.Account, Organization: k.Organization, Roles: k.Roles, Admin: k.Admin}
}

// secretText writes random keys and tokens: base32 in lower case, no padding.
var secretText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const (
	apiKeyMark   = "tz"
	prefixSize   = 5  // bytes: 8 characters
	apiKeySecret = 32 // bytes: 256 bits, so that a plain hash is enough
)

// CreateAPIKey makes a key for an account and returns its text,
// tz_PREFIX_SECRET. Organization, roles and admin are at most the account's.
func (s *Accounts) CreateAPIKey(ctx context.Context, k APIKey) (string, error) {
	random := make([]byte, prefixSize+apiKeySecret)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("random API key: %w", err)
	}
	k.Prefix = secretText.EncodeToString(random[:prefixSize])
	text := strings.Join([]string{apiKeyMark, k.Prefix, secretText.EncodeToString(random[prefixSize:])}, "_")
	holder, err := s.Account(ctx, k.Account)
	if err != nil {
		return "", err
	}
	if k.Organization != holder.Organization && !holder.Admin || k.Admin && !holder.Admin || !within(k.Roles, holder.Roles) && !holder.Admin {
		return "", registry.Errorf(registry.CodeForbidden, "account", "a key can do at most what its account can")
	}
	if err := checkText("name", k.Name); err != nil {
		return "", err
	}
	hash := sm.Sum([]byte(text))
	var expires *time.Time
	if !k.Expires.IsZero() {
		expires = &k.Expires
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO api_key (prefix, hash, name, account, organization, roles, admin, expires, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.Prefix, hash[:], k.Name, holder.Login, k.Organization, words(k.Roles), k.Admin, expires, s.now())
	if err != nil {
		return "", coded("creating an API key", err)
	}
	return text, nil
}

func within(some, all []registry.Role) bool {
	for _, r := range some {
		if !slices.Contains(all, r) {
			return false
		}
	}
	return true
}

// AuthenticateKey returns the key that text is, CodeUnauthenticated for an
// unknown, revoked or expired one or one of a disabled account.
func (s *Accounts) AuthenticateKey(ctx context.Context, text string) (*APIKey, error) {
	parts := strings.Split(text, "_")
	if len(parts) != 3 || parts[0] != apiKeyMark || checkText("", parts[1]) != nil {
		return nil, errCredential()
	}
	var hash []byte
	var disabled bool
	k, err := scanAPIKey(s.pool.QueryRow(ctx, `SELECT `+apiKeyColumns+`, k.hash, a.disabled
		FROM api_key k JOIN account a ON a.login = k.account WHERE k.prefix = $1`, parts[1]), &hash, &disabled)
	if err != nil && err != pgx.ErrNoRows {
		return nil, coded("reading an API key", err)
	}
	given := sm.Sum([]byte(text))
	if subtle.ConstantTimeCompare(given[:], hash) != 1 || disabled || !k.Revoked.IsZero() ||
		!k.Expires.IsZero() && !s.now().Before(k.Expires) {
		return nil, errCredential()
	}
	return &k, nil
}

const apiKeyColumns = `k.prefix, k.name, k.account, k.organization, k.roles, k.admin, k.expires, k.revoked, k.created`

func scanAPIKey(row pgx.Row, more ...any) (k APIKey, err error) {
	var roles []string
	var expires, revoked *time.Time
	err = row.Scan(append([]any{&k.Prefix, &k.Name, &k.Account, &k.Organization, &roles, &k.Admin, &expires, &revoked, &k.Created}, more...)...)
	k.Roles = rolesOf(roles)
	if expires != nil {
		k.Expires = *expires
	}
	if revoked != nil {
		k.Revoked = *revoked
	}
	return k, err
}

// APIKeys lists an account's keys, newest first.
func (s *Accounts) APIKeys(ctx context.Context, login string) ([]APIKey, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+apiKeyColumns+` FROM api_key k WHERE k.account = $1 ORDER BY k.created DESC, k.prefix`, normalLogin(login))
	if err != nil {
		return nil, coded("listing API keys", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (APIKey, error) { return scanAPIKey(row) })
	return list, coded("listing API keys", err)
}

// RevokeAPIKey ends a key for good. CodeNotFound.
func (s *Accounts) RevokeAPIKey(ctx context.Context, prefix string) error {
	if err := checkText("prefix", prefix); err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, `UPDATE api_key SET revoked = coalesce(revoked, $2) WHERE prefix = $1`, prefix, s.now())
	if err != nil {
		return coded("revoking an API key", err)
	}
	if tag.RowsAffected() == 0 {
		return registry.Errorf(registry.CodeNotFound, "prefix", "no such API key")
	}
	return nil
}
