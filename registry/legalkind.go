package registry

import (
	"maps"
	"slices"
	"strings"
)

// LegalKind is by which article of the Administrative Licensing Law an authority
// decides what is not its own by birth.
type LegalKind string

const (
	LegalConcentrated LegalKind = "concentrated" // 第二十五条: the province's government decided that one authority has the powers of several
	LegalEntrusted    LegalKind = "entrusted"    // 第二十四条: in the entruster's name, as a law, regulation or rule allows
	LegalAuthorized   LegalKind = "authorized"   // 第二十二、二十三条: a law or regulation gives the power
)

// LegalKinds lists the kinds.
func LegalKinds() []LegalKind {
	return []LegalKind{LegalConcentrated, LegalEntrusted, LegalAuthorized}
}

// Founded tells whether the grant says what its power rests on in law. A power
// that moved (direct) needs a province's decision or a law or regulation; an
// entrustment the law, regulation or rule that allows it. A county's or city's
// own document is neither. In the other modes the power did not move.
func (g *Grant) Founded() bool {
	switch g.Mode {
	case ModeDirect:
		return g.Legal != "" && g.LegalBasis != ""
	case ModeEntrust:
		return g.LegalBasis != ""
	}
	return g.Legal == "" || g.LegalBasis != ""
}

// PreparationKind is one of the five things that the Haitou plan (2024) asks
// for, for every matter, before the town decides it.
type PreparationKind string

const (
	PreparedList     PreparationKind = "list"     // 一单: 赋权清单
	PreparedScheme   PreparationKind = "scheme"   // 一案: 承接方案, with guide and flow chart
	PreparedTraining PreparationKind = "training" // 一课: 培训计划
	PreparedLiaison  PreparationKind = "liaison"  // 一专员: 联络员, by post; no name
	PreparedFeedback PreparationKind = "feedback" // 一表: 落实情况反馈表
)

// PreparationKinds lists the kinds in the plan's order.
func PreparationKinds() []PreparationKind {
	return []PreparationKind{PreparedList, PreparedScheme, PreparedTraining, PreparedLiaison, PreparedFeedback}
}

// Preparation is one thing that a plan asks for before a grant's day. It is
// there once its document is named. Nothing but the readiness check asks for it.
type Preparation struct {
	Kind     PreparationKind `cbor:"1,keyasint" json:"kind"`
	Document string          `cbor:"2,keyasint,omitempty" json:"document,omitempty"` // title and number; empty: still lacking
}

// checkLegal tells whether what the grant says of law and preparation fits.
func (g *Grant) checkLegal() error {
	switch {
	case g.Legal != "" && !slices.Contains(LegalKinds(), g.Legal):
		return recordError("legal_kind", "want one of %v", LegalKinds())
	case g.Legal != "" && (g.Legal == LegalEntrusted) != (g.Mode == ModeEntrust):
		return recordError("legal_kind", "an entrustment, and nothing else, is of kind %s", LegalEntrusted)
	case g.Legal == LegalConcentrated && g.LegalBasis == "":
		return recordError("legal_basis", "concentrated power names the province's decision (许可法25)")
	}
	asked := map[PreparationKind]bool{}
	for _, p := range g.Preparations {
		if !slices.Contains(PreparationKinds(), p.Kind) || asked[p.Kind] {
			return recordError("preparations", "kinds are among %v, each once", PreparationKinds())
		}
		asked[p.Kind] = true
	}
	return nil
}

// prepares tells whether now keeps what was asked for before: a document is
// named once.
func (g *Grant) prepares(now *Grant) bool {
	return len(now.Preparations) >= len(g.Preparations) && !slices.ContainsFunc(g.Preparations, func(p Preparation) bool {
		return !slices.ContainsFunc(now.Preparations, func(n Preparation) bool {
			return n.Kind == p.Kind && (p.Document == "" || n.Document == p.Document)
		})
	})
}

// needs is the version of the rules that a record's words belong to: what was
// appended with a version is unknown to contracts before it, so that a ledger
// of an earlier version refuses it everywhere alike.
func needs(record GovernanceRecord) int {
	later := false
	switch r := record.(type) {
	case *Rules:
		later = !r.TagKey.IsZero() && r.Version < RulesOfRelations // they are judged by what they bring
	case *Organization:
		later = r.Management != "" || r.Seat != "" || len(r.Succeeds) > 0
	case *Grant:
		later = r.Legal != "" || r.LegalBasis != "" || len(r.Informed) > 0 || len(r.Preparations) > 0 || len(r.Accepts) > 0
	case *Matter:
		later = r.Defers
	case *Instance:
		later = len(r.Numbers) > 0 || r.Registry != ""
	case *SealRecord:
		later = slices.ContainsFunc(r.History, func(e SealEvent) bool { return e.By != "" })
	case *Service:
		later = true
	case *Publication:
		later = r.Member != ""
	case *TypeRecord:
		later = r.namesRulings() || r.Superseded != 0
	case *Handover:
		later = len(r.Items) > 0 || len(r.Group) > 0 || r.AdviseUntil != 0 || len(r.Succeeds) > 0
	}
	if later {
		return RulesOfRelations
	}
	return RulesOfBeginning
}

// namesRulings tells whether the type says something of acts that enter rulings.
func (t *TypeRecord) namesRulings() bool {
	for _, act := range []Act{Reinstate, Stay} {
		_, grounds := t.Grounds[act.String()]
		_, doers := t.Doers[act.String()]
		if grounds || doers || slices.ContainsFunc(slices.Collect(maps.Keys(t.Bars)), func(name string) bool { return strings.HasPrefix(name, act.String()+"/") }) {
			return true
		}
	}
	return false
}
