package resource

import (
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Step is where a proceeding stands.
type Step string

const (
	StepReserved Step = "reserved" // waits for approvals
	StepApproved Step = "approved" // being sealed or registered
	StepSealed   Step = "sealed"   // waits for the ledger
	StepAnchored Step = "anchored" // released
	StepRefused  Step = "refused"  // by the contract: nothing released
	StepDropped  Step = "dropped"  // given up before sealing
)

// Steps lists the steps.
func Steps() []Step {
	return []Step{StepReserved, StepApproved, StepSealed, StepAnchored, StepRefused, StepDropped}
}

// Done tells whether nothing more will happen.
func (s Step) Done() bool { return s == StepAnchored || s == StepRefused || s == StepDropped }

// Application is an application, with approvals when a machine client hands
// everything in at once.
type Application struct {
	registry.Application
	Approvals []registry.Approval `json:"approvals,omitempty"`
}

// Proceeding (办件) is one act on its way.
type Proceeding struct {
	Intent       sm.Digest           `json:"intent"`
	Act          registry.Act        `json:"act"`
	Step         Step                `json:"step"`
	Identifier   registry.Identifier `json:"identifier"`
	Organization string              `json:"organization"`
	Approvals    Approvals           `json:"approvals"`
	Sign         Sign                `json:"sign"`
	Proposal     registry.Intent     `json:"proposal"`
	Remark       string              `json:"remark,omitempty"`
	Warnings     []registry.Listed   `json:"warnings,omitempty"` // lists that the holder stands on
	Refusal      *Refusal            `json:"refusal,omitempty"`
	Receipt      *registry.Receipt   `json:"receipt,omitempty"`
	Printings    []Printing          `json:"printings"`
	Created      time.Time           `json:"created"`
	Updated      time.Time           `json:"updated"`
	Links        map[string]string   `json:"links"`
}

// Approvals says who has signed and what is still asked for.
type Approvals struct {
	Asked   []registry.Role `json:"asked"`
	Given   []Given         `json:"given"`
	Missing int             `json:"missing"`
}

// Given is one signature that has been given.
type Given struct {
	KeyID     sm.KeyID           `json:"key_id"`
	Algorithm registry.Algorithm `json:"algorithm"`
	Roles     []registry.Role    `json:"roles,omitempty"`
}

// Sign is what an approver needs to see what they sign: the canonical bytes,
// their tagged SM3 digest, and the message that an SM2 key signs. A passkey
// takes the digest as its challenge.
type Sign struct {
	Digest    sm.Digest `json:"digest"`
	Message   []byte    `json:"message"`
	Canonical []byte    `json:"canonical"`
}

// Refusal is why the ledger refused, or why a proposal ended by itself.
type Refusal struct {
	Code         registry.Code `json:"code"`
	Title        string        `json:"title"`
	TitleEnglish string        `json:"title_en"`
	Detail       string        `json:"detail,omitempty"`
}

// NewRefusal says a refusal in both languages.
func NewRefusal(code registry.Code, detail string) *Refusal {
	return &Refusal{Code: code, Title: code.Chinese(), TitleEnglish: code.English(), Detail: detail}
}

// Printing is one sheet, or the electronic file.
type Printing struct {
	Number  uint32                 `json:"number"`
	Version int                    `json:"version"`
	Copy    registry.CopyKind      `json:"copy"`
	Blank   registry.Blank         `json:"blank,omitzero"`
	State   registry.PrintingState `json:"state"`         // as the ledger has it; none before it is anchored
	URL     string                 `json:"url,omitempty"` // where its code leads; not of a license whose content the caller does not see
	QR      string                 `json:"qr,omitempty"`
}
