package registry

import (
	"slices"
	"strings"

	"tongzheng/registry/sm"
)

// Governance is the namespace of powers, seals, stock, approvers and
// oversight. Each member's licenses live in a namespace named after it.
const Governance = "governance"

// RecordKind names a governance record; it is the first part of its key.
type RecordKind string

const (
	KindRules        RecordKind = "rules"
	KindOrganization RecordKind = "organization"
	KindMatter       RecordKind = "matter"
	KindType         RecordKind = "type"
	KindGrant        RecordKind = "grant"
	KindSeal         RecordKind = "seal"
	KindStock        RecordKind = "stock"
	KindApprover     RecordKind = "approver"
	KindPolicy       RecordKind = "policy"
	KindInstance     RecordKind = "instance"
	KindHandover     RecordKind = "handover"    // see handover.go
	KindExamination  RecordKind = "examination" // see examination.go
	KindCalendar     RecordKind = "calendar"    // see calendar.go
	KindPublication  RecordKind = "publication" // see statuslist.go
	KindService      RecordKind = "service"     // see service.go
	KindSuccession   RecordKind = "succession"  // see succession.go; kept by the ledger itself
	KindTenure       RecordKind = "tenure"      // see tenure.go; kept by the ledger itself
)

// GovernanceRecord is one record of the governance namespace.
type GovernanceRecord interface {
	Kind() RecordKind
	Name() string // unique within the kind
	Check() error
}

// RecordKey is the ledger key of a governance record.
func RecordKey(kind RecordKind, name string) string { return string(kind) + "/" + name }

// Rules is the ledger's own constitution. Its first version opens the ledger.
type Rules struct {
	Version      int      `cbor:"1,keyasint" json:"version"`      // of the rules the contract applies
	City         string   `cbor:"2,keyasint" json:"city"`         // the authority that governs the deployment
	Members      []string `cbor:"3,keyasint" json:"members"`      // whose ledger nodes carry it
	MaxBackdate  int64    `cbor:"4,keyasint" json:"max_backdate"` // seconds from decision to recording
	GenesisUntil int64    `cbor:"5,keyasint,omitempty" json:"genesis_until"`
	Simulated    bool     `cbor:"6,keyasint,omitempty" json:"simulated,omitempty"`     // test networks: the client's clock rules
	Founder      ActKey   `cbor:"7,keyasint" json:"founder"`                           // act key that signs the genesis
	RelyingParty string   `cbor:"8,keyasint,omitempty" json:"relying_party,omitempty"` // passkeys, of members whose service names no signing origin
	Origins      []string `cbor:"9,keyasint,omitempty" json:"origins,omitempty"`

	// TagKey is SM3 of the key that makes every holder's tag in the deployment
	// (HolderTag): each member's signer holds it. Zero: the registry makes them
	// with its token key, as under the first rules.
	TagKey sm.Digest `cbor:"10,keyasint,omitzero" json:"tag_key,omitzero"`
}

// Versions of the rules, by what each added.
const (
	RulesOfBeginning = 1 // what stands in no later line
	RulesOfRelations = 2 // who acts after the issue, rulings, the time of orders; open until the round that brings it ends

	NewestRules = RulesOfRelations // what a new ledger begins with
)

// Since tells whether the ledger judges by rules of that version or a later
// one. A ledger keeps the rules that it began with until an order of the city
// puts newer ones in force.
func (r *Rules) Since(version int) bool { return r != nil && r.Version >= version }

// ActKey is an organization's key for its ledger entries.
type ActKey struct {
	ID     sm.KeyID `cbor:"1,keyasint" json:"id"`
	Public []byte   `cbor:"2,keyasint" json:"public"` // SubjectPublicKeyInfo, SM2
	From   int64    `cbor:"3,keyasint" json:"from"`
	Until  int64    `cbor:"4,keyasint,omitempty" json:"until,omitempty"` // zero: open
}

