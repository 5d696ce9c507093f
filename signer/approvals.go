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
	record, stored, err := s.cfg.Records.Record(ctx, kind, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s from the ledger: %w", kind, err)
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
		return nil, fmt.Errorf("pin of %s: %w", key, err)
	}
	switch {
	case pin == now:
		return record, nil
	case now.Sequence <= pin.Sequence:
		// A node that lags, or worse: either way, ask again later.
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the ledger shows an older or another %s than before", kind)
	}
	raw, err := registry.Encode(&now)
	if err != nil {
		return nil, err
	}
	if err := s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketPins).Put(key, raw) }); err != nil {
		return nil, fmt.Errorf("pin of %s: %w", key, err)
	}
	return record, nil
}

// recordAs reads a record of a known type; nil when absent.
func recordAs[T registry.GovernanceRecord](ctx context.Context, s *Service, kind registry.RecordKind, name string) (T, error) {
	var none T
	record, err := s.record(ctx, kind, name)
	if err != nil || record == nil {
		return none, err
	}
	typed, ok := record.(T)
	if !ok {
		return none, fmt.Errorf("the ledger's %s is of another type", kind)
	}
	return typed, nil
}

// checkApprovals judges the approvals by keys and policy of the ledger, without
// trusting the registry that brought them. It returns the grant, nil for acts
// of oversight.
func (s *Service) checkApprovals(ctx context.Context, in *registry.Intent, approvals []registry.Approval) (*registry.Grant, error) {
	policy, err := s.policy(ctx, in.Identifier.Type)
	if err != nil {
		return nil, err
	}
	control, err := s.control(ctx, approvals)
	if err != nil {
		return nil, err
	}
	control.Policy = *policy
	var grant *registry.Grant
	if in.Grant != "" {
		if grant, err = recordAs[*registry.Grant](ctx, s, registry.KindGrant, in.Grant); err != nil {
			return nil, err
		}
		if grant == nil {
			return nil, registry.Errorf(registry.CodeGrant, "grant", "no grant %q on the ledger", in.Grant)
		}
	}
	return grant, control.Check(in, grant, s.now().Unix(), approvals)
}

// control gathers the keys that signed, and what passkeys are bound to.
func (s *Service) control(ctx context.Context, approvals []registry.Approval) (*registry.Control, error) {
	rules, err := recordAs[*registry.Rules](ctx, s, registry.KindRules, "current")
	if err != nil {
		return nil, err
	}
	if rules == nil {
		return nil, registry.Errorf(registry.CodeRules, "", "the ledger has no rules yet")
	}
	control := &registry.Control{Approvers: map[sm.KeyID]registry.Approver{}, RelyingParty: rules.RelyingParty, Origins: rules.Origins}
	for _, a := range approvals {
		key, err := recordAs[*registry.Approver](ctx, s, registry.KindApprover, string(a.KeyID))
		if err != nil {
			return nil, err
		}
		if key != nil {
			control.Approvers[a.KeyID] = *key
		}
	}
	return control, nil
}

func (s *Service) policy(ctx context.Context, typeCode string) (*registry.Policy, error) {
	policy, err := recordAs[*registry.Policy](ctx, s, registry.KindPolicy, typeCode)
	if err == nil && policy == nil {
		policy, err = recordAs[*registry.Policy](ctx, s, registry.KindPolicy, registry.DefaultPolicy)
	}
	if err == nil && policy == nil {
		err = registry.Errorf(registry.CodeApprovalMissing, "", "no control policy on the ledger for type %s", typeCode)
	}
	return policy, err
}

// sealFor finds the SESeal that the ledger names for the act, in use now and of
// the deciding organization.
func (s *Service) sealFor(ctx context.Context, in *registry.Intent, grant *registry.Grant) ([]byte, error) {
	record, err := recordAs[*registry.SealRecord](ctx, s, registry.KindSeal, in.Seal)
	switch {
	case err != nil:
		return nil, err
	case record == nil:
		return nil, registry.Errorf(registry.CodeSealUnknown, "seal", "seal %q is not on file", in.Seal)
	case grant == nil || record.Owner != grant.Decider:
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
