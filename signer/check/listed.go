package check

import (
	"crypto/ecdsa"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Learn tells the roots what a key list says: which keys were stolen or
// retired, and which came after the roots were pinned. ParseKeyList must have
// verified it. Learn must not run beside verification.
func (r *Roots) Learn(list *KeyList) { r.keys = list }

// listUses are the words of key lists for the uses of pinned certificates.
var listUses = map[Use]string{UseStatus: KeyUseStatus, UseCheckpoint: KeyUseLedger}

// listed finds a key of a use in the key list; nil when there is no list or no
// such key.
func (r *Roots) listed(use Use, id sm.KeyID) *ListedKey {
	if r == nil || r.keys == nil {
		return nil
	}
	if k := r.keys.Find(id); k != nil && k.Use == listUses[use] {
		return k
	}
	return nil
}

// stolen tells whether a signature that somebody other than the key's holder
// saw at the instant, zero for nobody, is in doubt because the key was stolen.
func (k *ListedKey) stolen(seen time.Time) bool {
	return k.CompromisedAt != 0 && (seen.IsZero() || seen.Unix() >= k.CompromisedAt)
}

// fromList is a key of the list as pinnedFor returns one. at is the instant
// that the signature names, seen as stolen takes it.
func (k *ListedKey) fromList(at, seen time.Time) (*ecdsa.PublicKey, []byte, error) {
	switch {
	case k.stolen(seen):
		return nil, nil, registry.Errorf(registry.CodeForbidden, "key", "key %s was stolen, and nobody else saw the signature before that", k.ID)
	case at.Before(time.Unix(k.NotBefore, 0).Add(-clockSlack)) || k.NotAfter != 0 && at.After(time.Unix(k.NotAfter, 0).Add(clockSlack)):
		return nil, nil, registry.Errorf(registry.CodeForbidden, "key", "key %s was not in use at that time", k.ID)
	}
	pub, err := sm.ParsePublicKey(k.Public)
	if err != nil {
		return nil, nil, registry.Errorf(registry.CodeForbidden, "key", "key %s cannot be read", k.ID).WithCause(err)
	}
	return pub, k.Public, nil
}

// qrListed adds the list's QR keys and takes the stolen ones away.
func (r *Roots) qrListed(keys QRKeys) error {
	if r.keys == nil {
		return nil
	}
	listed, err := r.keys.QRKeys()
	if err != nil {
		return err
	}
	for hint, pub := range listed {
		keys[hint] = pub
	}
	for hint := range keys {
		if r.qrStolen(hint) {
			delete(keys, hint)
		}
	}
	return nil
}

// qrStolen tells whether codes with this key hint are in doubt.
func (r *Roots) qrStolen(hint KeyHint) bool {
	if r == nil || r.keys == nil {
		return false
	}
	for _, k := range r.keys.Keys {
		if h, err := KeyHintOf(k.ID); err == nil && h == hint && k.Use == KeyUseQR && k.CompromisedAt != 0 {
			return true
		}
	}
	return false
}

// stampStolen tells whether a time stamp's key was stolen: its thief can write
// any time.
func (r *Roots) stampStolen(ts *TimeStamp) bool {
	if r == nil || r.keys == nil {
		return false
	}
	k := r.keys.Find(sm.KeyIDOf(ts.Certificate.RawSubjectPublicKeyInfo))
	return k != nil && k.CompromisedAt != 0
}

// checkListed judges the stamper's key by the key list. stamped is the time of
// a trusted time stamp, zero without one.
func (v *verifier) checkListed(rec recorder, cert *smx509.Certificate, signed, stamped time.Time) {
	if v.roots == nil || v.roots.keys == nil {
		return
	}
	seen := stamped
	if seen.IsZero() || !v.opts.Seen.IsZero() && v.opts.Seen.Before(seen) {
		seen = v.opts.Seen
	}
	k := v.roots.keys.Find(sm.KeyIDOf(cert.RawSubjectPublicKeyInfo))
	switch {
	case k == nil:
		rec.note(registry.CheckCertificate, "key-not-listed", "")
	case k.stolen(seen):
		rec.fail(registry.CheckCertificate, "key-stolen", day(time.Unix(k.CompromisedAt, 0)))
	case signed.Before(time.Unix(k.NotBefore, 0).Add(-clockSlack)) || k.NotAfter != 0 && signed.After(time.Unix(k.NotAfter, 0).Add(clockSlack)):
		rec.fail(registry.CheckCertificate, "key-not-in-use", "")
	case k.CompromisedAt != 0:
		rec.note(registry.CheckCertificate, "key-stolen-later", day(time.Unix(k.CompromisedAt, 0)))
	default:
		rec.pass(registry.CheckCertificate, "密钥列表中没有此密钥失窃或停用的记载", "the key list has nothing against the key")
	}
}
