package signer

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TokenKeyFile is the token key in a key folder: 32 bytes in hexadecimal, readable
// by its owner alone. Codes printed with one key are not recognized with another:
// back it up with the keys.
const TokenKeyFile = "token.key"

const tokenKeySize = 32

// TokenKey returns the token key of the folder. One that is missing is made; before
// is a file of 32 bytes where a registry kept it in earlier versions, empty for none,
// and goes before a new one.
func (s *FileStore) TokenKey(before string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := filepath.Join(s.dir, TokenKeyFile)
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		return parseTokenKey(text)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("token key: %w", err)
	}
	key, err := os.ReadFile(before)
	if before == "" || errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, tokenKeySize)
		_, err = rand.Read(key)
	}
	if err != nil || len(key) != tokenKeySize {
		return nil, errors.Join(errors.New("token key: the registry's file of before is damaged"), err)
	}
	return key, writeFile(path, []byte(hex.EncodeToString(key)+"\n"), 0o600)
}

// parseTokenKey reads 64 hexadecimal digits, or the 32 bytes of a registry's file of
// before.
func parseTokenKey(text []byte) ([]byte, error) {
	if len(text) == tokenKeySize {
		return text, nil
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != tokenKeySize {
		return nil, errors.New("token key: its file is damaged")
	}
	return key, nil
}

// tokenKey is the configured key. CodeUnavailable where there is none.
func (c *ServiceConfig) tokenKey() ([]byte, error) {
	if len(c.TokenKey) == 0 {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "this signer has no token key")
	}
	return c.TokenKey, nil
}

// tokensMost bounds one request: an act prints no more sheets at once.
const tokensMost = 1000

// Tokens makes the tokens of printings, for licenses of issuers whose act keys are
// here: what addresses a sheet to whoever scans it. CodeForbidden for others.
func (a *Attester) Tokens(_ context.Context, ask registry.TokenRequest) ([]registry.Token, error) {
	key, err := a.cfg.tokenKey()
	switch {
	case err != nil:
		return nil, err
	case len(ask.Printings) > tokensMost:
		return nil, registry.Errorf(registry.CodeTooLarge, "printings", "over %d printings", tokensMost)
	case !a.cfg.holds(ask.Identifier.Issuer):
		return nil, registry.Errorf(registry.CodeForbidden, "identifier", "this signer makes no codes for %s", ask.Identifier.Issuer)
	}
	tokens := make([]registry.Token, len(ask.Printings))
	for i, p := range ask.Printings {
		tokens[i] = registry.NewToken(key, ask.Identifier, p)
	}
	return tokens, nil
}

// named puts the digests of its printings' tokens into an entry: by them every member
// of the ledger finds the sheet that a code leads to. Ledgers under earlier rules know
// no tokens, and a signer without a token key names none.
func (c *ServiceConfig) named(law registry.Gatherer, entry *registry.Entry) error {
	in := entry.Intent
	if len(in.Printings) == 0 || len(c.TokenKey) == 0 {
		return nil
	}
	rules, err := law.Rules()
	if err != nil || !rules.Since(registry.RulesOfRelations) {
		return err
	}
	tokens := make([]registry.Token, len(in.Printings))
	for i, p := range in.Printings {
		tokens[i] = registry.NewToken(c.TokenKey, in.Identifier, p)
	}
	entry.Tokens = registry.TokenDigests(tokens)
	return nil
}

// statusTag keeps a signature of the status key from serving any other purpose.
const statusTag = "tongzheng status v1\x00"

func statusMessage(message []byte) []byte { return append([]byte(statusTag), message...) }

// signStatus signs what the service composed, and logs it before.
func (a *Attester) signStatus(message []byte) (sm.KeyID, []byte, error) {
	return signStatusWith(a.cfg.Keys, a.service.log, message)
}

// signStatusWith signs with a key store's status key, after log has the use of that
// very key; nil logs nothing.
func signStatusWith(keys KeyStore, log func(...LogLine) error, message []byte) (sm.KeyID, []byte, error) {
	key, err := statusKey(keys)
	if err != nil {
		return "", nil, err
	}
	if log != nil {
		if err := log(LogLine{Use: UseStatus, Key: key, Subject: sm.Sum(statusMessage(message))}); err != nil {
			return "", nil, err
		}
	}
	signature, err := SignRaw(keys, key, statusMessage(message))
	return key, signature, err
}

// statusKey is the current status key; it may be replaced at any time, so one
// statement asks once. CodeUnavailable where there is none.
func statusKey(keys KeyStore) (sm.KeyID, error) {
	key, ok := keys.Current(LabelStatus)
	if !ok {
		return "", registry.Errorf(registry.CodeUnavailable, "", "this key store has no status key")
	}
	return key, nil
}
