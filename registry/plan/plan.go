// Package plan holds reform plans as data: organizations, license types,
// matters, grants, handovers, seals, stock, control policies, demo accounts
// and sample licenses. It is pure: embedded YAML files in, checked values out.
//
// It must not judge acts, keep state or know of any ledger or database: what
// is put where, and when, is for its callers. Every file under data is made for
// demonstration and says so in its first line.
//
// References between the parts are short ids (organization xg-approval, type
// food-operation); Plan's lookup methods turn them into values. Load has
// already checked that each of them leads somewhere.
package plan

import "tongzheng/registry"

// Plan is one reform plan: everything that a deployment of one city, or a test
// scenario, starts from.
type Plan struct {
	Info
	Service       *Service // nil: the plan says nothing of how applications are dealt with
	Supervision   []Supervision
	Calendars     []Calendar // the same for every plan
	Organizations []Organization
	Types         []Type
	Matters       []Matter
	Grants        []Grant
	Handovers     []Handover
	Seals         []Seal
	Stock         []Stock
	Policies      []Policy
	Accounts      []Account
	Licenses      []License
}

// Info is the head of a plan.
type Info struct {
	Name    string        `yaml:"name"` // folder name, as Load takes it
	Chinese string        `yaml:"chinese"`
	English string        `yaml:"english"`
	Note    string        `yaml:"note"`  // what is public and what is synthetic
	City    string        `yaml:"city"`  // organization whose government owns catalog and governance
	Today   registry.Date `yaml:"today"` // day on which the scenario begins: a simulated clock may start here
	Regions []Region      `yaml:"regions"`
	Members []Member      `yaml:"members"`
}

// Region is an administrative division (GB/T 2260).
type Region struct {
	Code    string `yaml:"code"` // six digits, nine for a town
	Name    string `yaml:"name"`
	English string `yaml:"english"`
}

// Member is a party of the ledger: the city or one of its counties.
type Member struct {
	ID           string `yaml:"id"`
	Name         string `yaml:"name"`
	Organization string `yaml:"organization"` // the government that the member stands for
}

// OrganizationKind tells a government from what works under one.
type OrganizationKind string

const (
	Government OrganizationKind = "government" // 人民政府、行政公署
	Department OrganizationKind = "department" // 局、委、办
	Center     OrganizationKind = "center"     // 政务服务中心、便民服务中心: handles, never decides
)

// Organization is a legal authority or a center that works for one.
type Organization struct {
	ID      string           `yaml:"id"`
	Code    string           `yaml:"code"` // credit code (GB 32100), made for demonstration: its organization part begins DEM
	Name    string           `yaml:"name"`
	English string           `yaml:"english"`
	Kind    OrganizationKind `yaml:"kind"`
	Region  string           `yaml:"region"`
	Level   int              `yaml:"level"`            // 3 city, 4 county or district, 5 town (GB/T 36902)
	Parent  string           `yaml:"parent,omitempty"` // the government or department above it
	Guide   string           `yaml:"guide,omitempty"`  // department of the same trade one level up (业务指导)
	Member  string           `yaml:"member"`           // ledger member that carries it
	Groups  []string         `yaml:"groups,omitempty"` // lists of the plan that name it, such as xingguo-departments

	Management registry.Management `yaml:"management,omitempty"` // branch of a bureau, or vertically led
	Seat       string              `yaml:"seat,omitempty"`       // branch of a city's bureau: the government where it sits
}

// Type is a license type with values that its own rules accept.
type Type struct {
	Key    string               `yaml:"-"` // file name: food-operation
	Type   registry.LicenseType `yaml:"type"`
	Sample map[string]string    `yaml:"sample"` // type-specific fields that pass CheckFields
	Number string               `yaml:"number"` // a license number that passes the number rule
}

