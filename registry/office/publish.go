package office

import (
	"bytes"
	"compress/flate"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Publication says how often lists are made and for how long they serve.
// A revocation is public one Every after the signer's copy of the ledger has it, at
// the latest.
type Publication struct {
	Every  time.Duration // between two makings; 30 s when 0
	Valid  time.Duration // from a list's time to its nextUpdate; 24 h when 0. The signer caps it
	Anchor time.Duration // least time between two anchorings of changed lists; 1 h when 0, never when negative
	Keep   int           // former states that changes can be told from; 64 when 0
}

// Publishing publishes the status lists that the signer composes, and keeps the
// ledger's heart beating: a list's time is that of the newest block, so that on an
// idle ledger it would run out. It keeps nothing on disk: a restart asks for the
// lists again. It works for everybody, so it takes no Actor.
type Publishing struct {
	*common
	config   Publication
	attester interface {
		Lists(ctx context.Context, ask registry.ListsRequest) (*registry.SignedLists, error)
		Publication(ctx context.Context, ask registry.PublicationRequest) (*registry.Publication, error)
	}
	governing *Governing

	mu    sync.RWMutex
	lists map[uint32]*published // nil before the first publication

	anchored sm.Digest // of the codes that were anchored last
	last     time.Time // of that anchoring, or of the start
}

// published is one list with the changes that led to it.
type published struct {
	signed registry.SignedList // without its codes
	codes  registry.ListCodes
	packed []byte // codes, deflated; nil until somebody asks
	steps  []listStep
}

// listStep is what changed after a former state; oldest first.
type listStep struct {
	before  uint64 // height of the former state
	changes []registry.ListChange
}

func (c Publication) filled() Publication {
	if c.Every == 0 {
		c.Every = 30 * time.Second
	}
	if c.Valid == 0 {
		c.Valid = 24 * time.Hour
	}
	if c.Anchor == 0 {
		c.Anchor = time.Hour
	}
	if c.Keep == 0 {
		c.Keep = 64
	}
	return c
}

// Run publishes at once and then every Config.Every, until ctx ends.
func (o *Publishing) Run(ctx context.Context) {
	every := o.config.Every
	for ticker := time.NewTicker(every); ; {
		if err := o.Publish(ctx); err != nil && ctx.Err() == nil {
			o.log.Error("status lists are not published", "error", err)
		}
		select {
		case <-ctx.Done():
			ticker.Stop()
			return
		case <-ticker.C:
		}
	}
}

// Publish takes over the lists as the signer has them now. A signer whose copy is
// behind the ledger, or out of reach, publishes nothing: what stands runs out at its
// nextUpdate.
func (o *Publishing) Publish(ctx context.Context) error {
	signed, err := o.attester.Lists(ctx, registry.ListsRequest{Have: o.have(), Valid: int64(o.config.Valid / time.Second)})
	if err != nil {
		return err
	}
	o.take(signed.Lists)
	if err := o.anchor(ctx, signed); err != nil {
		o.log.Warn("published status lists are not anchored", "error", err)
	}
	return nil
}

// have names the states that are published.
func (o *Publishing) have() (have []registry.ListHeight) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, list := range slices.Sorted(maps.Keys(o.lists)) {
		have = append(have, registry.ListHeight{List: list, Height: o.lists[list].signed.Head.Height})
	}
	return have
}

// take publishes the signer's lists. One that does not come out as it was signed is
// left out, and asked for in full the next time.
func (o *Publishing) take(lists []registry.SignedList) {
	o.mu.Lock()
	defer o.mu.Unlock()
	next := map[uint32]*published{}
	for _, signed := range lists {
		p := following(o.lists[signed.Head.List], signed, o.config.Keep)
		if p == nil {
			o.log.Warn("a status list came in parts that do not fit", "list", signed.Head.List)
			continue
		}
		next[signed.Head.List] = p
	}
	o.lists = next
}

// following is what becomes of a published list; nil when its parts do not fit.
func following(before *published, signed registry.SignedList, keep int) *published {
	p := &published{signed: signed}
	p.signed.Codes, p.signed.Changes = nil, nil
	switch {
	case signed.Full:
		p.codes = signed.Codes
	case before == nil || before.signed.Head.Height != signed.Since:
		return nil
	default:
		p.codes, p.packed, p.steps = before.codes, before.packed, before.steps
		if signed.Head.Height != signed.Since {
			p.steps = append(slices.Clone(before.steps), listStep{signed.Since, signed.Changes})
			p.steps = p.steps[max(0, len(p.steps)-keep):]
		}
		if len(signed.Changes) > 0 {
			p.codes, p.packed = bytes.Clone(before.codes), nil
			for _, c := range signed.Changes {
				p.codes = p.codes.Set(c.Index, c.Code)
			}
		}
	}
	if changed := p.packed == nil; changed && (uint32(len(p.codes)) != signed.Head.Size || sm.Sum(p.codes) != signed.Head.Digest) {
		return nil
	}
	return p
}

