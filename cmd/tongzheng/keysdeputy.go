package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

type keysDeputyCommand struct {
	drafting
	Until string `placeholder:"YYYY-MM-DD" help:"至何日止 Last day of the period."`
	End   bool   `help:"不再代为公布 Nobody publishes the lists beside this registry any more."`
	Of    string `placeholder:"MEMBER" help:"成员 Whose lists, where the registry asked is that of several members."`
	To    string `arg:"" optional:"" placeholder:"MEMBER" help:"代为公布的成员 The member that publishes, mostly the city; with its present status key."`
}

// Help is the longer help of the command.
func (*keysDeputyCommand) Help() string {
	return `Offline verifiers say "unknown" of a member's paper once its status lists are past their
nextUpdate: a registry that is down for a day answers for nothing. A deputy makes the same lists from
its own copy of the ledger and signs them with its own status key, within the period. Drafts the
order in the operator's own name: two of its governors sign, nobody else is asked, and nobody else may
order it. After the deputy has replaced its status key, name it again.`
}

// Run drafts the record that names a deputy, or takes it away.
func (c *keysDeputyCommand) Run(w *world) error {
	if (c.To == "") != c.End || (c.Until == "") != c.End {
		return usage("want MEMBER and --until, or --end")
	}
	members, err := c.client().Public.Members(w.ctx)
	if err != nil {
		return err
	}
	own, err := c.own(members)
	if err != nil {
		return err
	}
	deputy := registry.Deputy{}
	if !c.End {
		if deputy, err = c.deputy(members); err != nil {
			return err
		}
	}
	records, err := c.client().Orders.Records(w.ctx, registry.KindService, own.Member)
	if err != nil {
		return err
	}
	service := new(registry.Service)
	if len(records) != 1 {
		return fmt.Errorf("the ledger has %d records service of %s", len(records), own.Member)
	}
	if err := json.Unmarshal(records[0].Record, service); err != nil {
		return err
	}
	if service.Deputy == deputy {
		fmt.Fprintln(w.stdout, "账本已如此载明 the ledger says so already: nothing to order")
		return nil
	}
	service.Deputy = deputy
	record, err := json.Marshal(service)
	if err != nil {
		return err
	}
	return c.post(w, []order{{Organization: own.Operator, Kind: registry.KindService, Basis: cmp.Or(c.Basis, "状态列表代为公布"), Record: record}})
}

// own is the record of the registry that is asked.
func (c *keysDeputyCommand) own(members []resource.Member) (own *resource.Member, err error) {
	for i, m := range members {
		if !m.Own || c.Of != "" && m.Member != c.Of {
			continue
		}
		if own != nil {
			return nil, usage("this registry is that of several members: --of names one")
		}
		own = &members[i]
	}
	if own == nil {
		return nil, usage("the ledger has no record of this registry: the city orders it (service)")
	}
	return own, nil
}

// deputy is the member named, with the key that signs its lists now.
func (c *keysDeputyCommand) deputy(members []resource.Member) (registry.Deputy, error) {
	day, err := registry.ParseDate(c.Until)
	if err != nil {
		return registry.Deputy{}, usage("--until: %v", err)
	}
	for _, m := range members {
		switch {
		case m.Member != c.To:
			continue
		case m.StatusKey == "":
			return registry.Deputy{}, usage("no status key of %s is held here that fits the ledger: tongzheng keys directory", c.To)
		}
		return registry.Deputy{Member: m.Member, Key: m.StatusKey, From: time.Now().Unix(), Until: (day + 1).Start().Unix() - 1}, nil
	}
	return registry.Deputy{}, usage("the ledger has no registry of %s", c.To)
}

// printDeputy says who publishes a member's lists beside it.
func printDeputy(w *world, m resource.Member) {
	if m.Deputy.IsZero() {
		return
	}
	day := func(seconds int64) string {
		return time.Unix(seconds, 0).In(registry.China).Format("2006-01-02 15:04")
	}
	fmt.Fprintf(w.stdout, "  状态列表由 %s 代为公布 lists also by %s, key %s: %s – %s\n", m.Deputy.Member, m.Deputy.Member, m.Deputy.Key, day(m.Deputy.From), day(m.Deputy.Until))
}
