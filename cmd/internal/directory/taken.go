package directory

import (
	"slices"

	"tongzheng/registry"
	"tongzheng/signer/check"
)

// taken is a status list of another member as it was taken over.
type taken struct {
	member string
	list   *registry.StatusList // in full
}

// TakeList keeps a member's list, whoever brought it: signed by the member, or by the
// deputy that the ledger names now, newer than what is held, and of no time or height
// that has not come. CodeNotYet for a height that this registry has not seen.
func (d *Directory) TakeList(s *registry.Service, number uint32, raw []byte) error {
	known, err := d.judge(s, raw)
	if err != nil {
		return err
	}
	now := d.config.Clock()
	switch seen := d.config.View.Knowledge(now).Height; {
	case known.Head.List != number:
		return registry.Errorf(registry.CodeForbidden, "status-list", "list %d in the place of list %d", known.Head.List, number)
	case known.Head.Ahead(now.Unix()):
		return registry.Errorf(registry.CodeForbidden, "status-list", "of a time that has not come")
	case known.Head.Height > seen:
		return registry.Errorf(registry.CodeNotYet, "status-list", "of height %d, and %d is seen here", known.Head.Height, seen)
	}
	list, err := registry.DecodeStatusList(raw)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if held := d.lists[number]; held.list != nil && held.member == s.Member && !list.Head.Newer(&held.list.Head, now.Unix()) {
		return nil
	}
	d.lists[number] = taken{s.Member, list}
	return nil
}

// judge holds a list against what the ledger says of the member and its deputy now.
func (d *Directory) judge(s *registry.Service, raw []byte) (*check.KnownList, error) {
	var deputy *check.Member
	if named := recordOf[*registry.Service](d, registry.KindService, s.Deputy.Member); named != nil && !s.Deputy.IsZero() {
		deputy = d.member(named)
	}
	return check.MemberList(raw, s, d.member(s), deputy)
}

// judgeAgain drops the held lists that would not be taken now: the deputy's period has
// ended, the key was stolen, the number is another's.
func (d *Directory) judgeAgain() {
	d.mu.Lock()
	held := make([]taken, 0, len(d.lists))
	for _, t := range d.lists {
		held = append(held, t)
	}
	d.mu.Unlock()
	for _, t := range held {
		err := d.stillTaken(t)
		if err == nil {
			continue
		}
		number := t.list.Head.List
		d.mu.Lock()
		if d.lists[number].list == t.list {
			delete(d.lists, number)
		}
		d.mu.Unlock()
		d.config.Log.Warn("a status list that was taken over counts no more", "member", t.member, "list", number, "error", err)
	}
}

func (d *Directory) stillTaken(t taken) error {
	s := recordOf[*registry.Service](d, registry.KindService, t.member)
	if s == nil {
		return registry.Errorf(registry.CodeForbidden, "status-list", "the ledger has no record of the member's registry")
	}
	if numbers, err := d.Lists(t.member); err == nil && !slices.Contains(numbers, t.list.Head.List) {
		return registry.Errorf(registry.CodeForbidden, "status-list", "the ledger does not say that the number is the member's")
	}
	_, err := d.judge(s, t.list.Bytes())
	return err
}
