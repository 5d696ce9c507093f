package resource

import (
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Ordered is what became of governance orders: on the ledger, or on a sheet
// that waits for governors.
type Ordered struct {
	Sheet sm.Digest `json:"sheet,omitzero"` // that waits; zero when the ledger has the orders
}

// Account is a staff account as its operator sees it.
type Account struct {
	Login        string          `json:"login"`
	Organization string          `json:"organization"` // credit code
	Name         string          `json:"name"`
	Roles        []registry.Role `json:"roles"`
	Person       string          `json:"person,omitempty"` // pseudonym on the ledger
	Operator     bool            `json:"operator"`
	Disabled     bool            `json:"disabled"`
}

// AccountList lists accounts.
type AccountList struct {
	Items []Account `json:"items"`
}

// AccountDraft is an account to be made.
type AccountDraft struct {
	Login        string          `json:"login"`
	Organization string          `json:"organization"`
	Name         string          `json:"name"`
	Roles        []registry.Role `json:"roles,omitempty"`
	Person       string          `json:"person,omitempty"`   // a random one when empty
	Machine      bool            `json:"machine,omitempty"`  // no password, no person
	Operator     bool            `json:"operator,omitempty"` // may see every organization
}

// NewAccount is an account that was made; its password is told once.
type NewAccount struct {
	Login    string `json:"login"`
	Password string `json:"password,omitempty"`
	Person   string `json:"person,omitempty"`
}

// NewPassword is an account's new password, told once.
type NewPassword struct {
	Password string `json:"password"`
}

// APIKeyDraft is an API key to be made.
type APIKeyDraft struct {
	Name    string    `json:"name"` // what it is for
	Expires time.Time `json:"expires,omitzero"`
}

// NewAPIKey is an API key, told once.
type NewAPIKey struct {
	Key string `json:"key"` // tz_…
}

// SealList lists the seals on file.
type SealList struct {
	Items []*registry.SealRecord `json:"items"`
}

// SealImport is a filed seal for signer and ledger.
type SealImport struct {
	File    []byte            `json:"file"`         // SESeal, DER
	ID      string            `json:"id,omitempty"` // esID; as in the file when empty
	Owner   string            `json:"owner"`        // credit code
	Kind    registry.SealKind `json:"kind"`
	Matters []string          `json:"matters,omitempty"` // empty: all of the owner's
	Basis   string            `json:"basis"`             // number of its filing
}

// SealFiled is a seal that the signer holds now.
type SealFiled struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Width  int       `json:"width"` // of the impression, mm
	Height int       `json:"height"`
	Until  time.Time `json:"until"`
	Ordered
}

// SealChange gives a seal another state.
type SealChange struct {
	State registry.SealState `json:"state"`
	Basis string             `json:"basis"`
}

// SealRenewal makes a development seal in the place of another.
type SealRenewal struct {
	As    string `json:"as"` // id of the new one
	Basis string `json:"basis"`
}

// SealRenewed is the new seal.
type SealRenewed struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Ordered
}

// LogLine is one use of a key, of the signer's hash-chained use log.
type LogLine struct {
	Number   uint64    `json:"number"` // from 1
	Time     int64     `json:"time"`   // Unix seconds
	Use      string    `json:"use"`
	Key      sm.KeyID  `json:"key,omitempty"`
	Subject  sm.Digest `json:"subject"`
	Previous sm.Digest `json:"previous"`

	Organization string `json:"organization,omitempty"` // tag: who asked
}

// LogHead is the end of a chain that was walked whole.
type LogHead struct {
	Lines  uint64    `json:"lines"`
	Digest sm.Digest `json:"digest"`
}

// StockLine is one organization's blanks of one type, form and print run.
// Allocated = Free + Good + Spoiled + Void + Recovered + Destroyed + Lost.
type StockLine struct {
	Type         string `json:"type"`
	Form         string `json:"form"`
	Run          string `json:"run"`
	Organization string `json:"organization"`
	Allocated    int    `json:"allocated"`
	Free         int    `json:"free"`
	Good         int    `json:"good"`
	Spoiled      int    `json:"spoiled"`
	Void         int    `json:"void"`
	Recovered    int    `json:"recovered"`
	Destroyed    int    `json:"destroyed"`
	Lost         int    `json:"lost"`
	Foreign      int    `json:"foreign,omitempty"`
}

// StockList accounts for every blank.
type StockList struct {
	Items []StockLine `json:"items"`
}

// StockNumbers are numbered blanks of one print run, and the document that
// moves them.
type StockNumbers struct {
	Type         string `json:"type"`
	Form         string `json:"form"`
	Run          string `json:"run"`
	Organization string `json:"organization"` // whose stock
	From         string `json:"from"`         // leading zeros kept
	To           string `json:"to"`
	Basis        string `json:"basis"`
}

