package signer

import (
	"context"
	"crypto/subtle"

	"tongzheng/registry"
)

// Renderer renders electronic licenses. Same input, same bytes.
type Renderer interface {
	// Unsealed returns an OFD package. CodeGlyph for a character that no font has,
	// CodeFieldForm for text that does not fit.
	Unsealed(doc registry.ElectronicDocument) ([]byte, error)
}

// Render renders the electronic license of a version that is being proposed, for
// issuers whose act keys are here, with the code that this signer makes. What outlines
// show can differ from what text says: so the signer renders, marks what it rendered,
// and seals nothing else. CodeForbidden for other issuers, CodeMalformed without a type.
func (s *Service) Render(ctx context.Context, ask registry.RenderRequest) (*registry.RenderedDocument, error) {
	key, err := s.cfg.tokenKey()
	switch {
	case err != nil:
		return nil, err
	case s.cfg.Renderer == nil:
		return nil, registry.Errorf(registry.CodeUnavailable, "", "this signer renders no documents")
	case !s.cfg.holds(ask.Identifier.Issuer):
		return nil, registry.Errorf(registry.CodeForbidden, "identifier", "this signer renders no documents for %s", ask.Identifier.Issuer)
	case ask.Type == nil || ask.Type.Code != ask.Identifier.Type || ask.Facts.Identifier != ask.Identifier:
		return nil, registry.Errorf(registry.CodeMalformed, "facts", "type and fields of the version %s", ask.Identifier)
	}
	law := s.law(ctx)
	issuer, err := registry.RecordOf[*registry.Organization](law.Records, registry.KindOrganization, ask.Identifier.Issuer)
	if err != nil {
		return nil, err
	}
	if issuer == nil || issuer.FullName != ask.Facts.IssuerName {
		return nil, registry.Errorf(registry.CodeContent, "issuer_name", "the ledger has another name of %s than %q", ask.Identifier.Issuer, ask.Facts.IssuerName)
	}
	record, err := typeRecord(law, ask.Type.Code, ask.Type.Version)
	if err != nil {
		return nil, err
	}
	if ask.Type.Digest() != record.Digest {
		return nil, registry.Errorf(registry.CodeContent, "type", "not the catalog entry on the ledger, version %d of type %s", ask.Type.Version, ask.Type.Code)
	}
	address, err := s.address(ctx, ask.Identifier.Issuer, ask.Public)
	if err != nil {
		return nil, err
	}
	content := registry.Compose(ask.Type, ask.Facts)
	unsealed, err := s.cfg.Renderer.Unsealed(registry.ElectronicDocument{Content: content, Type: ask.Type, IssuerName: ask.Facts.IssuerName,
		Issued: ask.Facts.Issued, QRText: registry.NewToken(key, ask.Identifier, ask.Printing).URL(address), Demo: s.cfg.OpenOrders})
	if err != nil {
		return nil, err
	}
	made := &registry.RenderedDocument{Unsealed: unsealed, Content: content.Digest(ask.Secret, unsealed)}
	made.Mark, err = registry.RenderMark(key, ask.Printing, record.Digest, &ask.Facts, made.Content)
	return made, err
}

// checkRendered tells whether a document that an intent approves is one that this signer
// rendered from the fields beside it. Collected ones come from elsewhere. record is the
// type's on the ledger.
func (c *ServiceConfig) checkRendered(in *registry.Intent, record *registry.TypeRecord, version *registry.Opened) error {
	if in.Collected != nil || c.Renderer == nil {
		return nil
	}
	key, err := c.tokenKey()
	if err != nil {
		return err
	}
	if len(in.Printings) > 0 {
		mark, err := registry.RenderMark(key, in.Printings[0], record.Digest, &version.Facts, in.Content)
		if err != nil || subtle.ConstantTimeCompare(mark[:], version.Rendered[:]) == 1 {
			return err
		}
	}
	return registry.Errorf(registry.CodeContent, "unsealed", "not a document that this signer rendered from these fields: propose the act again")
}
