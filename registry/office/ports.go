package office

import (
	"context"
	"log/slog"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Ports is what the office needs of the world. The store's ports are one
// PostgreSQL in the product; they are apart so that each use case names what it
// touches.
type Ports struct {
	Acts         ActStore
	Queue        AnchorQueue
	Licenses     LicenseStore
	Catalog      Catalog
	Trail        Trail
	Cases        CaseStore       // nil: cases are kept elsewhere
	CaseExchange CaseExchange    // nil: case files go to no other registry
	Sheets       OrderSheetStore // nil: orders are signed elsewhere
	Reviews      ReviewStore     // nil: no review files are kept
	Overdue      OverdueStore    // nil: proposals never end by themselves
	OtherActs    OtherActStore   // nil: nobody is told what others did
	Lists        WatchLists      // nil: nobody is listed
	Copies       Copies          // nil: nothing of other members is copied
	CopyLists    CopyLists       // beside Copies
	Ledger       Ledger
	View         StatusView
	Sealer       Sealer
	Attester     Attester
	Renderer     Renderer
	Checker      Checker
	Drawer       Drawer
	Members      Members       // nil: there are no other registries on the ledger
	Chains       func() []byte // certificates in PEM, for readers of bundles; verifiers pin their own
	Keys         func() []byte // signed key list for bundles; nil: none, as when it returns nil
	Log          *slog.Logger
	Clock        func() time.Time
	// Published hears of every act that has become public (commit 3), and when:
	// for measurements. It must not wait. nil: nobody listens.
	Published func(p *Proceeding, at time.Time)
	// Tell lets other members know that something changed that they may ask for. It must
	// not wait. nil: nothing is exchanged here.
	Tell func()
}

// The store keeps what the registry works with: documents, proceedings,
// accounts, the audit trail. It is trusted for availability and search, for
// nothing that a verdict rests on. Every method of its ports is durable when it
// returns, safe for concurrent use, and leaves nothing half-written on error.
// Errors are coded (registry.Error); anything else is internal.

// ActStore keeps acts on their way, from reservation to approval.
type ActStore interface {
	// Replay returns the proceeding that an idempotency key made before, nil
	// when the key is new, CodeIdempotencyMismatch for another body, if one is named.
	Replay(ctx context.Context, key Idempotency) (*Proceeding, error)
	// Allot assigns the next serial, number sequence and status list indexes.
	// What is not used afterwards stays a gap.
	Allot(ctx context.Context, ask AllotRequest) (registry.Allotment, error)
	// NumberUsed returns the base of another license than except, of one of the
	// issuers, that a license number's tag belongs to, on its way or for ever; empty
	// for none.
	NumberUsed(ctx context.Context, tag sm.Digest, except string, issuers []string) (string, error)
	// Reserve is commit 1: proceeding, version (when one is made), printings,
	// idempotency key and audit, all or nothing. CodeActInProgress when the
	// license has another unfinished act in that chain (in governance: of that
	// organization); CodeDecisionUsed; CodeNumberUsed, or a
	// task where the number was on paper before (Intent.Existed);
	// CodeIdempotencyMismatch when the key was taken meanwhile.
	Reserve(ctx context.Context, r Reservation) error
	// Proceeding returns one by its intent digest. CodeNotFound.
	Proceeding(ctx context.Context, intent sm.Digest) (*Proceeding, error)
	// History lists a license's proceedings, oldest first.
	History(ctx context.Context, base string) ([]*Proceeding, error)
	// AddApproval adds a checked signature to a reserved proceeding; complete
	// moves it to StepApproved in the same transaction, and leaves it to the caller
	// for SealFirst before Lease hands it out. A signature by the same key replaces
	// nothing: CodeApprovalTwice. CodeStale when another signature came in between
	// (have is the number the caller saw).
	AddApproval(ctx context.Context, intent sm.Digest, have int, a registry.Approval, complete bool, by registry.Actor) (*Proceeding, error)
	// ReleasePending lets paper out before the ledger has answered, on an
	// approver's word, audited. CodeActState unless the step is sealed.
	ReleasePending(ctx context.Context, intent sm.Digest, by registry.Actor) error
	// Drop ends a proceeding that is not sealed yet, from one of the steps: reserved
	// or approved, when none is named. CodeActState.
	Drop(ctx context.Context, intent sm.Digest, by registry.Actor, from ...Step) error
}

// AnchorQueue is the outbox: what waits to be sealed and anchored, leased to one
// worker at a time.
type AnchorQueue interface {
	// Lease hands out up to limit proceedings that wait in one of the steps, those first
	// that have been due longest, and hides them from other workers until the lease ends.
	Lease(ctx context.Context, steps []Step, limit int, until time.Time) ([]*Proceeding, error)
	// Sealed is commit 2: entry, sealed document and anchoring job.
	Sealed(ctx context.Context, s SealedAct) error
	// Submitting persists the transaction before it is submitted.
	Submitting(ctx context.Context, intents []sm.Digest, transaction string) error
	// Double makes the unit's task of an act whose license number the ledger has for
	// another license, whose use first is. Harmless a second time.
	Double(ctx context.Context, intent sm.Digest, first registry.Use) error
	// Anchored is commit 3: receipt kept, document and paper released, the
	// license row brought to what the ledger says (after; nil for an act of
	// oversight).
	Anchored(ctx context.Context, intent sm.Digest, receipt *registry.Receipt, after *registry.License) error
	// Refused is the terminal step after the contract's refusal: nothing is
	// released, the identifier of an issue is burnt, the unit gets a task. from
	// is the step that was refused; a proceeding that has gone on meanwhile is
	// left alone.
	Refused(ctx context.Context, intent sm.Digest, from Step, code registry.Code, detail string) error
	// QueueClosing queues the closing that follows from an issue, before that
	// issue's commit 3: in step approved, with the approvals; a second
	// time is harmless. With instead (zero for none) it takes the place of a
	// closing that no longer follows.
	QueueClosing(ctx context.Context, closing *Proceeding, instead sm.Digest) error
	// Remind gives an organization a task about a proceeding, once.
	Remind(ctx context.Context, t Task) error
	// Release ends a lease early so that the step is tried again after wait.
	Release(ctx context.Context, intents []sm.Digest, wait time.Duration) error
}

// OverdueStore ends proposals that nobody approves.
type OverdueStore interface {
	// Expire drops up to limit proposals that have been in step reserved without a
	// signature since an instant, oldest first, and tells how many: what they held is
	// free as after a drop, the proceeding keeps the code, whoever filed it has a task
	// of the kind, the audit trail its line.
	Expire(ctx context.Context, since time.Time, limit int, kind string, code registry.Code) (int, error)
}

// OtherActStore keeps what other registries' organizations did to licenses here.
type OtherActStore interface {
	// OthersSeen is the height up to which the ledger was read.
	OthersSeen(ctx context.Context) (height uint64, err error)
	// KeepOthers keeps, of acts that the ledger has, those on licenses whose row is here
	// and that were not proposed here, each once, and up to where the ledger was read.
	KeepOthers(ctx context.Context, acts []OtherAct, height uint64) error
}

// LicenseStore keeps licenses with their versions, documents and printings.
type LicenseStore interface {
	// Version returns one stored version of a license with its document.
	// CodeNotFound.
	Version(ctx context.Context, base string, version int) (*Version, error)
	// Stored returns what a verification compares, in one state of the store:
	// the version (its sealed document only when asked for), its catalog entry
	// (nil when it is gone; shared, not to be changed) and the license's row
	// without the act in flight. CodeNotFound.
	Stored(ctx context.Context, base string, version int, sealed bool) (*Stored, error)
	// Record returns the license's row as stored: what the console lists by
	// and what a scan compares with the ledger. CodeNotFound.
	Record(ctx context.Context, base string) (*Record, error)
	// Search lists licenses for the console and the API, newest first. Whom it
	// shows more than it should, the office finds (Kinship).
	Search(ctx context.Context, q SearchQuery) (*SearchPage, error)
	// Holders lists the licenses that a query names, newest first, 20 at most;
	// none is no error. It asks the database once, whether there are any or not:
	// guesses learn nothing from the time it takes.
	Holders(ctx context.Context, q HolderQuery) ([]Held, error)
	// ByToken finds the printing that a scanned token names. CodeNotFound.
	ByToken(ctx context.Context, token registry.Token) (*PrintingRef, error)
	// Printings lists a license's printings over all versions.
	Printings(ctx context.Context, base string) ([]PrintingRef, error)
	// KeepQR stores the QR text of a printing the first time it is made and
	// returns the stored one, so that a sheet printed again is the same sheet.
	KeepQR(ctx context.Context, token registry.Token, text string) (string, error)
	// Mend brings a license's row, when there is one, to what the ledger says,
	// and remembers sheets that the ledger knows and whose rows are lost.
	Mend(ctx context.Context, base string, said *registry.Standing, lost []PrintingRef) error
	// Parties holds what lists find licenses by against the licenses, and tells how many
	// lines are wrong; mend puts them right.
	Parties(ctx context.Context, mend bool) (wrong int, err error)
}

// Catalog keeps the license types.
type Catalog interface {
	// Type returns a catalog entry, shared, not to be changed; version 0 is the
	// newest. CodeTypeUnknown.
	Type(ctx context.Context, code string, version int) (*registry.LicenseType, error)
	// Types lists the newest version of every catalog entry, by code.
	Types(ctx context.Context) ([]*registry.LicenseType, error)
}

// Trail is the audit trail, and what an organization has to attend to.
type Trail interface {
	// Audit appends to the audit trail.
	Audit(ctx context.Context, a AuditEvent) error
	// Tasks lists what an organization has to attend to (all for "").
	Tasks(ctx context.Context, organization string) ([]Task, error)
	// Waiting lists the acts of the organizations that wait for approvals.
	Waiting(ctx context.Context, organizations []string) ([]Task, error)
}

// Ledger is where entries are anchored. An error of Submit does not mean "not
// committed": only Lookup tells.
type Ledger interface {
	// Name says which ledger: "single-node" or the network's name.
	Name() string
	// Prepare fixes the transaction id of a batch without submitting it.
	Prepare(ctx context.Context, batch registry.Batch) (registry.Transaction, error)
	// Submit commits and returns the commit. CodeLedgerConflict: not
	// committed, make a new transaction. CodeUnavailable: unknown, ask Lookup.
	Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error)
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
	// Token tells which sheet the ledger names by the digest of a token; nil for none.
	Token(digest registry.TokenDigest) (*registry.Placed, error)
	// CaseDecision returns the first act of one of the parties that decides the case under
	// one of the grants (registry.Intent.DecidesCase); nil while there is none.
	CaseDecision(grants, parties []string, caseNumber string) (*registry.CaseDecision, error)
	// Knowledge says how fresh the view is at an instant.
	Knowledge(now time.Time) registry.Knowledge
	// Await waits until the view has seen a height.
	Await(ctx context.Context, height uint64) error
	// Orders lists the orders that made a record what it is, oldest first.
	Orders(kind registry.RecordKind, name string) ([]registry.Anchored, error)
	// Licenses walks every license that the ledger knows. fn must not read the
	// view.
	Licenses(ctx context.Context, fn func(base string, l *registry.License) error) error
	// Counts tells how many licenses of the issuers have which word on a day, by
	// type, in one state of the ledger.
	Counts(issuers []string, day registry.Date) ([]registry.Tally, error)
	// BlankUses counts, of the blanks that the acts of a stock's organization took,
	// those in each range and all of them, by the present state of their sheets, in
	// one state of the ledger.
	BlankUses(stock string, ranges []registry.BlankRange) (in []registry.Uses, all registry.Uses, err error)
	// UsedBlanks lists the numbers of a range that they took, in order; at most
	// limit, all when it is 0.
	UsedBlanks(stock string, of registry.BlankRange, limit int) ([]string, error)
}

