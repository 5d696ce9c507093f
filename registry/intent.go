package registry

import (
	"slices"
	"time"

	"tongzheng/registry/sm"
)

// Intent is what people approve: one act on one license. Times are Unix
// seconds; organizations are credit codes.
type Intent struct {
	Act          Act        `cbor:"1,keyasint" json:"act"`
	Identifier   Identifier `cbor:"2,keyasint" json:"identifier"` // of the version it makes or acts on
	Sequence     uint64     `cbor:"3,keyasint" json:"sequence"`   // of the license's acts, from 1
	Previous     sm.Digest  `cbor:"4,keyasint,omitzero" json:"previous"`
	Content      sm.Digest  `cbor:"5,keyasint,omitzero" json:"content"` // version acts: Content.Digest
	TypeVersion  int        `cbor:"6,keyasint,omitempty" json:"type_version"`
	Grant        string     `cbor:"7,keyasint,omitempty" json:"grant"`
	Organization string     `cbor:"8,keyasint" json:"organization"` // who decides and signs with its act key
	Ground       string     `cbor:"9,keyasint,omitempty" json:"ground"`
	Decision     string     `cbor:"10,keyasint,omitempty" json:"decision"` // 决定书文号
	Case         string     `cbor:"11,keyasint,omitempty" json:"case"`     // 受理文号
	Seal         string     `cbor:"12,keyasint,omitempty" json:"seal"`
	Decided      int64      `cbor:"13,keyasint" json:"decided"`
	Effective    Date       `cbor:"14,keyasint,omitempty" json:"effective"`
	Expires      Date       `cbor:"15,keyasint,omitempty" json:"expires"`
	Printings    []Printing `cbor:"16,keyasint,omitempty" json:"printings,omitempty"` // sheets this act makes
	Refers       uint32     `cbor:"17,keyasint,omitempty" json:"refers,omitempty"`    // sheet this act is about
	Evidence     sm.Digest  `cbor:"18,keyasint,omitzero" json:"evidence"`             // SM3 of what is kept off the ledger: remark, courier slip, witnesses

	Collected  *Foreign  `cbor:"19,keyasint,omitempty" json:"collected,omitempty"` // made and sealed by another system: anchored as it came
	Recording  Recording `cbor:"21,keyasint,omitempty" json:"recording,omitempty"` // the approvers know that it is registered later
	Under      string    `cbor:"20,keyasint,omitempty" json:"under,omitempty"`     // entrust: the entruster's own grant, Grant.Rests; returns and rulings on another's act: the grant under which that was done, unless the act names it already
	Holder     sm.Digest `cbor:"22,keyasint,omitzero" json:"holder,omitzero"`      // HolderTag, where the type bars holders: of the issue and of the act that bars
	Origin     *Origin   `cbor:"23,keyasint,omitempty" json:"origin,omitempty"`    // since RulesOfRelations
	Ruling     *Ruling   `cbor:"24,keyasint,omitempty" json:"ruling,omitempty"`    // reinstate and stay
	Number     sm.Digest `cbor:"25,keyasint,omitzero" json:"number,omitzero"`      // NumberTag of the license number, of versions; since RulesOfRelations
	Closes     *Closing  `cbor:"26,keyasint,omitempty" json:"closes,omitempty"`    // the other license of a pair: a successor's new version in another member
	Commitment sm.Digest `cbor:"27,keyasint,omitzero" json:"commitment,omitzero"`  // 告知承诺: digest of the case step that keeps the applicant's signed commitment; since RulesOfRelations
}

// Foreign is where a collected version comes from. Its content digest is
// CollectedDigest of the file as it came; no seal of ours is put to it.
type Foreign struct {
	System string    `cbor:"1,keyasint" json:"system"` // of the ministry or province
	Seal   sm.Digest `cbor:"2,keyasint" json:"seal"`   // SM3 of its Signature.xml or signature object
}

// CollectedDigest is the content digest of a file that another system made.
func CollectedDigest(file []byte) sm.Digest { return sm.Tagged("tongzheng collected v1", file) }

// Seals tells whether the act makes a version that is sealed here.
func (in *Intent) Seals() bool { return in.Act.MakesVersion() && in.Collected == nil }

