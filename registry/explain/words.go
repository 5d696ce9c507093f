package explain

// words are one thing said in both languages.
type words struct{ Chinese, English string }

// labelOf is the label of a field, Type.Field: its own, or that of the field's name
// wherever it stands. Without one the name itself is shown; a test wants none.
func labelOf(name string) words {
	if label, ok := ownLabels[name]; ok {
		return label
	}
	for i := range name {
		if name[i] == '.' {
			if label, ok := labels[name[i+1:]]; ok {
				return label
			}
		}
	}
	return words{name, name}
}

// What a plain string of these fields names.
var (
	namesMatter = map[string]bool{"Grant.Matter": true, "Origin.Matter": true, "Succession.Matter": true, "Tenure.Matter": true, "SealRecord.Matters": true, "TypeRecord.Matters": true}
	namesSeal   = map[string]bool{"Intent.Seal": true, "Exception.Seal": true, "Handover.SealsEnded": true, "Handover.SealsBegun": true}
	namesGrant  = map[string]bool{"Intent.Grant": true, "Intent.Under": true, "Origin.Grant": true, "Examination.Grant": true, "CaseStatement.Grant": true, "CaseStatement.Through": true,
		"HeldPower.Grant": true, "Grant.Rests": true, "Handover.Ends": true, "Handover.Begins": true, "Handover.Lapses": true}
)

