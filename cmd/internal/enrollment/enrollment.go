// Package enrollment is how a member's registry joins a ledger: the member's
// operator makes a file at its own signer — act keys, trust anchors, where its
// registry is reached —, tells its fingerprint by another way than the file, and
// the city's operator has what it says ordered. It orders nothing itself, and no
// private key leaves the signer's folder.
package enrollment

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer"
)

// Enrollment (入网登记) is the content of the file.
type Enrollment struct {
	Member        string            `cbor:"1,keyasint" json:"member"`
	Organizations []Organization    `cbor:"2,keyasint" json:"organizations"`
	Service       *registry.Service `cbor:"3,keyasint,omitempty" json:"service,omitempty"` // where its registry is reached
	Roots         []byte            `cbor:"4,keyasint" json:"roots"`                       // trust anchors of its signer, PEM
	Proofs        []Proof           `cbor:"-" json:"proofs"`                               // one for each organization, in their order
}

// Organization is one whose act key the member's signer holds.
type Organization struct {
	Code string          `cbor:"1,keyasint" json:"code"`
	Name string          `cbor:"2,keyasint" json:"name"` // as in the key's certificate
	Key  registry.ActKey `cbor:"3,keyasint" json:"act_key"`
}

// Proof is a signature of an act key over the whole: who hands the file in had
// the private key.
type Proof []byte

// Fingerprint names everything that the file says, but for its proofs.
func (e *Enrollment) Fingerprint() (sm.Digest, error) {
	raw, err := registry.Encode(e)
	return sm.Tagged("tongzheng enrollment v1", raw), err
}

func (e *Enrollment) message() ([]byte, error) {
	digest, err := e.Fingerprint()
	return append([]byte("tongzheng enrollment v1\x00"), digest[:]...), err
}

// Ask says whose keys a member enrolls.
type Ask struct {
	Member        string
	Organizations []Organization // without their keys
	Service       *registry.Service
}

// Make makes (or finds) the act keys in the signer's folder and writes down what
// the city is to order.
func Make(ctx context.Context, keys *keyring.Keys, ask Ask) (*Enrollment, error) {
	e := &Enrollment{Member: ask.Member, Service: ask.Service, Organizations: slices.Clone(ask.Organizations), Roots: keys.RootsPEM()}
	for i := range e.Organizations {
		o := &e.Organizations[i]
		var err error
		if o.Key, err = keys.ActKey(ctx, o.Name, o.Code); err != nil {
			return nil, err
		}
	}
	if _, err := keys.Publish(); err != nil {
		return nil, err
	}
	message, err := e.message()
	if err != nil {
		return nil, err
	}
	for _, o := range e.Organizations {
		proof, err := signer.SignRaw(keys.Store, o.Key.ID, message)
		if err != nil {
			return nil, err
		}
		e.Proofs = append(e.Proofs, proof)
	}
	return e, e.Check()
}

// Check tells whether the file is whole: every act key has signed all of it.
func (e *Enrollment) Check() error {
	malformed := func(field, format string, args ...any) error {
		return registry.Errorf(registry.CodeMalformed, field, format, args...)
	}
	if e.Member == "" || len(e.Organizations) == 0 || len(e.Proofs) != len(e.Organizations) {
		return malformed("enrollment", "member, organizations and a proof of each are required")
	}
	if s := e.Service; s != nil {
		if err := s.Check(); err != nil {
			return err
		}
		if s.Member != e.Member {
			return malformed("service", "the registry of %s in an enrollment of %s", s.Member, e.Member)
		}
		if *s != (registry.Service{Member: s.Member, Operator: s.Operator, Public: s.Public, Sign: s.Sign, RelyingParty: s.RelyingParty}) {
			return malformed("service", "an enrollment says where the registry is reached; address on paper, keys, exchange and library are orders of their own")
		}
	}
	message, err := e.message()
	if err != nil {
		return err
	}
	for i, o := range e.Organizations {
		if slices.ContainsFunc(e.Organizations[:i], func(before Organization) bool { return before.Code == o.Code }) {
			return malformed("organizations", "%s stands twice: the second order would undo the first", o.Code)
		}
		key, err := sm.ParsePublicKey(o.Key.Public)
		if err != nil || !sm.IsSM2(key) || sm.KeyIDOf(o.Key.Public) != o.Key.ID || !sm.VerifyRaw(key, message, e.Proofs[i]) {
			return malformed("proofs", "the act key of %s has not signed this enrollment", o.Code)
		}
	}
	return nil
}

// Read reads and checks a file.
func Read(path string) (*Enrollment, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	e := new(Enrollment)
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(e); err != nil {
		return nil, registry.Errorf(registry.CodeMalformed, "file", "%s: want what tongzheng keys enroll wrote: %v", path, err)
	}
	if err := e.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// Write writes the file, whole or not at all: somebody may be waiting for it.
func (e *Enrollment) Write(path string) error {
	raw, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(raw, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Finder reads a governance record, nil when the ledger has none.
type Finder func(kind registry.RecordKind, name string) (registry.GovernanceRecord, error)

// Records are what the city orders for it: the organizations that it has
// registered, each with the new act key beside those it has, and the address of
// the member's registry. What the ledger says already is left out.
func (e *Enrollment) Records(find Finder) ([]registry.GovernanceRecord, error) {
	var records []registry.GovernanceRecord
	for _, o := range e.Organizations {
		record, err := find(registry.KindOrganization, o.Code)
		if err != nil {
			return nil, err
		}
		filed, ok := record.(*registry.Organization)
		switch {
		case !ok:
			return nil, registry.Errorf(registry.CodeOrganization, "organizations", "%s %s is not registered: the city orders its record first", o.Code, o.Name)
		case filed.Member != e.Member:
			return nil, registry.Errorf(registry.CodeOrderNotAllowed, "organizations", "%s belongs to member %s, not to %s", o.Code, filed.Member, e.Member)
		case slices.ContainsFunc(filed.ActKeys, func(k registry.ActKey) bool { return k.ID == o.Key.ID }):
			continue
		}
		changed := *filed
		changed.ActKeys = append(slices.Clone(filed.ActKeys), o.Key)
		records = append(records, &changed)
	}
	if e.Service == nil {
		return records, nil
	}
	record, err := find(registry.KindService, e.Member)
	if err != nil {
		return nil, err
	}
	service, changed := Reached(record, e.Service)
	if changed {
		records = append(records, service)
	}
	return records, nil
}

// Reached is the record of a member's registry with the operator and the addresses of
// another one, and whether that changes it: what the ledger says else of the registry
// is not this order's.
func Reached(filed registry.GovernanceRecord, at *registry.Service) (service *registry.Service, changed bool) {
	before, ok := filed.(*registry.Service)
	if !ok {
		return at, true
	}
	now := *before
	now.Operator, now.Public, now.Sign, now.RelyingParty = at.Operator, at.Public, at.Sign, at.RelyingParty
	return &now, !Same(before, &now)
}

// Same tells whether two records say the same.
func Same(a, b registry.GovernanceRecord) bool {
	one, err := registry.Encode(a)
	other, also := registry.Encode(b)
	return err == nil && also == nil && bytes.Equal(one, other)
}
