package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"tongzheng/registry"
)

// RunLists takes the other members' status lists over until ctx ends, so that their
// papers are judged offline at this registry's page too.
func (d *Directory) RunLists(ctx context.Context) {
	for ticker := time.NewTicker(min(lookEvery, d.config.ListsEvery)); ; {
		d.ListsRound(ctx)
		select {
		case <-ctx.Done():
			ticker.Stop()
			return
		case <-ticker.C:
		}
	}
}

// ListsRound asks every other member that is due for its lists, all at once, and its
// deputy where the member's own word is lacking (wanting); for this registry's own lists
// the deputy alone. What came stays until something newer comes, or the ledger says
// otherwise of whoever signed it: its nextUpdate says how long it serves.
func (d *Directory) ListsRound(ctx context.Context) {
	now := d.config.Clock()
	if d.config.View.Knowledge(now).Stale {
		return
	}
	all, err := d.services()
	if err != nil {
		return
	}
	d.judgeAgain()
	var each sync.WaitGroup
	for _, s := range all {
		if ctx.Err() != nil || !d.isOwn(s) && d.member(s).Roots == nil || !d.listsDue(s.Member, now) {
			continue
		}
		each.Go(func() {
			if err := d.listsOf(ctx, s); ctx.Err() == nil {
				d.listsTried(s.Member, now, err)
			}
		})
	}
	each.Wait()
}

// listsWithin bounds one look at a member's lists. Half of it is kept for the deputy.
const listsWithin = 30 * time.Second

// listsOf looks at one member's lists.
func (d *Directory) listsOf(ctx context.Context, s *registry.Service) error {
	numbers, err := d.Lists(s.Member)
	if err != nil || len(numbers) == 0 {
		return err
	}
	numbers = slices.Compact(numbers)
	ctx, cancel := context.WithTimeout(ctx, listsWithin)
	defer cancel()
	if !d.isOwn(s) {
		first, done := context.WithTimeout(ctx, listsWithin/2)
		err = d.takeLists(first, s, s.Public, numbers)
		done()
	}
	if deputy := d.deputyOf(s); deputy != nil && (err != nil || d.wanting(s, numbers)) {
		err = d.takeLists(ctx, s, deputy.Public, numbers)
	}
	return err
}

// wanting tells whether one of a member's lists is not held, or is past a quarter of the
// time for which it serves.
func (d *Directory) wanting(s *registry.Service, numbers []uint32) bool {
	now := d.config.Clock().Unix()
	return slices.ContainsFunc(numbers, func(number uint32) bool {
		head := d.newestHead(s, number, now)
		return head == nil || now > head.Time+(head.Next-head.Time)/4
	})
}

// newestHead is that of a list as it was taken over, or as this registry publishes it
// where it is its own; nil for none.
func (d *Directory) newestHead(s *registry.Service, number uint32, now int64) (newest *registry.StatusHead) {
	if list := d.StatusList(number); list != nil {
		newest = &list.Head
	}
	if d.config.Published == nil || !d.isOwn(s) {
		return newest
	}
	for _, head := range d.config.Published() {
		if head.List == number && (newest == nil || head.Newer(newest, now)) {
			newest = &head
		}
	}
	return newest
}

func (d *Directory) listsDue(member string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	last, known := d.listTries[member]
	return !known || now.Sub(last.at) >= d.config.ListsEvery || now.Before(last.at)
}

// deputyOf is the registry that publishes a member's lists beside it; nil for none, and
// where that is this one.
func (d *Directory) deputyOf(s *registry.Service) *registry.Service {
	deputy := recordOf[*registry.Service](d, registry.KindService, s.Deputy.Member)
	if s.Deputy.IsZero() || deputy == nil || d.isOwn(deputy) {
		return nil
	}
	return deputy
}

func (d *Directory) listsTried(member string, now time.Time, err error) {
	said := ""
	if err != nil {
		said = err.Error()
	}
	d.mu.Lock()
	before := d.listTries[member].failed
	d.listTries[member] = try{at: now, failed: said}
	d.mu.Unlock()
	if said != "" && said != before {
		d.config.Log.Warn("a member's status lists are not taken over", "member", member, "error", said)
	}
}

// takeLists takes over what is newer at an address, of the lists that the ledger says are
// the member's.
func (d *Directory) takeLists(ctx context.Context, s *registry.Service, at string, numbers []uint32) error {
	raw, err := d.get(ctx, at+"/api/v1/status-list")
	if err != nil {
		return err
	}
	var said struct {
		Lists []registry.StatusHead `json:"lists"`
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return fmt.Errorf("%s: its status lists cannot be read: %w", at, err)
	}
	heads := map[uint32]registry.StatusHead{}
	for _, head := range said.Lists {
		heads[head.List] = head
	}
	now := d.config.Clock().Unix()
	var failed []error // one list holds up no other
	for _, number := range numbers {
		head, given := heads[number]
		if held := d.newestHead(s, number, now); !given || held != nil && !head.Newer(held, now) {
			continue
		}
		if err := d.takeFrom(ctx, s, at, number); err != nil {
			failed = append(failed, fmt.Errorf("%s: status list %d: %w", at, number, err))
		}
	}
	return errors.Join(failed...)
}

func (d *Directory) takeFrom(ctx context.Context, s *registry.Service, at string, number uint32) error {
	raw, err := d.get(ctx, fmt.Sprintf("%s/api/v1/status-list/%d", at, number))
	if err != nil {
		return err
	}
	return d.TakeList(s, number, raw)
}

// StatusList implements public.OtherLists: another member's list as it was taken over; nil
// for none.
func (d *Directory) StatusList(number uint32) *registry.StatusList {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lists[number].list
}

// StatusHeads implements public.OtherLists, by number.
func (d *Directory) StatusHeads() (heads []registry.StatusHead) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, number := range slices.Sorted(maps.Keys(d.lists)) {
		heads = append(heads, d.lists[number].list.Head)
	}
	return heads
}

// ListsAt implements public.OtherLists: the numbers of the lists of the member whose
// address on paper is this registry's own with a last part.
func (d *Directory) ListsAt(part string) (numbers []uint32) {
	all, err := d.services()
	if err != nil {
		return nil
	}
	for _, s := range all {
		if s.Home != d.config.Public+"/"+part {
			continue
		}
		if lists, err := d.Lists(s.Member); err == nil {
			numbers = append(numbers, lists...)
		}
	}
	return numbers
}
