package registry

import "slices"

// Reach is where an organization is something to licenses: what a store finds
// them by. It reaches at most too far; Kinship says of each license what it is.
type Reach struct {
	Content Among // whose licenses it may see what they say of: its own, those of whom it succeeds, those acted on under its grants
	Result  Among // whose number and holder it may see, and no more
	Status  Among // whose state alone
	// Proposer is whose own applications for licenses that are not anchored yet it
	// holds; empty for none.
	Proposer string
}

// Among are licenses by their issuer, or by a grant that they were acted on under.
type Among struct{ Issuers, Grants []string }

// ReachOf reads an organization's reach from all organizations, grants and
// successions of the ledger. Relations other than only are left out when that is
// not empty.
func ReachOf(organization string, only Relation, organizations []*Organization, grants []*Grant, successions []*Succession) *Reach {
	r := &Reach{}
	if organization == "" {
		return r
	}
	among := func(is Relation) *Among {
		switch {
		case only != "" && only != is || !is.Allows(MaySeeStatus):
			return &Among{}
		case is.Allows(MaySeeContent):
			return &r.Content
		case is.Allows(MaySeeResult):
			return &r.Result
		}
		return &r.Status
	}
	add := func(into *[]string, name string) {
		if !slices.Contains(*into, name) {
			*into = append(*into, name)
		}
	}
	if only == "" {
		r.Proposer = organization
	}
	add(&among(IsIssuer).Issuers, organization)
	for _, s := range successions {
		if s.Successor == organization || s.Earlier == organization {
			add(&among(IsSuccessor).Issuers, s.Issuer)
		}
	}
	var dissolved []string
	for _, o := range organizations {
		if o.Dissolved != 0 {
			dissolved = append(dissolved, o.Code)
		}
		if slices.Contains(o.Superiors, organization) {
			add(&among(IsSuperior).Issuers, o.Code)
		}
	}
	for _, g := range grants {
		for _, is := range g.RelationsOf(organization) {
			add(&among(is).Grants, g.ID)
		}
		if g.Decider != organization {
			continue
		}
		for _, other := range grants { // what is in nobody's hands any more is whose the matter is now
			if other.Matter == g.Matter && other.Decider != organization && (other.End != 0 || slices.Contains(dissolved, other.Decider)) {
				add(&among(IsSuccessor).Grants, other.ID)
			}
		}
	}
	return r
}

// OfLibrary is the reach of who keeps the license library: all licenses of all
// organizations, besides what it is to them otherwise.
func (r *Reach) OfLibrary(organizations []*Organization) {
	for _, o := range organizations {
		if !slices.Contains(r.Content.Issuers, o.Code) {
			r.Content.Issuers = append(r.Content.Issuers, o.Code)
		}
	}
}

// SeenBy is the reach of an actor of the organization, whose role may see no more of
// licenses than their result.
func (r *Reach) SeenBy(by Actor) *Reach {
	if by.Sees(MaySeeContent) {
		return r
	}
	result := Among{slices.Concat(r.Content.Issuers, r.Result.Issuers), slices.Concat(r.Content.Grants, r.Result.Grants)}
	return &Reach{Result: result, Status: r.Status, Proposer: r.Proposer}
}

// Grants lists the grants that the license's anchored acts name; none for nil.
func (s *Standing) Grants() (ids []string) {
	if s == nil {
		return nil
	}
	for _, a := range s.Entries {
		if in := a.Entry.Intent; in != nil && in.Grant != "" && !slices.Contains(ids, in.Grant) {
			ids = append(ids, in.Grant)
		}
	}
	return ids
}

// HandsOver lists who gives the results under the grant to their holders: whoever
// took the application in, and the center that works for the issuer. Where the
// grant names neither, it is the decider.
func (g *Grant) HandsOver() (codes []string) {
	for _, code := range []string{g.Handling, g.Acceptor} {
		if code != "" && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 {
		codes = append(codes, g.Decider)
	}
	return codes
}

// HandsOver tells whether the organization looks after the paper of a license
// that rests on a grant: whoever hands results over under it, until its licenses
// went to a successor, who does then.
func (k *Kinship) HandsOver(organization, grant string) bool {
	if k.Issuer == nil || organization == "" {
		return false
	}
	for _, s := range k.Successions {
		if s.Successor != "" {
			if s.Successor != k.Issuer.Code {
				return organization == s.Successor
			}
			break // it came back
		}
	}
	for _, g := range k.Grants {
		if g.ID == grant {
			return slices.Contains(g.HandsOver(), organization)
		}
	}
	return organization == k.Issuer.Code
}
