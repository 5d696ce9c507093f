package registry

import (
	"slices"
	"strings"
)

// Chronicle is the governance records at hand with their histories, by record
// key. Only records whose own words do not carry their times need a history.
type Chronicle map[string]Chapter

// Chapter is one record as it is now, and the orders that made it.
type Chapter struct {
	Record GovernanceRecord
	Orders []Anchored // oldest first; may be empty
}

// Add puts a record into the chronicle.
func (c Chronicle) Add(record GovernanceRecord, orders []Anchored) {
	c[RecordKey(record.Kind(), record.Name())] = Chapter{record, orders}
}

// at returns a record as the ledger had it at an instant; as its first order
// set it for a time before. Nil when absent.
func (c Chronicle) at(kind RecordKind, name string, at int64) GovernanceRecord {
	chapter, ok := c[RecordKey(kind, name)]
	if !ok {
		return nil
	}
	record := chapter.Record
	for i, a := range chapter.Orders {
		if i > 0 && a.Entry.Order.Decided > at {
			break
		}
		if r, err := a.Entry.Order.Decode(); err == nil {
			record = r
		}
	}
	return record
}

// each calls fn for every record of a kind, in order of their keys.
func (c Chronicle) each(kind RecordKind, fn func(GovernanceRecord)) {
	var keys []string
	for key := range c {
		if strings.HasPrefix(key, RecordKey(kind, "")) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		fn(c[key].Record)
	}
}

// Party is an organization in an answer.
type Party struct {
	Code string `json:"code"`
	Name string `json:"name,omitempty"`
}

// PowerHeld is one power over the license's matter on the day asked for.
type PowerHeld struct {
	Grant        string `json:"grant"`
	Document     string `json:"document"`
	Mode         Mode   `json:"mode"`
	Organization Party  `json:"organization"`
}

// Accountability answers, for one license and one civil day, from the ledger
// alone: who had the power, by which grant, which seal was valid, who answers,
// who may act on it that day, where its file is and where to appeal.
type Accountability struct {
	Identifier Identifier  `json:"identifier"` // of the version in force that day
	Day        Date        `json:"day"`
	State      State       `json:"state"`                // by the acts decided up to that day, and by rulings whenever they were entered
	Recorded   State       `json:"recorded_state"`       // what the ledger said at the end of that day; differs where a later ruling reaches back
	Rulings    []Entered   `json:"rulings,omitempty"`    // that work on that day
	VoidFrom   Date        `json:"void_from,omitempty"`  // 撤销: void from then on, whenever it was decided
	VoidCause  Cause       `json:"void_cause,omitzero"`  //
	Decided    Date        `json:"decided,omitempty"`    // of the version in force
	Registered bool        `json:"registered,omitempty"` // came to the ledger later
	Grant      string      `json:"grant,omitempty"`      // by which it was decided
	Document   string      `json:"document,omitempty"`   // the grant's basis
	Mode       Mode        `json:"mode,omitempty"`
	Decider    Party       `json:"decider,omitzero"`    // whose decision: answers for the result
	Examiner   Party       `json:"examiner,omitzero"`   // review: answers for the examination
	Seal       string      `json:"seal,omitempty"`      // that was put to it
	SealThen   SealState   `json:"seal_then,omitempty"` // when it was sealed
	SealDay    SealState   `json:"seal_day,omitempty"`  // on the day asked for
	MayAct     []PowerHeld `json:"may_act"`
	File       Party       `json:"file,omitzero"`         // who keeps it
	Handover   string      `json:"handover,omitempty"`    // by which the matter went on
	Defendant  Party       `json:"defendant,omitzero"`    // who is sued: by the time of the decision
	Review     Party       `json:"review,omitzero"`       // 行政复议: see ReviewBodies
	ReviewAlso []Party     `json:"review_also,omitempty"` // or there, as one chooses
	Regulators []Party     `json:"regulators,omitempty"`  // who supervises, and answers for supervision measures
}

// AnswersFor answers for the license on a day. CodeNotFound when no version of
// it existed on that day.
func AnswersFor(s *Standing, c Chronicle, day Date) (*Accountability, error) {
	end := (day + 1).Start().Unix() - 1
	a := &Accountability{Day: day, MayAct: []PowerHeld{}}
	a.VoidFrom, a.VoidCause = s.VoidFrom()
	made, ok := s.versionOn(end)
	if !ok {
		return nil, Errorf(CodeNotFound, "day", "on %s there was no version of this license", day)
	}
	in := made.Entry.Intent
	a.Identifier, a.State, a.Decided, a.Registered = in.Identifier, s.stateOn(end, true), DateOf(in.DecidedAt()), made.Entry.Recording == Register
	a.Recorded = s.stateOn(end, false)
	for _, r := range s.Rulings() {
		if r.Ruling.From <= day {
			a.Rulings = append(a.Rulings, r)
		}
	}
	grant, _ := c.at(KindGrant, in.Grant, end).(*Grant)
	if grant == nil {
		return nil, Errorf(CodeGrant, "grant", "grant %q is not on the ledger", in.Grant)
	}
	a.Grant, a.Document, a.Mode, a.Decider = grant.ID, grant.Document, grant.Mode, c.party(grant.Decider, end)
	if grant.Mode == ModeReview {
		a.Examiner = c.party(grant.Examiner, end)
	}
	for _, code := range grant.Regulators {
		a.Regulators = append(a.Regulators, c.living(code, end))
	}
	if seal, _ := c.at(KindSeal, in.Seal, end).(*SealRecord); seal != nil {
		a.Seal, a.SealThen, a.SealDay = seal.ID, seal.StateAt(made.Entry.Sealed), seal.StateAt(end)
	}
	a.powers(c, s.License, grant, in, end)
	a.responsibility(c, grant, in, end)
	return a, nil
}