// Printing is one sheet that leaves a printer, or the electronic file.
type Printing struct {
	Number uint32   `cbor:"1,keyasint" json:"number"` // within the license, from 1, over all versions
	Copy   CopyKind `cbor:"2,keyasint" json:"copy"`
	Blank  Blank    `cbor:"3,keyasint,omitzero" json:"blank,omitzero"`
	List   uint32   `cbor:"4,keyasint" json:"list"`  // status list
	Index  uint32   `cbor:"5,keyasint" json:"index"` // in the status list
}

// Blank is one sheet of numbered stock. Numbers are text: leading zeros count.
type Blank struct {
	Form   string `cbor:"1,keyasint,omitempty" json:"form,omitempty"`
	Run    string `cbor:"2,keyasint,omitempty" json:"run,omitempty"` // print run
	Number string `cbor:"3,keyasint,omitempty" json:"number,omitempty"`
}

// IsZero tells whether there is no blank: plain paper or a file.
func (b Blank) IsZero() bool { return b == Blank{} }

// StatusListSize is how many printings one status list covers; at 4 bits each
// a list is 64 KiB.
const StatusListSize = 131072

// intentTag keeps a signature over an intent from serving any other purpose.
const intentTag = "tongzheng intent v1"

// Oversight tells whether this is a superior's act, which rests on rank and not
// on a grant, and is anchored in governance.
func (in *Intent) Oversight() bool { return in.Grant == "" && in.Act != Issue }

// Digest is what approvers sign. The intent must be valid (Check).
func (in *Intent) Digest() sm.Digest { return sm.Tagged(intentTag, mustEncode(in)) }

// DecidedAt is the decision's instant.
func (in *Intent) DecidedAt() time.Time { return time.Unix(in.Decided, 0).In(China) }

// Check tells whether the intent is well formed by itself; whether it is
// allowed is for Powers and Apply.
func (in *Intent) Check() error {
	rule, ok := in.Act.Rule()
	switch {
	case !ok:
		return Errorf(CodeActUnknown, "act", "act %d is not in the act table", in.Act)
	case in.Identifier.Validate() != nil:
		return in.Identifier.Validate()
	case in.Sequence == 0:
		return Errorf(CodeEntryForm, "sequence", "sequences begin at 1")
	case (in.Sequence == 1) != in.Previous.IsZero():
		return Errorf(CodeEntryForm, "previous", "only the first act has no previous entry")
	case len(in.Organization) != 18:
		return Errorf(CodeEntryForm, "organization", "want a credit code")
	case in.Decided <= 0:
		return Errorf(CodeEntryForm, "decided", "the decision needs its time")
	case (rule.Class == ClassVersion) == in.Content.IsZero():
		return Errorf(CodeEntryForm, "content", "a content digest belongs to acts that make a version, and to these only")
	case in.Collected != nil && (rule.Class != ClassVersion || in.Collected.Seal.IsZero() || in.Collected.System == ""):
		return Errorf(CodeEntryForm, "collected", "a collected version names its system and its seal's digest")
	case in.Seals() == (in.Seal == ""):
		return Errorf(CodeEntryForm, "seal", "a seal belongs to acts that make a version here, and to these only")
	case rule.Class == ClassVersion && in.Effective > in.Expires:
		return Errorf(CodeDateOrder, "expires", "the license would end before it begins")
	case rule.Class == ClassVersion && (in.Effective == 0 || in.Expires == 0):
		return Errorf(CodeMissing, "expires", "a version needs its first and last day (9999-12-30 for 长期)")
	case !in.Holder.IsZero() && in.Act != Issue && rule.Class != ClassState && (in.Origin == nil || rule.Class != ClassVersion):
		return Errorf(CodeEntryForm, "holder", "the holder's tag belongs to versions and to acts that end a license")
	case rule.Class != ClassVersion && (in.Effective != 0 || in.Expires != 0):
		return Errorf(CodeEntryForm, "expires", "only a version has a period")
	}
	for _, check := range []func() error{in.checkTexts, in.checkOrigin, in.checkRuling, in.checkCommitment, in.checkNumberForm, in.checkCloses} {
		if err := check(); err != nil {
			return err
		}
	}
	return in.checkPrintings(rule)
}

