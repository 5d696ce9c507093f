package signer

import (
	"context"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// DefaultTagsPerHour lets a county bring in some ten thousand licenses in an
// hour, and has whoever tries out a population leave a line for each.
const DefaultTagsPerHour = 10000

// Tag implements the office's Sealer: the tag of a holder, for a draft of an
// organization whose act key is here, of a type that bars holders. Every tag is a
// line in the use log, without the holder, before it is answered. CodeUnavailable
// where the key is not the one that the ledger names, CodeRateLimited when the
// organization has had its share of the hour, CodeMalformed where there is
// nothing to tag, CodeHolderCode and others for a code that nobody can have.
func (s *Service) Tag(ctx context.Context, ask registry.TagRequest) (sm.Digest, error) {
	var none sm.Digest
	law := s.law(ctx)
	// 1. Who asks, and for what.
	if ask.Draft == "" {
		return none, registry.Errorf(registry.CodeMissing, "draft", "a tag is made for a draft")
	}
	if _, err := s.actKey(ctx, ask.Organization); err != nil {
		return none, err
	}
	record, err := typeRecord(law, ask.Type, ask.TypeVersion)
	if err != nil {
		return none, err
	}
	if len(record.Bars) == 0 {
		return none, registry.Errorf(registry.CodeMalformed, "type", "type %s bars nobody: it has no tags", ask.Type)
	}
	if err := registry.CheckHolderCode(ask.Holder.CodeType, ask.Holder.Code, registry.DateOf(s.now())); err != nil {
		return none, err
	}
	// 2. The key that the ledger names.
	rules, err := law.Rules()
	if err != nil {
		return none, err
	}
	key, err := s.tagKey(rules)
	if err != nil {
		return none, err
	}
	if key == nil { // as registries made them then
		key = s.cfg.TokenKey
	}
	if len(key) == 0 {
		return none, registry.Errorf(registry.CodeRules, "rules", "the ledger names no tag key, and this signer has no token key")
	}
	// 3. Counted and logged, durably; then answered.
	if err := s.countTag(ask); err != nil {
		return none, err
	}
	return registry.HolderTag(key, ask.Type, ask.Holder), nil
}

// tagKey is the key that the ledger names; nil under rules that name none.
// CodeUnavailable, with what to do, where it is not here.
func (s *Service) tagKey(rules *registry.Rules) ([]byte, error) {
	if rules.TagKey.IsZero() {
		return nil, nil
	}
	var key []byte
	if s.cfg.TagKey != nil {
		var err error
		if key, err = s.cfg.TagKey(); err != nil {
			return nil, registry.Errorf(registry.CodeUnavailable, "", "the tag key of this signer cannot be read").WithCause(err)
		}
	}
	switch {
	case len(key) == 0:
		return nil, registry.Errorf(registry.CodeUnavailable, "", "this signer does not have the deployment's tag key: tongzheng keys tag request here, hand at the city's signer, take here")
	case sm.Sum(key) != rules.TagKey:
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the tag key of this signer is not the one that the ledger names: tongzheng keys tag take brings the right one")
	}
	return key, nil
}

// keptTags are an organization's tags within the last hour that it asked in.
type keptTags struct {
	Hour  int64 `cbor:"1,keyasint"` // Unix seconds divided by 3600
	Count int   `cbor:"2,keyasint"`
}

// countTag counts a tag against its organization's share, and logs it.
func (s *Service) countTag(ask registry.TagRequest) error {
	most := s.cfg.TagsPerHour
	if most == 0 {
		most = DefaultTagsPerHour
	}
	now := s.now()
	return s.db.Batch(func(tx *bbolt.Tx) error {
		bucket, organization := tx.Bucket(bucketTags), []byte(ask.Organization)
		var had keptTags
		if raw := bucket.Get(organization); raw != nil {
			if err := registry.Decode(raw, &had); err != nil {
				return err
			}
		}
		// A clock that was put back opens no new hour.
		if hour := now.Unix() / int64(time.Hour/time.Second); hour > had.Hour {
			had = keptTags{Hour: hour}
		}
		if had.Count >= most {
			return registry.Errorf(registry.CodeRateLimited, "holder", "%s has asked for %d tags within this hour: go on in the next one", ask.Organization, most)
		}
		had.Count++
		raw, err := registry.Encode(&had)
		if err != nil {
			return err
		}
		if err := bucket.Put(organization, raw); err != nil {
			return err
		}
		return appendLog(tx, now, LogLine{Use: UseTag, Subject: ask.Subject(), Organization: ask.Organization})
	})
}