// Organization is a legal authority or its department, bureau or center.
type Organization struct {
	Code      string   `cbor:"1,keyasint" json:"code"` // credit code
	FullName  string   `cbor:"2,keyasint" json:"name"`
	Region    string   `cbor:"3,keyasint" json:"region"` // GB/T 2260: 6 digits, 9 for a town or street
	Member    string   `cbor:"4,keyasint" json:"member"`
	Superiors []string `cbor:"5,keyasint,omitempty" json:"superiors,omitempty"` // nearest first, up to the top
	ActKeys   []ActKey `cbor:"6,keyasint,omitempty" json:"act_keys"`
	Dissolved int64    `cbor:"7,keyasint,omitempty" json:"dissolved,omitempty"`
	Successor string   `cbor:"8,keyasint,omitempty" json:"successor,omitempty"`
	Rank      Rank     `cbor:"9,keyasint,omitempty" json:"rank,omitempty"` // empty: not said

	Management Management `cbor:"10,keyasint,omitempty" json:"management,omitempty"` // empty: the government of its level; see review.go
	Seat       string     `cbor:"11,keyasint,omitempty" json:"seat,omitempty"`       // branch of a city's bureau: the government where it sits
	Succeeds   []string   `cbor:"30,keyasint,omitempty" json:"succeeds,omitempty"`   // with Dissolved: successions that go over to Successor (SuccessionsOf)
}

// Rank tells a government from what works under one: a town's power is taken
// back by a government only, and a center never decides.
type Rank string

const (
	RankGovernment Rank = "government" // 人民政府、行政公署
	RankDepartment Rank = "department" // 局、委、办
	RankCenter     Rank = "center"     // 政务服务中心、便民服务中心
)

// Matter is an approval matter (事项).
type Matter struct {
	Code     string `cbor:"1,keyasint" json:"code"` // basic code
	FullName string `cbor:"2,keyasint" json:"name"`
	Defers   bool   `cbor:"3,keyasint,omitempty" json:"defers,omitempty"` // 容缺受理: accepted although items are missing; since RulesOfRelations
}

// TypeRecord is what the contract needs of a license type; Digest binds the
// whole catalog entry.
type TypeRecord struct {
	Code    string              `cbor:"1,keyasint" json:"code"`
	Version int                 `cbor:"2,keyasint" json:"version"`
	Digest  sm.Digest           `cbor:"3,keyasint" json:"digest"`
	Source  Source              `cbor:"4,keyasint" json:"source"`
	Seal    SealKind            `cbor:"5,keyasint" json:"seal"`
	Matters []string            `cbor:"6,keyasint" json:"matters"`
	Grounds map[string][]string `cbor:"7,keyasint" json:"grounds"`
	Forms   map[CopyKind]string `cbor:"8,keyasint,omitempty" json:"forms"` // numbered stock per copy; a kind without an entry does not exist
	Most    map[CopyKind]int    `cbor:"9,keyasint,omitempty" json:"most"`
	Lead    int                 `cbor:"10,keyasint,omitempty" json:"lead,omitempty"` // days before expiry by which a renewal is applied for; 0: not the contract's to judge

	LeadUnit DayUnit           `cbor:"11,keyasint,omitempty" json:"lead_unit,omitempty"` // of Lead: calendar days when absent
	Bars     map[string]int    `cbor:"12,keyasint,omitempty" json:"bars,omitempty"`      // act/ground → years in which the holder is not granted it again
	Doers    map[string][]Doer `cbor:"13,keyasint,omitempty" json:"doers,omitempty"`     // act → who may do it; an act without an entry: see Doer

	Superseded int64 `cbor:"14,keyasint,omitempty" json:"superseded,omitempty"` // from then on no new version is decided under this one (Unix seconds); zero: open. Rules version 2
}

// Mode is how a power is held (design §2).
type Mode string

const (
	ModeOwn      Mode = "own"
	ModeDirect   Mode = "direct"   // 直接承接
	ModeReview   Mode = "review"   // 实质性审核
	ModeWindow   Mode = "window"   // 服务窗口前移
	ModeResident Mode = "resident" // 窗口进驻
	ModeEntrust  Mode = "entrust"  // 委托
)

// Modes lists the modes.
func Modes() []Mode {
	return []Mode{ModeOwn, ModeDirect, ModeReview, ModeWindow, ModeResident, ModeEntrust}
}

