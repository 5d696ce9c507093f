package registry

import (
	"slices"
	"strings"
)

// Elsewhere is whose a license is when another member's registry keeps its rows: whom
// to ask about what the ledger does not say.
type Elsewhere struct {
	Member string `json:"member"`
	Name   string `json:"name"`   // of the organization that runs that registry
	Public string `json:"public"` // its address
}

// Codes of checks about another member's papers. Each but the first says that
// something cannot be known here.
const (
	ContentElsewhere = "content-elsewhere" // what the paper says is not kept here
	KeysElsewhere    = "keys-elsewhere"    // no keys of the member are held
	KeysOlder        = "keys-older"        // those held are not the ones that the ledger names now
	HolderElsewhere  = "holder-elsewhere"  // asked by number or name, where there are no rows
	TokenElsewhere   = "token-elsewhere"   // a code of the member's whose sheet the ledger does not name
	NumberElsewhere  = "number-elsewhere"  // a number may be another member's
)

// ask names the registry to ask.
func (e *Elsewhere) ask() (chinese, english string) {
	name := e.Name
	if name == "" {
		name = e.Member
	}
	return name + "（" + e.Public + "）", name + " (" + e.Public + ")"
}

// Content says that what the paper reads is the issuer's to confirm; a code whose
// signature nobody could check confirms nothing.
func (e *Elsewhere) Content(doubtful bool) Check {
	zh, en := e.ask()
	if doubtful {
		return Note(CheckContent, ContentElsewhere, "票面内容由"+zh+"保存，二维码自身所载内容未经核对：请到该处比对", "what the paper says is kept by "+en+", and what the code itself says is not confirmed: ask there")
	}
	return Note(CheckContent, ContentElsewhere, "票面内容由"+zh+"保存：请与二维码自身所载内容、或到该处比对", "what the paper says is kept by "+en+": compare it with what the code itself says, or ask there")
}

// Keys says that a signature cannot be judged: code is KeysElsewhere or KeysOlder.
func (e *Elsewhere) Keys(name CheckName, code string) Check {
	zh, en := e.ask()
	if code == KeysOlder {
		return CannotTell(name, code, "本处所存该成员的密钥早于账本所载，签名暂时无法核对，请向"+zh+"核实", "the member's keys held here are not those that the ledger names now: the signature cannot be checked, ask "+en)
	}
	return CannotTell(name, KeysElsewhere, "本处尚无该成员的密钥，签名暂时无法核对，请向"+zh+"核实", "no keys of the member are held here yet: the signature cannot be checked, ask "+en)
}

// Holder says that a question by number or name is for the member's own page.
func (e *Elsewhere) Holder() Check {
	zh, en := e.ask()
	return CannotTell(CheckHolder, HolderElsewhere, "此证照不在本处登记，编号和名称请到"+zh+"查询", "not kept here: ask by number and name at "+en)
}

// Token says that the ledger names no such sheet, which the member may know more of:
// one that still waits to be recorded, or was recorded before entries named sheets.
func (e *Elsewhere) Token() Check {
	zh, en := e.ask()
	return CannotTell(CheckQRToken, TokenElsewhere, "账本没有载明此码所属的印件，请向"+zh+"核实", "the ledger does not name the sheet of this code: ask "+en)
}

// Document says that the ledger has no such version, which the member may know more of.
func (e *Elsewhere) Document() Check {
	zh, en := e.ask()
	return CannotTell(CheckAnchor, TokenElsewhere, "账本尚无此版本证照的登记，请向"+zh+"核实", "the ledger has no such version of the license: ask "+en)
}

// NumbersElsewhere is what is said beside a number that is not kept here: other
// members' licenses are asked for at their own pages.
func NumbersElsewhere(others []Elsewhere) []Check {
	if len(others) == 0 {
		return nil
	}
	var zh, en []string
	for i := range others {
		z, e := others[i].ask()
		zh, en = append(zh, z), append(en, e)
	}
	return []Check{Note(CheckHolder, NumberElsewhere, "其他成员的证照请到其网页查询："+strings.Join(zh, "、"), "licenses of other members are asked for at their own pages: "+strings.Join(en, ", "))}
}

// unknownElsewhere tells whether the check leaves open what only another member, or
// its keys, can say.
func (c Check) unknownElsewhere() bool {
	switch c.Code {
	case KeysElsewhere, KeysOlder, HolderElsewhere, TokenElsewhere:
		return c.Result == Unknown
	}
	return false
}

