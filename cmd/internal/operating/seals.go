package operating

import (
	"context"

	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
	"tongzheng/signer/remote"
)

// SealMaker makes development seals. CodeForbidden from a production signer.
type SealMaker interface {
	MakeSeal(ctx context.Context, spec remote.SealRequest) ([]byte, error)
}

// seals implements operate.Seals.
type seals struct{ Config }

// Import implements operate.Seals. The request says whose the seal is, of what
// kind and for which matters; the rest is taken from the seal.
func (s seals) Import(ctx context.Context, by registry.Actor, ask resource.SealImport) (*resource.SealFiled, error) {
	seal, err := check.ParseSeal(ask.File)
	if err != nil {
		return nil, err
	}
	if _, err := s.Signer.ImportedSeal(ask.File); err != nil {
		return nil, err
	}
	record := &registry.SealRecord{ID: ask.ID, Owner: ask.Owner, SealKind: ask.Kind, FullName: seal.Name, Matters: ask.Matters, Digest: sm.Sum(ask.File),
		History: []registry.SealEvent{{State: registry.SealInUse, At: s.Clock().Unix(), Basis: ask.Basis}}}
	if record.ID == "" {
		record.ID = seal.ID
	}
	filed := &resource.SealFiled{ID: record.ID, Name: seal.Name, Width: seal.Picture.Width, Height: seal.Picture.Height, Until: seal.Until}
	return filed, s.Governing.FileSeal(ctx, by, record, ask.Basis)
}

// Renew implements operate.Seals: a new key and certificate, filed; the old seal
// is retired. A seal names its signer's certificate byte for byte, so a renewed
// certificate means a new seal.
func (s seals) Renew(ctx context.Context, by registry.Actor, id string, renewal resource.SealRenewal) (*resource.SealRenewed, error) {
	record, _, err := s.Records.Record(registry.KindSeal, id)
	if err != nil {
		return nil, err
	}
	old, ok := record.(*registry.SealRecord)
	if !ok {
		return nil, registry.Errorf(registry.CodeSealUnknown, "seal", "seal %s is not on file", id)
	}
	made, err := s.again(ctx, old, renewal.As)
	if err != nil {
		return nil, err
	}
	fresh := &registry.SealRecord{ID: renewal.As, Owner: old.Owner, SealKind: old.SealKind, FullName: old.FullName, Matters: old.Matters, Digest: sm.Sum(made),
		History: []registry.SealEvent{{State: registry.SealInUse, At: s.Clock().Unix(), Basis: renewal.Basis}}}
	renewed := &resource.SealRenewed{ID: fresh.ID, Name: fresh.FullName}
	if err := s.Governing.FileSeal(ctx, by, fresh, renewal.Basis); err != nil {
		return renewed, err
	}
	return renewed, s.Governing.SetSealState(ctx, by, id, registry.SealRetired, renewal.Basis)
}

// again makes a seal like another one under a new id, for the signer to hold.
func (s seals) again(ctx context.Context, old *registry.SealRecord, id string) ([]byte, error) {
	der, err := s.Signer.SealFile(old.Digest)
	if err != nil {
		return nil, err
	}
	seal, err := check.ParseSeal(der)
	if err != nil {
		return nil, err
	}
	owner, _, err := s.Records.Record(registry.KindOrganization, old.Owner)
	if err != nil {
		return nil, err
	}
	name := old.Owner
	if organization, ok := owner.(*registry.Organization); ok {
		name = organization.FullName
	}
	made, err := s.Maker.MakeSeal(ctx, remote.SealRequest{ID: id, Name: old.FullName, Owner: old.Owner, OwnerName: name, Kind: old.SealKind, Diameter: seal.Picture.Width})
	if err != nil {
		return nil, err
	}
	_, err = s.Signer.ImportedSeal(made)
	return made, err
}