// Stock is the stock record with these numbers alone.
func (n *StockNumbers) Stock() registry.Stock {
	return registry.Stock{Type: n.Type, Form: n.Form, Run: n.Run, Organization: n.Organization, Ranges: []registry.BlankRange{{From: n.From, To: n.To}}}
}

// StockTransfer moves numbers to another organization.
type StockTransfer struct {
	StockNumbers
	Receiver string `json:"receiver"`
}

// StockSpending says what became of unused blanks.
type StockSpending struct {
	StockNumbers
	How registry.SpentHow `json:"how"`
}

// GrantLine is one row of a grant list and what it would do.
type GrantLine struct {
	Row         int      `json:"row"` // as the spreadsheet counts: 1 is the header
	ID          string   `json:"id"`
	Change      string   `json:"change"` // new, changed, same, bad
	Differences []string `json:"differences,omitempty"`
	Problems    []string `json:"problems,omitempty"`
	Warnings    []string `json:"warnings,omitempty"` // doubts that do not stop the row
}

// GrantPlan is a grant list as the ledger's contract judges it.
type GrantPlan struct {
	Worksheet string      `json:"worksheet,omitempty"` // the sheet that was read
	Notes     []string    `json:"notes,omitempty"`     // what of the file was not read, or is not seen in it
	Lines     []GrantLine `json:"lines"`
	Ordered
}

// Count counts the lines with a change.
func (p *GrantPlan) Count(change string) (n int) {
	for _, l := range p.Lines {
		if l.Change == change {
			n++
		}
	}
	return n
}

// ReadinessLine is what one grant still lacks before its day.
type ReadinessLine struct {
	Grant    string        `json:"grant"`
	Matter   string        `json:"matter"`
	Mode     registry.Mode `json:"mode"`
	Decider  string        `json:"decider"`
	Missing  []string      `json:"missing,omitempty"`
	Warnings []string      `json:"warnings,omitempty"` // doubts that make nothing unready
	InFlight int           `json:"in_flight"`
	Answers  string        `json:"answers"`
}

// ReadinessReport (赋权体检) is what grants lack before their day.
type ReadinessReport struct {
	Day   registry.Date   `json:"day"`
	Lines []ReadinessLine `json:"lines"`
}

// Ready tells whether no grant lacks anything.
func (r *ReadinessReport) Ready() bool {
	for _, l := range r.Lines {
		if len(l.Missing) > 0 {
			return false
		}
	}
	return true
}

// TypesDraft are catalog entries to be added.
type TypesDraft struct {
	Basis string                  `json:"basis"`
	Types []*registry.LicenseType `json:"types"`
}

// TypesSet is what became of them.
type TypesSet struct {
	Types   int `json:"types"`   // in the catalog now
	Records int `json:"records"` // ordered, because the ledger lacked them
	Ordered
}

// HoldersListed is how many holders are under watch now.
type HoldersListed struct {
	Holders   int      `json:"holders"`
	Worksheet string   `json:"worksheet,omitempty"` // the sheet that was read
	Notes     []string `json:"notes,omitempty"`
}

// HandoverTerms is what the parties of a handover agree on.
type HandoverTerms struct {
	ID         string            `json:"id"`
	From       []string          `json:"from"` // credit codes
	To         string            `json:"to"`
	Document   string            `json:"document"`
	Ends       []string          `json:"ends,omitempty"` // ids of grants, or names of lists
	Begins     []string          `json:"begins"`
	Lapses     []string          `json:"lapses,omitempty"`
	SealsEnded []string          `json:"seals_ended,omitempty"`
	SealsBegun []string          `json:"seals_begun,omitempty"`
	Cases      []string          `json:"cases,omitempty"`  // in flight elsewhere
	Access     []string          `json:"access,omitempty"` // systems
	Archives   registry.Archives `json:"archives"`
	Principle  bool              `json:"in_principle,omitempty"`

	Items       []registry.HandoverItem   `json:"items,omitempty"`
	Group       []registry.HandoverSigner `json:"group,omitempty"`        // who signs as witness beside the parties
	AdviseUntil registry.Date             `json:"advise_until,omitempty"` // last day of the transition
}

// Certificate is one that an instance signs by, or is known by.
type Certificate struct {
	Use  string    `json:"use"` // qr, status, time-stamp, act, seal, pages and others
	Of   string    `json:"of"`  // whose: a credit code, a seal, a member, a host; empty for the instance's own
	Ends time.Time `json:"ends"`
}

// CertificateList has the one that ends first before the others.
type CertificateList struct {
	Items   []Certificate `json:"items"`
	Unknown []string      `json:"unknown"` // uses that could not be looked at now
}
