package demo

import (
	"tongzheng/api/resource"
	"tongzheng/registry"
)

// annul: the regulator takes the license away as a penalty; while the review
// runs the penalty is stayed, then the review annuls it, and the license is in
// force again from the day of the penalty.
func (s *Story) annul() error {
	s.say("吊销、复议期间停止执行、复议决定撤销吊销：恢复效力", "penalized by the regulator; stayed while the review runs; annulled by it: in force again")
	_, officer, err := s.as("xg-market-acceptor")
	if err != nil {
		return err
	}
	act := registry.Application{Act: registry.Penalize, Identifier: s.changed, Grant: Grant, Organization: officer.Code, Ground: "penalty", Decision: "兴市监罚〔2026〕901号"}
	penalty, err := s.Act(act, "xg-market-acceptor", "xg-market-approver")
	if err != nil {
		return err
	}
	for _, ruled := range []struct {
		act      registry.Act
		decision string
		ruling   registry.Ruling
		before   registry.Word
		after    registry.Word
	}{
		{registry.Stay, "兴市监停〔2026〕1号", registry.Ruling{Document: "兴府复停〔2026〕1号"}, registry.IsPenalized, registry.Valid},
		{registry.Reinstate, "兴市监复〔2026〕1号", registry.Ruling{Document: "兴府复决〔2026〕1号"}, registry.Valid, registry.Valid},
	} {
		if err := s.Verify("original (002)", Ask(s.sheets["second"].qr), ruled.before, ""); err != nil {
			return err
		}
		if err := s.rule(act, penalty, ruled.act, ruled.decision, ruled.ruling); err != nil {
			return err
		}
		if err := s.Verify("original (002)", Ask(s.sheets["second"].qr), ruled.after, ""); err != nil {
			return err
		}
	}
	return nil
}

// rule enters the review body's ruling on an act, by whose act it was.
func (s *Story) rule(act registry.Application, undone *resource.Proceeding, word registry.Act, decision string, ruling registry.Ruling) error {
	ruling.By, ruling.Body = registry.RulingReview, "兴国县人民政府"
	ruling.From, ruling.Undoes = registry.DateOf(s.app.Config.Clock()), undone.Proposal.Sequence
	act.Act, act.Ground, act.Decision, act.Ruling = word, "", decision, &ruling
	s.tell("%s〈%s〉", ruling.Body, ruling.Document)
	_, err := s.Act(act, "xg-market-acceptor", "xg-market-approver")
	return err
}
