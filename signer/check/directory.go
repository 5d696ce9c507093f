package check

import (
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
	Organizations []string            `json:"organizations"` // credit codes
	Keys          registry.MemberKeys `json:"keys"`
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
	// signer is the first member with these anchors: members whose registries one
	// signer serves have the same keys, and vouch for one another.
	signer string
}

// addMember reads a member's block.
func (r *Roots) addMember(raw []byte) error {
	m := &listedMember{}
	if err := json.Unmarshal(raw, &m.said); err != nil {
		return registry.Errorf(registry.CodeMalformed, "roots", "a member cannot be read").WithCause(err)
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
	m.Elsewhere = registry.Elsewhere{Member: m.said.Member, Name: m.said.Name, Public: m.said.Public}
	m.signer = m.said.Member
	for _, other := range r.members {
		if other.Roots.Digest() == m.Roots.Digest() {
			m.signer = other.signer
			break
		}
	}
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
	for _, same := range r.members {
		if same.signer == m.signer {
			same.list = list
			same.Roots.Learn(list)
		}
	}
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

// speaksAs tells whether an address is that of a member whose signer this one's is.
func (r *Roots) speaksAs(m *listedMember, address string) bool {
	return slices.ContainsFunc(r.members, func(other *listedMember) bool {
		return other.signer == m.signer && address != "" && (address == other.said.Public || address == other.said.Home)
	})
}

// statusKey finds a status key among the members' and then among the roots' own, and
// whose it is; nil for the roots' own.
func (r *Roots) statusKey(id sm.KeyID, at, seen time.Time) (pub *ecdsa.PublicKey, by *listedMember, err error) {
	if r != nil {
		for _, m := range r.members {
			if m.list.Find(id) != nil {
				pub, _, err = m.Roots.pinnedFor(UseStatus, id, at, seen)
				return pub, m, err
			}
		}
	}
	pub, _, err = r.pinnedFor(UseStatus, id, at, seen)
	return pub, nil, err
}

// checkpointKey finds the key that vouches for a single node's file: whichever member
// keeps that node.
func (r *Roots) checkpointKey(id sm.KeyID, at, seen time.Time) (spki []byte, err error) {
	if _, spki, err = r.pinnedFor(UseCheckpoint, id, at, seen); err == nil || r == nil {
		return spki, err
	}
	for _, m := range r.members {
		if m.list.Find(id) != nil {
			_, spki, err = m.Roots.pinnedFor(UseCheckpoint, id, at, seen)
		}
	}
	return spki, err
}

// forPapers are the roots by which an issuer's papers are verified.
func (r *Roots) forPapers(issuer string) *Roots {
	if m := r.memberOf(issuer); m != nil {
		return m.Roots
	}
	return r
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
