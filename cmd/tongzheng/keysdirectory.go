package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

type keysDirectoryCommand struct {
	drafting
	Order bool `help:"起草治理令 Put the own keys on an order sheet, where the ledger does not name them yet: two governors of the operator sign it."`
	JSON  bool `name:"json" help:"JSON."`
}

// Run shows the members' registries, and orders the own record's keys.
func (c *keysDirectoryCommand) Run(w *world) error {
	members, err := c.client().Public.Members(w.ctx)
	if err != nil {
		return err
	}
	if c.Order {
		return c.order(w, members)
	}
	if c.JSON {
		return json.NewEncoder(w.stdout).Encode(members)
	}
	for _, m := range members {
		printMember(w, m)
	}
	return nil
}

func printMember(w *world, m resource.Member) {
	fmt.Fprintf(w.stdout, "%s  %s  %s\n", m.Member, m.Name, m.Public)
	if m.Home != "" {
		fmt.Fprintf(w.stdout, "  纸面网址 on paper: %s\n", m.Home)
	}
	printDeputy(w, m)
	switch {
	case m.Own && m.Order == nil:
		fmt.Fprintf(w.stdout, "  ✓ 本库：账本所载即现用密钥 own: the ledger names the present keys (list %d)\n", m.KeyNumber)
	case m.Own:
		fmt.Fprintln(w.stdout, "  ✗ 本库：账本尚未载明现用密钥 own: the ledger does not name the present keys: tongzheng keys directory --order")
	case m.KeyNumber == 0:
		fmt.Fprintln(w.stdout, "  ? 账本尚未载明其密钥 the ledger names no keys of it: its operator orders them")
	case m.Fits:
		fmt.Fprintf(w.stdout, "  ✓ 已存第%d号密钥列表，与账本相符，取于 list %d held and as the ledger names it, since %s\n", m.Number, m.Number, m.Since.In(registry.China).Format(time.RFC3339))
	case m.Number != 0:
		fmt.Fprintf(w.stdout, "  ✗ 所存第%d号密钥列表早于账本所载 list %d held, of %s, is not what the ledger names (%s)\n", m.Number, m.Number, m.Since.In(registry.China).Format(time.RFC3339), m.Why)
	default:
		fmt.Fprintf(w.stdout, "  ✗ 尚未取得其密钥 none of its keys are held (%s)\n", m.Why)
	}
}

// order puts the own records that changed on one sheet, in their operators' names.
func (c *keysDirectoryCommand) order(w *world, members []resource.Member) error {
	var orders []order
	for _, m := range members {
		if m.Order == nil {
			continue
		}
		record, err := json.Marshal(m.Order)
		if err != nil {
			return err
		}
		orders = append(orders, order{Organization: m.Operator, Kind: registry.KindService, Basis: cmp.Or(c.Basis, "密钥变更"), Record: record})
	}
	if len(orders) == 0 {
		fmt.Fprintln(w.stdout, "账本所载即现用密钥 the ledger names the present keys: nothing to order")
		return nil
	}
	return c.post(w, orders)
}