// Grant is one power over one matter. It is append-only: only its agreement,
// start of operation, end and listed cases are set later, by those entitled.
type Grant struct {
	ID        string   `cbor:"1,keyasint" json:"id"`
	Matter    string   `cbor:"2,keyasint" json:"matter"`
	Mode      Mode     `cbor:"3,keyasint" json:"mode"`
	Source    string   `cbor:"4,keyasint,omitempty" json:"source,omitempty"` // who held the power before; the entruster
	Decider   string   `cbor:"5,keyasint" json:"decider"`                    // decides; its seal; the legal issuer
	Acceptor  string   `cbor:"6,keyasint,omitempty" json:"acceptor,omitempty"`
	Examiner  string   `cbor:"7,keyasint,omitempty" json:"examiner,omitempty"`
	Territory string   `cbor:"8,keyasint" json:"territory"` // region code: 6 digits, 9 for a town or street
	Document  string   `cbor:"9,keyasint" json:"document"`  // basis
	List      string   `cbor:"10,keyasint,omitempty" json:"list,omitempty"`
	Batch     string   `cbor:"11,keyasint,omitempty" json:"batch,omitempty"`
	Effective int64    `cbor:"12,keyasint" json:"effective"`
	RecallBy  string   `cbor:"13,keyasint" json:"recall_by"` // whose decision ends or adjusts it
	Agreement string   `cbor:"14,keyasint,omitempty" json:"agreement,omitempty"`
	Agreed    int64    `cbor:"15,keyasint,omitempty" json:"agreed,omitempty"`
	Operating int64    `cbor:"16,keyasint,omitempty" json:"operating,omitempty"` // start of operation; zero where the plan has no handover
	Handover  bool     `cbor:"17,keyasint,omitempty" json:"handover,omitempty"`  // not in force before Operating is set
	End       int64    `cbor:"18,keyasint,omitempty" json:"end,omitempty"`
	EndBasis  string   `cbor:"19,keyasint,omitempty" json:"end_basis,omitempty"`
	Cases     []string `cbor:"20,keyasint,omitempty" json:"cases,omitempty"` // in flight at the end, listed in the handover

	Begun       string      `cbor:"21,keyasint,omitempty" json:"begun,omitempty"`           // handover that begins it
	Ended       string      `cbor:"22,keyasint,omitempty" json:"ended,omitempty"`           // handover that ends it
	Rests       string      `cbor:"23,keyasint,omitempty" json:"rests,omitempty"`           // entrust: the entruster's own grant; it lapses with that
	Publication string      `cbor:"24,keyasint,omitempty" json:"publication,omitempty"`     // entrust: 公告; not in force without
	Published   int64       `cbor:"25,keyasint,omitempty" json:"published,omitempty"`       //
	Exceptions  []Exception `cbor:"26,keyasint,omitempty" json:"exceptions,omitempty"`      // after its end, where the plan says "in principle"
	Handling    string      `cbor:"27,keyasint,omitempty" json:"handling_center,omitempty"` // center that works for the legal issuer
	Regulators  []string    `cbor:"28,keyasint,omitempty" json:"regulators,omitempty"`      // who supervises afterwards: penalties are theirs, and they answer for them

	Legal        LegalKind     `cbor:"29,keyasint,omitempty" json:"legal_kind,omitempty"`   // see legalkind.go; empty: not said
	LegalBasis   string        `cbor:"30,keyasint,omitempty" json:"legal_basis,omitempty"`  // the province's decision; the law, regulation or rule
	Informed     []string      `cbor:"31,keyasint,omitempty" json:"informed,omitempty"`     // who else is told the result
	Preparations []Preparation `cbor:"32,keyasint,omitempty" json:"preparations,omitempty"` // what the plan asks for before the day, and what is there
	Accepts      []string      `cbor:"33,keyasint,omitempty" json:"accepts,omitempty"`      // regions that whoever accepts or handles here takes applications in for too, and forwards; see accepts.go
}

// Exception lets the earlier authority go on under its own seal for a while
// after its grant ended: possible only where the plan says "in principle", and
// only logged.
type Exception struct {
	Seal  string `cbor:"1,keyasint" json:"seal"`
	From  int64  `cbor:"2,keyasint" json:"from"`
	Until int64  `cbor:"3,keyasint" json:"until"`
	Basis string `cbor:"4,keyasint" json:"basis"`
}

