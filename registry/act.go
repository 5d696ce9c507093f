package registry

// Act is one legal act on a license. The table below is the one source: SQL
// constraint, OpenAPI enum, the documented diagram and tests are compared with
// it.
type Act uint8

const (
	Issue         Act = iota + 1 // 新发
	Change                       // 变更
	Renew                        // 延续
	Reissue                      // 补发
	Correct                      // 更正
	Downgrade                    // 降低资质等级
	Suspend                      // 暂扣
	Return                       // 发还
	Withdraw                     // 撤回
	Revoke                       // 撤销
	Penalize                     // 吊销
	Cancel                       // 注销
	Annotate                     // 批注
	AcceptRenewal                // 受理延续申请
	Print                        // 打印
	Spoil                        // 作废印件
	Reprint                      // 重打
	Deliver                      // 送达
	Recover                      // 收回
	AnnounceVoid                 // 公告作废
	Destroy                      // 销毁
	Reinstate                    // 恢复效力; from rules version RulesOfRelations on
	Stay                         // 停止执行; likewise
	Replace                      // 换发: through governance, by a successor in another member; likewise
)

// Class says what an act makes.
type Class string

const (
	ClassVersion Class = "version" // a new sealed version, superseding the last
	ClassState   Class = "state"   // a new state, no new version
	ClassRecord  Class = "record"  // a remark or an acceptance: state unchanged
	ClassPaper   Class = "paper"   // concerns one printing
)

// State is the legal state of a license as acts leave it; superseded belongs
// to a version, not-yet-effective and expired are computed when read.
type State uint8

const (
	StateNone State = iota
	Effective
	Suspended
	Withdrawn
	Revoked
	Penalized
	Cancelled
	Replaced // by a license of the successor's own
)