// checkCharacters is CheckTexts for an intent, by its fields: contracts judge
// thousands a second.
func (in *Intent) checkCharacters() error {
	type text struct{ field, value string }
	texts := append(make([]text, 0, 24), text{"identifier", in.Identifier.Type}, text{"identifier", in.Identifier.Issuer}, text{"identifier", in.Identifier.Serial},
		text{"grant", in.Grant}, text{"organization", in.Organization}, text{"ground", in.Ground}, text{"decision", in.Decision}, text{"case", in.Case},
		text{"seal", in.Seal}, text{"under", in.Under})
	if c := in.Collected; c != nil {
		texts = append(texts, text{"collected", c.System})
	}
	if o := in.Origin; o != nil {
		texts = append(texts, text{"origin", o.Matter}, text{"origin", o.Grant}, text{"origin", o.Place}, text{"origin", o.Member}, text{"origin", o.Successor})
	}
	if r := in.Ruling; r != nil {
		texts = append(texts, text{"ruling", string(r.By)}, text{"ruling", r.Document}, text{"ruling", r.Body}, text{"ruling", r.Author})
	}
	if c := in.Closes; c != nil {
		texts = append(texts, text{"closes", c.Identifier.Serial})
		if o := c.Origin; o != nil {
			texts = append(texts, text{"closes", o.Matter}, text{"closes", o.Grant}, text{"closes", o.Member})
		}
	}
	for _, p := range in.Printings {
		texts = append(texts, text{"printings", p.Blank.Form}, text{"printings", p.Blank.Run}, text{"printings", p.Blank.Number})
	}
	for _, t := range texts {
		if err := checkCharacters(t.field, t.value); err != nil {
			return err
		}
	}
	return nil
}

func (in *Intent) checkTexts() error {
	for _, f := range [...]struct {
		name, value string
		max         int
	}{{"grant", in.Grant, 64}, {"ground", in.Ground, 64}, {"decision", in.Decision, 64}, {"case", in.Case, 64}, {"seal", in.Seal, 64}, {"under", in.Under, 64}} {
		if err := checkTextFirst(f.name, f.value, f.max); err != nil {
			return err
		}
	}
	return nil
}

// checkOrigin tells whether the origin is well formed; whether it is the
// license's, the ledger tells.
func (in *Intent) checkOrigin() error {
	o := in.Origin
	if o == nil {
		return nil
	}
	switch {
	case in.Act == Issue && (o.Matter != "" || o.Grant != "" || o.Member != "" || o.Successor != ""):
		return Errorf(CodeEntryForm, "origin", "an issue names its place only: the rest is its grant's")
	case in.Act != Issue && in.Grant != "" && o.Matter == "":
		return Errorf(CodeEntryForm, "origin", "a later act names the matter of its license")
	case in.Grant != "" && !regionForm(o.Place):
		return Errorf(CodeEntryForm, "origin", "the license's place: 6 digits, 9 for a town or street")
	case in.Oversight() && (o.Matter != "" || o.Grant != "" || o.Place != "" || o.Successor != ""):
		return Errorf(CodeEntryForm, "origin", "a superior's act names the member only")
	case o.Grant != "" && o.Grant == in.Grant:
		return Errorf(CodeEntryForm, "origin", "a grant that the act names already is left out")
	case o.Successor != "" && len(o.Successor) != 18:
		return Errorf(CodeEntryForm, "origin", "successor: a credit code")
	}
	for _, f := range [...]struct {
		name, value string
	}{{"origin", o.Matter}, {"origin", o.Grant}, {"origin", o.Member}} {
		if err := CheckText(f.name, f.value, 64); err != nil {
			return err
		}
	}
	return nil
}

// checkNumberForm: the tag belongs to versions, and to acts that name an origin.
func (in *Intent) checkNumberForm() error {
	if !in.Number.IsZero() && (in.Origin == nil || !in.Act.MakesVersion()) {
		return Errorf(CodeEntryForm, "number", "the number's tag belongs to versions, since rules %d", RulesOfRelations)
	}
	return nil
}