// ownLabels are those of fields that mean something else elsewhere.
var ownLabels = map[string]words{
	"Matter.Code": {"事项编码", "Matter code"}, "Organization.Code": {"统一社会信用代码", "Credit code"}, "TypeRecord.Code": {"类型编码", "Type code"},
	"Grant.ID": {"授权编号", "Grant"}, "Handover.ID": {"交接编号", "Handover"}, "SealRecord.ID": {"印章编码", "Seal"}, "ActKey.ID": {"密钥", "Key"},
	"Grant.Batch": {"批次", "Batch"}, "Approval.Batch": {"批量签名", "Batch of intents"},
	"Ruling.By": {"纠正方式", "By"}, "Succession.By": {"依据的交接或撤并", "By handover or dissolution"},
	"Ruling.Document": {"文书号", "Document"}, "CaseStatement.Document": {"告知文书号", "Document by which the applicant was told"},
	"Intent.Effective": {"生效日期", "First day"}, "Grant.Effective": {"生效时间", "Effective"}, "Intent.Expires": {"有效期至", "Last day"},
	"Intent.Decided": {"决定时间", "Decided"}, "Examination.Accepted": {"受理时间", "Accepted"},
	"Handover.From": {"移交方", "Handing over"}, "Handover.To": {"承接方", "Taking over"}, "BlankRange.From": {"起号", "From"}, "BlankRange.To": {"止号", "To"},
	"CountedBlanks.From": {"移交机关", "From"}, "NumberBlock.From": {"起号", "From"}, "NumberBlock.To": {"止号", "To"}, "Ruling.From": {"自何日起", "From the day"},
	"Intent.Holder": {"持证主体标签", "Holder's tag"}, "Intent.Number": {"证照编号标签", "Tag of the license number"}, "Printing.Number": {"印件序号", "Sheet"},
	"Blank.Number": {"空白证照编号", "Number of the blank"}, "CaseStatement.Number": {"步骤序号", "Step"}, "Intent.Content": {"证照内容摘要", "Digest of the content"},
	"CaseStatement.Content": {"附文摘要", "Digest of the text"}, "SealRecord.Digest": {"印章文件摘要", "Digest of the seal"}, "TypeRecord.Digest": {"类型目录摘要", "Digest of the catalog entry"},
	"Printing.List": {"状态列表", "Status list"}, "Grant.List": {"赋权清单", "List"}, "Instance.Lists": {"状态列表", "Status lists"}, "Publication.Lists": {"列表数", "Lists"},
	"Policy.Type": {"证照类型", "License type"}, "Rules.Version": {"规则版本", "Rules version"}, "Policy.Version": {"版本类办理须签", "Signatures for versions"},
	"TypeRecord.Version": {"类型版本", "Version"}, "Policy.Paper": {"纸质类办理须签", "Signatures for paper"}, "HandoverSignature.Paper": {"纸质签署页摘要", "Digest of the page signed on paper"},
	"Policy.State": {"状态类办理须签", "Signatures for states"}, "Policy.Record": {"记录类办理须签", "Signatures for records"}, "SealEvent.State": {"印章状态", "State"}, "SealEvent.By": {"代为停用或恢复的机关", "Ordered in the owner's place by"},
	"Intent.Seal": {"用印", "Seal"}, "TypeRecord.Seal": {"用印种类", "Kind of seal"}, "Foreign.Seal": {"原签章摘要", "Digest of its own seal"}, "Exception.Seal": {"例外使用的印章", "Seal"},
	"Organization.FullName": {"名称", "Name"}, "Matter.FullName": {"事项名称", "Name"}, "SealRecord.FullName": {"印章名称", "Name"},
	"Handover.Cases": {"在办事项", "Cases in flight"}, "Grant.Cases": {"继续办理的在办事项", "Cases that go on"}, "Grant.Source": {"原行使机关", "From whom the power came"},
	"TypeRecord.Source": {"来源", "Source"}, "Approver.Public": {"公钥", "Public key"}, "ActKey.Public": {"公钥", "Public key"}, "Service.Public": {"公众网址", "Public address"},
	"Handover.Signed": {"签署时间", "Signed"}, "Approval.Signed": {"通行密钥断言", "Assertion"}, "Instance.Issuer": {"发证机关", "Issuer"},
	"Ruling.Ends": {"停止执行终了", "The stay ends"}, "Ruling.Of": {"所纠正的办理", "Of the act"}, "CountedBlanks.Of": {"号段", "Range"}, "Spent.Of": {"号段", "Range"}, "Tenure.Powers": {"在行授权", "Grants in force"},
	"Intent.Refers": {"所指印件", "Sheet"}, "Closing.As": {"换发方式", "As"}, "CaseStatement.Result": {"审查结论", "Result"}, "Preparation.Document": {"文件", "Document"},
	"Opinion.Opinion": {"意见摘要", "Digest of the opinion"}, "Examination.Opinions": {"部门意见", "Opinions"}, "Service.Sign": {"签署网址", "Signing origin"}, "Service.Exchange": {"成员间交换网址", "Exchange address"}, "Service.ExchangeKey": {"交换密钥摘要", "Digest of the exchange key"},
	"Service.Library": {"证照归集库主管机关", "Keeps the license library"}, "Service.Deputy": {"状态列表代为公布", "Publishes the status lists beside it"}, "Deputy.Key": {"代为公布的密钥", "Key of the deputy"},
	"Service.Home": {"纸面网址", "Address on paper"}, "Service.Anchors": {"信任锚摘要", "Digest of the trust anchors"}, "Service.KeyList": {"密钥列表摘要", "Digest of the key list"}, "Service.KeyNumber": {"密钥列表号", "Number of the key list"},
	"CaseItem.Due": {"补交期限", "Due"}, "Examination.Due": {"审查期限", "Due"}, "CaseStatement.Due": {"答复期限", "Due"},
}

