// Package office holds the use cases of the registry, one function each: issue,
// act, approve, seal, anchor, verify. It declares what it needs of the world;
// adapters in registry/postgres, registry/statusview, chaincode/… and signer
// implement it. The numbered steps of every use case are those of
// docs/use-cases.md.
package office

import (
	"context"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Store keeps what the registry works with: documents, proceedings, accounts,
// the audit trail. It is trusted for availability and search, for nothing that
// a verdict rests on. Every method is durable when it returns, safe for
// concurrent use, and leaves nothing half-written on error. Errors are coded
// (registry.Error); anything else is internal.
type Store interface {
	// Replay returns the proceeding that an idempotency key made before, nil
	// when the key is new, CodeIdempotencyMismatch for another body.
	Replay(ctx context.Context, key Idempotency) (*Proceeding, error)
	// Type returns a catalog entry; version 0 is the newest. CodeTypeUnknown.
	Type(ctx context.Context, code string, version int) (*registry.LicenseType, error)
	// Types lists the newest version of every catalog entry, by code.
	Types(ctx context.Context) ([]*registry.LicenseType, error)
	// Version returns one stored version of a license with its document.
	// CodeNotFound.
	Version(ctx context.Context, base string, version int) (*Version, error)
	// Stored returns what a verification compares, in one state of the store:
	// the version (its sealed document only when asked for), its catalog entry
	// (nil when it is gone; shared, not to be changed) and the license's row
	// without the act in flight. CodeNotFound.
	Stored(ctx context.Context, base string, version int, sealed bool) (*Stored, error)
	// Allot assigns the next serial, number sequence and status list indexes.
	// What is not used afterwards stays a gap.
	Allot(ctx context.Context, ask AllotRequest) (registry.Allotment, error)
	// Reserve is commit 1: proceeding, version (when one is made), printings,
	// idempotency key and audit, all or nothing. CodeActInProgress when the
	// license has another unfinished act; CodeDecisionUsed;
	// CodeIdempotencyMismatch when the key was taken meanwhile.
	Reserve(ctx context.Context, r Reservation) error
	// Proceeding returns one by its intent digest. CodeNotFound.
	Proceeding(ctx context.Context, intent sm.Digest) (*Proceeding, error)
	// AddApproval adds a checked signature to a reserved proceeding; complete
	// moves it to StepApproved in the same transaction. A signature by the
	// same key replaces nothing: CodeApprovalTwice. CodeStale when another
	// signature came in between (have is the number the caller saw).
	AddApproval(ctx context.Context, intent sm.Digest, have int, a registry.Approval, complete bool, by registry.Actor) (*Proceeding, error)
	// Sealed is commit 2: entry, sealed document and anchoring job.
	Sealed(ctx context.Context, s SealedAct) error
	// Lease hands out up to limit proceedings that wait in one of the steps, oldest
	// first, and hides them from other workers until the lease ends. At most
	// one per license.
	Lease(ctx context.Context, steps []Step, limit int, until time.Time) ([]*Proceeding, error)
	// Submitting persists the transaction before it is submitted.
	Submitting(ctx context.Context, intents []sm.Digest, transaction string) error
	// Anchored is commit 3: receipt kept, document and paper released, the
	// license row brought to what the ledger says (after; nil for an act of
	// oversight).
	Anchored(ctx context.Context, intent sm.Digest, receipt *registry.Receipt, after *registry.License) error
	// ReleasePending lets paper out before the ledger has answered, on an
	// approver's word, audited. CodeActState unless the step is sealed.
	ReleasePending(ctx context.Context, intent sm.Digest, by registry.Actor) error
	// Record returns the license's row as stored: what the console lists by
	// and what a scan compares with the ledger. CodeNotFound.
	Record(ctx context.Context, base string) (*Record, error)
	// Refused is the terminal step after the contract's refusal: nothing is
	// released, the identifier of an issue is burnt, the unit gets a task. from
	// is the step that was refused; a proceeding that has gone on meanwhile is
	// left alone.
	Refused(ctx context.Context, intent sm.Digest, from Step, code registry.Code, detail string) error
	// Release ends a lease early so that the step is tried again after wait.
	Release(ctx context.Context, intents []sm.Digest, wait time.Duration) error
	// Drop ends a reserved, not yet sealed proceeding on the unit's wish.
	Drop(ctx context.Context, intent sm.Digest, by registry.Actor) error
	// ByNumber finds the licenses with exactly this number (证照编号), each at
	// its newest version; none is no error.
	ByNumber(ctx context.Context, number string) ([]registry.Identifier, error)
	// ByToken finds the printing that a scanned token names. CodeNotFound.
	ByToken(ctx context.Context, token registry.Token) (*PrintingRef, error)
	// Mend brings a license's row, when there is one, to what the ledger says,
	// and remembers sheets that the ledger knows and whose rows are lost.
	Mend(ctx context.Context, base string, after *registry.License, lost []PrintingRef) error
	// Search lists licenses for the console and the API, newest first.
	Search(ctx context.Context, q SearchQuery) (*SearchPage, error)
	// History lists a license's proceedings, oldest first.
	History(ctx context.Context, base string) ([]*Proceeding, error)
	// Printings lists a license's printings over all versions.
	Printings(ctx context.Context, base string) ([]PrintingRef, error)
	// KeepQR stores the QR text of a printing the first time it is made and
	// returns the stored one, so that a sheet printed again is the same sheet.
	KeepQR(ctx context.Context, token registry.Token, text string) (string, error)
	// Tasks lists what an organization has to attend to (all for "").
	Tasks(ctx context.Context, organization string) ([]Task, error)
	// Audit appends to the audit trail.
	Audit(ctx context.Context, a AuditEvent) error
}

// Ledger is where entries are anchored. An error of Submit does not mean "not
// committed": only Lookup tells.
type Ledger interface {
	// Name says which ledger: "single-node" or the network's name.
	Name() string
	// Prepare fixes the transaction id of a batch without submitting it.
	Prepare(ctx context.Context, batch registry.Batch) (Transaction, error)
	// Submit commits and returns the commit. CodeLedgerConflict: not
	// committed, make a new transaction. CodeUnavailable: unknown, ask Lookup.
	Submit(ctx context.Context, tx Transaction) (*registry.Commit, error)
	// Lookup returns a committed transaction; CodeNotFound means it was not
	// committed and never will be by itself; CodeUnavailable means ask again.
	Lookup(ctx context.Context, namespace, id string) (*registry.Commit, error)
	// DryRun judges a batch without signatures and writes nothing.
	DryRun(ctx context.Context, batch registry.Batch) (*registry.Outcome, error)
	// Read returns committed values, nil for an absent key.
	Read(ctx context.Context, namespace string, keys []string) ([][]byte, error)
	// Follow calls fn for every commit from height on, in order, then waits
	// for more, calling fn with nil at least every second while the ledger is
	// known to be reachable and nothing is new; it returns when ctx ends or fn
	// fails.
	Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error
	// Evidence returns the ledger's proof for a commit, for a receipt.
	Evidence(ctx context.Context, c *registry.Commit) ([]byte, error)
}

// Transaction is declared in registry, so that ledgers need not import office.
type Transaction = registry.Transaction

// StatusView is the registry's copy of what the ledger says, built from ledger
// events alone and kept outside PostgreSQL. Reads never block on the ledger.
type StatusView interface {
	// Standing returns what the ledger says of a license; a Standing without a
	// License for one that was never anchored.
	Standing(base string) (*registry.Standing, error)
	// Record returns a governance record and its chain; nil when absent.
	Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error)
	// Records lists the governance records of a kind, by name.
	Records(kind registry.RecordKind) ([]registry.GovernanceRecord, error)
	// Knowledge says how fresh the view is at an instant.
	Knowledge(now time.Time) registry.Knowledge
	// Await waits until the view has seen a height.
	Await(ctx context.Context, height uint64) error
}

