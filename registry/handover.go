package registry

import (
	"slices"

	"tongzheng/registry/sm"
)

// Archives says what happens to earlier files at a handover.
type Archives string

const (
	ArchivesStay Archives = "stay" // they stay with the earlier authority
	ArchivesMove Archives = "move" // they go with the power
)

// Handover is the signed moving of powers between organizations. It is written
// once, with every signature; the start of operation is an event of its own,
// recorded later. Both together, not a date alone, let a grant begin.
type Handover struct {
	ID         string              `cbor:"1,keyasint" json:"id"`
	From       []string            `cbor:"2,keyasint" json:"from"` // credit codes
	To         string              `cbor:"3,keyasint" json:"to"`
	Document   string              `cbor:"4,keyasint" json:"document"`                  // the plan it carries out
	Ends       []string            `cbor:"5,keyasint,omitempty" json:"ends,omitempty"`  // grants
	Begins     []string            `cbor:"6,keyasint" json:"begins"`                    // grants
	Lapses     []string            `cbor:"7,keyasint,omitempty" json:"lapses"`          // entrustments that end until done again
	Open       int                 `cbor:"8,keyasint,omitempty" json:"open_licenses"`   // licenses in force that go over
	Cases      []string            `cbor:"9,keyasint,omitempty" json:"cases,omitempty"` // in flight
	SealsEnded []string            `cbor:"10,keyasint,omitempty" json:"seals_ended,omitempty"`
	SealsBegun []string            `cbor:"11,keyasint,omitempty" json:"seals_begun,omitempty"`
	Blanks     []CountedBlanks     `cbor:"12,keyasint,omitempty" json:"blanks,omitempty"`
	Access     []string            `cbor:"13,keyasint,omitempty" json:"access,omitempty"` // systems handed over or opened
	Archives   Archives            `cbor:"14,keyasint" json:"archives"`
	Principle  bool                `cbor:"15,keyasint,omitempty" json:"in_principle,omitempty"` // the plan allows logged exceptions
	Signed     int64               `cbor:"16,keyasint" json:"signed"`
	Signatures []HandoverSignature `cbor:"17,keyasint" json:"signatures"`
	Start      int64               `cbor:"18,keyasint,omitempty" json:"start,omitempty"` // of operation

	Items       []HandoverItem   `cbor:"19,keyasint,omitempty" json:"items,omitempty"`        // what is handed over beside powers, seals and blanks
	Group       []HandoverSigner `cbor:"20,keyasint,omitempty" json:"group,omitempty"`        // who signs as witness beside the parties
	AdviseUntil int64            `cbor:"21,keyasint,omitempty" json:"advise_until,omitempty"` // end of the transition in which the earlier authorities advise
	Succeeds    []string         `cbor:"30,keyasint,omitempty" json:"succeeds,omitempty"`     // successions that its start makes: of From, and of all whom they succeeded (SuccessionsOf)
}

// CountedBlanks is one range of unused blanks counted over.
type CountedBlanks struct {
	Type string     `cbor:"1,keyasint" json:"type"`
	Form string     `cbor:"2,keyasint" json:"form"`
	Run  string     `cbor:"3,keyasint" json:"run"`
	From string     `cbor:"4,keyasint" json:"from"` // organization
	Of   BlankRange `cbor:"5,keyasint" json:"range"`
}

// Side is in what capacity somebody signs a handover.
type Side string

const (
	SideFrom    Side = "from"
	SideTo      Side = "to"
	SideWitness Side = "witness" // 监交
)

// HandoverSignature is one signature under a handover. With a key it is a
// signature over Terms by a key that the ledger holds for the organization, and
// the contract verifies it; without one it stands on paper, and Paper is the
// digest of the signed page.
type HandoverSignature struct {
	Organization string    `cbor:"1,keyasint" json:"organization"`
	Side         Side      `cbor:"2,keyasint" json:"side"`
	Key          sm.KeyID  `cbor:"3,keyasint,omitempty" json:"key,omitempty"`
	Signature    []byte    `cbor:"4,keyasint,omitempty" json:"signature,omitempty"` // ASN.1 SM2 over ApprovalMessage(Terms)
	Paper        sm.Digest `cbor:"5,keyasint,omitzero" json:"paper,omitzero"`
}

// Kind implements GovernanceRecord.
func (*Handover) Kind() RecordKind { return KindHandover }

