package registry

import (
	"slices"
	"time"
)

// Word is a verdict. The words never merge: an outage is not a revocation, and
// a spoiled sheet is not a withdrawn license.
type Word string

const (
	Valid           Word = "valid"
	Pending         Word = "pending"           // decided, not yet on the ledger
	IsSuspended     Word = "suspended"         // 暂扣
	Superseded      Word = "superseded"        // another version is in force
	Void            Word = "void"              // this sheet; the license may be in force
	IsWithdrawn     Word = "withdrawn"         // 撤回
	IsRevoked       Word = "revoked"           // 撤销
	IsPenalized     Word = "penalized"         // 吊销
	IsCancelled     Word = "cancelled"         // 注销
	Expired         Word = "expired"           //
	NotYetEffective Word = "not-yet-effective" //
	Altered         Word = "altered"           // what is at hand is not what was sealed or anchored: computed and found to differ
	Untrusted       Word = "untrusted"         // integrity holds, the signer is not among the roots
	Unverifiable    Word = "unverifiable"      // 不具备验证条件: nothing at hand can show whether it is whole; see Reasons
	NotFound        Word = "not-found"         //
	UnknownNow      Word = "unknown"           // cannot be known now, and why
)

// WordInfo is how a verdict is said.
type WordInfo struct {
	Word    Word
	Chinese string // headline
	English string
	Advice  string // what to do, Chinese
	AdviceE string // what to do, English
}

var wordTable = []WordInfo{
	{Valid, "有效", "Valid", "请核对纸质证照上的内容与本页一致。", "Compare the paper in your hand with this page."},
	{Pending, "已决定，正在登记", "Decided, being recorded", "决定已作出，正在登记上链，请稍后再查。", "The decision is made and is being recorded. Check again soon."},
	{IsSuspended, "暂扣中", "Suspended", "证照被暂扣，暂扣期间不得凭此经营。", "The license is suspended and must not be used meanwhile."},
	{Superseded, "已被新版本取代", "Superseded", "此件是旧版本，请向持证人索要现行版本。", "This is an old version. Ask the holder for the present one."},
	{Void, "此份印件已作废", "This sheet is void", "这一份纸件已作废，证照本身可能有效，请索要有效印件。", "This sheet is void; the license itself may be in force. Ask for a good copy."},
	{IsWithdrawn, "已撤回", "Withdrawn", "许可已被撤回，不再有效。", "The license has been withdrawn and is no longer in force."},
	{IsRevoked, "已撤销", "Revoked (wrongly granted)", "许可已被撤销，自始无效。", "The license was revoked as wrongly granted; it is void from the start."},
	{IsPenalized, "已吊销", "Revoked as a penalty", "许可已被吊销，不再有效。", "The license was revoked as a penalty and is no longer in force."},
	{IsCancelled, "已注销", "Cancelled", "证照已注销，不再有效。", "The license has been cancelled and is no longer in force."},
	{Expired, "已过有效期", "Expired", "证照已过有效期。", "The license has expired."},
	{NotYetEffective, "尚未生效", "Not yet effective", "证照尚未到生效日期。", "The license is not yet in force."},
	{Altered, "内容被改动，不可信", "Altered", "此件内容与登记不符，请勿采信，并向发证机关举报。", "This does not match what was sealed or recorded. Do not rely on it; report it to the issuer."},
	{Untrusted, "签章完整，但签发者不受信任", "Signer not trusted", "文件未被改动，但签发者不在受信任名单内，请勿据此办理。", "The file is intact, but its signer is not among the trusted roots. Do not rely on it."},
	{Unverifiable, "不具备验证条件", "Cannot be verified", "没有发现改动，但凭此文件无法验证真伪，请勿据此办理。", "Nothing was found to be altered, but this file cannot show that it is genuine. Do not rely on it."},
	{NotFound, "查无此证", "Not found", "登记中没有此证照，请向发证机关核实。", "There is no such license on record. Ask the issuing authority."},
	{UnknownNow, "暂时无法核验", "Cannot be known now", "当前无法取得最新状态，这不表示证照无效，请稍后再查。", "The present status cannot be reached. This does not mean the license is invalid: try again later."},
}

// Words lists the verdicts with how they are said.
func Words() []WordInfo { return wordTable }

// Info returns how the verdict is said.
func (w Word) Info() WordInfo {
	for _, info := range wordTable {
		if info.Word == w {
			return info
		}
	}
	return WordInfo{Word: w}
}

// Anchored is one entry as the ledger recorded it.
type Anchored struct {
	Entry       *Entry `json:"entry"`
	Namespace   string `json:"namespace"`
	Transaction string `json:"transaction"`
	Height      uint64 `json:"height"`
	Recorded    int64  `json:"recorded"` // Unix seconds
}

