package registry

import (
	"cmp"
	"slices"
	"strings"
)

// Succession says into whose hands an authority's licenses of a matter at a
// place went. The ledger keeps it itself, with the start of operation of a
// handover or with a dissolution, and nobody orders it. It is flat: when a
// successor hands on, the record of every predecessor is written anew, so that
// one reading finds who is responsible today.
type Succession struct {
	Issuer       string   `cbor:"1,keyasint" json:"issuer"`
	Matter       string   `cbor:"2,keyasint" json:"matter"`                           // Any: after a dissolution
	Region       string   `cbor:"3,keyasint" json:"region"`                           // Any: after a dissolution
	Successor    string   `cbor:"4,keyasint,omitempty" json:"successor,omitempty"`    // empty: says nothing; the issuer: it came back
	Since        int64    `cbor:"5,keyasint,omitempty" json:"since,omitempty"`        // Unix seconds
	By           string   `cbor:"6,keyasint,omitempty" json:"by,omitempty"`           // the handover; empty: a dissolution
	Predecessors []string `cbor:"7,keyasint,omitempty" json:"predecessors,omitempty"` // names of the records that lead here; in the record Any of Any
	Earlier      string   `cbor:"8,keyasint,omitempty" json:"earlier,omitempty"`      // successor before Since; empty: says nothing
}

// at is whose the licenses are at an instant (Unix seconds); empty where the
// record does not say.
func (s *Succession) at(instant int64) string {
	if instant < s.Since {
		return s.Earlier
	}
	return s.Successor
}

// Any stands for every matter or region in a succession's name.
const Any = "*"

// Kind implements GovernanceRecord.
func (*Succession) Kind() RecordKind { return KindSuccession }

// Name implements GovernanceRecord.
func (s *Succession) Name() string { return SuccessionName(s.Issuer, s.Matter, s.Region) }

// Check implements GovernanceRecord.
func (s *Succession) Check() error {
	if len(s.Issuer) != 18 || s.Matter == "" || s.Region == "" {
		return recordError("succession", "issuer, matter and region are required")
	}
	return nil
}

// SuccessionName names what became of an authority's licenses of a matter at a
// place.
func SuccessionName(issuer, matter, region string) string {
	return issuer + "." + matter + "." + region
}

func parseSuccession(name string) (s Succession, ok bool) {
	part := strings.Split(name, ".")
	if len(part) != 3 {
		return s, false
	}
	s = Succession{Issuer: part[0], Matter: part[1], Region: part[2]}
	return s, s.Check() == nil
}

// successionNames lists the records that tell whose the issuer's license of a
// matter at a place is, the nearest place first.
func successionNames(issuer, matter, place string) (names []string) {
	for _, region := range places(place) {
		names = append(names, SuccessionName(issuer, matter, region))
	}
	return append(names, SuccessionName(issuer, Any, Any))
}

// successionReferences lists the records that SuccessionsOf will ask for.
func successionReferences(organization string, succeeds []string) (refs []Reference) {
	refs = append(refs, Reference{KindSuccession, SuccessionName(organization, Any, Any)})
	for _, name := range succeeds {
		refs = append(refs, Reference{KindSuccession, name})
		if s, ok := parseSuccession(name); ok {
			refs = append(refs, Reference{KindSuccession, SuccessionName(s.Issuer, Any, Any)})
		}
	}
	return refs
}

// Moves lists the names of the successions that a handover's start makes, in
// order: for each power that begins, the licenses of whoever held the matter
// there, and what those had succeeded to before. The record's Succeeds names them.
func (h *Handover) Moves(find Finder) []string {
	names := closure(h.moves(find), find)
	slices.Sort(names)
	return slices.Compact(names)
}

func (h *Handover) moves(find Finder) (names []string) {
	for _, id := range h.Begins {
		begun, _ := find(KindGrant, id).(*Grant)
		if begun == nil || begun.Decider != h.To || begun.Mode == ModeEntrust {
			continue
		}
		for _, source := range h.sources(begun, find) {
			names = append(names, SuccessionName(source.Decider, begun.Matter, wholeCounty(source.Territory)))
		}
	}
	return names
}

// wholeCounty is a region as licenses' places are looked up: a county of nine digits is
// the county.
func wholeCounty(region string) string {
	if len(region) == 9 && region[6:] == "000" {
		return region[:6]
	}
	return region
}

