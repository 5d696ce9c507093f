package registry

// Notification and commitment (告知承诺, 国办发〔2020〕42号): the applicant is told
// the conditions, commits in writing to meet them, and is granted the license on
// that word. The text is kept in the case file; its digest goes with the act.

// GroundCommitmentFalse of a revocation: 承诺不实, what the applicant committed to
// proved false. It reaches licenses that were granted on a commitment, and no
// others.
const GroundCommitmentFalse = "commitment-false"

// Commits tells whether an act can rest on a commitment: what the holder applies
// for.
func (a Act) Commits() bool { return a == Issue || a == Change || a == Renew }

// checkCommitment tells whether the intent may carry a commitment.
func (in *Intent) checkCommitment() error {
	if !in.Commitment.IsZero() && (!in.Act.Commits() || in.Origin == nil) {
		return Errorf(CodeEntryForm, "commitment", "a commitment belongs to what a holder applies for: issue, change, renew")
	}
	return nil
}

// checkFalseCommitment: where nothing was committed to, nothing of it is false.
func checkFalseCommitment(before *License, in *Intent) error {
	if in.Ground == GroundCommitmentFalse && in.Origin != nil && !before.onCommitment() {
		return Errorf(CodeGround, "ground", "the license was not granted on a commitment (告知承诺)")
	}
	return nil
}

func (l *License) onCommitment() bool { return l != nil && !l.Commitment.IsZero() }

// applyCommitment keeps what the license was granted on: a renewal is granted
// anew, a change only adds to it.
func (l *License) applyCommitment(in *Intent) {
	if in.Act == Issue || in.Act == Renew || !in.Commitment.IsZero() {
		l.Commitment = in.Commitment
	}
}
