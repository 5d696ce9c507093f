package signer

import (
	"bytes"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/pack"
	"tongzheng/registry/sm"
)

// keptAct is an act that was sealed or registered: what is answered for ever. Of a
// sealed document the parts are kept and not the document: who asks again brings the
// unsealed one, which the intent's content digest tells from any other.
type keptAct struct {
	Entry  []byte `cbor:"1,keyasint"`           // canonical bytes
	Sealed []byte `cbor:"2,keyasint,omitempty"` // of the first form: the whole document
	Parts  []byte `cbor:"3,keyasint,omitempty"` // pack.Keep
}

// keptFormTwo is in front of an act of the second form, which has parts. The first
// form has no such byte: it begins with the head of a CBOR map.
const keptFormTwo = 0x02

// sealedDocument is what sealing made; zero for acts that make no version.
type sealedDocument struct {
	sealedOFD
	holder sm.Digest // SM3 of the holder's name in it, zero when it names none
}

// kept returns what was answered for the intent or order, nil when it is new.
func (s *Service) kept(digest sm.Digest) (*keptAct, error) {
	var act *keptAct
	err := s.db.View(func(tx *bbolt.Tx) error {
		var err error
		act, err = readAct(tx, digest)
		return err
	})
	return act, err
}

func readAct(tx *bbolt.Tx, digest sm.Digest) (*keptAct, error) {
	raw := tx.Bucket(bucketActs).Get(digest[:])
	if raw == nil {
		return nil, nil
	}
	text, second := bytes.CutPrefix(raw, []byte{keptFormTwo})
	act := new(keptAct)
	err := registry.Decode(text, act)
	if err == nil && second != (len(act.Parts) > 0) {
		err = errors.New("another form than it says")
	}
	if err != nil {
		return nil, fmt.Errorf("what was kept of %s is damaged: %w", digest, err)
	}
	act.Entry, act.Sealed, act.Parts = bytes.Clone(act.Entry), bytes.Clone(act.Sealed), bytes.Clone(act.Parts)
	return act, nil
}

// newAct is what is kept of an act.
func newAct(entry *registry.Entry, doc sealedDocument) (act *keptAct, raw []byte, err error) {
	act = &keptAct{Entry: entry.Bytes()}
	if doc.parts == nil {
		raw, err = registry.Encode(act)
		return act, raw, err
	}
	if act.Parts, _, err = pack.Keep(doc.parts); err == nil {
		raw, err = registry.Encode(act)
	}
	return act, append([]byte{keptFormTwo}, raw...), err
}

// document is the sealed document of a kept act, composed again from the unsealed
// one that the job brings. seal returns the SESeal with a digest.
func (act *keptAct) document(job *registry.SealJob, seal func(sm.Digest) ([]byte, error)) ([]byte, *registry.SealParts, error) {
	if len(act.Parts) == 0 {
		return act.Sealed, nil, nil
	}
	if job.Version == nil || job.Version.Type == nil || !job.Version.Document.IsZero() || job.Version.Digest() != job.Intent.Content {
		return nil, nil, registry.Errorf(registry.CodeContent, "unsealed", "these are not the fields and the document that were approved and sealed")
	}
	parts, err := pack.Kept(act.Parts, seal)
	if err != nil {
		return nil, nil, err
	}
	sealed, err := pack.Restore(job.Version.Unsealed, parts)
	return sealed, parts, err
}

// keep is the signer's commit point: act, entry, printings and use log in one
// durable transaction. Of two that race for one intent the first stays, and
// both callers get it.
func (s *Service) keep(digest sm.Digest, entry *registry.Entry, doc sealedDocument, uses ...LogLine) (act *keptAct, first bool, err error) {
	act, raw, err := newAct(entry, doc)
	if err != nil {
		return nil, false, err
	}
	var earlier *keptAct
	err = s.db.Batch(func(tx *bbolt.Tx) error {
		var err error
		if earlier, err = readAct(tx, digest); err != nil || earlier != nil {
			return err
		}
		if err := tx.Bucket(bucketActs).Put(digest[:], raw); err != nil {
			return err
		}
		entryDigest := entry.Digest()
		if err := tx.Bucket(bucketEntries).Put(entryDigest[:], []byte(entry.Author())); err != nil {
			return err
		}
		if entry.Intent != nil {
			if err := keepPrintings(tx, entry.Intent, doc.holder); err != nil {
				return err
			}
		}
		return appendLog(tx, s.now(), uses...)
	})
	if err != nil {
		return nil, false, fmt.Errorf("keeping what was signed for %s: %w", digest, err)
	}
	if earlier != nil {
		return earlier, false, nil
	}
	return act, true, nil
}
