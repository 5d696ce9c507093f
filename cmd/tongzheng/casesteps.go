package main

import (
	"fmt"
	"strings"
	"time"

	"tongzheng/api/resource"
	"tongzheng/api/web"
	"tongzheng/registry"
)

func printCase(w *world, f *resource.CaseFile) {
	late := ""
	if f.Late {
		late = "  逾期 late"
	}
	due := ""
	if f.Due != 0 {
		due = "  期限 due " + f.Due.String() + late
	}
	fmt.Fprintf(w.stdout, "%s%s\n摘要 digest %s\n", caseWords(f.Stage, f.Result), due, f.Digest)
	printClock(w, f.Clock)
	for _, item := range f.Items {
		state := "待补 missing"
		if !item.Supplied.IsZero() {
			state = "已补 supplied " + item.Supplied.Format(time.DateTime)
		} else if item.Overdue {
			state = "逾期未补 overdue"
		}
		fmt.Fprintf(w.stdout, "  材料 item %s  %s  %s\n", item.Name, item.Due, state)
	}
	for _, in := range f.Invitations {
		late := ""
		if in.Late {
			late = "  逾期答复 answered late"
		}
		fmt.Fprintf(w.stdout, "  受邀 invited %s  %s %s 期限 due %s%s\n", in.Organization, in.Purpose, in.Document, in.Due, late)
	}
	if d := f.Decision; d != nil {
		fmt.Fprintf(w.stdout, "  办结 decided: %s %s  %s\n", d.Act, d.Document, time.Unix(d.At, 0).In(registry.China).Format(time.DateOnly))
	}
	if f.Commitment != nil {
		fmt.Fprintf(w.stdout, "  告知承诺 commitment %s\n", f.Commitment)
	}
	for _, s := range f.Steps {
		fmt.Fprintf(w.stdout, "  %d. %s  %s  %s  %s\n", s.Number, caseWords(s.Kind, s.Result), s.Organization, s.Time.Format(time.DateTime), s.Key)
		for _, more := range []struct{ word, text string }{{"材料 materials", strings.Join(itemNames(s.Items), "、")}, {"文书 document", s.Document}, {"代收转办 taken in under", s.Through}} {
			if more.text != "" {
				fmt.Fprintf(w.stdout, "     %s %s\n", more.word, more.text)
			}
		}
		if s.Text != "" {
			fmt.Fprintf(w.stdout, "     %s\n", s.Text)
		}
	}
}

// caseWords is a step's or a stage's name, and its code.
func caseWords(kind registry.CaseKind, result registry.ExaminationResult) string {
	return web.CaseName(kind, result).Line() + strings.TrimRight(" ("+string(kind)+" "+string(result), " ") + ")"
}

func itemNames(items []registry.CaseItem) (names []string) {
	for _, item := range items {
		names = append(names, item.Name)
	}
	return names
}

// printClock says the clock's last days and in what they are counted.
func printClock(w *world, c *resource.CaseClock) {
	if c == nil {
		return
	}
	if c.Began == 0 && c.RespondBy == 0 {
		return
	}
	if c.Began == 0 {
		fmt.Fprintf(w.stdout, "  五个工作日内告知，逾期视为受理 answer by %s, or it counts as accepted (working days)\n", c.RespondBy)
		return
	}
	if c.Stopped {
		last := c.Stops[len(c.Stops)-1]
		fmt.Fprintf(w.stdout, "  期限中止 the clock stands still since %s: %s (%s)\n", last.From, last.Procedure, last.Document)
		return
	}
	fmt.Fprintf(w.stdout, "  自 from %s  审查 examine by %s  决定 decide by %s  （工作日 working days：%d +%d）\n", c.Began, c.ExamineBy, c.DecideBy, c.Days, c.Extended)
}

type caseReceiptCommand struct{ caseNamed }

// Run shows the receipt.
func (c *caseReceiptCommand) Run(w *world) error {
	r, err := c.client().Cases.Receipt(w.ctx, c.Grant, c.Case)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "收件回执 receipt  %s\n事项 matter %s\n收件机关 received by %s %s\n收件时间 received %s  %s\n", r.Case, r.Matter, r.OrganizationName, r.Organization, r.Received.Format(time.DateTime), r.Channel)
	for _, item := range r.Items {
		fmt.Fprintf(w.stdout, "  材料 item %s\n", item)
	}
	fmt.Fprintf(w.stdout, "%s 前未告知补正、未作不予受理决定的，自收件之日起即为受理（行政许可法32条，五个工作日）\nnothing said by then: accepted from its receipt\n", r.RespondBy)
	return nil
}

// caseNamedItems turns names into items, each with its last day where one is
// given as NAME=YYYY-MM-DD.
func caseNamedItems(names []string, dated bool) (items []registry.CaseItem, err error) {
	for _, name := range names {
		item := registry.CaseItem{Name: name}
		if dated {
			text, day, _ := strings.Cut(name, "=")
			if item.Due, err = registry.ParseDate(day); err != nil || day == "" {
				return nil, usage("%s: want NAME=YYYY-MM-DD", name)
			}
			item.Name = text
		}
		items = append(items, item)
	}
	return items, nil
}

