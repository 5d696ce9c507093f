package chaincode

import (
	"fmt"
	"slices"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// asked is a ledger on which every record exists; it remembers what was read.
type asked struct {
	reads []string
	make  func(kind registry.RecordKind, name string) registry.GovernanceRecord
}

func (a *asked) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	a.reads = append(a.reads, registry.RecordKey(kind, name))
	return a.make(kind, name), nil
}

// everything is a record of the kind that lets the reader go on reading.
func everything(mode registry.Mode) func(registry.RecordKind, string) registry.GovernanceRecord {
	return func(kind registry.RecordKind, name string) registry.GovernanceRecord {
		if kind == registry.KindGrant {
			return &registry.Grant{ID: name, Mode: mode, Decider: "decider", Acceptor: "acceptor", Examiner: "examiner", Matter: "m", Rests: "own"}
		}
		return registry.NewRecord(kind)
	}
}

// TestKeysOfActs: what the contract asks its ledger for is what the gatherer
// reads, for every act, with and without what an act may name. A key that is
// missing would be a record that the contract takes for absent; one too many
// would be read for nothing by every endorser.
func TestKeysOfActs(t *testing.T) {
	// Kept beside the gatherer's records: the license itself, bars, blanks, decisions.
	besides := func(in *registry.Intent) (keys []string) {
		if in.Act != registry.Issue || in.Origin == nil { // a license that begins has no oversight
			keys = append(keys, registry.LicenseKey(in.Identifier.Base()))
		}
		if !in.Holder.IsZero() {
			keys = append(keys, registry.BarKey(in.Identifier.Type, in.Holder))
		}
		if in.Replaces() {
			keys = append(keys, registry.LicenseKey(in.Closes.Identifier.Base()))
		}
		if in.Act != registry.Issue {
			keys = append(keys, keysOfUses(in, nil)...)
		}
		return keys
	}
	for _, rule := range registry.Acts() {
		for variant := range 128 {
			in := &registry.Intent{Act: rule.Act, Organization: "actor", Grant: "g", TypeVersion: 3, Decided: 1_780_000_000, Seal: "s",
				Identifier: registry.Identifier{Type: "11100000MB0143028R003", Issuer: "11360732DEM20018XP", Serial: "A100001", Version: 2}}
			if variant&1 != 0 {
				in.Case = "case"
			}
			if variant&2 != 0 {
				in.Under = "own"
			}
			if variant&4 != 0 {
				in.Holder = sm.Sum([]byte("holder"))
			}
			if variant&8 != 0 {
				in.Printings = []registry.Printing{{Number: 1, Copy: registry.Electronic}, {Number: 2, Copy: registry.Original, Blank: registry.Blank{Form: "F", Run: "R", Number: "01"}}}
			}
			if variant&16 != 0 {
				in.Grant, in.Seal = "", "" // a superior's
			}
			if variant&32 != 0 && variant&16 == 0 {
				in.Origin = &registry.Origin{Matter: "m", Grant: "origin", Place: "360732101", Successor: "heir"}
			}
			if variant&64 != 0 {
				if in.Act != registry.Issue && in.Act != registry.Replace {
					continue
				}
				in.Closes = &registry.Closing{Identifier: registry.Identifier{Type: in.Identifier.Type, Issuer: "11360731DEM20018XP", Serial: "B100001", Version: 1},
					As: registry.Change, Origin: &registry.Origin{Matter: "m", Grant: "g0", Place: "360732101", Member: "yd"}}
			}
			batch := &registry.Batch{Namespace: "xg", Entries: []*registry.Entry{{Intent: in}}}
			governance, _ := keysOf(batch)
			reader := &asked{make: everything(registry.ModeReview)}
			if _, err := (registry.Gatherer{Records: reader}).Powers(in.Named()); err != nil {
				t.Fatalf("%s: %v", rule.Name, err)
			}
			want := sorted(append(reader.reads, besides(in)...))
			got := sorted(slices.DeleteFunc(governance, empty))
			// The act key that signed the batch is the actor's organization: read already.
			if !slices.Equal(got, want) {
				t.Errorf("%s, variant %d:\n contract asks %v\n gatherer reads %v", rule.Name, variant, got, want)
			}
		}
	}
}