// labels are those of fields by name.
var labels = map[string]words{
	"Acceptor": {"受理机关", "Accepts"}, "Accepts": {"代收区域", "Takes in for"}, "Access": {"系统权限", "Access"}, "Act": {"办理事项", "Act"}, "ActKeys": {"机关密钥", "Act keys"},
	"Acts": {"单项办理须签", "Signatures for single acts"}, "AdviseUntil": {"指导期至", "Advises until"}, "Agreed": {"协议签署时间", "Agreed"}, "Agreement": {"承接协议", "Agreement"},
	"Algorithm": {"算法", "Algorithm"}, "Archives": {"档案", "Archives"}, "At": {"时间", "At"}, "Author": {"原作出机关", "Author"}, "Bars": {"禁业年限", "Bars (years)"}, "Basis": {"依据", "Basis"},
	"Begins": {"承接授权", "Begins"}, "Begun": {"起始交接", "Begun by handover"}, "Blank": {"空白证照", "Blank"}, "Blanks": {"移交空白证照", "Blanks counted over"}, "Body": {"作出机关", "Body"},
	"Case": {"案号", "Case"}, "Channel": {"收件渠道", "Channel"}, "City": {"市级机关", "City"}, "Closes": {"同时关闭的证照", "Closes"}, "Collected": {"归集来源", "Collected from"},
	"Commitment": {"告知承诺书摘要", "Digest of the commitment"}, "Confirmed": {"用印确认时间", "Seal confirmed"}, "ConfirmedBy": {"用印确认人", "Confirmed by"}, "Copy": {"证照形式", "Copy"},
	"Count": {"份数", "Count"}, "Days": {"天数", "Days"}, "Decider": {"决定机关", "Decides"}, "Decision": {"决定文号", "Decision"}, "Defers": {"准许延期换发", "Defers"},
	"Dissolved": {"撤并时间", "Dissolved"}, "Document": {"依据文件", "Document"}, "Doers": {"可作出机关", "Who may"}, "Earlier": {"此前承继", "Earlier succession"}, "End": {"终止时间", "End"},
	"EndBasis": {"终止依据", "Basis of the end"}, "Ended": {"终止交接", "Ended by handover"}, "Ends": {"终止", "Ends"}, "Evidence": {"案卷凭据摘要", "Evidence"}, "Examined": {"审查时间", "Examined"},
	"Examiner": {"审查机关", "Examines"}, "Exceptions": {"用印例外", "Exceptions"}, "Form": {"样式", "Form"}, "Forms": {"空白证照样式", "Forms"}, "Founder": {"创始密钥", "Founder's key"}, "From": {"自", "From"},
	"GenesisUntil": {"创世期至", "Genesis until"}, "Grant": {"职权依据", "Grant"}, "Ground": {"理由", "Ground"}, "Grounds": {"允许理由", "Grounds"}, "Group": {"交接工作组", "Handover group"},
	"Handling": {"经办中心", "Handling center"}, "Handover": {"须经交接", "By handover"}, "Head": {"末次登记摘要", "Head"}, "Height": {"区块高度", "Height"}, "History": {"印章沿革", "History"}, "How": {"处置", "How"},
	"Identifier": {"电子证照标识", "Identifier"}, "Index": {"列表位置", "Place in the list"}, "Informed": {"告知单位", "Informed"}, "Invited": {"受邀机关", "Invited"}, "Issue": {"新证办件摘要", "Issue"},
	"Issuer": {"发证机关", "Issuer"}, "Items": {"清单", "Items"}, "Key": {"签署密钥", "Key"}, "KeyID": {"密钥", "Key"}, "Kind": {"类别", "Kind"}, "Lapses": {"中止的委托", "Lapses"}, "Lead": {"提前天数", "Lead time"},
	"LeadUnit": {"天数单位", "Unit of the lead time"}, "Legal": {"法定形式", "Legal kind"}, "LegalBasis": {"法律依据", "Legal basis"}, "Management": {"管理体制", "Management"}, "Matter": {"事项", "Matter"},
	"Matters": {"事项", "Matters"}, "MaxBackdate": {"登记期限", "Longest time to recording"}, "Member": {"账本成员", "Member"}, "MemberAct": {"成员账本中的办理序号", "Act in the member's chain"}, "Members": {"全部成员", "Members"},
	"Mode": {"赋权方式", "Mode"}, "Modes": {"各赋权方式须签", "Signatures by mode"}, "Most": {"份数上限", "At most"}, "Name": {"名称", "Name"}, "Numbers": {"编号号段", "Number blocks"}, "Of": {"所指", "Of"},
	"Off": {"放假日", "Days off"}, "On": {"调休上班日", "Working days"}, "Open": {"移交在效证照数", "Licenses in force"}, "Operating": {"启用运行时间", "Start of operation"}, "Operator": {"运行机构", "Operator"},
	"Organization": {"机关", "Organization"}, "Origin": {"关联链", "Origin"}, "Origins": {"签名网址", "Origins"}, "Owner": {"印章所有机关", "Owner"}, "Path": {"路径", "Path"}, "Person": {"人员代号", "Person"},
	"Place": {"属地", "Place"}, "Predecessors": {"原机关", "Predecessors"}, "Prefix": {"流水号前缀", "Serial prefix"}, "Preparations": {"承接准备", "Preparations"}, "Previous": {"前次登记摘要", "Previous"},
	"Principle": {"“原则上”允许例外", "Exceptions in principle"}, "Printings": {"印件", "Sheet"}, "Procedure": {"不计时程序", "Procedure"}, "Publication": {"公告文号", "Publication"}, "Published": {"公告时间", "Published"},
	"Purpose": {"邀请目的", "Purpose"}, "Ranges": {"号段", "Ranges"}, "Rank": {"机关层级", "Rank"}, "RecallBy": {"收回决定机关", "Recalled by"}, "Received": {"收件时间", "Received"}, "Recording": {"登记方式", "Recording"},
	"Region": {"区域", "Region"}, "Registry": {"使用该前缀的登记系统", "Registry that counts by it"}, "Regulators": {"监管机关", "Regulators"}, "RelyingParty": {"通行密钥域名", "Relying party"}, "Rests": {"所依授权", "Rests on"}, "Result": {"结论", "Result"}, "Role": {"身份", "Role"},
	"Roles": {"岗位", "Roles"}, "Root": {"列表根摘要", "Root"}, "Ruling": {"裁决或纠正", "Ruling"}, "Run": {"印次", "Print run"}, "SealAsked": {"申请用印时间", "Seal asked"}, "SealKind": {"印章种类", "Kind of seal"},
	"SealsBegun": {"启用印章", "Seals begun"}, "SealsEnded": {"停用印章", "Seals ended"}, "Seat": {"驻地", "Seat"}, "Sequence": {"办理序号", "Sequence"}, "Side": {"签署方", "Side"}, "Signature": {"签名", "Signature"},
	"Signatures": {"签署", "Signatures"}, "Simulated": {"模拟时钟（测试）", "Simulated clock"}, "Since": {"自", "Since"}, "Spent": {"已耗用空白", "Blanks that are gone"}, "Start": {"启用运行时间", "Start of operation"},
	"State": {"状态", "State"}, "Succeeds": {"承继", "Succeeds"}, "Successor": {"承继机关", "Successor"}, "Superiors": {"上级机关", "Superiors"}, "Superseded": {"停止适用时间", "Superseded"}, "System": {"系统", "System"},
	"TagKey": {"标签密钥摘要", "Digest of the tag key"}, "Territory": {"行使区域", "Territory"}, "Through": {"代收所依授权", "Through"}, "Time": {"时间", "Time"}, "To": {"至", "To"}, "Type": {"证照类型", "License type"},
	"TypeVersion": {"类型版本", "Type version"}, "Under": {"作出时所依授权", "Under"}, "Undoes": {"所撤的办理序号", "Undoes act"}, "Unit": {"天数单位", "Unit"}, "Until": {"至", "Until"}, "UpTo": {"截至办理序号", "Up to act"},
	"What": {"内容", "What"}, "Year": {"年度", "Year"}, "Opinions": {"意见", "Opinions"},
}