type caseReceiveCommand struct {
	caseStepCommand
	Received time.Time `format:"2006-01-02T15:04:05Z07:00" help:"收件时间 When it came in (RFC 3339), at most 15 days ago; now without it."`
	Channel  string    `enum:"counter,online,post" default:"counter" help:"counter 窗口, online 网上, post 邮寄."`
	Through  string    `placeholder:"GRANT" help:"代收转办 For a neighbor: the own grant under which the center takes in for the region; CASE is named under the neighbor's."`
	Item     []string  `required:"" sep:"none" help:"材料 Name of a material that was handed in; repeat."`
}

// Run records the receipt.
func (c *caseReceiveCommand) Run(w *world) error {
	draft := caseSteps["receive"]
	if draft.Received = c.Received; draft.Received.IsZero() {
		draft.Received = time.Now().Truncate(time.Second)
	}
	draft.Channel, draft.Through = registry.CaseChannel(c.Channel), c.Through
	var err error
	if draft.Items, err = caseNamedItems(c.Item, false); err != nil {
		return err
	}
	return c.take(w, draft)
}

// caseTellCommand is a step of which the applicant is told in writing.
type caseTellCommand struct {
	caseStepCommand
	Document string `required:"" help:"文书号 Number of the document by which the applicant is told."`
}

// Run takes the step.
func (c *caseTellCommand) Run(w *world, verb sealVerb) error {
	draft := caseSteps[verb]
	draft.Document = c.Document
	return c.take(w, draft)
}

type caseNotifyCommand struct {
	caseTellCommand
	Item []string `required:"" sep:"none" help:"材料 Name of a material that is missing; repeat: it is told once."`
}

// Run gives the notice.
func (c *caseNotifyCommand) Run(w *world) error {
	draft := caseSteps["notify"]
	draft.Document = c.Document
	var err error
	if draft.Items, err = caseNamedItems(c.Item, false); err != nil {
		return err
	}
	return c.take(w, draft)
}

type caseAcceptCommand struct {
	caseStepCommand
	Days     int      `default:"20" help:"审查期限（工作日）Working days to examine; under a review agreement at most the city's 20 (行政许可法42、43条)."`
	Missing  []string `sep:"none" placeholder:"NAME=YYYY-MM-DD" help:"容缺受理 A material that comes later, with its last day; repeat. --text is the applicant's promise."`
	Document string   `help:"文书号 With --missing: number of the one notice in which the applicant is told."`
}

// Run accepts the case.
func (c *caseAcceptCommand) Run(w *world) error {
	draft := caseSteps["accept"]
	draft.Days, draft.Document = c.Days, c.Document
	var err error
	if draft.Items, err = caseNamedItems(c.Missing, true); err != nil {
		return err
	}
	return c.take(w, draft)
}

type caseSupplyCommand struct {
	caseStepCommand
	Item []string `required:"" sep:"none" help:"材料 Name of a material that came in; repeat."`
}

// Run closes the items.
func (c *caseSupplyCommand) Run(w *world) error {
	draft := caseSteps["supply"]
	var err error
	if draft.Items, err = caseNamedItems(c.Item, false); err != nil {
		return err
	}
	return c.take(w, draft)
}

type caseInviteCommand struct {
	caseStepCommand
	Invite  string `required:"" help:"统一社会信用代码 Credit code of the invited organization."`
	Purpose string `required:"" enum:"visit,consult,archive" help:"visit 联合踏勘, consult 意见征求, archive 查阅档案 (with --document and --text)."`
	Due     string `required:"" placeholder:"YYYY-MM-DD" help:"期限 Last day for its opinion."`
	Number  string `name:"document" help:"查阅档案申请文号 Number of a request for files."`
}

// Run invites.
func (c *caseInviteCommand) Run(w *world) error {
	draft := caseSteps["invite"]
	draft.Invited, draft.Purpose, draft.Document = c.Invite, registry.InvitePurpose(c.Purpose), c.Number
	var err error
	if draft.Due, err = registry.ParseDate(c.Due); err != nil {
		return usage("--due: want YYYY-MM-DD")
	}
	return c.take(w, draft)
}

type caseExtendCommand struct {
	caseTellCommand
	Days int `default:"10" help:"Working days more, at most 10; --text gives the reason that the applicant is told."`
}

// Run extends the time to decide.
func (c *caseExtendCommand) Run(w *world) error {
	draft := caseSteps["extend"]
	draft.Days, draft.Document = c.Days, c.Document
	return c.take(w, draft)
}

type caseStopCommand struct {
	caseTellCommand
	Procedure string `required:"" enum:"hearing,tender,auction,inspection,test,quarantine,appraisal,expert-review" help:"hearing 听证, tender 招标, auction 拍卖, inspection 检验, test 检测, quarantine 检疫, appraisal 鉴定, expert-review 专家评审."`
}

// Run stops the clock.
func (c *caseStopCommand) Run(w *world) error {
	draft := caseSteps["stop-clock"]
	draft.Procedure, draft.Document = registry.CaseProcedure(c.Procedure), c.Document
	return c.take(w, draft)
}
