package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Disclose shows the named fields of one version and proves them against its
// anchored entry; all others stay hidden. CodeFieldUnknown for a field that
// the version does not have, CodeActState before it is anchored.
func (o *Papers) Disclose(ctx context.Context, by registry.Actor, id registry.Identifier, names []string) (*registry.Disclosure, error) {
	file, err := o.access.admit(ctx, by, id, registry.MaySeeContent)
	if err != nil {
		return nil, err
	}
	version, err := o.licenses.Version(ctx, id.Base(), id.Version)
	if err != nil {
		return nil, err
	}
	if err := version.Copied.Whole(); err != nil {
		return nil, err
	}
	if version.Copied != nil {
		return o.disclose(ctx, by, id, file, version, version.Copied.Opened.Type, version.Copied.Receipt, names)
	}
	p, err := o.acts.Proceeding(ctx, version.Intent)
	if err != nil {
		return nil, err
	}
	if p.Intent.Collected != nil {
		return nil, registry.Errorf(registry.CodeTypeSource, "identifier", "a collected version was not made here: its file is one piece")
	}
	if p.Receipt == nil {
		return nil, o.proposed(ctx, by, version, "identifier", "version %03d is not anchored")
	}
	t, err := o.catalog.Type(ctx, version.Identifier.Type, version.TypeVersion)
	if err != nil {
		return nil, err
	}
	return o.disclose(ctx, by, id, file, version, t, p.Receipt, names)
}

func (o *Papers) disclose(ctx context.Context, by registry.Actor, id registry.Identifier, file string, version *Version, t *registry.LicenseType, receipt *registry.Receipt, names []string) (*registry.Disclosure, error) {
	if t.Source == registry.Collected {
		return nil, registry.Errorf(registry.CodeTypeSource, "identifier", "a collected version was not made here: its file is one piece")
	}
	content := registry.Compose(t, version.Facts)
	d := &registry.Disclosure{Receipt: *receipt, FieldRoot: content.FieldRoot(version.Secret), Document: sm.Leaf(version.Unsealed)}
	for _, name := range names {
		proof, ok := content.Prove(version.Secret, name)
		if !ok {
			return nil, registry.Errorf(registry.CodeFieldUnknown, "fields", "this version has no field %s", name)
		}
		d.Fields = append(d.Fields, proof)
	}
	if err := o.access.read(ctx, by, "fields", id.String(), file); err != nil {
		return nil, err
	}
	return d, nil
}
