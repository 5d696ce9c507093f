// Package directory knows the other registries on the ledger: whose an organization's
// licenses are, where its registry is reached, and by which keys its papers are
// verified. Whose and where is the ledger's word; the keys are fetched from the member
// and kept only when they fit the digests on the ledger. It must not believe a member's
// server, and must not be waited for by anybody who scans a code.
package directory

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// View is what the ledger says, as the status view has it.
type View interface {
	Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, *registry.Stored, error)
	Records(kind registry.RecordKind) ([]registry.GovernanceRecord, error)
	Knowledge(now time.Time) registry.Knowledge
}

// Config says what the directory reads and where it keeps what it fetched.
type Config struct {
	Folder     string // made when absent
	View       View
	Public     string           // address of this registry
	Anchors    sm.Digest        // of this registry's own anchors (check.Roots.Digest)
	Clock      func() time.Time //
	Log        *slog.Logger
	Every      time.Duration // between two looks at a member whose keys fit; 10 minutes when 0
	Again      time.Duration // between two tries at one whose keys are lacking; 10 seconds when 0
	ListsEvery time.Duration // between two looks at their status lists; 30 seconds when 0
	Client     *http.Client  // nil: one with a deadline that follows no redirect

	Published func() []registry.StatusHead // what this registry's own signer gives; nil: nothing
}

// Directory is safe for concurrent use.
type Directory struct {
	config Config
	own    []sm.Digest // digests that this registry's anchors ever had, the present one included

	mu    sync.Mutex
	held  map[string]*kept
	open  map[string]opened
	tries map[string]try

	lists     map[uint32]taken // status lists that were taken over, by number
	listTries map[string]try   // last looks at them, by member
}

// opened is a member as it was opened for a record and what was held then.
type opened struct {
	service registry.Service
	held    *kept
	member  *check.Member
}

// Open reads what is kept.
func Open(config Config) (*Directory, error) {
	if config.Every == 0 {
		config.Every = 10 * time.Minute
	}
	if config.Again == 0 {
		config.Again = 10 * time.Second
	}
	if config.ListsEvery == 0 {
		config.ListsEvery = 30 * time.Second
	}
	if config.Client == nil {
		config.Client = client()
	}
	d := &Directory{config: config, open: map[string]opened{}, tries: map[string]try{}, lists: map[uint32]taken{}, listTries: map[string]try{}}
	var err error
	if d.held, err = readKept(config.Folder); err != nil {
		return nil, err
	}
	d.own, err = rememberOwn(config.Folder, config.Anchors)
	return d, err
}

// isOwn tells whether a record is this registry's own: by anchors that it has or once
// had; while the record names none, by address. An address alone says nothing once the
// ledger names anchors: whoever sets another's in a configuration has not its keys.
func (d *Directory) isOwn(s *registry.Service) bool {
	if s.HasKeys() {
		return slices.Contains(d.own, s.Anchors)
	}
	return s.Public == d.config.Public
}

// services are the members' records, by member.
func (d *Directory) services() (all []*registry.Service, err error) {
	records, err := d.config.View.Records(registry.KindService)
	for _, record := range records {
		if s, ok := record.(*registry.Service); ok {
			all = append(all, s)
		}
	}
	return all, err
}

// Serving is the record of the registry that serves an organization: its member's, and
// for a member without one the city's; nil when the ledger does not say.
func (d *Directory) Serving(organization string) *registry.Service {
	owner := recordOf[*registry.Organization](d, registry.KindOrganization, organization)
	if owner == nil {
		return nil
	}
	if service := recordOf[*registry.Service](d, registry.KindService, owner.Member); service != nil {
		return service
	}
	rules := recordOf[*registry.Rules](d, registry.KindRules, registry.CurrentRules)
	if rules == nil {
		return nil
	}
	city := recordOf[*registry.Organization](d, registry.KindOrganization, rules.City)
	if city == nil {
		return nil
	}
	return recordOf[*registry.Service](d, registry.KindService, city.Member)
}

// recordOf is a record of the ledger; nil when there is none, or it cannot be read.
func recordOf[T registry.GovernanceRecord](d *Directory, kind registry.RecordKind, name string) (none T) {
	record, _, err := d.config.View.Record(kind, name)
	if found, ok := record.(T); ok && err == nil {
		return found
	}
	return none
}

