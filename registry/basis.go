package registry

import "slices"

// Basis is the grant under which an act was done that takes a license out of
// effect: it says in what capacity, and so who answers for the act once its author
// has no part in the license any more. An act that rests on rank has none.
type Basis struct {
	_        struct{} `cbor:",toarray"`
	Sequence uint64   `json:"sequence"` // of the act, in its chain
	Grant    string   `json:"grant"`
}

// bases are those of all whose acts still stand, with that of the act entered now.
func bases(all []Basis, causes []StateCause, in *Intent) (left []Basis) {
	if in.Grant != "" && in.Ruling == nil {
		all = append(slices.Clone(all), Basis{Sequence: in.Sequence, Grant: in.Grant})
	}
	for _, b := range all {
		if slices.ContainsFunc(causes, func(c StateCause) bool { return c.Sequence == b.Sequence }) {
			left = append(left, b)
		}
	}
	return left
}

// basisOf is the grant under which an act was done; empty where none is known.
func basisOf(all []Basis, sequence uint64) string {
	if i := slices.IndexFunc(all, func(b Basis) bool { return b.Sequence == sequence }); i >= 0 {
		return all[i].Grant
	}
	return ""
}

// chainOf is one chain's acts that keep a license out of effect, with the grants
// under which they were done.
type chainOf struct {
	causes []StateCause
	bases  []Basis
}

func (l *License) chain() chainOf {
	if l == nil {
		return chainOf{}
	}
	return chainOf{l.Stands(), l.Bases}
}

func (o *Oversight) chain() chainOf {
	if o == nil {
		return chainOf{}
	}
	return chainOf{o.Stands(), o.Bases}
}

// suspended tells whether the chain has a suspension to return.
func (c chainOf) suspended(organization string) bool { return returned(c.causes, organization) >= 0 }

// returnsAbove tells whether a return goes through governance because the suspension
// stands there, whoever returns it.
func (s *Standing) returnsAbove(act Act, organization string) bool {
	return act == Return && !s.License.Under(s.Oversight).chain().suspended(organization) && s.Oversight.Over(s.License).chain().suspended(organization)
}

// returnMember gives a suspension of the member's chain back, through governance: of
// whoever has the measure now and whose node is another member's.
func (o *Oversight) returnMember(license *License, in *Intent) bool {
	causes := o.leaves(license)
	i := returned(causes, in.Organization)
	if i < 0 || in.Grant == "" {
		return false
	}
	o.Undone = append(o.Undone, causes[i].Sequence)
	o.stays(causes[i].Sequence, nil)
	return true
}

// concerned is the act that a return or a ruling is about, as far as it stands in
// the chain that the act names; nil for none.
func (s *Standing) concerned(act Act, organization string, r *Ruling, governed bool) (c *StateCause, basis string) {
	chain := s.License.chain()
	if over := s.Oversight.chain(); governed && (r != nil && !r.onMember() || act == Return && over.suspended(organization)) {
		chain = over
	}
	switch {
	case act == Return:
		if i := returned(chain.causes, organization); i >= 0 {
			c = &chain.causes[i]
		}
	case r != nil && r.onMember():
		c = find(chain.causes, r.MemberAct)
	case r != nil:
		if c = find(chain.causes, r.Undoes); c == nil && !governed {
			c = find(s.License.Undoable(), r.Undoes)
		}
	}
	if c != nil {
		basis = basisOf(chain.bases, c.Sequence)
	}
	return c, basis
}

// basis is the grant under which an act concerned was done, as far as the act that
// concerns it names it: in Under, or because it is its own grant or the license's.
// nil for none.
func (p wayBack) basis(id string) *Grant {
	for _, g := range []*Grant{p.Under, p.Grant, p.Origin} {
		if g != nil && id != "" && g.ID == id {
			return g
		}
	}
	return nil
}

// entruster is in whose name an organization acted under a grant; empty where it
// acted in its own.
func (g *Grant) entruster(organization string) string {
	if g != nil && g.Mode == ModeEntrust && g.Acceptor == organization && g.Decider != organization {
		return g.Decider
	}
	return ""
}

// returnsFor tells whether an organization, whom its own grant lets return
// suspensions, stands for who suspended under a basis. What an entrusted office did
// is the entruster's, who answers for it (行政许可法24条), and of whoever decides in
// its place. A regulator's goes, once its grant ended or the license is in other
// hands, to the regulator whom the grant lists now, to who decides where it lists
// none; whoever decided once is followed by who decides now.
func (p wayBack) returnsFor(by string, basis *Grant, in *Intent) bool {
	switch {
	case basis == nil || p.Grant == nil:
		return false
	case basis.entruster(by) != "":
		return in.Organization == p.Grant.Decider
	case slices.Contains(basis.Regulators, by):
		lapsed := basis.Decider != p.Grant.Decider || basis.InForce(in.Decided) != nil
		return lapsed && (len(p.Grant.Regulators) == 0 || slices.Contains(p.Grant.Regulators, in.Organization))
	case basis.Decider == by:
		return by != p.Grant.Decider && in.Organization == p.Grant.Decider
	}
	return false
}