// SealState is the life of a seal (GB/T 38540; 国办发〔2025〕33号).
type SealState string

const (
	SealInUse     SealState = "in-use"
	SealSuspended SealState = "suspended" // 停用
	SealLost      SealState = "lost"      // 挂失
	SealRetired   SealState = "retired"   // 注销
)

// SealRecord is a filed seal. History begins with in-use and is append-only.
type SealRecord struct {
	ID       string      `cbor:"1,keyasint" json:"id"` // esID
	Owner    string      `cbor:"2,keyasint" json:"owner"`
	SealKind SealKind    `cbor:"3,keyasint" json:"kind"`
	FullName string      `cbor:"4,keyasint" json:"name"`
	Matters  []string    `cbor:"5,keyasint,omitempty" json:"matters,omitempty"` // empty: all of the owner's
	Digest   sm.Digest   `cbor:"6,keyasint" json:"digest"`                      // SM3 of the SESeal
	History  []SealEvent `cbor:"7,keyasint" json:"history"`
}

// SealEvent sets the seal's state from an instant on.
type SealEvent struct {
	State SealState `cbor:"1,keyasint" json:"state"`
	At    int64     `cbor:"2,keyasint" json:"at"`
	Basis string    `cbor:"3,keyasint,omitempty" json:"basis,omitempty"`

	// By is who ordered it in place of the seal's owner: only the same organization, and
	// the city, bring the seal back into use. Since RulesOfRelations.
	By string `cbor:"4,keyasint,omitempty" json:"by,omitempty"`
}

// Stock is the numbered blanks of one print run that an organization holds;
// none once all of them were counted over.
type Stock struct {
	Type         string       `cbor:"1,keyasint" json:"type"`
	Form         string       `cbor:"2,keyasint" json:"form"`
	Run          string       `cbor:"3,keyasint" json:"run"`
	Organization string       `cbor:"4,keyasint" json:"organization"`
	Ranges       []BlankRange `cbor:"5,keyasint" json:"ranges"`
	Member       string       `cbor:"6,keyasint,omitempty" json:"member,omitempty"` // whose licenses it is for; empty: the organization's own member
	Spent        []Spent      `cbor:"7,keyasint,omitempty" json:"spent,omitempty"`  // gone before any use; never taken back
}

// Spent is what became of unused blanks: they are good for nothing any more.
type Spent struct {
	Of    BlankRange `cbor:"1,keyasint" json:"range"`
	How   SpentHow   `cbor:"2,keyasint" json:"how"`
	At    int64      `cbor:"3,keyasint" json:"at"`    // Unix seconds
	Basis string     `cbor:"4,keyasint" json:"basis"` // report, announcement, list of what was destroyed
}

// SpentHow says how blanks went.
type SpentHow string

const (
	SpentSpoiled   SpentHow = "spoiled"   // 损毁
	SpentLost      SpentHow = "lost"      // 遗失, announced
	SpentDestroyed SpentHow = "destroyed" // 销毁, before two witnesses
)

// BlankRange holds both ends; all numbers of a range have one width.
type BlankRange struct {
	From string `cbor:"1,keyasint" json:"from"`
	To   string `cbor:"2,keyasint" json:"to"`
}

// Role is a person's office. The first six sign acts.
type Role string

const (
	RoleAcceptor   Role = "acceptor"    // 受理
	RoleExaminer   Role = "examiner"    // 审查
	RoleApprover   Role = "approver"    // 决定
	RoleSealKeeper Role = "seal-keeper" // 用印
	RolePrinter    Role = "printer"     // 制证
	RoleWitness    Role = "witness"     // 监销
	RoleRegulator  Role = "regulator"   // 监管: sees, answers with findings
	RoleGovernor   Role = "governor"    // governance orders: grants, seals, keys, policies
	RoleOperator   Role = "operator"    // runs the machine; approves nothing
)

