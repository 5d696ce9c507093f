package statusview

import (
	"bytes"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
)

// decision is an act that decides a case, under its number, grant and ordinal.
type decision struct {
	_            struct{} `cbor:",toarray"`
	Organization string
	Act          registry.Act
	Document     string
	At           int64
}

// decisionKey begins the keys of a case's decisions under a grant.
func decisionKey(grant, caseNumber string) string {
	return registry.FoldNumber(caseNumber) + "\x00" + grant
}

// takeDecision keeps an act by the case that it decides.
func (t *taking) takeDecision(in *registry.Intent, ordinal uint64) error {
	if !in.DecidesCase() || strings.Contains(in.Case+in.Grant, "\x00") {
		return nil
	}
	return put(t.tx, bucketDecisions, chainKey(decisionKey(in.Grant, in.Case), ordinal), decision{Organization: in.Organization, Act: in.Act, Document: in.Decision, At: in.Decided})
}

// CaseDecision returns the first act of one of the parties that decides the case under
// one of the grants, as the ledger has it; nil while there is none. The number is
// compared folded.
func (v *View) CaseDecision(grants, parties []string, caseNumber string) (first *registry.CaseDecision, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		if tx.Bucket(bucketDecisions) == nil {
			return uncounted()
		}
		var soonest []byte
		for _, grant := range grants {
			cursor, prefix := tx.Bucket(bucketDecisions).Cursor(), []byte(decisionKey(grant, caseNumber)+"\x00")
			for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
				kept, err := get[decision](tx, bucketDecisions, key)
				if err != nil {
					return err
				}
				ordinal := key[len(prefix):]
				if slices.Contains(parties, kept.Organization) && (first == nil || bytes.Compare(ordinal, soonest) < 0) {
					soonest, first = ordinal, &registry.CaseDecision{Act: kept.Act, Document: kept.Document, At: kept.At}
				}
			}
		}
		return nil
	})
	return first, err
}

// makeDecisions finds the decisions among the entries of a file of before.
func makeDecisions(tx *bolt.Tx) error {
	t := &taking{tx: tx}
	return tx.Bucket(bucketEntries).ForEach(func(key, raw []byte) error {
		var kept anchored
		if err := registry.Decode(bytes.Clone(raw), &kept); err != nil {
			return err
		}
		e, err := registry.DecodeEntry(kept.Entry)
		if err != nil || e.Intent == nil {
			return err
		}
		return t.takeDecision(e.Intent, ordinalOf(key))
	})
}
