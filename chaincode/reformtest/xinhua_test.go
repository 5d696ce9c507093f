package reformtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"tongzheng/registry"
)

// xinhua is the plan on its day.
func xinhua(t *testing.T) *world { return open(t, "xinhua", "2018-05-08") }

// Xinhua 三(一)2: a department asks for a document of its own, or of its own
// system's, by number instead of a copy, and sees what became of it.
func TestPlanXinhuaThreeOneDocumentByNumber(t *testing.T) {
	t.Parallel()
	w := xinhua(t)
	w.clock("2018-06-04")
	l, in := w.issue("xh-own-001")
	in.Decision = "新发改准〔2018〕1号"
	w.do(l, in, "")
	if found := w.byNumber(l.id.Type, in.Decision); !slices.Equal(found, []string{l.id.Base()}) {
		t.Fatalf("found %v", found)
	}
	if found := w.byNumber(l.id.Type, "新发改准〔2018〕999号"); found != nil {
		t.Errorf("found %v", found)
	}
	if got := w.word(l, 1, 0, "2018-06-05"); got != registry.Valid {
		t.Errorf("checked by number: %s", got)
	}
	w.clock("2018-07-02")
	w.do(l, w.intent(l, "xh-own-001", registry.Revoke), "")
	if got := w.word(l, 1, 0, "2018-07-03"); got != registry.IsRevoked {
		t.Errorf("after the revocation: %s", got)
	}
	a := w.answers(l, "2018-06-15")
	if a.State != registry.Effective || a.VoidFrom != day("2018-06-04") {
		t.Errorf("as of a day before the revocation it stood, and is void from the start all the same: %+v", a)
	}
}

// Xinhua 三(二)1: one window accepts in front, the department decides behind, one
// window hands over; the same for a town that accepts.
func TestPlanXinhuaThreeTwoOneWindow(t *testing.T) {
	t.Parallel()
	w := xinhua(t)
	w.clock("2018-06-04")
	w.handsOver("xh-center-001", "xh-center", "xh-yangxi")
	w.handsOver("xh-town-001", "xh-yangxi", "xh-center")
}

// Xinhua 二: thirty working days from the first acceptance when a town accepted,
// twenty-four when a department of the county did; a holiday is no working day.
func TestPlanXinhuaTwoTotalClock(t *testing.T) {
	t.Parallel()
	w := xinhua(t)
	calendars := registry.Calendars{{Year: 2018, Off: []registry.Date{day("2018-06-18")}, Document: "端午节（演示录入）"}}
	accepted := day("2018-06-04").Start().Unix() + 9*3600
	for _, test := range []struct {
		days int
		due  string
	}{{w.Service.TotalDays, "2018-07-17"}, {w.Service.Days(4), "2018-07-09"}, {w.Service.Days(5), "2018-06-12"}} {
		accept := registry.CaseStep{Statement: registry.CaseStatement{Case: "XH2018-0001", Number: 1, Kind: registry.CaseAccept, At: accepted, Days: test.days}}
		f, err := registry.ReadCase(registry.ModeWindow, []registry.CaseStep{accept}, calendars)
		if err != nil || f.Due != day(test.due) {
			t.Fatalf("%d working days: due %s, want %s (%v)", test.days, f.Due, test.due, err)
		}
		for late, at := range map[bool]registry.Date{false: f.Due, true: f.Due + 1} {
			examined := registry.CaseStep{Statement: registry.CaseStatement{Case: "XH2018-0001", Number: 2, Previous: f.Digest, Kind: registry.CaseExamine,
				At: at.Start().Unix(), Result: registry.Forward}}
			if g, err := registry.ReadCase(registry.ModeWindow, []registry.CaseStep{accept, examined}, calendars); err != nil || g.Late != late {
				t.Errorf("examined on %s, due %s: late %t (%v)", at, f.Due, g != nil && g.Late, err)
			}
		}
	}
}

// Xinhua 二: whoever was asked first accepts and answers to the end: nobody else
// accepts the case under its grant.
func TestPlanXinhuaTwoFirstAsked(t *testing.T) {
	t.Parallel()
	w := xinhua(t)
	g := stored[*registry.Grant](w, registry.KindGrant, "xh-town-001")
	judge := registry.CaseJudge{Grant: g}
	for id, want := range map[string]registry.Code{"xh-yangxi": "", "xh-center": registry.CodeForbidden, "xh-development": registry.CodeForbidden, "xh-housing": registry.CodeForbidden} {
		s := registry.CaseStatement{Grant: g.ID, Case: "XH2018-0002", Number: 1, Kind: registry.CaseAccept, Organization: w.code(id), At: max(w.now, g.Effective), Days: w.Service.TotalDays}
		if got := registry.CodeOf(judge.Follows(&registry.CaseFile{}, &s)); got != want {
			t.Errorf("%s accepts: %q, want %q", id, got, want)
		}
	}
}

// byNumber finds licenses on the ledger by type and document number.
func (w *world) byNumber(typeCode, number string) (bases []string) {
	err := w.ledger.Follow(context.Background(), 0, func(c *registry.Commit) error {
		if c == nil {
			return errEnough
		}
		_, indexes := c.Accepted()
		for _, i := range indexes {
			if in := c.Batch.Entries[i].Intent; in != nil && in.Act == registry.Issue && in.Identifier.Type == typeCode && in.Decision == number {
				bases = append(bases, in.Identifier.Base())
			}
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		w.Fatal(err)
	}
	return bases
}
