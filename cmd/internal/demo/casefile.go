package demo

import (
	"fmt"
	"path/filepath"
	"time"

	"tongzheng/api/resource"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
)

// storyCase is the case of the story's first license.
const storyCase = "XG2026-0901"

// takeIn is the case file of the story's license: received with its receipt,
// accepted although a plan is missing (容缺受理), on the applicant's commitment
// (告知承诺). Nothing is decided before the plan has come in, and another county
// does not find the case.
func (s *Story) takeIn() error {
	s.say("收件并出具回执；容缺受理、告知承诺；材料补齐前不得决定", "the application is received, with its receipt; accepted with an item missing, on a commitment; no decision before the item came")
	window, account, err := s.as("xg-acceptor")
	if err != nil {
		return err
	}
	now := s.app.Config.Clock().Truncate(time.Second)
	take := func(draft resource.CaseDraft) error {
		draft.Grant, draft.Case, draft.Organization = Grant, storyCase, account.Code
		_, err := s.step("xg-acceptor", draft)
		return err
	}
	plan := registry.CaseItem{Name: "经营场所平面图"}
	if err := take(resource.CaseDraft{Kind: registry.CaseReceive, Received: now.Add(-time.Minute), Channel: registry.ChannelCounter,
		Items: []registry.CaseItem{{Name: "食品经营许可申请书"}, {Name: "营业执照"}}}); err != nil {
		return err
	}
	receipt, err := window.Cases.Receipt(s.ctx, Grant, storyCase)
	if err != nil {
		return err
	}
	s.tell("收件回执 receipt: %s，%s 前不告知补正即为受理 accepted by silence after that day", receipt.Case, receipt.RespondBy)
	later := plan
	later.Due = registry.DateOf(now) + 10
	if err := take(resource.CaseDraft{Kind: registry.CaseAccept, Days: registry.DecisionDays, Unit: registry.WorkingDays, Items: []registry.CaseItem{later},
		Document: "兴审补告〔2026〕901号", Content: "承诺十日内补交经营场所平面图。"}); err != nil {
		return err
	}
	if err := take(resource.CaseDraft{Kind: registry.CaseCommit, Content: "已知悉许可条件，承诺经营场所和设施符合食品安全要求；承诺不实的，愿承担撤销许可等法律后果。"}); err != nil {
		return err
	}
	if _, err := s.Act(s.application(account.Code), "xg-acceptor"); registry.CodeOf(err) != registry.CodeActState {
		return fmt.Errorf("decided with an item missing: %v", err)
	}
	s.tell("容缺材料未补齐，不得决定 refused while the plan is missing")
	stranger, _, err := s.as("yd-acceptor")
	if err != nil {
		return err
	}
	if _, err := stranger.Cases.File(s.ctx, Grant, storyCase); registry.CodeOf(err) != registry.CodeNotFound {
		return fmt.Errorf("another county's view of the case: %v, want it not to be there", err)
	}
	return take(resource.CaseDraft{Kind: registry.CaseSupply, Items: []registry.CaseItem{plan}})
}

// step takes a step of a case, signed with the account's own key.
func (s *Story) step(login string, draft resource.CaseDraft) (*resource.CaseFile, error) {
	server, account, err := s.as(login)
	if err != nil {
		return nil, err
	}
	next, err := server.Cases.Next(s.ctx, draft)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", draft.Kind, err)
	}
	key, err := person.Key(filepath.Join(s.app.Config.Data, account.KeyFile))
	if err != nil {
		return nil, err
	}
	approval, err := person.Approve(key, next.Sign.Digest)
	if err != nil {
		return nil, err
	}
	f, err := server.Cases.Take(s.ctx, resource.CaseStep{Canonical: next.Sign.Canonical, Content: draft.Content, Approval: approval})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", draft.Kind, err)
	}
	s.tell("案卷 case: %s %s（%d）", draft.Kind, account.Name, len(f.Steps))
	return f, nil
}
