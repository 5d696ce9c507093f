package explain

// wordOf says a value of an enumeration, by its type's name.
func wordOf(enumeration, value string) (words, bool) {
	word, ok := enumerations[enumeration][value]
	return word, ok
}

// enumerations are the words of enumerated values; a test holds them against the
// constants of package registry.
var enumerations = map[string]map[string]words{
	"Mode": {"own": {"本级行使", "own"}, "direct": {"直接承接", "direct"}, "review": {"实质性审核", "review"}, "window": {"服务窗口前移", "window"},
		"resident": {"窗口进驻", "resident"}, "entrust": {"委托", "entrust"}},
	"Role": {"acceptor": {"受理", "acceptor"}, "examiner": {"审查", "examiner"}, "approver": {"决定", "approver"}, "seal-keeper": {"用印", "seal keeper"}, "printer": {"制证", "printer"},
		"witness": {"监销", "witness"}, "regulator": {"监管", "regulator"}, "governor": {"治理", "governor"}, "operator": {"运维", "operator"}},
	"Rank":       {"government": {"人民政府", "government"}, "department": {"工作部门", "department"}, "center": {"服务中心", "center"}},
	"SealState":  {"in-use": {"启用", "in use"}, "suspended": {"停用", "suspended"}, "lost": {"挂失", "lost"}, "retired": {"注销", "retired"}},
	"SealKind":   {"approval": {"审批专用章", "approval seal"}, "official": {"公章", "official seal"}},
	"SpentHow":   {"spoiled": {"损毁", "spoiled"}, "lost": {"遗失", "lost"}, "destroyed": {"销毁", "destroyed"}},
	"Source":     {"made": {"本库制发", "made here"}, "collected": {"归集", "collected"}},
	"DayUnit":    {"calendar": {"自然日", "calendar days"}, "working": {"工作日", "working days"}},
	"Doer":       {"decider": {"决定机关", "decider"}, "regulator": {"监管机关", "regulator"}, "superior": {"上级机关", "superior"}},
	"RulingBy":   {"court": {"行政诉讼", "court"}, "review": {"行政复议", "review"}, "self": {"自行纠正", "self-correction"}},
	"Archives":   {"stay": {"留存移交方", "stay"}, "move": {"随事项移交", "move"}},
	"Side":       {"from": {"移交方", "handing over"}, "to": {"承接方", "taking over"}, "witness": {"监交方", "witness"}},
	"SignerRole": {"staffing": {"编办", "staffing office"}, "justice": {"司法行政", "justice bureau"}, "approval": {"行政审批", "approval bureau"}, "other": {"其他", "other"}},
	"ItemKind": {"operating-rules": {"操作规范", "operating rules"}, "legal-basis": {"法律依据", "legal basis"}, "internal-rules": {"规章制度", "internal rules"}, "forms": {"文本表格", "forms"},
		"workflow": {"操作流程", "workflow"}, "blanks": {"空白证书证照", "blanks"}, "platform": {"平台授权", "platform access"}, "training": {"培训", "training"}, "documents": {"文件资料", "documents"},
		"certificates": {"证照文书", "certificates"}, "archives": {"档案资料", "archives"}, "other": {"其他", "other"}},
	"LegalKind":         {"concentrated": {"相对集中许可权", "concentrated"}, "entrusted": {"委托", "entrusted"}, "authorized": {"法律法规授权", "authorized"}},
	"PreparationKind":   {"list": {"赋权清单", "list"}, "scheme": {"承接方案", "scheme"}, "training": {"培训计划", "training"}, "liaison": {"联络员", "liaison"}, "feedback": {"落实情况反馈表", "feedback form"}},
	"Management":        {"vertical": {"垂直管理", "vertical"}, "branch": {"派出机构", "branch"}},
	"ExaminationResult": {"forward": {"上报", "forward"}, "return": {"退回补正", "return"}, "refuse": {"不予通过", "refuse"}},
	"CaseKind": {"receive": {"收件", "receipt"}, "notify": {"补正告知", "notice of what is missing"}, "decline": {"不予受理", "declined"}, "accept": {"受理", "acceptance"}, "commit": {"告知承诺", "commitment"},
		"supply": {"补齐材料", "supply"}, "invite": {"邀请", "invitation"}, "opinion": {"意见", "opinion"}, "extend": {"延长期限", "extension"}, "suspend-clock": {"期限中止", "clock stopped"},
		"resume-clock": {"期限恢复", "clock resumed"}, "examine": {"审查", "examination"}, "seal-request": {"用印申请", "seal request"}, "seal-confirm": {"用印确认", "seal confirmation"}},
	"CaseProcedure": {"hearing": {"听证", "hearing"}, "tender": {"招标", "tender"}, "auction": {"拍卖", "auction"}, "inspection": {"检验", "inspection"}, "test": {"检测", "test"},
		"quarantine": {"检疫", "quarantine"}, "appraisal": {"鉴定", "appraisal"}, "expert-review": {"专家评审", "expert review"}},
	"CaseChannel":   {"counter": {"窗口", "counter"}, "online": {"网上", "online"}, "post": {"邮寄", "post"}},
	"InvitePurpose": {"visit": {"联合踏勘", "joint visit"}, "consult": {"意见征求", "consultation"}, "archive": {"查阅档案", "request for files"}},
	"Algorithm":     {"sm2-sm3": {"密钥文件 SM2", "key file, SM2"}, "webauthn-es256": {"通行密钥 ES256", "passkey, ES256"}},
	"CopyKind":      {"electronic": {"电子证照", "electronic"}, "original": {"正本", "original"}, "duplicate": {"副本", "duplicate"}, "annex": {"附页", "annex"}},
}
