package registry

import "slices"

// Grounds of a delivery whose meaning the registry itself knows.
const (
	GroundAtCounter  = "collected"  // 窗口领取
	GroundByCourier  = "courier"    // 邮寄送达
	GroundElectronic = "electronic" // 电子送达
)

// takes tells whether an act can concern the copy, under the rules since
// RulesOfRelations: the electronic one is delivered electronically, and nothing else
// becomes of it; a sheet of paper is delivered in every other way.
func (s *Sheet) takes(in *Intent) error {
	electronic := in.Act == Deliver && in.Ground == GroundElectronic && in.Origin != nil
	switch {
	case s.Copy == Electronic && !electronic:
		return Errorf(CodePrintingState, "refers", "the electronic file is no sheet of paper")
	case s.Copy != Electronic && electronic:
		return Errorf(CodeGround, "ground", "a sheet of paper is not delivered electronically")
	}
	return nil
}

// room is how many more sheets of a kind the version in force may have: as many as
// the type allows, without those that stand for it. What was spoiled, taken in or
// announced void makes room for another.
func (l *License) room(t *TypeRecord, kind CopyKind) int {
	if _, exists := t.Forms[kind]; !exists {
		return 0
	}
	room := max(1, t.Most[kind])
	for i := range l.Printings {
		if s := &l.Printings[i]; s.Version == l.Version && s.Copy == kind && s.State.Good() {
			room--
		}
	}
	return room
}

// printable lists the kinds of which another sheet can be printed.
func (l *License) printable(t *TypeRecord) (kinds []CopyKind) {
	for kind := Original; kind <= Annex; kind++ {
		if l.room(t, kind) > 0 {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// checkCopies holds the sheets that an act adds to the version in force against
// those that it has (rules since RulesOfRelations): there is one original. How many
// sheets a new version begins with, checkPrintings says.
func (l *License) checkCopies(t *TypeRecord, in *Intent) error {
	if l == nil || in.Origin == nil || in.Act.MakesVersion() {
		return nil
	}
	if s, ok := l.Sheet(in.Refers); ok && s.State.Good() {
		return nil // a good sheet is not printed again, whatever room there is: Apply refuses
	}
	added := map[CopyKind]int{}
	for _, s := range in.Printings {
		if added[s.Copy]++; added[s.Copy] > l.room(t, s.Copy) {
			return Errorf(CodePrinting, "printings", "the version has as many good sheets as its type allows: %s", s.Copy)
		}
	}
	return nil
}

// PaperDue is what the copies of a license wait for, from whoever looks after them.
type PaperDue struct {
	Act      Act      `json:"act"`                // print, reprint, deliver or recover
	Printing uint32   `json:"printing,omitempty"` // the copy concerned; none for a first print
	Version  int      `json:"version"`            // of the copy
	Copy     CopyKind `json:"copy,omitzero"`      // of the copy
}

// PaperDue lists what the copies wait for on a day, in the state that the license
// has: a sheet was printed and is not delivered; a sheet of an earlier version, or of
// a license that ended, is still out; of the version in force no sheet of a kind is
// good any more; no paper was asked for, and the file is not delivered either. A
// version that another system made is not handed over here.
func (l *License) PaperDue(state State, day Date) (due []PaperDue) {
	var file *Sheet     // of the version in force
	var kinds []*copies // likewise, on paper
	before := false     // the version before had paper
	over := slices.Contains(ended, state) || state == Cancelled || state == Replaced
	for i := range l.Printings {
		s := &l.Printings[i]
		present := s.Version == l.Version
		if s.Copy == Electronic {
			if present {
				file = s
			}
			continue
		}
		before = before || s.Version == l.Version-1
		if present {
			kinds = addCopy(kinds, s)
		}
		switch {
		case s.State.Good() && (over || !present):
			due = append(due, PaperDue{Recover, s.Number, s.Version, s.Copy})
		case s.State == PrintingLive:
			due = append(due, PaperDue{Deliver, s.Number, s.Version, s.Copy})
		}
	}
	if over || file == nil || !slices.Contains(alive, state) || day > l.Expires && l.Renewal == 0 {
		return due
	}
	for _, kind := range kinds {
		if kind.lacking(state) {
			due = append(due, PaperDue{Reprint, kind.last.Number, kind.last.Version, kind.last.Copy})
		}
	}
	switch {
	case len(kinds) > 0 || file.State != PrintingLive:
	case before:
		due = append(due, PaperDue{Act: Print, Version: l.Version})
	default:
		due = append(due, PaperDue{Deliver, file.Number, file.Version, file.Copy})
	}
	return due
}

// copies are the sheets of one kind of a version.
type copies struct {
	last *Sheet
	good bool // one stands for the license
}

func addCopy(kinds []*copies, s *Sheet) []*copies {
	for _, kind := range kinds {
		if kind.last.Copy == s.Copy {
			kind.last, kind.good = s, kind.good || s.State.Good()
			return kinds
		}
	}
	return append(kinds, &copies{s, s.State.Good()})
}

// lacking tells whether the kind is to be printed again: none is good. What was
// taken in is while the license is in effect: after a suspension, a penalty that was
// annulled, a mistake.
func (c *copies) lacking(state State) bool {
	return !c.good && (c.last.State != PrintingRecovered || state == Effective)
}
