package explain

import (
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// recordKinds are the names of kinds of records.
var recordKinds = map[registry.RecordKind]words{
	registry.KindRules: {"账本规则", "Rules"}, registry.KindOrganization: {"机关", "Organization"}, registry.KindMatter: {"事项", "Matter"},
	registry.KindType: {"证照类型", "License type"}, registry.KindGrant: {"赋权", "Grant"}, registry.KindSeal: {"印章", "Seal"},
	registry.KindStock: {"空白证照", "Stock"}, registry.KindApprover: {"审批人密钥", "Approver key"}, registry.KindPolicy: {"审批规则", "Control policy"},
	registry.KindInstance: {"流水号与状态列表", "Instance"}, registry.KindHandover: {"移交", "Handover"}, registry.KindExamination: {"审查", "Examination"},
	registry.KindCalendar: {"工作日历", "Calendar"}, registry.KindPublication: {"状态列表公布", "Publication"}, registry.KindService: {"对外服务", "Service"},
	registry.KindSuccession: {"职权承继", "Succession"}, registry.KindTenure: {"在行职权", "Tenure"},
}

// Kind names a kind of record in both languages.
func Kind(kind registry.RecordKind) (chinese, english string) {
	w := recordKinds[kind]
	return w.Chinese, w.English
}

// Key names the person, organization and roles of an approver's key.
func (e *Explainer) Key(id sm.KeyID) string { return e.keyID(id) }
