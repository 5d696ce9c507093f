package signer

import (
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Uses of keys, as the log names them.
const (
	UseSeal       = "seal"
	UseSealPort   = "seal-port" // a seal whose key is elsewhere
	UseRegister   = "register"
	UseOrder      = "order"
	UseAuthorship = "authorship"
	UseQR         = "qr"
	UseTimeStamp  = "time-stamp"
	UseStatus     = "status"
	UseTag        = "tag" // of the deployment's tag key; Subject: registry.TagRequest.Subject

	// UseNotRecomputed stands beside a use whose contents could not be recomputed
	// from the file or against the ledger: a collected version, or one that
	// follows a version of the first rules.
	UseNotRecomputed = "not-recomputed"
)

// LogLine is one use of a key. Lines are chained: each carries the digest of
// the one before, so that none can be changed or taken out unless all later
// ones are made anew; whoever kept the head (LogHead) then sees it. Subject is
// a digest: the log carries nothing personal.
type LogLine struct {
	Number   uint64    `cbor:"1,keyasint" json:"number"` // from 1
	Time     int64     `cbor:"2,keyasint" json:"time"`   // Unix seconds
	Use      string    `cbor:"3,keyasint" json:"use"`
	Key      sm.KeyID  `cbor:"4,keyasint,omitempty" json:"key,omitempty"`
	Subject  sm.Digest `cbor:"5,keyasint,omitzero" json:"subject"`
	Previous sm.Digest `cbor:"6,keyasint,omitzero" json:"previous"`

	Organization string `cbor:"7,keyasint,omitempty" json:"organization,omitempty"` // tag: who asked
}

func lineDigest(raw []byte) sm.Digest { return sm.Tagged("tongzheng use log v1", raw) }

// log appends lines durably before the use they announce.
func (s *Service) log(lines ...LogLine) error {
	err := s.db.Batch(func(tx *bbolt.Tx) error { return appendLog(tx, s.now(), lines...) })
	if err != nil {
		return fmt.Errorf("use log: %w", err)
	}
	return nil
}

func appendLog(tx *bbolt.Tx, at time.Time, lines ...LogLine) error {
	bucket := tx.Bucket(bucketLog)
	number, previous := uint64(0), sm.Digest{}
	if key, raw := bucket.Cursor().Last(); key != nil {
		number, previous = binary.BigEndian.Uint64(key), lineDigest(raw)
	}
	for _, line := range lines {
		number++
		line.Number, line.Time, line.Previous = number, at.Unix(), previous
		raw, err := registry.Encode(&line)
		if err != nil {
			return err
		}
		if err := bucket.Put(binary.BigEndian.AppendUint64(nil, number), raw); err != nil {
			return err
		}
		previous = lineDigest(raw)
	}
	return nil
}

// LogHead is the end of the use log: how many lines, and the last one's digest.
type LogHead struct {
	Lines  uint64    `json:"lines"`
	Digest sm.Digest `json:"digest"`
}

// CheckLog walks the chain and returns its head.
func (s *Service) CheckLog() (LogHead, error) {
	return s.ReadLog(func(LogLine) error { return nil })
}

// ReadLog walks the chain, handing every line to fn, and returns its head.
func (s *Service) ReadLog(fn func(LogLine) error) (LogHead, error) {
	var head LogHead
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketLog).ForEach(func(key, raw []byte) error {
			var line LogLine
			if err := registry.Decode(raw, &line); err != nil {
				return fmt.Errorf("use log, line %d: %w", head.Lines+1, err)
			}
			if line.Number != head.Lines+1 || binary.BigEndian.Uint64(key) != line.Number || line.Previous != head.Digest {
				return fmt.Errorf("use log: broken before line %d", line.Number)
			}
			head = LogHead{line.Number, lineDigest(raw)}
			return fn(line)
		})
	})
	return head, err
}
