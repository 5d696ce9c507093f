package signer

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm2"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// TagKeyFile is the deployment's tag key in a key folder: 32 bytes in hexadecimal,
// readable by its owner alone. The city's signer makes it; every other member's
// takes it (registry.Rules.TagKey).
const TagKeyFile = "tag.key"

// LabelExchange is the key that a signer is handed secrets under. It signs
// nothing.
const LabelExchange = "exchange"

const tagKeySize = 32

// TagKey returns the deployment's tag key, nil when this folder has none.
func (s *FileStore) TagKey() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, TagKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("tag key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != tagKeySize {
		return nil, errors.New("tag key: its file is damaged")
	}
	return key, nil
}

// TagKeyDigest is SM3 of the tag key, zero when this folder has none: what the
// ledger's rules name.
func (s *FileStore) TagKeyDigest() (digest sm.Digest, err error) {
	key, err := s.TagKey()
	if err != nil || key == nil {
		return digest, err
	}
	return sm.Sum(key), nil
}

// MakeTagKey makes the deployment's tag key, at the city's signer, before the
// ledger is opened. One that is there is kept.
func (s *FileStore) MakeTagKey() (sm.Digest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, err := s.TagKey(); err != nil || key != nil {
		return sm.Sum(key), err
	}
	key := make([]byte, tagKeySize)
	if _, err := rand.Read(key); err != nil {
		return sm.Digest{}, fmt.Errorf("making the tag key: %w", err)
	}
	return sm.Sum(key), s.writeTagKey(key)
}

func (s *FileStore) writeTagKey(key []byte) error {
	return writeFile(filepath.Join(s.dir, TagKeyFile), []byte(hex.EncodeToString(key)+"\n"), 0o600)
}

// ExchangeKey is the public half of this signer's exchange key
// (SubjectPublicKeyInfo), made on first use and kept.
func (s *FileStore) ExchangeKey(at time.Time) ([]byte, error) {
	id, ok := s.Current(LabelExchange)
	if !ok {
		var err error
		if id, err = s.Generate(LabelExchange, at); err != nil {
			return nil, err
		}
	}
	pub, err := s.PublicKey(id)
	if err != nil {
		return nil, err
	}
	return sm.MarshalPublicKey(pub)
}

// handedTag begins what is encrypted, so that nothing else that was encrypted to
// an exchange key passes for a tag key.
const handedTag = "tongzheng tag key v1\x00"

const handedBlock = "TONGZHENG TAG KEY"

// HandTagKey encrypts the tag key to another signer's exchange key (SM2,
// GB/T 32918.4, in PEM). fingerprint is SM3 of that key as its keeper told it by
// another way: CodeMalformed when the key at hand is another one. CodeNotFound
// when this folder has no tag key.
func (s *FileStore) HandTagKey(spki []byte, fingerprint sm.Digest) ([]byte, error) {
	if sm.Sum(spki) != fingerprint {
		return nil, registry.Errorf(registry.CodeMalformed, "fingerprint", "the key in the request has fingerprint %s: ask its keeper", sm.Sum(spki))
	}
	pub, err := sm.ParsePublicKey(spki)
	if err != nil || !sm.IsSM2(pub) {
		return nil, registry.Errorf(registry.CodeMalformed, "request", "an exchange key is an SM2 key").WithCause(err)
	}
	key, err := s.TagKey()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, registry.Errorf(registry.CodeNotFound, "", "this signer has no tag key to hand on")
	}
	sealed, err := sm2.EncryptASN1(rand.Reader, pub, append([]byte(handedTag), key...))
	if err != nil {
		return nil, fmt.Errorf("encrypting the tag key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: handedBlock, Bytes: sealed}), nil
}

// TakeTagKey decrypts what HandTagKey made and keeps it, when it is the key that
// the ledger names: CodeMalformed otherwise, and the folder stays as it was.
func (s *FileStore) TakeTagKey(text []byte, named sm.Digest) error {
	if named.IsZero() {
		return registry.Errorf(registry.CodeRules, "rules", "the ledger names no tag key")
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != handedBlock {
		return registry.Errorf(registry.CodeMalformed, "file", "want what tongzheng keys tag hand wrote")
	}
	id, ok := s.Current(LabelExchange)
	if !ok {
		return registry.Errorf(registry.CodeNotFound, "", "this signer has no exchange key: begin with tongzheng keys tag request")
	}
	private, err := s.private(id)
	if err != nil {
		return err
	}
	plain, err := sm2.Decrypt(private, block.Bytes)
	key, ours := bytes.CutPrefix(plain, []byte(handedTag))
	switch {
	case err != nil || !ours || len(key) != tagKeySize:
		return registry.Errorf(registry.CodeMalformed, "file", "it was not made for this signer's exchange key").WithCause(err)
	case sm.Sum(key) != named:
		return registry.Errorf(registry.CodeMalformed, "file", "SM3 of the key in it is %s, the ledger names %s", sm.Sum(key), named)
	}
	return s.writeTagKey(key)
}
