package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Drawn shows the sealed electronic license of a version to whoever may have the
// file, and is written down as its reading.
func (o *Papers) Drawn(ctx context.Context, by registry.Actor, id registry.Identifier) (*registry.Drawing, error) {
	v, err := o.Document(ctx, by, id)
	if err != nil {
		return nil, err
	}
	return o.drawer.Draw(ctx, v.Sealed)
}

// DrawnProposal shows the document of the version that a proceeding makes: what
// will be sealed, and once it is released what was. It says all that the version
// says, so it is for whoever may see that (Reading.Proposed), and its reading is
// written down. CodeNotFound for an act that makes no document.
func (o *Papers) DrawnProposal(ctx context.Context, by registry.Actor, intent sm.Digest) (*registry.Drawing, error) {
	p, err := o.acts.Proceeding(ctx, intent)
	if err != nil {
		return nil, err
	}
	file, err := o.access.proposal(ctx, by, p)
	if err != nil {
		return nil, err
	}
	if !p.Intent.Act.MakesVersion() {
		return nil, registry.Errorf(registry.CodeNotFound, "intent", "%s makes no document", p.Intent.Act)
	}
	id := p.Intent.Identifier
	v, err := o.licenses.Version(ctx, id.Base(), id.Version)
	if err != nil {
		return nil, err
	}
	if v.Intent != intent { // given up, and proposed anew
		return nil, registry.Errorf(registry.CodeNotFound, "intent", "its document is no longer kept")
	}
	document := v.Unsealed
	if len(v.Sealed) > 0 && (v.Released || len(document) == 0) { // what was collected came sealed
		document = v.Sealed
	}
	if err := o.access.read(ctx, by, "document", intent.String(), file); err != nil {
		return nil, err
	}
	return o.drawer.Draw(ctx, document)
}
