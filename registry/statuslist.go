package registry

import (
	"cmp"
	"slices"
	"time"

	"tongzheng/registry/sm"
)

// ListCode is what a status list says of one printing, in 4 bits. It is the
// answer of the online verdict's rules, the dates left out: these stand in the
// code on the paper.
type ListCode uint8

const (
	ListAbsent     ListCode = iota // never anchored, as far as the list knows
	ListEffective                  //
	ListSuspended                  //
	ListSuperseded                 // another version is in force
	ListVoid                       // this sheet; the license may be in force
	ListWithdrawn                  //
	ListRevoked                    //
	ListPenalized                  //
	ListCancelled                  //
	ListRenewing                   // effective, a renewal accepted in time is undecided: does not expire
)

// ListCodeOf tells a printing's code. The order is that of Judge: an ended
// license before a void sheet, a void sheet before an old version.
func (s *Standing) ListCodeOf(id Identifier, printing uint32) ListCode {
	l := s.License
	if l == nil || l.Version < id.Version {
		return ListAbsent
	}
	state, _ := s.State()
	switch {
	case state == Cancelled:
		return ListCancelled
	case state == Revoked:
		return ListRevoked
	case state == Withdrawn:
		return ListWithdrawn
	case state == Penalized:
		return ListPenalized
	case !l.sheetGood(Question{Identifier: id, Printing: printing}):
		return ListVoid
	case id.Version < l.Version, state == Replaced:
		return ListSuperseded
	case state == Suspended:
		return ListSuspended
	case l.Renewal != 0:
		return ListRenewing
	}
	return ListEffective
}

// Standing is what Judge needs, as far as the code tells it; nil for
// ListAbsent and for a code that this format does not know.
func (c ListCode) Standing(id Identifier, printing uint32, effective, expires Date) *Standing {
	l := &License{State: Effective, Version: id.Version, Effective: effective, Expires: expires,
		Printings: []Sheet{{Number: printing, Version: id.Version, State: PrintingLive}}}
	switch c {
	case ListEffective:
	case ListRenewing:
		l.Renewal = expires
	case ListSuspended:
		l.State = Suspended
	case ListSuperseded:
		l.Version++
	case ListVoid:
		l.Printings[0].State = PrintingVoid
	case ListWithdrawn:
		l.State = Withdrawn
	case ListRevoked:
		l.State = Revoked
	case ListPenalized:
		l.State = Penalized
	case ListCancelled:
		l.State = Cancelled
	default:
		return nil
	}
	return &Standing{License: l}
}

// ListCodes holds the codes of one list, two to a byte, the lower index in the
// lower half.
type ListCodes []byte

// Get returns the code at an index, ListAbsent beyond the end.
func (c ListCodes) Get(index uint32) ListCode {
	if int(index/2) >= len(c) {
		return ListAbsent
	}
	return ListCode(c[index/2] >> (4 * (index % 2)) & 0xf)
}

// Set returns the codes with one changed, grown as needed. Indexes from
// StatusListSize on are none of ours and change nothing.
func (c ListCodes) Set(index uint32, code ListCode) ListCodes {
	if index >= StatusListSize {
		return c
	}
	for int(index/2) >= len(c) {
		c = append(c, 0)
	}
	shift := 4 * (index % 2)
	c[index/2] = c[index/2]&^(0xf<<shift) | byte(code&0xf)<<shift
	return c
}

// StatusHead is what a status key signs of one list. Digest covers the codes
// uncompressed, so that codes brought up to date by changes verify as well.
type StatusHead struct {
	Ledger string    `cbor:"1,keyasint" json:"ledger"`
	List   uint32    `cbor:"2,keyasint" json:"list"`
	Height uint64    `cbor:"3,keyasint" json:"height"` // of the ledger state it shows
	Time   int64     `cbor:"4,keyasint" json:"time"`   // that state was current then, Unix seconds
	Next   int64     `cbor:"5,keyasint" json:"next"`   // nextUpdate: known for nothing after it
	Size   uint32    `cbor:"6,keyasint" json:"size"`   // bytes of codes
	Digest sm.Digest `cbor:"7,keyasint" json:"digest"` // SM3 of the codes
}