// empty tells whether a key names nothing: the contract asks for it because it
// costs nothing, and gets nothing.
func empty(key string) bool {
	return key[len(key)-1] == '/' || key == registry.RecordKey(registry.KindExamination, registry.ExaminationName("", "case"))
}

// TestKeysOfOrders: what judges an order reads nothing that the contract did not
// ask for, whatever record is set, first and later.
func TestKeysOfOrders(t *testing.T) {
	records := func(n int) []registry.GovernanceRecord {
		id := fmt.Sprint(n)
		return []registry.GovernanceRecord{
			&registry.Rules{Version: 1, City: "city", Members: []string{"city", "xg"}},
			&registry.Organization{Code: "o", Member: "xg", Region: "360732"},
			&registry.Matter{Code: "m"}, &registry.TypeRecord{Code: "t", Version: 1}, &registry.Policy{Type: "t"},
			&registry.Grant{ID: "g", Mode: registry.ModeDirect, Decider: "d", RecallBy: "r", Source: "s", Regulators: []string{"w1", "w2"}, Operating: int64(n),
				Begun: "h1", Ended: "h2", Cases: []string{"c" + id}},
			&registry.Grant{ID: "g", Mode: registry.ModeEntrust, Decider: "d", RecallBy: "d", Acceptor: "a", Rests: "own", Matter: "m", Regulators: []string{"w"}},
			&registry.SealRecord{ID: "s", Owner: "o"}, &registry.Stock{Type: "t", Form: "f", Run: "r", Organization: "o", Ranges: []registry.BlankRange{{From: id, To: id}}},
			&registry.Approver{KeyID: "k", Organization: "o"}, &registry.Instance{Issuer: "o", Prefix: "A1", Lists: []uint32{1}},
			&registry.Handover{ID: "h", From: []string{"f"}, To: "t", Signatures: []registry.HandoverSignature{{Organization: "f", Side: registry.SideFrom, Key: "k1"}, {Organization: "t", Side: registry.SideTo, Key: "k2"}}},
			&registry.Examination{Grant: "g", Case: "c", Organization: "o", Key: "k", SealAsked: int64(n), Confirmed: int64(n), ConfirmedBy: "k2", Result: registry.Forward},
			&registry.Calendar{Year: 2026}, &registry.Publication{Lists: 1}, &registry.Publication{Lists: 1, Member: "xg", Time: int64(n)},
			&registry.Service{Member: "xg", Operator: "o", Public: "https://a.example"},
		}
	}
	first, later := records(1), records(2)
	for i, record := range later {
		raw, err := registry.Encode(record)
		if err != nil {
			t.Fatal(err)
		}
		order := &registry.Order{Organization: "o", Kind: record.Kind(), Record: raw}
		governance, _ := keysOf(&registry.Batch{Namespace: registry.Governance, Entries: []*registry.Entry{{Order: order}}})
		for _, before := range []registry.GovernanceRecord{nil, first[i]} {
			for _, found := range []func(registry.RecordKind, string) registry.GovernanceRecord{everything(registry.ModeOwn), everything(registry.ModeReview), someone} {
				reader := &asked{make: found}
				_ = registry.CheckNamed(first[0].(*registry.Rules), before, record, "o", func(kind registry.RecordKind, name string) registry.GovernanceRecord {
					r, _ := reader.Record(kind, name)
					return r
				})
				for _, key := range reader.reads {
					if !slices.Contains(governance, key) {
						t.Errorf("%s: the law reads %s, the contract does not ask for it", record.Kind(), key)
					}
				}
			}
		}
	}
}

