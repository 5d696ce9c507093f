package lawtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// model is what the law forbids, said again in the simplest way and without
// the contract's code: no number twice, no act out of turn, no power before its
// beginning or after its end, no seal that is not in use.
type model struct {
	maxBackdate  int64
	genesisUntil int64
	superiors    []string
	grants       map[string]span
	seals        map[string]span
	blanks       map[string]bool
	licenses     map[string]*papers
	replaced     map[string]string // by license: the one that replaces it, from its issue on
	closed       map[string]bool
	barred       map[string]int64  // by holder, since when: for years longer than any walk
	numbers      map[string]string // by member and number: whose it is, from the first on
	decisions    map[string]bool   // what each decision has made
	matters      map[string]string // of grants
	acts         map[registry.Act]int
	attempts     map[bool]int // under shifting powers: forbidden and allowed
	reached      map[bool]int // by a wider power: forbidden and allowed
	deciders     map[string]string
	house        string // whose licenses nobody takes over: a wider power reaches them once it has none
}

// span is a time in which something is good.
type span struct {
	from, to int64 // to zero: open
	cases    []string
	excepted [][2]int64
}

func (s span) holds(at int64) bool {
	for _, x := range s.excepted {
		if x[0] <= at && at < x[1] {
			return true
		}
	}
	return s.from != 0 && s.from <= at && (s.to == 0 || at < s.to)
}

// skew is how far clocks may be apart, in seconds.
const skew = 300

// papers is one license: how far it came, and what became of its sheets.
type papers struct {
	sequence uint64
	version  int
	state    string
	sheets   map[uint32]string
	kinds    map[uint32]string // version and kind of each
	decided  int64
	causes   []cause // why it is not effective, oldest first
	above    []cause // acts of superiors that ended it
	refused  uint64  // act that refused its renewal
}

// cause is an act that took a license out of effect.
type cause struct {
	sequence uint64
	act, by  string
	led      uint64 // a cancellation: the act that it followed from
	above    uint64 // or the superior's act
	stayed   bool
}

// restate is what causes make of a license: an end goes before a suspension, and
// a cancellation goes with what it followed from.
func (p *papers) restate() {
	p.state = "effective"
	stayed := map[uint64]bool{}
	for _, c := range p.causes {
		over := slices.ContainsFunc(p.above, func(a cause) bool { return a.sequence == c.above && a.stayed })
		if stayed[c.sequence] = c.stayed || over || c.led != 0 && stayed[c.led]; stayed[c.sequence] {
			continue
		}
		if to := leads[c.act].to; to != "suspended" || p.state == "effective" {
			p.state = to
		}
	}
}

// ruling is what a court's ruling makes of the causes, or why it cannot.
func (p *papers) ruling(in *registry.Intent) string {
	i := slices.IndexFunc(p.causes, func(c cause) bool { return c.sequence == in.Ruling.Undoes })
	switch {
	case i < 0 && p.refused != 0 && in.Ruling.Undoes == p.refused && in.Act == registry.Reinstate:
		p.refused = 0
		return ""
	case i < 0:
		return "a ruling on an act that does not stand"
	case p.causes[i].by != in.Organization && p.causes[i].by != in.Ruling.Author:
		return "a ruling on somebody else's act"
	case in.Act == registry.Stay && p.causes[i].stayed != in.Ruling.Ends:
		return "a stay begun or ended twice"
	case in.Act == registry.Stay:
		p.causes[i].stayed = !in.Ruling.Ends
	default:
		undone := p.causes[i].sequence
		p.causes = slices.DeleteFunc(p.causes, func(c cause) bool { return c.sequence == undone || c.led == undone })
	}
	p.restate()
	return ""
}

// overruled is what a superior's ruling makes of the issuer's acts.
func (p *papers) overruled(in *registry.Intent) {
	switch one := in.Ruling.MemberAct; {
	case one == 0 && in.Act == registry.Reinstate: // a superior's own act, and the cancellation that followed it
		p.above = slices.DeleteFunc(p.above, func(c cause) bool { return c.sequence == in.Ruling.Undoes })
		p.causes = slices.DeleteFunc(p.causes, func(c cause) bool { return c.above == in.Ruling.Undoes })
	case one == 0:
		for i := range p.above {
			if c := &p.above[i]; c.sequence == in.Ruling.Undoes {
				c.stayed = !in.Ruling.Ends
			}
		}
	case in.Act == registry.Reinstate:
		p.causes = slices.DeleteFunc(p.causes, func(c cause) bool { return c.sequence == one || c.led != 0 && c.led == one })
	default:
		for i := range p.causes {
			if c := &p.causes[i]; c.sequence == one {
				c.stayed = !in.Ruling.Ends
			}
		}
	}
	p.restate()
}

