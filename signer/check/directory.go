package check

import (
	"cmp"
	"crypto/ecdsa"
	"encoding/json"
	"encoding/pem"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// memberBlock is the PEM type of a member in a roots file.
const memberBlock = "TONGZHENG MEMBER"

// PublishedMember is a member in a roots file: whose licenses are its, where it is
// reached, and by what its papers are verified. Who takes the file trusts whoever wrote
// it; the list inside is signed all the same.
type PublishedMember struct {
	Member        string              `json:"member"`
	Name          string              `json:"name"`
	Public        string              `json:"public"`
	Home          string              `json:"home,omitempty"`
	Organizations []string            `json:"organizations"`   // credit codes
	Lists         []uint32            `json:"lists,omitempty"` // numbers of its status lists
	Deputy        registry.Deputy     `json:"deputy,omitzero"` // publishes them beside it
	Keys          registry.MemberKeys `json:"keys"`
	Why           string              `json:"why,omitempty"` // without keys: registry.KeysElsewhere or KeysOlder
}

// PEM writes the member's block.
func (m *PublishedMember) PEM() ([]byte, error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return append([]byte("# "+m.Member+"\n"), pem.EncodeToMemory(&pem.Block{Type: memberBlock, Bytes: raw})...), nil
}

// listedMember is a member that the roots name.
type listedMember struct {
	Member
	said PublishedMember
	list *KeyList
}

// addMember reads a member's block.
func (r *Roots) addMember(raw []byte) error {
	m := &listedMember{}
	if err := json.Unmarshal(raw, &m.said); err != nil {
		return registry.Errorf(registry.CodeMalformed, "roots", "a member cannot be read").WithCause(err)
	}
	m.Elsewhere = registry.Elsewhere{Member: m.said.Member, Name: m.said.Name, Public: m.said.Public}
	if len(m.said.Keys.Anchors) == 0 { // nobody's keys verify its papers: they are unknown
		m.Why, m.list = cmp.Or(m.said.Why, registry.KeysElsewhere), &KeyList{}
		r.members = append(r.members, m)
		return nil
	}
	all, err := ParseRoots(m.said.Keys.Anchors)
	if err != nil {
		return err
	}
	m.Roots = all.Authorities()
	if m.list, err = parseMemberList(m.said.Keys.List, m.Roots); err != nil {
		return err
	}
	m.Roots.Learn(m.list)
	r.members = append(r.members, m)
	return nil
}

// LearnFrom takes over a published list, whoever's of the roots' members it is, or of
// the roots themselves. An older one than the roots have is CodeStale: it could take
// back the news of a theft.
func (r *Roots) LearnFrom(text []byte, list *KeyList) error {
	m := r.signedBy(text)
	if m == nil {
		r.Learn(list)
		return nil
	}
	if list.Number < m.list.Number {
		return registry.Errorf(registry.CodeStale, "key_list", "list %d of %s, and the roots have %d", list.Number, m.Elsewhere.Member, m.list.Number)
	}
	m.list = list
	m.Roots.Learn(list)
	if own, _ := ParseKeyList(text, r, time.Unix(list.Issued, 0), 0); own != nil {
		r.Learn(own) // whoever wrote the roots is one of the members
	}
	return nil
}

// signedBy is the member whose anchor signed a key list; nil for none.
func (r *Roots) signedBy(text []byte) *listedMember {
	for _, m := range r.members {
		if _, err := parseMemberList(text, m.Roots); err == nil {
			return m
		}
	}
	return nil
}

// memberOf is the member whose licenses an issuer's are; nil where the roots do not say.
func (r *Roots) memberOf(issuer string) *listedMember {
	if r == nil {
		return nil
	}
	for _, m := range r.members {
		if slices.Contains(m.said.Organizations, issuer) {
			return m
		}
	}
	return nil
}

// ofIssuer is the member by whose keys an issuer's papers are verified; nil for the
// roots themselves.
func (r *Roots) ofIssuer(issuer string) *Member {
	if m := r.memberOf(issuer); m != nil {
		return &m.Member
	}
	return nil
}

// leadsTo tells whether an address is the member's.
func (m *listedMember) leadsTo(address string) bool {
	return address != "" && (address == m.said.Public || address == m.said.Home)
}

// statusKey finds a status key among the members' lists and the roots' own, and whose
// it is; nil stands for the roots' own. A member may list a key that is another's: that
// says nothing against the other, and each answers for its own papers alone.
func (r *Roots) statusKey(id sm.KeyID, at, seen time.Time) (pub *ecdsa.PublicKey, of []*listedMember, err error) {
	final := false // a member with the roots' own anchors lists it: its list is the newer word
	if r != nil {
		for _, m := range r.members {
			if m.list.Find(id) == nil {
				continue
			}
			final = final || m.Roots.Digest() == r.Digest()
			found, _, failed := m.Roots.pinnedFor(UseStatus, id, at, seen)
			if failed != nil {
				err = failed
				continue
			}
			pub, of = found, append(of, m)
		}
	}
	if !final {
		found, _, failed := r.pinnedFor(UseStatus, id, at, seen)
		switch {
		case failed == nil:
			pub, of = found, append(of, nil)
		case err == nil:
			err = failed
		}
	}
	if len(of) > 0 {
		err = nil
	}
	return pub, of, err
}

// checkpointKey finds the key that vouches for a single node's file: whichever member
// keeps that node.
func (r *Roots) checkpointKey(id sm.KeyID, at, seen time.Time) (spki []byte, err error) {
	if _, spki, err = r.pinnedFor(UseCheckpoint, id, at, seen); err == nil || r == nil {
		return spki, err
	}
	for _, m := range r.members {
		if m.list.Find(id) == nil {
			continue
		}
		if _, found, failed := m.Roots.pinnedFor(UseCheckpoint, id, at, seen); failed == nil {
			return found, nil
		} else {
			err = failed
		}
	}
	return nil, err
}

// forPapers are the roots by which an issuer's papers are verified.
func (r *Roots) forPapers(issuer string) *Roots {
	m := r.memberOf(issuer)
	switch {
	case m == nil:
		return r
	case m.Roots == nil:
		return &Roots{}
	}
	return m.Roots
}

// ofEntry are the roots by which what stands beside an entry is verified: its time stamp
// is its issuer's member's.
func (r *Roots) ofEntry(receipt *registry.Receipt) *Roots {
	e, err := receipt.VerifyEntry()
	if err != nil || e.Intent == nil {
		return r
	}
	return r.forPapers(e.Intent.Identifier.Issuer)
}

// lacking is the member of an address whose keys the roots' author had not; nil for none.
func (r *Roots) lacking(address string) *listedMember {
	if r == nil {
		return nil
	}
	for _, m := range r.members {
		if m.Roots == nil && m.leadsTo(address) {
			return m
		}
	}
	return nil
}

// ParseAnyKeyList verifies a list as ParseKeyList does, by the roots' own anchors or
// those of a member.
func ParseAnyKeyList(text []byte, roots *Roots, at time.Time) (*KeyList, error) {
	list, err := ParseKeyList(text, roots, at, 0)
	if list != nil || roots == nil {
		return list, err
	}
	for _, m := range roots.members {
		if list, also := ParseKeyList(text, m.Roots, at, 0); list != nil {
			return list, also
		}
	}
	return nil, err
}
