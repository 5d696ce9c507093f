package signer

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// keptPin remembers how far a governance record had come when it was read, so
// that nobody can show the signer an older one: a key taken back, a policy
// before it was tightened.
type keptPin struct {
	Sequence uint64    `cbor:"1,keyasint"`
	Head     sm.Digest `cbor:"2,keyasint"`
}

// record reads a governance record and pins it. It is nil when absent.
func (s *Service) record(ctx context.Context, kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	record, _, err := s.recordAt(ctx, kind, name)
	return record, err
}

// recordAt is record with how far the record has come, 0 when absent.
func (s *Service) recordAt(ctx context.Context, kind registry.RecordKind, name string) (registry.GovernanceRecord, uint64, error) {
	record, stored, err := s.cfg.Records.Record(ctx, kind, name)
	if err != nil {
		return nil, 0, fmt.Errorf("reading %s from the ledger: %w", kind, err)
	}
	now := keptPin{}
	if stored != nil {
		now = keptPin{stored.Sequence, stored.Head}
	}
	key := []byte(registry.RecordKey(kind, name))
	var pin keptPin
	err = s.db.View(func(tx *bbolt.Tx) error {
		if raw := tx.Bucket(bucketPins).Get(key); raw != nil {
			return registry.Decode(raw, &pin)
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("pin of %s: %w", key, err)
	}
	switch {
	case pin == now:
		return record, now.Sequence, nil
	case now.Sequence <= pin.Sequence:
		// A node that lags, or worse: either way, ask again later.
		return nil, 0, registry.Errorf(registry.CodeUnavailable, "", "the ledger shows an older or another %s than before", kind)
	}
	raw, err := registry.Encode(&now)
	if err != nil {
		return nil, 0, err
	}
	if err := s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketPins).Put(key, raw) }); err != nil {
		return nil, 0, fmt.Errorf("pin of %s: %w", key, err)
	}
	return record, now.Sequence, nil
}

// pinned is the ledger as the signer judges by it during one request: read from
// its own source, each record once, and never older than it was before.
type pinned struct {
	ctx     context.Context
	service *Service
	read    map[string]registry.GovernanceRecord
}

// law gathers what one request is judged by.
func (s *Service) law(ctx context.Context) registry.Gatherer {
	return registry.Gatherer{Records: &pinned{ctx, s, map[string]registry.GovernanceRecord{}}}
}

// Record implements registry.Records.
func (p *pinned) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	key := registry.RecordKey(kind, name)
	if record, ok := p.read[key]; ok {
		return record, nil
	}
	record, err := p.service.record(p.ctx, kind, name)
	if err == nil {
		p.read[key] = record
	}
	return record, err
}

// sealFor finds the SESeal that the ledger names for the act, in use now and of
// the deciding organization.
func (s *Service) sealFor(law registry.Gatherer, in *registry.Intent) ([]byte, error) {
	grant, err := law.Grant(in.Grant)
	if err != nil {
		return nil, err
	}
	record, err := registry.RecordOf[*registry.SealRecord](law.Records, registry.KindSeal, in.Seal)
	switch {
	case err != nil:
		return nil, err
	case record == nil:
		return nil, registry.Errorf(registry.CodeSealUnknown, "seal", "seal %q is not on file", in.Seal)
	case record.Owner != grant.Decider:
		return nil, registry.Errorf(registry.CodeSealScope, "seal", "seal %s is not the deciding organization's", in.Seal)
	}
	if state := record.StateAt(s.now().Unix()); state != registry.SealInUse {
		return nil, registry.Errorf(registry.CodeSealState, "seal", "seal %s is %s", in.Seal, state)
	}
	der, err := s.SealFile(record.Digest)
	if err == nil && len(der) == 0 {
		err = registry.Errorf(registry.CodeSealUnknown, "seal", "this signer does not hold seal %s", in.Seal)
	}
	return der, err
}
