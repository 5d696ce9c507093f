// Package person reads and makes the key files of persons, and signs with
// them: approvals, case steps, order sheets. It knows no instance and no
// ledger; a person may have it on a machine of one's own.
package person

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Key reads a person's SM2 key file (PKCS #8, PEM), or makes it.
func Key(path string) (*sm2.PrivateKey, error) {
	if raw, err := os.ReadFile(path); err == nil {
		return ParseKey(raw)
	}
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := smx509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// ParseKey reads a person's SM2 key.
func ParseKey(raw []byte) (*sm2.PrivateKey, error) {
	block, _ := pem.Decode(bytes.TrimSpace(raw))
	if block == nil {
		return nil, fmt.Errorf("not a PEM file")
	}
	key, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*sm2.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("not an SM2 key")
	}
	return private, nil
}

// Approve signs an intent digest with a person's key.
func Approve(key *sm2.PrivateKey, digest sm.Digest) (registry.Approval, error) {
	spki, err := sm.MarshalPublicKey(&key.PublicKey)
	if err != nil {
		return registry.Approval{}, err
	}
	signature, err := key.SignWithSM2(rand.Reader, nil, registry.ApprovalMessage(digest))
	return registry.Approval{Algorithm: registry.SM2SM3, KeyID: sm.KeyIDOf(spki), Signature: signature}, err
}

// ApproveIntent signs the digest of an intent with the key in a file, once the
// digest is that of the canonical bytes that the server shows: what is signed is
// what can be read.
func ApproveIntent(file string, canonical []byte, digest sm.Digest) (registry.Approval, error) {
	key, err := keyIn(file)
	if err != nil {
		return registry.Approval{}, err
	}
	if err := (Shown{canonical, digest}).check(); err != nil {
		return registry.Approval{}, err
	}
	return Approve(key, digest)
}

// Shown is an intent as a server shows it, with the digest that it asks to sign.
type Shown struct {
	Canonical []byte
	Digest    sm.Digest
}

func (s Shown) check() error {
	var intent registry.Intent
	if err := registry.Decode(s.Canonical, &intent); err != nil {
		return err
	}
	if intent.Digest() != s.Digest {
		return fmt.Errorf("the server shows one intent and asks to sign another: not signed")
	}
	return nil
}

// ApproveBatch signs several intents once with the key in a file, each recomputed as
// by ApproveIntent, and gives each its approval (registry.SplitBatch).
func ApproveBatch(file string, shown []Shown) ([]registry.Approval, error) {
	key, err := keyIn(file)
	if err != nil {
		return nil, err
	}
	digests := make([]sm.Digest, len(shown))
	for i, s := range shown {
		if err := s.check(); err != nil {
			return nil, err
		}
		digests[i] = s.Digest
	}
	signed, err := Approve(key, registry.BatchDigest(digests))
	if err != nil {
		return nil, err
	}
	return registry.SplitBatch(signed, digests)
}

func keyIn(file string) (*sm2.PrivateKey, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := ParseKey(raw)
	if err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "", "%s: %v", file, err)
	}
	return key, nil
}

// PublicPEM is the public side of a person's key, to hand in for enrollment or
// to name a keeper by.
func PublicPEM(key *sm2.PrivateKey) ([]byte, error) {
	spki, err := sm.MarshalPublicKey(&key.PublicKey)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), err
}

// ParsePublic reads what PublicPEM writes: SubjectPublicKeyInfo, SM2.
func ParsePublic(raw []byte) ([]byte, error) {
	block, _ := pem.Decode(bytes.TrimSpace(raw))
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("not a PEM file with a public key")
	}
	pub, err := sm.ParsePublicKey(block.Bytes)
	if err != nil || !sm.IsSM2(pub) {
		return nil, fmt.Errorf("not an SM2 public key")
	}
	return block.Bytes, nil
}

// ReadKeepers reads the public keys of those who may open the ledger.
func ReadKeepers(files []string) (map[sm.KeyID][]byte, error) {
	keepers := map[sm.KeyID][]byte{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("keeper: %w", err)
		}
		spki, err := ParsePublic(raw)
		if err != nil {
			return nil, fmt.Errorf("keeper %s: %w", file, err)
		}
		keepers[sm.KeyIDOf(spki)] = spki
	}
	return keepers, nil
}