var stateNames = [...]string{"none", "effective", "suspended", "withdrawn", "revoked", "penalized", "cancelled", "replaced"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// MarshalText writes the state's word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the state's word.
func (s *State) UnmarshalText(text []byte) error {
	for i, name := range stateNames {
		if name == string(text) {
			*s = State(i)
			return nil
		}
	}
	return Errorf(CodeMalformed, "", "state %q", text)
}

// States lists the states a stored license can be in.
func States() []State {
	return []State{Effective, Suspended, Withdrawn, Revoked, Penalized, Cancelled, Replaced}
}

// ActRule is one row of the act table.
type ActRule struct {
	Act       Act
	Name      string  // the word in Go, SQL, JSON, pages and docs
	Chinese   string  // the statute's word
	Class     Class   //
	From      []State // states it is allowed from
	To        State   // state it leads to; StateNone keeps the present one
	Superior  bool    // the issuer's superior may do it through the governance namespace (oversight)
	Statute   string  // where the act comes from
	Operation string  // national operateType (standards.md §4 of the construction ministry's interface)
}

// alive are the states in which a license can still be worked on; ended ones
// wait for the formality of cancellation.
var (
	alive     = []State{Effective, Suspended}
	ended     = []State{Withdrawn, Revoked, Penalized}
	everState = []State{Effective, Suspended, Withdrawn, Revoked, Penalized, Cancelled, Replaced}
	// outOfEffect is where a ruling leads out of; where to, the act that it
	// concerns says.
	outOfEffect = []State{Suspended, Withdrawn, Revoked, Penalized, Cancelled, Replaced}
)

var actTable = []ActRule{
	{Issue, "issue", "新发", ClassVersion, []State{StateNone}, Effective, false, "行政许可法38、39条", "01"},
	{Change, "change", "变更", ClassVersion, []State{Effective}, StateNone, false, "行政许可法49条、8条2款", "09"},
	{Renew, "renew", "延续", ClassVersion, []State{Effective}, StateNone, false, "行政许可法50条", "02"},
	{Reissue, "reissue", "补发", ClassVersion, []State{Effective}, StateNone, false, "各证照管理办法", "07"},
	{Correct, "correct", "更正", ClassVersion, alive, StateNone, false, "各证照管理办法", "07"},
	{Downgrade, "downgrade", "降低资质等级", ClassVersion, alive, StateNone, false, "行政处罚法9条", "07"},
	{Suspend, "suspend", "暂扣", ClassState, []State{Effective}, Suspended, true, "行政处罚法9条", "03"},
	{Return, "return", "发还", ClassState, []State{Suspended}, Effective, true, "行政处罚法9条", "06"},
	{Withdraw, "withdraw", "撤回", ClassState, alive, Withdrawn, true, "行政许可法8条2款", "07"},
	{Revoke, "revoke", "撤销", ClassState, alive, Revoked, true, "行政许可法69条", "05"},
	{Penalize, "penalize", "吊销", ClassState, alive, Penalized, true, "行政处罚法9条", "05"},
	{Cancel, "cancel", "注销", ClassState, append(append([]State{}, alive...), ended...), Cancelled, false, "行政许可法70条", "05"},
	{Annotate, "annotate", "批注", ClassRecord, alive, StateNone, false, "各证照管理办法", "07"},
	{AcceptRenewal, "accept-renewal", "受理延续申请", ClassRecord, alive, StateNone, false, "行政许可法50条", "07"},
	{Print, "print", "打印", ClassPaper, alive, StateNone, false, "各证照管理办法", "07"},
	{Spoil, "spoil", "作废印件", ClassPaper, everState, StateNone, false, "各证照管理办法", "07"},
	{Reprint, "reprint", "重打", ClassPaper, alive, StateNone, false, "各证照管理办法", "07"},
	{Deliver, "deliver", "送达", ClassPaper, alive, StateNone, false, "行政许可法44条", "07"},
	{Recover, "recover", "收回", ClassPaper, everState, StateNone, false, "各证照管理办法", "07"},
	{AnnounceVoid, "announce-void", "公告作废", ClassPaper, everState, StateNone, false, "各证照管理办法", "07"},
	{Destroy, "destroy", "销毁", ClassPaper, everState, StateNone, false, "各证照管理办法", "07"},
	{Reinstate, "reinstate", "恢复效力", ClassState, outOfEffect, StateNone, true, "行政诉讼法70条、行政复议法64条", "07"},
	{Stay, "stay", "停止执行", ClassState, outOfEffect, StateNone, true, "行政诉讼法56条、行政复议法42条", "07"},
	{Replace, "replace", "换发", ClassState, alive, Replaced, false, "行政许可法49、50条", "05"},
}

// Acts returns the act table in order; the caller must not change it.
func Acts() []ActRule { return actTable }

// Rule returns the act's row; ok is false for an act not in the table.
func (a Act) Rule() (ActRule, bool) {
	if a < Issue || int(a) > len(actTable) {
		return ActRule{}, false
	}
	return actTable[a-1], true
}

func (a Act) String() string {
	if r, ok := a.Rule(); ok {
		return r.Name
	}
	return "unknown"
}

// Chinese is the statute's word for the act.
func (a Act) Chinese() string { r, _ := a.Rule(); return r.Chinese }

// MakesVersion tells whether the act makes a new sealed version.
func (a Act) MakesVersion() bool { r, _ := a.Rule(); return r.Class == ClassVersion }

// ParseAct reads the act's word.
func ParseAct(s string) (Act, error) {
	for _, r := range actTable {
		if r.Name == s {
			return r.Act, nil
		}
	}
	return 0, Errorf(CodeActUnknown, "act", "act %q is not in the act table", s)
}

// MarshalText writes the act's word.
func (a Act) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the act's word.
func (a *Act) UnmarshalText(text []byte) error {
	parsed, err := ParseAct(string(text))
	*a = parsed
	return err
}

// Next returns the state that act leads to from state, or CodeActState.
func (s State) Next(a Act) (State, error) {
	rule, ok := a.Rule()
	if !ok {
		return s, Errorf(CodeActUnknown, "act", "act %d is not in the act table", a)
	}
	for _, from := range rule.From {
		if from != s {
			continue
		}
		if rule.To == StateNone {
			return s, nil
		}
		return rule.To, nil
	}
	return s, Errorf(CodeActState, "act", "%s (%s) is not allowed on a license that is %s", rule.Name, rule.Chinese, s)
}

// PrintingState is the state of one sheet (the electronic file counts as one).
type PrintingState uint8

const (
	PrintingNone      PrintingState = iota
	PrintingLive                    // left the printer, good
	PrintingDelivered               // handed to the holder
	PrintingSpoiled                 // spoiled or replaced
	PrintingRecovered               // taken back
	PrintingVoid                    // not recovered, announced void
	PrintingDestroyed               // destroyed before two witnesses
)

var printingNames = [...]string{"none", "live", "delivered", "spoiled", "recovered", "announced-void", "destroyed"}

func (p PrintingState) String() string {
	if int(p) < len(printingNames) {
		return printingNames[p]
	}
	return "unknown"
}

// MarshalText writes the state's word.
func (p PrintingState) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the state's word.
func (p *PrintingState) UnmarshalText(text []byte) error {
	for i, name := range printingNames {
		if name == string(text) {
			*p = PrintingState(i)
			return nil
		}
	}
	return Errorf(CodeMalformed, "", "state of a printing %q", text)
}

// Good tells whether the sheet stands for the license.
func (p PrintingState) Good() bool { return p == PrintingLive || p == PrintingDelivered }

// printingTable: what a paper act does to the printing it refers to. Print and
// reprint make a new live printing; a reprint refers to the sheet it replaces.
var printingTable = map[Act]map[PrintingState]PrintingState{
	Spoil:        {PrintingLive: PrintingSpoiled, PrintingDelivered: PrintingSpoiled},
	Reprint:      {PrintingSpoiled: PrintingSpoiled, PrintingRecovered: PrintingRecovered, PrintingVoid: PrintingVoid, PrintingDestroyed: PrintingDestroyed},
	Deliver:      {PrintingLive: PrintingDelivered},
	Recover:      {PrintingLive: PrintingRecovered, PrintingDelivered: PrintingRecovered, PrintingSpoiled: PrintingRecovered, PrintingVoid: PrintingRecovered},
	AnnounceVoid: {PrintingLive: PrintingVoid, PrintingDelivered: PrintingVoid},
	Destroy:      {PrintingSpoiled: PrintingDestroyed, PrintingRecovered: PrintingDestroyed},
}

// Next returns the state a paper act leaves the printing in, or
// CodePrintingState.
func (p PrintingState) Next(a Act) (PrintingState, error) {
	if next, ok := printingTable[a][p]; ok {
		return next, nil
	}
	return p, Errorf(CodePrintingState, "printing", "%s is not allowed on a printing that is %s", a, p)
}
