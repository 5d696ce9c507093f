package signer

import (
	"context"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// publishing is what the signer remembers of the lists that it signed last. A
// restart forgets it: lists are signed again, publications composed again.
type publishing struct {
	mu       sync.Mutex
	digests  map[uint32]codesDigest         // of lists, by the height of their last change
	heads    map[uint32]registry.StatusHead // signed last
	members  map[uint32]string              // of those lists
	composed map[string]sm.Digest           // member → canonical bytes of the publication composed last
}

type codesDigest struct {
	changed uint64
	digest  sm.Digest
}

// Lists signs the status lists of this signer's issuers as its own copy of the
// ledger has them, and those of members whose deputy it is: codes, time and height are
// the copy's, and the caller says no more than which states it has. A list costs its
// signature, and one that changed its digest. CodeUnavailable while the copy is behind
// the ledger, or empty.
func (a *Attester) Lists(ctx context.Context, ask registry.ListsRequest) (*registry.SignedLists, error) {
	c, err := a.copied()
	if err != nil {
		return nil, err
	}
	states, block, err := c.Lists()
	if err != nil {
		return nil, err
	}
	if block.Time == 0 {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the ledger is empty as this signer has it")
	}
	answer := &registry.SignedLists{Block: block}
	if answer.Members, err = a.publishes(c); err != nil {
		return nil, err
	}
	all, err := a.answersFor(ctx, c, answer.Members, block.Time)
	if err != nil {
		return nil, err
	}
	have := map[uint32]uint64{}
	for _, h := range ask.Have {
		have[h.List] = h.Height
	}
	p := &a.publishing
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heads, p.members = map[uint32]registry.StatusHead{}, map[uint32]string{}
	valid := min(max(ask.Valid, 1), int64(registry.MostValid/time.Second))
	var lines []LogLine
	for _, state := range states {
		as, ours := all[state.List]
		if !ours {
			continue
		}
		head := registry.StatusHead{Ledger: a.cfg.Ledger, List: state.List, Height: block.Height, Time: block.Time, Next: as.last(block.Time + valid),
			Size: uint32(len(state.Codes)), Digest: p.digest(&state)}
		list := registry.SignedList{Head: head, Key: as.key}
		if list.Signature, err = SignRaw(a.cfg.Keys, as.key, statusMessage(head.Message())); err != nil {
			return nil, err
		}
		since, known := have[state.List]
		if list.Changes, known = changesAfter(&state, since, known && since <= block.Height); known {
			list.Since = since
		} else {
			list.Full, list.Codes = true, state.Codes
		}
		if as.deputy {
			list.Member = as.member // its publications are its own
		} else {
			p.heads[state.List], p.members[state.List] = head, as.member
		}
		lines = append(lines, LogLine{Use: UseStatus, Key: as.key, Subject: sm.Sum(statusMessage(head.Message()))})
		answer.Lists = append(answer.Lists, list)
	}
	return answer, a.service.log(lines...)
}

func changesAfter(state *registry.ListState, since uint64, asked bool) ([]registry.ListChange, bool) {
	if !asked {
		return nil, false
	}
	return state.After(since)
}

// digest is SM3 of a list's codes, made anew when they have changed. The caller
// holds the lock.
func (p *publishing) digest(state *registry.ListState) sm.Digest {
	if p.digests == nil {
		p.digests = map[uint32]codesDigest{}
	}
	if known, ok := p.digests[state.List]; ok && known.changed == state.Changed {
		return known.digest
	}
	digest := sm.Sum(state.Codes)
	p.digests[state.List] = codesDigest{state.Changed, digest}
	return digest
}

// Publication composes what a member is to publish on the ledger: the root over its
// lists as they were signed last. Only such a record is then registered as an order
// (RegisterOrder). CodeForbidden for a member whose registry no organization of this
// signer runs, CodeStale before lists were signed.
func (a *Attester) Publication(ctx context.Context, ask registry.PublicationRequest) (*registry.Publication, error) {
	if err := a.mayPublish(ctx, ask.Member); err != nil {
		return nil, err
	}
	p := &a.publishing
	p.mu.Lock()
	defer p.mu.Unlock()
	var heads []registry.StatusHead
	for list, head := range p.heads {
		if ask.Member == "" || p.members[list] == ask.Member {
			heads = append(heads, head)
		}
	}
	if len(heads) == 0 {
		return nil, registry.Errorf(registry.CodeStale, "member", "no status list of %q was signed since this signer was started", ask.Member)
	}
	record := registry.PublicationOf(ask.Member, heads)
	raw, err := registry.Encode(record)
	if err != nil {
		return nil, err
	}
	if p.composed == nil {
		p.composed = map[string]sm.Digest{}
	}
	p.composed[ask.Member] = sm.Sum(raw)
	return record, nil
}

// mayPublish: a member's registry is run by an organization whose act key is here.
// Where rules know no service, the whole deployment publishes as one.
func (a *Attester) mayPublish(ctx context.Context, member string) error {
	rules, err := a.service.law(ctx).Rules()
	if err != nil {
		return err
	}
	if member == "" {
		if rules.Since(registry.RulesOfRelations) {
			return registry.Errorf(registry.CodeForbidden, "member", "each member publishes for itself")
		}
		return nil
	}
	service, err := a.service.service(ctx, member)
	if err != nil {
		return err
	}
	if service == nil || !a.cfg.holds(service.Operator) {
		return registry.Errorf(registry.CodeForbidden, "member", "no organization of this signer runs the registry of %s", member)
	}
	return nil
}

// checkPublication: an order publishes what was composed here, and nothing else.
func (a *Attester) checkPublication(order *registry.Order, record *registry.Publication) error {
	p := &a.publishing
	p.mu.Lock()
	defer p.mu.Unlock()
	if composed, ok := p.composed[record.Member]; !ok || composed != sm.Sum(order.Record) {
		return registry.Errorf(registry.CodeStale, "record", "this publication was not composed here: ask for it again")
	}
	return nil
}
