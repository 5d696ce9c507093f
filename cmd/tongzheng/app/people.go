package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"tongzheng/api/signin"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// relyingParty and origin are what passkeys of this site are bound to.
func relyingParty(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func origin(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// signing are the roles whose holders sign with a key of their own.
var signing = []registry.Role{registry.RoleAcceptor, registry.RoleExaminer, registry.RoleApprover,
	registry.RoleSealKeeper, registry.RolePrinter, registry.RoleWitness, registry.RoleGovernor}

// accounts makes the plan's demonstration accounts, each with a password, an
// API key and, where the person signs, an SM2 key file enrolled on the ledger.
func (s *seeder) accounts(ctx context.Context) error {
	var approvers []registry.GovernanceRecord
	for _, planned := range s.plan.Accounts {
		organization, _ := s.plan.Organization(planned.Organization)
		account := DemoAccount{Login: planned.Login, Name: planned.Name, Organization: organization.Name, Code: organization.Code, Roles: planned.Roles}
		person := personOf(planned.Login)
		if !planned.Machine && slices.ContainsFunc(planned.Roles, func(r registry.Role) bool { return slices.Contains(signing, r) }) {
			approver, err := s.signingKey(&account, person)
			if err != nil {
				return err
			}
			approvers = append(approvers, approver)
		}
		if err := s.account(ctx, &account, planned, person); err != nil {
			return fmt.Errorf("account %s: %w", planned.Login, err)
		}
		s.demo.Accounts = append(s.demo.Accounts, account)
	}
	return s.govern(ctx, approvers)
}

// personOf is the pseudonym that stands for a person on the ledger.
func personOf(login string) string {
	return "p" + sm.Tagged("tongzheng demo person", []byte(login)).String()[:16]
}

// signingKey makes (or finds) a person's key file.
func (s *seeder) signingKey(account *DemoAccount, person string) (*registry.Approver, error) {
	account.KeyFile = filepath.Join("people", account.Login+".pem")
	key, err := PersonKey(s.app.path(account.KeyFile))
	if err != nil {
		return nil, err
	}
	spki, err := sm.MarshalPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	account.KeyID = sm.KeyIDOf(spki)
	roles := slices.DeleteFunc(slices.Clone(account.Roles), func(r registry.Role) bool { return !slices.Contains(signing, r) })
	return &registry.Approver{KeyID: account.KeyID, Algorithm: registry.SM2SM3, Public: spki, Person: person,
		Organization: account.Code, Roles: roles, From: s.app.Config.Clock().Unix()}, nil
}

// PersonKey reads a person's SM2 key file (PKCS #8, PEM), or makes it.
func PersonKey(path string) (*sm2.PrivateKey, error) {
	if raw, err := os.ReadFile(path); err == nil {
		return ParsePersonKey(raw)
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

// PublicPEM is the public side of a person's key, to hand in for enrollment or
// to name a keeper by.
func PublicPEM(key *sm2.PrivateKey) ([]byte, error) {
	spki, err := sm.MarshalPublicKey(&key.PublicKey)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), err
}

// ParsePublicKey reads what PublicPEM writes: SubjectPublicKeyInfo, SM2.
func ParsePublicKey(raw []byte) ([]byte, error) {
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

// readKeepers reads the public keys of those who may open the ledger.
func readKeepers(files []string) (map[sm.KeyID][]byte, error) {
	keepers := map[sm.KeyID][]byte{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("keeper: %w", err)
		}
		spki, err := ParsePublicKey(raw)
		if err != nil {
			return nil, fmt.Errorf("keeper %s: %w", file, err)
		}
		keepers[sm.KeyIDOf(spki)] = spki
	}
	return keepers, nil
}

// ParsePersonKey reads a person's SM2 key.
func ParsePersonKey(raw []byte) (*sm2.PrivateKey, error) {
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

// enroll orders the approver record of an account's new passkey. Outside a
// demonstration it waits for two governors then (*office.Awaiting).
func (a *App) enroll(ctx context.Context, account signin.Account, spki []byte) error {
	rules, _, err := a.View.Record(registry.KindRules, "current")
	if err != nil {
		return err
	}
	current, ok := rules.(*registry.Rules)
	if !ok {
		return registry.Errorf(registry.CodeUnavailable, "", "the ledger has no rules yet")
	}
	roles := slices.DeleteFunc(slices.Clone(account.Roles), func(r registry.Role) bool { return !slices.Contains(signing, r) })
	return a.Office.Govern(ctx, []office.Ordinance{{Organization: current.City, Basis: "通行密钥登记", Record: &registry.Approver{
		KeyID: sm.KeyIDOf(spki), Algorithm: registry.WebAuthn, Public: spki, Person: account.Person,
		Organization: account.Organization, Roles: roles, From: a.Config.Clock().Unix()}}})
}
