package registry

import (
	"time"

	"tongzheng/registry/sm"
)

// Copied is one version of another member's license as its registry handed it over
// (归集), held against the ledger by whoever returns it. It is personal data.
type Copied struct {
	Opened    Opened // what the version says; Unsealed is empty for one that another system made
	Sealed    []byte // the sealed document; of a collected version the file as it came
	Intent    sm.Digest
	Approvals []Approval
	Receipt   *Receipt

	// Told is what was handed over where no organization here may see more than the
	// result; Opened has its facts and the catalog entry then, and all else is empty. Nil:
	// the whole.
	Told *Told
}

// Whole refuses what only the whole of a copy can answer. CodeNotYet: the table lets the
// actor see it, and it has not come. Nil, no copy, is whole.
func (c *Copied) Whole() error {
	if c == nil || c.Told == nil {
		return nil
	}
	return Errorf(CodeNotYet, "identifier", "of this version its result alone is here")
}

// Withheld names the fields that the copy does not have.
func (c *Copied) Withheld() []string {
	if c == nil || c.Told == nil {
		return nil
	}
	return c.Told.Withheld(c.Opened.Type)
}

// CopyForm is how much of a version a copy has.
type CopyForm uint8

const (
	CopyNone   CopyForm = iota
	CopyWhole           // fields, secret, document
	CopyResult          // the fields of the result with their salts (Told)
)

// CopyForms lists the forms; the SQL constraint is compared with it.
func CopyForms() []CopyForm { return []CopyForm{CopyWhole, CopyResult} }

// CopyFormFor is how much of a license an organization may have a copy of, by the one
// table of relations.
func (k *Kinship) CopyFormFor(organization string) CopyForm {
	switch {
	case k.Allows(organization, MaySeeContent) && k.Allows(organization, MaySeeDocument):
		return CopyWhole
	case k.Allows(organization, MaySeeResult):
		return CopyResult
	}
	return CopyNone
}

// Identifier is that of the version.
func (c *Copied) Identifier() Identifier { return c.Opened.Facts.Identifier }

// CopyState is how far the copy of a version has come.
type CopyState string

const (
	CopyMissing CopyState = "missing" // to be asked for, or asked for and not had yet
	CopyHere    CopyState = "here"    // taken over, and what the ledger says
	CopyRefused CopyState = "refused" // its registry says that there is no such license for us
	CopyAside   CopyState = "aside"   // what was handed over is not what the ledger says: kept apart
	CopyStray   CopyState = "stray"   // not, or no longer, for an organization here
)

// CopyStates lists the states; the SQL constraint is compared with it.
func CopyStates() []CopyState {
	return []CopyState{CopyMissing, CopyHere, CopyRefused, CopyAside, CopyStray}
}

// Collection is the account of the copies of other members' licenses: what the ledger
// says must be here against what is. It names no holder.
type Collection struct {
	AsOf    time.Time        `json:"as_of"`  // end of the last whole walk over the ledger's copy; zero before the first
	Height  uint64           `json:"height"` // the ledger was walked up to there
	Whole   bool             `json:"whole"`  // version acts of the other members = documents here
	Members []CollectionLine `json:"members"`
	Days    []CollectionLine `json:"days"`             // of recording, the newest first
	Aside   []CopyAsideNote  `json:"aside,omitempty"`  // what did not fit, the newest first
	Strays  int              `json:"strays,omitempty"` // rows that nothing on the ledger asks for
	Mended  int              `json:"mended,omitempty"` // copies that were deleted or altered here, found and asked for again, since the start
}

// CollectionLine counts the versions of one member, all or of one day. No signed
// erasure exists yet: On is to equal Here.
type CollectionLine struct {
	Member  string `json:"member"`
	Day     Date   `json:"day,omitzero"`
	On      int    `json:"on_ledger"` // version acts that an organization here may have
	Here    int    `json:"here"`
	Results int    `json:"results,omitempty"` // of these with the result alone: no organization here may see more
	Missing int    `json:"missing"`
	Refused int    `json:"refused"`
	Aside   int    `json:"aside"`

	Gap  *CopyGap     `json:"oldest_gap,omitempty"` // of a member's line
	Link *MemberState `json:"link,omitempty"`       // of a member's line
}

// Count says how many versions the ledger has: what is neither here nor refused nor put
// aside is missing, with a row or without.
func (l *CollectionLine) Count(on int) {
	l.On, l.Missing = on, max(0, on-l.Here-l.Refused-l.Aside)
}

// CopyGap is a version that is not here, and why.
type CopyGap struct {
	Identifier Identifier `json:"identifier"`
	Recorded   time.Time  `json:"recorded"`
	State      CopyState  `json:"state"`
	Code       Code       `json:"code,omitempty"` // empty: not asked for yet
	Detail     string     `json:"detail,omitempty"`
	Tries      int        `json:"tries"`
	Next       time.Time  `json:"next_try"`
}

// MemberState is how another member's registry was reached last.
type MemberState struct {
	Exchanges bool      `json:"exchanges"`          // the ledger says where and under which key
	Version   int       `json:"protocol,omitempty"` // spoken last
	Failures  int       `json:"failures,omitempty"` // one after another
	Code      Code      `json:"code,omitempty"`     // of the last failure
	Detail    string    `json:"detail,omitempty"`
	Answered  time.Time `json:"answered,omitzero"` // last
	Next      time.Time `json:"next_try,omitzero"` // after failures
}

// CopyAsideNote names what was put aside.
type CopyAsideNote struct {
	Member     string     `json:"member"`
	Identifier Identifier `json:"identifier"`
	At         time.Time  `json:"at"`
	Code       Code       `json:"code"`
	Detail     string     `json:"detail"`
	Bytes      int        `json:"bytes"`
	Digest     sm.Digest  `json:"digest"`
}