// Of is the other member whose licenses an issuer's are; nil for this registry's own,
// and where the ledger does not say.
func (d *Directory) Of(issuer string) *check.Member {
	s := d.Serving(issuer)
	if s == nil || d.isOwn(s) {
		return nil
	}
	return d.member(s)
}

func (d *Directory) member(s *registry.Service) *check.Member {
	name := ""
	if record, _, err := d.config.View.Record(registry.KindOrganization, s.Operator); err == nil {
		if o, ok := record.(*registry.Organization); ok {
			name = o.FullName
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	held := d.held[s.Member]
	if o := d.open[s.Member]; o.member != nil && o.service == *s && o.held == held && o.member.Name == name {
		return o.member
	}
	var keys registry.MemberKeys
	if held != nil {
		keys = held.Keys
	}
	m := check.OpenMember(s, name, keys)
	d.open[s.Member] = opened{*s, held, m}
	return m
}

// Elsewhere implements office.Members.
func (d *Directory) Elsewhere(issuer string) *registry.Elsewhere {
	if m := d.Of(issuer); m != nil {
		return &m.Elsewhere
	}
	return nil
}

// At implements office.Members: the other member whose codes lead to an address.
func (d *Directory) At(address string) *registry.Elsewhere {
	all, err := d.services()
	if err != nil || address == "" {
		return nil
	}
	for _, s := range all {
		if (address == s.Home || address == s.Public) && !d.isOwn(s) {
			return &d.member(s).Elsewhere
		}
	}
	return nil
}

// Path implements office.Members: the other member that a part of an address stands
// for, by the last part of the address on paper.
func (d *Directory) Path(part string) *registry.Elsewhere {
	all, err := d.services()
	if err != nil {
		return nil
	}
	for _, s := range all {
		if s.Home != "" && strings.HasSuffix(s.Home, "/"+part) && !d.isOwn(s) {
			return &d.member(s).Elsewhere
		}
	}
	return nil
}

// Others implements office.Members: all other members.
func (d *Directory) Others() (others []registry.Elsewhere) {
	all, err := d.services()
	if err != nil {
		return nil
	}
	for _, s := range all {
		if !d.isOwn(s) {
			others = append(others, d.member(s).Elsewhere)
		}
	}
	return others
}

// Keys implements office.Members: what is held of a member, as it was fetched.
func (d *Directory) Keys(member string) registry.MemberKeys {
	d.mu.Lock()
	defer d.mu.Unlock()
	if held := d.held[member]; held != nil {
		return held.Keys
	}
	return registry.MemberKeys{}
}

// Lists are the numbers of a member's status lists, as the ledger assigns them.
func (d *Directory) Lists(member string) (lists []uint32, err error) {
	records, err := d.config.View.Records(registry.KindInstance)
	for _, record := range records {
		i, ok := record.(*registry.Instance)
		if !ok {
			continue
		}
		if s := d.Serving(i.Issuer); s != nil && s.Member == member {
			lists = append(lists, i.Lists...)
		}
	}
	slices.Sort(lists)
	return lists, err
}

// State is one member as the directory has it.
type State struct {
	registry.Service
	Name      string // of the operator
	Own       bool
	Fits      bool      // what is held fits the ledger; always asked of others only
	Why       string    // where it does not: registry.KeysElsewhere or KeysOlder
	Number    uint64    // of the key list that is held; 0 for none
	StatusKey sm.KeyID  // of that list, which signs status lists now; empty where none is held
	Since     time.Time // when it was taken
	Failed    string    // why the last try brought nothing; empty after one that did
}

// States lists the members.
func (d *Directory) States() (states []State, err error) {
	all, err := d.services()
	for _, s := range all {
		m := d.member(s)
		state := State{Service: *s, Name: m.Name, Own: d.isOwn(s), Fits: m.Roots != nil, Why: m.Why, StatusKey: m.StatusKey(d.config.Clock())}
		d.mu.Lock()
		if held := d.held[s.Member]; held != nil {
			state.Number, state.Since = held.Number, held.Taken
		}
		state.Failed = d.tries[s.Member].failed
		d.mu.Unlock()
		states = append(states, state)
	}
	return states, err
}
