package signer

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/emmansun/gmsm/pkcs"
	"github.com/emmansun/gmsm/pkcs8"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// FileStore is a KeyStore in a folder. Each key is PKCS #8 under AES-256 with a
// passphrase: the caller's, or one derived from a random secret in the file
// "secret" that only its owner can read. The second protects copies of the
// folder without that file (backups, disks handed in), not the machine.
type FileStore struct {
	dir        string
	passphrase func(sm.KeyID) []byte
	kdf        pkcs.PBESEncrypter

	mu    sync.RWMutex
	infos map[sm.KeyID]storedKey
	open  map[sm.KeyID]*sm2.PrivateKey
	certs map[sm.KeyID]readFile // as they were when they were read
}

// readFile is a file's content, as long as it stays as it was.
type readFile struct {
	size    int64
	changed time.Time
	content []byte
}

type storedKey struct {
	KeyInfo
	Number int    `json:"number"` // order of making
	Public []byte `json:"public"` // SubjectPublicKeyInfo
}

const secretSize = 32

// OpenFileStore opens or makes the folder. Without a passphrase it makes and
// uses the secret file.
func OpenFileStore(dir string, passphrase []byte) (*FileStore, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("key store: %w", err)
	}
	s := &FileStore{dir: dir, infos: map[sm.KeyID]storedKey{}, open: map[sm.KeyID]*sm2.PrivateKey{}, certs: map[sm.KeyID]readFile{}}
	if len(passphrase) > 0 {
		// A human's passphrase needs a slow derivation; OWASP's 2023 figure.
		s.kdf = pkcs.NewPBESEncrypter(pkcs.AES256CBC, pkcs.NewPBKDF2Opts(pkcs.SHA256, 16, 600_000))
		s.passphrase = func(sm.KeyID) []byte { return passphrase }
	} else {
		secret, err := openSecret(filepath.Join(dir, "secret"))
		if err != nil {
			return nil, err
		}
		s.kdf = pkcs.NewPBESEncrypter(pkcs.AES256CBC, pkcs.NewPBKDF2Opts(pkcs.SHA256, 16, 2048))
		s.passphrase = func(id sm.KeyID) []byte {
			mac := sm.MAC(secret, []byte("tongzheng key v1\x00"+string(id)))
			return []byte(mac.String())
		}
	}
	return s, s.load()
}

func openSecret(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		raw := make([]byte, secretSize)
		if _, err := rand.Read(raw); err != nil {
			return nil, fmt.Errorf("key store secret: %w", err)
		}
		return raw, writeFile(path, []byte(hex.EncodeToString(raw)+"\n"), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("key store secret: %w", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != secretSize {
		return nil, errors.New("key store secret: damaged")
	}
	return raw, nil
}

// load reads the descriptions; keys are decrypted when first used. A
// description is written after its key, so that what is listed exists.
func (s *FileStore) load() error {
	names, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return fmt.Errorf("key store: %w", err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("key store: %w", err)
		}
		var k storedKey
		if err := json.Unmarshal(raw, &k); err != nil || sm.KeyIDOf(k.Public) != k.ID {
			return fmt.Errorf("key store: %s is damaged", filepath.Base(name))
		}
		s.infos[k.ID] = k
	}
	return nil
}

func (s *FileStore) path(id sm.KeyID, ext string) string {
	return filepath.Join(s.dir, string(id)+ext)
}

// Generate implements KeyStore.
func (s *FileStore) Generate(label string, at time.Time) (sm.KeyID, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("making a key for %s: %w", label, err)
	}
	spki, err := sm.MarshalPublicKey(&key.PublicKey)
	if err != nil {
		return "", fmt.Errorf("making a key for %s: %w", label, err)
	}
	id := sm.KeyIDOf(spki)
	der, err := pkcs8.MarshalPrivateKey(key, s.passphrase(id), s.kdf)
	if err != nil {
		return "", fmt.Errorf("encrypting the key for %s: %w", label, err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
	s.mu.Lock()
	defer s.mu.Unlock()
	k := storedKey{KeyInfo: KeyInfo{ID: id, Label: label, Created: at.UTC()}, Number: len(s.infos) + 1, Public: spki}
	info, err := json.Marshal(k)
	if err != nil {
		return "", fmt.Errorf("describing the key for %s: %w", label, err)
	}
	if err := writeFile(s.path(id, ".key"), text, 0o600); err != nil {
		return "", err
	}
	if err := writeFile(s.path(id, ".json"), append(info, '\n'), 0o600); err != nil {
		return "", err
	}
	s.infos[id], s.open[id] = k, key
	return id, nil
}

// Current implements KeyStore.
func (s *FileStore) Current(label string) (sm.KeyID, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var newest storedKey
	for _, k := range s.infos {
		if k.Label == label && k.Number > newest.Number {
			newest = k
		}
	}
	return newest.ID, newest.Number > 0
}

// Keys implements KeyStore.
func (s *FileStore) Keys() []KeyInfo {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]storedKey, 0, len(s.infos))
	for _, k := range s.infos {
		all = append(all, k)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Number < all[j].Number })
	out := make([]KeyInfo, len(all))
	for i, k := range all {
		out[i] = k.KeyInfo
	}
	return out
}

