package registry

import (
	"cmp"
	"slices"
)

// Relation is what an organization is to a license.
type Relation string

const (
	IsIssuer     Relation = "issuer"      // 发证机关: of the identifier
	IsDecider    Relation = "decider"     // under a grant that the license was acted on under
	IsSuccessor  Relation = "successor"   // to whose hands the license went, or who holds the matter there once it is in nobody's
	IsEntrusted  Relation = "entrusted"   // 受委托机关: decides in the entruster's name
	IsAcceptor   Relation = "acceptor"    // 受理: county window, counter, review county
	IsExaminer   Relation = "examiner"    // 审核
	IsHandling   Relation = "handling"    // center that works for the legal issuer
	IsSupervisor Relation = "supervisor"  // 监管部门: named in the grant; measures are its own
	IsInformed   Relation = "informed"    // 告知机关: told of the result
	IsSuperior   Relation = "superior"    // 上级机关: of the issuer, at whatever distance
	IsReviewBody Relation = "review-body" // 复议机关: whom one applies to for review of what the issuer decided
	IsLibrary    Relation = "library"     // 证照库: keeps the license library of the city and its counties
	IsStranger   Relation = "stranger"
)

// Right is one thing that a relation allows.
type Right string

const (
	MaySeeStatus   Right = "status"   // that it exists, its state and dates
	MaySeeResult   Right = "result"   // number and name, no identity number, no fields
	MaySeeContent  Right = "content"  // what it says, its holder included
	MaySeeDocument Right = "document" // the sealed file, and the bundle with all of them
	MaySeeSheets   Right = "sheets"   // the sheets as a printer draws them
	MayDecideOn    Right = "decide"   // versions and states, and all below
	MayHandlePaper Right = "handle"   // remarks and acceptances; print, deliver, recover. To refuse a renewal is a decision
	MayMeasure     Right = "measure"  // suspend, return, penalize: unless the type says otherwise
	MayOversee     Right = "oversee"  // revoke as wrongly granted: unless the type cites a statute for more
	MayEnterRuling Right = "rule"     // reinstate and stay: its own acts, or those of whom it stands above, entrusts or succeeds
)

// Rights lists the rights in the order of the documented table.
func Rights() []Right {
	return []Right{MaySeeStatus, MaySeeResult, MaySeeContent, MaySeeDocument, MaySeeSheets, MayDecideOn, MayHandlePaper, MayMeasure, MayOversee, MayEnterRuling}
}

var (
	seesAll  = []Right{MaySeeStatus, MaySeeResult, MaySeeContent, MaySeeDocument, MaySeeSheets}
	whole    = append(slices.Clone(seesAll), MayDecideOn, MayHandlePaper, MayEnterRuling)
	handling = append(slices.Clone(seesAll), MayHandlePaper)
	reviewed = []Right{MaySeeResult, MaySeeContent, MaySeeDocument}
)

// relationTable is the one table of rights: contract, signer and office judge by
// it, docs/relations.md is printed from it. What stands in no row is nobody's.
// Within are the rights within an open review file (ReviewFile) alone.
var relationTable = []struct {
	Relation Relation
	Chinese  string
	Rights   []Right
	Within   []Right
}{
	{IsIssuer, "发证机关", whole, nil},
	{IsDecider, "决定机关", whole, nil},
	{IsSuccessor, "职权承继机关", whole, nil},
	{IsEntrusted, "受委托机关", whole, nil},
	{IsAcceptor, "受理机关、窗口", handling, nil},
	{IsExaminer, "审核机关", handling, nil},
	{IsHandling, "承办中心", handling, nil},
	{IsSupervisor, "监管部门", append(slices.Clone(seesAll), MayMeasure, MayEnterRuling), nil},
	{IsInformed, "告知机关", []Right{MaySeeStatus, MaySeeResult}, nil},
	{IsSuperior, "上级机关", []Right{MaySeeStatus, MayOversee, MayEnterRuling}, reviewed},
	{IsReviewBody, "复议机关", nil, append([]Right{MaySeeStatus}, reviewed...)},
	{IsLibrary, "证照库", []Right{MaySeeStatus, MaySeeResult, MaySeeContent, MaySeeDocument}, nil},
	{IsStranger, "其他机关", nil, nil},
}

// Relations lists the relations in the order of the table.
func Relations() (all []Relation) {
	for _, row := range relationTable {
		all = append(all, row.Relation)
	}
	return all
}

// Allows tells whether the relation has the right.
func (r Relation) Allows(right Right) bool {
	for _, row := range relationTable {
		if row.Relation == r {
			return slices.Contains(row.Rights, right)
		}
	}
	return false
}

