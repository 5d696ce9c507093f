package chaincode

import (
	"slices"
	"strings"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// view is what one execution sees: the values read once per namespace, and
// what the accepted entries wrote over them.
type view struct {
	batch      *registry.Batch
	governance map[string][]byte            // raw governance values by key
	records    map[string]storedRecord      // decoded governance records
	own        map[string][]byte            // the batch's namespace (governance itself for orders and oversight)
	members    map[string]map[string][]byte // other members' licenses, for oversight, or their bars
	written    []string                     // keys to put, in order of first writing
	dirty      map[string]bool              // the same, as a set
}

type storedRecord struct {
	record registry.GovernanceRecord
	stored registry.Stored
}

// load lists every key the batch can need and reads each namespace once.
func load(state State, batch *registry.Batch) (*view, error) {
	v := &view{batch: batch, records: map[string]storedRecord{}, dirty: map[string]bool{}, members: map[string]map[string][]byte{}}
	governance, own := keysOf(batch)
	var err error
	if v.governance, err = read(state, registry.Governance, governance); err != nil {
		return nil, err
	}
	if batch.Namespace == registry.Governance {
		v.own = v.governance
		return v, v.loadMembers(state)
	}
	own = append(own, v.useKeys()...)
	if v.own, err = read(state, batch.Namespace, own); err != nil {
		return nil, err
	}
	return v, v.loadOthers(state)
}

// useKeys lists what the batch's acts use up. An issue's is of its grant's matter, so
// governance is read first.
func (v *view) useKeys() (keys []string) {
	for _, e := range v.batch.Entries {
		if e.Intent == nil {
			continue
		}
		keys = append(keys, keysOfUses(e.Intent, recordOf[*registry.Grant](v, registry.KindGrant, e.Intent.Grant))...)
	}
	return keys
}

func keysOfUses(in *registry.Intent, g *registry.Grant) (keys []string) {
	for _, once := range registry.UsesOf(in, g) {
		keys = append(keys, once.Key)
	}
	return keys
}

// loadOthers reads from the other members' namespaces what stands there against
// the holders of new versions, and the licenses that new ones replace.
func (v *view) loadOthers(state State) error {
	if !v.rules().Since(registry.RulesOfRelations) {
		return nil
	}
	for _, member := range v.rules().Members {
		keys := keysOfOther(v.batch, member)
		if member == v.batch.Namespace || len(keys) == 0 {
			continue
		}
		values, err := read(state, member, keys)
		if err != nil {
			return err
		}
		v.members[member] = values
	}
	return nil
}

// keysOfOther lists the keys of another member's namespace.
func keysOfOther(batch *registry.Batch, member string) (keys []string) {
	for _, e := range batch.Entries {
		in := e.Intent
		if in == nil {
			continue
		}
		if in.Act.MakesVersion() && !in.Holder.IsZero() {
			keys = append(keys, registry.BarKey(in.Identifier.Type, in.Holder))
		}
		if !in.Replaces() {
			continue
		}
		base := in.Closes.Identifier.Base()
		keys = append(keys, registry.ReplacingKey(base))
		if in.Closes.Origin != nil && in.Closes.Origin.Member == member {
			keys = append(keys, registry.LicenseKey(base))
		}
	}
	return keys
}

// loadMembers reads the licenses that acts through governance concern, by member,
// and those that replace them.
func (v *view) loadMembers(state State) error {
	keys := map[string][]string{}
	var members []string
	add := func(member string, more ...string) {
		if member == registry.Governance || len(more) == 0 {
			return
		}
		if !slices.Contains(members, member) {
			members = append(members, member)
		}
		keys[member] = append(keys[member], more...)
	}
	for _, e := range v.batch.Entries {
		if e.Intent == nil {
			continue
		}
		concerned := []registry.Identifier{e.Intent.Identifier}
		if c := e.Intent.Closes; c != nil {
			concerned = append(concerned, c.Identifier)
		}
		for _, id := range concerned {
			issuer := recordOf[*registry.Organization](v, registry.KindOrganization, id.Issuer)
			if issuer == nil {
				continue
			}
			add(issuer.Member, registry.LicenseKey(id.Base()))
		}
		// What the actor decided in its own member's namespace is decided here, too.
		if actor := recordOf[*registry.Organization](v, registry.KindOrganization, e.Intent.Organization); actor != nil {
			add(actor.Member, keysOfUses(e.Intent, nil)...)
		}
	}
	for _, member := range members {
		values, err := read(state, member, keys[member])
		if err != nil {
			return err
		}
		v.members[member] = values
	}
	return nil
}

func read(state State, namespace string, keys []string) (map[string][]byte, error) {
	slices.Sort(keys)
	keys = slices.Compact(keys)
	values, err := state.Read(namespace, keys)
	if err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "reading %s", namespace).WithCause(err)
	}
	byKey := make(map[string][]byte, len(keys))
	for i, key := range keys {
		if values[i] != nil {
			byKey[key] = values[i]
		}
	}
	return byKey, nil
}

