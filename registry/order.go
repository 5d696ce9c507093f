package registry

import (
	"bytes"
	"slices"

	"tongzheng/registry/sm"
)

// CheckOrder tells whether the organization may set record in place of before
// (nil when there is none). Records are never removed: grants, seals and keys
// only gain their end.
func CheckOrder(rules *Rules, before, record GovernanceRecord, organization string) error {
	city := rules != nil && organization == rules.City
	refused := func(why string) error {
		return Errorf(CodeOrderNotAllowed, string(record.Kind()), "%s may not: %s", organization, why)
	}
	switch now := record.(type) {
	case *Rules:
		return checkRulesOrder(rules, now, organization, refused)
	case *Organization:
		return checkOrganizationOrder(before, now, organization, city, refused)
	case *Grant:
		return checkGrantOrder(before, now, organization, city, refused)
	case *SealRecord:
		return checkSealOrder(before, now, organization, city, refused)
	case *Approver:
		return checkApproverOrder(before, now, organization, city, refused)
	case *TypeRecord:
		if before != nil {
			return refused("a type's version is never changed: add a version")
		}
	}
	if !city {
		return refused("the city's to set")
	}
	return nil
}

type refusal func(why string) error

// checkRulesOrder: what was declared at genesis — who governs, whose clock
// counts, how long genesis lasts — is not declared again.
func checkRulesOrder(before, now *Rules, by string, refused refusal) error {
	switch {
	case by != now.City, before != nil && now.City != before.City:
		return refused("the rules are the city's")
	case before == nil:
		return nil
	case now.Version < before.Version:
		return refused("versions only rise")
	case now.Simulated != before.Simulated, now.GenesisUntil > before.GenesisUntil:
		return refused("clock and genesis are declared once, at the start")
	}
	return nil
}

func checkOrganizationOrder(before GovernanceRecord, now *Organization, by string, city bool, refused refusal) error {
	if city {
		return nil
	}
	old, _ := before.(*Organization)
	if old == nil || by != now.Code {
		return refused("the city registers organizations")
	}
	same := *now
	same.ActKeys = old.ActKeys
	if !sameRecord(old, &same) {
		return refused("an organization changes its own act keys only")
	}
	return nil
}

func checkGrantOrder(before GovernanceRecord, now *Grant, by string, city bool, refused refusal) error {
	old, _ := before.(*Grant)
	if old == nil {
		if !city {
			return refused("the city records grants")
		}
		return nil
	}
	same := *now
	same.Agreement, same.Agreed, same.Operating = old.Agreement, old.Agreed, old.Operating
	same.End, same.EndBasis, same.Cases = old.End, old.EndBasis, old.Cases
	switch {
	case !sameRecord(old, &same):
		return refused("a grant is append-only")
	case old.End != 0 && (now.End != old.End || now.EndBasis != old.EndBasis || !slices.Equal(now.Cases, old.Cases)):
		return refused("the grant has ended")
	case now.End != old.End && by != now.RecallBy:
		return refused("its end is for " + now.RecallBy + " to decide")
	case old.Agreement != "" && (now.Agreement != old.Agreement || now.Agreed != old.Agreed),
		old.Operating != 0 && now.Operating != old.Operating:
		return refused("agreement and start of operation are recorded once")
	case !city && by != now.Decider && by != now.RecallBy:
		return refused("a matter of city, decider and recaller")
	}
	return nil
}

func checkSealOrder(before GovernanceRecord, now *SealRecord, by string, city bool, refused refusal) error {
	if !city && by != now.Owner {
		return refused("a matter of the seal's owner and the city")
	}
	old, _ := before.(*SealRecord)
	if old == nil {
		return nil
	}
	same := *now
	same.History = old.History
	if !sameRecord(old, &same) || len(now.History) < len(old.History) ||
		!slices.Equal(now.History[:len(old.History)], old.History) {
		return refused("a filed seal only gains events")
	}
	return nil
}

func checkApproverOrder(before GovernanceRecord, now *Approver, by string, city bool, refused refusal) error {
	if !city && by != now.Organization {
		return refused("a matter of the person's organization and the city")
	}
	old, _ := before.(*Approver)
	if old == nil {
		return nil
	}
	same := *now
	same.Until = old.Until
	if !sameRecord(old, &same) || old.Until != 0 && now.Until > old.Until || old.Until != 0 && now.Until == 0 {
		return refused("a key keeps person and roles; it can only end, and earlier")
	}
	return nil
}

func sameRecord(a, b GovernanceRecord) bool { return bytes.Equal(mustEncode(a), mustEncode(b)) }

// Stored is how the governance namespace keeps a record: with its own chain of
// orders.
type Stored struct {
	Sequence uint64    `cbor:"1,keyasint"`
	Head     sm.Digest `cbor:"2,keyasint"` // digest of the last order's entry
	Record   []byte    `cbor:"3,keyasint"` // canonical bytes
}

// DecodeStored reads a governance record as the ledger keeps it.
func DecodeStored(kind RecordKind, raw []byte) (GovernanceRecord, *Stored, error) {
	var s Stored
	if err := Decode(raw, &s); err != nil {
		return nil, nil, err
	}
	record := NewRecord(kind)
	if record == nil {
		return nil, nil, Errorf(CodeEntryForm, "kind", "no record kind %q", kind)
	}
	return record, &s, Decode(s.Record, record)
}