// Standing is what the ledger says of one license, read from a copy that
// nobody but the ledger writes.
type Standing struct {
	License   *License   `json:"license"`             // nil: never anchored
	Oversight *Oversight `json:"oversight,omitempty"` //
	Entries   []Anchored `json:"entries"`             // oldest first, oversight included

	Replacing *Identifier `json:"replacing,omitempty"` // new license of the issue that names this one; nil for none
}

// State is the license's state with the superior's acts laid over it.
func (s *Standing) State() (State, Cause) {
	if s.License == nil {
		return StateNone, Cause{}
	}
	own, over := s.License.Under(s.Oversight), s.Oversight.Over(s.License)
	if over != nil && over.State != StateNone && !own.outlasts(over.State) {
		return over.State, over.Cause
	}
	return own.State, own.Cause
}

// Printing returns the sheet with this number as the ledger recorded it.
func (s *Standing) Printing(number uint32) (Printing, bool) {
	for _, a := range s.Entries {
		if a.Entry.Intent == nil {
			continue
		}
		for _, p := range a.Entry.Intent.Printings {
			if p.Number == number {
				return p, true
			}
		}
	}
	return Printing{}, false
}

// before is what led to a cancellation: the issuer's own act, or the superior's
// that stood on the license when it was cancelled.
func (s *Standing) before() *Cause {
	own, over := s.License.Under(s.Oversight), s.Oversight.Over(s.License)
	led := over != nil && own.State == Cancelled && !over.Cause.IsZero()
	if led && (own.Before == nil || over.State == Revoked) { // 撤销 reaches back: it goes before all else
		cause := over.Cause
		return &cause
	}
	return own.Before
}

// ended tells whether the license is over, by its issuer's or a superior's act.
func (s *Standing) ended() bool {
	state, _ := s.State()
	return state != StateNone && !slices.Contains(alive, state)
}

// VersionEntry returns the entry that made a version.
func (s *Standing) VersionEntry(version int) (Anchored, bool) {
	for _, a := range s.Entries {
		if in := a.Entry.Intent; in != nil && in.Act.MakesVersion() && in.Identifier.Version == version {
			return a, true
		}
	}
	return Anchored{}, false
}

// Knowledge says how fresh a standing is.
type Knowledge struct {
	AsOf   time.Time `json:"as_of"` // the ledger was last heard of
	Height uint64    `json:"height"`
	Stale  bool      `json:"stale"` // past the stated bound, or out of reach
	Reason string    `json:"reason,omitempty"`
}

// Question is everything a verdict is judged from.
type Question struct {
	Identifier Identifier
	Printing   uint32    // the sheet at hand; 0 when it is the license that is asked for
	Checks     []Check   // made before: signatures, digests, stored rows
	Standing   *Standing // nil: not on the ledger as far as is known
	Knowledge  Knowledge
	Pending    bool      // an act is sealed and waits for the ledger
	Replaces   *Standing // of the license that this one replaces; nil for none, or when it is not known
	Now        time.Time
}

// Verdict is the answer to one verification.
type Verdict struct {
	Word       Word        `json:"verdict"`
	Identifier Identifier  `json:"identifier,omitzero"`
	Checks     []Check     `json:"checks"`
	Cause      Cause       `json:"cause,omitzero"`   // why the license is not in force
	Before     *Cause      `json:"before,omitempty"` // what led to a cancellation
	Version    int         `json:"current_version,omitempty"`
	ReplacedBy *Identifier `json:"replaced_by,omitempty"` // new license of a successor's that is in force in its place
	Knowledge  Knowledge   `json:"knowledge"`
	At         time.Time   `json:"at"`
}

// Judge says one word about the paper at hand. The order matters: what was
// altered is never called revoked, what nothing shows to be whole is never
// called the work of an untrusted signer, and what cannot be known is never
// called anything else.
func Judge(q Question) Verdict {
	v := Verdict{Identifier: q.Identifier, Knowledge: q.Knowledge, At: q.Now}
	v.Checks = append(v.Checks, q.Checks...)
	if q.Standing != nil && q.Standing.License != nil {
		v.Version = q.Standing.License.Version
		_, v.Cause = q.Standing.State()
		v.Before = q.Standing.before()
		v.ReplacedBy = q.Standing.ReplacedBy()
	}
	v.Word = v.word(q)
	return v
}

