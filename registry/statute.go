package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// What differs from statute to statute is data of the license type: by when a
// renewal is applied for, how long a holder is barred, and who may do an act.

// LeadUnit says in what a type counts its lead days.
type LeadUnit string

const (
	CalendarDays LeadUnit = "calendar" // also when absent
	WorkingDays  LeadUnit = "working"
)

// maxLead bounds lead days, so that the calendars of two years are enough to
// judge them.
const maxLead = 180

// RenewBy is the last day on which a renewal is applied for in time; known is
// false when a calendar of the years concerned is not at hand.
func (t *LicenseType) RenewBy(expires Date, calendars Calendars) (day Date, known bool) {
	return renewBy(t.LeadDays, t.LeadUnit, expires, calendars)
}

func renewBy(lead int, unit LeadUnit, expires Date, calendars Calendars) (day Date, known bool) {
	if unit == WorkingDays {
		return calendars.Add(expires, -lead)
	}
	return expires - Date(lead), true
}

// CheckRenewal tells whether a renewal was applied for as early as the type
// asks: TypeRecord.Lead days before expiry (行政许可法50条; statutes differ), by
// the city's calendar where they are working days. A year whose calendar is not
// on the ledger has weekends only: never to the holder's harm.
func (p *Powers) CheckRenewal(before *License, in *Intent) error {
	if in.Act != AcceptRenewal || before == nil || p.Type == nil || p.Type.Lead == 0 {
		return nil
	}
	if last, _ := renewBy(p.Type.Lead, p.Type.LeadUnit, before.Expires, p.Calendars); DateOf(in.DecidedAt()) > last {
		return Errorf(CodeActState, "act", "this type's renewal is applied for by %s", last)
	}
	return nil
}

// Doer says in what capacity an organization does an act. Where a type does not
// say who may, the decider under the grant may; a regulator that the grant names
// may suspend, return and penalize; and a superior what the act table gives it.
type Doer string

const (
	DoerDecider   Doer = "decider"
	DoerRegulator Doer = "regulator" // Grant.Regulators
	DoerSuperior  Doer = "superior"  // by oversight
)

// Doers lists the capacities.
func Doers() []Doer { return []Doer{DoerDecider, DoerRegulator, DoerSuperior} }

// lets tells whether the type leaves an act to those of a capacity.
func (t *TypeRecord) lets(act Act, doer Doer) bool {
	doers, said := t.Doers[act.String()]
	if !said {
		return doer != DoerRegulator || act == Suspend || act == Return || act == Penalize
	}
	return slices.Contains(doers, doer)
}

// Listed is one entry of a list that an authority keeps of holders (经营异常名录,
// 严重违法失信名单): a reason to look twice. It refuses an application only where
// the license type names the statute (LicenseType.Refuses).
type Listed struct {
	List      string `json:"list"`
	Since     Date   `json:"since"`
	Authority string `json:"authority"`
}

// HolderTag stands on the ledger for a holder, for one license type, where the
// type bars holders: HMAC-SM3 under a key that only the registry has, so that
// nobody reads or tries out who it is.
func HolderTag(key []byte, typeCode string, h Holder) sm.Digest {
	return sm.MAC(key, []byte("tongzheng holder v1\x00"+typeCode+"\x00"+string(h.CodeType)+"\x00"+h.Code))
}

// Bar is the time in which a holder is not granted a license type again
// (行政许可法79条 and the statutes of the types). The contract keeps it in the
// namespace of the act that bars: a county's in its own, a superior's in
// governance, where it holds for all.
type Bar struct {
	From  Date `cbor:"1,keyasint" json:"from"`  // day of the decision
	Until Date `cbor:"2,keyasint" json:"until"` // the last one
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

// CheckHolder holds an act against the bars: an issue of a type that has any
// names the holder by its tag, and none stands against that; an act that bars
// names the holder of its license.
func (p *Powers) CheckHolder(before *License, in *Intent) error {
	if in.Act != Issue {
		if before != nil && (p.bars(in) > 0 || !in.Holder.IsZero()) && in.Holder != before.Holder {
			return Errorf(CodeStale, "holder", "not the tag of the license's holder")
		}
		return nil
	}
	if len(p.Type.Bars) > 0 && in.Holder.IsZero() {
		return Errorf(CodeMissing, "holder", "type %s bars holders: the issue carries the holder's tag", p.Type.Code)
	}
	day := DateOf(in.DecidedAt())
	for _, bar := range p.Bars {
		if bar.From <= day && day <= bar.Until {
			return Errorf(CodeBarred, "holder", "no new license of this type until %s", bar.Until)
		}
	}
	return nil
}

// Bar is the bar that an act makes, joined with the one that stands; ok is
// false when it makes none.
func (p *Powers) Bar(in *Intent) (bar Bar, ok bool) {
	years := p.bars(in)
	if years == 0 || in.Holder.IsZero() {
		return Bar{}, false
	}
	day := DateOf(in.DecidedAt())
	bar = Bar{day, p.barredUntil(day, years)}
	for _, stands := range p.Bars {
		if stands.Until >= bar.From {
			bar = Bar{min(bar.From, stands.From), max(bar.Until, stands.Until)}
		}
	}
	return bar, true
}

// barredUntil is the last day of a bar of whole years; the day of the decision
// does not count (Date.AddMonths).
func (p *Powers) barredUntil(day Date, years int) Date {
	if !p.Rules.Since(RulesOfRelations) {
		return day.addMonthsOver(12 * years)
	}
	return day.AddYears(years)
}