// Roles lists the roles; SQL constraint and API enum are compared with it.
func Roles() []Role {
	return []Role{RoleAcceptor, RoleExaminer, RoleApprover, RoleSealKeeper, RolePrinter, RoleWitness, RoleRegulator, RoleGovernor, RoleOperator}
}

// Approver is a person's key. Person is a pseudonym: two keys of one person
// count once. No name goes to the ledger.
type Approver struct {
	KeyID        sm.KeyID  `cbor:"1,keyasint" json:"key_id"`
	Algorithm    Algorithm `cbor:"2,keyasint" json:"algorithm"`
	Public       []byte    `cbor:"3,keyasint" json:"public"` // SubjectPublicKeyInfo
	Person       string    `cbor:"4,keyasint" json:"person"`
	Organization string    `cbor:"5,keyasint" json:"organization"`
	Roles        []Role    `cbor:"6,keyasint" json:"roles"`
	From         int64     `cbor:"7,keyasint" json:"from"`
	Until        int64     `cbor:"8,keyasint,omitempty" json:"until,omitempty"`
}

// Policy is a control policy: the roles that must sign, each another person. A
// single act's rule goes before its mode's (version and state acts), and that
// before its class's. Type "*" is the default of types without their own.
type Policy struct {
	Type    string          `cbor:"1,keyasint" json:"type"`
	Version []Role          `cbor:"2,keyasint" json:"version"`
	State   []Role          `cbor:"3,keyasint" json:"state"`
	Record  []Role          `cbor:"4,keyasint" json:"record"`
	Paper   []Role          `cbor:"5,keyasint" json:"paper"`
	Acts    map[Act][]Role  `cbor:"6,keyasint,omitempty" json:"acts,omitempty"`
	Modes   map[Mode][]Role `cbor:"7,keyasint,omitempty" json:"modes,omitempty"`
}

// DefaultPolicy is the policy of types without one of their own.
const DefaultPolicy = "*"

// Instance is one registry process of an issuer: its serials begin with
// Prefix, its printings stand in its status lists, its license numbers lie in its
// blocks where it has any.
type Instance struct {
	Issuer string   `cbor:"1,keyasint" json:"issuer"`
	Prefix string   `cbor:"2,keyasint" json:"prefix"` // two characters
	Lists  []uint32 `cbor:"3,keyasint" json:"lists"`

	Numbers []NumberBlock `cbor:"4,keyasint,omitempty" json:"numbers,omitempty"` // license numbers that it gives out; rules version 2

	// Registry is the public address of the registry that counts by the prefix; empty:
	// whichever counts by it. Rules version 2.
	Registry string `cbor:"5,keyasint,omitempty" json:"registry,omitempty"`
}

// PrefixLength is how many characters of a serial name the instance.
const PrefixLength = 2

func (*Rules) Kind() RecordKind        { return KindRules }
func (*Organization) Kind() RecordKind { return KindOrganization }
func (*Matter) Kind() RecordKind       { return KindMatter }
func (*TypeRecord) Kind() RecordKind   { return KindType }
func (*Grant) Kind() RecordKind        { return KindGrant }
func (*SealRecord) Kind() RecordKind   { return KindSeal }
func (*Stock) Kind() RecordKind        { return KindStock }
func (*Approver) Kind() RecordKind     { return KindApprover }
func (*Policy) Kind() RecordKind       { return KindPolicy }
func (*Instance) Kind() RecordKind     { return KindInstance }

func (*Rules) Name() string          { return "current" }
func (o *Organization) Name() string { return o.Code }
func (m *Matter) Name() string       { return m.Code }
func (t *TypeRecord) Name() string   { return TypeName(t.Code, t.Version) }
func (g *Grant) Name() string        { return g.ID }
func (s *SealRecord) Name() string   { return s.ID }
func (s *Stock) Name() string        { return StockName(s.Type, s.Form, s.Run, s.Organization) }
func (a *Approver) Name() string     { return string(a.KeyID) }
func (p *Policy) Name() string       { return p.Type }
func (i *Instance) Name() string     { return i.Issuer + "." + i.Prefix }

// TypeName names one version of a license type.
func TypeName(code string, version int) string { return code + "." + itoa(version) }