// Matter is an approval matter (事项).
type Matter struct {
	Code       string   `yaml:"code"` // basic code, 12 characters; DEM + region + 3 digits where synthetic
	Name       string   `yaml:"name"`
	English    string   `yaml:"english"`
	Department string   `yaml:"department"` // organization that had it before the reform
	Types      []string `yaml:"types"`      // keys of the license types it leads to
	Synthetic  bool     `yaml:"synthetic"`  // the name is ours: the plan's item list is not public

	Category Category `yaml:"category,omitempty"` // empty: the plan does not sort its matters
	Deferred bool     `yaml:"deferred,omitempty"` // 容缺受理 of this matter, where the plan does not allow it for all (Service.Deferred)
}

// Category is what sort of administrative act a matter is.
type Category string

const (
	CategoryLicense      Category = "license"      // 行政许可
	CategoryPayment      Category = "payment"      // 行政给付
	CategoryLevy         Category = "levy"         // 行政征收
	CategoryConfirmation Category = "confirmation" // 行政确认
	CategoryService      Category = "service"      // 公共服务
	CategoryOther        Category = "other"        // 其他
)

// Categories lists the six sorts of the Jiangning plan.
func Categories() []Category {
	return []Category{CategoryLicense, CategoryPayment, CategoryLevy, CategoryConfirmation, CategoryService, CategoryOther}
}

// Document is a paper that something rests on.
type Document struct {
	Title  string        `yaml:"title"`
	Number string        `yaml:"number,omitempty"` // 文号
	Date   registry.Date `yaml:"date,omitempty"`
}

// Grant is the power over one matter: who does what, where, from when.
type Grant struct {
	ID          string        `yaml:"id"`
	Matter      string        `yaml:"matter"`
	Mode        registry.Mode `yaml:"mode"`
	From        string        `yaml:"from"`               // organization that has or had the power
	Acceptor    string        `yaml:"acceptor"`           // 受理
	Examiner    string        `yaml:"examiner"`           // 审查
	Decider     string        `yaml:"decider"`            // 决定: its decision, its seal
	Handling    string        `yaml:"handling,omitempty"` // center that works for the legal issuer
	Territory   string        `yaml:"territory"`          // region code: six digits, nine for a town
	Locality    string        `yaml:"locality,omitempty"` // town or street in it that the power is limited to
	Basis       Document      `yaml:"basis"`
	List        string        `yaml:"list"` // the list of the basis document, also the id's first part
	Batch       string        `yaml:"batch"`
	Effective   registry.Date `yaml:"effective"`
	RecallBy    string        `yaml:"recall_by"`             // organization whose decision ends or adjusts it
	Agreement   *Document     `yaml:"agreement,omitempty"`   // 承接协议; a review grant without one is inactive
	Publication *Document     `yaml:"publication,omitempty"` // 公告 that an entrustment needs
	Regulators  []string      `yaml:"regulators"`            // who supervises afterwards, and is told; penalties are theirs
	Supervision string        `yaml:"supervision,omitempty"` // id of the duties to tell

	Accepts    []string                   `yaml:"accepts,omitempty"`     // regions that the center takes applications in for too, and forwards
	Informed   []string                   `yaml:"informed,omitempty"`    // who else is told the result
	Legal      registry.LegalKind         `yaml:"legal_kind,omitempty"`  // empty: the source does not say
	LegalBasis string                     `yaml:"legal_basis,omitempty"` // the province's decision; the law, regulation or rule
	Prepare    []registry.PreparationKind `yaml:"prepare,omitempty"`     // what the plan wants to be there before the day
}

// Active tells whether the grant alone gives power on that day: a review grant
// needs its agreement. It does not know of recalls or handovers.
func (g Grant) Active(on registry.Date) bool {
	if on < g.Effective {
		return false
	}
	if g.Mode != registry.ModeReview {
		return true
	}
	return g.Agreement != nil && g.Agreement.Date <= on
}

