package check

import (
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Codes of a status list that is signed by somebody else than its member.
const (
	ListDeputy       = "list-deputy"        // a note: the deputy that the member named signed it
	ListDeputyPeriod = "list-deputy-period" // signed by its deputy outside the period
	ListOtherMember  = "list-other-member"  // signed by a member that was not named
)

// named finds a member of the roots by its name.
func (r *Roots) named(member string) *listedMember {
	for _, m := range r.members {
		if m.Elsewhere.Member == member {
			return m
		}
	}
	return nil
}

// deputized are the members that named a key of another one as their deputy's: those
// whose period the head lies in, and the others. The key is the deputy's own, by its key
// list, or names nobody.
func (r *Roots) deputized(id sm.KeyID, head *registry.StatusHead) (within, without []*listedMember) {
	if r == nil {
		return nil, nil
	}
	for _, m := range r.members {
		if m.said.Deputy.Key != id {
			continue
		}
		d := r.named(m.said.Deputy.Member)
		if d == nil || d.Roots == nil {
			continue
		}
		if _, _, err := d.Roots.pinnedFor(UseStatus, id, time.Unix(head.Time, 0), time.Time{}); err != nil {
			continue
		}
		if m.said.Deputy.Covers(head) {
			within = append(within, m)
		} else {
			without = append(without, m)
		}
	}
	return within, without
}

// owns is the member whose list a number is; nil where the roots do not say.
func (r *Roots) owns(list uint32) *listedMember {
	if r == nil {
		return nil
	}
	for _, m := range r.members {
		if slices.Contains(m.said.Lists, list) {
			return m
		}
	}
	return nil
}

// claim notes whose lists the known one can be, and whose it is by its number.
func (k *KnownList) claim(r *Roots, of []*listedMember) {
	own := ""
	for _, m := range of {
		if m == nil {
			k.Members = append(k.Members, "")
			continue
		}
		k.Members = append(k.Members, m.Elsewhere.Member)
		own = m.Elsewhere.Member
	}
	k.Signer = own
	within, without := r.deputized(k.Key, &k.Head)
	for _, m := range within {
		k.Members = append(k.Members, m.Elsewhere.Member)
		k.deputy = append(k.deputy, m.Elsewhere.Member)
	}
	for _, m := range without {
		k.late = append(k.late, m.Elsewhere.Member)
	}
	if m := r.owns(k.Head.List); m != nil {
		k.Owner, k.OwnerName = m.Elsewhere.Member, m.Elsewhere.Name
		k.roots = m.Roots.Digest() == r.Digest() // the roots' author is one of the members
	}
}

// ByDeputy tells whether the list of a member is signed by the deputy that it named.
func (k *KnownList) ByDeputy(member string) bool { return slices.Contains(k.deputy, member) }

// Foreign tells why a list is not its owner's, by the number; empty where it is, and
// where the roots do not say whose the number is.
func (k *KnownList) Foreign() (code string) {
	switch {
	case k.Owner == "" || slices.Contains(k.Members, k.Owner) || k.roots && slices.Contains(k.Members, ""):
		return ""
	case slices.Contains(k.late, k.Owner):
		return ListDeputyPeriod
	}
	return ListOtherMember
}

// ForeignWords say why a list is not taken for its member's.
func ForeignWords(code string) (chinese, english string) {
	if code == ListDeputyPeriod {
		return "此号状态列表由代为公布的成员在期限之外签发，不予采用", "the status list of that number is signed by the member's deputy outside its period: not used"
	}
	return "此号状态列表不是该证照所属成员签发的，不予采用", "the status list of that number is signed by another member than the license is of: not used"
}

// listFor is the list that a code names, of the member whose license it is; why tells
// that somebody else's key signed the one that there is.
func (o *Offline) listFor(m *listedMember, list uint32, now time.Time) (known *KnownList, why string) {
	own := ""
	if m != nil {
		own = m.Elsewhere.Member
	}
	for of, l := range o.Lists {
		switch {
		case of.List != list:
		case slices.Contains(l.Members, own):
			if known == nil || l.Head.Newer(&known.Head, now.Unix()) {
				known = l
			}
		case slices.Contains(l.late, own):
			why = ListDeputyPeriod
		case why == "":
			why = ListOtherMember
		}
	}
	if known != nil {
		return known, ""
	}
	return nil, why
}

// StatusKey is the key of a list that signs status lists at an instant: the newest one in
// use; empty for none.
func (l *KeyList) StatusKey(at time.Time) (id sm.KeyID) {
	begun := int64(0)
	for _, k := range l.Keys {
		if k.Use == KeyUseStatus && k.CompromisedAt == 0 && k.NotBefore <= at.Unix() && (k.NotAfter == 0 || at.Unix() < k.NotAfter) && k.NotBefore >= begun {
			id, begun = k.ID, k.NotBefore
		}
	}
	return id
}

// StatusKey is the key that signs a member's status lists at an instant, by its key list.
func (m *Member) StatusKey(at time.Time) sm.KeyID {
	if m.Roots == nil || m.Roots.keys == nil {
		return ""
	}
	return m.Roots.keys.StatusKey(at)
}

// MemberList reads a member's list as another member's registry takes it over: signed by
// the member's key, or by the deputy that its record names, within the period. deputy may
// be nil. CodeForbidden for anybody else's, and for one of changes CodeStale.
func MemberList(raw []byte, service *registry.Service, member, deputy *Member) (*KnownList, error) {
	list, err := registry.DecodeStatusList(raw)
	if err != nil {
		return nil, err
	}
	if list.Delta {
		return nil, registry.Errorf(registry.CodeStale, "status-list", "changes, not the full list")
	}
	by := member
	if !service.Deputy.IsZero() && service.Deputy.Key == list.Key {
		if !service.Deputy.Covers(&list.Head) {
			return nil, registry.Errorf(registry.CodeForbidden, "status-list", "signed by the deputy of %s outside its period", service.Member)
		}
		by = deputy
	}
	if by == nil || by.Roots == nil {
		return nil, registry.Errorf(registry.CodeForbidden, "status-list", "the keys of whoever signed it are not held")
	}
	return VerifyStatusList(raw, nil, by.Roots)
}

// MemberLists is what an inspector knows of a member's licenses without a network.
type MemberLists struct {
	Member string `json:"member"`
	Name   string `json:"name"`
	Lists  int    `json:"lists"`
	Time   int64  `json:"time,omitempty"`   // of the oldest of them, Unix seconds
	Next   int64  `json:"next,omitempty"`   // until when all of them serve
	Deputy string `json:"deputy,omitempty"` // member that signed one of them in this one's place
	Why    string `json:"why,omitempty"`    // its keys are lacking: nothing of its is known
}

// Members tells of every member that the roots name how old its lists are: of each
// number the one that a code would be judged by.
func (o *Offline) Members(now time.Time) (all []MemberLists) {
	if o.Roots == nil {
		return nil
	}
	for _, m := range o.Roots.members {
		line := MemberLists{Member: m.Elsewhere.Member, Name: m.Elsewhere.Name, Why: m.Why}
		for _, number := range m.said.Lists {
			l, _ := o.listFor(m, number, now)
			if l == nil {
				continue
			}
			if line.Lists++; line.Lists == 1 || l.Head.Time < line.Time {
				line.Time = l.Head.Time
			}
			if line.Lists == 1 || l.Head.Next < line.Next {
				line.Next = l.Head.Next
			}
			if l.ByDeputy(line.Member) {
				line.Deputy = l.Signer
			}
		}
		all = append(all, line)
	}
	return all
}