// StockName names the stock of a print run at an organization.
func StockName(typeCode, form, run, organization string) string {
	return strings.Join([]string{typeCode, form, run, organization}, ".")
}

// NewRecord returns an empty record of a kind, nil for an unknown kind.
func NewRecord(kind RecordKind) GovernanceRecord {
	switch kind {
	case KindRules:
		return &Rules{}
	case KindOrganization:
		return &Organization{}
	case KindMatter:
		return &Matter{}
	case KindType:
		return &TypeRecord{}
	case KindGrant:
		return &Grant{}
	case KindSeal:
		return &SealRecord{}
	case KindStock:
		return &Stock{}
	case KindApprover:
		return &Approver{}
	case KindPolicy:
		return &Policy{}
	case KindInstance:
		return &Instance{}
	case KindHandover:
		return &Handover{}
	case KindExamination:
		return &Examination{}
	case KindCalendar:
		return &Calendar{}
	case KindPublication:
		return &Publication{}
	case KindService:
		return &Service{}
	case KindSuccession:
		return &Succession{}
	case KindTenure:
		return &Tenure{}
	}
	return nil
}

// witnesses watch a sheet's destruction, whatever else a policy asks for.
var witnesses = []Role{RoleWitness, RoleWitness}

// Roles returns the roles asked for an act under a grant's mode.
func (p Policy) Roles(act Act, mode Mode) []Role {
	class := act.Class()
	if roles, ok := p.Acts[act]; ok {
		return roles
	}
	if act == Destroy {
		return slices.Concat(p.Paper, witnesses)
	}
	if roles, ok := p.Modes[mode]; ok && (class == ClassVersion || class == ClassState) {
		return roles
	}
	switch class {
	case ClassVersion:
		return p.Version
	case ClassState:
		return p.State
	case ClassRecord:
		return p.Record
	case ClassPaper:
		return p.Paper
	}
	return nil
}

// Asked returns the roles asked for an intent under a grant's mode. What undoes or
// stays an act takes the roles of that act, or its own where those are more.
func (p Policy) Asked(in *Intent, mode Mode) []Role {
	roles := p.Roles(in.Act, mode)
	for i, act := range in.Ruling.undone() {
		if of := p.Roles(act, mode); len(of) > len(roles) || i == 0 && len(of) == len(roles) {
			roles = of
		}
	}
	return roles
}

// Valid tells whether the key may sign at an instant (Unix seconds).
func (a *Approver) Valid(at int64) bool { return a.From <= at && (a.Until == 0 || at < a.Until) }

// Key returns the act key with this id valid at the instant.
func (o *Organization) Key(id sm.KeyID, at int64) (ActKey, bool) {
	for _, k := range o.ActKeys {
		if k.ID == id && k.From <= at && (k.Until == 0 || at < k.Until) {
			return k, true
		}
	}
	return ActKey{}, false
}

// StateAt returns the seal's state at an instant, empty before its first use.
func (s *SealRecord) StateAt(at int64) SealState {
	var state SealState
	for _, e := range s.History {
		if e.At <= at {
			state = e.State
		}
	}
	return state
}

// Holds tells whether the number lies in the stock.
func (s *Stock) Holds(number string) bool {
	return slices.ContainsFunc(s.Ranges, func(r BlankRange) bool { return r.holds(number) })
}

// Spends tells whether the number went before it was used, and how.
func (s *Stock) Spends(number string) (SpentHow, bool) {
	if i := slices.IndexFunc(s.Spent, func(gone Spent) bool { return gone.Of.holds(number) }); i >= 0 {
		return s.Spent[i].How, true
	}
	return "", false
}

func (s *Stock) spent(number string) bool { _, gone := s.Spends(number); return gone }

func (s *Stock) holds(of BlankRange) bool {
	return slices.ContainsFunc(s.Ranges, func(r BlankRange) bool { return r.holds(of.From) && r.holds(of.To) })
}

func (r BlankRange) holds(number string) bool {
	return len(r.From) == len(number) && r.From <= number && number <= r.To
}

func (r BlankRange) overlaps(o BlankRange) bool {
	return len(r.From) == len(o.From) && r.From <= o.To && o.From <= r.To
}
