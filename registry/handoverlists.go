package registry

import "slices"

// HandoverItem is one thing handed over, as the parties list it.
type HandoverItem struct {
	Kind ItemKind `cbor:"1,keyasint" json:"kind"`
	What string   `cbor:"2,keyasint" json:"what"` // title, number, count; no names of persons
}

// ItemKind is a kind of thing that is handed over with a power. The first eight
// are those of the Jiangning plan (2020), the next three those of the Alxa plan
// (2021).
type ItemKind string

const (
	ItemOperatingRules ItemKind = "operating-rules" // 操作规范
	ItemLegalBasis     ItemKind = "legal-basis"     // 法律依据
	ItemInternalRules  ItemKind = "internal-rules"  // 规章制度
	ItemForms          ItemKind = "forms"           // 文本表格
	ItemWorkflow       ItemKind = "workflow"        // 操作流程
	ItemBlanks         ItemKind = "blanks"          // 空白证书证照; numbered ones are counted in Handover.Blanks
	ItemPlatform       ItemKind = "platform"        // 操作平台授权
	ItemTraining       ItemKind = "training"        // 操作平台等培训
	ItemDocuments      ItemKind = "documents"       // 文件资料
	ItemCertificates   ItemKind = "certificates"    // 证照文书
	ItemArchives       ItemKind = "archives"        // 档案资料
	ItemOther          ItemKind = "other"           // 其他
)

// ItemKinds lists the kinds; the API enum is compared with it.
func ItemKinds() []ItemKind {
	return []ItemKind{ItemOperatingRules, ItemLegalBasis, ItemInternalRules, ItemForms, ItemWorkflow, ItemBlanks, ItemPlatform, ItemTraining,
		ItemDocuments, ItemCertificates, ItemArchives, ItemOther}
}

// HandoverSigner is a member of the handover group (交接工作组): it signs as
// witness, in the capacity that the plan gives it.
type HandoverSigner struct {
	Organization string     `cbor:"1,keyasint" json:"organization"` // credit code
	Role         SignerRole `cbor:"2,keyasint" json:"role"`
}

// SignerRole is in what capacity a member of the handover group signs.
type SignerRole string

const (
	SignerStaffing SignerRole = "staffing" // 编办
	SignerJustice  SignerRole = "justice"  // 司法局
	SignerApproval SignerRole = "approval" // 行政审批局
	SignerOther    SignerRole = "other"
)

// SignerRoles lists the capacities; the API enum is compared with it.
func SignerRoles() []SignerRole {
	return []SignerRole{SignerStaffing, SignerJustice, SignerApproval, SignerOther}
}

// itemMost is the length of one item's text in characters.
const itemMost = 300

// checkLists tells whether the lists are well formed, and whether every member
// of the group is among those who signed, by side and credit code.
func (h *Handover) checkLists(signed map[string]bool) error {
	for _, item := range h.Items {
		if !slices.Contains(ItemKinds(), item.Kind) || item.What == "" {
			return recordError("items", "item %q: a kind among %v, and what was handed over", item.Kind, ItemKinds())
		}
		if err := CheckText("items", item.What, itemMost); err != nil {
			return err
		}
	}
	members := map[string]bool{}
	for _, s := range h.Group {
		switch {
		case len(s.Organization) != 18 || !slices.Contains(SignerRoles(), s.Role):
			return recordError("group", "a member of the handover group has its credit code and a role among %v", SignerRoles())
		case members[s.Organization] || s.Organization == h.To || slices.Contains(h.From, s.Organization):
			return recordError("group", "%s stands twice: the group signs beside the parties", s.Organization)
		case !signed[string(SideWitness)+s.Organization]:
			return recordError("signatures", "%s of the handover group has not signed", s.Organization)
		}
		members[s.Organization] = true
	}
	return nil
}

// Advises tells whether an organization that handed over advises the new
// authority at an instant: from the start of operation to the end of the
// transition (业务衔接过渡期). To advise is to explain and to train. It gives no
// power: what the handover ended stays ended.
func (h *Handover) Advises(organization string, at int64) bool {
	return slices.Contains(h.From, organization) && h.Start != 0 && h.Start <= at && at < h.AdviseUntil
}