// TestKeysOfSuccessions: what goes over with a start or a dissolution is read
// from what the contract asked for, whoever has the licenses now.
func TestKeysOfSuccessions(t *testing.T) {
	from, to, third := "1136073201234568A1", "1136073201234568A2", "1136073201234568A3"
	name := registry.SuccessionName(from, "m", "360732")
	of := registry.SuccessionName(third, "m", "360732101")
	records := []registry.GovernanceRecord{
		&registry.Handover{ID: "h", From: []string{from, third}, To: to, Begins: []string{"g"}, Ends: []string{"e"}, Start: 2, Succeeds: []string{name, of}},
		&registry.Organization{Code: from, Dissolved: 2, Successor: to, Succeeds: []string{of}},
	}
	for _, holder := range []string{"", from, third, to} {
		for _, record := range records {
			raw, err := registry.Encode(record)
			if err != nil {
				t.Fatal(err)
			}
			governance, _ := keysOf(&registry.Batch{Namespace: registry.Governance, Entries: []*registry.Entry{{Order: &registry.Order{Kind: record.Kind(), Record: raw}}}})
			reader := &asked{make: func(kind registry.RecordKind, n string) registry.GovernanceRecord {
				switch {
				case kind == registry.KindGrant && n == "g":
					return &registry.Grant{ID: n, Mode: registry.ModeDirect, Decider: to, Source: from, Matter: "m", Territory: "360732"}
				case kind == registry.KindGrant:
					return &registry.Grant{ID: n, Mode: registry.ModeDirect, Decider: third, Matter: "m", Territory: "360732101"}
				case kind == registry.KindSuccession && n == registry.SuccessionName(from, registry.Any, registry.Any):
					return &registry.Succession{Issuer: from, Matter: registry.Any, Region: registry.Any, Predecessors: []string{of}}
				case kind == registry.KindSuccession && n == name:
					return &registry.Succession{Issuer: from, Matter: "m", Region: "360732", Successor: holder, Since: 1}
				case kind == registry.KindSuccession && n == of:
					return &registry.Succession{Issuer: third, Matter: "m", Region: "360732101", Successor: from, Since: 1}
				}
				return nil
			}}
			written, err := registry.SuccessionsOf(record, func(kind registry.RecordKind, n string) registry.GovernanceRecord {
				r, _ := reader.Record(kind, n)
				return r
			})
			if err != nil || len(written) == 0 {
				t.Fatalf("%s, held by %q: %v, %v", record.Kind(), holder, written, err)
			}
			for _, s := range written {
				reader.reads = append(reader.reads, registry.RecordKey(s.Kind(), s.Name()))
			}
			for _, key := range reader.reads {
				if !slices.Contains(governance, key) {
					t.Errorf("%s, held by %q: the law reads or writes %s, the contract does not ask for it", record.Kind(), holder, key)
				}
			}
		}
	}
}

// TestKeysOfTenures: with an order for a grant the ledger writes its decider's
// tenure, and that of what an entrustment rests on, from what the contract asked
// for.
func TestKeysOfTenures(t *testing.T) {
	rules := &registry.Rules{Version: registry.NewestRules}
	for _, mode := range registry.Modes() {
		record := &registry.Grant{ID: "g", Mode: mode, Decider: "d", Matter: "m", Territory: "360732", Effective: 1, Rests: "own"}
		raw, err := registry.Encode(record)
		if err != nil {
			t.Fatal(err)
		}
		e := &registry.Entry{Order: &registry.Order{Kind: registry.KindGrant, Record: raw}}
		governance, _ := keysOf(&registry.Batch{Namespace: registry.Governance, Entries: []*registry.Entry{e}})
		written, err := registry.WrittenWith(e, record, func(kind registry.RecordKind, name string) (registry.GovernanceRecord, registry.Stored) {
			key := registry.RecordKey(kind, name)
			if !slices.Contains(governance, key) {
				t.Errorf("%s: the ledger reads %s, the contract does not ask for it", mode, key)
			}
			switch key {
			case registry.RecordKey(registry.KindRules, registry.CurrentRules):
				return rules, registry.Stored{}
			case registry.RecordKey(registry.KindGrant, "own"):
				return &registry.Grant{ID: name, Mode: registry.ModeOwn, Decider: "d", Matter: "m", Territory: "360700", Effective: 1}, registry.Stored{}
			}
			return nil, registry.Stored{}
		})
		if err != nil || len(written) != 1 || written[0].Key() != registry.RecordKey(registry.KindTenure, "d.m") || !slices.Contains(governance, written[0].Key()) {
			t.Errorf("%s: written %+v, %v", mode, written, err)
		}
	}
}

