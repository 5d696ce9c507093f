package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// CaseRef names a case.
type CaseRef struct{ Grant, Case string }

// KeptCase is a case file as it is kept.
type KeptCase struct {
	Steps []registry.CaseStep
	Home  string    // member whose registry keeps it; empty: this one
	Held  *HeldStep // nil: none
}

// HeldState is where a step stands of which the ledger must be told.
type HeldState string

const (
	HeldAsked     HeldState = "asked"     // the file's home is asked for its place
	HeldAwaited   HeldState = "awaited"   // it has its place, and the ledger is to take it
	HeldWithdrawn HeldState = "withdrawn" // it is not to be: the file's home is to be told
	HeldRefused   HeldState = "refused"   // the ledger refused it: to be seen until the next step
)

// HeldStates lists the states; the SQL constraint is compared with it.
func HeldStates() []HeldState {
	return []HeldState{HeldAsked, HeldAwaited, HeldWithdrawn, HeldRefused}
}

// HeldStep is a step of which the ledger must be told before it counts.
type HeldStep struct {
	registry.HeldStep
	State HeldState
}

// CaseAddition is what is appended to a file: steps that follow those that are kept.
type CaseAddition struct {
	Steps   []registry.CaseStep
	Home    string   // member whose registry handed them over; empty: they are this one's own
	Members []string // whose registries are to be told of them
}

// CaseStore keeps case files. Steps are only added. Every method is durable when it
// returns and leaves nothing half-written.
type CaseStore interface {
	// Case returns a case file; without steps for a case not known. The number is
	// compared folded (registry.FoldNumber), here and wherever steps are kept.
	Case(ctx context.Context, grant, caseNumber string) (*KeptCase, error)
	// CaseRefs lists the cases under the grants, and those that the organization
	// was invited into or signed a step of, the last worked on first.
	CaseRefs(ctx context.Context, grants []string, organization string, limit int) ([]CaseRef, error)
	// AddCaseSteps appends; a held step that is among them is held no more. CodeStale
	// when a number is taken, CodeActState in a file of one's own while another step is
	// held.
	AddCaseSteps(ctx context.Context, add CaseAddition) error
	// HoldStep holds a step, in place of one that is over and of the one with digest
	// over. CodeStale when it is not the next of its file, CodeActState while another
	// one is held. The same again is harmless.
	HoldStep(ctx context.Context, h HeldStep, over sm.Digest) error
	// HeldSteps lists those under way, the oldest first, after one of them; nil: from the
	// first on.
	HeldSteps(ctx context.Context, after *HeldStep, limit int) ([]*HeldStep, error)
	// RefusedSteps lists an organization's that the ledger refused, the newest first.
	RefusedSteps(ctx context.Context, organization string, limit int) ([]*HeldStep, error)
	MoveHeld(ctx context.Context, step sm.Digest, to HeldState, code registry.Code, detail string) error
	DropHeld(ctx context.Context, step sm.Digest) error
	// WaitingCases lists files that may wait for the decider under one of the grants or
	// for the invited organization, the newest first: what they wait for, their steps say.
	WaitingCases(ctx context.Context, grants []string, organization string, limit int) ([]CaseRef, error)
	// CaseOf returns the case that a feed names by a key. CodeNotFound.
	CaseOf(ctx context.Context, key string) (CaseRef, error)
	// OfferCases adds own files under the grants to a member's feed that are not in it, at
	// most limit, and says how many.
	OfferCases(ctx context.Context, member string, grants []string, limit int) (int, error)
	// DoneWaiting forgets that a file waits.
	DoneWaiting(ctx context.Context, ref CaseRef) error
}

// CaseExchange is the way of case files between members' registries.
type CaseExchange interface {
	// Registry is the member whose registry works for an organization; empty for this
	// one, which also works for members without one.
	Registry(organization string) (member string, err error)
	// Submit hands something to a member's registry as another member and returns its
	// answer. A refusal has the other registry's code.
	Submit(ctx context.Context, to, from string, body []byte) ([]byte, error)
	// Tell lets other members know that there is something new. It does not wait.
	Tell()
}