// Name implements GovernanceRecord.
func (h *Handover) Name() string { return h.ID }

// Terms is what both sides and the witnesses sign: the record without their
// signatures and without the start of operation.
func (h *Handover) Terms() sm.Digest {
	terms := *h
	terms.Signatures, terms.Start = nil, 0
	return sm.Tagged("tongzheng handover v1", mustEncode(&terms))
}

// Check tells whether the record is well formed: every party has signed, and
// at least one witness.
func (h *Handover) Check() error {
	switch {
	case h.ID == "" || len(h.ID) > 64 || len(h.From) == 0 || len(h.To) != 18 || h.Document == "" || len(h.Begins) == 0 || h.Signed <= 0:
		return recordError("handover", "id, parties, document, what begins and the signing time are required")
	case h.Archives != ArchivesStay && h.Archives != ArchivesMove:
		return recordError("archives", "archives stay or move: the plan says which")
	case h.Start != 0 && h.Start < h.Signed:
		return recordError("start", "operation starts after the signing")
	case h.Open < 0 || slices.Contains(h.From, h.To):
		return recordError("handover", "a party hands over to another")
	case h.AdviseUntil != 0 && h.AdviseUntil <= h.Signed:
		return recordError("advise_until", "the transition ends after the signing")
	}
	if err := checkSucceeds(h.Succeeds); err != nil {
		return err
	}
	signed := map[string]bool{}
	for _, s := range h.Signatures {
		if (s.Key == "") == s.Paper.IsZero() || (s.Key == "") != (len(s.Signature) == 0) {
			return recordError("signatures", "a signature has its key, or the digest of the signed page")
		}
		signed[string(s.Side)+s.Organization], signed[string(s.Side)] = true, true
	}
	for _, party := range h.From {
		if !signed[string(SideFrom)+party] {
			return recordError("signatures", "%s has not signed", party)
		}
	}
	if !signed[string(SideTo)+h.To] || !signed[string(SideWitness)] {
		return recordError("signatures", "the new authority and a witness sign too")
	}
	return h.checkLists(signed)
}

// checkSignatures verifies the signatures whose keys the ledger holds; a key
// that it does not hold signs nothing.
func (h *Handover) checkSignatures(find Finder) error {
	message := ApprovalMessage(h.Terms())
	for i, s := range h.Signatures {
		if s.Key == "" {
			continue
		}
		key, _ := find(KindApprover, string(s.Key)).(*Approver)
		if key == nil || key.Organization != s.Organization || !key.Valid(h.Signed) || key.Algorithm != SM2SM3 {
			return Errorf(CodeApprovalUnknown, "signatures", "signature %d: the key is not enrolled for %s", i+1, s.Organization)
		}
		pub, err := sm.ParsePublicKey(key.Public)
		if err != nil || !sm.Verify(pub, message, s.Signature) {
			return Errorf(CodeApprovalSignature, "signatures", "signature %d does not hold for this handover", i+1)
		}
	}
	return nil
}

// onPaper tells whether a party that hands over, other than who records it,
// signed on paper: nobody can check that.
func (h *Handover) onPaper(by string) bool {
	return slices.ContainsFunc(h.Signatures, func(s HandoverSignature) bool {
		return s.Side == SideFrom && s.Key == "" && s.Organization != by &&
			!slices.ContainsFunc(h.Signatures, func(k HandoverSignature) bool {
				return k.Side == SideFrom && k.Key != "" && k.Organization == s.Organization
			})
	})
}

// Recorder is who may put the handover on the ledger: the new authority, the city
// where a party that hands over signed on paper.
func (h *Handover) Recorder(city string) string {
	if h.onPaper(h.To) {
		return city
	}
	return h.To
}

func checkHandoverOrder(before GovernanceRecord, now *Handover, by string, city bool, refused refusal) error {
	if !city && by != now.To && !slices.Contains(now.From, by) {
		return refused("a matter of the parties and the city")
	}
	old, _ := before.(*Handover)
	if old == nil {
		if now.Start != 0 {
			return refused("the start of operation is recorded after the handover")
		}
		return nil
	}
	same := *now
	same.Start = old.Start
	switch {
	case !sameRecord(old, &same):
		return refused("a signed handover is not changed")
	case old.Start != 0 && now.Start != old.Start:
		return refused("operation starts once")
	case !city && by != now.To:
		return refused("the new authority or the city records the start of operation")
	}
	return nil
}
