package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Stater turns verifications into statements that can be kept.
type Stater struct {
	Office *Office
	Signer StatusSigner
}

// State verifies and signs what was found. Like Verify it stores nothing.
func (s *Stater) State(ctx context.Context, ask Asked) (*registry.SignedStatement, *Verification, error) {
	v, err := s.Office.Verify(ctx, ask)
	if err != nil {
		return nil, nil, err
	}
	printing := uint32(0)
	if v.Public != nil && v.Public.Sheet != nil {
		printing = v.Public.Sheet.Number
	}
	signed := &registry.SignedStatement{Statement: registry.NewStatement(s.Office.Config.PublicURL, s.Office.Ledger.Name(), v.Verdict, printing)}
	if ask.File != nil {
		signed.Statement.File = sm.Sum(ask.File)
	}
	signed.Key, signed.Signature, err = s.Signer.SignStatus(ctx, signed.Statement.Message())
	return signed, v, err
}

// Disclose shows the named fields of one version and proves them against its
// anchored entry; all others stay hidden. CodeFieldUnknown for a field that
// the version does not have, CodeActState before it is anchored.
func (o *Office) Disclose(ctx context.Context, id registry.Identifier, names []string) (*registry.Disclosure, error) {
	version, err := o.Store.Version(ctx, id.Base(), id.Version)
	if err != nil {
		return nil, err
	}
	p, err := o.Store.Proceeding(ctx, version.Intent)
	if err != nil {
		return nil, err
	}
	if p.Intent.Collected != nil {
		return nil, registry.Errorf(registry.CodeTypeSource, "identifier", "a collected version was not made here: its file is one piece")
	}
	if p.Receipt == nil {
		return nil, registry.Errorf(registry.CodeActState, "identifier", "version %03d is not anchored", id.Version)
	}
	t, err := o.Store.Type(ctx, version.Identifier.Type, version.TypeVersion)
	if err != nil {
		return nil, err
	}
	content := registry.Compose(t, version.Facts)
	d := &registry.Disclosure{Receipt: *p.Receipt, FieldRoot: content.FieldRoot(version.Secret), Document: sm.Leaf(version.Unsealed)}
	for _, name := range names {
		proof, ok := content.Prove(version.Secret, name)
		if !ok {
			return nil, registry.Errorf(registry.CodeFieldUnknown, "fields", "this version has no field %s", name)
		}
		d.Fields = append(d.Fields, proof)
	}
	return d, nil
}
