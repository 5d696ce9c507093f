package demo

import (
	"context"

	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
)

// examine records, for a sample under a review grant, what the county did
// before the city decides: it examined and forwarded the case and asked for the
// seal, and the city confirmed. Other modes have no such record.
func (s *seeder) examine(ctx context.Context, sample plan.License, grant plan.Grant) error {
	if grant.Mode != registry.ModeReview {
		return nil
	}
	if done, _, err := s.app.View.Record(registry.KindExamination, registry.ExaminationName(grant.ID, sample.Case)); err != nil || done != nil {
		return err
	}
	county, _ := s.plan.Organization(grant.Examiner)
	city, _ := s.plan.Organization(grant.Decider)
	examiner, err := s.signer(registry.RoleExaminer, grant.Examiner)
	if err != nil {
		return err
	}
	keeper, err := s.signer(registry.RoleApprover, grant.Decider)
	if err != nil {
		return err
	}
	now := s.app.Config.Clock()
	due, _ := registry.Calendars(nil).Add(registry.DateOf(now), 20) // 行政许可法43条
	x := registry.Examination{Grant: grant.ID, Case: sample.Case, Organization: county.Code, Accepted: now.Unix(), Due: due,
		Result: registry.Forward, Examined: now.Unix(), Key: examiner, SealAsked: now.Unix()}
	confirmed := x
	confirmed.Confirmed, confirmed.ConfirmedBy = now.Unix(), keeper
	for _, step := range []office.OrderDraft{{Organization: county.Code, Record: &x, Basis: "演示审核"}, {Organization: city.Code, Record: &confirmed, Basis: "演示用印确认"}} {
		if err := s.app.Office.Governing.Govern(ctx, registry.Operator("demonstration"), []office.OrderDraft{step}); err != nil {
			return err
		}
	}
	return nil
}

// signer is the key of an organization's demonstration account with a role.
func (s *seeder) signer(role registry.Role, organization string) (sm.KeyID, error) {
	account, err := s.holder(role, []string{organization}, nil)
	if err != nil {
		return "", err
	}
	key, err := person.Key(s.path(account.KeyFile))
	if err != nil {
		return "", err
	}
	approval, err := person.Approve(key, sm.Digest{})
	return approval.KeyID, err
}
