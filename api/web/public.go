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
	Guide    Guidance
	Help     Help
	Long     bool       // the headline needs a smaller type
	Found    *FoundCode // where the code stood in a picture or PDF; nil for other questions
	Drawn    *Drawn     // the uploaded file; nil for other questions
}

// Help is the part of a page that says what to do when something is wrong.
type Help struct {
	Open   bool   // unfolded
	Issuer string // whom to ask; empty when nothing may be shown
}

// Cause is why a license is not in force, with its ground in words.
type Cause struct {
	Act    registry.Act
	Day    registry.Date
	Ground string
	By     string // organization
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
	page.Answers = answersOf(page.Checks, v.Public)
	page.Guide = guide(&v.Verdict)
	page.Help.Open = page.Guide.First
	if v.Public != nil {
		page.Help.Issuer = v.Public.Issuer
	}
	if v.Public != nil && v.ReplacedBy != nil && v.Word == registry.Superseded {
		page.Cause = causeOf(v.Cause, v.Public.History)
	} else if v.Public != nil && v.Word == registry.Superseded {
		page.Cause = supersededBy(v)
	} else if v.Public != nil && v.Word != registry.Void && !v.Cause.IsZero() {
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
	More             string // who, which, by what: Chinese
}

// question is what a citizen asks, and the checks that answer it. more fills
// in who or which when all passed.
type question struct {
	names            []registry.CheckName
	chinese, english string // when all passed
	more             func(*office.PublicView) string
}

// questions stand in the order in which they are read. A check that none of
// them names is shown in the full list alone.
var questions = []question{
	{[]registry.CheckName{registry.CheckStatus, registry.CheckAnchor, registry.CheckFreshness}, "今日有效，账本上有登记", "In force today and recorded on the ledger", nil},
	{[]registry.CheckName{registry.CheckSignature, registry.CheckSealMaker, registry.CheckSigner, registry.CheckSealPeriod, registry.CheckCertificate,
		registry.CheckTrust, registry.CheckTimeStamp}, "印章真实，盖章时有效", "Sealed by a genuine seal, good at that time",
		func(l *office.PublicView) string {
			if l.Seal == nil {
				return ""
			}
			return l.Seal.Name + "，" + registry.DateOf(l.Seal.At).Chinese()
		}},
	{[]registry.CheckName{registry.CheckContent, registry.CheckDocument, registry.CheckRecord, registry.CheckPackage, registry.CheckCoverage,
		registry.CheckReferences, registry.CheckDataHash}, "内容完整，未被改动", "Whole and unaltered", nil},
	{[]registry.CheckName{registry.CheckPower}, "发证机关有权作出决定", "Granted with power", func(l *office.PublicView) string { return l.Basis }},
	{[]registry.CheckName{registry.CheckQRToken}, "就是这一份，请核对其编号", "This very copy: compare its number",
		func(l *office.PublicView) string {
			switch {
			case l.Sheet == nil:
				return ""
			case l.Sheet.Blank == "":
				return l.Sheet.Copy.Chinese()
			}
			return l.Sheet.Copy.Chinese() + "，空白证照编号 " + l.Sheet.Blank
		}},
	{[]registry.CheckName{registry.CheckHolder, registry.CheckIdentifier}, "与所查的持证主体相符", "Belongs to the holder asked for", nil},
	{[]registry.CheckName{registry.CheckQRSignature}, "二维码签名有效", "The code's signature holds", nil},
}

func answersOf(checks []registry.Check, l *office.PublicView) []Answer {
	var answers []Answer
	rank := map[registry.Result]int{registry.Noted: 0, registry.Passed: 1, registry.Unknown: 2, registry.Failed: 3}
	for _, q := range questions {
		a := Answer{}
		for _, c := range checks {
			if slices.Contains(q.names, c.Name) && (a.Result == "" || rank[c.Result] > rank[a.Result]) {
				a = Answer{Result: c.Result, Chinese: c.Chinese, English: c.English}
			}
		}
		if a.Result == "" {
			continue
		}
		if a.Result == registry.Passed {
			a.Chinese, a.English = q.chinese, q.english
			if q.more != nil && l != nil {
				a.More = q.more(l)
			}
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
			cause.Ground, cause.By = line.Ground, line.Organization
		}
	}
	return cause
}

// supersededBy is the act that made the version after the one at hand.
func supersededBy(v *office.Verification) *Cause {
	for _, line := range v.Public.History {
		if line.Act.MakesVersion() && line.Version == v.Identifier.Version+1 {
			return &Cause{Act: line.Act, Day: line.Decided, Ground: line.Ground, By: line.Organization}
		}
	}
	return nil
}

// Codes is the page of several codes in one picture or PDF.
type Codes struct {
	Worst registry.Word
	Found []FoundCode // in the order of pages
}

// FoundCode is one of them; without a verification it is none of a license.
type FoundCode struct {
	Page  int
	Place Pair
	Host  string // that a foreign code leads to
	Token string
	V     *office.Verification
}

// NoMatch is said when no license has both number and name: to whoever errs in
// either, and to whoever guesses, the same.
func NoMatch() *Problem {
	return &Problem{Title: "编号或名称不符", TitleEnglish: "Number or name do not match the record. Look at both again, as they stand on the license.",
		Detail: "没有证照同时符合这两项。请对照证照上的写法逐字核对后再查；仍不符的，请用手机扫描证照上的二维码，或向发证机关核实。"}
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
