package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// What differs from statute to statute is data of the license type: by when a
// renewal is applied for, how long a holder is barred, and who may do an act.

// DayUnit says in what days a period is counted. Where it is absent, the lead
// days of a type are calendar days, and an authority's own days working days
// (行政许可法82条).
type DayUnit string

const (
	CalendarDays DayUnit = "calendar"
	WorkingDays  DayUnit = "working"
)

// maxLead bounds lead days, so that the calendars of two years are enough to
// judge them.
const maxLead = 180

// RenewBy is the last day on which a renewal is applied for in time; known is
// false when a calendar of the years concerned is not at hand.
func (t *LicenseType) RenewBy(expires Date, calendars Calendars) (day Date, known bool) {
	return renewBy(t.LeadDays, t.LeadUnit, expires, calendars)
}

func renewBy(lead int, unit DayUnit, expires Date, calendars Calendars) (day Date, known bool) {
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
// may suspend, return and penalize, and then the decider does not suspend or
// penalize; and a superior may revoke.
type Doer string

const (
	DoerDecider   Doer = "decider"
	DoerRegulator Doer = "regulator" // Grant.Regulators
	DoerSuperior  Doer = "superior"  // by oversight
)

// Doers lists the capacities.
func Doers() []Doer { return []Doer{DoerDecider, DoerRegulator, DoerSuperior} }

// lets tells whether the law leaves an act to those of a capacity. Where the
// type cites no statute, oversight (层级监督) is 撤销 alone (行政许可法69条1款);
// suspension and penalties belong to who has jurisdiction (行政处罚法22至24条). A
// ruling is entered by whose act it undoes (wayBack.checkRuling).
func (p *Powers) lets(in *Intent, doer Doer) bool {
	act := in.Act
	doers, said := p.Type.Doers[act.String()]
	switch {
	case act.Rules():
		return true
	case said:
		return slices.Contains(doers, doer)
	case doer == DoerSuperior:
		return act == Revoke || !p.Rules.Since(RulesOfRelations)
	}
	switch measure := act == Suspend || act == Penalize; doer {
	case DoerRegulator:
		return measure || act == Return
	case DoerDecider:
		return !measure || !p.supervised(in.Decided)
	}
	return true
}

// supervised tells whether a grant lists who has jurisdiction over the license: the
// act's own, or that on which the license rests, as long as it is in force at an
// instant. Suspension and penalties are theirs
// then, and not the decider's, unless the type cites a statute. Since
// RulesOfRelations.
func (p *Powers) supervised(at int64) bool {
	lists := func(g *Grant) bool { return g != nil && len(g.Regulators) > 0 }
	return p.Rules.Since(RulesOfRelations) && (lists(p.Grant) || lists(p.Origin) && p.Origin.InForce(at) == nil)
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
// type bars holders: HMAC-SM3 under the deployment's tag key, which only signers
// have (Rules.TagKey), so that nobody reads who it is, and nobody tries out who it
// may be without leaving a line in a signer's use log.
func HolderTag(key []byte, typeCode string, h Holder) sm.Digest {
	return sm.MAC(key, []byte("tongzheng holder v1\x00"+typeCode+"\x00"+string(h.CodeType)+"\x00"+h.Code))
}