// StatusList is a list as published. Either Codes are there, or Changes since
// the state at height Since.
type StatusList struct {
	Head      StatusHead   `cbor:"1,keyasint" json:"head"`
	Key       sm.KeyID     `cbor:"2,keyasint" json:"key"`
	Signature []byte       `cbor:"3,keyasint" json:"signature"`         // SM2 over Message, r ‖ s
	Codes     []byte       `cbor:"4,keyasint,omitempty" json:"codes"`   // ListCodes, deflate (RFC 1951)
	Since     uint64       `cbor:"5,keyasint,omitempty" json:"since"`   //
	Changes   []ListChange `cbor:"6,keyasint,omitempty" json:"changes"` // by index
	Delta     bool         `cbor:"7,keyasint,omitempty" json:"delta"`   // Changes count, perhaps none
}

// ListChange is a printing whose code changed.
type ListChange struct {
	_     struct{} `cbor:",toarray"`
	Index uint32   `json:"index"`
	Code  ListCode `json:"code"`
}

// MostValid caps how long anything that is signed of the ledger serves, counted from the
// newest block that its signer executed.
const MostValid = 48 * time.Hour

// ClockSlack is how far clocks of signer and verifier may differ.
const ClockSlack = 5 * time.Minute

// Ahead tells whether the list is of a time that has not come.
func (h *StatusHead) Ahead(now int64) bool { return h.Time > now+int64(ClockSlack/time.Second) }

// TooLong tells whether the list serves for longer than any signer gives. Next is after
// Time (DecodeStatusList).
func (h *StatusHead) TooLong() bool { return uint64(h.Next-h.Time) > uint64(MostValid/time.Second) }

// Newer tells whether a list of this head is taken rather than one of another head: while
// it serves, the one of the greater height, whoever signed it. A list of a time that has
// not come does not serve.
func (h *StatusHead) Newer(than *StatusHead, now int64) bool {
	if fresh, other := now <= h.Next && !h.Ahead(now), now <= than.Next && !than.Ahead(now); fresh != other {
		return fresh
	}
	if h.Height != than.Height {
		return h.Height > than.Height
	}
	return h.Time > than.Time
}

// Message is what a status key signs: a tag, then the head's canonical bytes.
func (h *StatusHead) Message() []byte {
	return append([]byte("tongzheng status list v1\x00"), mustEncode(h)...)
}

// Bytes are the published form.
func (l *StatusList) Bytes() []byte { return mustEncode(l) }

// DecodeStatusList reads the published form. It verifies nothing.
func DecodeStatusList(raw []byte) (*StatusList, error) {
	l := new(StatusList)
	if err := Decode(raw, l); err != nil {
		return nil, Errorf(CodeMalformed, "status-list", "not a status list").WithCause(err)
	}
	if l.Head.Size > StatusListSize/2 || l.Head.Next <= l.Head.Time {
		return nil, Errorf(CodeMalformed, "status-list", "size or times out of range")
	}
	return l, nil
}

// Publication anchors what was published to everyone: the root over the heads
// of a member's status lists, by list. It lets anyone prove later that a list they
// kept was the one shown to all, and it is the heartbeat of an idle ledger: a list's
// time is that of the newest block, and a publication makes one.
type Publication struct {
	Time   int64     `cbor:"1,keyasint" json:"time"`
	Height uint64    `cbor:"2,keyasint" json:"height"`
	Lists  int       `cbor:"3,keyasint" json:"lists"`
	Root   sm.Digest `cbor:"4,keyasint" json:"root"`

	Member string `cbor:"5,keyasint,omitempty" json:"member,omitempty"` // whose lists; empty: those of the whole deployment, under the first rules
}

// Kind implements GovernanceRecord.
func (*Publication) Kind() RecordKind { return KindPublication }

// Name implements GovernanceRecord: each publication follows the member's last.
func (p *Publication) Name() string {
	if p.Member != "" {
		return p.Member
	}
	return "status-lists"
}

// Check tells whether the record is well formed.
func (p *Publication) Check() error {
	if p.Time <= 0 || p.Lists <= 0 || p.Root.IsZero() {
		return recordError("publication", "time, lists and root are required")
	}
	return nil
}

// PublicationOf is the publication of a member's lists in one state of the ledger.
func PublicationOf(member string, heads []StatusHead) *Publication {
	slices.SortFunc(heads, func(a, b StatusHead) int { return cmp.Compare(a.List, b.List) })
	return &Publication{Time: heads[0].Time, Height: heads[0].Height, Lists: len(heads), Root: PublicationRoot(heads), Member: member}
}

// PublicationRoot is the root over the heads of lists, in order of their ids.
func PublicationRoot(heads []StatusHead) sm.Digest {
	leaves := make([]sm.Digest, len(heads))
	for i := range heads {
		leaves[i] = sm.Leaf(heads[i].Message())
	}
	return sm.Root(leaves)
}
