package registry

import "tongzheng/registry/sm"

// SigningRequest asks a signer to have a person sign at the signer's own page: acts to
// approve, several as a batch; or a sheet of orders; or a step of a case file; or a new
// passkey. The page shows what is signed as the signer sees it, and no origin but the
// page's counts.
type SigningRequest struct {
	Return string // path of the registry that the browser goes back to, from "/"; the ticket is added to its query
	Person SigningPerson
	Acts   []SealJob
	Sheet  []Order
	Step   *CaseStep // without its approval
	Enroll bool
}

// SigningPerson is who is asked, as the registry has the account.
type SigningPerson struct {
	Name         string // shown on the page and by the authenticator
	Organization string // credit code
	Handle       []byte // WebAuthn user handle: a pseudonym
	Keys         []PersonKey
}

// PersonKey is a passkey of the account.
type PersonKey struct {
	Credential []byte
	KeyID      sm.KeyID
}

// SigningTicket opens the page once.
type SigningTicket struct {
	Ticket string
	URL    string
}

// SigningQuery asks what became of a ticket, for the person that it was opened for: a
// result is not told to another account, which might be led to it.
type SigningQuery struct {
	Ticket string
	Handle []byte // of SigningPerson
}

// Outcomes of a signing.
const (
	SigningOpen     = "open"
	SigningSigned   = "signed"
	SigningDeclined = "declined"
)

// SigningResult is what became of a ticket. It is told once.
type SigningResult struct {
	Outcome   string
	Approvals []GivenApproval // of acts, one each; of a sheet or a step, one
	Sheet     bool            // Approvals has that of an order sheet
	Step      *CaseStep       // the step that was signed, with its approval
	Passkey   *NewPasskey
}

// GivenApproval is an approval with what it approves.
type GivenApproval struct {
	Digest   sm.Digest // of the intent, the sheet or the step
	Approval Approval
}

// NewPasskey is a passkey that was made at the signing page.
type NewPasskey struct {
	Credential []byte
	Public     []byte // SubjectPublicKeyInfo, P-256
	Record     []byte // the credential as the library keeps it, JSON
}