// entered adds what a state act leaves.
func (p *papers) entered(in *registry.Intent) {
	act := in.Act.String()
	switch {
	case act == "return": // one's own before another's, one in effect before a stayed one
		best := -1
		rank := func(c cause) int {
			return map[bool]int{true: 2}[c.by == in.Organization] + map[bool]int{true: 1}[!c.stayed]
		}
		for i, c := range p.causes {
			if c.act == "suspend" && (best < 0 || rank(c) >= rank(p.causes[best])) {
				best = i
			}
		}
		if best >= 0 {
			p.causes = slices.Delete(p.causes, best, best+1)
		}
	case leads[act].to != "" && act != "issue":
		c := cause{sequence: in.Sequence, act: act, by: in.Organization}
		for _, led := range p.causes {
			if act == "cancel" && !led.stayed && among(led.act, "withdraw revoke penalize") {
				c.led = led.sequence
				break
			}
		}
		for _, led := range p.above {
			if act == "cancel" && c.led == 0 && !led.stayed {
				c.above = led.sequence
				break
			}
		}
		p.causes = append(p.causes, c)
	}
	p.restate()
}

func newModel() *model {
	return &model{grants: map[string]span{}, seals: map[string]span{}, blanks: map[string]bool{}, licenses: map[string]*papers{}, replaced: map[string]string{}, closed: map[string]bool{}, barred: map[string]int64{}, numbers: map[string]string{}, decisions: map[string]bool{}, matters: map[string]string{}, acts: map[registry.Act]int{}, attempts: map[bool]int{}, reached: map[bool]int{}, deciders: map[string]string{}}
}

// leads: which act leads where, from which states; written down from the
// statutes, not from the act table.
var leads = map[string]struct{ from, to string }{
	"issue": {"-", "effective"}, "change": {"effective", ""}, "renew": {"effective", ""}, "reissue": {"effective", ""},
	"correct": {"effective suspended", ""}, "downgrade": {"effective suspended", ""}, "annotate": {"effective suspended", ""},
	"accept-renewal": {"effective suspended", ""}, "suspend": {"effective", "suspended"}, "return": {"suspended", "effective"},
	"withdraw": {"effective suspended", "withdrawn"}, "revoke": {"effective suspended", "revoked"}, "penalize": {"effective suspended", "penalized"},
	"cancel": {"effective suspended withdrawn revoked penalized", "cancelled"}, "print": {"effective suspended", ""}, "reprint": {"effective suspended", ""},
	"deliver": {"effective suspended", ""}, "spoil": {everything, ""}, "recover": {everything, ""}, "announce-void": {everything, ""}, "destroy": {everything, ""},
	"reinstate": {everything, ""}, "stay": {everything, ""},
}

const everything = "effective suspended withdrawn revoked penalized cancelled"

// sheets: what may become of a sheet.
var sheets = map[string]struct{ from, to string }{
	"spoil": {"live delivered", "spoiled"}, "deliver": {"live", "delivered"}, "recover": {"live delivered spoiled void", "recovered"},
	"announce-void": {"live delivered", "void"}, "destroy": {"spoiled recovered", "destroyed"}, "reprint": {"spoiled recovered void destroyed", ""},
}

func among(word, list string) bool {
	for len(list) > 0 {
		head := list
		if i := slices.Index([]byte(list), ' '); i >= 0 {
			head, list = list[:i], list[i+1:]
		} else {
			list = ""
		}
		if head == word {
			return true
		}
	}
	return false
}

// may tells whether the license's own side can do the act now.
func (m *model) may(l *ledgertest.License, act registry.Act) bool {
	p := m.licenses[l.Identifier.Base()]
	if p == nil || !among(p.state, leads[act.String()].from) {
		return false
	}
	if act == registry.AcceptRenewal && l.State.Renewal != 0 {
		return false
	}
	if act.Rules() {
		return len(p.causes) > 0 && !(act == registry.Stay && p.causes[0].stayed)
	}
	if act == registry.Print { // of an original, else a duplicate
		version := fmt.Sprint(l.State.Version)
		return p.room(version+" original") || p.room(version+" duplicate")
	}
	if act == registry.Reprint && !p.room(fmt.Sprintf("%d original", l.State.Version)) {
		return false
	}
	if s, ok := sheets[act.String()]; ok {
		return among(p.sheets[2], s.from) && (l.State.Version == 1 || act != registry.Reprint && act != registry.Deliver) && l.State.Version == 1
	}
	return true
}

func (m *model) superiorMay(l *ledgertest.License, act registry.Act) bool {
	return act != registry.Return && l.Oversight == nil && m.may(l, act)
}

