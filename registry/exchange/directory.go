package exchange

import (
	"cmp"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Directory tells members apart by the ledger's service records, as they are at the
// moment of asking: a member that is taken out of them is a stranger from then on.
type Directory struct {
	View View
	// Keys are the digests of this registry's exchange keys: whichever the ledger
	// names is in use.
	Keys func() []sm.Digest
}

// Neighbor is another member's registry.
type Neighbor struct {
	Member  string
	Address string    // https://host[:port]; empty: it exchanges nothing
	Key     sm.Digest // SM3 of its SubjectPublicKeyInfo
}

// services lists the services of members, by member.
func (d *Directory) services() ([]*registry.Service, error) {
	rules, err := registry.RecordOf[*registry.Rules](records{d.View}, registry.KindRules, registry.CurrentRules)
	if err != nil || rules == nil {
		return nil, err
	}
	all, err := d.View.Records(registry.KindService)
	if err != nil {
		return nil, err
	}
	var services []*registry.Service
	for _, record := range all {
		if s, ok := record.(*registry.Service); ok && slices.Contains(rules.Members, s.Member) {
			services = append(services, s)
		}
	}
	return services, nil
}

// Own lists the members whose service names one of this registry's keys, with the key;
// none while no order says so.
func (d *Directory) Own() (members []string, key sm.Digest, err error) {
	services, err := d.services()
	keys := d.Keys()
	for _, s := range services {
		if s.Exchanges() && slices.Contains(keys, s.ExchangeKey) {
			members, key = append(members, s.Member), s.ExchangeKey
		}
	}
	return members, key, err
}

// Neighbors lists the other members' registries, by member; none while this registry is
// not on record itself.
func (d *Directory) Neighbors() (all []Neighbor, err error) {
	own, _, err := d.Own()
	if err != nil || len(own) == 0 {
		return nil, err
	}
	services, err := d.services()
	for _, s := range services {
		if !slices.Contains(own, s.Member) {
			all = append(all, Neighbor{s.Member, s.Exchange, s.ExchangeKey})
		}
	}
	slices.SortFunc(all, func(a, b Neighbor) int { return cmp.Compare(a.Member, b.Member) })
	return all, err
}

// Neighbor is one other member's registry. CodeUnavailable when the ledger does not say
// where it is.
func (d *Directory) Neighbor(member string) (Neighbor, error) {
	all, err := d.Neighbors()
	if err != nil {
		return Neighbor{}, err
	}
	for _, n := range all {
		if n.Member == member && n.Address != "" {
			return n, nil
		}
	}
	return Neighbor{}, registry.Errorf(registry.CodeUnavailable, "member", "the ledger names no exchange of %s", member)
}

// MembersOf lists the other members that have the key; none for a stranger's, and a
// stranger's are all keys while this registry is not on record itself.
func (d *Directory) MembersOf(key sm.Digest) (members []string, err error) {
	all, err := d.Neighbors()
	for _, n := range all {
		if n.Address != "" && n.Key == key {
			members = append(members, n.Member)
		}
	}
	return members, err
}

// records is the view as registry.Records.
type records struct{ view View }

// Record implements registry.Records.
func (r records) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	record, _, err := r.view.Record(kind, name)
	return record, err
}

// memberOf is the member that carries an organization; empty for one that the ledger
// does not have.
func memberOf(view View, organization string) (string, error) {
	o, err := registry.RecordOf[*registry.Organization](records{view}, registry.KindOrganization, organization)
	if err != nil || o == nil {
		return "", err
	}
	return o.Member, nil
}