func deflate(codes []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(codes); err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}

// maxChanges: a list that changed more is smaller in full.
const maxChanges = 4096

// List returns a published list: in full, or as changes since a height when
// the state at this height is still known. CodeNotFound; CodeUnavailable
// before the first publication.
func (o *Publishing) List(id uint32, since uint64) (*registry.StatusList, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lists == nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "no status list is published yet")
	}
	p := o.lists[id]
	if p == nil {
		return nil, registry.Errorf(registry.CodeNotFound, "list", "no status list %d", id)
	}
	list := &registry.StatusList{Head: p.signed.Head, Key: p.signed.Key, Signature: p.signed.Signature}
	if changes, known := p.since(since); known {
		list.Since, list.Changes, list.Delta = since, changes, true
		return list, nil
	}
	if p.packed == nil {
		var err error
		if p.packed, err = deflate(p.codes); err != nil {
			return nil, err
		}
	}
	list.Codes = p.packed
	return list, nil
}

// since lists what changed after the state at a height, by index, each place once;
// false when that state is not known, and when there is too much to tell.
func (p *published) since(height uint64) ([]registry.ListChange, bool) {
	if height == 0 {
		return nil, false
	}
	from := len(p.steps)
	if height != p.signed.Head.Height {
		if from = slices.IndexFunc(p.steps, func(s listStep) bool { return s.before == height }); from < 0 {
			return nil, false
		}
	}
	newest := map[uint32]registry.ListCode{}
	for _, step := range p.steps[from:] {
		for _, c := range step.changes {
			newest[c.Index] = c.Code
		}
	}
	if len(newest) > maxChanges {
		return nil, false
	}
	changes := []registry.ListChange(nil)
	for _, index := range slices.Sorted(maps.Keys(newest)) {
		changes = append(changes, registry.ListChange{Index: index, Code: newest[index]})
	}
	return changes, true
}

// Heads lists what is published, by list.
func (o *Publishing) Heads() []registry.StatusHead {
	o.mu.RLock()
	defer o.mu.RUnlock()
	var heads []registry.StatusHead
	for _, list := range slices.Sorted(maps.Keys(o.lists)) {
		heads = append(heads, o.lists[list].signed.Head)
	}
	return heads
}

// anchor puts the root over each member's lists on the ledger when it is due: codes
// have changed since the last time and Config.Anchor has passed, or the newest block
// is a third of Config.Valid old.
func (o *Publishing) anchor(ctx context.Context, signed *registry.SignedLists) error {
	config, now := o.config, o.now()
	if o.last.IsZero() {
		o.last = now // a restart does not anchor again what stands
	}
	if config.Anchor < 0 || len(signed.Lists) == 0 {
		return nil
	}
	var codes []byte
	for _, l := range signed.Lists {
		if l.Member == "" { // what is signed as a deputy is anchored by its own member
			codes = append(codes, l.Head.Digest[:]...)
		}
	}
	changed := sm.Sum(codes) != o.anchored && now.Sub(o.last) >= config.Anchor
	silent := now.Sub(time.Unix(signed.Block.Time, 0)) >= config.Valid/3
	if !changed && !silent {
		return nil
	}
	drafts, err := o.publications(ctx, signed.Members)
	if err != nil || len(drafts) == 0 {
		return err
	}
	if err := o.governing.govern(ctx, registry.Actor{}, drafts); err != nil {
		return err
	}
	o.anchored, o.last = sm.Sum(codes), now
	return nil
}

// publications are the members' records as the signer composes them, each ordered by
// the operator of its registry. Under rules that know no service the city publishes
// for all; a ledger that could name its registries and does not publishes nothing.
func (o *Publishing) publications(ctx context.Context, members []string) (drafts []OrderDraft, err error) {
	rules, err := o.rules()
	if err != nil {
		return nil, err
	}
	if !rules.Since(registry.RulesOfRelations) {
		members = []string{""}
	}
	for _, member := range members {
		record, err := o.attester.Publication(ctx, registry.PublicationRequest{Member: member})
		if registry.CodeOf(err) == registry.CodeStale {
			continue // no license of the member is on the ledger yet
		}
		if err != nil {
			return nil, err
		}
		operator := rules.City
		if member != "" {
			service, err := recordOf[*registry.Service](o.common, registry.KindService, member)
			if err != nil || service == nil {
				return nil, err
			}
			operator = service.Operator
		}
		drafts = append(drafts, OrderDraft{Organization: operator, Record: record, Basis: "状态列表公布"})
	}
	return drafts, nil
}