// take holds an accepted entry against the model; it says what is forbidden.
func (m *model) take(b registry.Batch, e *registry.Entry) string {
	if e.Order != nil {
		return m.order(b, e)
	}
	in := e.Intent
	m.acts[in.Act]++
	if why := m.once(b, in); why != "" {
		return why
	}
	holder := in.Holder.String()
	since, barred := m.barred[holder]
	if among(in.Act.String(), "issue change renew") && !in.Holder.IsZero() && barred && in.Decided >= since {
		return "a version for a holder who is barred"
	}
	if in.Act == registry.Revoke && !in.Holder.IsZero() {
		m.barred[holder] = in.Decided
	}
	if in.Ruling != nil && !in.Holder.IsZero() { // the one act that bars it is undone or stayed, or no longer
		if delete(m.barred, holder); in.Ruling.Ends {
			m.barred[holder] = in.Decided
		}
	}
	if in.Closes != nil {
		if why := m.pair(b, in); why != "" {
			return why
		}
	}
	if b.Namespace == registry.Governance {
		if p := m.licenses[in.Identifier.Base()]; in.Ruling != nil && p != nil {
			p.overruled(in)
		} else if p != nil && among(in.Act.String(), "withdraw revoke penalize") {
			p.above = append(p.above, cause{sequence: in.Sequence, act: in.Act.String(), by: in.Organization})
		}
		if in.Identifier.Issuer == m.house && in.Grant != "" && m.lives(m.house, in.Decided) {
			return "a wider power, while " + m.house + " has one"
		}
		if in.Grant == "" && in.Ruling == nil && !slices.Contains(m.superiors, in.Organization) {
			return in.Organization + " is no superior"
		}
		return ""
	}
	if why := m.power(b, e); why != "" {
		return why
	}
	p := m.licenses[in.Identifier.Base()]
	if p == nil {
		p = &papers{state: "-", sheets: map[uint32]string{}, kinds: map[uint32]string{}}
		m.licenses[in.Identifier.Base()] = p
	}
	act := in.Act.String()
	switch rule := leads[act]; {
	case in.Sequence != p.sequence+1:
		return fmt.Sprintf("act %d after %d", in.Sequence, p.sequence)
	case in.Decided < p.decided:
		return "decided before the last act"
	case !among(p.state, rule.from):
		return act + " on a license that is " + p.state
	case in.Ruling != nil:
		if why := p.ruling(in); why != "" {
			return why
		}
	case rule.to != "":
		p.entered(in)
	case in.Ground == registry.GroundRenewalRefused:
		p.refused = in.Sequence
	}
	if in.Act.MakesVersion() {
		p.version++
	}
	p.sequence, p.decided = in.Sequence, in.Decided
	if in.Act.MakesVersion() && in.Identifier.Version != p.version {
		return fmt.Sprintf("version %d after %d", in.Identifier.Version, p.version-1)
	}
	return m.paper(p, in)
}

// pair: a license is replaced once, by one of another member's, while it is in
// force; and closed once, by the license that was issued in its place.
func (m *model) pair(b registry.Batch, in *registry.Intent) string {
	old, made := in.Closes.Identifier.Base(), in.Identifier.Base()
	if b.Namespace == registry.Governance {
		old, made = made, old
		switch {
		case m.replaced[old] != made || m.licenses[made] == nil:
			return "closed by a license that was not issued in its place"
		case m.closed[old]:
			return "closed twice"
		}
		m.closed[old] = true
		return ""
	}
	p := m.licenses[old]
	switch {
	case m.replaced[old] != "":
		return "replaced twice"
	case p == nil || p.state != "effective" || p.sequence != in.Closes.Sequence || p.version != in.Closes.Identifier.Version:
		return "replaced, and not in force as the issue knows it"
	case in.Closes.Origin.Member == b.Namespace:
		return "replaced within its own member"
	}
	m.replaced[old] = made
	return ""
}

// power: the grant named was in force at decision and recording, the seal in
// use at sealing and recording, and nothing is recorded late unseen.
func (m *model) power(b registry.Batch, e *registry.Entry) string {
	in := e.Intent
	g, seal := m.grants[in.Grant], m.seals[in.Seal]
	switch {
	case in.Ruling != nil: // binds whose act it was, with or without the power
	case !g.holds(in.Decided):
		return "decided without power under " + in.Grant
	case !g.holds(b.Time) && !slices.Contains(g.cases, in.Case):
		return "recorded without power under " + in.Grant
	case in.Seals() && (!seal.holds(e.Sealed) || !seal.holds(b.Time)):
		return "sealed with " + in.Seal + ", which was not in use"
	case in.Seals() && !g.holds(e.Sealed):
		return "sealed after the power ended"
	case in.Decided > b.Time || e.Sealed > b.Time:
		return "from the future"
	case e.Recording == registry.Timely && b.Time-in.Decided > m.maxBackdate:
		return "backdated"
	}
	return ""
}

