package exchange

import (
	"slices"
	"time"

	"tongzheng/registry"
)

// wants tells which versions of other members' licenses must be here: those of licenses
// that an organization of this registry's members may see wholly, by the table of
// relations. It is gathered once for a walk or a turn of the queue.
type wants struct {
	view    View
	own     []string            // members of this registry
	known   []string            // all members with a registry
	library string              // keeps the license library; empty: nobody, or of another member
	tenures map[string][]string // own organizations that ever held a matter, by matter
	at      int64
}

func newWants(view View, d *Directory, now time.Time) (*wants, error) {
	w := &wants{view: view, tenures: map[string][]string{}, at: now.Unix()}
	var err error
	if w.own, _, err = d.Own(); err != nil || len(w.own) == 0 {
		return w, err
	}
	neighbors, err := d.Neighbors()
	if err != nil {
		return w, err
	}
	for _, n := range neighbors {
		w.known = append(w.known, n.Member)
	}
	law := registry.Gatherer{Records: records{view}}
	if w.library, err = law.Library(); err != nil {
		return w, err
	}
	tenures, err := view.Records(registry.KindTenure)
	for _, record := range tenures {
		if t, ok := record.(*registry.Tenure); ok {
			if member, err := memberOf(view, t.Decider); err != nil {
				return w, err
			} else if slices.Contains(w.own, member) {
				w.tenures[t.Matter] = append(w.tenures[t.Matter], t.Decider)
			}
		}
	}
	return w, err
}

// of lists the versions of a license that must be here; none of one that is this
// registry's own, of a member that has no registry, or for nobody here.
func (w *wants) of(issuer string, standing *registry.Standing) ([]Want, error) {
	if standing.License == nil || len(w.own) == 0 {
		return nil, nil
	}
	member, err := memberOf(w.view, issuer)
	if err != nil || !slices.Contains(w.known, member) {
		return nil, err
	}
	organization, _, err := w.whose(issuer, standing)
	if err != nil || organization == "" {
		return nil, err
	}
	var all []Want
	for _, a := range standing.Entries {
		if in := a.Entry.Intent; in != nil && in.Act.MakesVersion() {
			all = append(all, Want{Identifier: in.Identifier, Intent: in.Digest(), Member: member, Organization: organization, Height: a.Height, Recorded: a.Recorded})
		}
	}
	return all, nil
}

// whose is the organization here as which a license is asked for, with what it is to it:
// the library before all others, then in the order of the grants. Empty for none.
func (w *wants) whose(issuer string, standing *registry.Standing) (string, []registry.Relation, error) {
	law := registry.Gatherer{Records: records{w.view}}
	kin, err := law.Kinship(issuer, standing, "", w.at)
	if err != nil {
		return "", nil, err
	}
	candidates := []string{w.library}
	for _, g := range kin.Grants {
		candidates = append(append(candidates, g.Handling, g.Acceptor, g.Examiner, g.Decider), g.Regulators...)
	}
	for _, s := range kin.Successions {
		candidates = append(candidates, s.Successor, s.Earlier)
	}
	tried := map[string]bool{"": true}
	for _, code := range candidates {
		if tried[code] {
			continue
		}
		tried[code] = true
		if mine, err := w.mine(code); err != nil {
			return "", nil, err
		} else if mine && wholly(kin, code) {
			return code, kin.Relations(code), nil
		}
	}
	for _, g := range kin.Grants { // who holds the matter of a license that is in nobody's hands
		for _, code := range w.tenures[g.Matter] {
			if tried[code] {
				continue
			}
			tried[code] = true
			asked, err := law.Kinship(issuer, standing, code, w.at)
			if err != nil {
				return "", nil, err
			}
			if wholly(asked, code) {
				return code, asked.Relations(code), nil
			}
		}
	}
	return "", nil, nil
}

// theirs tells whether an issuer is of another member that has a registry.
func (w *wants) theirs(issuer string) (bool, error) {
	member, err := memberOf(w.view, issuer)
	return slices.Contains(w.known, member), err
}

func (w *wants) mine(organization string) (bool, error) {
	member, err := memberOf(w.view, organization)
	return slices.Contains(w.own, member), err
}