// CaseClosed is the only day that duties are counted from: 办结.
const CaseClosed = "case-closed"

// Supervision says who is told what after an approval, and by when.
type Supervision struct {
	ID     string `yaml:"id"`
	From   string `yaml:"from"` // case-closed
	Duties []Duty `yaml:"duties"`
}

// What a duty passes on.
const (
	DutyResult   = "result"   // 审批结果: by the decider
	DutyPolicy   = "policy"   // 政策文件: back, from regulator to approval unit
	DutyFeedback = "feedback" // 监管信息: back, what supervision found
)

// Duty is one thing to be told.
type Duty struct {
	What        string   `yaml:"what"`
	To          []string `yaml:"to,omitempty"`    // organizations; none: the grant's regulators and informed, and back to its acceptor
	WorkingDays int      `yaml:"working_days"`    // 0: at once, or as Words say
	Words       string   `yaml:"words,omitempty"` // the plan's own, where it gives no number: 第一时间, 及时
}

// Service is how a plan wants applications to be dealt with.
type Service struct {
	TotalDays int        `yaml:"total_working_days"` // from the first acceptance to the end, whoever took part
	Shares    []Share    `yaml:"shares"`             // of the total, per level
	ByNumber  bool       `yaml:"by_number"`          // a document of one's own or one's system's is asked for by name, number or code, never as original or copy
	Deferred  *Deferment `yaml:"deferred,omitempty"` // 容缺受理; nil: none
}

// Share is how many of the total's working days a level has.
type Share struct {
	Level       int `yaml:"level"` // 4 county, 5 town, street or village
	WorkingDays int `yaml:"working_days"`
}

// Deferment is what is accepted although something is missing (容缺受理).
type Deferment struct {
	Main      bool `yaml:"main"`       // the main documents may be missing
	Auxiliary bool `yaml:"auxiliary"`  // others may
	Promise   bool `yaml:"promise"`    // the applicant promises them within a stated time
	OneNotice bool `yaml:"one_notice"` // what is missing is told once, in writing, all of it
}

// defers tells whether applications are accepted although auxiliary documents
// are missing.
func (s *Service) defers() bool { return s != nil && s.Deferred != nil && s.Deferred.Auxiliary }

// Days are the working days that a level has, zero where the plan gives none.
func (s *Service) Days(level int) int {
	for _, part := range s.Shares {
		if part.Level == level {
			return part.WorkingDays
		}
	}
	return 0
}

// Archives says what happens to earlier files at a handover.
type Archives string

const (
	ArchivesStay Archives = "stay" // they stay with the department
	ArchivesMove Archives = "move" // they go with the power
)

// Handover is the signed moving of powers between organizations.
type Handover struct {
	ID         string        `yaml:"id"`
	From       []string      `yaml:"from"`
	To         string        `yaml:"to"`
	Ends       []string      `yaml:"ends,omitempty"`   // grant lists that end
	Begins     []string      `yaml:"begins,omitempty"` // grant lists that begin
	Lapses     []string      `yaml:"lapses,omitempty"` // entrustment lists that lapse until done again
	SealsEnded []string      `yaml:"seals_ended,omitempty"`
	SealsBegun []string      `yaml:"seals_begun,omitempty"`
	Stock      []Transfer    `yaml:"stock,omitempty"`
	Signed     registry.Date `yaml:"signed"`
	Start      registry.Date `yaml:"start"` // recorded start of operation: from here one seal governs
	Archives   Archives      `yaml:"archives"`
	Exceptions bool          `yaml:"exceptions"` // the plan says "in principle": a logged exception is possible
	Note       string        `yaml:"note,omitempty"`

	Items       []Item        `yaml:"items,omitempty"`
	Group       []Signer      `yaml:"group,omitempty"`        // 交接工作组: signs as witness beside the parties; none: the city does
	AdviseUntil registry.Date `yaml:"advise_until,omitempty"` // last day of the transition in which the earlier authority advises
}

