package web

import "tongzheng/registry"

// Case is a case file with the steps that the account's organization can take.
type Case struct {
	Grant, Number string
	Mode          registry.Mode
	File          *registry.CaseFile
	Stage         Pair
	Clock         []CaseFact
	Items         []CaseItem
	Invitations   []CaseFact
	Steps         []CaseLine
	Forms         []CaseForm
	Receipt       string // address of the receipt; empty without one
	Problem       *Problem
	Statement     *registry.CaseStatement // to be signed
	Facts         []CaseFact              // what the statement says
	Text          string
	Sign          *Signing
}

// CaseFact is one thing that a file says. Tone is empty or one of the tag styles.
type CaseFact struct {
	Label Pair
	Text  string
	Tag   Pair
	Tone  string
}

// CaseItem is one material that is or was missing.
type CaseItem struct {
	Name    string
	Due     registry.Date
	Open    bool
	Overdue bool
}

// CaseLine is one signed step.
type CaseLine struct {
	Step         registry.CaseStep
	Word         Pair
	Organization string
	Facts        []CaseFact
}

// CaseForm is the form of one step. It is open when it is the only one, or was
// handed in with faults, which stand at its top, all of them.
type CaseForm struct {
	Word   string
	Name   Pair
	Open   bool
	Inputs []Input
	Faults []CaseFault
}

// CaseFault is one thing wrong with a form.
type CaseFault struct {
	Field  string // id of the input that it leads to; empty for none
	Label  Pair   // of the input
	Title  Pair
	Detail string
}

// caseInput is an input with the id that faults lead to.
type caseInput struct {
	ID string
	In Input
}

// CaseReceipt is the page of a receipt (收件回执), made to be printed.
type CaseReceipt struct {
	Grant, Number, Matter, Organization, Answers, Channel string
	Received                                              int64
	Items                                                 []string
	RespondBy                                             registry.Date
	Step                                                  string
	Back                                                  string
}

// Cases is the list of case files.
type Cases struct {
	Grants []Option
	Files  []CaseEntry
}

// CaseEntry is one case in the list.
type CaseEntry struct {
	Grant, Number, URL string
	Stage              Pair
	Due, DecideBy      registry.Date
	Late, Overdue      bool
	Stopped            bool
	Open               int // items that are missing
}

var caseWords = map[registry.CaseKind]Pair{
	registry.CaseReceive: {"收件", "Received"}, registry.CaseNotify: {"补正告知", "Told what is missing"}, registry.CaseDecline: {"不予受理", "Not accepted"},
	registry.CaseAccept: {"受理", "Accepted"}, registry.StageSilence: {"逾期未告知，视为受理", "Accepted by silence"}, registry.CaseCommit: {"告知承诺", "Commitment"},
	registry.CaseSupply: {"补齐材料", "Items came in"}, registry.CaseInvite: {"邀请参加", "Invited"}, registry.CaseOpinion: {"意见", "Opinion"},
	registry.CaseExtend: {"延长期限", "Time extended"}, registry.CaseSuspend: {"期限中止", "Clock stopped"}, registry.CaseResume: {"期限恢复", "Clock resumed"},
	registry.CaseExamine: {"审查", "Examined"}, registry.CaseSealRequest: {"用印申请", "Seal asked for"}, registry.CaseSealConfirm: {"用印确认", "Seal confirmed"},
	registry.StageDecided: {"办结", "Decided, closed"},
}

var examinationWords = map[registry.ExaminationResult]Pair{
	registry.Forward: {"上报", "forward"}, registry.SendBack: {"退回补正", "return"}, registry.Refuse: {"不予通过", "refuse"},
}

// CaseName is a step's or stage's name in both languages, its result with it.
func CaseName(kind registry.CaseKind, result registry.ExaminationResult) Pair {
	word := caseWords[kind]
	if r, ok := examinationWords[result]; ok && kind == registry.CaseExamine {
		return Pair{word.Chinese + "：" + r.Chinese, word.English + ": " + r.English}
	}
	return word
}

// StageName is a stage's name; of the empty one, that nothing came in yet.
func StageName(f *registry.CaseFile) Pair {
	if f.Stage == "" {
		return Pair{"尚未收件", "Nothing came in yet"}
	}
	return CaseName(f.Stage, f.Result)
}

var (
	channelWords = map[registry.CaseChannel]Pair{
		registry.ChannelCounter: {"窗口", "counter"}, registry.ChannelOnline: {"网上", "online"}, registry.ChannelPost: {"邮寄", "post"},
	}
	procedureWords = map[registry.CaseProcedure]Pair{
		registry.ProcedureHearing: {"听证", "hearing"}, registry.ProcedureTender: {"招标", "tender"}, registry.ProcedureAuction: {"拍卖", "auction"},
		registry.ProcedureInspection: {"检验", "inspection"}, registry.ProcedureTest: {"检测", "test"}, registry.ProcedureQuarantine: {"检疫", "quarantine"},
		registry.ProcedureAppraisal: {"鉴定", "appraisal"}, registry.ProcedureExpertReview: {"专家评审", "expert review"},
	}
	purposeWords = map[registry.InvitePurpose]Pair{
		registry.InviteVisit: {"联合踏勘", "joint visit"}, registry.InviteConsult: {"意见征求", "consultation"},
		registry.InviteArchive: {"查阅档案", "request for files"},
	}
	unitWords = map[registry.DayUnit]Pair{
		registry.WorkingDays: {"个工作日", "working days"}, registry.CalendarDays: {"日", "calendar days"},
	}
)

// ChannelName, ProcedureName, PurposeName and UnitName say the words of case
// files in both languages.
func ChannelName(c registry.CaseChannel) Pair { return channelWords[c] }

// ProcedureName is the name of a procedure of article 45.
func ProcedureName(p registry.CaseProcedure) Pair { return procedureWords[p] }

// PurposeName is what an organization is invited for.
func PurposeName(p registry.InvitePurpose) Pair { return purposeWords[p] }

// UnitName is in what days are counted; an authority's are working days when
// nothing is said.
func UnitName(u registry.DayUnit) Pair {
	if u == "" {
		u = registry.WorkingDays
	}
	return unitWords[u]
}

// Line is the pair in one line.
func (p Pair) Line() string { return p.Chinese + " " + p.English }
