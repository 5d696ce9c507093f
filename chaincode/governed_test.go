package chaincode_test

import (
	"testing"
	"time"

	"tongzheng/chaincode/ledgertest"
	"tongzheng/registry"
)

// Nothing is done through governance to a license before there was one: not by a
// regulator, nor by a superior.
func TestGovernedBeforeTheLicense(t *testing.T) {
	s := newStage(t)
	bureau := s.newcomer("360700", ledgertest.MemberCity)
	s.grant("g-seen", s.Xingguo, "360732", func(g *registry.Grant) { g.Regulators = []string{bureau.Code} })
	s.Advance(10 * 24 * time.Hour)
	l := s.NewLicense()
	l.Grant = "g-seen"
	s.enters("issue", l, l.Intent(registry.Issue))
	issued := s.Now
	s.Advance(time.Hour)
	s.enters("a remark", l, l.Intent(registry.Annotate))
	for what, in := range map[string]registry.Intent{"penalty": l.GovernedIntent(bureau, "g-seen", registry.Penalize), "revocation": l.OversightIntent(s.County, registry.Revoke)} {
		in.Decided = issued - 1
		s.wants(what+" dated before the issue", registry.CodeDateOrder, registry.Governance, s.Entry(in))
	}
	in := l.OversightIntent(s.County, registry.Revoke)
	in.Decided = issued
	s.wants("revocation of the same moment, before the remark", "", registry.Governance, s.Entry(in))
}

// Who acts through governance is still there when it is recorded, a superior and a
// regulator alike; a ruling binds whose act it was all the same.
func TestGovernedByWhoIsGone(t *testing.T) {
	s := newStage(t)
	above, bureau := s.newcomer("360732", ledgertest.MemberXingguo), s.newcomer("360700", ledgertest.MemberCity)
	below := s.Xingguo.Organization
	below.Superiors = append([]string{above.Code}, below.Superiors...)
	s.set(&below)
	s.grant("g-seen", s.Xingguo, "360732", func(g *registry.Grant) { g.Regulators = []string{bureau.Code} })
	issued := func() *ledgertest.License {
		l := s.NewLicense()
		l.Grant = "g-seen"
		s.enters("issue", l, l.Intent(registry.Issue))
		return l
	}
	l, m, n := issued(), issued(), issued()
	s.governs("suspension", n, n.GovernedIntent(bureau, "g-seen", registry.Suspend))
	undo := n.GovernedIntent(bureau, "g-seen", registry.Reinstate)
	revoke, penalize := l.OversightIntent(above, registry.Revoke), m.GovernedIntent(bureau, "g-seen", registry.Penalize)
	s.Advance(2 * time.Hour)
	for _, gone := range []registry.Organization{above.Organization, bureau.Organization} {
		gone.Dissolved = s.Now
		s.set(&gone)
	}
	s.wants("a superior that is gone", registry.CodeOrganization, registry.Governance, s.Entry(revoke))
	s.wants("a regulator that is gone", registry.CodeOrganization, registry.Governance, s.Entry(penalize))
	s.Advance(3 * 365 * 24 * time.Hour)
	revoke.Recording = registry.Register
	late := s.Entry(revoke)
	late.Recording = registry.Register
	s.wants("years later", registry.CodeOrganization, registry.Governance, late)
	undo.Recording = registry.Register
	late = s.Entry(undo)
	late.Recording = registry.Register
	s.wants("a ruling on the regulator's own act", "", registry.Governance, late)
}
