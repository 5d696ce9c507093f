package signer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// KeyNote is what became of a key after it was made. Times are Unix seconds.
type KeyNote struct {
	Retired     int64  `json:"retired,omitempty"`     // not used from then on; what it signed stays good
	Compromised int64  `json:"compromised,omitempty"` // nothing it signed from then on counts by itself
	Reason      string `json:"reason,omitempty"`
}

// KeyRegister keeps the notes of a key store and publishes its list. It is a
// file of its own beside the keys, so that any key store can stand behind it.
// Its methods may run side by side: a server reads while its operator records
// a theft.
type KeyRegister struct {
	keys KeyStore
	path string
	mu   sync.Mutex
	file registerFile
}

type registerFile struct {
	Number uint64               `json:"number"` // of the last list published
	Notes  map[sm.KeyID]KeyNote `json:"notes"`
	Lists  []namedList          `json:"lists,omitempty"` // what the ledger may name, newest last
}

// namedList is a list as the ledger names it, and the QR key that was in use then.
type namedList struct {
	Lasting sm.Digest `json:"lasting"` // check.KeyList.Lasting
	QR      sm.KeyID  `json:"qr"`
}

// namedMost is how many lists are remembered: rotations of decades.
const namedMost = 256

// RegisterFile is the register's name in a key folder.
const RegisterFile = "register"

// KeyListFile is the last list published, beside the register.
const KeyListFile = "keylist"

// listedFor is how long a list holds without another.
const listedFor = 90 * 24 * time.Hour

// OpenKeyRegister opens the register in the folder, empty when absent.
func OpenKeyRegister(keys KeyStore, dir string) (*KeyRegister, error) {
	r := &KeyRegister{keys: keys, path: filepath.Join(dir, RegisterFile), file: registerFile{Notes: map[sm.KeyID]KeyNote{}}}
	raw, err := os.ReadFile(r.path)
	switch {
	case os.IsNotExist(err):
		return r, nil
	case err != nil:
		return nil, fmt.Errorf("key register: %w", err)
	}
	if err := json.Unmarshal(raw, &r.file); err != nil {
		return nil, fmt.Errorf("key register: %s is damaged: %w", r.path, err)
	}
	if r.file.Notes == nil {
		r.file.Notes = map[sm.KeyID]KeyNote{}
	}
	return r, nil
}

// Note returns what became of a key.
func (r *KeyRegister) Note(id sm.KeyID) KeyNote {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Notes[id]
}

// Retire ends a key's use at the instant; a second time changes nothing.
func (r *KeyRegister) Retire(id sm.KeyID, at time.Time, reason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.keys.PublicKey(id); err != nil {
		return err
	}
	note := r.file.Notes[id]
	if note.Retired == 0 {
		note.Retired, note.Reason = at.Unix(), reason
	}
	return r.set(id, note)
}

// Compromise records since when a key is in other hands, and retires it. The
// instant can only move to the past: a theft once known is not taken back.
func (r *KeyRegister) Compromise(id sm.KeyID, since, now time.Time, reason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.keys.PublicKey(id); err != nil {
		return err
	}
	note := r.file.Notes[id]
	if note.Compromised != 0 && since.Unix() > note.Compromised {
		return registry.Errorf(registry.CodeStale, "since", "key %s is on record as stolen since an earlier time", id)
	}
	note.Compromised, note.Reason = since.Unix(), reason
	if note.Retired == 0 {
		note.Retired = now.Unix()
	}
	return r.set(id, note)
}

func (r *KeyRegister) set(id sm.KeyID, note KeyNote) error {
	r.file.Notes[id] = note
	return r.save()
}

func (r *KeyRegister) save() error {
	raw, err := json.MarshalIndent(r.file, "", "  ")
	if err != nil {
		return fmt.Errorf("key register: %w", err)
	}
	return writeFile(r.path, append(raw, '\n'), 0o600)
}

// listedUses of keys by label; keys of other labels are not published.
var listedUses = map[string]string{LabelQR: check.KeyUseQR, LabelStatus: check.KeyUseStatus, LabelTimeStamp: check.KeyUseTimeStamp, LabelCheckpoint: check.KeyUseLedger}