// checkRuling tells whether the ruling is well formed.
func (in *Intent) checkRuling() error {
	r := in.Ruling
	switch {
	case r == nil && in.Act.Rules():
		return Errorf(CodeMissing, "ruling", "%s rests on a ruling", in.Act)
	case r == nil:
		return nil
	case !in.Act.Rules():
		return Errorf(CodeEntryForm, "ruling", "a ruling belongs to %s and %s only", Reinstate, Stay)
	}
	switch {
	case !slices.Contains(RulingsBy(), r.By) || r.Document == "" || r.From == 0 || (r.Body == "") != (r.By == RulingSelf):
		return Errorf(CodeMissing, "ruling", "who ruled, by which document, from which day")
	case r.UpTo != 0:
		return Errorf(CodeEntryForm, "ruling", "member_act names the one act concerned: up_to is no longer taken")
	case (r.Undoes == 0) == (r.MemberAct == 0) || r.MemberAct != 0 && !in.Governed():
		return Errorf(CodeEntryForm, "ruling", "the act concerned, or, through governance, one of the member's chain (member_act)")
	case r.Author != "" && (len(r.Author) != 18 || r.Author == in.Organization):
		return Errorf(CodeEntryForm, "ruling", "author: the credit code of another organization")
	case r.Ends && in.Act != Stay:
		return Errorf(CodeEntryForm, "ruling", "only a stay ends")
	case r.From > DateOf(in.DecidedAt()):
		return Errorf(CodeFuture, "ruling", "it works from the day on which it is entered, or an earlier one")
	case in.Ground != "":
		return Errorf(CodeEntryForm, "ground", "the ruling is the ground")
	}
	if err := CheckText("ruling", r.Document, 64); err != nil {
		return err
	}
	return CheckText("ruling", r.Body, 100)
}

func (in *Intent) checkPrintings(rule ActRule) error {
	want := -1 // any number
	switch {
	case in.Act == Print || in.Act == Reprint:
		want = 1
	case !in.Seals():
		want = 0 // a collected file stands in its maker's own lists
	}
	refers := rule.Class == ClassPaper && in.Act != Print
	switch {
	case want >= 0 && len(in.Printings) != want:
		return Errorf(CodeEntryForm, "printings", "%s makes %d printings", rule.Name, want)
	case len(in.Printings) > 64:
		return Errorf(CodeEntryForm, "printings", "at most 64 printings in one act")
	case want < 0 && (len(in.Printings) == 0 || in.Printings[0].Copy != Electronic):
		return Errorf(CodeEntryForm, "printings", "the electronic file is a version's first printing")
	case refers != (in.Refers != 0):
		return Errorf(CodeEntryForm, "refers", "the sheet concerned belongs to paper acts, and to these only")
	}
	taken := map[[2]uint32]bool{}
	for i, p := range in.Printings {
		if place := [2]uint32{p.List, p.Index}; taken[place] {
			return Errorf(CodeListRange, "printings", "two printings take one place in status list %d", p.List)
		} else {
			taken[place] = true
		}
		if p.Number == 0 || p.Copy < Electronic || p.Copy > Annex || p.List == 0 || p.Index >= StatusListSize ||
			(p.Copy == Electronic) && (i > 0 || want > 0 || !p.Blank.IsZero()) {
			return Errorf(CodeEntryForm, "printings", "printing %d is not well formed", i+1)
		}
		if err := p.Blank.check(); err != nil {
			return err
		}
	}
	return nil
}

func (b Blank) check() error {
	if b.IsZero() {
		return nil
	}
	if b.Form == "" || b.Run == "" || b.Number == "" || len(b.Form) > 20 || len(b.Run) > 20 || len(b.Number) > 20 {
		return Errorf(CodeBlankForm, "blank", "form, print run and number: 1 to 20 characters each")
	}
	for _, s := range []string{b.Form, b.Run, b.Number} {
		for _, r := range s {
			if !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r == '-') {
				return Errorf(CodeBlankForm, "blank", "only 0-9, A-Z and - in form, print run and number")
			}
		}
	}
	return nil
}
