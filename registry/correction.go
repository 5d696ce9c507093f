package registry

// GroundSlip of a change: 更正笔误 in what a correction keeps. It goes under the
// control policy of a change, with its examination where the grant has one.
const GroundSlip = "slip"

// mendsSlip tells whether the act mends a slip in what a correction keeps. Such a
// change may end later than the license did: the slip may be in its last day.
func (in *Intent) mendsSlip() bool {
	return in.Law() == Change && in.Ground == GroundSlip && in.Origin != nil
}

// CheckCorrection tells whether a correction (更正) mends slips of the pen only:
// CodeCorrection otherwise. It keeps code and code type of the holder, the number,
// the period, and what examination decided (FieldRule.Decided): a slip in those is
// a change on GroundSlip. t is the catalog entry of the new version. Office and
// signer ask it, each over what it knows of the two versions.
func CheckCorrection(t *LicenseType, was, is Facts) error {
	switch {
	case was.Holder.Code != is.Holder.Code || was.Holder.CodeType != is.Holder.CodeType:
		return Errorf(CodeCorrection, "holder.code", "another holder is a change, with its own ground")
	case was.Number != is.Number:
		return Errorf(CodeCorrection, "number", "a correction keeps the number %s: a slip in it is a change on ground %s", was.Number, GroundSlip)
	case was.Effective != is.Effective || was.Expires != is.Expires:
		return Errorf(CodeCorrection, "expires", "a correction keeps the term, %s to %s: a slip in it is a change on ground %s", was.Effective, was.Expires, GroundSlip)
	}
	for _, rule := range t.Fields {
		if rule.Decided && was.Fields[rule.Name] != is.Fields[rule.Name] {
			return Errorf(CodeCorrection, "fields."+rule.Name, "examination decided %s: a slip in it is a change on ground %s", rule.Label, GroundSlip)
		}
	}
	return nil
}
