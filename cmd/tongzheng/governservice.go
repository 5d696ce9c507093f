package main

import (
	"encoding/json"
	"fmt"

	"tongzheng/cmd/internal/enrollment"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type governServiceCommand struct {
	drafting
	Member      string    `arg:"" help:"账本成员 The member whose registry the record is about."`
	Home        string    `placeholder:"URL" help:"纸面网址 The city's address with a path for the member, for codes on paper."`
	Exchange    string    `placeholder:"URL" help:"交换网址 https://host:port where other members' registries ask it for documents."`
	ExchangeKey sm.Digest `name:"exchange-key" help:"交换密钥摘要 Digest of its key there: tongzheng keys exchange, at that registry."`
	Library     string    `placeholder:"CODE" help:"归集库机关 The organization that keeps the license library; in the city's own record."`
}

// Help is the longer help of the command.
func (*governServiceCommand) Help() string {
	return `An enrollment says where a member's registry is reached and who runs it. The rest of its
record is the city's to order; what is not named here stays as the ledger has it.`
}

// Run drafts the record with what is named.
func (c *governServiceCommand) Run(w *world) error {
	record, err := recordAt(w, c.remote, registry.KindService, c.Member)
	if err != nil {
		return err
	}
	before, ok := record.(*registry.Service)
	if !ok {
		return registry.Errorf(registry.CodeNotFound, "member", "the ledger has no registry of %s: its enrollment comes first (govern enroll)", c.Member)
	}
	now := *before
	if c.Home != "" {
		now.Home = c.Home
	}
	if c.Exchange != "" {
		now.Exchange = c.Exchange
	}
	if !c.ExchangeKey.IsZero() {
		now.ExchangeKey = c.ExchangeKey
	}
	if c.Library != "" {
		now.Library = c.Library
	}
	if enrollment.Same(before, &now) {
		fmt.Fprintln(w.stdout, "账本已有 the ledger has all of it already")
		return nil
	}
	said, err := json.Marshal(&now)
	if err != nil {
		return err
	}
	if c.Basis == "" {
		c.Basis = "成员登记库变更"
	}
	if err := c.asCity(w); err != nil {
		return err
	}
	return c.post(w, []order{{Kind: registry.KindService, Record: said}})
}

// recordAt reads a governance record at a registry; nil when there is none.
func recordAt(w *world, at remote, kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	found, err := at.client().Orders.Records(w.ctx, kind, name)
	if registry.CodeOf(err) == registry.CodeNotFound || err == nil && len(found) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	record := registry.NewRecord(kind)
	return record, json.Unmarshal(found[0].Record, record)
}

// asCity has the city order, where no organization is named.
func (c *drafting) asCity(w *world) error {
	if c.Organization != "" {
		return nil
	}
	record, err := recordAt(w, c.remote, registry.KindRules, registry.CurrentRules)
	if err != nil {
		return err
	}
	if rules, ok := record.(*registry.Rules); ok {
		c.Organization = rules.City
	}
	return nil
}
