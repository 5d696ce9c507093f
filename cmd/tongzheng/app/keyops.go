package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
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
	for _, info := range k.store.Keys() {
		current, _ := k.store.Current(info.Label)
		all = append(all, KeyState{KeyInfo: info, KeyNote: k.register.Note(info.ID), Current: current == info.ID})
	}
	return all
}

// Publish signs a new key list.
func (k *Keys) Publish() ([]byte, error) { return k.publish() }

// Rotate makes a new key of the label; the old one signs no more, and what it
// signed stays good. Act keys and seals also need the ledger: RotateActKey, or
// a new seal.
func (k *Keys) Rotate(label, reason string) (fresh sm.KeyID, err error) {
	old, ok := k.store.Current(label)
	if !ok {
		return "", registry.Errorf(registry.CodeNotFound, "label", "no key %s", label)
	}
	if fresh, err = k.authority.Rotate(label); err != nil {
		return "", err
	}
	if err := k.register.Retire(old, k.clock(), reason); err != nil {
		return "", err
	}
	_, err = k.publish()
	return fresh, err
}

// Renew issues a new certificate for a label's current key.
func (k *Keys) Renew(label string) (sm.KeyID, error) {
	id, err := k.authority.Renew(label)
	if err != nil {
		return "", err
	}
	_, err = k.publish()
	return id, err
}

// Retire ends a key that is not its label's current one any more, or whose
// label is not used any more.
func (k *Keys) Retire(id sm.KeyID, reason string) error {
	if err := k.register.Retire(id, k.clock(), reason); err != nil {
		return err
	}
	_, err := k.publish()
	return err
}

// Stolen records a theft in the published list, without looking at a ledger.
func (k *Keys) Stolen(id sm.KeyID, since time.Time, reason string) error {
	if err := k.register.Compromise(id, since, k.clock(), reason); err != nil {
		return err
	}
	_, err := k.publish()
	return err
}

func (k *Keys) label(id sm.KeyID) (string, error) {
	for _, info := range k.store.Keys() {
		if info.ID == id {
			return info.Label, nil
		}
	}
	return "", registry.Errorf(registry.CodeNotFound, "key", "no key %s here", id)
}

// local returns the keys of this process.
func (a *App) local() (*Keys, error) {
	keys, ok := a.Keys.(*Keys)
	if !ok {
		return nil, errors.New("the keys are in a signer process: record a theft there with --local, and run the drill here with --seal")
	}
	return keys, nil
}

// NextActKey makes an organization's next act key, for an order that puts it
// beside the present one. The signer goes on with the one that the ledger has.
func (k *Keys) NextActKey(ctx context.Context, organization string) (registry.ActKey, error) {
	if _, err := k.authority.Rotate(signer.ActLabel(organization)); err != nil {
		return registry.ActKey{}, err
	}
	if _, err := k.publish(); err != nil {
		return registry.ActKey{}, err
	}
	return k.ActKey(ctx, organization, organization)
}

// RotateActKey makes a new act key for an organization and has the old one end
// on the ledger, in one order that the old key signs.
func (a *App) RotateActKey(ctx context.Context, organization, basis string) (sm.KeyID, error) {
	keys, err := a.local()
	if err != nil {
		return "", err
	}
	record, _, err := a.View.Record(registry.KindOrganization, organization)
	if err != nil {
		return "", err
	}
	filed, ok := record.(*registry.Organization)
	if !ok {
		return "", registry.Errorf(registry.CodeOrganization, "organization", "%s is not registered", organization)
	}
	label := signer.ActLabel(organization)
	old, _ := keys.store.Current(label)
	fresh, err := keys.authority.Rotate(label)
	if err != nil {
		return "", err
	}
	added, err := keys.ActKey(ctx, filed.FullName, organization)
	if err != nil {
		return "", err
	}
	// The order itself is signed by the old key, which is valid up to its end.
	now := a.Config.Clock().Unix()
	changed := *filed
	changed.ActKeys = slices.Clone(filed.ActKeys)
	for i := range changed.ActKeys {
		if changed.ActKeys[i].ID == old && changed.ActKeys[i].Until == 0 {
			changed.ActKeys[i].Until = now + int64(overlap/time.Second)
		}
	}
	changed.ActKeys = append(changed.ActKeys, added)
	if err := a.Office.Govern(ctx, []office.Ordinance{{Organization: organization, Record: &changed, Basis: basis}}); err != nil {
		return "", err
	}
	if err := keys.register.Retire(old, a.Config.Clock().Add(overlap), basis); err != nil {
		return "", err
	}
	_, err = keys.publish()
	return fresh, err
}

// overlap lets entries that the old act key signed reach the ledger.
const overlap = 10 * time.Minute

// Compromise records a theft: the key signs no more, the list says so, and what
// has no earlier anchor is named. apply suspends the seals that the key uses;
// the licenses are for their approvers to suspend.
func (a *App) Compromise(ctx context.Context, id sm.KeyID, since time.Time, reason string, apply bool) (*office.Drill, error) {
	keys, err := a.local()
	if err != nil {
		return nil, err
	}
	label, err := keys.label(id)
	if err != nil {
		return nil, err
	}
	var seals []string
	if seal, ok := strings.CutPrefix(label, signer.SealLabel("")); ok {
		seals = append(seals, seal)
	}
	drill, err := a.Office.CompromiseDrill(ctx, seals, since)
	if err != nil || !apply {
		return drill, err
	}
	if err := keys.register.Compromise(id, since, a.Config.Clock(), reason); err != nil {
		return nil, err
	}
	for _, seal := range seals {
		if err := a.Office.SetSealState(ctx, seal, registry.SealSuspended, reason); err != nil {
			return drill, err
		}
	}
	if current, _ := keys.store.Current(label); current == id && replaceable[label] {
		if _, err := keys.authority.Rotate(label); err != nil {
			return drill, err
		}
	}
	if organization, ok := strings.CutPrefix(label, signer.ActLabel("")); ok {
		if _, err := a.RotateActKey(ctx, organization, reason); err != nil {
			return drill, fmt.Errorf("replacing the act key: %w", err)
		}
	}
	_, err = keys.publish()
	return drill, err
}

// replaceable labels get a new key at once: nothing else depends on the key.
var replaceable = map[string]bool{signer.LabelQR: true, signer.LabelStatus: true, signer.LabelTimeStamp: true}
