package signer

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// answering is in whose place a list is signed, and by which key.
type answering struct {
	member string
	key    sm.KeyID
	deputy bool  // the member named this signer's
	until  int64 // of a deputy: no list serves longer
}

// last is the nextUpdate of a list that is to serve until a time.
func (a answering) last(until int64) int64 {
	if a.deputy {
		return min(until, a.until)
	}
	return until
}

// answersFor are the numbers of the lists that this signer signs at a time of the
// ledger: those of issuers whose act keys are here, and of every member that named a
// member published here as its deputy, with the status key that signs now.
func (a *Attester) answersFor(ctx context.Context, c Copy, published []string, at int64) (map[uint32]answering, error) {
	mine, err := a.mine(ctx, c)
	if err != nil {
		return nil, err
	}
	key, err := statusKey(a.cfg.Keys)
	if err != nil {
		return nil, err
	}
	all := map[uint32]answering{}
	for list, member := range mine {
		all[list] = answering{member: member, key: key}
	}
	named := map[string]registry.Deputy{}
	services, err := c.Records(registry.KindService)
	if err != nil {
		return nil, err
	}
	for _, record := range services {
		s, ok := record.(*registry.Service)
		if ok && s.Deputy.Key == key && s.Deputy.From <= at && at < s.Deputy.Until && slices.Contains(published, s.Deputy.Member) {
			named[s.Member] = s.Deputy
		}
	}
	if len(named) == 0 {
		return all, nil
	}
	instances, err := c.Records(registry.KindInstance)
	if err != nil {
		return nil, err
	}
	for _, record := range instances {
		instance, ok := record.(*registry.Instance)
		if !ok {
			continue
		}
		member, err := a.service.member(ctx, instance.Issuer)
		if err != nil {
			return nil, err
		}
		for _, list := range instance.Lists {
			if _, own := all[list]; !own && !named[member].IsZero() {
				all[list] = answering{member, key, true, named[member].Until}
			}
		}
	}
	return all, nil
}