// Chinese is how the relation is said.
func (r Relation) Chinese() string {
	for _, row := range relationTable {
		if row.Relation == r {
			return row.Chinese
		}
	}
	return ""
}

// RelationsOf lists what an organization is under the grant.
func (g *Grant) RelationsOf(organization string) (all []Relation) {
	if organization == "" {
		return nil
	}
	acceptor := IsAcceptor
	if g.Mode == ModeEntrust {
		acceptor = IsEntrusted
	}
	for _, is := range [...]struct {
		code     string
		relation Relation
	}{{g.Decider, IsDecider}, {g.Acceptor, acceptor}, {g.Examiner, IsExaminer}, {g.Handling, IsHandling}} {
		if is.code == organization {
			all = append(all, is.relation)
		}
	}
	if slices.Contains(g.Regulators, organization) {
		all = append(all, IsSupervisor)
	}
	if slices.Contains(g.Informed, organization) {
		all = append(all, IsInformed)
	}
	return all
}

// may tells whether the relation lets an organization do the act, where the type
// leaves it to that capacity.
func (p *Powers) may(is Relation, in *Intent) bool {
	switch {
	case in.Ruling != nil:
		return is.Allows(MayEnterRuling)
	case is.Allows(MayDecideOn):
		return p.lets(in, DoerDecider)
	case is.Allows(MayHandlePaper) && in.handles():
		return p.lets(in, DoerDecider)
	case is.Allows(MayMeasure):
		return p.lets(in, DoerRegulator)
	case is.Allows(MayOversee):
		return p.lets(in, DoerSuperior)
	}
	return false
}

// Kinship is what relations to one license are read from: records of the ledger,
// and acts that it has anchored. What was merely proposed makes nobody anything.
type Kinship struct {
	Issuer      *Organization
	Grants      []*Grant      // under which it was issued and acted on
	Successions []*Succession // of the issuer's licenses there, the nearest place first
	Holds       bool          // the license is in nobody's hands, and who asks holds its matter there (继续行使其职权的机关, 行政诉讼法26条6款)
	At          int64         // when it is asked (Unix seconds)
	Library     string        // organization that keeps the license library; empty for none
	Reviewers   []string      // review bodies of the issuer (ReviewBodies), where sight is asked for
}

// Relations lists what an organization, for which the kinship was gathered, is to
// the license today; a stranger, when nothing else.
func (k *Kinship) Relations(organization string) (all []Relation) {
	add := func(is Relation) {
		if !slices.Contains(all, is) {
			all = append(all, is)
		}
	}
	if organization != "" && k.Issuer != nil {
		if k.Issuer.Code == organization {
			add(IsIssuer)
		}
		if slices.Contains(k.Issuer.Superiors, organization) {
			add(IsSuperior)
		}
		if slices.Contains(k.Reviewers, organization) {
			add(IsReviewBody)
		}
		for _, g := range k.Grants {
			for _, is := range g.RelationsOf(organization) {
				add(is)
			}
		}
		for _, s := range k.Successions {
			if s.Successor == "" && s.Earlier == "" {
				continue
			}
			if organization != k.Issuer.Code && (s.Successor == organization || s.Earlier == organization) { // who hands over sees what it handed over
				add(IsSuccessor)
			}
			break // whose it is says the nearest
		}
		if k.Holds {
			add(IsSuccessor)
		}
		if k.Library == organization {
			add(IsLibrary)
		}
	}
	if len(all) == 0 {
		all = []Relation{IsStranger}
	}
	return all
}

// Allows tells whether one of the organization's relations has the right.
func (k *Kinship) Allows(organization string, right Right) bool {
	return slices.ContainsFunc(k.Relations(organization), func(is Relation) bool { return is.Allows(right) })
}

// Keeps tells whether acts on the license are the organization's own concern: the
// power over it went there, or it issued the license and nobody has it since.
func (k *Kinship) Keeps(organization string) bool {
	if organization == "" || k.Issuer == nil {
		return false
	}
	heir := (&Powers{Issuer: k.Issuer, Successions: k.Successions}).heir(k.At)
	return k.Holds || organization == cmp.Or(heir, k.Issuer.Code)
}

// Kept tells whether acts on the license are or were the organization's own
// concern: who issued it sees what becomes of it, also after it went over.
func (k *Kinship) Kept(organization string) bool {
	return k.Keeps(organization) || organization != "" && k.Issuer != nil && organization == k.Issuer.Code
}

func (s *Standing) license() *License {
	if s == nil {
		return nil
	}
	return s.License
}