// Renderer draws paper. Same input, same bytes. Electronic licenses are rendered by the
// signer.
type Renderer interface {
	// Paper renders one sheet for printing.
	Paper(sheet registry.PaperSheet) ([]byte, error)
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
	// ActsFor tells whether an act key of the organization that the ledger has on
	// record now is in this signer. CodeActKey.
	ActsFor(ctx context.Context, organization string) error
	// Tag makes the tag of a holder for a draft (registry.HolderTag), with a line
	// in the signer's use log. CodeRateLimited when the organization has had its
	// share of the hour, CodeUnavailable while the signer lacks the tag key.
	Tag(ctx context.Context, ask registry.TagRequest) (sm.Digest, error)
	// Render renders the electronic license of a proposed version and marks it:
	// nothing else is sealed. CodeGlyph for a character that no font has,
	// CodeFieldForm for text that does not fit.
	Render(ctx context.Context, ask registry.RenderRequest) (*registry.RenderedDocument, error)
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

// Drawer shows a document from its own bytes: pure, without network.
type Drawer interface {
	// Draw draws all pages. CodeNotDrawn, CodeMalformed or CodeTooLarge for what it
	// does not draw whole; CodeUnavailable when it has no room now.
	Draw(ctx context.Context, document []byte) (*registry.Drawing, error)
}

// Attester is what the signer says of the ledger: it composes what it signs from its
// own copy, and takes from the registry only what is asked.
type Attester interface {
	// Tokens makes the tokens of printings (registry.NewToken).
	Tokens(ctx context.Context, ask registry.TokenRequest) ([]registry.Token, error)
	// Lists signs the status lists as they are in the signer's copy.
	Lists(ctx context.Context, ask registry.ListsRequest) (*registry.SignedLists, error)
	// Publication composes what a member publishes of the lists signed last; only
	// such a record is then registered as an order.
	Publication(ctx context.Context, ask registry.PublicationRequest) (*registry.Publication, error)
	// State says what the ledger says of what is asked for.
	State(ctx context.Context, ask registry.StatementRequest) (*registry.SignedStatement, error)
	// BundleStatus says where the chains of a license stand.
	BundleStatus(ctx context.Context, id registry.Identifier) (*registry.BundleStatus, error)
	// SealBundle stamps and seals a bundle whose head says no more than that.
	// CodeStale when it has changed.
	SealBundle(ctx context.Context, ask registry.BundleRequest) (*registry.BundleSeal, error)
}

// WatchLists tell which lists of an authority a holder stands on: 经营异常名录,
// 严重违法失信名单. They are other authorities' data: the office reads them and
// decides nothing by them that a statute does not say.
type WatchLists interface {
	// Listed lists the entries of a holder, none for most.
	Listed(ctx context.Context, h registry.Holder) ([]registry.Listed, error)
}

// ReviewStore keeps review files (调阅案卷), which are opened and closed, and
// otherwise never changed.
type ReviewStore interface {
	// AddReview keeps a new file. CodeReviewNumber when its organization has one
	// of this number.
	AddReview(ctx context.Context, f *registry.ReviewFile) error
	// Review returns an organization's file by its number. CodeNotFound.
	Review(ctx context.Context, organization, number string) (*registry.ReviewFile, error)
	// Reviews lists an organization's files, open ones first, at most limit.
	Reviews(ctx context.Context, organization string, limit int) ([]registry.ReviewFile, error)
	// OpenReviews lists an organization's open files that name a license.
	OpenReviews(ctx context.Context, organization, base string) ([]registry.ReviewFile, error)
	// CloseReview ends the sight that a file gives. CodeNotFound, CodeActState.
	CloseReview(ctx context.Context, organization, number string, at time.Time, account string) error
}
