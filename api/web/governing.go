package web

import (
	"tongzheng/registry"
	"tongzheng/registry/explain"
	"tongzheng/registry/office"
)

// Signing is the way to the signing page for what a page shows; nil when the account
// has no passkey.
type Signing struct {
	Post   string // form that leads there
	Hidden []Pair // its fields, name and value
}

// Orders is the list of order sheets.
type Orders struct{ Sheets []*office.OrderSheet }

// Order is one order sheet.
type Order struct {
	Sheet   *office.OrderSheet
	Lines   []OrderLine
	Asked   int
	Sign    *Signing
	Refusal *Pair
}

// OrderLine is one order: the record that it sets, and the one that the ledger
// has now (empty: none, or the same).
type OrderLine struct {
	Kind                      Pair
	Name, Organization, Basis string
	New                       bool           // the ledger has no such record
	Lines                     []explain.Line // field by field, beside the record that the ledger has
}

var recordWords = map[registry.RecordKind]Pair{
	registry.KindRules: {"账本规则", "Rules"}, registry.KindOrganization: {"机关", "Organization"}, registry.KindMatter: {"事项", "Matter"},
	registry.KindType: {"证照类型", "License type"}, registry.KindGrant: {"赋权", "Grant"}, registry.KindSeal: {"印章", "Seal"},
	registry.KindStock: {"空白证照", "Stock"}, registry.KindApprover: {"审批人密钥", "Approver key"}, registry.KindPolicy: {"审批规则", "Control policy"},
	registry.KindInstance: {"流水号与状态列表", "Instance"}, registry.KindHandover: {"移交", "Handover"}, registry.KindExamination: {"审查", "Examination"},
	registry.KindCalendar: {"工作日历", "Calendar"}, registry.KindPublication: {"状态列表公布", "Publication"}, registry.KindService: {"对外服务", "Service"},
	registry.KindSuccession: {"职权承继", "Succession"}, registry.KindTenure: {"在行职权", "Tenure"},
}

// RecordName is a record kind's name in both languages.
func RecordName(kind registry.RecordKind) Pair { return recordWords[kind] }

var sheetWords = map[office.SheetStep]Pair{
	office.SheetOpen: {"待签署", "open"}, office.SheetSet: {"已上链", "set"}, office.SheetRefused: {"被拒绝", "refused"}, office.SheetDropped: {"已放弃", "dropped"},
}
