package registry

import (
	"bytes"
	"strconv"
	"time"

	"tongzheng/registry/sm"
)

// CaseFile reads the steps of a case as of a day, with the calendars that its
// clock can touch: an acceptance gives at most 250 working days, which can reach
// into the second year after.
func (g Gatherer) CaseFile(steps []CaseStep, day Date) (*CaseFile, error) {
	if len(steps) == 0 {
		return &CaseFile{}, nil
	}
	grant, err := g.Grant(steps[0].Statement.Grant)
	if err != nil {
		return nil, err
	}
	calendars, err := g.caseCalendars(steps)
	if err != nil {
		return nil, err
	}
	f, err := ReadCase(grant.Mode, steps, calendars)
	if err != nil {
		return nil, err
	}
	f.Elapse(day)
	return f, nil
}

func (g Gatherer) caseCalendars(steps []CaseStep) (all Calendars, err error) {
	read := map[int]bool{}
	for i := range steps {
		s := &steps[i].Statement
		year := time.Unix(s.At, 0).In(China).Year()
		from := year
		if s.Received != 0 {
			from = max(year-1, min(year, time.Unix(s.Received, 0).In(China).Year()))
		}
		for y := from; y <= year+2; y++ {
			if read[y] {
				continue
			}
			read[y] = true
			c, err := RecordOf[*Calendar](g.Records, KindCalendar, strconv.Itoa(y))
			if err != nil {
				return nil, err
			}
			if c != nil {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// CaseJudge gathers what the ledger says about a case: its grant, the matter,
// and the keys of those who signed. CodeGrant for a grant that the ledger does not have.
func (g Gatherer) CaseJudge(grant string, steps ...CaseStep) (*CaseJudge, error) {
	j := &CaseJudge{}
	var err error
	if j.Grant, err = g.Grant(grant); err != nil {
		return nil, err
	}
	if j.Matter, err = RecordOf[*Matter](g.Records, KindMatter, j.Grant.Matter); err != nil {
		return nil, err
	}
	approvals := make([]Approval, len(steps))
	for i := range steps {
		approvals[i] = steps[i].Approval
		if through := steps[i].Statement.Through; through != "" {
			if j.Through, err = g.Grant(through); err != nil {
				return nil, err
			}
		}
	}
	if j.Days, err = g.caseCalendars(steps); err != nil {
		return nil, err
	}
	control, err := g.Control(approvals)
	if err != nil {
		return nil, err
	}
	j.Control = *control
	return j, nil
}

// Acceptors are the persons who accepted the case, by pseudonym.
func (g Gatherer) Acceptors(grant string, f *CaseFile) ([]string, error) {
	if len(f.Steps) == 0 {
		return nil, nil
	}
	j, err := g.CaseJudge(grant, f.Steps...)
	if err != nil {
		return nil, err
	}
	return j.Acceptors(f), nil
}

// CheckExamination tells whether an order for an examination says what its case
// file says, every step in its place and signed by a person entitled to it.
// CodeApprovalSignature when it says something else.
func (g Gatherer) CheckExamination(order *Order, x *Examination, steps []CaseStep) error {
	judge, f, err := g.checkCase(x.Grant, steps)
	if err != nil {
		return err
	}
	told, err := Encode(f.Examination(judge.Grant))
	if err != nil {
		return err
	}
	if len(steps) == 0 || !bytes.Equal(told, order.Record) || steps[len(steps)-1].Statement.Organization != order.Organization {
		return Errorf(CodeApprovalSignature, "record", "the examination is not what its case file says")
	}
	return nil
}

// CheckCase reads a whole file under a grant as somebody else keeps it: every step in its
// place, its own organization's, and signed by a person entitled to it by a key on the
// ledger.
func (g Gatherer) CheckCase(grant string, steps []CaseStep) (*CaseFile, error) {
	_, f, err := g.checkCase(grant, steps)
	return f, err
}

func (g Gatherer) checkCase(grant string, steps []CaseStep) (*CaseJudge, *CaseFile, error) {
	judge, err := g.CaseJudge(grant, steps...)
	if err != nil {
		return nil, nil, err
	}
	calendars, err := g.caseCalendars(steps)
	if err != nil {
		return nil, nil, err
	}
	f := &CaseFile{mode: judge.Grant.Mode, calendars: calendars}
	for i := range steps {
		if s := &steps[i].Statement; s.Number != i+1 || s.Previous != f.Digest {
			return nil, nil, Errorf(CodePreviousHead, "case", "step %d does not follow the one before", i+1)
		}
		if err := judge.Follows(f, &steps[i].Statement); err != nil {
			return nil, nil, err
		}
		if err := judge.Signed(f, &steps[i]); err != nil {
			return nil, nil, err
		}
		f.Steps = steps[:i+1]
		if err := f.follow(&steps[i].Statement, i+1); err != nil {
			return nil, nil, err
		}
	}
	return judge, f, nil
}

// CheckGoverned judges governors' signatures over digest for an order in the
// organization's name (Control.Govern).
func (g Gatherer) CheckGoverned(organization string, at int64, digest sm.Digest, approvals []Approval) error {
	rules, err := g.Rules()
	if err != nil {
		return err
	}
	control, err := g.Control(approvals)
	if err != nil {
		return err
	}
	return control.Govern(organization, rules.City, at, digest, approvals)
}