func (v *Verdict) word(q Question) Word {
	for _, c := range q.Checks {
		if c.Result == Failed && !c.Name.Trust() && c.Name != CheckIdentifier {
			return Altered
		}
	}
	if slices.ContainsFunc(q.Checks, Check.Unverifiable) {
		return Unverifiable
	}
	for _, c := range q.Checks {
		if c.Result == Failed && c.Name.Trust() {
			return Untrusted
		}
	}
	anchored := q.Standing != nil && q.Standing.License != nil && q.Standing.License.Version >= q.Identifier.Version
	if !anchored && !q.Knowledge.Stale && q.Standing != nil && q.Standing.ended() {
		return v.status(q) // whatever waits to be recorded, the license has ended
	}
	if !anchored && q.Pending {
		v.add(Note(CheckAnchor, "pending", "决定已盖章，等待账本登记", "sealed, waiting to be recorded on the ledger"))
		return Pending
	}
	if q.Knowledge.Stale {
		v.add(CannotTell(CheckFreshness, "stale", "暂时无法取得账本的最新状态", "the ledger's present state is out of reach: "+q.Knowledge.Reason))
		return UnknownNow
	}
	elsewhere := slices.ContainsFunc(q.Checks, Check.unknownElsewhere)
	if !anchored && elsewhere {
		return UnknownNow // not kept here: who keeps it is named
	}
	if !anchored {
		v.add(Fail(CheckAnchor, "not-anchored", "账本上没有此证照", "the ledger has no such license"))
		return NotFound
	}
	v.add(Pass(CheckAnchor, "账本上有此证照的登记", "the license is recorded on the ledger"))
	q.Standing.note(v, q.Identifier.Version)
	q.Standing.notePair(v, q.Replaces)
	if _, on := q.Standing.License.Sheet(q.Printing); elsewhere && !on {
		q.Printing = 0 // a sheet that may wait to be recorded is not void: the license is judged
	}
	word := v.status(q)
	if word == Valid && (elsewhere || slices.ContainsFunc(q.Checks, func(c Check) bool { return c.Name == CheckRecord && c.Result == Unknown })) {
		return UnknownNow // in force, but nothing here says what the paper should read
	}
	return word
}

// note says what a reader must know of how the version came to the ledger.
func (s *Standing) note(v *Verdict, version int) {
	if made, ok := s.VersionEntry(version); ok {
		if made.Entry.Recording == Register {
			day := DateOfUnix(made.Entry.Intent.Decided).String()
			v.add(Note(CheckAnchor, "registered-later", "事后登记：决定于"+day+"作出，"+DateOfUnix(made.Recorded).String()+"登记", "registered later: decided on "+day))
		}
		if made.Entry.Intent.Collected != nil {
			v.add(Note(CheckAnchor, "collected", "归集证照：由"+made.Entry.Intent.Collected.System+"制发，本库未加盖印章", "collected: made by another system, no seal of ours"))
		}
	}
	for _, r := range s.Rulings() {
		v.add(Note(CheckStatus, "ruling", r.chinese(), r.english()))
	}
	if from, cause := s.VoidFrom(); from != 0 {
		v.add(Note(CheckStatus, "void-from-start", "许可自"+from.String()+"起自始无效（撤销决定"+cause.Day.String()+"）", "void from the start: revoked as wrongly granted"))
	}
}

// VoidFrom is the day from which the license never held, because it was revoked
// as wrongly granted (撤销) by its issuer or a superior, whatever happened to it
// otherwise; zero when it was not.
func (s *Standing) VoidFrom() (Date, Cause) {
	if s == nil || s.License == nil {
		return 0, Cause{}
	}
	own := s.License.Under(s.Oversight)
	causes := []Cause{own.Cause}
	if own.Before != nil {
		causes = append(causes, *own.Before)
	}
	if s.Oversight != nil && s.Oversight.State == Revoked {
		causes = append(causes, s.Oversight.Cause)
	}
	for _, c := range causes {
		if c.Act == Revoke {
			if first, ok := s.VersionEntry(1); ok {
				return first.Entry.Intent.Effective, c
			}
			return s.License.Effective, c
		}
	}
	return 0, Cause{}
}

// status judges state, sheet and dates of an anchored, intact license.
func (v *Verdict) status(q Question) Word {
	l := q.Standing.License
	state, _ := q.Standing.State()
	word := Valid
	switch {
	case state == Cancelled:
		word = IsCancelled
	case state == Revoked:
		word = IsRevoked
	case state == Withdrawn:
		word = IsWithdrawn
	case state == Penalized:
		word = IsPenalized
	case q.Printing != 0 && !l.sheetGood(q):
		word = Void
	case q.Identifier.Version < l.Version, state == Replaced:
		word = Superseded
	case state == Suspended:
		word = IsSuspended
	default:
		word = l.dated(DateOf(q.Now))
	}
	info := word.Info()
	if word == Valid {
		v.add(Pass(CheckStatus, "证照今日有效", "in force today"))
	} else {
		v.add(Check{Name: CheckStatus, Result: Failed, Code: string(word), Chinese: info.Chinese, English: info.English})
	}
	return word
}

func (l *License) sheetGood(q Question) bool {
	s, ok := l.Sheet(q.Printing)
	return ok && s.Version == q.Identifier.Version && s.State.Good()
}

// dated compares civil dates at +08:00; the last day is included. A renewal
// accepted in time and undecided at expiry counts as granted (行政许可法 50).
func (l *License) dated(today Date) Word {
	switch {
	case today < l.Effective:
		return NotYetEffective
	case today > l.Expires && l.Renewal == 0:
		return Expired
	}
	return Valid
}

func (v *Verdict) add(c Check) { v.Checks = append(v.Checks, c) }
