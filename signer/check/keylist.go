package check

import (
	"encoding/json"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Uses of published keys.
const (
	KeyUseQR        = "qr"
	KeyUseStatus    = "status"
	KeyUseTimeStamp = "time-stamp"
	KeyUseSeal      = "seal"
	KeyUseAct       = "act"
	KeyUseLedger    = "ledger" // checkpoints of a single-node ledger
)

// KeyList is every public key that an instance ever signed with, and what is
// known of it. It is signed by one of the anchors that verifiers pin, not by a
// key that it lists: a thief of the status key could otherwise take back the
// news of the theft. An anchor is kept offline, so the list changes with the
// keys, not by the hour; Number rises with each change, and a verifier that
// has seen a higher one refuses a lower.
type KeyList struct {
	Number uint64      `cbor:"1,keyasint" json:"number"` // from 1
	Issued int64       `cbor:"2,keyasint" json:"issued"` // Unix seconds
	Next   int64       `cbor:"3,keyasint" json:"next_update"`
	Keys   []ListedKey `cbor:"4,keyasint" json:"keys"`
}

// ListedKey is one key. Times are Unix seconds; zero is open or never.
type ListedKey struct {
	ID            sm.KeyID `cbor:"1,keyasint" json:"id"`
	Use           string   `cbor:"2,keyasint" json:"use"`
	Public        []byte   `cbor:"3,keyasint" json:"public"` // SubjectPublicKeyInfo
	Certificate   []byte   `cbor:"4,keyasint,omitempty" json:"certificate,omitempty"`
	Subject       string   `cbor:"5,keyasint,omitempty" json:"subject,omitempty"` // seal id or organization
	NotBefore     int64    `cbor:"6,keyasint" json:"not_before"`
	NotAfter      int64    `cbor:"7,keyasint,omitempty" json:"not_after,omitempty"` // end of use: retired keys verify what they signed before
	CompromisedAt int64    `cbor:"8,keyasint,omitempty" json:"compromised_at,omitempty"`
}

// SignedKeyList is a key list as it is published, in JSON.
type SignedKeyList struct {
	List      []byte   `json:"list"` // canonical bytes of a KeyList
	Key       sm.KeyID `json:"key"`  // of the anchor that signed
	Signature []byte   `json:"signature"`
}

// keyListTag keeps an anchor's signature over a list from serving any other
// purpose.
const keyListTag = "tongzheng key list v1\x00"

// KeyListMessage is what an anchor signs (SM2, r ‖ s).
func KeyListMessage(list []byte) []byte { return append([]byte(keyListTag), list...) }

func keyListError(format string, args ...any) *registry.Error {
	return registry.Errorf(registry.CodeMalformed, "key-list", format, args...)
}

// Check tells whether the list is well formed: ids that fit their keys, each
// once, times in order.
func (l *KeyList) Check() error {
	if l.Number == 0 || l.Issued <= 0 || l.Next <= l.Issued {
		return keyListError("number, issue and next update are required")
	}
	seen := map[sm.KeyID]bool{}
	for _, k := range l.Keys {
		switch {
		case seen[k.ID] || sm.KeyIDOf(k.Public) != k.ID:
			return keyListError("key %s stands twice or has another id", k.ID)
		case k.Use == "" || k.NotBefore <= 0 || k.NotAfter != 0 && k.NotAfter < k.NotBefore || k.CompromisedAt < 0:
			return keyListError("key %s: use and period are required", k.ID)
		}
		if _, err := sm.ParsePublicKey(k.Public); err != nil {
			return keyListError("key %s cannot be read", k.ID).WithCause(err)
		}
		seen[k.ID] = true
	}
	return nil
}

// Find returns the key with this id, nil when it is not listed.
func (l *KeyList) Find(id sm.KeyID) *ListedKey {
	for i := range l.Keys {
		if l.Keys[i].ID == id {
			return &l.Keys[i]
		}
	}
	return nil
}

// GoodAt tells whether a signature made at the instant (Unix seconds) by this
// key counts: within its period and before its theft. Whoever relies on it
// must know the instant from somebody else than the key's holder: an anchor on
// the ledger, a time stamp.
func (k *ListedKey) GoodAt(at int64) bool {
	return k.NotBefore <= at && (k.NotAfter == 0 || at < k.NotAfter) && (k.CompromisedAt == 0 || at < k.CompromisedAt)
}

// QRKeys are the QR keys of the list that were never stolen: a code names no
// time that anyone else vouches for, so that a stolen key's codes are all in
// doubt — sheets are then judged by their printing on the ledger alone.
func (l *KeyList) QRKeys() (QRKeys, error) {
	keys := QRKeys{}
	for _, k := range l.Keys {
		if k.Use != KeyUseQR || k.CompromisedAt != 0 {
			continue
		}
		pub, err := sm.ParsePublicKey(k.Public)
		if err != nil {
			return nil, keyListError("key %s cannot be read", k.ID).WithCause(err)
		}
		if err := keys.Add(pub); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// ParseKeyList reads a published list and verifies that one of the roots'
// anchors signed it. A list past its next update is returned with
// CodeUnavailable beside it: what it says held once. least is the highest
// number that the caller has seen; a lower one is CodeStale.
func ParseKeyList(text []byte, roots *Roots, at time.Time, least uint64) (*KeyList, error) {
	var signed SignedKeyList
	if err := json.Unmarshal(text, &signed); err != nil {
		return nil, keyListError("not a signed key list").WithCause(err)
	}
	if !roots.anchorSigned(signed.Key, KeyListMessage(signed.List), signed.Signature, at) {
		return nil, keyListError("no pinned anchor signed it")
	}
	list := new(KeyList)
	if err := registry.Decode(signed.List, list); err != nil {
		return nil, err
	}
	switch err := list.Check(); {
	case err != nil:
		return nil, err
	case list.Number < least:
		return nil, registry.Errorf(registry.CodeStale, "key-list", "number %d, but %d was seen", list.Number, least)
	case at.Unix() > list.Next:
		return list, registry.Errorf(registry.CodeUnavailable, "key-list", "its next update was due %s", day(time.Unix(list.Next, 0)))
	}
	return list, nil
}

// anchorSigned tells whether a self-issued pinned certificate, trusted for all
// uses and valid then, has this key and made the signature.
func (r *Roots) anchorSigned(id sm.KeyID, message, signature []byte, at time.Time) bool {
	if r == nil {
		return false
	}
	for _, e := range r.entries {
		c := e.cert
		if sm.KeyIDOf(c.RawSubjectPublicKeyInfo) != id || string(c.RawSubject) != string(c.RawIssuer) || len(e.uses) > 0 ||
			at.Before(c.NotBefore) || at.After(c.NotAfter) {
			continue
		}
		if sm.VerifyRaw(publicKey(c), message, signature) {
			return true
		}
	}
	return false
}
