package operator

import (
	"context"
	"path/filepath"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer"
	"tongzheng/signer/check"
	"tongzheng/signer/remote"
)

// RenewSeal makes a development seal in the place of another, with a new key
// and certificate, files it and retires the old one. A seal names its signer's
// certificate byte for byte, so a renewed certificate means a new seal.
func RenewSeal(ctx context.Context, a *app.App, id, as, basis string) (*registry.SealRecord, error) {
	record, _, err := a.View.Record(registry.KindSeal, id)
	if err != nil {
		return nil, err
	}
	old, ok := record.(*registry.SealRecord)
	if !ok {
		return nil, registry.Errorf(registry.CodeSealUnknown, "seal", "seal %s is not on file", id)
	}
	der, err := a.Signer.SealFile(old.Digest)
	if err != nil {
		return nil, err
	}
	seal, err := check.ParseSeal(der)
	if err != nil {
		return nil, err
	}
	owner, _, err := a.View.Record(registry.KindOrganization, old.Owner)
	if err != nil {
		return nil, err
	}
	name := old.Owner
	if organization, ok := owner.(*registry.Organization); ok {
		name = organization.FullName
	}
	made, err := a.Keys.MakeSeal(ctx, remote.SealRequest{ID: as, Name: old.FullName, Owner: old.Owner, OwnerName: name, Kind: old.SealKind, Diameter: seal.Picture.Width})
	if err != nil {
		return nil, err
	}
	if _, err := a.Signer.ImportedSeal(made); err != nil {
		return nil, err
	}
	fresh := &registry.SealRecord{ID: as, Owner: old.Owner, SealKind: old.SealKind, FullName: old.FullName, Matters: old.Matters, Digest: sm.Sum(made),
		History: []registry.SealEvent{{State: registry.SealInUse, At: a.Config.Clock().Unix(), Basis: basis}}}
	if err := a.Office.Governing.FileSeal(ctx, By, fresh, basis); err != nil {
		return nil, err
	}
	return fresh, a.Office.Governing.SetSealState(ctx, By, id, registry.SealRetired, basis)
}

// ImportSeal gives a filed seal (DER, and as parsed) to the signer and puts it
// on the ledger. The record says whose it is, of what kind and for which
// matters; the rest is taken from the seal.
func ImportSeal(ctx context.Context, a *app.App, der []byte, seal *check.Seal, record *registry.SealRecord, basis string) error {
	if _, err := a.Signer.ImportedSeal(der); err != nil {
		return err
	}
	if record.ID == "" {
		record.ID = seal.ID
	}
	record.FullName, record.Digest = seal.Name, sm.Sum(der)
	record.History = []registry.SealEvent{{State: registry.SealInUse, At: time.Now().Unix(), Basis: basis}}
	return a.Office.Governing.FileSeal(ctx, By, record, basis)
}

// ReadUseLog walks the use log of a signer that does not run.
func ReadUseLog(data string, fn func(signer.LogLine) error) (signer.LogHead, error) {
	keys, err := keyring.Open(data, time.Now)
	if err != nil {
		return signer.LogHead{}, err
	}
	service, err := keys.Service(nothing{}, keyring.ServiceConfig{Path: filepath.Join(data, app.SignerFile)})
	if err != nil {
		return signer.LogHead{}, err
	}
	defer service.Close()
	return service.ReadLog(fn)
}

// nothing is a ledger for reading the log, which needs none.
type nothing struct{}

func (nothing) Record(context.Context, registry.RecordKind, string) (registry.GovernanceRecord, *registry.Stored, error) {
	return nil, nil, registry.Errorf(registry.CodeUnavailable, "", "no ledger here")
}
