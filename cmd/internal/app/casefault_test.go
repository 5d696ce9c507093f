package app_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tongzheng/cmd/citytest"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// caseFaults strikes every call on the way of a step from the city to the county's file:
// whoever took it takes it again where it was not taken, and in the end there is one file,
// the same at both, and the ledger has it.
func (x *crossing) caseFaults(t *testing.T) {
	market := organizationOf(t, x.city, "gz-market-examiner")
	n := 100
	for _, step := range []struct {
		login string
		is    registry.CaseStatement
		text  string
		calls map[*citytest.Neighbor][]string
	}{
		{"gz-market-examiner", registry.CaseStatement{Kind: registry.CaseOpinion}, "同意", map[*citytest.Neighbor][]string{x.city: {"submit", "add"}, x.county: {"add"}}},
		{"gz-education-seal", registry.CaseStatement{Kind: registry.CaseSealConfirm}, "", map[*citytest.Neighbor][]string{x.city: {"hold", "submit", "move", "ledger", "add"}, x.county: {"hold", "add"}}},
	} {
		for side, calls := range step.calls {
			for _, call := range calls {
				for _, mode := range []string{"failed", "persisted"} {
					n++
					number := fmt.Sprintf("兴教受〔2026〕%d号", n)
					t.Run(fmt.Sprintf("%s %s %s %s", step.is.Kind, side.Member, call, mode), func(t *testing.T) {
						x.accepted(t, number)
						steps := 3
						if step.is.Kind == registry.CaseOpinion {
							x.must(t, x.county, "xg-acceptor", registry.CaseStatement{Case: number, Kind: registry.CaseInvite, Invited: market, Purpose: registry.InviteConsult,
								Due: registry.DateOf(time.Now()) + 5}, "")
						} else {
							x.asks(t, number)
							steps = 4
						}
						x.at(t, x.city, number, steps)
						x.struck(t, side, call, mode, step.login, number, step.is, step.text, steps+1)
					})
				}
			}
		}
	}
}

// struck has a step taken while a call of a side fails once, until it is taken.
func (x *crossing) struck(t *testing.T, side *citytest.Neighbor, call, mode, login, number string, s registry.CaseStatement, text string, steps int) {
	t.Helper()
	s.Case = number
	fault := x.faults[side]
	fault.next(call, mode)
	defer fault.next("", "")
	eventually(t, "the step is taken", func() bool {
		if kept, err := x.city.Store.Cases.Case(t.Context(), x.grant.ID, number); err == nil && len(kept.Steps) == steps {
			return true
		}
		_, err := x.take(t, x.city, login, s, text)
		return err == nil && false
	})
	if !fault.hit() {
		t.Error("nothing was struck")
	}
	here, there := x.at(t, x.city, number, steps), x.at(t, x.county, number, steps)
	for i := range here.Steps {
		one, _ := here.Steps[i].Statement.Digest()
		if other, _ := there.Steps[i].Statement.Digest(); one != other {
			t.Errorf("step %d is another one at the county", i+1)
		}
	}
	last := &here.Steps[steps-1].Statement
	if s.Kind == registry.CaseSealConfirm && x.examination(t, x.county, number).Confirmed != last.At {
		t.Errorf("the ledger has %+v, the file %d", x.examination(t, x.county, number), last.At)
	}
}

// handed is a file as its home gives it.
type handed struct {
	Steps  []handedStep `cbor:"1,keyasint"`
	Height uint64       `cbor:"2,keyasint"`
}

type handedStep struct {
	Statement registry.CaseStatement `cbor:"1,keyasint"`
	Approval  registry.Approval      `cbor:"2,keyasint"`
	Content   string                 `cbor:"3,keyasint,omitempty"`
}

// hands has the city take over what a county says is a file.
func (x *crossing) hands(t *testing.T, steps ...registry.CaseStep) error {
	t.Helper()
	var h handed
	for _, s := range steps {
		h.Steps = append(h.Steps, handedStep(s))
	}
	body, err := registry.Encode(&h)
	if err != nil {
		t.Fatal(err)
	}
	return x.city.Office.Cases.Take(t.Context(), citytest.Xingguo, citytest.City, body)
}

