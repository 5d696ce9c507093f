package registry

import (
	"slices"
	"time"
)

// MaxSkew is how far clocks may be apart: a client's from its peer's, and so the
// ledger's from the true time. What is nearer to the present than that counts
// as the present.
const MaxSkew = 5 * time.Minute

// CheckOrderTime holds an order to its time: it changes nothing that lies behind
// its recording (Unix seconds), and was decided not longer before it than the
// rules allow. What ends, ends when it is recorded or later, within MaxSkew. It
// is asked after CheckOrder, under rules version 2 and once genesis is over:
// until then a ledger takes in what was before it. CodeBackdated, CodeFuture,
// CodePast.
func CheckOrderTime(rules *Rules, before, record GovernanceRecord, decided, recorded int64) error {
	if !rules.Since(RulesOfRelations) || recorded <= rules.GenesisUntil {
		return nil
	}
	m := moment{recorded, rules.MaxBackdate}
	if err := m.began("decided", decided); err != nil {
		return err
	}
	switch now := record.(type) {
	case *Organization:
		old, _ := before.(*Organization)
		return m.organization(old, now)
	case *Grant:
		old, _ := before.(*Grant)
		return m.grant(old, now)
	case *Handover:
		old, _ := before.(*Handover)
		if old == nil {
			old = &Handover{}
		}
		if err := m.said("signed", old.Signed, now.Signed); err != nil {
			return err
		}
		return m.ends("start", old.Start, now.Start) // the earlier powers end then
	case *SealRecord:
		old, _ := before.(*SealRecord)
		return m.seal(old, now)
	case *Approver:
		old, _ := before.(*Approver)
		if old == nil {
			old = &Approver{}
		}
		if old.From == 0 { // an earlier beginning would make signatures good that were none
			if err := m.began("from", now.From); err != nil {
				return err
			}
		}
		return m.ends("until", old.Until, now.Until)
	case *Examination:
		old, _ := before.(*Examination)
		return m.examination(old, now)
	case *TypeRecord:
		old, _ := before.(*TypeRecord)
		return m.licenseType(old, now)
	case *Calendar:
		old, _ := before.(*Calendar)
		return m.calendar(old, now)
	}
	return nil
}

// moment is when an order is recorded.
type moment struct {
	recorded    int64
	maxBackdate int64
}

// past tells whether an instant lies behind the recording.
func (m moment) past(at int64) bool { return at < m.recorded-int64(MaxSkew/time.Second) }

// ends judges an end that is set or moved; an end that is as it was says
// nothing new.
func (m moment) ends(field string, before, now int64) error {
	if now != before && now != 0 && m.past(now) {
		return Errorf(CodePast, field, "%s is over: name a time that is still to come when the order is recorded", instant(now))
	}
	return nil
}

// began judges what an order says to have been.
func (m moment) began(field string, at int64) error {
	if m.recorded-at > m.maxBackdate {
		return Errorf(CodeBackdated, field, "%s is more than %d hours before the recording", instant(at), m.maxBackdate/3600)
	}
	return nil
}

// said judges an instant that an order states anew: it is not to come, and not
// farther back than orders reach. Zero says nothing.
func (m moment) said(field string, before, now int64) error {
	switch {
	case now == before || now == 0:
		return nil
	case now > m.recorded+int64(MaxSkew/time.Second):
		return Errorf(CodeFuture, field, "%s is still to come", instant(now))
	}
	return m.began(field, now)
}

func instant(at int64) string { return time.Unix(at, 0).In(China).Format(time.RFC3339) }

// organization: an act key stays in the list and only gains its end, or an
// earlier one. One that is new began no longer ago than orders reach.
func (m moment) organization(old, now *Organization) error {
	if old == nil {
		old = &Organization{}
	}
	for _, was := range old.ActKeys {
		i := slices.IndexFunc(now.ActKeys, func(k ActKey) bool { return k.ID == was.ID && k.From == was.From })
		if i < 0 {
			return Errorf(CodePast, "act_keys", "act key %s stays; it can only end", was.ID)
		}
		until := now.ActKeys[i].Until
		if was.Until != 0 && (until == 0 || until > was.Until) {
			return Errorf(CodePast, "act_keys", "the end of act key %s is not put off", was.ID)
		}
		if err := m.ends("act_keys", was.Until, until); err != nil {
			return err
		}
	}
	for _, key := range now.ActKeys {
		if key.From != 0 && !slices.ContainsFunc(old.ActKeys, func(k ActKey) bool { return k.ID == key.ID && k.From == key.From }) {
			if err := m.began("act_keys", key.From); err != nil {
				return err
			}
		}
	}
	return m.ends("dissolved", old.Dissolved, now.Dissolved)
}

// examination: each step is stated when it was taken.
func (m moment) examination(old, now *Examination) error {
	if old == nil {
		old = &Examination{}
	}
	for _, step := range [...]struct {
		field       string
		before, now int64
	}{{"examined", old.Examined, now.Examined}, {"seal_asked", old.SealAsked, now.SealAsked}, {"confirmed", old.Confirmed, now.Confirmed}} {
		if err := m.said(step.field, step.before, step.now); err != nil {
			return err
		}
	}
	return nil
}

// grant: that an end which has come is not moved is for CheckOrder.
func (m moment) grant(old, now *Grant) error {
	if old == nil {
		old = &Grant{}
	}
	for _, x := range now.Exceptions[min(len(old.Exceptions), len(now.Exceptions)):] {
		if err := m.began("exceptions", x.From); err != nil {
			return err
		}
	}
	if old.ID != "" { // what is recorded whole was agreed and published before
		for _, said := range [...]struct {
			field       string
			before, now int64
		}{{"agreed", old.Agreed, now.Agreed}, {"published", old.Published, now.Published}} {
			if said.now != said.before {
				if err := m.began(said.field, said.now); err != nil {
					return err
				}
			}
		}
	}
	return m.ends("end", old.End, now.End)
}

// seal: events come in the order of their times (SealRecord.Check), none from
// the future.
func (m moment) seal(old, now *SealRecord) error {
	if old == nil {
		old = &SealRecord{}
	}
	for _, e := range now.History[min(len(old.History), len(now.History)):] {
		if e.At > m.recorded {
			return Errorf(CodeFuture, "history", "%s at %s is still to come", e.State, instant(e.At))
		}
		if err := m.began("history", e.At); err != nil {
			return err
		}
	}
	return nil
}

func (m moment) licenseType(old, now *TypeRecord) error {
	if old == nil {
		old = &TypeRecord{}
	}
	if old.Superseded != 0 && old.Superseded <= m.recorded && now.Superseded != old.Superseded {
		return Errorf(CodePast, "superseded", "the version is superseded since %s", instant(old.Superseded))
	}
	return m.ends("superseded", old.Superseded, now.Superseded)
}

// calendar: the day of the recording and those before it stay as they were
// counted, and so does every year that is over. The first calendar of the
// present year may come while it runs.
func (m moment) calendar(old, now *Calendar) error {
	today := DateOfUnix(m.recorded)
	if now.Year < today.year() {
		return Errorf(CodePast, "year", "%d is over", now.Year)
	}
	if old == nil {
		return nil
	}
	first, _ := ParseDate(now.Name() + "-01-01")
	for day := first; day <= today; day++ {
		was, _ := Calendars{old}.Working(day)
		if is, _ := (Calendars{now}).Working(day); is != was {
			return Errorf(CodePast, "off", "%s has come and stays as it was counted", day)
		}
	}
	return nil
}