// Item is something handed over beside powers, seals and counted blanks.
type Item struct {
	Kind registry.ItemKind `yaml:"kind"`
	What string            `yaml:"what"`
}

// Signer is a member of the handover group.
type Signer struct {
	Organization string              `yaml:"organization"`
	Role         registry.SignerRole `yaml:"role"`
}

// Transfer counts unused blanks over.
type Transfer struct {
	Stock string `yaml:"stock"` // id of the range they come from
	From  string `yaml:"from"`
	To    string `yaml:"to"`
}

// Seal is a seal on file. Its picture is drawn by the development maker: a
// real one is imported.
type Seal struct {
	ID           string            `yaml:"id"`
	Organization string            `yaml:"organization"`
	Kind         registry.SealKind `yaml:"kind"`
	Name         string            `yaml:"name"`              // the words in its ring
	Matters      []string          `yaml:"matters,omitempty"` // scope; none: every matter its owner decides
	Diameter     int               `yaml:"diameter"`          // millimetres
	From         registry.Date     `yaml:"from"`
}

// Covers tells whether the seal may be put to a matter.
func (s Seal) Covers(matter string) bool {
	for _, m := range s.Matters {
		if m == matter {
			return true
		}
	}
	return len(s.Matters) == 0
}

// Stock is a range of numbered blanks of one print run.
type Stock struct {
	ID           string `yaml:"id"`
	Type         string `yaml:"type"`      // type key
	Form         string `yaml:"form"`      // as the type's copies name it
	PrintRun     string `yaml:"print_run"` // 印刷批次
	From         string `yaml:"from"`      // first and last number: equal width, leading zeros kept
	To           string `yaml:"to"`
	Organization string `yaml:"organization"`
}

// Policy is a control policy: the roles that sign, each another person, per
// class of act. A role may stand twice: two persons of it.
type Policy struct {
	Type    string                            `yaml:"type"` // type key, or * for types without their own
	Version []registry.Role                   `yaml:"version"`
	State   []registry.Role                   `yaml:"state"`
	Record  []registry.Role                   `yaml:"record"`
	Paper   []registry.Role                   `yaml:"paper"`
	Modes   map[registry.Mode][]registry.Role `yaml:"modes,omitempty"` // version and state acts under a mode
	Acts    map[registry.Act][]registry.Role  `yaml:"acts,omitempty"`  // single acts: before all else
}

// Account is a demonstration account. The name is a role's title: no person is
// invented, and no password stands in a file.
type Account struct {
	Login        string          `yaml:"login"`
	Organization string          `yaml:"organization"`
	Name         string          `yaml:"name"`
	Roles        []registry.Role `yaml:"roles"`
	Machine      bool            `yaml:"machine,omitempty"` // a system with an API key: signs nothing
}

// Holder is whom a sample license is granted to.
type Holder struct {
	Name     string                  `yaml:"name"`
	CodeType registry.HolderCodeType `yaml:"code_type"`
	Code     string                  `yaml:"code"`
}

// License is a sample license for the demonstration.
type License struct {
	ID        string            `yaml:"id"`
	Type      string            `yaml:"type"`
	Grant     string            `yaml:"grant"`
	Ground    string            `yaml:"ground"` // ground code of the issue
	Holder    Holder            `yaml:"holder"`
	Fields    map[string]string `yaml:"fields"`
	Decided   registry.Date     `yaml:"decided"`
	Effective registry.Date     `yaml:"effective"`
	Expires   registry.Date     `yaml:"expires"` // last valid day; 9999-12-30 long term
	Decision  string            `yaml:"decision"`
	Case      string            `yaml:"case"`
	Place     string            `yaml:"place,omitempty"`  // region that it belongs to; asked for where the grant's territory is wider than a county
	Number    string            `yaml:"number,omitempty"` // collected licenses only: made ones get theirs from the rule
}
