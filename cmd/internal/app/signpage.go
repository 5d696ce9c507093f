package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tongzheng/signer/remote"
)

// ListenForSigning opens the listener of the signing page and says its origin: url, or
// http://localhost:port when empty. No address, no page.
func ListenForSigning(address, at string) (net.Listener, string, error) {
	if address == "" {
		return nil, "", nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", fmt.Errorf("listen on %s: %w (set TONGZHENG_SIGN_LISTEN to another host:port)", address, err)
	}
	if at == "" {
		at = publicURL(listener.Addr())
	}
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || u.Path != "" || u.Host != strings.ToLower(u.Host) || u.Scheme != "http" && u.Scheme != "https" {
		return nil, "", errors.Join(fmt.Errorf("TONGZHENG_SIGN_URL: want scheme://host[:port], got %q", at), listener.Close())
	}
	if net.ParseIP(u.Hostname()) != nil {
		return nil, "", errors.Join(fmt.Errorf("TONGZHENG_SIGN_URL: passkeys are bound to a name, %s is an address", u.Hostname()), listener.Close())
	}
	return listener, at, nil
}

// serveSigning serves the page until ctx ends.
func serveSigning(ctx context.Context, server *http.Server, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() {
		finish, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(finish)
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// SigningPage is the origin of the signer's page; empty where it has none.
func (a *App) SigningPage(ctx context.Context) (string, error) {
	described, err := a.Keys.Describe(ctx)
	if err != nil {
		return "", err
	}
	return described.Sign, nil
}

// signingPage is the signer's page as the console uses it; nil where it has none.
func (a *App) signingPage() remote.Page {
	if at, err := a.SigningPage(context.Background()); err != nil || at == "" || a.Page == nil {
		return nil
	}
	return a.Page
}
