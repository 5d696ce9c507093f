package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Pair is one thing said in both languages.
type Pair struct{ Chinese, English string }

var stepWords = map[office.Step]Pair{
	office.StepReserved: {"待审批签名", "Waiting for approvals"},
	office.StepApproved: {"已批准，正在用印", "Approved, being sealed"},
	office.StepSealed:   {"已用印，正在上链", "Sealed, being recorded"},
	office.StepAnchored: {"已上链", "Recorded"},
	office.StepRefused:  {"账本拒绝", "Refused"},
	office.StepDropped:  {"已放弃", "Given up"},
}

var roleWords = map[registry.Role]Pair{
	registry.RoleAcceptor:   {"受理", "Acceptor"},
	registry.RoleExaminer:   {"审查", "Examiner"},
	registry.RoleApprover:   {"决定", "Approver"},
	registry.RoleSealKeeper: {"用印", "Seal keeper"},
	registry.RolePrinter:    {"制证", "Printer"},
	registry.RoleWitness:    {"监销", "Witness"},
	registry.RoleRegulator:  {"监管", "Regulator"},
	registry.RoleGovernor:   {"治理", "Governor"},
	registry.RoleOperator:   {"运维", "Operator"},
}

var modeWords = map[registry.Mode]Pair{
	registry.ModeOwn:      {"本级行使", "decided by the authority itself"},
	registry.ModeDirect:   {"直接承接", "taken over and decided by the county"},
	registry.ModeReview:   {"实质性审核", "examined by the county, decided by the city"},
	registry.ModeWindow:   {"服务窗口前移", "accepted at the county's window, decided by the city"},
	registry.ModeResident: {"窗口进驻", "the department's counter in the service center"},
	registry.ModeEntrust:  {"委托", "entrusted, decided in the entruster's name"},
}

var stateWords = map[string]Pair{
	"none": {"未登记", "not recorded"}, "effective": {"有效", "effective"}, "suspended": {"暂扣", "suspended"},
	"withdrawn": {"撤回", "withdrawn"}, "revoked": {"撤销", "revoked"}, "penalized": {"吊销", "penalized"}, "cancelled": {"注销", "cancelled"},
	"replaced": {"已由承继机关换发", "replaced by its successor's"},
}

var printingWords = map[string]Pair{
	"none": {"未上链", "not recorded"}, "live": {"已打印", "good"}, "delivered": {"已送达", "delivered"}, "spoiled": {"已作废", "spoiled"},
	"recovered": {"已收回", "recovered"}, "announced-void": {"已公告作废", "announced void"}, "destroyed": {"已销毁", "destroyed"},
}

var resultWords = map[registry.Result]Pair{
	registry.Passed:  {"通过", "passed"},
	registry.Failed:  {"未通过", "failed"},
	registry.Unknown: {"无法核验", "cannot be told"},
	registry.Noted:   {"说明", "note"},
}

// tones say how a verdict is colored. Word and shape say the same: color alone
// tells nothing.
var tones = map[registry.Word]string{
	registry.Valid: "good", registry.Pending: "wait", registry.NotYetEffective: "wait",
	registry.IsSuspended: "warn", registry.Superseded: "warn", registry.Void: "warn", registry.Expired: "warn",
	registry.IsWithdrawn: "bad", registry.IsRevoked: "bad", registry.IsPenalized: "bad", registry.IsCancelled: "bad",
	registry.Altered: "alarm", registry.Untrusted: "alarm", registry.Unverifiable: "none", registry.NotFound: "none", registry.UnknownNow: "none",
}

func (p *Pages) functions() template.FuncMap {
	return template.FuncMap{
		"base":     func() string { return p.site.Base },
		"site":     func() Site { return p.site },
		"static":   func(name string) string { return p.site.Base + "/static/" + name + "?v=" + p.stamp },
		"word":     func(w registry.Word) registry.WordInfo { return w.Info() },
		"tone":     func(w registry.Word) string { return tones[w] },
		"icon":     icon,
		"step":     func(s office.Step) Pair { return stepWords[s] },
		"role":     roleWord,
		"mode":     func(m registry.Mode) Pair { return modeWords[m] },
		"state":    func(s registry.State) Pair { return stateWords[s.String()] },
		"printing": func(s registry.PrintingState) Pair { return printingWords[s.String()] },
		"result":   func(r registry.Result) Pair { return resultWords[r] },
		"code":     func(c registry.Code) Pair { return Pair{c.Chinese(), c.English()} },
		"moment":   moment,
		"english":  englishDate,
		"version":  version,
		"actEn":    actEnglish,
		"copyEn":   func(k registry.CopyKind) string { return strings.ToUpper(k.String()[:1]) + k.String()[1:] },
		"short":    shorten,

		"recordKind": RecordName,
		"relation":   RelationName,
		"copyState":  CopyName,
		"due":        DueName,
		"sheetStep":  func(s office.SheetStep) Pair { return sheetWords[s] },
		"caseName":   func(s *registry.CaseStatement) Pair { return CaseName(s.Kind, s.Result) },
		"caseKind":   CaseAction,
		"input":      func(form string, in Input) caseInput { return caseInput{form + "-" + in.Name, in} },
		"clock":      func(seconds int64) string { return moment(time.Unix(seconds, 0)) },
	}
}

func roleWord(r registry.Role) Pair {
	if pair, ok := roleWords[r]; ok {
		return pair
	}
	return Pair{string(r), string(r)}
}

// moment writes an instant in Beijing time.
func moment(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(registry.China).Format("2006-01-02 15:04")
}

// englishDate writes a date for English readers.
func englishDate(d registry.Date) string {
	if d == registry.LongTerm {
		return "no end"
	}
	return d.String()
}

// version writes a version with three digits, as identifiers carry it.
func version(n int) string {
	digits := []byte{byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)}
	return string(digits)
}

func actEnglish(a registry.Act) string {
	name := strings.ReplaceAll(a.String(), "-", " ")
	return strings.ToUpper(name[:1]) + name[1:]
}

// shorten keeps both ends of a long digest.
func shorten(v any) string {
	s := fmt.Sprint(v)
	if len(s) <= 20 {
		return s
	}
	return s[:8] + "…" + s[len(s)-8:]
}