// caseLies: whatever a county hands over that is not the file's next steps, signed by who
// may take them, is refused and named, and the copy stays.
func (x *crossing) caseLies(t *testing.T) {
	const number = "兴教受〔2026〕3号"
	x.accepted(t, number)
	kept := x.at(t, x.city, number, 2)
	county, err := x.county.Demo.Account("xg-examiner")
	if err != nil {
		t.Fatal(err)
	}
	_, next, err := x.signedStep(t, x.county, "xg-examiner", registry.CaseStatement{Case: number, Kind: registry.CaseOpinion}, "县里意见")
	if err != nil {
		t.Fatal(err)
	}
	with := func(more ...registry.CaseStep) []registry.CaseStep { return append(slices.Clone(kept.Steps), more...) }
	altered := func(change func(*registry.CaseStep)) registry.CaseStep {
		s := next
		change(&s)
		return s
	}
	other := kept.Steps[1].Statement
	other.Days = 5
	foreign := next.Statement
	foreign.Organization, foreign.Content = x.grant.Decider, sm.Digest{}
	foreign.Kind = registry.CaseSuspend
	foreign.Procedure, foreign.Document = registry.ProcedureHearing, "听〔2026〕1号"
	elsewhere := kept.Steps[0].Statement
	elsewhere.Grant = "yd-review-003"
	for what, lie := range map[string]struct {
		steps []registry.CaseStep
		want  registry.Code
	}{
		"stale":             {kept.Steps[:1], registry.CodeStale},
		"fork":              {[]registry.CaseStep{kept.Steps[0], x.sign(t, x.county, "xg-acceptor", other, "")}, registry.CodePreviousHead},
		"replay":            {with(kept.Steps[1]), registry.CodePreviousHead},
		"other text":        {with(altered(func(s *registry.CaseStep) { s.Content = "市里意见" })), registry.CodeMalformed},
		"wrong signature":   {with(altered(func(s *registry.CaseStep) { s.Approval = kept.Steps[0].Approval })), registry.CodeApprovalSignature},
		"foreign step":      {with(x.sign(t, x.county, "xg-examiner", foreign, "")), registry.CodeApprovalUnknown},
		"another's case":    {[]registry.CaseStep{x.sign(t, x.county, "xg-acceptor", elsewhere, "")}, registry.CodeForbidden},
		"a grant of no one": {[]registry.CaseStep{altered(func(s *registry.CaseStep) { s.Statement.Grant = "no-grant" })}, registry.CodeGrant},
	} {
		if err := x.hands(t, lie.steps...); registry.CodeOf(err) != lie.want {
			t.Errorf("%s: %v, want %s", what, err, lie.want)
		}
	}
	if now := x.at(t, x.city, number, 2); now.Home != citytest.Xingguo {
		t.Errorf("the copy: %+v", now)
	}
	if err := x.hands(t, kept.Steps...); err != nil {
		t.Errorf("the same again: %v", err)
	}
	// A step that another member hands in for a person who is not its own.
	if _, err := x.city.Office.Cases.Receive(t.Context(), "yudu", []byte{1}); registry.CodeOf(err) != registry.CodeMalformed {
		t.Errorf("no message: %v", err)
	}
	message, err := registry.Encode(&struct {
		Step handedStep `cbor:"1,keyasint"`
	}{handedStep(next)})
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]registry.Code{citytest.City: registry.CodeForbidden, citytest.Xingguo: registry.CodeForbidden} {
		to := x.county // the city hands in a step of the county's person
		if from == citytest.Xingguo {
			to = x.city // the county hands it in at a registry that does not keep the file
		}
		if _, err := to.Office.Cases.Receive(t.Context(), from, message); registry.CodeOf(err) != want {
			t.Errorf("handed in by %s: %v", from, err)
		}
	}
	x.withdrawnByStranger(t, number)
	// A county whose database was put back gives an older file: put aside, and told.
	conn := ownerOf(t, x.county)
	by, err := x.county.Office.Cases.Record(t.Context(), county.Actor(), next)
	if err != nil || len(by.Steps) != 3 {
		t.Fatal(err)
	}
	x.at(t, x.city, number, 3)
	execute(t, conn, `DELETE FROM case_step WHERE case_number = $1 AND number = 3`, number)
	execute(t, conn, `UPDATE feed SET last = last + 1`)
	execute(t, conn, `UPDATE feed_change f SET number = (SELECT last FROM feed WHERE member = f.member) WHERE key = (SELECT key FROM case_key k JOIN case_step s USING (grant_id, case_folded)
		WHERE s.case_number = $1 LIMIT 1)`, number)
	x.county.Exchange.Herald.Tell()
	eventually(t, "the older file is put aside", func() bool {
		feeds, err := x.city.Exchange.Following.Inbox.Amiss(t.Context()) // as the operator is told
		return err == nil && len(feeds) == 1 && feeds[0].Aside > 0 && execute(t, ownerOf(t, x.city), `SELECT FROM audit WHERE operation = 'exchange aside' AND code = 'stale'`) > 0
	})
	x.at(t, x.city, number, 3)
}

// withdrawnByStranger: who takes back what it never handed in, and is not in the case, hears
// the same as of a case that does not exist, and nothing changes.
func (x *crossing) withdrawnByStranger(t *testing.T, number string) {
	t.Helper()
	for _, is := range []string{number, "兴教受〔2026〕404号"} {
		step := x.sign(t, x.city, "gz-water-examiner", registry.CaseStatement{Grant: x.grant.ID, Case: is, Organization: organizationOf(t, x.city, "gz-water-examiner"),
			Kind: registry.CaseOpinion, Number: 3, At: time.Now().Unix()}, "")
		body, err := registry.Encode(&struct {
			Step      handedStep `cbor:"1,keyasint"`
			Withdrawn bool       `cbor:"2,keyasint"`
		}{handedStep(step), true})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := x.county.Office.Cases.Receive(t.Context(), citytest.City, body)
		if registry.CodeOf(err) != registry.CodeNotFound || answer != nil {
			t.Errorf("%s: a stranger gets %d bytes, %v", is, len(answer), err)
		}
	}
	if now, err := x.county.Store.Cases.Case(t.Context(), x.grant.ID, number); err != nil || len(now.Steps) != 2 || now.Held != nil {
		t.Errorf("a stranger changed the file: %+v %v", now, err)
	}
}
