package web

import (
	"slices"
	"unicode/utf8"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// Problem is an error as pages show it.
type Problem struct {
	Title, TitleEnglish, Detail, Field, Instance string
}

// Verdict is the public page of one verification.
type Verdict struct {
	V        *office.Verification
	Newer    bool             // another version is in force
	Unsigned bool             // a scanned address: the code's signature was not seen
	Answers  []Answer         // the checks, gathered into plain questions
	Checks   []registry.Check // each of them
	Cause    *Cause
	Long     bool // the headline needs a smaller type
}

// Cause is why a license is not in force, with its ground in words.
type Cause struct {
	Act    registry.Act
	Day    registry.Date
	Ground string
	Before *Cause
}

// NewVerdict lays a verification out. scanned: it came by the address in a
// code, whose fragment no browser sends.
func NewVerdict(v *office.Verification, scanned bool) Verdict {
	page := Verdict{V: v, Unsigned: scanned, Checks: v.Checks}
	page.Newer = v.Public != nil && v.Version > v.Identifier.Version && (v.Word == registry.Superseded || v.Word == registry.Void)
	page.Long = utf8.RuneCountInString(v.Word.Info().Chinese) > 6
	if scanned && v.Word != registry.NotFound {
		page.Checks = append(append([]registry.Check{}, v.Checks...), registry.Note(registry.CheckQRSignature, "fragment-unseen",
			"二维码签名未核验：浏览器不会把这部分发给网站", "code signature not checked: browsers do not send that part to a site"))
	}
	page.Answers = answersOf(page.Checks)
	if v.Public != nil && !v.Cause.IsZero() {
		page.Cause = causeOf(v.Cause, v.Public.History)
		if v.Before != nil {
			page.Cause.Before = causeOf(*v.Before, v.Public.History)
		}
	}
	return page
}

// Answer is what several checks say together: the worst of them.
type Answer struct {
	Result           registry.Result
	Chinese, English string
	Detail           registry.Check // the check that decides, when not all passed
}

// questions gathers the checks into what a citizen asks, in this order. A
// check that no question names is shown by itself.
var questions = []struct {
	names            []registry.CheckName
	chinese, english string // when all passed
}{
	{[]registry.CheckName{registry.CheckStatus, registry.CheckAnchor, registry.CheckFreshness}, "今日有效，账本上有登记", "In force today and recorded on the ledger"},
	{[]registry.CheckName{registry.CheckContent, registry.CheckDocument, registry.CheckRecord, registry.CheckPackage, registry.CheckCoverage,
		registry.CheckReferences, registry.CheckDataHash}, "内容完整，未被改动", "Whole and unaltered"},
	{[]registry.CheckName{registry.CheckSignature, registry.CheckSealMaker, registry.CheckSigner, registry.CheckSealPeriod, registry.CheckCertificate,
		registry.CheckTrust, registry.CheckTimeStamp}, "印章真实，签章时有效", "Sealed by a genuine seal, good at that time"},
	{[]registry.CheckName{registry.CheckPower}, "发证机关有权作出决定", "Granted with power"},
	{[]registry.CheckName{registry.CheckQRToken, registry.CheckHolder, registry.CheckIdentifier}, "与所查的这一份相符", "Belongs to the copy at hand"},
	{[]registry.CheckName{registry.CheckQRSignature}, "二维码签名有效", "The code's signature holds"},
}

func answersOf(checks []registry.Check) []Answer {
	var answers []Answer
	rank := map[registry.Result]int{registry.Noted: 0, registry.Passed: 1, registry.Unknown: 2, registry.Failed: 3}
	for _, q := range questions {
		a := Answer{Chinese: q.chinese, English: q.english}
		for _, c := range checks {
			if slices.Contains(q.names, c.Name) && (a.Result == "" || rank[c.Result] > rank[a.Result]) {
				a.Result, a.Detail = c.Result, c
			}
		}
		switch a.Result {
		case "":
			continue
		case registry.Passed:
			if len(q.names) > 1 {
				a.Detail = registry.Check{}
			}
		default:
			a.Chinese, a.English = a.Detail.Chinese, a.Detail.English
			a.Detail = registry.Check{}
		}
		answers = append(answers, a)
	}
	return answers
}

// causeOf finds the ground's words in the history: the cause has its code.
func causeOf(c registry.Cause, history []office.PublicAct) *Cause {
	cause := &Cause{Act: c.Act, Day: c.Day}
	for _, line := range history {
		if line.Act == c.Act && line.Decided == c.Day {
			cause.Ground = line.Ground
		}
	}
	return cause
}

// Landing is the page with the forms.
type Landing struct {
	Number, Holder, Field string
	Problem               *Problem
}

// Message is a page that only says what went wrong.
type Message struct {
	Icon    string
	Problem Problem
}
