package registry

import (
	"bytes"
	"slices"

	"tongzheng/registry/sm"
)

// CheckOrder tells whether the organization may set record in place of before
// (nil when there is none). Records are never removed: grants, seals and keys
// only gain their end.
// at is when it was ordered (Unix seconds).
func CheckOrder(rules *Rules, before, record GovernanceRecord, organization string, at int64) error {
	city := rules != nil && organization == rules.City
	refused := func(why string) error {
		return Errorf(CodeOrderNotAllowed, string(record.Kind()), "%s may not: %s", organization, why)
	}
	if version := needs(record); version > RulesOfBeginning && !rules.Since(version) {
		return Errorf(CodeEntryForm, string(record.Kind()), "it says what belongs to rules version %d", version)
	}
	switch now := record.(type) {
	case *Rules:
		return checkRulesOrder(rules, now, organization, refused)
	case *Organization:
		return checkOrganizationOrder(before, now, organization, city, refused)
	case *Grant:
		return checkGrantOrder(before, now, organization, city, at, refused)
	case *SealRecord:
		return checkSealOrder(before, now, organization, city, refused)
	case *Approver:
		return checkApproverOrder(before, now, organization, city, refused)
	case *Handover:
		return checkHandoverOrder(before, now, organization, city, refused)
	case *Examination:
		return nil // judged by CheckNamed: it takes its grant
	case *Publication:
		if now.Member != "" {
			return nil // judged by CheckNamed: it takes the member's service
		}
	case *Stock:
		return checkStockOrder(before, now, organization, city, refused)
	case *Service:
		return checkServiceOrder(before, now, organization, city, refused)
	case *TypeRecord:
		if err := checkTypeOrder(before, now, refused); err != nil {
			return err
		}
	case *Succession:
		return refused("the ledger keeps it: it follows from handovers and dissolutions")
	case *Tenure:
		return refused("the ledger keeps it: it follows from grants")
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
	case slices.ContainsFunc(before.Members, func(m string) bool { return !slices.Contains(now.Members, m) }):
		return refused("a member stays: its namespace does")
	case now.Simulated != before.Simulated, now.GenesisUntil > before.GenesisUntil:
		return refused("clock and genesis are declared once, at the start")
	case !before.TagKey.IsZero() && now.TagKey != before.TagKey:
		return refused("the tag key is named once: holders on the ledger are known by it")
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

func checkGrantOrder(before GovernanceRecord, now *Grant, by string, city bool, at int64, refused refusal) error {
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
	same.Begun, same.Ended, same.Exceptions = old.Begun, old.Ended, old.Exceptions
	same.Publication, same.Published = old.Publication, old.Published
	same.Preparations = old.Preparations
	more := len(now.Exceptions) > len(old.Exceptions)
	// A term that still runs can be cut short, never into the past.
	cut := old.Ended == "" && at < old.End && at <= now.End && now.End < old.End
	switch {
	case !sameRecord(old, &same) || !old.prepares(now):
		return refused("a grant is append-only")
	case old.End != 0 && !cut && (now.End != old.End || now.EndBasis != old.EndBasis || !slices.Equal(now.Cases, old.Cases)):
		return refused("the grant has ended")
	case len(now.Exceptions) < len(old.Exceptions) || !slices.Equal(now.Exceptions[:len(old.Exceptions)], old.Exceptions):
		return refused("a logged exception stays")
	case old.Ended != "" && now.Ended != old.Ended, old.Begun != "" && now.Begun != old.Begun,
		old.Publication != "" && (now.Publication != old.Publication || now.Published != old.Published):
		return refused("handover and publication are named once")
	case (now.End != old.End || now.Ended != old.Ended || more) && by != now.RecallBy:
		return refused("its end is for " + now.RecallBy + " to decide")
	case old.Agreement != "" && (now.Agreement != old.Agreement || now.Agreed != old.Agreed),
		old.Operating != 0 && now.Operating != old.Operating:
		return refused("agreement and start of operation are recorded once")
	case !city && by != now.Decider && by != now.RecallBy:
		return refused("a matter of city, decider and recaller")
	}
	return nil
}

// checkTypeOrder: a version is written once. Later it can only be superseded,
// which rules before version 2 do not know (needs).
func checkTypeOrder(before GovernanceRecord, now *TypeRecord, refused refusal) error {
	old, _ := before.(*TypeRecord)
	if old == nil {
		return nil
	}
	same := *now
	same.Superseded = old.Superseded
	if now.Superseded == old.Superseded || !sameRecord(old, &same) {
		return refused("a type's version is never changed: add a version, and supersede this one")
	}
	return nil
}

func checkSealOrder(before GovernanceRecord, now *SealRecord, by string, city bool, refused refusal) error {
	if !city && by != now.Owner {
		return refused("a matter of the seal's owner and the city")
	}
	old, _ := before.(*SealRecord)
	if old == nil {
		return checkSealEvents(now.History, 0, by, city, refused)
	}
	same := *now
	same.History = old.History
	if !sameRecord(old, &same) || len(now.History) < len(old.History) ||
		!slices.Equal(now.History[:len(old.History)], old.History) {
		return refused("a filed seal only gains events")
	}
	return checkSealEvents(now.History, len(old.History), by, city, refused)
}

// checkSealEvents: whoever ended a seal's use in place of its owner, or the city, brings
// it back, whatever its owner adds meanwhile. Events from since on are new.
func checkSealEvents(history []SealEvent, since int, by string, city bool, refused refusal) error {
	held := ""
	for i, e := range history {
		switch {
		case i < since:
		case e.By != "" && e.By != by:
			return refused("an event names nobody but who orders it")
		case e.State == SealInUse && held != "" && held != by && !city:
			return refused("the seal is brought back into use by who ended its use: " + held)
		}
		switch {
		case e.State == SealInUse:
			held = ""
		case e.By != "":
			held = e.By
		}
	}
	return nil
}

// checkStockOrder: the city allots; an organization reports what became of its
// unused blanks.
func checkStockOrder(before GovernanceRecord, now *Stock, by string, city bool, refused refusal) error {
	old, _ := before.(*Stock)
	if old == nil {
		old = &Stock{}
	}
	same := *now
	same.Spent = old.Spent
	switch {
	case !city && (by != now.Organization || !sameRecord(old, &same)):
		return refused("the city's to set, but for the blanks that are gone")
	case len(now.Spent) < len(old.Spent) || !slices.Equal(now.Spent[:len(old.Spent)], old.Spent):
		return refused("blanks that are gone stay gone")
	case slices.ContainsFunc(now.Spent[len(old.Spent):], func(gone Spent) bool { return !now.holds(gone.Of) }):
		return refused("only blanks of the stock can be gone")
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

// Finder returns another governance record, a nil interface when there is none.
type Finder func(kind RecordKind, name string) GovernanceRecord

// Reference names another record that an order is judged by.
type Reference struct {
	Kind RecordKind
	Name string
}

// References lists what CheckNamed will ask for, so that the contract can
// read it together with everything else.
func References(record GovernanceRecord) []Reference {
	switch r := record.(type) {
	case *Grant:
		refs := []Reference{{KindOrganization, r.Decider}, {KindOrganization, r.RecallBy}, {KindHandover, r.Begun}, {KindHandover, r.Ended}, {KindGrant, r.Rests},
			{KindTenure, TenureName(r.Decider, r.Matter)}}
		for _, code := range slices.Concat(r.Regulators, r.Informed) {
			refs = append(refs, Reference{KindOrganization, code})
		}
		return refs
	case *Handover:
		refs := append(successionReferences(r.To, r.Succeeds), Reference{KindOrganization, r.To})
		for _, code := range r.From {
			refs = append(refs, Reference{KindSuccession, SuccessionName(code, Any, Any)})
		}
		for _, id := range slices.Concat(r.Ends, r.Begins) {
			refs = append(refs, Reference{KindGrant, id})
		}
		for _, s := range r.Signatures {
			if s.Key != "" {
				refs = append(refs, Reference{KindApprover, string(s.Key)})
			}
		}
		return refs
	case *Examination:
		return []Reference{{KindGrant, r.Grant}, {KindApprover, string(r.Key)}, {KindApprover, string(r.ConfirmedBy)}}
	case *Stock:
		return []Reference{{KindOrganization, r.Organization}}
	case *Service:
		if r.Library != "" {
			return []Reference{{KindOrganization, r.Operator}, {KindOrganization, r.Library}}
		}
		return []Reference{{KindOrganization, r.Operator}}
	case *Publication:
		if r.Member != "" {
			return []Reference{{KindService, r.Member}}
		}
	case *Organization:
		if r.Dissolved != 0 && r.Successor != "" {
			own := Reference{KindSuccession, SuccessionName(r.Code, Any, Any)}
			return append(successionReferences(r.Successor, r.Succeeds), own)
		}
	}
	return nil
}

// CheckNamed judges a record by the other records that it names: a second
// question besides CheckOrder, because it needs them at hand.
func CheckNamed(rules *Rules, before, record GovernanceRecord, organization string, find Finder) error {
	refused := func(why string) error {
		return Errorf(CodeOrderNotAllowed, string(record.Kind()), "%s may not: %s", organization, why)
	}
	switch now := record.(type) {
	case *Organization:
		if rules != nil && !slices.Contains(rules.Members, now.Member) {
			return refused("no member " + now.Member)
		}
		old, _ := before.(*Organization)
		switch {
		case old == nil:
		case old.Member != now.Member:
			return refused("licenses stay in their member's namespace")
		case rules.Since(RulesOfRelations) && old.Dissolved != 0 && old.Successor != "" && (now.Dissolved != old.Dissolved || now.Successor != old.Successor):
			return refused("its licenses went to " + old.Successor + ": who comes back is registered anew")
		}
	case *Grant:
		old, _ := before.(*Grant)
		return checkGrantReferences(old, now, find, refused)
	case *Handover:
		if before != nil {
			return nil
		}
		if err := now.checkSignatures(find); err != nil {
			return err
		}
		if rules.Since(RulesOfRelations) && organization != rules.City && now.onPaper(organization) {
			return refused("what a party that hands over signed on paper is for that party, or for the city, to record")
		}
	case *Examination:
		if key, _ := find(KindApprover, string(now.Key)).(*Approver); key == nil || key.Organization != now.Organization || !key.Valid(now.Examined) {
			return refused("no such person examines for " + now.Organization)
		}
		return checkExaminationOrder(before, now, organization, find, refused)
	case *Service:
		return checkService(rules, now, find, refused)
	case *Publication:
		return checkPublication(before, now, organization, find, refused)
	case *Stock:
		old, _ := before.(*Stock)
		owner, _ := find(KindOrganization, now.Organization).(*Organization)
		if owner == nil || rules != nil && now.Member != "" && !slices.Contains(rules.Members, now.Member) {
			return refused("stock is an organization's, for a member's licenses")
		}
		if old == nil && len(now.Ranges) == 0 {
			return refused("a stock begins with numbers; all of them may be counted over later")
		}
		if old != nil && old.Member != now.Member {
			return refused("a print run stays with its member")
		}
	}
	return nil
}

func checkGrantReferences(old, now *Grant, find Finder, refused refusal) error {
	decider, _ := find(KindOrganization, now.Decider).(*Organization)
	recaller, _ := find(KindOrganization, now.RecallBy).(*Organization)
	if old == nil {
		switch {
		case decider == nil || decider.Rank == RankCenter:
			return refused("a grant names who decides, and a center decides nothing")
		case slices.ContainsFunc(slices.Concat(now.Regulators, now.Informed), func(code string) bool { return find(KindOrganization, code) == nil }):
			return refused("who supervises and who is told is registered")
		case !now.modeFits():
			return refused("source, acceptor, examiner and decider do not fit mode " + string(now.Mode))
		case now.Mode != ModeEntrust && recaller != nil && (recaller.Rank == RankDepartment || recaller.Rank == RankCenter),
			len(decider.Region) == 9 && now.Mode != ModeEntrust && (recaller == nil || recaller.Rank != RankGovernment):
			return refused("a government, never a department, takes a power back")
		case now.Mode == ModeEntrust && !restsOn(now, find):
			return refused("an entrustment rests on the entruster's own power: what was entrusted is not entrusted on")
		}
		return nil
	}
	if now.Operating != old.Operating {
		h, _ := find(KindHandover, now.Begun).(*Handover)
		if h == nil || !slices.Contains(h.Begins, now.ID) || h.To != now.Decider || h.Start == 0 || h.Start != now.Operating {
			return Errorf(CodeHandover, "operating", "no signed handover with a start of operation at that time begins %s", now.ID)
		}
	}
	ending, _ := find(KindHandover, now.Ended).(*Handover)
	if slices.ContainsFunc(now.Cases, func(c string) bool {
		return !slices.Contains(old.Cases, c) && (ending == nil || !slices.Contains(ending.Cases, c))
	}) {
		return Errorf(CodeHandover, "cases", "a case goes on after the end when the handover lists it")
	}
	if now.Ended != old.Ended || len(now.Exceptions) > len(old.Exceptions) {
		switch {
		case ending == nil || !slices.Contains(ending.Ends, now.ID) && !slices.Contains(ending.Lapses, now.ID) || ending.Start != now.End:
			return Errorf(CodeHandover, "ended", "no handover ends %s at that time", now.ID)
		case len(now.Exceptions) > len(old.Exceptions) && !ending.Principle:
			return refused("the plan allows no exception")
		}
	}
	return nil
}

// modeFits holds the grant against the table of modes (design §2).
func (g *Grant) modeFits() bool {
	switch g.Mode {
	case ModeOwn:
		return g.Source == "" || g.Source == g.Decider
	case ModeDirect:
		return g.Source != g.Decider
	case ModeReview:
		return g.Examiner != "" && g.Examiner != g.Decider && (g.Source == "" || g.Source == g.Decider)
	case ModeWindow, ModeResident:
		return g.Acceptor != "" && g.Acceptor != g.Decider && (g.Examiner == "" || g.Examiner == g.Decider)
	}
	return g.Acceptor != g.Decider
}

func restsOn(g *Grant, find Finder) bool {
	root, _ := find(KindGrant, g.Rests).(*Grant)
	return root != nil && root.Matter == g.Matter && root.Decider == g.Decider && (root.Mode == ModeOwn || root.Mode == ModeDirect) &&
		Within(g.Territory, root.Territory)
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
