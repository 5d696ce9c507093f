package remote

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Listen opens a signer's address: a Unix socket that only its owner can open,
// and the members of a group when one is named, or mutual TLS. The caller holds
// the lock on the signer's file, so that a socket left behind by a crash has no
// owner and is replaced.
func Listen(address, group string, config *tls.Config) (net.Listener, error) {
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
		listener, err := net.Listen("unix", path)
		if err != nil || group == "" {
			return listener, err
		}
		if err := openTo(path, group); err != nil {
			return nil, errors.Join(err, listener.Close())
		}
		return listener, nil
	}
	if group != "" {
		return nil, fmt.Errorf("signer: a group is for a Unix socket, not for %s", address)
	}
	if config == nil || config.ClientAuth != tls.RequireAndVerifyClientCert {
		return nil, fmt.Errorf("signer: %s asks for mutual TLS", address)
	}
	return tls.Listen("tcp", strings.TrimPrefix(address, "https://"), config)
}

// openTo lets the members of a group open a socket.
func openTo(path, group string) error {
	found, err := user.LookupGroup(group)
	if err != nil {
		return fmt.Errorf("signer: %w", err)
	}
	id, err := strconv.Atoi(found.Gid)
	if err != nil {
		return fmt.Errorf("signer: group %s: %w", group, err)
	}
	if err := os.Chown(path, -1, id); err != nil {
		return fmt.Errorf("signer: giving the socket to group %s: %w", group, err)
	}
	return os.Chmod(path, 0o660)
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
