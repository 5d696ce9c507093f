package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"tongzheng/registry/sm"
)

// The registry's own key in the data folder, and the file that it was in before the
// token key moved into the signer.
const (
	secretFile   = "office.key"
	tokenKeyFile = "token.key"
	secretSize   = 32
)

// secret is the registry's own key, made on first start. An instance of before goes on
// with its token key as its own, once the signer has taken it over.
func (a *App) secret(ctx context.Context) ([]byte, error) {
	before, err := os.ReadFile(a.path(tokenKeyFile))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return readSecret(a.path(secretFile))
	case err != nil:
		return nil, err
	}
	has, err := a.Keys.Describe(ctx)
	if err != nil {
		return nil, err
	}
	if has.TokenKey != sm.Sum(before) {
		return nil, fmt.Errorf("%s: the token key belongs into the signer, whose own is another: stop the signer, copy this file to token.key in its keys folder, start it again; else codes printed before are not recognized", a.path(tokenKeyFile))
	}
	if err := os.Rename(a.path(tokenKeyFile), a.path(secretFile)); err != nil {
		return nil, err
	}
	return readSecret(a.path(secretFile))
}

func readSecret(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err == nil && len(raw) == secretSize {
		return raw, nil
	}
	if err == nil {
		return nil, fmt.Errorf("%s: want %d bytes", path, secretSize)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	raw = make([]byte, secretSize)
	if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	return raw, os.WriteFile(path, raw, 0o600)
}