// keysOf lists the keys of the governance namespace and of the batch's own.
func keysOf(batch *registry.Batch) (governance, own []string) {
	add := func(kind registry.RecordKind, name string) {
		governance = append(governance, registry.RecordKey(kind, name))
	}
	add(registry.KindRules, "current")
	for _, e := range batch.Entries {
		if e.Order == nil && e.Intent == nil {
			continue // refused by Entry.Check
		}
		add(registry.KindOrganization, e.Author())
		if e.Order != nil {
			if record, err := e.Order.Decode(); err == nil {
				add(record.Kind(), record.Name())
				for _, ref := range registry.References(record) {
					add(ref.Kind, ref.Name)
				}
				governance = append(governance, claimKeys(record)...)
			}
			continue
		}
		in := e.Intent
		add(registry.KindOrganization, in.Identifier.Issuer)
		add(registry.KindType, registry.TypeName(in.Identifier.Type, in.TypeVersion))
		add(registry.KindGrant, in.Grant)
		add(registry.KindSeal, in.Seal)
		if in.Under != "" {
			add(registry.KindGrant, in.Under)
		}
		if in.Case != "" {
			add(registry.KindExamination, registry.ExaminationName(in.Grant, in.Case))
		}
		named := in.Named()
		add(registry.KindInstance, named.Instance())
		add(registry.KindGrant, named.Origin)
		add(registry.KindOrganization, named.Author)
		add(registry.KindOrganization, named.Paired)
		for _, name := range named.Successions() {
			add(registry.KindSuccession, name)
		}
		for _, organization := range named.Tenures() {
			add(registry.KindTenure, registry.TenureName(organization, named.Matter))
		}
		for _, year := range named.Years() {
			add(registry.KindCalendar, year)
		}
		if !in.Holder.IsZero() {
			key := registry.BarKey(in.Identifier.Type, in.Holder)
			governance, own = append(governance, key), append(own, key)
		}
		if !in.Number.IsZero() {
			own = append(own, registry.NumberKey(in.Number))
		}
		if in.Act != registry.Issue { // an issue is in no other namespace than its member's
			governance = append(governance, keysOfUses(in, nil)...)
		}
		if !begins(in) {
			governance = append(governance, registry.LicenseKey(in.Identifier.Base()))
		}
		own = append(own, registry.LicenseKey(in.Identifier.Base()))
		if in.Replaces() {
			base := in.Closes.Identifier.Base()
			governance, own = append(governance, registry.LicenseKey(base)), append(own, registry.ReplacingKey(base))
		}
		for _, p := range in.Printings {
			if !p.Blank.IsZero() {
				add(registry.KindStock, registry.StockName(in.Identifier.Type, p.Blank.Form, p.Blank.Run, in.Organization))
				own = append(own, registry.BlankKey(in.Identifier.Type, p.Blank))
			}
		}
	}
	return governance, own
}

// begins tells whether the act is the first of its license or refused. There is no
// oversight of what is not there, so governance is not asked for it. An issue without
// origin, of the first rules, has it read as contracts of their time do: endorsers
// must read alike.
func begins(in *registry.Intent) bool { return in.Act == registry.Issue && in.Origin != nil }

// record returns a governance record with its chain; nil and zero when absent.
func (v *view) record(key string) (registry.GovernanceRecord, registry.Stored) {
	if r, ok := v.records[key]; ok {
		return r.record, r.stored
	}
	raw := v.governance[key]
	if raw == nil {
		return nil, registry.Stored{}
	}
	kind, _, _ := strings.Cut(key, "/")
	record, stored, err := registry.DecodeStored(registry.RecordKind(kind), raw)
	if err != nil {
		return nil, registry.Stored{}
	}
	v.records[key] = storedRecord{record, *stored}
	return record, *stored
}

func recordOf[T registry.GovernanceRecord](v *view, kind registry.RecordKind, name string) T {
	record, _ := v.record(registry.RecordKey(kind, name))
	typed, _ := record.(T)
	return typed
}

// find is record for those who ask by kind and name.
func (v *view) find(kind registry.RecordKind, name string) registry.GovernanceRecord {
	record, _ := v.record(registry.RecordKey(kind, name))
	return record
}

// Record implements registry.Records: what one execution has read.
func (v *view) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	return v.find(kind, name), nil
}

func (v *view) rules() *registry.Rules {
	return recordOf[*registry.Rules](v, registry.KindRules, "current")
}

// authorship verifies each organization's signature over its entries; the
// result names those whose signature does not hold.
func (v *view) authorship() map[string]error {
	faults := map[string]error{}
	for _, organization := range v.batch.AuthorsOf() {
		if err := v.signedBy(organization); err != nil {
			faults[organization] = err
		}
	}
	return faults
}

