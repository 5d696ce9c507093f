package registry

// Code is a stable error or refusal code: part of the API, of contract results
// and of the audit trail. See codeTable for kind and words.
type Code string

const (
	CodeInternal        Code = "internal"
	CodeUnavailable     Code = "unavailable"
	CodeTimeout         Code = "timeout"
	CodeNotFound        Code = "not-found"
	CodeUnauthenticated Code = "unauthenticated"
	CodeForbidden       Code = "forbidden"
	CodeTooLarge        Code = "too-large"
	CodeMalformed       Code = "malformed"
	CodeUnknownField    Code = "unknown-field"
	CodeMissing         Code = "missing"
	CodeRateLimited     Code = "rate-limited"

	CodeDateForm        Code = "date-form"
	CodeDateOrder       Code = "date-order"
	CodeIdentifierForm  Code = "identifier-form"
	CodeIdentifierCheck Code = "identifier-check"
	CodeUSCCForm        Code = "uscc-form"
	CodeUSCCCheck       Code = "uscc-check"
	CodeCitizenID       Code = "citizen-id"
	CodeHolderType      Code = "holder-type"
	CodeHolderCode      Code = "holder-code"
	CodeFieldUnknown    Code = "license-field-unknown"
	CodeFieldMissing    Code = "license-field-missing"
	CodeFieldForm       Code = "license-field-form"
	CodeNumberForm      Code = "number-form"
	CodeNumberRange     Code = "number-range"
	CodeNumberBlock     Code = "number-block"
	CodeNumberUsed      Code = "number-used"
	CodeGlyph           Code = "glyph-missing"
	CodeGlyphOther      Code = "glyph-other"
	CodeNotDrawn        Code = "not-drawn"
	CodeNoCode          Code = "no-code"

	CodeIdempotencyMismatch Code = "idempotency-mismatch"
	CodeIdempotencyMissing  Code = "idempotency-key-missing"
	CodeActInProgress       Code = "act-in-progress"
	CodeProposalExpired     Code = "proposal-expired"
	CodeDecisionUsed        Code = "decision-number-used"
	CodeCaseUsed            Code = "case-used"
	CodeStale               Code = "stale"

	CodeActUnknown      Code = "act-unknown"
	CodeActNotAllowed   Code = "act-not-allowed"
	CodeActState        Code = "act-state"
	CodeGround          Code = "ground-not-allowed"
	CodeBarred          Code = "holder-barred"
	CodeListed          Code = "holder-listed"
	CodeTypeUnknown     Code = "type-unknown"
	CodeTypeSource      Code = "type-collected"
	CodeTypeSuperseded  Code = "type-superseded"
	CodeOrganization    Code = "organization-unknown"
	CodeGrant           Code = "grant-unknown"
	CodeGrantPeriod     Code = "grant-not-in-force"
	CodeGrantMode       Code = "grant-mode"
	CodeGrantTerritory  Code = "grant-territory"
	CodeGrantMatter     Code = "grant-matter"
	CodeNotResponsible  Code = "not-responsible"
	CodeReplaced        Code = "replaced"
	CodeCorrection      Code = "correction"
	CodeAlteration      Code = "alteration"
	CodeContent         Code = "content-mismatch"
	CodeTag             Code = "tag-mismatch"
	CodeAgreement       Code = "agreement-missing"
	CodeExamination     Code = "examination-missing"
	CodeHandover        Code = "handover-missing"
	CodeSealUnknown     Code = "seal-unknown"
	CodeSealState       Code = "seal-not-in-use"
	CodeSealScope       Code = "seal-scope"
	CodeBlankStock      Code = "blank-not-in-stock"
	CodeBlankUsed       Code = "blank-used"
	CodeBlankForm       Code = "blank-form"
	CodePrinting        Code = "printing-unknown"
	CodePrintingState   Code = "printing-state"
	CodeListRange       Code = "status-list-range"
	CodeSerialPrefix    Code = "serial-prefix"
	CodeSequencePast    Code = "past"
	CodeSequenceGap     Code = "sequence-gap"
	CodePreviousHead    Code = "previous-mismatch"
	CodeSequenceTaken   Code = "sequence-taken"
	CodeBackdated       Code = "backdated"
	CodeFuture          Code = "decided-in-future"
	CodePast            Code = "in-the-past"
	CodeAuthorship      Code = "author-signature"
	CodeActKey          Code = "act-key-elsewhere"
	CodeNamespace       Code = "namespace"
	CodeEntryForm       Code = "entry-form"
	CodeOrderNotAllowed Code = "order-not-allowed"
	CodeGenesis         Code = "genesis-over"
	CodeClock           Code = "clock-apart"
	CodeRules           Code = "rules-version"
	CodeLedgerConflict  Code = "ledger-conflict"
	CodeReceipt         Code = "receipt"
	CodeLedgerDamaged   Code = "ledger-damaged"

	CodeApprovalUnknown   Code = "approver-unknown"
	CodeApprovalSignature Code = "approval-signature"
	CodeApprovalRole      Code = "approval-role"
	CodeApprovalMissing   Code = "approval-missing"
	CodeApprovalTwice     Code = "approval-twice"
	CodeApprovalOther     Code = "approval-other"

	CodeNotYet   Code = "not-yet"
	CodeProtocol Code = "exchange-version"

	CodeReviewNumber Code = "review-number-used"
	CodeNoStatement  Code = "no-statement"
)

