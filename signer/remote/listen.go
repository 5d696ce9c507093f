package remote

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Listen opens a signer's address: a Unix socket that only its owner can open,
// or mutual TLS. The caller holds the lock on the signer's file, so that a
// socket left behind by a crash has no owner and is replaced.
func Listen(address string, config *tls.Config) (net.Listener, error) {
	if path, local := strings.CutPrefix(address, "unix://"); local {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
			if err := os.Remove(path); err != nil {
				return nil, err
			}
		}
		// The socket must never be open to others, not even between bind and
		// chmod.
		mask := syscall.Umask(0o177)
		defer syscall.Umask(mask)
		return net.Listen("unix", path)
	}
	if config == nil || config.ClientAuth != tls.RequireAndVerifyClientCert {
		return nil, fmt.Errorf("signer: %s asks for mutual TLS", address)
	}
	return tls.Listen("tcp", strings.TrimPrefix(address, "https://"), config)
}

// TLSFiles are a certificate, its key, and the authority of the other side.
type TLSFiles struct{ Certificate, Key, Authority string }

// Config reads the files for both sides; nil when none is named.
func (f TLSFiles) Config() (*tls.Config, error) {
	if f == (TLSFiles{}) {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
	if err != nil {
		return nil, fmt.Errorf("signer TLS: %w", err)
	}
	text, err := os.ReadFile(f.Authority)
	if err != nil {
		return nil, fmt.Errorf("signer TLS: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("signer TLS: %s holds no certificate", f.Authority)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}, nil
}