// lives tells whether an authority has any power at an instant.
func (m *model) lives(decider string, at int64) bool {
	for id, by := range m.deciders {
		if by == decider && m.grants[id].holds(at) {
			return true
		}
	}
	return false
}

// room tells whether there may be one more good sheet of a version and kind: one
// original, three duplicates, nine annexes.
func (p *papers) room(kind string) bool {
	good := 0
	for n, is := range p.kinds {
		if is == kind && among(p.sheets[n], "live delivered") {
			good++
		}
	}
	switch {
	case strings.HasSuffix(kind, "duplicate"):
		return good < 3
	case strings.HasSuffix(kind, "annex"):
		return good < 9
	}
	return good < 1
}

func (m *model) paper(p *papers, in *registry.Intent) string {
	if s, ok := sheets[in.Act.String()]; ok {
		switch state := p.sheets[in.Refers]; {
		case in.Act == registry.Deliver && (state == "file") != (in.Ground == "electronic"):
			return fmt.Sprintf("a copy that is %s delivered on ground %s", state, in.Ground)
		case in.Act == registry.Deliver && state == "file":
			p.sheets[in.Refers] = "sent"
			return ""
		case !among(state, s.from):
			return fmt.Sprintf("%s of a sheet that is %s", in.Act, p.sheets[in.Refers])
		}
		if s.to != "" {
			p.sheets[in.Refers] = s.to
		}
	}
	for _, made := range in.Printings {
		if p.sheets[made.Number] != "" {
			return fmt.Sprintf("sheet %d twice", made.Number)
		}
		kind := fmt.Sprintf("%d %s", in.Identifier.Version, made.Copy)
		if !p.room(kind) {
			return "a sheet too many of " + kind
		}
		p.sheets[made.Number], p.kinds[made.Number] = "live", kind
		if made.Copy == registry.Electronic {
			p.sheets[made.Number] = "file"
		}
		if made.Blank.IsZero() {
			continue
		}
		number := in.Identifier.Type + made.Blank.Form + made.Blank.Run + made.Blank.Number
		if m.blanks[number] {
			return "blank " + made.Blank.Number + " twice"
		}
		m.blanks[number] = true
	}
	return ""
}

// order keeps when grants and seals are good.
func (m *model) order(b registry.Batch, e *registry.Entry) string {
	record, err := e.Order.Decode()
	if err != nil {
		return "an order that cannot be read"
	}
	switch r := record.(type) {
	case *registry.Grant:
		m.matters[r.ID] = r.Matter
		before, known := m.grants[r.ID]
		s := span{from: r.Effective, to: r.End, cases: r.Cases}
		for _, x := range r.Exceptions {
			s.excepted = append(s.excepted, [2]int64{x.From, x.Until})
		}
		switch {
		case r.Handover:
			s.from = r.Operating
		case r.Mode == registry.ModeReview && s.from != 0:
			s.from = r.Agreed
		case r.Mode == registry.ModeEntrust:
			s.from = r.Published
		}
		if known && before.to != 0 && (s.to == 0 || s.to > before.to || s.to < before.to && s.to < b.Time) {
			return "an ended grant came back"
		}
		if s.to != before.to && s.to != 0 && s.to < b.Time-skew && b.Time > m.genesisUntil {
			return "a power ended in the past"
		}
		m.grants[r.ID], m.deciders[r.ID] = s, r.Decider
	case *registry.SealRecord:
		s := span{from: r.History[0].At}
		last := r.History[len(r.History)-1]
		if last.State != registry.SealInUse {
			s.to = last.At
		}
		if b.Time > m.genesisUntil && (last.At > b.Time || b.Time-last.At > m.maxBackdate) {
			return "a seal's event out of its time"
		}
		m.seals[r.ID] = s
	}
	return ""
}

// report fails when a walk of so many steps left out an act, or seldom met
// powers that shift.
func (m *model) report(t *testing.T, steps int) {
	t.Helper()
	for _, rule := range registry.Acts() { // a closing is among the temptations
		if m.acts[rule.Act] == 0 {
			t.Errorf("the walk never did %s", rule.Name)
		}
	}
	if m.attempts[true] < steps/200 || m.attempts[false] < steps/200 {
		t.Errorf("under shifting powers: %d allowed, %d forbidden", m.attempts[true], m.attempts[false])
	}
	if m.reached[true] < steps/200 || m.reached[false] < steps/200 {
		t.Errorf("by a wider power: %d allowed, %d forbidden", m.reached[true], m.reached[false])
	}
	t.Logf("%d licenses, acts %v; under shifting powers %d allowed, %d forbidden", len(m.licenses), m.acts, m.attempts[true], m.attempts[false])
}
