package office

import (
	"bytes"
	"compress/flate"
	"context"
	"slices"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Publication says how often lists are made and for how long they serve.
// A revocation is public one Every after the view has it, at the latest.
type Publication struct {
	Every  time.Duration // between two makings; 30 s when 0
	Valid  time.Duration // from a list's time to its nextUpdate; 24 h when 0
	Anchor time.Duration // least time between two anchorings of changed lists; 1 h when 0, never when negative
	Keep   int           // former states that changes can be told from; 64 when 0
}

// Publishing makes the status lists and holds the newest ones. It keeps nothing
// on disk: a restart makes them again from the view. It works for everybody, so
// it takes no Actor.
type Publishing struct {
	*common
	config    Publication
	status    StatusSigner
	ledger    string // its name
	governing *Governing

	mu       sync.RWMutex
	lists    map[uint32]*published
	anchored sm.Digest // of the codes that were anchored last
	last     time.Time // of that anchoring
}

// published is one list with the states before it.
type published struct {
	list   *registry.StatusList
	codes  registry.ListCodes
	former []former // oldest first
}

type former struct {
	height uint64
	codes  registry.ListCodes
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

// Publish makes all lists anew. A view that is behind the ledger publishes
// nothing: what stands keeps its time and runs out at its nextUpdate.
func (o *Publishing) Publish(ctx context.Context) error {
	now := o.now()
	// What the ledger had at AsOf is in the view: read before the codes.
	knowledge := o.view.Knowledge(now)
	if knowledge.Stale {
		return registry.Errorf(registry.CodeUnavailable, "", "the view is stale: %s", knowledge.Reason)
	}
	ids, err := o.view.Lists()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := o.publish(ctx, id, knowledge.AsOf.Unix()); err != nil {
			return err
		}
	}
	if err := o.anchor(ctx, now); err != nil {
		o.log.Warn("published status lists are not anchored", "error", err)
	}
	return nil
}

func (o *Publishing) publish(ctx context.Context, id uint32, asOf int64) error {
	config := o.config
	codes, height, err := o.view.ListCodes(ctx, id)
	if err != nil {
		return err
	}
	packed, err := deflate(codes)
	if err != nil {
		return err
	}
	list := &registry.StatusList{Head: registry.StatusHead{Ledger: o.ledger, List: id, Height: height, Time: asOf,
		Next: asOf + int64(config.Valid.Seconds()), Size: uint32(len(codes)), Digest: sm.Sum(codes)}, Codes: packed}
	if list.Key, list.Signature, err = o.status.SignStatus(ctx, list.Head.Message()); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lists == nil {
		o.lists = map[uint32]*published{}
	}
	next := &published{list: list, codes: codes}
	if old := o.lists[id]; old != nil {
		next.former = old.former
		if old.list.Head.Height != height {
			next.former = append(slices.Clone(old.former), former{old.list.Head.Height, old.codes})
		}
		if n := len(next.former); n > config.Keep {
			next.former = next.former[n-config.Keep:]
		}
	}
	o.lists[id] = next
	return nil
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
	o.mu.RLock()
	defer o.mu.RUnlock()
	if o.lists == nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "no status list is published yet")
	}
	found := o.lists[id]
	if found == nil {
		return nil, registry.Errorf(registry.CodeNotFound, "list", "no status list %d", id)
	}
	if since == 0 {
		return found.list, nil
	}
	before, known := found.codes, since == found.list.Head.Height
	for _, f := range found.former {
		if f.height == since {
			before, known = f.codes, true
		}
	}
	if !known {
		return found.list, nil
	}
	delta := *found.list
	delta.Codes, delta.Since, delta.Delta = nil, since, true
	for i := range uint32(2 * max(len(before), len(found.codes))) {
		if code := found.codes.Get(i); code != before.Get(i) {
			delta.Changes = append(delta.Changes, registry.ListChange{Index: i, Code: code})
		}
	}
	if len(delta.Changes) > maxChanges {
		return found.list, nil
	}
	return &delta, nil
}

// Heads lists what is published, by list.
func (o *Publishing) Heads() []registry.StatusHead {
	o.mu.RLock()
	defer o.mu.RUnlock()
	var heads []registry.StatusHead
	for _, l := range o.lists {
		heads = append(heads, l.list.Head)
	}
	slices.SortFunc(heads, func(a, b registry.StatusHead) int { return int(a.List) - int(b.List) })
	return heads
}

// anchor puts the root over the lists on the ledger when codes have changed
// since the last time and Config.Anchor has passed.
func (o *Publishing) anchor(ctx context.Context, now time.Time) error {
	config := o.config
	heads := o.Heads()
	if o.last.IsZero() {
		o.last = now // a restart does not anchor again what stands
	}
	if config.Anchor < 0 || len(heads) == 0 || now.Sub(o.last) < config.Anchor {
		return nil
	}
	var codes []byte
	for _, h := range heads {
		codes = append(codes, h.Digest[:]...)
	}
	if sm.Sum(codes) == o.anchored {
		return nil
	}
	rules, err := o.rules()
	if err != nil {
		return err
	}
	record := &registry.Publication{Time: now.Unix(), Height: heads[0].Height, Lists: len(heads), Root: registry.PublicationRoot(heads)}
	err = o.governing.govern(ctx, registry.Actor{}, []OrderDraft{{Organization: rules.City, Record: record, Basis: "状态列表公布"}})
	if err != nil {
		return err
	}
	o.anchored, o.last = sm.Sum(codes), now
	return nil
}
