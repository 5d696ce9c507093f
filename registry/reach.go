package registry

import "slices"

// Reach is where an organization is something to licenses: what a store finds
// them by. It reaches at most too far; Kinship says of each license what it is.
type Reach struct {
	Issuers []string // whose licenses it may see what they say of: its own, and those of whom it succeeds
	Grants  []string // likewise of licenses acted on under these
	Below   []string // issuers whose licenses it sees the status of, and no more
	Told    []string // grants, likewise
	// Proposer is whose own applications for licenses that are not anchored yet it
	// holds; empty for none.
	Proposer string
}

// ReachOf reads an organization's reach from all organizations, grants and
// successions of the ledger. Relations other than only are left out when that is
// not empty.
func ReachOf(organization string, only Relation, organizations []*Organization, grants []*Grant, successions []*Succession) *Reach {
	r := &Reach{}
	if organization == "" {
		return r
	}
	add := func(is Relation, whole, status *[]string, name string) {
		into := status
		if is.Allows(MaySeeContent) {
			into = whole
		}
		if (only == "" || only == is) && is.Allows(MaySeeStatus) && !slices.Contains(*into, name) {
			*into = append(*into, name)
		}
	}
	if only == "" {
		r.Proposer = organization
	}
	add(IsIssuer, &r.Issuers, &r.Below, organization)
	for _, s := range successions {
		if s.Successor == organization || s.Earlier == organization {
			add(IsSuccessor, &r.Issuers, &r.Below, s.Issuer)
		}
	}
	var dissolved []string
	for _, o := range organizations {
		if o.Dissolved != 0 {
			dissolved = append(dissolved, o.Code)
		}
		if slices.Contains(o.Superiors, organization) {
			add(IsSuperior, &r.Issuers, &r.Below, o.Code)
		}
	}
	for _, g := range grants {
		for _, is := range g.RelationsOf(organization) {
			add(is, &r.Grants, &r.Told, g.ID)
		}
		if g.Decider != organization {
			continue
		}
		for _, other := range grants { // what is in nobody's hands any more is whose the matter is now
			if other.Matter == g.Matter && other.Decider != organization && (other.End != 0 || slices.Contains(dissolved, other.Decider)) {
				add(IsSuccessor, &r.Grants, &r.Told, other.ID)
			}
		}
	}
	return r
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

// PaperDue is what the paper of a license waits for, from whoever looks after it.
type PaperDue struct {
	Act      Act      `json:"act"`                // print, reprint, deliver or recover
	Printing uint32   `json:"printing,omitempty"` // the sheet concerned; none for a first print
	Version  int      `json:"version"`            // of the sheet
	Copy     CopyKind `json:"copy,omitzero"`      // of the sheet
}

// PaperDue lists what the paper waits for on a day, in the state that the license
// has: its version in force has no sheet, or none that is good; a sheet was
// printed and is not delivered; a sheet of an earlier version, or of a license
// that ended, is still out. A version that another system made is not printed
// here.
func (l *License) PaperDue(state State, day Date) (due []PaperDue) {
	made, printed, good := false, (*Sheet)(nil), false
	over := slices.Contains(ended, state) || state == Cancelled || state == Replaced
	for i := range l.Printings {
		s := &l.Printings[i]
		present := s.Version == l.Version
		switch {
		case s.Copy == Electronic:
			made = made || present
			continue
		case s.State.Good() && (over || !present):
			due = append(due, PaperDue{Recover, s.Number, s.Version, s.Copy})
		case s.State == PrintingLive:
			due = append(due, PaperDue{Deliver, s.Number, s.Version, s.Copy})
		}
		if present {
			printed, good = s, good || s.State.Good()
		}
	}
	open := !over && slices.Contains(alive, state) && (day <= l.Expires || l.Renewal != 0)
	switch {
	case !open || !made || good:
	case printed == nil:
		due = append(due, PaperDue{Act: Print, Version: l.Version})
	case printed.State == PrintingSpoiled || printed.State == PrintingDestroyed || printed.State == PrintingVoid:
		due = append(due, PaperDue{Reprint, printed.Number, printed.Version, printed.Copy})
	}
	return due
}
