package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// Bar is the time in which a holder is not granted a license type again
// (行政许可法79条 and the statutes of the types). The contract keeps it in the
// namespace of the act that bars: a county's in its own, a superior's in
// governance, where it holds for all.
type Bar struct {
	From  Date `cbor:"1,keyasint" json:"from"`  // first day of all that stand here
	Until Date `cbor:"2,keyasint" json:"until"` // the last one

	// Since RulesOfRelations:
	Parts  []BarPart   `cbor:"3,keyasint,omitempty" json:"parts,omitempty"`
	Lifted []LiftedBar `cbor:"4,keyasint,omitempty" json:"lifted,omitempty"` // in governance: by rulings on members' acts
	Stayed []LiftedBar `cbor:"5,keyasint,omitempty" json:"stayed,omitempty"` // of Parts: their acts are stayed, and they bar from nothing
}

// BarPart is what one act bars a holder from.
type BarPart struct {
	_        struct{} `cbor:",toarray"`
	License  string   `json:"license"`  // LicenseKey
	Sequence uint64   `json:"sequence"` // of the act that bars, in its chain
	From     Date     `json:"from"`
	Until    Date     `json:"until"`
}

// LiftedBar names the act of a BarPart: in Bar.Lifted one of a member's chain, whose
// bar is taken away, in Bar.Stayed one of the bar's own namespace.
type LiftedBar struct {
	_       struct{} `cbor:",toarray"`
	License string   `json:"license"` // LicenseKey
	Act     uint64   `json:"act"`     // sequence in its chain
}

// of tells whether the act named made the part.
func (l LiftedBar) of(part BarPart) bool { return l.License == part.License && l.Act == part.Sequence }

// stands lists the parts whose acts are not stayed.
func (b *Bar) stands() []BarPart {
	return slices.DeleteFunc(slices.Clone(b.parts()), func(part BarPart) bool {
		return slices.ContainsFunc(b.Stayed, func(l LiftedBar) bool { return l.of(part) })
	})
}

// BarKey is the ledger key of a holder's bar.
func BarKey(typeCode string, holder sm.Digest) string {
	return "x" + shortKey(typeCode+"."+holder.String())
}

// BarUntil is the last day on which the holder cannot apply for this type
// again, because of how an earlier license ended (行政许可法79条); zero when the
// ground carries no bar.
func (t *LicenseType) BarUntil(cause Cause) Date {
	ground, err := t.GroundFor(cause.Act, cause.Ground)
	if err != nil || ground.Bar == 0 {
		return 0
	}
	return cause.Day.AddYears(ground.Bar)
}

func (p *Powers) bars(in *Intent) int { return p.Type.Bars[in.Act.String()+"/"+in.Ground] }

// CheckHolder holds an act against the bars: a version of a type that has any
// names its holder by the tag, and none stands against that; only a change names
// another holder than the license has. An act that bars, or a ruling on one,
// names the holder of its license.
func (p *Powers) CheckHolder(before *License, in *Intent) error {
	if in.Act.MakesVersion() && (in.Act == Issue || in.Origin != nil) {
		return p.checkHolderOfVersion(before, in)
	}
	asked := p.bars(in) > 0 || !in.Holder.IsZero() || in.Ruling != nil
	if before != nil && asked && in.Holder != before.Holder {
		return Errorf(CodeStale, "holder", "not the tag of the license's holder")
	}
	return nil
}

func (p *Powers) checkHolderOfVersion(before *License, in *Intent) error {
	if len(p.Type.Bars) > 0 && in.Holder.IsZero() {
		return Errorf(CodeMissing, "holder", "type %s bars holders: the version carries the holder's tag", p.Type.Code)
	}
	if in.Act != Issue && in.Act != Change && before != nil && !before.Holder.IsZero() && in.Holder != before.Holder {
		return Errorf(CodeStale, "holder", "not the tag of the license's holder: another holder is a change")
	}
	if in.Act == Correct || in.Act == Reissue || in.Act == Downgrade || before != nil && !slices.Contains(alive, before.State) {
		return nil // grants nothing, or is refused for the license's own state
	}
	day := DateOf(in.DecidedAt())
	for _, bar := range standingBars(p.Bars) {
		if bar.From <= day && day <= bar.Until {
			return Errorf(CodeBarred, "holder", "no new license of this type until %s", bar.Until)
		}
	}
	return nil
}

