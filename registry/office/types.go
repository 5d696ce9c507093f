package office

import (
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Step is where a proceeding stands.
type Step string

const (
	StepReserved Step = "reserved" // commit 1: waits for approvals
	StepApproved Step = "approved" // all approvals there: to be sealed or registered
	StepSealed   Step = "sealed"   // commit 2: waits for the ledger
	StepAnchored Step = "anchored" // commit 3: released
	StepRefused  Step = "refused"  // the contract refused: nothing released
	StepDropped  Step = "dropped"  // given up by the unit before sealing
)

// Steps lists the steps; SQL constraint and API enum are compared with it.
func Steps() []Step {
	return []Step{StepReserved, StepApproved, StepSealed, StepAnchored, StepRefused, StepDropped}
}

// Done tells whether nothing more will happen.
func (s Step) Done() bool { return s == StepAnchored || s == StepRefused || s == StepDropped }

// Proceeding (办件) is one act on its way from application to ledger.
type Proceeding struct {
	Digest      sm.Digest           // of the intent; names the proceeding
	Intent      registry.Intent     //
	Recording   registry.Recording  //
	Step        Step                //
	Approvals   []registry.Approval //
	Remark      string              //
	Entry       *registry.Entry     // from step sealed on
	Transaction string              // last one submitted, empty before
	Receipt     *registry.Receipt   // from step anchored on
	Refusal     registry.Code       // of step refused; of a dropped one that ended by itself
	Detail      string              //
	Created     time.Time           //
	Updated     time.Time           //
}

// Namespace is where the proceeding's entry belongs: the member of the
// license's issuer.
type Namespace = string

// Version is one stored version of a license.
type Version struct {
	Identifier  registry.Identifier
	Facts       registry.Facts
	TypeVersion int
	Secret      []byte    // of the license: salts of the field tree
	Unsealed    []byte    // OFD package before sealing
	Rendered    sm.Digest // the signer's mark on it; zero for what it did not render
	Sealed      []byte    // empty before sealing, and when damaged
	Released    bool      // anchored, or released as pending: may be handed out
	Pending     bool      // released before the ledger answered
	Intent      sm.Digest

	SealedDigest sm.Digest // SM3 of the sealed document; zero where the document itself is kept, and without one
	Damaged      bool      // what is stored does not make the document that was sealed

	Copied   *registry.Copied // of another member's license: what was taken over; nil for a version of one's own
	Withheld []string         // fields that a copy does not have: its member gave the result alone
}

// Stored is what a verification compares with the ledger.
type Stored struct {
	Version Version
	Step    Step          // of the proceeding that made it
	Refusal registry.Code // of step refused
	Type    *registry.LicenseType
	Record  Record
}

// Record is a license's row as stored, with the act in flight, if any.
type Record struct {
	Base     string
	Type     string
	Version  int            // newest anchored; 0 before the first
	State    registry.State // as of the last anchored act
	Sequence uint64
	Head     sm.Digest
	InFlight *Proceeding // reserved to sealed
	Overseen bool        // governance says something of it
	Copied   bool        // of another member's license: said by the ledger, not by a row
}

// AllotRequest asks for a serial (issue only), a license number where one is
// made, and printing indexes.
type AllotRequest struct {
	Instance  registry.Instance
	Serial    bool
	Type      string                 // of the number; empty: none is made
	Scope     string                 // the number rule counts within: region, and year where the rule has it
	Blocks    []registry.NumberBlock // the number's sequence is drawn from, in order; none: no bounds
	Skip      int                    // numbers to pass over, because the next ones are used
	Printings int
}

// Idempotency is a client's key for one operation. Body is the digest of the
// request.
type Idempotency struct {
	Client    string
	Operation string
	Key       string
	Body      sm.Digest
}

// Reservation is commit 1.
type Reservation struct {
	Proceeding  *Proceeding
	Version     *Version // version acts
	Matter      string   // of the grant, for the uniqueness of decision numbers
	Printings   []PrintingRef
	Idempotency Idempotency
	By          registry.Actor
	Issuers     []string      // of the license's member: among their licenses its number is one license's
	Elsewhere   bool          // the license's row is another registry's: an act through governance
	Double      *registry.Use // by another license, of its number on the ledger, where that is no fault
}

// SealedAct is commit 2.
type SealedAct struct {
	Intent sm.Digest
	Entry  *registry.Entry
	Sealed []byte // version acts whose signer kept the document; of all others Parts
	Parts  *registry.SealParts
}

// PrintingRef is one printing as stored.
type PrintingRef struct {
	Token      registry.Token
	Identifier registry.Identifier // version it shows
	Printing   registry.Printing
	QR         string    // full text, once made
	Mark       sm.Digest // binds the row to token and sheet (common.mark); zero in rows of before
	Lost       bool      // its rows are gone, the ledger has it: only Token, Identifier and the number are set
}

// SearchQuery finds licenses. Empty fields do not restrict.
type SearchQuery struct {
	Organization string // issuer or unit concerned
	Reach        *registry.Reach
	Relation     registry.Relation // what the organization is to the licenses; empty: anything
	PaperDue     bool              // only licenses whose paper may wait for something
	Text         string            // holder name, number or identifier, folded, prefix match; of a license that shows its status only, the identifier
	Type         string
	Step         Step
	Cursor       string
	Limit        int // 1–100, 20 when 0
}

// HolderQuery names licenses by their number, compared folded (registry.Fold),
// or one license by its base.
type HolderQuery struct{ Number, Base string }

// Held is a license with the holder of each of its versions.
type Held struct {
	Newest  registry.Identifier
	Holders map[int]registry.Holder // name and code, by version
}

// SearchPage is one page of a search.
type SearchPage struct {
	Items []SearchItem
	Next  string // cursor, empty at the end
}

// SearchItem is one license in a list.
type SearchItem struct {
	Identifier registry.Identifier // newest version
	TypeName   string
	Number     string
	HolderName string
	HolderCode string // of the store's answer alone: what a number may be made of
	IssuerName string
	Expires    registry.Date
	LastAct    registry.Act
	Step       Step
	Updated    time.Time
	Relations  []registry.Relation // what the organization is to it; empty before it is anchored, and for operators
}

// Task is something a unit has to attend to.
type Task struct {
	Organization string
	Kind         string // refused, approval, double, ended-before (TaskEndedBefore), expired (TaskExpired), unsigned (TaskUnsigned), acted (TaskActed), case (TaskCase), case-refused (TaskCaseRefused)
	Intent       sm.Digest
	Identifier   registry.Identifier
	Act          registry.Act
	Grant        string            // that the act names; of a case
	Case         string            // likewise
	Decision     string            // that the act names
	By           string            // who decides it
	Awaits       registry.CaseKind // step of a case; a task of a case has no act, intent and identifier
	Due          registry.Date     // last day for that step; zero: none
	TypeName     string
	Number       string // where the actor may see it
	HolderName   string // likewise
	HolderCode   string // of the store's answer alone: what a number may be made of
	Code         registry.Code
	Detail       string
	Other        string // double: base of the other license with the number; empty when this registry does not keep it
	Created      time.Time
}

// AuditEvent is one line of the audit trail. It carries no personal data.
type AuditEvent struct {
	At        time.Time
	By        registry.Actor
	Operation string
	Subject   string // identifier, intent digest, account
	Code      registry.Code
	Detail    string
}
