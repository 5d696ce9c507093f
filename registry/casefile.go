package registry

import (
	"tongzheng/registry/sm"
)

// CaseKind is what a step of a case file records.
type CaseKind string

const (
	CaseReceive     CaseKind = "receive"       // 收件: what came in, when and how; its receipt is the 收件回执
	CaseNotify      CaseKind = "notify"        // 补正告知: all that is missing, told once in writing
	CaseDecline     CaseKind = "decline"       // 不予受理
	CaseAccept      CaseKind = "accept"        // 受理
	CaseCommit      CaseKind = "commit"        // 告知承诺: the text that the applicant signed
	CaseSupply      CaseKind = "supply"        // 补齐: items that were missing came in
	CaseInvite      CaseKind = "invite"        // 邀请 of another organization into the file
	CaseOpinion     CaseKind = "opinion"       // 核查或征求的意见: one party's
	CaseExtend      CaseKind = "extend"        // 延长期限, by the deciding organization
	CaseSuspend     CaseKind = "suspend-clock" // 期限中止 for a procedure of 行政许可法45条
	CaseResume      CaseKind = "resume-clock"  // 期限恢复
	CaseExamine     CaseKind = "examine"       // 审查: forward, return or refuse
	CaseSealRequest CaseKind = "seal-request"  // 用印申请, by the examiner's side
	CaseSealConfirm CaseKind = "seal-confirm"  // by the decider's

	// StageSilence is a stage that no step writes: nothing was said of a received
	// application, or of one whose missing items all came, within its working days,
	// so that it counts as accepted from that day (行政许可法32条).
	StageSilence CaseKind = "accepted-by-silence"
	// StageDecided is the other one: an act that decides the case is anchored (办结).
	// The file is closed, no step follows.
	StageDecided CaseKind = "decided"
)

// CaseKinds lists the kinds in the order of a file; the API enum is compared
// with it.
func CaseKinds() []CaseKind {
	return []CaseKind{CaseReceive, CaseNotify, CaseDecline, CaseAccept, CaseCommit, CaseSupply, CaseInvite, CaseOpinion,
		CaseExtend, CaseSuspend, CaseResume, CaseExamine, CaseSealRequest, CaseSealConfirm}
}

// CaseStages lists the stages that a file can be at; the API enum is compared
// with it.
func CaseStages() []CaseKind {
	return []CaseKind{CaseReceive, CaseNotify, CaseDecline, StageSilence, CaseAccept, CaseExamine, CaseSealRequest, CaseSealConfirm, StageDecided}
}

// CaseStatement is what a person signs: one step of a case file, chained to the
// one before. Times are Unix seconds; organizations are credit codes. Which
// fields a kind has, CaseStatement.Faults says.
type CaseStatement struct {
	Grant        string            `cbor:"1,keyasint" json:"grant"`
	Case         string            `cbor:"2,keyasint" json:"case"` // 受理文号
	Number       int               `cbor:"3,keyasint" json:"number"`
	Previous     sm.Digest         `cbor:"4,keyasint,omitzero" json:"previous"`
	Kind         CaseKind          `cbor:"5,keyasint" json:"kind"`
	Organization string            `cbor:"6,keyasint" json:"organization"`
	At           int64             `cbor:"7,keyasint" json:"at"`
	Result       ExaminationResult `cbor:"8,keyasint,omitempty" json:"result,omitempty"` // of an examination
	Days         int               `cbor:"9,keyasint,omitempty" json:"days,omitempty"`   // of an acceptance: to examine; of an extension: more
	Content      sm.Digest         `cbor:"10,keyasint,omitzero" json:"content"`          // SM3 of the text, zero without

	Unit      DayUnit       `cbor:"11,keyasint,omitempty" json:"unit,omitempty"`      // of Days; working days when absent
	Received  int64         `cbor:"12,keyasint,omitempty" json:"received,omitempty"`  // of a receipt: when the application came in
	Channel   CaseChannel   `cbor:"13,keyasint,omitempty" json:"channel,omitempty"`   // of a receipt
	Items     []CaseItem    `cbor:"14,keyasint,omitempty" json:"items,omitempty"`     // of a receipt: handed in; of a notice: missing; of an acceptance: may come later; of a supply: came
	Invited   string        `cbor:"15,keyasint,omitempty" json:"invited,omitempty"`   // of an invitation: organization
	Purpose   InvitePurpose `cbor:"16,keyasint,omitempty" json:"purpose,omitempty"`   // of an invitation
	Due       Date          `cbor:"17,keyasint,omitempty" json:"due,omitempty"`       // of an invitation: last day for the opinion
	Procedure CaseProcedure `cbor:"18,keyasint,omitempty" json:"procedure,omitempty"` // for which the clock stops
	Document  string        `cbor:"19,keyasint,omitempty" json:"document,omitempty"`  // number of the document by which the applicant was told; of a request for files
	Through   string        `cbor:"20,keyasint,omitempty" json:"through,omitempty"`   // of a receipt: grant under which a neighbor's center takes it in and forwards it (Grant.Accepts)
}

// Digest is what the person's key signs, and what the next step names.
func (s *CaseStatement) Digest() (sm.Digest, error) {
	raw, err := Encode(s)
	return sm.Tagged("tongzheng case v1", raw), err
}

// CaseStep is a statement with its signature and text.
type CaseStep struct {
	Statement CaseStatement
	Approval  Approval
	Content   string
}

