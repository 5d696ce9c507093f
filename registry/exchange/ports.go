package exchange

import (
	"context"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// View is the registry's copy of what the ledger says (office.StatusView): reads never
// wait for the ledger.
type View interface {
	Standing(base string) (*registry.Standing, error)
	Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error)
	Records(kind registry.RecordKind) ([]registry.GovernanceRecord, error)
	Knowledge(now time.Time) registry.Knowledge
	// Licenses walks every license. fn must not read the view.
	Licenses(ctx context.Context, fn func(base string, l *registry.License) error) error
}

// Held is one version of a license as this registry has it.
type Held struct {
	Opened    registry.Opened
	Parts     *registry.SealParts // what the sealed document is composed of, beside the unsealed one
	Sealed    []byte              // the document itself, where there are no parts
	Intent    sm.Digest
	Approvals []registry.Approval
	Receipt   *registry.Receipt
}

// Licenses is this registry's own licenses.
type Licenses interface {
	// Held returns one version whose act is anchored. CodeNotFound when no row says
	// so (yet); CodeContent when its document is damaged.
	Held(ctx context.Context, id registry.Identifier) (*Held, error)
}

// Gift is one answer to another member, for the book of what was given.
type Gift struct {
	Member       string
	Organization string // as whom it asked
	Identifier   registry.Identifier
	Relations    []registry.Relation // what that is to the license
	Form         registry.CopyForm   // in which it was given
	Code         registry.Code       // why it was refused; empty: given
	At           time.Time
}

// Book keeps what was given and what was refused. Note is durable when it returns; the
// first answer to a member about a version writes a line of the audit trail in the same
// transaction, the same again counts and no more.
type Book interface {
	Note(ctx context.Context, g Gift) error
}

// Want is a version that the ledger has and that an organization here may have.
type Want struct {
	Identifier   registry.Identifier
	Intent       sm.Digest         // that made it
	Member       string            // whose registry has it
	Organization string            // as whom it is asked for
	Form         registry.CopyForm // in which it may be here
	Height       uint64
	Recorded     int64 // Unix seconds
	Tries        int   // so far
}

// Row is one row of the shelf.
type Row struct {
	Want
	State   registry.CopyState
	Package []byte // of state here
	Found   Found  // what lists find it by, as the row has it
}

// Found is what lists find a copy by.
type Found struct {
	Type, Number, HolderName, HolderCode, IssuerName string
	Expires                                          registry.Date
}

// Taken is a package that holds.
type Taken struct {
	Want
	Relations []registry.Relation // what Organization is to the license: why it is here
	Package   []byte
	Found     Found
	At        time.Time
}

// Miss is why a version is not here.
type Miss struct {
	State  registry.CopyState // missing, refused or aside
	Code   registry.Code
	Detail string
	At     time.Time
	Next   time.Time // not to be asked for before
}

// Aside is what was handed over and does not fit. Package is empty for what is too
// large to be kept.
type Aside struct {
	Want
	Miss
	Package []byte
	Bytes   int
	Digest  sm.Digest
}

// Shelf keeps the copies. Every method is durable when it returns and leaves nothing
// half-written on error.
type Shelf interface {
	// Want adds the rows that are not there, in state missing; a row of another
	// intent, member or form, and a stray one, becomes such a row again. It returns how
	// many.
	Want(ctx context.Context, wants []Want) (int, error)
	// Due lists a member's versions that are not here and may be asked for now, in the
	// order of the ledger, and when the next one may be (zero: none waits).
	Due(ctx context.Context, member string, now time.Time, limit int) (due []Want, next time.Time, err error)
	// Keep puts a copy on the shelf, with its line of the audit trail the first time.
	// A row that has a copy keeps it: nothing is overwritten.
	Keep(ctx context.Context, t Taken) error
	// Missed notes why a version is not here. A row that has a copy stays as it is.
	Missed(ctx context.Context, w Want, m Miss) error
	// PutAside does the same for what does not fit, and keeps that, a bounded number
	// a member; the same again counts once.
	PutAside(ctx context.Context, a Aside) error
	// Hasten lets a member's missing versions be asked for from now on, those left out
	// that were asked for in vain many times.
	Hasten(ctx context.Context, member string, now time.Time) error
	// Rows lists rows after a version, strays left out, in the order of their bases'
	// bytes and versions, with their packages.
	Rows(ctx context.Context, after registry.Identifier, limit int) ([]Row, error)
	// Row returns one row, strays included. CodeNotFound.
	Row(ctx context.Context, id registry.Identifier) (*Row, error)
	// Mend takes a copy away that is not what the ledger says, and has it asked for
	// again; stray leaves it at that. It writes a line of the audit trail.
	Mend(ctx context.Context, w Want, stray bool, why string) error
	// Account counts the rows: by member and day of recording, with each member's
	// oldest gap in its own line, and what was put aside last.
	Account(ctx context.Context, days, aside int) (*registry.Collection, error)
}

// Ask asks for one version.
type Ask struct {
	Identifier   registry.Identifier `cbor:"1,keyasint"`
	Organization string              `cbor:"2,keyasint"`           // as whom
	Height       uint64              `cbor:"3,keyasint,omitempty"` // of the ledger, where the asker has read of it
}

// Hint says that there is something new up to a height. It is no more than that.
type Hint struct {
	Height uint64 `cbor:"1,keyasint"`
}

// Neighbors reaches other members' registries; deadlines and sizes are bounded by it.
// An error's code says whose fault it is: CodeNotFound (refused), CodeNotYet, CodeTooLarge and
// CodeMalformed concern the version, everything else the whole member.
type Neighbors interface {
	Package(ctx context.Context, member string, ask Ask) (raw []byte, version int, err error)
	Hint(ctx context.Context, member string, hint Hint) error
}

// Checker checks a sealed document (office.Checker).
type Checker interface {
	Document(sealed []byte, at time.Time) (*registry.DocumentReport, error)
}