// PublicKey implements KeyStore.
func (s *FileStore) PublicKey(id sm.KeyID) (*ecdsa.PublicKey, error) {
	s.mu.RLock()
	k, ok := s.infos[id]
	s.mu.RUnlock()
	if !ok {
		return nil, noKey(id)
	}
	return sm.ParsePublicKey(k.Public)
}

func noKey(id sm.KeyID) error {
	return registry.Errorf(registry.CodeNotFound, "key", "no key %s in this store", id)
}

// Sign implements KeyStore. Nonces are derived from key and message (RFC 6979
// with SM3, over e = SM3(ZA ‖ M)): a weak source of randomness cannot give the
// key away, and the same bytes signed again give the same signature.
func (s *FileStore) Sign(id sm.KeyID, message []byte) ([]byte, error) {
	key, err := s.private(id)
	if err != nil {
		return nil, err
	}
	signature, err := sm2.SignDeterministic(key, message, sm2.DefaultSM2SignerOpts)
	if err != nil {
		return nil, fmt.Errorf("signing with key %s: %w", id, err)
	}
	// A fault while computing a deterministic signature could give the key
	// away, so nothing leaves that does not verify.
	if !sm.Verify(&key.PublicKey, message, signature) {
		return nil, fmt.Errorf("signing with key %s: the result does not verify", id)
	}
	return signature, nil
}

func (s *FileStore) private(id sm.KeyID) (*sm2.PrivateKey, error) {
	s.mu.RLock()
	key, ok := s.open[id]
	s.mu.RUnlock()
	if ok {
		return key, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, ok := s.open[id]; ok {
		return key, nil
	}
	k, ok := s.infos[id]
	if !ok {
		return nil, noKey(id)
	}
	text, err := os.ReadFile(s.path(id, ".key"))
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", id, err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("key %s: its file is damaged", id)
	}
	key, err = pkcs8.ParsePKCS8PrivateKeySM2(block.Bytes, s.passphrase(id))
	if err != nil {
		return nil, fmt.Errorf("key %s: wrong passphrase or damaged file: %w", id, err)
	}
	if spki, err := sm.MarshalPublicKey(&key.PublicKey); err != nil || sm.KeyIDOf(spki) != k.ID {
		return nil, fmt.Errorf("key %s: its file holds another key", id)
	}
	s.open[id] = key
	return key, nil
}

// Certificate implements KeyStore. A command may write the file while a server has
// the store open: it is read again when it has changed.
func (s *FileStore) Certificate(id sm.KeyID) ([]byte, error) {
	info, err := os.Stat(s.path(id, ".crt"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("certificate of key %s: %w", id, err)
	}
	s.mu.RLock()
	known, ok := s.certs[id]
	s.mu.RUnlock()
	if ok && known.size == info.Size() && known.changed.Equal(info.ModTime()) {
		return known.content, nil
	}
	text, err := os.ReadFile(s.path(id, ".crt"))
	if err != nil {
		return nil, fmt.Errorf("certificate of key %s: %w", id, err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("certificate of key %s: its file is damaged", id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.certs[id] = readFile{info.Size(), info.ModTime(), block.Bytes}
	return block.Bytes, nil
}

// SetCertificate implements KeyStore.
func (s *FileStore) SetCertificate(id sm.KeyID, der []byte) error {
	cert, err := smx509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("certificate of key %s: %w", id, err)
	}
	if sm.KeyIDOf(cert.RawSubjectPublicKeyInfo) != id {
		return registry.Errorf(registry.CodeMalformed, "certificate", "it is for another key")
	}
	s.mu.Lock()
	delete(s.certs, id)
	s.mu.Unlock()
	return writeFile(s.path(id, ".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}