// sources are the powers that went into a grant: those that end, narrowed to its
// territory, and the power of the party that it was taken from.
func (h *Handover) sources(begun *Grant, find Finder) (from []Grant) {
	for _, id := range h.Ends {
		ended, _ := find(KindGrant, id).(*Grant)
		switch {
		case ended == nil || ended.Mode == ModeEntrust || ended.Matter != begun.Matter || ended.Decider == begun.Decider,
			!slices.Contains(h.From, ended.Decider): // nobody hands over what is somebody else's
		case Within(ended.Territory, begun.Territory):
			from = append(from, Grant{Decider: ended.Decider, Territory: ended.Territory})
		case Within(begun.Territory, ended.Territory):
			from = append(from, Grant{Decider: ended.Decider, Territory: begun.Territory})
		}
	}
	if slices.Contains(h.From, begun.Source) && begun.Source != begun.Decider {
		from = append(from, Grant{Decider: begun.Source, Territory: begun.Territory})
	}
	return from
}

// SuccessionsOf lists the records that the start of a handover's operation, or
// the dissolution of an organization, writes: of every predecessor, and of the
// successor who now stands for them. find reads the ledger before it. CodeHandover
// when the record leaves a predecessor out.
func SuccessionsOf(record GovernanceRecord, find Finder) ([]*Succession, error) {
	switch r := record.(type) {
	case *Handover:
		if r.Start == 0 {
			return nil, nil
		}
		if to, _ := find(KindOrganization, r.To).(*Organization); to != nil && to.Dissolved != 0 && to.Dissolved <= r.Start {
			return nil, Errorf(CodeHandover, "to", "%s is dissolved by then", r.To)
		}
		for _, id := range r.Begins {
			if find(KindGrant, id) == nil {
				return nil, Errorf(CodeHandover, "begins", "no grant %s: nothing would go over with it", id)
			}
		}
		m := succession{from: r.From, to: r.To, since: r.Start, by: r.ID}
		return m.records(r.Succeeds, r.Moves(find), find)
	case *Organization:
		return dissolutionOf(r, find)
	}
	return nil, nil
}

// dissolutionOf lists what an order for a dissolved organization writes: its own
// licenses go over with the first one, those of its predecessors in the order of
// their names, at most succeedsMost with each. The order that names them is given
// again, naming the next, until nothing is left; what is left stays the dissolved
// organization's, so that nobody else gets it.
func dissolutionOf(r *Organization, find Finder) ([]*Succession, error) {
	if r.Dissolved == 0 || r.Successor == "" {
		return nil, nil
	}
	before, _ := find(KindOrganization, r.Code).(*Organization)
	again := before != nil && before.Dissolved == r.Dissolved && before.Successor == r.Successor
	own, left := SuccessionName(r.Code, Any, Any), predecessorsOf(r.Code, find)
	if again && len(left) == 0 {
		return nil, nil
	}
	must := left[:min(len(left), succeedsMost)]
	named := slices.DeleteFunc(slices.Clone(r.Succeeds), func(name string) bool { return name == own })
	if !again {
		must, named = append([]string{own}, must...), append(named, own)
	}
	m := succession{from: []string{r.Code}, to: r.Successor, since: r.Dissolved}
	return m.records(named, must, find)
}

// Written is a record that the ledger writes itself, with an order.
type Written struct {
	Kind   RecordKind
	Name   string
	Stored Stored
}

// Key is the record's ledger key.
func (w *Written) Key() string { return RecordKey(w.Kind, w.Name) }

// WrittenWith lists what the ledger writes itself with an accepted order for a
// record: contract and view do it alike. The chains of these records are those of
// the orders that wrote them. read reads the ledger before the order, nil and zero
// for a record that is not there. CodeHandover when the order cannot stand.
func WrittenWith(e *Entry, record GovernanceRecord, read func(kind RecordKind, name string) (GovernanceRecord, Stored)) (all []Written, err error) {
	find := func(kind RecordKind, name string) GovernanceRecord {
		found, _ := read(kind, name)
		return found
	}
	if rules, _ := find(KindRules, CurrentRules).(*Rules); !rules.Since(RulesOfRelations) {
		return nil, nil
	}
	successions, err := SuccessionsOf(record, find)
	if err != nil {
		return nil, err
	}
	var records []GovernanceRecord
	for _, s := range successions {
		records = append(records, s)
	}
	if g, ok := record.(*Grant); ok {
		t, err := tenureOf(g, e.Order.Decided, find)
		if err != nil {
			return nil, err
		}
		if t != nil {
			records = append(records, t)
		}
	}
	for _, r := range records {
		_, before := read(r.Kind(), r.Name())
		all = append(all, Written{r.Kind(), r.Name(), Stored{Sequence: before.Sequence + 1, Head: e.Digest(), Record: mustEncode(r)}})
	}
	return all, nil
}

