package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
)

// local returns the keys of this process.
func local(a *app.App) (*keyring.Keys, error) {
	keys, ok := a.Keys.(*keyring.Keys)
	if !ok {
		return nil, errors.New("the keys are in a signer process: record a theft there with --local, and run the drill here with --seal")
	}
	return keys, nil
}

// RotateActKey makes a new act key for an organization and has the old one end
// on the ledger, in one order that the old key signs.
func RotateActKey(ctx context.Context, a *app.App, organization, basis string) (sm.KeyID, error) {
	keys, err := local(a)
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
	old, _ := keys.Store.Current(label)
	fresh, err := keys.Authority.Rotate(label)
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
	if err := a.Office.Governing.Govern(ctx, By, []office.OrderDraft{{Organization: organization, Record: &changed, Basis: basis}}); err != nil {
		return "", err
	}
	if err := keys.Register.Retire(old, a.Config.Clock().Add(overlap), basis); err != nil {
		return "", err
	}
	_, err = keys.Publish()
	return fresh, err
}

// overlap lets entries that the old act key signed reach the ledger.
const overlap = 10 * time.Minute

// Compromise records a theft: the key signs no more, the list says so, and what
// has no earlier anchor is named. apply suspends the seals that the key uses;
// the licenses are for their approvers to suspend.
func Compromise(ctx context.Context, a *app.App, id sm.KeyID, since time.Time, reason string, apply bool) (*office.Drill, error) {
	keys, err := local(a)
	if err != nil {
		return nil, err
	}
	label, err := keys.Label(id)
	if err != nil {
		return nil, err
	}
	var seals []string
	if seal, ok := strings.CutPrefix(label, signer.SealLabel("")); ok {
		seals = append(seals, seal)
	}
	drill, err := a.Office.Governing.CompromiseDrill(ctx, By, seals, since)
	if err != nil || !apply {
		return drill, err
	}
	if err := keys.Register.Compromise(id, since, a.Config.Clock(), reason); err != nil {
		return nil, err
	}
	for _, seal := range seals {
		if err := a.Office.Governing.SetSealState(ctx, By, seal, registry.SealSuspended, reason); err != nil {
			return drill, err
		}
	}
	if current, _ := keys.Store.Current(label); current == id && replaceable[label] {
		if _, err := keys.Authority.Rotate(label); err != nil {
			return drill, err
		}
	}
	if organization, ok := strings.CutPrefix(label, signer.ActLabel("")); ok {
		if _, err := RotateActKey(ctx, a, organization, reason); err != nil {
			return drill, fmt.Errorf("replacing the act key: %w", err)
		}
	}
	_, err = keys.Publish()
	return drill, err
}

// CompromiseSeals is the drill where the keys are in a signer process: it goes
// by the seals whose key was stolen. apply suspends them.
func CompromiseSeals(ctx context.Context, a *app.App, seals []string, since time.Time, reason string, apply bool) (*office.Drill, error) {
	drill, err := a.Office.Governing.CompromiseDrill(ctx, By, seals, since)
	if err != nil || !apply {
		return drill, err
	}
	for _, seal := range seals {
		if err := a.Office.Governing.SetSealState(ctx, By, seal, registry.SealSuspended, reason); err != nil {
			return drill, err
		}
	}
	return drill, nil
}

// replaceable labels get a new key at once: nothing else depends on the key.
var replaceable = map[string]bool{signer.LabelQR: true, signer.LabelStatus: true, signer.LabelTimeStamp: true}
