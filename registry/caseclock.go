package registry

// Days of the law of administrative licensing (行政许可法); its periods of an
// authority are working days (82条).
const (
	SilenceDays     = 5  // to tell what is missing; silence accepts (32条1款4项)
	DecisionDays    = 20 // to decide, from the acceptance (42条1款)
	MostExtension   = 10 // more, by the head of the deciding organ, with the reason told (42条1款)
	MostCaseDays    = 250
	mostReceiptBack = 15 * 24 * 3600 // seconds that a receipt may be recorded late: the longest public holiday and the days around it
)

// CaseProcedure is a procedure whose time does not count (行政许可法45条).
type CaseProcedure string

const (
	ProcedureHearing      CaseProcedure = "hearing"       // 听证
	ProcedureTender       CaseProcedure = "tender"        // 招标
	ProcedureAuction      CaseProcedure = "auction"       // 拍卖
	ProcedureInspection   CaseProcedure = "inspection"    // 检验
	ProcedureTest         CaseProcedure = "test"          // 检测
	ProcedureQuarantine   CaseProcedure = "quarantine"    // 检疫
	ProcedureAppraisal    CaseProcedure = "appraisal"     // 鉴定
	ProcedureExpertReview CaseProcedure = "expert-review" // 专家评审
)

// CaseProcedures lists the procedures of article 45; the API enum is compared
// with it.
func CaseProcedures() []CaseProcedure {
	return []CaseProcedure{ProcedureHearing, ProcedureTender, ProcedureAuction, ProcedureInspection, ProcedureTest, ProcedureQuarantine, ProcedureAppraisal, ProcedureExpertReview}
}

// CaseClock is how long an examination and a decision may take. Its days are
// working days of the city's calendar; the day it begins on does not count.
type CaseClock struct {
	RespondBy Date // last day to tell what is missing, or, once all that was told came, to accept; zero without a receipt and while items are open
	Began     Date // day of the acceptance; by silence, of the receipt or of the last item; zero before
	Days      int  // to examine under mode review, else to decide
	Extended  int  // days that the decision has more
	DecideBy  Date // last day of the decision; zero before the acceptance and while the clock stands still
	Stops     []ClockStop
}

// ClockStop is a time that does not count. The day on which the clock was
// stopped counts, the day on which it was set going again does not.
type ClockStop struct {
	Procedure CaseProcedure
	Document  string // by which the applicant was told
	From      Date
	Until     Date // zero: it still stands still
}

// Stopped is the stop that the clock stands still for, nil while it runs.
func (c *CaseClock) Stopped() *ClockStop {
	if n := len(c.Stops); n > 0 && c.Stops[n-1].Until == 0 {
		return &c.Stops[n-1]
	}
	return nil
}

// move takes a step about the clock.
func (c *CaseClock) move(s *CaseStatement) {
	switch day := DateOfUnix(s.At); s.Kind {
	case CaseExtend:
		c.Extended += s.Days
	case CaseSuspend:
		c.Stops = append(c.Stops, ClockStop{Procedure: s.Procedure, Document: s.Document, From: day})
	case CaseResume:
		if stop := c.Stopped(); stop != nil {
			stop.Until = day
		}
	}
}

// lastDay counts n working days from the clock's beginning, without the days on
// which it stood still; zero while it stands still.
func (c *CaseClock) lastDay(n int, calendars Calendars) Date {
	if c.Began == 0 || c.Stopped() != nil {
		return 0
	}
	day := c.Began
	for n > 0 {
		day++
		if working, _ := calendars.Working(day); working && !c.stoodStill(day) {
			n--
		}
	}
	return day
}

func (c *CaseClock) stoodStill(day Date) bool {
	for _, stop := range c.Stops {
		if stop.From < day && day <= stop.Until {
			return true
		}
	}
	return false
}

// tellTime counts the file's last days anew. Under a review agreement the
// county's days run inside the city's twenty (行政许可法42条; the separate days of
// 43条 are for lower-level reviews that a statute asks for).
func (f *CaseFile) tellTime() {
	c := &f.Clock
	switch {
	case f.Stage == CaseReceive:
		c.RespondBy, _ = f.calendars.Add(DateOfUnix(f.Receipt.Received), SilenceDays)
		f.Receipt.RespondBy = c.RespondBy
	case f.Stage == CaseNotify && len(f.OpenItems()) > 0:
		c.RespondBy = 0
	case f.Stage == CaseNotify:
		c.RespondBy, _ = f.calendars.Add(DateOfUnix(f.complete()), SilenceDays)
	}
	if f.mode != ModeReview {
		c.DecideBy = c.lastDay(c.Days+c.Extended, f.calendars)
		f.Due = c.DecideBy
		return
	}
	c.DecideBy = c.lastDay(DecisionDays+c.Extended, f.calendars)
	f.Due = min(c.lastDay(c.Days, f.calendars), c.DecideBy)
}

// complete is when the application was complete, as far as anybody told what is
// missing from it: when it came in, or, after a notice, when the last of that came
// (补正告知 begins the working days of silence anew).
func (f *CaseFile) complete() int64 {
	at := f.Receipt.Received
	if f.Notice == nil {
		return at
	}
	for _, item := range f.Items {
		at = max(at, item.Supplied)
	}
	return at
}

// Elapse tells the file that a day has come: an application of which nothing was
// said counts as accepted once its working days are over, from its receipt, or from
// the day on which the last item that was told to be missing came.
func (f *CaseFile) Elapse(day Date) {
	if f.StageOn(day) == f.Stage {
		return
	}
	f.Clock.Began, f.Clock.Days = DateOfUnix(f.complete()), DecisionDays
	f.Stage = StageSilence
	f.tellTime()
}

// StageOn is the stage that the file is at on a day, when no other step is taken
// before it.
func (f *CaseFile) StageOn(day Date) CaseKind {
	if last := f.Clock.RespondBy; (f.Stage == CaseReceive || f.Stage == CaseNotify) && last != 0 && day > last {
		return StageSilence
	}
	return f.Stage
}

// checkClock judges a step about the clock.
func (f *CaseFile) checkClock(s *CaseStatement) error {
	day := DateOfUnix(s.At)
	switch stop := f.Clock.Stopped(); {
	case s.Kind == CaseResume && stop == nil:
		return Errorf(CodeActState, "kind", "the clock runs")
	case s.Kind == CaseResume:
		return nil
	case s.Kind == CaseExamine && stop != nil:
		return Errorf(CodeActState, "kind", "the clock stands still for %s: set it going first", stop.Procedure)
	case s.Kind != CaseExtend && s.Kind != CaseSuspend:
		return nil
	case stop != nil:
		return Errorf(CodeActState, "kind", "the clock stands still for %s already", stop.Procedure)
	case s.Kind == CaseExtend && f.Clock.Extended > 0:
		return Errorf(CodeActState, "kind", "the time to decide is extended once")
	case f.Clock.DecideBy != 0 && day > f.Clock.DecideBy:
		return Errorf(CodeActState, "kind", "the time to decide ended on %s", f.Clock.DecideBy)
	}
	return nil
}
