package registry

import "slices"

// Who takes part in a case: whoever its grant names, and whoever one of those
// invites by a signed step. To nobody else is there a case.

// InvitePurpose is what an organization is invited into a file for.
type InvitePurpose string

const (
	InviteVisit   InvitePurpose = "visit"   // 联合踏勘
	InviteConsult InvitePurpose = "consult" // 意见征求
	InviteArchive InvitePurpose = "archive" // 查阅档案: asks who keeps the files of before (留存档案) for what is in them
)

// InvitePurposes lists the purposes; the API enum is compared with it.
func InvitePurposes() []InvitePurpose {
	return []InvitePurpose{InviteVisit, InviteConsult, InviteArchive}
}

// mostInvitation is how many calendar days an invited organization may have.
const mostInvitation = 90

// Invitation is one organization's way into a file. It may read the file from
// then on.
type Invitation struct {
	Organization string        `json:"organization"`
	By           string        `json:"by"`
	Purpose      InvitePurpose `json:"purpose"`
	Due          Date          `json:"due"`                // last day for its opinion
	Document     string        `json:"document,omitempty"` // number of the request for files
	At           int64         `json:"at"`
	Answered     int64         `json:"answered,omitempty"` // first opinion after it; zero: none yet
	Late         bool          `json:"late,omitempty"`     // answered after its last day
}

// Parties lists the organizations that the grant makes part of its cases:
// decider, acceptor, examiner and handling center.
func (g *Grant) Parties() (codes []string) {
	for _, code := range []string{g.Decider, g.Acceptor, g.Examiner, g.Handling} {
		if code != "" && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

// Beside tells whether a case under the other grant could be decided under this one
// as well: the same decider decides the same matter, and the same office takes in, or
// one territory lies within the other.
func (g *Grant) Beside(other *Grant) bool {
	return g.Decider == other.Decider && g.Matter == other.Matter &&
		(slices.Equal(g.acceptors(), other.acceptors()) || Within(g.Territory, other.Territory) || Within(other.Territory, g.Territory))
}

// Invited lists the organizations that steps of the file invited.
func (f *CaseFile) Invited() (codes []string) {
	for _, in := range f.Invitations {
		codes = append(codes, in.Organization)
	}
	return codes
}

// asked tells whether the organization owes the file an answer.
func (f *CaseFile) asked(organization string) bool {
	return slices.ContainsFunc(f.Invitations, func(in Invitation) bool { return in.Organization == organization && in.Answered == 0 })
}

// answer notes an opinion with the invitation that asked for it.
func (f *CaseFile) answer(s *CaseStatement) {
	for i := range f.Invitations {
		if in := &f.Invitations[i]; in.Organization == s.Organization && in.Answered == 0 {
			in.Answered, in.Late = s.At, DateOfUnix(s.At) > in.Due
			return
		}
	}
}

// acceptors are who takes applications in under a grant.
func (g *Grant) acceptors() []string { return first(g.Acceptor, g.Examiner, g.Decider) }

// examiners are who examines under a grant.
func (g *Grant) examiners() []string { return first(g.Examiner, g.Decider) }

func first(codes ...string) []string {
	for _, code := range codes {
		if code != "" {
			return []string{code}
		}
	}
	return nil
}

// checkInvitation judges an invitation: of somebody who is not in the file yet,
// with time to answer.
func (f *CaseFile) checkInvitation(g *Grant, s *CaseStatement) error {
	if s.Kind != CaseInvite {
		return nil
	}
	day := DateOfUnix(s.At)
	again := s.Purpose == InviteArchive && !f.asked(s.Invited) // files are asked for as often as they are needed
	switch {
	case slices.Contains(g.Parties(), s.Invited), slices.Contains(f.Invited(), s.Invited) && !again:
		return Errorf(CodeActState, "invited", "%s is in the file already", s.Invited)
	case s.Due < day || s.Due > day+mostInvitation:
		return Errorf(CodeDateOrder, "due", "from today to %d days from now", mostInvitation)
	}
	return nil
}
