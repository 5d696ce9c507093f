package registry

import (
	"strings"

	"tongzheng/registry/sm"
)

// useBytes of SM3, 96 bits, stand in keys and values of what is used once. Of a
// thousand million uses two meet by chance once in 10^11 such ledgers, and then the
// later act is refused. Each key stands in a transaction as read and as written, so
// short ones are half of what a use costs.
const useBytes = 12

// Use names the license that a license number belongs to: the first 96 bits of SM3
// over its identifier without version. It tells that license from others. The
// ledger keeps it from the number's first act on and never takes it back, also
// after the license ended. Since RulesOfRelations.
type Use [useBytes]byte

// UseOf is the use by a license, named by its identifier without version.
func UseOf(base string) Use {
	d := sm.Sum([]byte(base))
	return Use(d[:useBytes])
}

// NumberTag names a license number (证照编号) to the ledger: SM3 over type code
// and number as printed. Numbers stand on paper: whoever has one may find its tag,
// and nobody reads a number from it.
func NumberTag(typeCode, number string) sm.Digest {
	return sm.Tagged("tongzheng number v1", []byte(typeCode+"\x00"+number))
}

// NumberKey is the ledger key of a license number's use, in the namespace of the
// issuer's member.
func NumberKey(tag sm.Digest) string { return useKey("n", tag) }

// useKey is a key of 16 characters after a letter.
func useKey(letter string, d sm.Digest) string { return letter + digestKey(d, useBytes) }

// Taking is how something is used up. The ledger keeps it under the key of Once.
// Since RulesOfRelations.
type Taking uint8

const (
	Untaken Taking = iota // not kept
	Taken                 // by one act
	InCases               // a decision: by issues, each of which has a case
)

// Once is something that an act uses up besides a license's number: a decision, a
// case.
type Once struct {
	Key    string // in the namespace of the act
	Takes  Taking // how the act takes it
	Beside Taking // how others may have taken it before: Untaken, or InCases for one more case
	Code   Code   // of an act that finds it taken in another way
	Field  string
	Detail string
}

// Clashes tells whether the act finds it used up.
func (o Once) Clashes(found Taking) bool { return found != Untaken && found != o.Beside }

// Used is something to be used up, as somebody finds it.
type Used struct {
	Once
	Found Taking
}

// See adds how one namespace has it; what clashes stays.
func (u *Used) See(found Taking) {
	if found != Untaken && !u.Clashes(u.Found) {
		u.Found = found
	}
}

// TakingOf reads what the ledger keeps under a key of Once. What is there and cannot be
// read is taken.
func TakingOf(raw []byte) Taking {
	var found Taking
	switch {
	case raw == nil:
		return Untaken
	case Decode(raw, &found) != nil || found == Untaken:
		return Taken
	}
	return found
}

// UsesOf lists what an act takes and must find untaken. A decision (决定书文号) makes
// one act of its organization for a matter, in its case or on its license
// (Intent.DecisionScope): versions and states. An issue without a case takes its
// decision whole. What is applied for takes its case: one case makes one act.
// An issue in a case is one of its decision there because it is the case's one issue.
// Rulings rest on another's document. Decisions and cases are compared folded (FoldNumber).
// g is the grant that the act names: an issue's says the matter, and whose case
// numbers they are. Acts through governance do without.
func UsesOf(in *Intent, g *Grant) (all []Once) {
	if !in.decides() || in.Origin == nil {
		return nil
	}
	matter := in.Origin.Matter
	if in.Act == Issue && g != nil {
		matter = g.Matter // an issue's origin leaves it to the grant
	}
	once := func(o Once, letter string, parts ...string) {
		o.Key = useKey(letter, sm.Sum([]byte(strings.Join(append([]string{in.answers(), matter, in.Act.String()}, parts...), "\x00"))))
		all = append(all, o)
	}
	cased := in.appliedFor() && !in.Existed() && in.Case != "" && g != nil
	decision := Once{Takes: Taken, Code: CodeDecisionUsed, Field: "decision",
		Detail: "the decision made this act before, in its case or on its license: give this one its own document number"}
	scope := in.DecisionScope()
	if in.Act == Issue && cased {
		decision.Takes, decision.Beside, scope = InCases, InCases, ""
		decision.Detail = "the decision made a license without a case before: give this one its own document number"
	}
	once(decision, "d", FoldNumber(in.Decision), scope)
	if cased { // the number is that of the counter that took it in
		once(Once{Takes: Taken, Code: CodeCaseUsed, Field: "case", Detail: "the case led to such an act before: each application has its own case"},
			"a", strings.Join(g.acceptors(), ""), FoldNumber(in.Case))
	}
	return all
}

// decides tells whether the act rests on a decision of its organization's own, with
// a document number.
func (in *Intent) decides() bool {
	class := in.Act.Class()
	return !in.Act.Rules() && in.Act != Replace && (class == ClassVersion || class == ClassState)
}

// appliedFor tells whether the act grants what a holder applied for.
func (in *Intent) appliedFor() bool { return in.Law().Commits() }

// answers is the organization in whose name the act is decided: the entruster's,
// who answers for what an entrusted office does (行政许可法24条).
func (in *Intent) answers() string {
	if in.Under != "" && in.Act != Return { // which names under what was suspended
		return in.Identifier.Issuer
	}
	return in.Organization
}

// DecisionScope is what a decision counts once within: the case, else the
// license. It is empty for an issue without a case, which has no license before
// it; what is taken over from paper has one.
func (in *Intent) DecisionScope() string {
	switch {
	case in.Act == Issue && in.Existed():
		return "license/" + in.Identifier.Base()
	case in.Case != "":
		return "case/" + FoldNumber(in.Case)
	case in.Act != Issue:
		return "license/" + in.Identifier.Base()
	}
	return ""
}

// Existed tells whether the version was on people's paper before it came to the
// ledger: made by another system, or registered later. A number that it shares
// with another license is a fact then, and somebody's task to look into.
func (in *Intent) Existed() bool {
	return in.Collected != nil || in.Recording != Timely && !in.Replaces()
}

// CheckUses tells whether an act uses what nobody used before: its license's
// number is no other license's (CodeNumberUsed), its decision made no such act yet
// (CodeDecisionUsed), nor its case (CodeCaseUsed). CodeMissing without a number or a
// decision. Contract and office ask it of their own readings.
func (p *Powers) CheckUses(in *Intent) error {
	if !p.Rules.Since(RulesOfRelations) {
		return nil
	}
	if in.Act.MakesVersion() && in.Number.IsZero() {
		return Errorf(CodeMissing, "number", "a version names its license number by its tag")
	}
	if in.decides() && in.Decision == "" {
		return Errorf(CodeMissing, "decision", "%s has its decision document (决定书文号)", in.Act)
	}
	if p.NumberUse.another(in) && !in.Existed() {
		return Errorf(CodeNumberUsed, "number", "the license number is another license's: leave it out to have one made, or work on that license")
	}
	for _, u := range p.Uses {
		if u.Clashes(u.Found) {
			return Errorf(u.Code, u.Field, "%s", u.Detail)
		}
	}
	return nil
}

// another tells whether the number is another license's than the act's. The number
// of a license that another member's closes stands in that member's namespace and
// is not met here.
func (u *Use) another(in *Intent) bool {
	return u != nil && *u != UseOf(in.Identifier.Base())
}