// HoldsCode holds what a code says of its sheet against what the ledger has: version,
// number, place, blank and dates. A license or version that the ledger does not have
// yet cannot be held against anything.
func (s *Standing) HoldsCode(r *QRReport) []Check {
	made, ok := s.VersionEntry(r.Identifier.Version)
	if s.License == nil || !ok {
		return nil
	}
	in := made.Entry.Intent
	p, printed := s.Printing(r.Printing)
	if !printed || p.List != r.List || p.Index != r.Index || p.Blank.Number != r.Blank || in.Effective != r.Effective || in.Expires != r.Expires {
		return []Check{Fail(CheckQRSignature, "payload-mismatch", "二维码所载内容与账本登记不符", "what the code says differs from the ledger")}
	}
	return []Check{Pass(CheckAnchor, "二维码所载印件、日期与账本登记一致", "sheet and dates of the code are those on the ledger")}
}

// HoldsToken holds a code's token against the sheet that it is shown for: an entry
// that names tokens names this one. False where the entry names none.
func (s *Standing) HoldsToken(token Token, number uint32) (check Check, ok bool) {
	for _, a := range s.Entries {
		if a.Entry.Intent == nil {
			continue
		}
		for i, p := range a.Entry.Intent.Printings {
			digest, named := a.Entry.TokenDigestOf(i)
			if p.Number != number || !named {
				continue
			}
			if digest != token.Digest() {
				return Fail(CheckQRToken, "token-mismatch", "二维码与账本登记的印件不符", "the code is not the one that the ledger names for this sheet"), true
			}
			return Pass(CheckQRToken, "二维码属于账本登记的此份印件", "the code is the one that the ledger names for this sheet"), true
		}
	}
	return Check{}, false
}

// HoldsDocument holds a document's seal against the entry that made its version; none
// for a version that the ledger does not have, or that was made elsewhere.
func (s *Standing) HoldsDocument(d *DocumentReport) []Check {
	made, ok := s.VersionEntry(d.Identifier.Version)
	if !ok || made.Entry.Intent.Collected != nil {
		return nil
	}
	if made.Entry.Seal != d.SealDigest {
		return []Check{Fail(CheckDocument, "document-replaced", "电子证照不是账本登记的那一份", "the document is not the one on the ledger")}
	}
	return []Check{Pass(CheckDocument, "电子证照即账本登记的那一份", "the document is the one on the ledger")}
}

// Shown is another member's paper at hand: a code, its token, or a file.
type Shown struct {
	Version  int             // of the license
	Code     *QRReport       // nil: without a payload
	Token    Token           // zero: none
	Printing uint32          // sheet that the token or the code is for
	Document *DocumentReport // nil: no file
}

// doubtful tells whether nobody could check who signed the code.
func (s *Shown) doubtful() bool {
	return s.Code != nil && !slices.ContainsFunc(s.Code.Checks, func(c Check) bool { return c.Name == CheckQRSignature && c.Result == Passed })
}

// HeldAgainst holds another member's paper against what the ledger has of it, as
// registry and signer do alike. A version or a sheet that the ledger does not have may
// wait to be recorded: its member knows.
func HeldAgainst(s *Standing, e *Elsewhere, shown Shown) (checks []Check) {
	recorded := s.License != nil && s.License.Version >= shown.Version
	switch {
	case shown.Document != nil && !recorded:
		return append(checks, e.Document())
	case !recorded:
		return append(checks, e.Token())
	case shown.Document != nil:
		return append(checks, s.HoldsDocument(shown.Document)...)
	case shown.Code != nil:
		if _, printed := s.Printing(shown.Printing); !printed {
			return append(checks, e.Token())
		}
		checks = append(checks, s.HoldsCode(shown.Code)...)
	}
	if !shown.Token.IsZero() {
		check, named := s.HoldsToken(shown.Token, shown.Printing)
		switch {
		case named:
			checks = append(checks, check)
		case shown.doubtful(): // neither key nor ledger says that the code is this sheet's
			checks = append(checks, e.Token())
		}
	}
	return append(checks, e.Content(shown.doubtful()))
}

// MemberKeys are another member's anchors and key list as it publishes them. Who is
// handed them believes nobody: what fits the digests on the ledger is right, whoever
// brought it.
type MemberKeys struct {
	Anchors []byte `json:"anchors"` // PEM
	List    []byte `json:"list"`    // signed key list, JSON
}