// Renderer draws documents. Same input, same bytes.
type Renderer interface {
	// Unsealed renders the electronic license. CodeGlyph for a character that
	// no font has, CodeFieldForm for text that does not fit.
	Unsealed(doc registry.ElectronicDocument) ([]byte, error)
	// Paper renders one sheet for printing.
	Paper(sheet registry.PaperSheet) ([]byte, error)
	// Fields reads the metadata back from a package.
	// (Verification of whole files is the Checker's.)
}

// Sealer is the signer as the registry sees it. It checks approvals itself.
type Sealer interface {
	// Seal checks the approvals of a version act against the ledger, seals
	// exactly the given package and persists before it answers; the same
	// intent gives the same bytes for ever.
	Seal(ctx context.Context, job registry.SealJob) (*registry.SealResult, error)
	// Register does the same for acts that make no version: there is nothing
	// to seal, but the entry digest is checked and kept, so that the act key
	// will sign it. Orders are registered by their organization's keeper.
	Register(ctx context.Context, job registry.SealJob) (*registry.Entry, error)
	// RegisterOrder does the same for the setting of a governance record.
	RegisterOrder(ctx context.Context, order registry.Order, warrant registry.Warrant) (*registry.Entry, error)
	// Authorship signs the root over an organization's entries of a batch;
	// only entries that it persisted itself (Seal, Register).
	Authorship(ctx context.Context, organization, namespace string, entries []*registry.Entry) (registry.Authorship, error)
	// SignQR makes the QR text of one printing.
	SignQR(ctx context.Context, ask registry.QRRequest) (string, error)
	// TimeStamp stamps a digest (RFC 3161).
	TimeStamp(ctx context.Context, digest sm.Digest) ([]byte, error)
}

// Checker verifies documents and codes: pure, without network.
type Checker interface {
	// Document checks a sealed package; an error means it cannot be read.
	Document(sealed []byte, at time.Time) (*registry.DocumentReport, error)
	// QR checks a scanned text; an error means it is no code of ours.
	QR(text string) (*registry.QRReport, error)
}
