package web

import (
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// SignIn is the sign-in page.
type SignIn struct{ Problem *Problem }

// Form is a form built from a license type.
type Form struct {
	Action, Back string
	Intro        string
	Key          string // idempotency key: pressing twice submits once
	Faults       []Fault
	Sections     []Section
}

// Fault is one thing that is wrong with what was filled in. Label is that of its
// field, empty for a fault of the whole.
type Fault struct{ Field, Label, Title, English, Detail string }

// Section is a group of inputs.
type Section struct {
	Title, English string
	Inputs         []Input
	Copies         []CopyRow
}

// Input is one value of a form. Kind is text, textarea, select or date.
type Input struct {
	Name, Label, English, Kind, Value, Help string
	Options                                 []Option
	Required, Long, Invalid                 bool
	Max                                     int
	Error                                   string
}

// Option is one choice of a select.
type Option struct{ Value, Text string }

// CopyRow is one sheet that may be printed. Form is empty on plain paper.
type CopyRow struct {
	Name, Form, Run, Number, Help string
	Kind                          registry.CopyKind
	Runs                          []string
	Checked, Invalid              bool
}

// License is a license's page.
type License struct {
	Identifier registry.Identifier
	Whole      bool   // what it says is shown; else its result or its status alone
	Files      bool   // its sealed files may be had
	Drawn      string // address of the picture of the version's file; empty when it may not be seen
	TypeName   string
	Verdict    registry.Verdict
	Present    *office.Version
	Fields     []Field
	Sheets     []Sheet
	Lines      []*office.Proceeding
	Acts       []ActLink
	Versions   []*office.Version
	Withheld   []string // labels of fields that are not here: another member gives the result alone
	Keyed      bool     // the version in force came from elsewhere: its fields were keyed in
	Ledger     *registry.License
	InFlight   *sm.Digest
	Relations  []registry.Relation // what the account's organization is to it
}

// Field is one value of a version, compared with the version before.
type Field struct {
	Label, English, Value, Before string
	Changed                       bool
}

// Sheet is one printing with what can be done about it.
type Sheet struct {
	Number         uint32
	Version        int
	Copy           registry.CopyKind
	Blank          string
	State          registry.PrintingState
	Download, Scan string
	Acts           []ActLink
}

// ActLink leads to the form of an act.
type ActLink struct {
	Act      registry.Act
	URL      string
	Replaces bool // by a license of one's own
}

// Proceeding is the page of one act on its way.
type Proceeding struct {
	P            *office.Proceeding
	TypeName     string
	Facts        *registry.Facts
	Fields       []Field
	Drawn        string // address of the picture of what is signed; empty for none
	Ground       registry.Ground
	Organization string
	Grant        string
	Seal         string
	Signs        []Sign
	Refusal      *Pair
	Warnings     []registry.Listed // lists that the holder stands on
	Problem      *Problem
	Refresh      bool // still moving: look again
	MayRelease   bool
	Sign         *Signing // nil: the account has no passkey, or nothing is to be signed
}

// Sign is one signature, given or asked for.
type Sign struct {
	Title, Note string
	Done        bool
}

// Account is the signed-in account's own page.
type Account struct {
	Keys      []AccountKey
	Roles     []registry.Role
	MayEnroll bool
}

// AccountKey is one passkey and whether the ledger knows it.
type AccountKey struct {
	ID       sm.KeyID
	Created  time.Time
	Enrolled bool
}

// RoleName is a role's name in both languages.
func RoleName(r registry.Role) Pair { return roleWord(r) }

// ModeName is a mode's name in both languages.
func ModeName(m registry.Mode) Pair { return modeWords[m] }
