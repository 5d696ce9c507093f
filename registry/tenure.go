package registry

import (
	"cmp"
	"slices"
	"strings"
)

// Tenure lists the powers of one authority over one matter (职权), with when each
// of them began and ends. The ledger keeps it itself, with every order for a
// grant, and nobody orders it: so one reading tells whether the authority still
// has any power at a place, whatever becomes of the grant that a license rests
// on. An entrustment (委托) is not listed: it lapses with the grant it rests on,
// which is. Grants that were last ordered under the first rules are not listed
// before they are ordered again.
type Tenure struct {
	Decider string      `cbor:"1,keyasint" json:"decider"`
	Matter  string      `cbor:"2,keyasint" json:"matter"`
	Powers  []HeldPower `cbor:"3,keyasint,omitempty" json:"powers"` // in order of their grants
}

// HeldPower is one grant of a tenure. Times are Unix seconds.
type HeldPower struct {
	_         struct{} `cbor:",toarray"`
	Grant     string   `json:"grant"`
	Territory string   `json:"territory"`
	From      int64    `json:"from"`  // zero: it awaits its handover or agreement
	Until     int64    `json:"until"` // zero: open
}

// tenureMost bounds a tenure: every act on the authority's licenses of the matter
// reads it. A city with a window in each of its towns has some hundred powers.
const tenureMost = 1000

// Kind implements GovernanceRecord.
func (*Tenure) Kind() RecordKind { return KindTenure }

// Name implements GovernanceRecord.
func (t *Tenure) Name() string { return TenureName(t.Decider, t.Matter) }

// Check implements GovernanceRecord.
func (t *Tenure) Check() error {
	if len(t.Decider) != 18 || t.Matter == "" {
		return recordError("tenure", "decider and matter are required")
	}
	return nil
}

// TenureName names the powers of an authority over a matter.
func TenureName(decider, matter string) string {
	return strings.Join([]string{decider, matter}, ".")
}

// Holds tells whether the authority has a power at a place at an instant (Unix
// seconds), and whether it is known to have had one there by then. False for nil.
func (t *Tenure) Holds(place string, at int64) (living, known bool) {
	if t == nil {
		return false, false
	}
	for _, h := range t.Powers {
		if h.From == 0 || at < h.From || !Within(place, h.Territory) {
			continue
		}
		known = true
		living = living || h.Until == 0 || at < h.Until
	}
	return living, known
}

// lists tells whether the grant stands in the tenure.
func (t *Tenure) lists(grant string) bool {
	return t != nil && slices.ContainsFunc(t.Powers, func(h HeldPower) bool { return h.Grant == grant })
}

// held is the grant as its decider's tenure lists it.
func (g *Grant) held() HeldPower {
	h := HeldPower{Grant: g.ID, Territory: g.Territory, From: g.Effective, Until: g.End}
	switch {
	case g.Handover && g.Operating == 0, g.Mode == ModeReview && g.Agreement == "":
		h.From = 0
	case g.Handover:
		h.From = max(h.From, g.Operating)
	}
	if h.From != 0 && g.Mode == ModeReview {
		h.From = max(h.From, g.Agreed)
	}
	return h
}

// tenureOf is the tenure that an order for a grant leaves, nil where it changes
// none. decided is the order's time (Unix seconds), find reads the ledger before it.
func tenureOf(g *Grant, decided int64, find Finder) (*Tenure, error) {
	before, _ := find(KindTenure, TenureName(g.Decider, g.Matter)).(*Tenure)
	if g.Mode == ModeEntrust {
		root, _ := find(KindGrant, g.Rests).(*Grant)
		if root == nil || before.lists(root.ID) {
			return nil, nil
		}
		g = root
	}
	t := &Tenure{Decider: g.Decider, Matter: g.Matter}
	if before != nil {
		t.Powers = slices.Clone(before.Powers)
	}
	now := g.held()
	i, found := slices.BinarySearchFunc(t.Powers, now.Grant, func(h HeldPower, id string) int { return cmp.Compare(h.Grant, id) })
	switch {
	case !found:
		t.Powers = slices.Insert(t.Powers, i, now)
	case t.Powers[i] == now:
		return nil, nil
	default:
		t.Powers[i] = now
	}
	return t, t.shorten(decided)
}

// shorten leaves out the power that ended longest before an instant where there are
// too many. CodeEntryForm when all of them live.
func (t *Tenure) shorten(at int64) error {
	if len(t.Powers) <= tenureMost {
		return nil
	}
	oldest := -1
	for i, h := range t.Powers {
		if h.Until != 0 && h.Until <= at && (oldest < 0 || h.Until < t.Powers[oldest].Until) {
			oldest = i
		}
	}
	if oldest < 0 {
		return recordError("decider", "%s has %d powers over matter %s already: end one that is no longer used", t.Decider, tenureMost, t.Matter)
	}
	t.Powers = slices.Delete(t.Powers, oldest, oldest+1)
	return nil
}

// holds tells whether an organization has a power over the license's matter at
// its place at an instant, and whether it is known to have had one there by then.
// Of a grant of the first rules only that is known which the license rests on.
func (p *Powers) holds(organization, place string, at int64) (living, known bool) {
	t := p.Tenures[organization]
	living, known = t.Holds(place, at)
	g := p.Origin
	if g == nil || g.Decider != organization || t.lists(g.ID) || known && g.Mode == ModeEntrust {
		return living, known
	}
	return living || g.End == 0 || at < g.End, true
}
