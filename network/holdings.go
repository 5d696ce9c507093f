package network

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Holders of certificates that are no processes; a holder is named like a
// process, e.g. "client.city".
const (
	HolderAdmin  = "admin"
	HolderClient = "client"
	// HolderAuthority stands for a member's two authorities.
	HolderAuthority = "authority"
)

// holding is one certificate of a holder, with its key; the paths are below the
// holder's folder.
type holding struct {
	tls              bool
	certificate, key string
	leaf             leaf
}

// use is what the certificate is for.
func (h holding) use() string {
	if h.tls {
		return "tls"
	}
	return "identity"
}

// holders are the member's holders whose certificates the authorities issue.
func (m Member) holders() []string {
	kinds := []string{HolderAdmin, HolderClient}
	if m.Orderer != nil {
		kinds = append(kinds, KindOrderer)
	}
	for _, seat := range m.seats() {
		kinds = append(kinds, seat.folder(KindPeer), seat.folder(KindService))
	}
	return kinds
}

// holdings are the certificates of one holder, which is named by its folder.
func holdings(m Member, folder string) []holding {
	kind, m := m.seated(folder)
	identity := holding{certificate: filepath.Join("msp", "signcerts", "cert.pem"), key: filepath.Join("msp", "keystore", "key_sk"),
		leaf: leaf{name: folder + "." + m.ID, role: kind}}
	tls := holding{tls: true, certificate: filepath.Join("tls", "cert.pem"), key: filepath.Join("tls", "key.pem"),
		leaf: leaf{name: folder + "." + m.ID}}
	switch kind {
	case HolderAdmin:
		identity.leaf.name, tls.leaf.name = "admin", "admin"
	case HolderClient:
		return []holding{{certificate: "cert.pem", key: "key.pem", leaf: leaf{name: "registry." + m.ID, role: "client"}}}
	case KindOrderer:
		tls.leaf.hosts = reachedAt(m.Orderer.Host)
	case KindPeer:
		tls.leaf.hosts = reachedAt(m.Peer.Host)
	case KindService:
		tls.leaf.hosts = []string{m.Service.Host}
		return []holding{tls}
	}
	return []holding{identity, tls}
}

// reachedAt are the names that a process is reached by: the member's own tools may
// take the loopback interface.
func reachedAt(host string) []string {
	const loopback = "127.0.0.1"
	if host == loopback {
		return []string{host}
	}
	return []string{host, loopback}
}

// Certificate is one that a member of this machine goes by.
type Certificate struct {
	// Holder is kind.member, like a process: "orderer.city", "client.city".
	Holder string
	// Use is "identity" (who signs) or "tls" (who is connected to).
	Use  string
	File string
	Ends time.Time
}

// Certificates lists every certificate of this machine's members, the one that
// ends first before the others.
func (s *site) Certificates() ([]Certificate, error) {
	var all []Certificate
	for _, m := range s.own() {
		files := []Certificate{
			{Holder: HolderAuthority + "." + m.ID, Use: "identity", File: s.identityRoots(m.ID)},
			{Holder: HolderAuthority + "." + m.ID, Use: "tls", File: s.tlsRoots(m.ID)},
		}
		for _, kind := range m.holders() {
			for _, h := range holdings(m, kind) {
				files = append(files, Certificate{Holder: kind + "." + m.ID, Use: h.use(), File: s.member(m.ID, kind, h.certificate)})
			}
		}
		for _, c := range files {
			certificate, err := readCertificate(c.File)
			if err != nil {
				return nil, fmt.Errorf("%s (%s): %w", c.Holder, c.Use, err)
			}
			c.Ends = certificate.NotAfter
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Certificate) int {
		return cmp.Or(a.Ends.Compare(b.Ends), cmp.Compare(a.Holder, b.Holder), cmp.Compare(a.Use, b.Use))
	})
	return all, nil
}

// New keys and certificates of a holder wait in its folder next. When they are
// about to take the place of those in use the folder becomes taking: from then on
// whoever finds it goes on, and nobody goes back.

func (l layout) next(m Member, kind string) string   { return l.member(m.ID, kind, "next") }
func (l layout) taking(m Member, kind string) string { return l.member(m.ID, kind, "taking") }

// staged tells that all of a holder's new certificates wait.
func (l layout) staged(m Member, kind string) bool {
	return !slices.ContainsFunc(holdings(m, kind), func(h holding) bool {
		return !isThere(filepath.Join(l.next(m, kind), h.certificate))
	})
}

// coming is the file of the certificate that a holder goes by from its next start
// on, or would if its renewal ended now.
func (l layout) coming(m Member, kind string, h holding) string {
	if file := filepath.Join(l.taking(m, kind), h.certificate); isThere(file) {
		return file
	}
	if l.staged(m, kind) {
		return filepath.Join(l.next(m, kind), h.certificate)
	}
	return l.member(m.ID, kind, h.certificate)
}

// begun tells that a holder's renewal was begun and not ended.
func (l layout) begun(m Member, kind string) bool {
	return isThere(l.next(m, kind)) || isThere(l.taking(m, kind))
}

// take puts a holder's new keys and certificates in the place of those in use.
func (l layout) take(m Member, kind string) error {
	if isThere(l.next(m, kind)) && !isThere(l.taking(m, kind)) {
		if err := os.Rename(l.next(m, kind), l.taking(m, kind)); err != nil {
			return fmt.Errorf("taking the new certificates of %s.%s: %w", kind, m.ID, err)
		}
	}
	return l.goOnTaking(m, kind)
}

// goOnTaking ends what take began. The holder does not run.
func (l layout) goOnTaking(m Member, kind string) error {
	taking := l.taking(m, kind)
	if !isThere(taking) {
		return nil
	}
	for _, h := range holdings(m, kind) {
		if !h.tls && isThere(filepath.Join(taking, h.certificate)) {
			if _, err := l.retire(m, kind, h); err != nil {
				return err
			}
		}
		// The certificate goes last: while it is there, the pair is not complete.
		for _, file := range []string{h.key, h.certificate} {
			err := os.Rename(filepath.Join(taking, file), l.member(m.ID, kind, file))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("taking the new certificates of %s.%s: %w", kind, m.ID, err)
			}
		}
	}
	return os.RemoveAll(taking)
}

// retire keeps a copy of an identity certificate that goes out of use, for
// whoever wants to revoke it, and returns its file.
func (l layout) retire(m Member, kind string, h holding) (string, error) {
	live := l.member(m.ID, kind, h.certificate)
	certificate, err := readCertificate(live)
	if err != nil {
		return "", fmt.Errorf("%s: %w", live, err)
	}
	old := l.member(m.ID, kind, "retired", certificate.SerialNumber.Text(16)+".pem")
	return old, writeFile(old, pemBlock("CERTIFICATE", certificate.Raw), 0o644)
}
