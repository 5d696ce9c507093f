package registry

// GroundSlip of a change: 更正笔误 in what a correction keeps. It goes under the
// control policy of a change, with its examination where the grant has one.
const GroundSlip = "slip"

// mendsSlip tells whether the act mends a slip in what a correction keeps. Such a
// change may end later than the license did: the slip may be in its last day.
func (in *Intent) mendsSlip() bool {
	return in.Law() == Change && in.Ground == GroundSlip && in.Origin != nil
}

// CheckAlteration tells whether a version alters no more of the one before than its
// act may; what an act does not name here, it may alter. A slip in what a correction
// keeps is a change on GroundSlip.
//
//   - Correct (更正) mends slips of the pen: it keeps code and code type of the holder,
//     the number, the term, and what examination decided (FieldRule.Decided).
//     CodeCorrection.
//   - Reissue (补发) keeps all that the license says, and the number where that
//     survives. CodeAlteration.
//   - Downgrade (降低资质等级) alters what examination decided, and nothing else.
//     CodeAlteration.
//
// t is the catalog entry of the new version. Office and signer ask it, each over what
// it knows of the two versions.
func CheckAlteration(act Act, t *LicenseType, was, is Facts) error {
	var code Code
	switch act {
	case Correct:
		code, was.Holder.Name, is.Holder.Name = CodeCorrection, "", ""
	case Reissue, Downgrade:
		code = CodeAlteration
	default:
		return nil
	}
	switch {
	case was.Holder != is.Holder:
		return Errorf(code, "holder.code", "another holder is a change, with its own ground")
	case was.Number != is.Number && (act == Correct || t.Number.Survives):
		return Errorf(code, "number", "%s keeps the number %s: a slip in it is a change on ground %s", act, was.Number, GroundSlip)
	case was.Effective != is.Effective || was.Expires != is.Expires:
		return Errorf(code, "expires", "%s keeps the term, %s to %s: a slip in it is a change on ground %s", act, was.Effective, was.Expires, GroundSlip)
	}
	for _, rule := range t.Fields {
		if rule.Required && was.Fields[rule.Name] == "" {
			continue // of a newer version of the type: it has to be filled in
		}
		if may := map[Act]bool{Correct: !rule.Decided, Downgrade: rule.Decided}[act]; !may && was.Fields[rule.Name] != is.Fields[rule.Name] {
			return Errorf(code, "fields."+rule.Name, "%s keeps %s: a slip in it is a change on ground %s", act, rule.Label, GroundSlip)
		}
	}
	return nil
}

// keepsTerm tells whether a version of the act has the term of the one before. What
// comes from elsewhere has the term that its maker says.
func (in *Intent) keepsTerm() bool {
	return in.Origin != nil && in.Collected == nil && (in.Act == Correct || in.Act == Reissue || in.Act == Downgrade)
}