// CaseFile is a case as its steps tell it.
type CaseFile struct {
	Steps  []CaseStep
	Digest sm.Digest // of its end
	Due    Date      // last day of the examination's clock; zero before the acceptance and while the clock stands still
	Late   bool      // examined after it
	// Stage is the last of receive, notify, decline, accept, examine,
	// seal-request, seal-confirm, or StageSilence or StageDecided; empty before the
	// first. A case sent back is at accept again.
	Stage  CaseKind
	Result ExaminationResult

	Receipt     *CaseReceipt // nil: nobody recorded one
	Notice      *CaseNotice  // nil: nothing was told to be missing
	Clock       CaseClock
	Items       []MissingItem // that were told to be missing or may come later
	Invitations []Invitation
	Decision    *CaseDecision // nil: none is anchored, as far as who reads the file knows
	Commitment  sm.Digest     // digest of the step that keeps the applicant's commitment; zero without

	// Through is the grant under which whoever asks may take this application in for
	// a neighbor; nil for the file's own parties, and once there is a file.
	Through *Grant

	mode      Mode
	calendars Calendars
	examineBy Date // Due as it was at the last examination: what happens later does not move it
}

// ReadCase follows the steps of a case under a grant of the mode from the first.
// An error means that they are not one chain. What silence makes of it today,
// Elapse tells.
func ReadCase(mode Mode, steps []CaseStep, calendars Calendars) (*CaseFile, error) {
	f := &CaseFile{Steps: steps, mode: mode, calendars: calendars}
	for i := range steps {
		s := &steps[i].Statement
		if s.Number != i+1 || s.Previous != f.Digest {
			return nil, Errorf(CodeInternal, "case", "case %s is damaged at step %d", s.Case, i+1)
		}
		var err error
		if f.Digest, err = s.Digest(); err != nil {
			return nil, err
		}
		f.Elapse(DateOfUnix(s.At))
		f.apply(s)
		f.tellTime()
	}
	return f, nil
}

// CaseDecision is the anchored act that ends a case.
type CaseDecision struct {
	Act      Act    `json:"act"`
	Document string `json:"document,omitempty"` // 决定书文号
	At       int64  `json:"at"`                 // Unix seconds
}

// Named is the case number as the file has it, which others may write in another
// form; the one that is asked for before there is a file.
func (f *CaseFile) Named(asked string) string {
	if len(f.Steps) == 0 {
		return asked
	}
	return f.Steps[0].Statement.Case
}

// Close ends the file with its anchored decision: nothing follows.
func (f *CaseFile) Close(d CaseDecision) {
	f.Decision, f.Stage = &d, StageDecided
}

func (f *CaseFile) apply(s *CaseStatement) {
	switch s.Kind {
	case CaseReceive:
		f.receive(s)
	case CaseNotify:
		f.Notice = &CaseNotice{At: s.At, Document: s.Document, Items: itemNames(s.Items)}
		f.miss(s.Items)
	case CaseSupply:
		f.supply(s)
	case CaseInvite:
		f.Invitations = append(f.Invitations, Invitation{Organization: s.Invited, By: s.Organization, Purpose: s.Purpose, Due: s.Due, Document: s.Document, At: s.At})
	case CaseOpinion:
		f.answer(s)
	case CaseCommit:
		f.Commitment = f.Digest
	case CaseExtend, CaseSuspend, CaseResume:
		f.Clock.move(s)
	case CaseAccept:
		f.Clock.Began, f.Clock.Days = DateOfUnix(s.At), s.Days
		f.miss(s.Items)
	case CaseExamine:
		f.Late, f.examineBy = DateOfUnix(s.At) > f.Due, f.Due
		f.Result = s.Result
		if s.Result == SendBack {
			f.Stage = f.accepted() // supplemented, it is examined again
			return
		}
	}
	switch s.Kind {
	case CaseSupply, CaseInvite, CaseOpinion, CaseCommit, CaseExtend, CaseSuspend, CaseResume:
	default:
		f.Stage = s.Kind
	}
}

// accepted is the stage of the file's acceptance.
func (f *CaseFile) accepted() CaseKind {
	for i := range f.Steps {
		if f.Steps[i].Statement.Kind == CaseAccept {
			return CaseAccept
		}
	}
	return StageSilence
}

func (f *CaseFile) latest() int64 {
	if n := len(f.Steps); n > 0 {
		return f.Steps[n-1].Statement.At
	}
	return 0
}

// Examination is what the ledger is told of a review, made from the whole file.
func (f *CaseFile) Examination(grant *Grant) *Examination {
	x := &Examination{Grant: grant.ID, Organization: grant.Examiner}
	if f.Receipt != nil {
		x.Accepted = f.complete() // by silence, unless a step says otherwise
	}
	for _, step := range f.Steps {
		t := &step.Statement
		x.Case = t.Case
		switch t.Kind {
		case CaseAccept:
			x.Accepted = t.At
		case CaseOpinion:
			x.Opinions = append(x.Opinions, Opinion{Organization: t.Organization, Key: step.Approval.KeyID, Opinion: t.Content, At: t.At})
		case CaseExamine:
			x.Result, x.Examined, x.Key = t.Result, t.At, step.Approval.KeyID
		case CaseSealRequest:
			x.SealAsked = t.At
		case CaseSealConfirm:
			x.Confirmed, x.ConfirmedBy = t.At, step.Approval.KeyID
		}
	}
	if x.Due = f.examineBy; x.Due == 0 {
		x.Due = f.Due
	}
	return x
}

// EndsWith tells whether the statement is the file's last step.
func (f *CaseFile) EndsWith(s *CaseStatement) bool {
	digest, err := s.Digest()
	return err == nil && len(f.Steps) > 0 && digest == f.Digest
}