func useOf(label string) (use, subject string) {
	if subject, ok := strings.CutPrefix(label, sealPrefix); ok {
		return check.KeyUseSeal, subject
	}
	if subject, ok := strings.CutPrefix(label, actPrefix); ok {
		return check.KeyUseAct, subject
	}
	return listedUses[label], ""
}

// Publish signs a list of all keys with the anchor and keeps it. The number is
// durable before the list: two lists never share one.
func (r *KeyRegister) Publish(anchor sm.KeyID, now time.Time) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.Number++
	if err := r.save(); err != nil {
		return nil, err
	}
	list := check.KeyList{Number: r.file.Number, Issued: now.Unix(), Next: now.Add(listedFor).Unix()}
	for _, info := range r.keys.Keys() {
		use, subject := useOf(info.Label)
		if use == "" {
			continue
		}
		listed, err := r.listed(info, use, subject)
		if err != nil {
			return nil, err
		}
		list.Keys = append(list.Keys, listed)
	}
	if err := list.Check(); err != nil {
		return nil, err
	}
	if err := r.remember(&list); err != nil {
		return nil, err
	}
	raw, err := registry.Encode(&list)
	if err != nil {
		return nil, err
	}
	signature, err := SignRaw(r.keys, anchor, check.KeyListMessage(raw))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(check.SignedKeyList{List: raw, Key: anchor, Signature: signature})
	if err != nil {
		return nil, err
	}
	return text, writeFile(filepath.Join(filepath.Dir(r.path), KeyListFile), text, 0o644)
}

// remember keeps which QR key a list came with.
func (r *KeyRegister) remember(list *check.KeyList) error {
	lasting := list.Lasting()
	qr, ok := r.keys.Current(LabelQR)
	if n := len(r.file.Lists); !ok || n > 0 && r.file.Lists[n-1] == (namedList{lasting, qr}) {
		return nil
	}
	r.file.Lists = append(r.file.Lists, namedList{lasting, qr})
	r.file.Lists = r.file.Lists[max(0, len(r.file.Lists)-namedMost):]
	return r.save()
}

// QRKeyNamed is the QR key that was in use when the list was published that the ledger
// names: other members know no newer one. False when no such list is remembered, and
// when that key was stolen since.
func (r *KeyRegister) QRKeyNamed(lasting sm.Digest) (sm.KeyID, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.file.Lists) - 1; i >= 0; i-- {
		if l := r.file.Lists[i]; l.Lasting == lasting {
			return l.QR, r.file.Notes[l.QR].Compromised == 0
		}
	}
	return "", false
}

func (r *KeyRegister) listed(info KeyInfo, use, subject string) (check.ListedKey, error) {
	pub, err := r.keys.PublicKey(info.ID)
	if err != nil {
		return check.ListedKey{}, err
	}
	spki, err := sm.MarshalPublicKey(pub)
	if err != nil {
		return check.ListedKey{}, err
	}
	note := r.file.Notes[info.ID]
	key := check.ListedKey{ID: info.ID, Use: use, Public: spki, Subject: subject, NotBefore: info.Created.Unix(), NotAfter: note.Retired, CompromisedAt: note.Compromised}
	if key.Certificate, err = r.keys.Certificate(info.ID); err != nil || key.Certificate == nil {
		return key, err
	}
	cert, err := smx509.ParseCertificate(key.Certificate)
	if err != nil {
		return key, fmt.Errorf("certificate of key %s: %w", info.ID, err)
	}
	key.NotBefore = cert.NotBefore.Unix()
	if key.NotAfter == 0 {
		key.NotAfter = cert.NotAfter.Unix()
	}
	key.NotAfter = max(key.NotAfter, key.NotBefore)
	return key, nil
}

// Published returns the last list, nil when none was made.
func (r *KeyRegister) Published() ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(r.path), KeyListFile))
	if os.IsNotExist(err) {
		return nil, nil
	}
	return text, err
}

// Complete tells whether the list has every key with what became of it.
func (r *KeyRegister) Complete(list *check.KeyList) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, info := range r.keys.Keys() {
		if use, _ := useOf(info.Label); use == "" {
			continue
		}
		listed, note := list.Find(info.ID), r.file.Notes[info.ID]
		if listed == nil || listed.CompromisedAt != note.Compromised || note.Retired != 0 && listed.NotAfter != max(note.Retired, listed.NotBefore) {
			return false
		}
	}
	return true
}