// standingBars are those of all namespaces that no ruling lifted. What governance
// lifts are members' acts: its own, of another chain, stand.
func standingBars(bars []Bar) (parts []BarPart) {
	var lifted []LiftedBar
	for _, bar := range bars {
		lifted = append(lifted, bar.Lifted...)
	}
	for _, bar := range bars {
		for _, part := range bar.stands() {
			if len(bar.Lifted) > 0 || !slices.ContainsFunc(lifted, func(l LiftedBar) bool { return l.of(part) }) {
				parts = append(parts, part)
			}
		}
	}
	return parts
}

// parts of a bar of the first rules are one, of no license by name.
func (b *Bar) parts() []BarPart {
	if len(b.Parts) == 0 && b.From != 0 {
		return []BarPart{{From: b.From, Until: b.Until}}
	}
	return b.Parts
}

// Bar is the bar that an act under the first rules makes, joined with the one
// that stands; ok is false when it makes none.
func (p *Powers) Bar(in *Intent) (bar Bar, ok bool) {
	years := p.bars(in)
	if years == 0 || in.Holder.IsZero() {
		return Bar{}, false
	}
	day := DateOf(in.DecidedAt())
	bar = Bar{From: day, Until: day.addMonthsOver(12 * years)} // as the first rules counted
	for _, stands := range p.Bars {
		if stands.Until >= bar.From {
			bar = Bar{From: min(bar.From, stands.From), Until: max(bar.Until, stands.Until)}
		}
	}
	return bar, true
}

// BarAfter is what the namespace of an act keeps against its holder after the
// act: own is what it kept before, nil for nothing, and causes are those that
// stood there before the act, of a member's license or of its oversight. changed
// is false when the act says nothing of bars.
func (p *Powers) BarAfter(own *Bar, causes []StateCause, in *Intent) (after Bar, changed bool) {
	if in.Holder.IsZero() {
		return after, false
	}
	if own != nil {
		after = Bar{Parts: slices.Clone(own.parts()), Lifted: slices.Clone(own.Lifted), Stayed: slices.Clone(own.Stayed)}
	}
	license := LicenseKey(in.Identifier.Base())
	switch {
	case in.Ruling == nil && p.bars(in) == 0:
		return after, false
	case in.Ruling == nil:
		day := DateOf(in.DecidedAt())
		after.Parts = append(after.Parts, BarPart{License: license, Sequence: in.Sequence, From: day, Until: day.AddYears(p.bars(in))})
	case in.Ruling.onMember():
		after.lift(license, in)
	default:
		after.rule(license, find(causes, in.Ruling.Undoes), in)
	}
	after.From, after.Until = 0, 0
	for _, part := range after.stands() {
		if after.From == 0 || part.From < after.From {
			after.From = part.From
		}
		after.Until = max(after.Until, part.Until)
	}
	return after, true
}

// lift takes away what the member's act bars from, or, when a stay ends, lets it
// stand again.
func (b *Bar) lift(license string, in *Intent) {
	lifts := LiftedBar{License: license, Act: in.Ruling.MemberAct}
	b.Lifted = slices.DeleteFunc(b.Lifted, func(l LiftedBar) bool { return l == lifts })
	if !in.Ruling.Ends {
		b.Lifted = append(b.Lifted, lifts)
	}
}

// rule takes away what an act of this namespace barred from, or stays it as long as
// the act is: what it was when the act was done, under whichever version of the type,
// stands again when the stay ends.
func (b *Bar) rule(license string, c *StateCause, in *Intent) {
	if c == nil {
		return
	}
	for _, part := range slices.Clone(b.Parts) {
		if part.Sequence != c.Sequence || part.License != license && (part.License != "" || part.From != c.Day) {
			continue
		}
		of := LiftedBar{License: part.License, Act: part.Sequence}
		b.Stayed = slices.DeleteFunc(b.Stayed, func(l LiftedBar) bool { return l == of })
		switch {
		case in.Act == Reinstate:
			b.Parts = slices.DeleteFunc(b.Parts, func(other BarPart) bool { return other == part })
		case !in.Ruling.Ends:
			b.Stayed = append(b.Stayed, of)
		}
	}
}
