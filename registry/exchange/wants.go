package exchange

import (
	"slices"
	"time"

	"tongzheng/registry"
)

// wants tells which versions of other members' licenses must be here: those of licenses
// that an organization of this registry's members may see wholly, or whose result it is
// told, by the table of relations. It is gathered once for a walk or a turn of the queue.
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
	as, err := w.whose(issuer, standing)
	if err != nil || as.organization == "" {
		return nil, err
	}
	var all []Want
	for _, a := range standing.Entries {
		if in := a.Entry.Intent; in != nil && in.Act.MakesVersion() {
			all = append(all, Want{Identifier: in.Identifier, Intent: in.Digest(), Member: member, Organization: as.organization, Form: as.form, Height: a.Height, Recorded: a.Recorded})
		}
	}
	return all, nil
}

// asking is as whom a license is asked for, what that is to it, and how much of it may be
// here. An empty organization: nobody here may have it.
type asking struct {
	organization string
	relations    []registry.Relation
	form         registry.CopyForm
}

// whose is the organization here as which a license is asked for: whoever may have the
// whole before whoever is told the result; the library before all others, then in the
// order of the grants.
func (w *wants) whose(issuer string, standing *registry.Standing) (best asking, err error) {
	law := registry.Gatherer{Records: records{w.view}}
	kin, err := law.Kinship(issuer, standing, "", w.at)
	if err != nil {
		return best, err
	}
	tried := map[string]bool{"": true}
	for _, code := range w.candidates(kin) {
		if tried[code] {
			continue
		}
		tried[code] = true
		mine, err := w.mine(code)
		if err != nil {
			return best, err
		}
		if mine {
			best.better(kin, code)
		}
		if best.form == registry.CopyWhole {
			return best, nil
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
				return best, err
			}
			if best.better(asked, code); best.form == registry.CopyWhole {
				return best, nil
			}
		}
	}
	return best, nil
}

// candidates are whom a license may be asked for as, whoever's they are.
func (w *wants) candidates(kin *registry.Kinship) []string {
	all := []string{w.library}
	for _, g := range kin.Grants {
		all = append(append(all, g.Handling, g.Acceptor, g.Examiner, g.Decider), g.Regulators...)
	}
	for _, s := range kin.Successions {
		all = append(all, s.Successor, s.Earlier)
	}
	for _, g := range kin.Grants {
		all = append(all, g.Informed...)
	}
	return all
}

// better takes an organization that may have more than the best so far.
func (a *asking) better(kin *registry.Kinship, organization string) {
	form := kin.CopyFormFor(organization)
	if form == registry.CopyNone || a.organization != "" && form != registry.CopyWhole {
		return
	}
	*a = asking{organization, kin.Relations(organization), form}
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