// someone finds people, authorities and handovers that fit.
func someone(kind registry.RecordKind, name string) registry.GovernanceRecord {
	switch kind {
	case registry.KindOrganization:
		return &registry.Organization{Code: name, Rank: registry.RankGovernment, Region: "360732"}
	case registry.KindApprover:
		return &registry.Approver{KeyID: sm.KeyID(name), Organization: "o", Person: name, Roles: registry.Roles()}
	case registry.KindGrant:
		return &registry.Grant{ID: name, Mode: registry.ModeReview, Examiner: "o", Decider: "d", Matter: "m"}
	case registry.KindHandover:
		return &registry.Handover{ID: name, Begins: []string{"g"}, Ends: []string{"g"}, To: "d", Start: 2}
	}
	return registry.NewRecord(kind)
}

func sorted(keys []string) []string {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keysRead is a ledger with one grant; it remembers what was read of each namespace.
type keysRead struct {
	grant *registry.Grant
	keys  map[string][]string
}

func (r *keysRead) Read(namespace string, keys []string) ([][]byte, error) {
	r.keys[namespace] = append(r.keys[namespace], keys...)
	values := make([][]byte, len(keys))
	for i, key := range keys {
		if key != registry.RecordKey(registry.KindGrant, r.grant.ID) {
			continue
		}
		record, err := registry.Encode(r.grant)
		if err != nil {
			return nil, err
		}
		if values[i], err = registry.Encode(registry.Stored{Sequence: 1, Record: record}); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (*keysRead) Put(string, []byte) error { return nil }

// TestKeysOfUses: the contract reads whose number and decision are, each in the
// namespace of its act; what is no use of either is not asked for, nor anything
// under the first rules.
func TestKeysOfUses(t *testing.T) {
	grant := &registry.Grant{ID: "g", Matter: "m"}
	for _, rule := range registry.Acts() {
		for variant := range 4 {
			in := &registry.Intent{Act: rule.Act, Organization: "actor", Grant: "g", Decision: "决1号", Case: "case", Decided: 1_780_000_000,
				Identifier: registry.Identifier{Type: "11100000MB0143028R003", Issuer: "11360732DEM20018XP", Serial: "A100001", Version: 2}}
			if variant&1 != 0 {
				in.Origin = &registry.Origin{Matter: "m", Place: "360732"}
			}
			if variant&2 != 0 {
				in.Number = sm.Sum([]byte("number"))
			}
			for _, namespace := range []string{"xg", registry.Governance} {
				reader := &keysRead{grant: grant, keys: map[string][]string{}}
				if _, err := load(reader, &registry.Batch{Namespace: namespace, Entries: []*registry.Entry{{Intent: in}}}); err != nil {
					t.Fatal(err)
				}
				var got, want []string
				for _, key := range reader.keys[namespace] {
					if key[0] == 'n' || key[0] == 'd' || key[0] == 'a' {
						got = append(got, key)
					}
				}
				if namespace == "xg" && variant&2 != 0 {
					want = append(want, registry.NumberKey(in.Number))
				}
				if namespace == "xg" {
					want = append(want, keysOfUses(in, grant)...)
				} else if rule.Act != registry.Issue { // an issue through governance is refused
					want = append(want, keysOfUses(in, nil)...)
				}
				if !slices.Equal(sorted(got), sorted(want)) {
					t.Errorf("%s, variant %d, in %s: reads %v, want %v", rule.Name, variant, namespace, got, want)
				}
			}
		}
	}
}
