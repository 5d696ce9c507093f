package registry_test

import (
	"testing"

	"tongzheng/registry"
)

// TestGoldenPlans freezes what the plans, read clause by clause, added: who
// leads an organization, what a grant rests on in law and who is told, what is
// handed over, who signs it and how long the earlier authority advises.
func TestGoldenPlans(t *testing.T) {
	goldenRecord(t, "record-organization-management", &registry.Organization{Code: goldenID.Issuer, Region: "360732", Superiors: []string{"b", "g"},
		Rank: registry.RankDepartment, Management: registry.ManagedBranch, Seat: "s"})
	goldenRecord(t, "record-grant-legal", &registry.Grant{ID: "g", Legal: registry.LegalConcentrated, LegalBasis: "批复", Informed: []string{"i1", "i2"},
		Preparations: []registry.Preparation{{Kind: registry.PreparedList, Document: "清单"}, {Kind: registry.PreparedFeedback}}})
	goldenRecord(t, "record-grant-accepts", &registry.Grant{ID: "g", Acceptor: "a", Accepts: []string{"320707107", "320707108"}})
	h := &registry.Handover{ID: "h", From: []string{"f"}, To: "t", Document: "d", Begins: []string{"g2"}, Archives: registry.ArchivesStay, Signed: 5,
		Items: []registry.HandoverItem{{Kind: registry.ItemOperatingRules, What: "操作规范"}},
		Group: []registry.HandoverSigner{{Organization: "w", Role: registry.SignerStaffing}}, AdviseUntil: 9}
	goldenRecord(t, "record-handover-lists", h)
	golden(t, "handover-terms-lists", []byte("terms"), h.Terms())
}
