package keyring

import (
	"context"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
)

// KeyState is a key as the operator sees it.
type KeyState struct {
	signer.KeyInfo
	signer.KeyNote
	Current bool `json:"current"`
}

// List names the keys of the instance, oldest first.
func (k *Keys) List() []KeyState {
	var all []KeyState
	for _, info := range k.Store.Keys() {
		current, _ := k.Store.Current(info.Label)
		all = append(all, KeyState{KeyInfo: info, KeyNote: k.Register.Note(info.ID), Current: current == info.ID})
	}
	return all
}

// Publish signs a new key list.
func (k *Keys) Publish() ([]byte, error) {
	anchor, err := k.Authority.Anchor()
	if err != nil {
		return nil, err
	}
	return k.Register.Publish(anchor, k.clock())
}

// Rotate makes a new key of the label; the old one signs no more, and what it
// signed stays good. Act keys and seals also need the ledger: RotateActKey, or
// a new seal.
func (k *Keys) Rotate(label, reason string) (fresh sm.KeyID, err error) {
	old, ok := k.Store.Current(label)
	if !ok {
		return "", registry.Errorf(registry.CodeNotFound, "label", "no key %s", label)
	}
	if fresh, err = k.Authority.Rotate(label); err != nil {
		return "", err
	}
	if err := k.Register.Retire(old, k.clock(), reason); err != nil {
		return "", err
	}
	_, err = k.Publish()
	return fresh, err
}

// Renew issues a new certificate for a label's current key.
func (k *Keys) Renew(label string) (sm.KeyID, error) {
	id, err := k.Authority.Renew(label)
	if err != nil {
		return "", err
	}
	_, err = k.Publish()
	return id, err
}

// Retire ends a key that is not its label's current one any more, or whose
// label is not used any more.
func (k *Keys) Retire(id sm.KeyID, reason string) error {
	if err := k.Register.Retire(id, k.clock(), reason); err != nil {
		return err
	}
	_, err := k.Publish()
	return err
}

// Stolen records a theft in the published list, without looking at a ledger.
func (k *Keys) Stolen(id sm.KeyID, since time.Time, reason string) error {
	if err := k.Register.Compromise(id, since, k.clock(), reason); err != nil {
		return err
	}
	_, err := k.Publish()
	return err
}

// Label is what a key is for.
func (k *Keys) Label(id sm.KeyID) (string, error) {
	for _, info := range k.Store.Keys() {
		if info.ID == id {
			return info.Label, nil
		}
	}
	return "", registry.Errorf(registry.CodeNotFound, "key", "no key %s here", id)
}

// NextActKey makes an organization's next act key, for an order that puts it
// beside the present one. The signer goes on with the one that the ledger has.
func (k *Keys) NextActKey(ctx context.Context, organization string) (registry.ActKey, error) {
	if _, err := k.Authority.Rotate(signer.ActLabel(organization)); err != nil {
		return registry.ActKey{}, err
	}
	if _, err := k.Publish(); err != nil {
		return registry.ActKey{}, err
	}
	return k.ActKey(ctx, organization, organization)
}

// KeyList is the published list, made anew when a key is
// missing from it or it is about to pass its time.
func (k *Keys) KeyList(context.Context) ([]byte, error) {
	text, err := k.Register.Published()
	if err != nil {
		return nil, err
	}
	if text != nil {
		list, err := check.ParseKeyList(text, k.roots, k.clock(), 0)
		if err == nil && list.Next-k.clock().Unix() > int64((30*24*time.Hour).Seconds()) && k.Register.Complete(list) {
			return text, nil
		}
	}
	return k.Publish()
}

// Lasting is what the ledger is to name of these keys: the digest of the anchors, that
// of the key list and its number.
func (k *Keys) Lasting() (anchors, list sm.Digest, number uint64, err error) {
	text, err := k.KeyList(context.Background())
	if err != nil {
		return anchors, list, 0, err
	}
	said, err := check.ParseKeyList(text, k.roots, k.clock(), 0)
	if said == nil {
		return anchors, list, 0, err
	}
	return k.roots.Digest(), said.Lasting(), said.Number, nil
}