// codeInfo is what surfaces need to know of a code.
type codeInfo struct {
	kind    Kind
	chinese string
	english string
}

var codeTable = map[Code]codeInfo{
	CodeInternal:        {KindInternal, "系统内部错误，已记录", "internal error, recorded"},
	CodeUnavailable:     {KindUnavailable, "暂时无法办理，请稍后再试", "cannot be done now, try again later"},
	CodeTimeout:         {KindUnavailable, "等待超时，结果未知，请用同一幂等键重试", "timed out, outcome unknown: repeat with the same Idempotency-Key"},
	CodeNotFound:        {KindNotFound, "查无此项", "no such thing"},
	CodeUnauthenticated: {KindForbidden, "未登录或凭据无效", "not signed in, or credential not valid"},
	CodeForbidden:       {KindForbidden, "无权办理", "not allowed for this account"},
	CodeTooLarge:        {KindTooLarge, "内容超过限制", "over the size limit"},
	CodeMalformed:       {KindInvalid, "格式错误", "cannot be read"},
	CodeUnknownField:    {KindInvalid, "含有未知字段", "has an unknown field"},
	CodeMissing:         {KindInvalid, "缺少必填项", "a required value is missing"},
	CodeRateLimited:     {KindUnavailable, "访问过于频繁，请稍后再试", "too many requests, slow down"},

	CodeDateForm:        {KindInvalid, "日期格式错误", "date form"},
	CodeDateOrder:       {KindInvalid, "日期先后颠倒", "dates in the wrong order"},
	CodeIdentifierForm:  {KindInvalid, "电子证照标识格式错误", "identifier form"},
	CodeIdentifierCheck: {KindInvalid, "电子证照标识校验位错误", "identifier check character wrong"},
	CodeUSCCForm:        {KindInvalid, "统一社会信用代码格式错误", "credit code form"},
	CodeUSCCCheck:       {KindInvalid, "统一社会信用代码校验位错误", "credit code check character wrong"},
	CodeCitizenID:       {KindInvalid, "公民身份号码错误", "identity number wrong"},
	CodeHolderType:      {KindInvalid, "持证主体代码类型未知", "holder code type unknown"},
	CodeHolderCode:      {KindInvalid, "持证主体代码错误", "holder code wrong"},
	CodeFieldUnknown:    {KindInvalid, "该证照类型没有此字段", "the license type has no such field"},
	CodeFieldMissing:    {KindInvalid, "缺少该证照类型的必填字段", "a field the license type requires is missing"},
	CodeFieldForm:       {KindInvalid, "字段内容不符合要求", "field value not allowed"},
	CodeNumberForm:      {KindInvalid, "证照编号不符合编号规则", "license number against the number rule"},
	CodeNumberRange:     {KindInvalid, "证照编号不属于本机关的区划或号段", "license number outside the issuer's region and number blocks"},
	CodeNumberBlock:     {KindConflict, "号段已属于其他登记机构", "number block of another instance"},
	CodeNumberUsed:      {KindConflict, "证照编号已被另一证照使用", "license number already used by another license"},
	CodeGlyph:           {KindInvalid, "字库无法印出某个字符", "a character that no font here can print"},
	CodeGlyphOther:      {KindInvalid, "所绘字形与文字编码不符", "a glyph that is not that of its character"},
	CodeNotDrawn:        {KindInvalid, "文件中有此处不能绘出的内容，请用 OFD 阅读器查看", "something in the file is not drawn here: open it in an OFD reader"},
	CodeNoCode:          {KindInvalid, "没有找到证照二维码", "no code of a license was found"},

	CodeIdempotencyMismatch: {KindInvalid, "同一幂等键的请求内容不同", "the same Idempotency-Key came with another body"},
	CodeIdempotencyMissing:  {KindInvalid, "缺少 Idempotency-Key", "Idempotency-Key is required"},
	CodeActInProgress:       {KindConflict, "该证照有未上链的办理事项", "another act on this license is not yet anchored"},
	CodeProposalExpired:     {KindConflict, "逾期未签批，该办理事项已自动终止", "not approved in time: the proposal ended by itself"},
	CodeDecisionUsed:        {KindConflict, "决定书文号已使用", "decision number already used for this act"},
	CodeCaseUsed:            {KindConflict, "受理文号已使用", "case already used for this act"},
	CodeNoStatement:         {KindConflict, "此项核验结果不能出具核验回执", "no statement is made of this answer"},
	CodeStale:               {KindConflict, "数据已变化，请刷新后重试", "the record changed meanwhile: read it again"},

	CodeActUnknown:      {KindInvalid, "未知的办理行为", "unknown act"},
	CodeActNotAllowed:   {KindForbidden, "该机关不能办理此行为", "this organization may not do this act"},
	CodeActState:        {KindConflict, "当前状态下不能办理此行为", "the license's state does not allow this act"},
	CodeGround:          {KindInvalid, "该证照类型不允许此依据", "ground not in the type's catalog for this act"},
	CodeBarred:          {KindConflict, "该持证主体在禁止申请期内", "the holder may not be granted this license again yet"},
	CodeListed:          {KindConflict, "该持证主体在监管名单内", "the holder is on an authority's list"},
	CodeTypeUnknown:     {KindInvalid, "证照类型未登记", "license type not in the catalog"},
	CodeTypeSource:      {KindConflict, "该类证照由上级系统制发，只能归集", "licenses of this type are made by another system: they are collected"},
	CodeTypeSuperseded:  {KindConflict, "该版本的证照类型已停用，请按新版本办理", "this version of the license type makes no new versions any more: use the newer one"},
	CodeOrganization:    {KindInvalid, "机关未登记", "organization not registered"},
	CodeGrant:           {KindInvalid, "赋权记录不存在", "no such grant"},
	CodeGrantPeriod:     {KindConflict, "赋权不在有效期内", "grant not in force at that time"},
	CodeGrantMode:       {KindForbidden, "赋权方式不允许该机关作出决定", "the grant's mode gives the decision to another authority"},
	CodeGrantTerritory:  {KindForbidden, "超出赋权地域", "outside the grant's territory"},
	CodeGrantMatter:     {KindInvalid, "赋权事项与证照类型不符", "the grant's matter does not lead to this license type"},
	CodeNotResponsible:  {KindForbidden, "该证照由其他机关负责", "the license is in another authority's hands"},
	CodeCorrection:      {KindConflict, "更正只能改正笔误，不能改变持证主体代码、证照编号、有效期或审查决定的内容；其中的笔误按变更（更正笔误）办理", "a correction mends slips: never holder's code, number, term, or what examination decided; a slip in those is a change"},
	CodeAlteration:      {KindConflict, "补发不得改变证照内容，降级只改变审查决定的内容；其他改变按变更办理", "a reissue alters nothing that the license says, a downgrade only what examination decided; else it is a change"},
	CodeContent:         {KindConflict, "送签的内容、密值或文书与批准或存证的摘要不符", "fields, secret or document are not those that were approved or stand on the ledger"},
	CodeTag:             {KindConflict, "标签与证照内容不符", "a tag is not of what the license says"},
	CodeReplaced:        {KindConflict, "该证照已由承继机关换发，不能再次换发", "a successor has replaced this license already: a license is replaced once"},
	CodeAgreement:       {KindConflict, "承接协议尚未签订备案", "the agreement that activates this grant is not recorded"},
	CodeExamination:     {KindConflict, "尚无县级审核上报及用印确认记录", "no examination that was forwarded with its seal request confirmed"},
	CodeHandover:        {KindConflict, "尚无签字的交接记录", "no signed handover says so"},
	CodeSealUnknown:     {KindInvalid, "印章未备案", "seal not on file"},
	CodeSealState:       {KindConflict, "印章不在使用状态", "seal not in use at that time"},
	CodeSealScope:       {KindForbidden, "印章不能用于该事项或该机关", "seal not for this matter or organization"},
	CodeBlankStock:      {KindInvalid, "空白证照不在本单位库存", "blank not in this organization's stock"},
	CodeBlankUsed:       {KindConflict, "空白证照已使用", "blank already used"},
	CodeBlankForm:       {KindInvalid, "空白证照编号格式错误", "blank number form"},
	CodePrinting:        {KindInvalid, "没有这一份印件", "no such printing"},
	CodePrintingState:   {KindConflict, "该印件当前状态不允许此行为", "the printing's state does not allow this"},
	CodeListRange:       {KindInvalid, "状态列表序号不在分配范围", "status list index outside the assigned range"},
	CodeSerialPrefix:    {KindInvalid, "流水号前缀未分配给本机构", "serial prefix not assigned to this issuer and instance"},
	CodeSequencePast:    {KindConflict, "该记录已是历史", "an older act of the license"},
	CodeSequenceGap:     {KindConflict, "前序记录尚未上链", "an earlier act is missing on the ledger"},
	CodePreviousHead:    {KindConflict, "与账本上的前序记录不符", "does not follow the ledger's last entry"},
	CodeSequenceTaken:   {KindConflict, "该序号已被另一记录占用", "another entry already has this sequence"},
	CodeBackdated:       {KindConflict, "决定时间过早，超过允许的登记期限", "decided too long before recording"},
	CodePast:            {KindConflict, "不得溯及既往：所定时间已过，已记载的不改", "reaches into the past: what has been recorded stays"},
	CodeFuture:          {KindInvalid, "决定时间晚于登记时间", "decided after it is recorded"},
	CodeAuthorship:      {KindForbidden, "机关行为签名无效", "the organization's act-key signature does not hold"},
	CodeActKey:          {KindConflict, "该机关的行为密钥不在本登记机构的签署服务内：请在其所属成员的登记机构办理", "the organization's act key is not in this registry's signer: act at its own member's registry"},
	CodeNamespace:       {KindForbidden, "不属于该成员的账本区", "belongs to another member's namespace"},
	CodeEntryForm:       {KindInvalid, "账本条目格式错误", "entry form"},
	CodeOrderNotAllowed: {KindForbidden, "该机关无权作出此治理行为", "this organization may not give this order"},
	CodeGenesis:         {KindConflict, "创世期已结束", "genesis is over"},
	CodeClock:           {KindConflict, "时钟相差过大", "clocks are too far apart"},
	CodeRules:           {KindConflict, "规则版本不符", "rules version not active"},
	CodeLedgerConflict:  {KindConflict, "账本并发冲突，未提交", "ledger conflict: not committed"},
	CodeReceipt:         {KindInvalid, "上链回执不成立", "the receipt does not hold"},
	CodeLedgerDamaged:   {KindInternal, "账本文件被改动或损坏", "the ledger's file was altered or damaged"},

	CodeNotYet:   {KindConflict, "账本上已有此版本，登记资料尚未就绪", "the ledger has the version, its record is not at hand yet"},
	CodeProtocol: {KindInvalid, "双方没有共同的交换协议版本", "no version of the exchange protocol that both sides speak"},

	CodeApprovalUnknown:   {KindForbidden, "审批人密钥未登记或已失效", "approver key not enrolled or no longer valid"},
	CodeApprovalSignature: {KindForbidden, "审批签名无效", "approval signature does not hold"},
	CodeReviewNumber:      {KindConflict, "本机关已有同号案卷，请换号或打开原案卷", "this organization has a review file of this number: take another, or open that one"},
	CodeApprovalOther:     {KindForbidden, "签名须由密钥本人以本人账号提交", "a signature is handed in by the person whose key it is, with an account of their own"},
	CodeApprovalRole:      {KindForbidden, "审批人岗位不符", "the key's role is not asked for"},
	CodeApprovalMissing:   {KindConflict, "审批签名不足", "approvals are missing"},
	CodeApprovalTwice:     {KindConflict, "同一人不能两次签署", "one person cannot sign twice"},
}

// Kind says what sort of failure the code is.
func (c Code) Kind() Kind {
	if info, ok := codeTable[c]; ok {
		return info.kind
	}
	return KindInternal
}

// Chinese and English are the code's short title.
func (c Code) Chinese() string { return codeTable[c].chinese }

// English is the code's short title in English.
func (c Code) English() string { return codeTable[c].english }

// Codes lists every code, in no particular order.
func Codes() []Code {
	codes := make([]Code, 0, len(codeTable))
	for c := range codeTable {
		codes = append(codes, c)
	}
	return codes
}
