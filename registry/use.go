package registry

import (
	"strings"

	"tongzheng/registry/sm"
)

// Use is whose a license number or a decision is. The ledger keeps it with the
// act that took it and never takes it back, also after the license ended. Since
// RulesOfRelations.
type Use struct {
	License  string `cbor:"1,keyasint" json:"license"`  // identifier without version
	Sequence uint64 `cbor:"2,keyasint" json:"sequence"` // of the act, in its chain
}

// NumberTag names a license number (证照编号) to the ledger: SM3 over type code
// and number as printed. Numbers stand on paper: whoever has one may find its tag,
// and nobody reads a number from it.
func NumberTag(typeCode, number string) sm.Digest {
	return sm.Tagged("tongzheng number v1", []byte(typeCode+"\x00"+number))
}

// NumberKey is the ledger key of a license number's use, in the namespace of the
// issuer's member.
func NumberKey(tag sm.Digest) string { return "n" + shortKey(tag.String()) }

// DecisionKey is the ledger key of a decision's use, in the namespace of the act,
// empty for an act that uses up none. A decision (决定书文号) makes one act of its
// organization for a matter, in its case or on its license (Intent.DecisionScope):
// versions and states. Rulings rest on another's document. g is the grant that the
// act names; nil for a superior's act, which is for no matter.
func DecisionKey(in *Intent, g *Grant) string {
	class := in.Act.Class()
	if in.Origin == nil || in.Decision == "" || in.Act.Rules() || class != ClassVersion && class != ClassState {
		return ""
	}
	matter := in.Origin.Matter
	if in.Act == Issue && g != nil {
		matter = g.Matter // an issue's origin leaves it to the grant
	}
	return "d" + shortKey(strings.Join([]string{in.Organization, matter, in.Decision, in.Act.String(), in.DecisionScope()}, "\x00"))
}

// DecisionScope is what a decision counts once within: the case, else the
// license. It is empty for an issue without a case, which has no license before
// it; what is taken over from paper has one.
func (in *Intent) DecisionScope() string {
	switch {
	case in.Case != "":
		return "case/" + in.Case
	case in.Act != Issue || in.Existed():
		return "license/" + in.Identifier.Base()
	}
	return ""
}

// Existed tells whether the version was on people's paper before it came to the
// ledger: made by another system, or registered later. A number that it shares
// with another license is a fact then, and somebody's task to look into.
func (in *Intent) Existed() bool { return in.Collected != nil || in.Recording != Timely }

// CheckUses tells whether an act uses what nobody used before: its license's
// number is no other license's (CodeNumberUsed), its decision made no such act yet
// (CodeDecisionUsed). Contract and office ask it of their own readings.
func (p *Powers) CheckUses(in *Intent) error {
	if !p.Rules.Since(RulesOfRelations) {
		return nil
	}
	if in.Act.MakesVersion() && in.Number.IsZero() {
		return Errorf(CodeMissing, "number", "a version names its license number by its tag")
	}
	if p.NumberUse.another(in) && !in.Existed() {
		return Errorf(CodeNumberUsed, "number", "the license number is another license's: leave it out to have one made, or work on that license")
	}
	if p.DecisionUse != nil {
		return Errorf(CodeDecisionUsed, "decision", "decision %q made this act before: give this one its own document number", in.Decision)
	}
	return nil
}

// another tells whether the number is another license's than the act's. The number
// of a license that another member's closes stands in that member's namespace and
// is not met here.
func (u *Use) another(in *Intent) bool {
	return u != nil && u.License != in.Identifier.Base()
}
