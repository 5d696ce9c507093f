package app

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
)

// caseExchange is the way of case files to other members' registries
// (office.CaseExchange).
type caseExchange struct {
	view  exchange.View
	cross *Exchange
}

// Registry implements office.CaseExchange. Who works for an organization follows from its
// member: another registry's where the ledger says that it exchanges, else this one's.
func (c *caseExchange) Registry(organization string) (string, error) {
	record, _, err := c.view.Record(registry.KindOrganization, organization)
	of, ok := record.(*registry.Organization)
	if err != nil || !ok || of == nil {
		return "", err
	}
	neighbors, err := c.cross.Directory.Neighbors()
	if err != nil || !slices.ContainsFunc(neighbors, func(n exchange.Neighbor) bool { return n.Member == of.Member && n.Address != "" }) {
		return "", err
	}
	return of.Member, nil
}

// Submit implements office.CaseExchange.
func (c *caseExchange) Submit(ctx context.Context, to, from string, body []byte) ([]byte, error) {
	return c.cross.Client.Submit(ctx, to, exchange.Submission{From: from, Kind: exchange.KindCase, Body: body})
}

// Tell implements office.CaseExchange.
func (c *caseExchange) Tell() { c.cross.Herald.Tell() }
