// Package chaincode is the ledger contract: it decides which entries the
// ledger accepts. Execute is a pure function of the state it reads and the
// batch it is given: no clock, no randomness, no iteration over maps into
// output, so that every endorser answers alike. The shells that run it stand
// in chaincode/fabric and chaincode/embedded.
package chaincode

import (
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// MaxEntries bounds a batch: more would not fit one Fabric transaction.
const MaxEntries = 4096

// State is what a shell offers: one multi-key read per namespace, and puts.
type State interface {
	// Read returns the committed values of keys, in their order, nil for an
	// absent one. Execute calls it once per namespace.
	Read(namespace string, keys []string) ([][]byte, error)
	// Put writes a value of the batch's own namespace.
	Put(key string, value []byte) error
}

// Execute judges the batch's entries in order, each over what the earlier ones
// wrote, and puts what the accepted ones change. One bad entry is refused by
// itself with its code. An error means the whole batch cannot be judged (the
// state cannot be read, the batch is malformed): nothing may be committed.
func Execute(state State, batch *registry.Batch) (*registry.Outcome, error) {
	return run(state, batch, false)
}

// DryRun judges like Execute with the author signatures left out and writes
// nothing: it tells early what the ledger would refuse.
func DryRun(state State, batch *registry.Batch) (*registry.Outcome, error) {
	return run(readOnly{state}, batch, true)
}

type readOnly struct{ State }

func (readOnly) Put(string, []byte) error { return nil }

func run(state State, batch *registry.Batch, unsigned bool) (*registry.Outcome, error) {
	if n := len(batch.Entries); n == 0 || n > MaxEntries {
		return nil, registry.Errorf(registry.CodeEntryForm, "entries", "%d entries: want 1 to %d", n, MaxEntries)
	}
	if slices.Contains(batch.Entries, nil) {
		return nil, registry.Errorf(registry.CodeEntryForm, "entries", "an entry is missing")
	}
	v, err := load(state, batch)
	if err != nil {
		return nil, err
	}
	if err := v.checkRules(); err != nil {
		return nil, err
	}
	signed := map[string]error{}
	if !unsigned {
		signed = v.authorship()
	}
	outcome := &registry.Outcome{Results: make([]registry.EntryResult, len(batch.Entries))}
	var accepted []sm.Digest
	for i, e := range batch.Entries {
		result := v.judge(e, signed[e.Author()])
		outcome.Results[i] = result
		if result.Accepted() && !result.Repeat {
			accepted = append(accepted, e.Digest())
		}
	}
	if len(accepted) > 0 {
		outcome.Root, outcome.Count = registry.EntriesRoot(accepted), len(accepted)
		v.put(registry.RootKey(outcome.Root), BatchRoot{Count: len(accepted), Time: batch.Time})
	}
	return outcome, v.flush(state)
}

// BatchRoot is what the ledger keeps of a batch: receipts are read from it.
type BatchRoot struct {
	Count int   `cbor:"1,keyasint" json:"count"`
	Time  int64 `cbor:"2,keyasint" json:"time"`
}

// judge decides one entry and, when it is accepted, changes the view.
func (v *view) judge(e *registry.Entry, signature error) registry.EntryResult {
	repeat, err := v.decide(e, signature)
	if err != nil {
		return refusal(err)
	}
	return registry.EntryResult{Repeat: repeat}
}

func (v *view) decide(e *registry.Entry, signature error) (repeat bool, err error) {
	if err := v.knows(e); err != nil {
		return false, err
	}
	if err := e.CheckUnder(v.rules()); err != nil {
		return false, err
	}
	if signature != nil {
		return false, signature
	}
	switch {
	case e.Order != nil:
		return v.order(e)
	case v.batch.Namespace == registry.Governance:
		return v.oversight(e)
	}
	return v.license(e)
}

// knows refuses what the rules in force do not know yet, as a contract of their
// time does.
func (v *view) knows(e *registry.Entry) error {
	if in := e.Intent; in != nil && (in.Act.Rules() || in.Act == registry.Replace) && !v.rules().Since(registry.RulesOfRelations) {
		return registry.Errorf(registry.CodeActUnknown, "act", "%s is an act of rules %d", in.Act, registry.RulesOfRelations)
	}
	return nil
}

// refusal keeps code and field only: the same at every endorser.
func refusal(err error) registry.EntryResult {
	var field string
	if coded, ok := err.(*registry.Error); ok {
		field = coded.Field
	}
	return registry.EntryResult{Code: registry.CodeOf(err), Field: field}
}

// license judges an act of the issuer's side, in the member's namespace.
func (v *view) license(e *registry.Entry) (repeat bool, err error) {
	in := e.Intent
	powers, missing := v.powers(in)
	if powers.Issuer != nil && powers.Issuer.Member != v.batch.Namespace {
		return false, registry.Errorf(registry.CodeNamespace, "identifier", "the license belongs to member %s", powers.Issuer.Member)
	}
	if in.Origin != nil && in.Origin.Member != "" {
		return false, registry.Errorf(registry.CodeNamespace, "origin", "an act that names a member goes through governance")
	}
	before := v.ownLicense(in.Identifier.Base())
	var sequence uint64
	var head sm.Digest
	if before != nil {
		sequence, head = before.Sequence, before.Head
	}
	if repeat, err := registry.Follows(sequence, head, e); repeat || err != nil {
		return repeat, err
	}
	over := v.oversightOf(in.Identifier.Base())
	if err := over.Allows(before, in); err != nil {
		return false, err
	}
	if missing != nil {
		return false, missing
	}
	before = before.Under(over)
	if err := powers.CheckAct(before, e, v.batch.Time); err != nil {
		return false, err
	}
	after, err := registry.Apply(before, e)
	if err != nil {
		return false, err
	}
	if err := v.freeBlanks(in); err != nil {
		return false, err
	}
	v.put(registry.LicenseKey(in.Identifier.Base()), after)
	for _, p := range in.Printings {
		if !p.Blank.IsZero() {
			v.put(registry.BlankKey(in.Identifier.Type, p.Blank), p.Number)
		}
	}
	if in.Replaces() {
		v.put(registry.ReplacingKey(in.Closes.Identifier.Base()), registry.ReplacingClaim{By: in.Identifier})
	}
	v.use(powers, in)
	v.bar(powers, before.Stands(), in)
	return false, nil
}

// use keeps whose number an act took, and that its decision and case are used up; the
// first use stays.
func (v *view) use(powers *registry.Powers, in *registry.Intent) {
	if !in.Number.IsZero() && powers.NumberUse == nil {
		v.put(registry.NumberKey(in.Number), registry.UseOf(in.Identifier.Base()))
	}
	for _, u := range powers.Uses {
		if v.own[u.Key] == nil {
			v.put(u.Key, u.Takes)
		}
	}
}

// bar keeps what an act bars its holder from. causes stood in the act's chain
// before it.
func (v *view) bar(powers *registry.Powers, causes []registry.StateCause, in *registry.Intent) {
	key := registry.BarKey(in.Identifier.Type, in.Holder)
	if in.Origin == nil {
		if bar, ok := powers.Bar(in); ok {
			v.put(key, bar)
		}
		return
	}
	if bar, changed := powers.BarAfter(decodeValue[registry.Bar](v.own[key]), causes, in); changed {
		v.put(key, bar)
	}
}

// freeBlanks: no blank named was used before, nor twice in this act.
func (v *view) freeBlanks(in *registry.Intent) error {
	named := map[string]bool{}
	for _, p := range in.Printings {
		if p.Blank.IsZero() {
			continue
		}
		key := registry.BlankKey(in.Identifier.Type, p.Blank)
		if named[key] || v.own[key] != nil {
			return registry.Errorf(registry.CodeBlankUsed, "printings", "blank %s was used before", p.Blank.Number)
		}
		named[key] = true
	}
	return nil
}

// oversight judges an act through governance: a superior's, or that of a
// successor or a regulator of another member.
func (v *view) oversight(e *registry.Entry) (repeat bool, err error) {
	in := e.Intent
	powers, missing := v.powers(in)
	before := v.oversightOf(in.Identifier.Base())
	var sequence uint64
	var head sm.Digest
	if before != nil {
		sequence, head = before.Sequence, before.Head
	}
	if repeat, err := registry.Follows(sequence, head, e); repeat || err != nil {
		return repeat, err
	}
	if missing != nil {
		return false, missing
	}
	license := v.memberLicense(powers.Issuer.Member, in.Identifier.Base())
	if err := powers.CheckGovernance(license, before, e, v.batch.Time); err != nil {
		return false, err
	}
	if license == nil {
		return false, registry.Errorf(registry.CodeNotFound, "identifier", "no such license on the ledger")
	}
	after, err := registry.ApplyOversight(before, license, e)
	if err != nil {
		return false, err
	}
	v.put(registry.LicenseKey(in.Identifier.Base()), after)
	v.use(powers, in)
	v.bar(powers, before.Stands(), in)
	return false, nil
}

// order judges the setting of a governance record.
func (v *view) order(e *registry.Entry) (repeat bool, err error) {
	if v.batch.Namespace != registry.Governance {
		return false, registry.Errorf(registry.CodeNamespace, "order", "orders belong to the governance namespace")
	}
	o := e.Order
	record, err := o.Decode()
	if err != nil {
		return false, err
	}
	key := registry.RecordKey(record.Kind(), record.Name())
	before, stored := v.record(key)
	if repeat, err := registry.Follows(stored.Sequence, stored.Head, e); repeat || err != nil {
		return repeat, err
	}
	if o.Decided > v.batch.Time {
		return false, registry.Errorf(registry.CodeFuture, "decided", "decided after it is recorded")
	}
	if rules, ok := record.(*registry.Rules); ok && rules.Version > RulesVersion {
		// Active rules that no contract here applies would close the ledger.
		return false, registry.Errorf(registry.CodeRules, "version", "this contract applies rules up to %d", RulesVersion)
	}
	if err := registry.CheckOrder(v.rules(), before, record, o.Organization, o.Decided); err != nil {
		return false, err
	}
	if err := registry.CheckOrderTime(v.rules(), before, record, o.Decided, v.batch.Time); err != nil {
		return false, err
	}
	if err := registry.CheckNamed(v.rules(), before, record, o.Organization, v.find); err != nil {
		return false, err
	}
	if err := v.claim(record); err != nil {
		return false, err
	}
	if err := v.writes(e, record); err != nil {
		return false, err
	}
	v.put(key, registry.Stored{Sequence: o.Sequence, Head: e.Digest(), Record: o.Record})
	return false, nil
}

// writes puts what the ledger writes itself with an order.
func (v *view) writes(e *registry.Entry, record registry.GovernanceRecord) error {
	written, err := registry.WrittenWith(e, record, func(kind registry.RecordKind, name string) (registry.GovernanceRecord, registry.Stored) {
		return v.record(registry.RecordKey(kind, name))
	})
	if err != nil {
		return err
	}
	for _, w := range written {
		v.put(w.Key(), w.Stored)
	}
	return nil
}
