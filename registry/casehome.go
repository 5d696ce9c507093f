package registry

import "slices"

// A case file has one home, the registry that keeps it: that of the organization which
// takes in under its grant. It alone appends steps, so that no file forks; the registries
// of the other organizations in the file keep copies.

// Keeper is the organization whose registry keeps the case files of the grant; empty for
// a grant that nobody takes in under.
func (g *Grant) Keeper() string {
	if codes := g.acceptors(); len(codes) > 0 {
		return codes[0]
	}
	return ""
}

// InCase lists the organizations that are in a case: the parties by its grant (nil for an
// unknown one), those whom a signed step invited, and those who signed one.
func (f *CaseFile) InCase(grant *Grant) (codes []string) {
	if grant != nil {
		codes = grant.Parties()
	}
	codes = append(codes, f.Invited()...)
	for i := range f.Steps {
		if code := f.Steps[i].Statement.Organization; !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

// HeldStep is a signed step of which the ledger must be told. It is no step of the file
// before the ledger has it, and no other is taken meanwhile.
type HeldStep struct {
	Step    CaseStep
	Refusal Code   // why the ledger did not take it; empty while it is awaited
	Detail  string // of the refusal
}

// Awaited tells whether the ledger's answer is awaited; false without a step.
func (h *HeldStep) Awaited() bool { return h != nil && h.Refusal == "" }

// Is tells whether the statement is the one that is held.
func (h *HeldStep) Is(s *CaseStatement) bool {
	if h == nil {
		return false
	}
	held, err := h.Step.Statement.Digest()
	asked, err2 := s.Digest()
	return err == nil && err2 == nil && held == asked
}

// Anchors tells whether the ledger must be told of the step before it counts: under a review
// agreement the city's decision rests on it.
func (g *Grant) Anchors(kind CaseKind) bool {
	return g.Mode == ModeReview && slices.Contains([]CaseKind{CaseExamine, CaseSealRequest, CaseSealConfirm}, kind)
}

// Has tells whether the examination on the ledger has the step; false for nil.
func (x *Examination) Has(step *CaseStep) bool {
	s := &step.Statement
	if x == nil || x.Grant != s.Grant || x.Case != s.Case {
		return false
	}
	switch s.Kind {
	case CaseExamine:
		return x.Examined == s.At && x.Result == s.Result && x.Key == step.Approval.KeyID
	case CaseSealRequest:
		return x.SealAsked == s.At
	case CaseSealConfirm:
		return x.Confirmed == s.At && x.ConfirmedBy == step.Approval.KeyID
	}
	return false
}

// CaseWait is a step that a file waits for.
type CaseWait struct {
	Organization string   `json:"organization"` // whose it is to take
	Kind         CaseKind `json:"kind"`
	Due          Date     `json:"due,omitempty"` // last day; absent while the clock stands still
	Since        int64    `json:"since"`         // Unix seconds
}

// Waits lists the steps that the file waits for and that are somebody else's than the
// last one's: the confirmation of a seal that was asked for, with the last day of the
// decision, and the opinions of the organizations that were invited.
func (f *CaseFile) Waits(grant *Grant) (all []CaseWait) {
	if f.Stage == CaseSealRequest && f.Expects(CaseSealConfirm) {
		wait := CaseWait{Organization: grant.Decider, Kind: CaseSealConfirm, Due: f.Clock.DecideBy}
		for i := range f.Steps {
			if s := &f.Steps[i].Statement; s.Kind == CaseSealRequest {
				wait.Since = s.At
			}
		}
		all = append(all, wait)
	}
	for _, in := range f.Invitations {
		if in.Answered == 0 && f.Expects(CaseOpinion) {
			all = append(all, CaseWait{Organization: in.Organization, Kind: CaseOpinion, Due: in.Due, Since: in.At})
		}
	}
	return all
}

// TakesStep tells whether steps of the kind are the actor's work, by its roles.
func (a Actor) TakesStep(kind CaseKind) bool { return a.has(caseRules[kind].roles...) }