// closure adds what the issuers of names have succeeded to: of an earlier
// succession only the part that goes over now.
func closure(names []string, find Finder) []string {
	all := slices.Clone(names)
	for _, name := range names {
		moved, _ := parseSuccession(name)
		for _, earlier := range predecessorsOf(moved.Issuer, find) {
			p, _ := parseSuccession(earlier)
			switch {
			case p.Matter == Any, p.Matter == moved.Matter && Within(moved.Region, p.Region):
				p.Matter, p.Region = moved.Matter, moved.Region
			case p.Matter != moved.Matter || !Within(p.Region, moved.Region):
				continue
			}
			if part := p.Name(); !slices.Contains(all, part) {
				all = append(all, part)
			}
		}
	}
	return all
}

func predecessorsOf(organization string, find Finder) []string {
	index, _ := find(KindSuccession, SuccessionName(organization, Any, Any)).(*Succession)
	if index == nil {
		return nil
	}
	return index.Predecessors
}

// succession is one going over of licenses.
type succession struct {
	from  []string // who gives them away
	to    string
	since int64
	by    string
}

// records writes those named; must are those that cannot be missing.
func (m *succession) records(named, must []string, find Finder) (written []*Succession, err error) {
	for _, name := range must {
		if !slices.Contains(named, name) {
			return nil, Errorf(CodeHandover, "succeeds", "%s is left out: its licenses go over too", name)
		}
	}
	w := &successionWriter{find: find}
	for _, name := range named {
		if !slices.Contains(must, name) {
			return nil, Errorf(CodeHandover, "succeeds", "%s does not go over with this", name)
		}
		m.move(name, w)
	}
	slices.SortFunc(w.written, func(a, b *Succession) int { return cmp.Compare(a.Name(), b.Name()) })
	return w.written, nil
}

// move writes one record anew, and who stands for it. What went to somebody who
// gives nothing away here stays there. What is to go over later than this goes to
// the new successor then, and not before.
func (m *succession) move(name string, w *successionWriter) {
	if now, _ := w.find(KindSuccession, name).(*Succession); now != nil && now.Successor != "" && !slices.Contains(m.from, now.Successor) {
		return
	}
	s := w.record(name)
	if old := s.Successor; old != "" && old != s.Issuer {
		index := w.index(old)
		index.Predecessors = slices.DeleteFunc(index.Predecessors, func(n string) bool { return n == name })
	}
	if s.Since <= m.since {
		s.Earlier, s.Since = s.Successor, m.since
	}
	s.Successor, s.By = m.to, m.by
	if s.Issuer == m.to {
		return // it came back
	}
	index := w.index(m.to)
	if !slices.Contains(index.Predecessors, name) {
		index.Predecessors = append(index.Predecessors, name)
		slices.Sort(index.Predecessors)
	}
}

// successionWriter keeps the records that one order writes.
type successionWriter struct {
	find    Finder
	written []*Succession
}

func (w *successionWriter) record(name string) *Succession {
	for _, s := range w.written {
		if s.Name() == name {
			return s
		}
	}
	s, _ := parseSuccession(name)
	if before, _ := w.find(KindSuccession, name).(*Succession); before != nil {
		s = *before
		s.Predecessors = slices.Clone(before.Predecessors)
	}
	w.written = append(w.written, &s)
	return &s
}

func (w *successionWriter) index(organization string) *Succession {
	return w.record(SuccessionName(organization, Any, Any))
}

// succeedsMost bounds what one order moves, so that its transaction stays small.
const succeedsMost = 1000

func checkSucceeds(names []string) error {
	if len(names) > succeedsMost {
		return recordError("succeeds", "at most %d successions in one order", succeedsMost)
	}
	for i, name := range names {
		if _, ok := parseSuccession(name); !ok || i > 0 && names[i-1] >= name {
			return recordError("succeeds", "names are issuer.matter.region, in order and once each: %q", name)
		}
	}
	return nil
}