func (v *view) signedBy(organization string) error {
	bad := registry.Errorf(registry.CodeAuthorship, "authors", "no good act-key signature of %s", organization)
	i := slices.IndexFunc(v.batch.Authors, func(a registry.Authorship) bool { return a.Organization == organization })
	if i < 0 {
		return bad
	}
	author := v.batch.Authors[i]
	key, ok := v.actKey(organization, author.Key)
	if !ok {
		return bad
	}
	pub, err := sm.ParsePublicKey(key.Public)
	if err != nil {
		return bad
	}
	message := registry.AuthorshipMessage(v.batch.Namespace, v.batch.DigestsOf(organization))
	if !sm.VerifyRaw(pub, message, author.Signature) {
		return bad
	}
	return nil
}

// actKey finds the key; at genesis the founder named by the first order signs.
func (v *view) actKey(organization string, id sm.KeyID) (registry.ActKey, bool) {
	if v.rules() == nil {
		record, err := v.batch.Entries[0].Order.Decode()
		rules, ok := record.(*registry.Rules)
		if err != nil || !ok {
			return registry.ActKey{}, false
		}
		return rules.Founder, rules.City == organization && rules.Founder.ID == id
	}
	org := recordOf[*registry.Organization](v, registry.KindOrganization, organization)
	if org == nil {
		return registry.ActKey{}, false
	}
	return org.Key(id, v.batch.Time)
}

// powers gathers what governance says about an intent; missing says what it
// lacks, to be answered once the cheaper questions are.
func (v *view) powers(in *registry.Intent) (powers *registry.Powers, missing error) {
	powers, missing = registry.Gatherer{Records: v}.Powers(in.Named())
	powers.Bars = v.bars(in)
	powers.NumberUse = decodeValue[registry.Use](v.own[registry.NumberKey(in.Number)])
	powers.Uses = v.uses(in, powers)
	powers.Counterpart = v.counterpart(in, powers)
	return powers, missing
}

// uses are the things that an act must find untaken, as they are found: in its
// namespace, and where else its organization decides, in governance or in its own
// member's.
func (v *view) uses(in *registry.Intent, powers *registry.Powers) (all []registry.Used) {
	spaces := []map[string][]byte{v.own, v.governance}
	if powers.Actor != nil && v.batch.Namespace == registry.Governance {
		spaces = append(spaces, v.members[powers.Actor.Member])
	}
	for _, once := range registry.UsesOf(in, powers.Grant) {
		u := registry.Used{Once: once}
		for _, values := range spaces {
			u.See(registry.TakingOf(values[once.Key]))
		}
		all = append(all, u)
	}
	return all
}

// counterpart is the other license of a pair, nil when the act has none.
func (v *view) counterpart(in *registry.Intent, powers *registry.Powers) *registry.Counterpart {
	if in.Closes == nil || powers.Paired == nil || powers.Rules == nil {
		return nil
	}
	base := in.Closes.Identifier.Base()
	c := &registry.Counterpart{License: v.memberLicense(powers.Paired.Member, base), Oversight: v.oversightOf(base)}
	for _, member := range powers.Rules.Members {
		c.Claimed = c.Claimed || v.members[member][registry.ReplacingKey(base)] != nil
	}
	c.Claimed = c.Claimed || v.own[registry.ReplacingKey(base)] != nil
	return c
}

// bars are those that stand against the holder named: of governance, of this
// namespace, and for a version of every other member's.
func (v *view) bars(in *registry.Intent) (bars []registry.Bar) {
	if in.Holder.IsZero() {
		return nil
	}
	key := registry.BarKey(in.Identifier.Type, in.Holder)
	spaces := []map[string][]byte{v.governance, v.own}
	for _, member := range v.rules().Members {
		if values := v.members[member]; values != nil && in.Act.MakesVersion() {
			spaces = append(spaces, values)
		}
	}
	for _, values := range spaces {
		if bar := decodeValue[registry.Bar](values[key]); bar != nil {
			bars = append(bars, *bar)
		}
	}
	return bars
}

func (v *view) ownLicense(base string) *registry.License {
	return decodeValue[registry.License](v.own[registry.LicenseKey(base)])
}

func (v *view) memberLicense(member, base string) *registry.License {
	return decodeValue[registry.License](v.members[member][registry.LicenseKey(base)])
}

func (v *view) oversightOf(base string) *registry.Oversight {
	return decodeValue[registry.Oversight](v.governance[registry.LicenseKey(base)])
}

// decodeValue reads a value the contract wrote; nil when absent.
func decodeValue[T any](raw []byte) *T {
	if raw == nil {
		return nil
	}
	value := new(T)
	if registry.Decode(raw, value) != nil {
		return nil
	}
	return value
}

// put writes over the view; flush hands it to the state.
func (v *view) put(key string, value any) {
	raw, err := registry.Encode(value)
	if err != nil {
		panic(err) // our own types
	}
	if !v.dirty[key] {
		v.dirty[key] = true
		v.written = append(v.written, key)
	}
	v.own[key] = raw
	delete(v.records, key)
}

func (v *view) flush(state State) error {
	for _, key := range v.written {
		if err := state.Put(key, v.own[key]); err != nil {
			return registry.Errorf(registry.CodeUnavailable, "", "writing").WithCause(err)
		}
	}
	return nil
}