// powers lists who may act on the license at an instant.
func (a *Accountability) powers(c Chronicle, l *License, by *Grant, in *Intent, at int64) {
	issuer, _ := c.at(KindOrganization, in.Identifier.Issuer, at).(*Organization)
	if issuer == nil {
		return
	}
	p := &Powers{Issuer: issuer}
	var later Intent // any later act, as far as its origin goes
	if in.Origin != nil {
		p.Origin, _ = c.at(KindGrant, l.Grant, at).(*Grant)
		for _, name := range successionNames(issuer.Code, by.Matter, l.Place) {
			if s, _ := c.at(KindSuccession, name, at).(*Succession); s != nil {
				p.Successions = append(p.Successions, s)
			}
		}
		p.Tenures = map[string]*Tenure{}
		for _, organization := range []string{issuer.Code, p.heir(at)} {
			if t, _ := c.at(KindTenure, TenureName(organization, by.Matter), at).(*Tenure); t != nil {
				p.Tenures[organization] = t
			}
		}
		later = Intent{Act: Annotate, Decided: at, Origin: &Origin{Matter: by.Matter, Place: l.Place}}
	}
	c.each(KindGrant, func(record GovernanceRecord) {
		g := record.(*Grant)
		p.Grant = g
		p.Under, _ = c.at(KindGrant, g.Rests, at).(*Grant)
		reaches := Within(issuer.Region, g.Territory) || g.Decider == issuer.Code && Within(g.Territory, issuer.Region)
		if later.Origin != nil {
			later.Grant, later.Origin.Grant = g.ID, l.Grant
			reaches = p.CheckLater(l, &later, at) == nil
		}
		if g.Matter == by.Matter && reaches && p.inForce(&Intent{Under: g.Rests}, at) == nil {
			who := g.Decider
			if g.Mode == ModeEntrust {
				who = g.Acceptor
			}
			a.MayAct = append(a.MayAct, PowerHeld{Grant: g.ID, Document: g.Document, Mode: g.Mode, Organization: c.party(who, at)})
		}
	})
}

// responsibility follows the decision's time: the decider of that day answers
// and is sued, or its successor when it was dissolved. The file stays with the
// decider unless a handover of the matter moved it.
func (a *Accountability) responsibility(c Chronicle, by *Grant, in *Intent, at int64) {
	a.Defendant, a.File = c.living(by.Decider, at), c.living(by.Decider, at)
	c.each(KindHandover, func(record GovernanceRecord) {
		h := record.(*Handover)
		if h.Start == 0 || h.Start > at || in.Decided >= h.Start || !slices.Contains(h.Ends, by.ID) {
			return
		}
		a.Handover = h.ID
		if h.Archives == ArchivesMove {
			a.File = c.living(h.To, at)
		}
	})
	find := func(code string) *Organization { o, _ := c.at(KindOrganization, code, at).(*Organization); return o }
	if o := find(a.Defendant.Code); o != nil {
		for i, body := range ReviewBodies(o, find) {
			if party := (Party{body.Code, body.FullName}); i == 0 {
				a.Review = party
			} else {
				a.ReviewAlso = append(a.ReviewAlso, party)
			}
		}
	}
}

func (c Chronicle) party(code string, at int64) Party {
	o, _ := c.at(KindOrganization, code, at).(*Organization)
	if o == nil {
		return Party{Code: code}
	}
	return Party{o.Code, o.FullName}
}

// living follows successors of dissolved organizations.
func (c Chronicle) living(code string, at int64) Party {
	for range len(c) {
		o, _ := c.at(KindOrganization, code, at).(*Organization)
		if o == nil || o.Dissolved == 0 || o.Dissolved > at || o.Successor == "" {
			break
		}
		code = o.Successor
	}
	return c.party(code, at)
}

// versionOn is the newest version decided up to an instant.
func (s *Standing) versionOn(at int64) (made Anchored, ok bool) {
	for _, a := range s.Entries {
		if in := a.Entry.Intent; in != nil && in.Act.MakesVersion() && in.Decided <= at && in.Grant != "" {
			made, ok = a, true
		}
	}
	return made, ok
}
