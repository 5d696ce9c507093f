package signer

import (
	"context"

	"tongzheng/registry"
)

// Signing is what the signing page asks of the service: the ledger's law as this signer
// reads it, and whether what is to be signed is what is shown.
type Signing struct{ service *Service }

// NewSigning serves the signing page over the service.
func NewSigning(s *Service) *Signing { return &Signing{s} }

// Law is the ledger's governance records as this signer reads them now.
func (g *Signing) Law(ctx context.Context) registry.Gatherer { return g.service.law(ctx) }

// Now is the signer's clock.
func (g *Signing) Now() int64 { return g.service.now().Unix() }

// Service is the record of the registry that an organization's people work at; nil
// where the ledger has none.
func (g *Signing) Service(ctx context.Context, organization string) (*registry.Service, error) {
	member, err := g.service.member(ctx, organization)
	if err != nil {
		return nil, err
	}
	return g.service.service(ctx, member)
}

// CheckAct tells whether an act is what its job says: fields and document of a new
// version as they will be sealed, those of the version that it follows as the ledger
// has them. known is false when the ledger cannot tell what the license says now.
func (g *Signing) CheckAct(ctx context.Context, job *registry.SealJob) (known bool, err error) {
	in := &job.Intent
	if err := in.Check(); err != nil {
		return false, err
	}
	law := g.service.law(ctx)
	if in.Act.MakesVersion() {
		unknown, err := g.service.recompute(ctx, law, job)
		return len(unknown) == 0, err
	}
	if job.Present == nil {
		return false, nil
	}
	member, err := g.service.member(ctx, in.Identifier.Issuer)
	if err != nil {
		return false, err
	}
	license, err := g.service.cfg.Records.License(ctx, member, in.Identifier.Base())
	if err != nil {
		return false, err
	}
	if license == nil {
		return false, registry.Errorf(registry.CodeUnavailable, "", "the ledger, as this signer reads it, does not have the license yet")
	}
	record, err := typeRecord(law, in.Identifier.Type, license.Type)
	if err != nil {
		return false, err
	}
	return job.Present.CheckPresent(in.Identifier.Base(), license, record)
}
