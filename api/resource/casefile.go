package resource

import (
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// CaseDraft names the next step of a case file, for its person to sign. Which
// fields a kind of step has, openapi.yaml says.
type CaseDraft struct {
	Grant        string                     `json:"grant"`
	Case         string                     `json:"case"`
	Kind         registry.CaseKind          `json:"kind"`
	Organization string                     `json:"organization"`
	Result       registry.ExaminationResult `json:"result,omitempty"`
	Days         int                        `json:"days,omitempty"`
	Unit         registry.DayUnit           `json:"unit,omitempty"`
	Content      string                     `json:"content,omitempty"`
	Received     time.Time                  `json:"received,omitzero"`
	Channel      registry.CaseChannel       `json:"channel,omitempty"`
	Items        []registry.CaseItem        `json:"items,omitempty"`
	Invited      string                     `json:"invited,omitempty"`
	Purpose      registry.InvitePurpose     `json:"purpose,omitempty"`
	Due          registry.Date              `json:"due,omitempty"`
	Procedure    registry.CaseProcedure     `json:"procedure,omitempty"`
	Document     string                     `json:"document,omitempty"`
	Through      string                     `json:"through,omitempty"` // receipt for a neighbor: the center's own grant
}

// Statement is the step as far as whoever takes it says it: place, time and
// digest of its text are added when it is to be signed.
func (d *CaseDraft) Statement() registry.CaseStatement {
	s := registry.CaseStatement{Grant: d.Grant, Case: d.Case, Kind: d.Kind, Organization: d.Organization, Result: d.Result, Days: d.Days, Unit: d.Unit,
		Channel: d.Channel, Items: d.Items, Invited: d.Invited, Purpose: d.Purpose, Due: d.Due, Procedure: d.Procedure, Document: d.Document, Through: d.Through}
	if !d.Received.IsZero() {
		s.Received = d.Received.Unix()
	}
	return s
}

// CaseSigning is what a person signs to take a step.
type CaseSigning struct {
	Statement registry.CaseStatement `json:"statement"`
	Sign      Sign                   `json:"sign"`
}

// CaseStep is a signed step: the statement's canonical bytes as they were
// signed, the text whose digest they hold, and the signature.
type CaseStep struct {
	Canonical []byte            `json:"canonical"`
	Content   string            `json:"content,omitempty"`
	Approval  registry.Approval `json:"approval"`
}

// CaseFile is a case file (案卷).
type CaseFile struct {
	Grant       string                     `json:"grant"`
	Case        string                     `json:"case"`
	Stage       registry.CaseKind          `json:"stage,omitempty"`
	Result      registry.ExaminationResult `json:"result,omitempty"`
	Due         registry.Date              `json:"due,omitempty"`
	Late        bool                       `json:"late"`
	Digest      sm.Digest                  `json:"digest"`
	Clock       *CaseClock                 `json:"clock,omitempty"`
	Receipt     *CaseReceipt               `json:"receipt,omitempty"`
	Notice      *registry.CaseNotice       `json:"notice,omitempty"`
	Items       []MissingItem              `json:"items,omitempty"`
	Invitations []registry.Invitation      `json:"invitations,omitempty"`
	Decision    *registry.CaseDecision     `json:"decision,omitempty"`
	Commitment  *sm.Digest                 `json:"commitment,omitempty"`
	Home        string                     `json:"home,omitempty"`  // member whose registry keeps the file, where this is a copy
	Held        *HeldStep                  `json:"held,omitempty"`  // step of which the ledger is told
	Waits       []registry.CaseWait        `json:"waits,omitempty"` // for whose step the file waits
	Steps       []CaseLine                 `json:"steps"`
}

// HeldStep is a signed step that counts once the ledger has it.
type HeldStep struct {
	Kind         registry.CaseKind `json:"kind"`
	Organization string            `json:"organization"`
	Time         time.Time         `json:"time"`
	Code         registry.Code     `json:"code,omitempty"` // why the ledger did not take it: it is to be signed again
	Detail       string            `json:"detail,omitempty"`
}

// CaseClock is how long examination and decision may take. Absent days are not
// known yet, or the clock stands still.
type CaseClock struct {
	Unit      registry.DayUnit `json:"unit"`
	RespondBy registry.Date    `json:"respond_by,omitempty"`
	Began     registry.Date    `json:"began,omitempty"`
	Days      int              `json:"days,omitempty"`
	Extended  int              `json:"extended,omitempty"`
	ExamineBy registry.Date    `json:"examine_by,omitempty"`
	DecideBy  registry.Date    `json:"decide_by,omitempty"`
	Stopped   bool             `json:"stopped"`
	Stops     []ClockStop      `json:"stops,omitempty"`
}

// ClockStop is a time that does not count.
type ClockStop struct {
	Procedure registry.CaseProcedure `json:"procedure"`
	Document  string                 `json:"document"`
	From      registry.Date          `json:"from"`
	Until     registry.Date          `json:"until,omitempty"`
}

// MissingItem is a material that is or was missing.
type MissingItem struct {
	Name     string        `json:"name"`
	Due      registry.Date `json:"due,omitempty"`
	Supplied time.Time     `json:"supplied,omitzero"`
	Overdue  bool          `json:"overdue"`
}

// CaseReceipt is the receipt (收件回执) that an applicant takes home.
type CaseReceipt struct {
	Grant            string               `json:"grant"`
	Case             string               `json:"case"`
	Matter           string               `json:"matter"`
	Organization     string               `json:"organization"`
	OrganizationName string               `json:"organization_name"`
	Answers          string               `json:"answers"` // who decides upon it, and tells what is missing
	AnswersName      string               `json:"answers_name"`
	Received         time.Time            `json:"received"`
	Recorded         time.Time            `json:"recorded"`
	Channel          registry.CaseChannel `json:"channel"`
	Items            []string             `json:"items"`
	RespondBy        registry.Date        `json:"respond_by"`
	Step             sm.Digest            `json:"step"`
}

// CaseLine is one step of a case file as it was taken.
type CaseLine struct {
	registry.CaseStatement
	Time   time.Time         `json:"time"`
	Text   string            `json:"text,omitempty"`
	Key    sm.KeyID          `json:"key"`
	Roles  []registry.Role   `json:"roles,omitempty"`
	Signed registry.Approval `json:"approval"`
}
