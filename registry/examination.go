package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// Finding of an examination at a lower level.
type ExaminationResult string

const (
	Forward  ExaminationResult = "forward" // 上报: the conditions are met
	SendBack ExaminationResult = "return"  // 退回补正
	Refuse   ExaminationResult = "refuse"  // 不予通过
)

// Examination is the county's substantial examination (实质性审核) of one case
// under a review grant: recorded, signed, within its clock. The county files a
// seal request with it; the city confirms, decides and seals. The examination
// answers to the county, the result to the city.
type Examination struct {
	Grant        string            `cbor:"1,keyasint" json:"grant"`
	Case         string            `cbor:"2,keyasint" json:"case"` // 受理文号
	Organization string            `cbor:"3,keyasint" json:"organization"`
	Accepted     int64             `cbor:"4,keyasint" json:"accepted"`
	Due          Date              `cbor:"5,keyasint" json:"due"` // last day of its clock: working days of the calendar
	Result       ExaminationResult `cbor:"6,keyasint" json:"result"`
	Examined     int64             `cbor:"7,keyasint" json:"examined"`
	Key          sm.KeyID          `cbor:"8,keyasint" json:"key"` // of the person who examined
	Opinions     []Opinion         `cbor:"9,keyasint,omitempty" json:"opinions,omitempty"`
	SealAsked    int64             `cbor:"10,keyasint,omitempty" json:"seal_asked,omitempty"`     // 用印申请, by the county
	Confirmed    int64             `cbor:"11,keyasint,omitempty" json:"seal_confirmed,omitempty"` // by the city
	ConfirmedBy  sm.KeyID          `cbor:"12,keyasint,omitempty" json:"confirmed_by,omitempty"`
}

// Opinion is one party's signed opinion of a site visit.
type Opinion struct {
	Organization string    `cbor:"1,keyasint" json:"organization"`
	Key          sm.KeyID  `cbor:"2,keyasint" json:"key"`
	Opinion      sm.Digest `cbor:"3,keyasint" json:"opinion"` // SM3 of the signed text
	At           int64     `cbor:"4,keyasint" json:"at"`
}

// Kind implements GovernanceRecord.
func (*Examination) Kind() RecordKind { return KindExamination }

// Name implements GovernanceRecord.
func (x *Examination) Name() string { return ExaminationName(x.Grant, x.Case) }

// ExaminationName names the examination of a case under a grant.
func ExaminationName(grant, caseNumber string) string { return grant + "/" + caseNumber }

// Late tells whether the examination took longer than its clock allows.
func (x *Examination) Late() bool { return DateOfUnix(x.Examined) > x.Due }

// Check tells whether the record is well formed.
func (x *Examination) Check() error {
	switch {
	case x.Grant == "" || x.Case == "" || len(x.Organization) != 18 || x.Accepted <= 0 || x.Due == 0 || x.Key == "":
		return recordError("examination", "grant, case, organization, acceptance, due day and key are required")
	case !slices.Contains([]ExaminationResult{Forward, SendBack, Refuse}, x.Result):
		return recordError("result", "result %q", x.Result)
	case x.Examined < x.Accepted, x.Confirmed != 0 && (x.Confirmed < x.SealAsked || x.SealAsked == 0), x.SealAsked != 0 && x.SealAsked < x.Examined:
		return recordError("examination", "accepted, examined, seal asked and seal confirmed follow one another")
	case (x.Confirmed == 0) != (x.ConfirmedBy == ""), x.SealAsked != 0 && x.Result != Forward:
		return recordError("examination", "only what is forwarded gets a seal, by somebody's confirmation")
	}
	return checkTextFirst("case", x.Case, 64)
}

// ready tells whether the city may decide: forwarded, seal asked for and
// confirmed, all before the decision is sealed.
func (x *Examination) ready(by string, sealed int64) bool {
	return x != nil && x.Organization == by && x.Result == Forward && x.Confirmed != 0 && (sealed == 0 || x.Confirmed <= sealed)
}

func checkExaminationOrder(before GovernanceRecord, now *Examination, by string, find Finder, refused refusal) error {
	grant, _ := find(KindGrant, now.Grant).(*Grant)
	if grant == nil || grant.Mode != ModeReview || grant.Examiner != now.Organization {
		return refused("no review grant gives this examination to " + now.Organization)
	}
	old, _ := before.(*Examination)
	confirms := now.Confirmed != 0 && (old == nil || old.Confirmed == 0)
	switch {
	case confirms && (by != grant.Decider || old == nil):
		return refused("the seal request is confirmed by " + grant.Decider)
	case !confirms && by != grant.Examiner:
		return refused("the examination is " + grant.Examiner + "'s")
	case old == nil:
		return nil
	case old.Confirmed != 0:
		return refused("a confirmed examination is not changed")
	}
	if key, _ := find(KindApprover, string(now.ConfirmedBy)).(*Approver); confirms && (key == nil || key.Organization != grant.Decider) {
		return refused("the confirmation names a person of " + grant.Decider)
	}
	same := *now
	if confirms {
		same.Confirmed, same.ConfirmedBy = 0, ""
	} else if old.Result != Forward {
		return nil // sent back or refused: examined anew
	} else {
		same.SealAsked, same.Opinions = old.SealAsked, old.Opinions
	}
	if !sameRecord(old, &same) {
		return refused("what was forwarded is not changed")
	}
	return nil
}
