package office

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Bundles makes bundles: one file that proves a license without the registry.
type Bundles struct {
	*common
	access *access
	acts   interface {
		History(ctx context.Context, base string) ([]*Proceeding, error)
	}
	licenses interface {
		Version(ctx context.Context, base string, version int) (*Version, error)
	}
	catalog interface {
		Type(ctx context.Context, code string, version int) (*registry.LicenseType, error)
	}
	ledger interface {
		Name() string
		Lookup(ctx context.Context, namespace, id string) (*registry.Commit, error)
		Evidence(ctx context.Context, c *registry.Commit) ([]byte, error)
	}
	attester interface {
		BundleStatus(ctx context.Context, id registry.Identifier) (*registry.BundleStatus, error)
		SealBundle(ctx context.Context, ask registry.BundleRequest) (*registry.BundleSeal, error)
	}
	chains func() []byte
	keys   func() []byte // nil: no key list
}

// bundling is one bundle being made.
type bundling struct {
	*Bundles
	standing *registry.Standing
	commits  map[string]*registry.Commit
	evidence map[string][]byte
	records  map[string]bool // governance records wanted, by key
	orders   []registry.Receipt
	entries  []registry.BundleAct
	files    map[string][]byte
}

// Bundle makes the bundle of a license as the ledger is known now. It reads
// only; a view that is behind the ledger makes none (CodeUnavailable).
func (o *Bundles) Bundle(ctx context.Context, by registry.Actor, id registry.Identifier) ([]byte, error) {
	file, err := o.access.admit(ctx, by, id, registry.MaySeeDocument)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		raw, err := o.bundle(ctx, id)
		// Another act was recorded while the bundle was made, or the signer's copy of
		// the ledger is a moment behind.
		if registry.CodeOf(err) == registry.CodeStale && try < bundleTries {
			select {
			case <-ctx.Done():
				return nil, err
			case <-time.After(bundlePause):
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		return raw, o.access.read(ctx, by, "bundle", id.String(), file)
	}
}

const (
	bundleTries = 20
	bundlePause = 250 * time.Millisecond
)

// bundle makes it once. CodeStale when signer and view do not say the same of the
// license.
func (o *Bundles) bundle(ctx context.Context, id registry.Identifier) ([]byte, error) {
	base := id.Base()
	// 1. What the ledger says of it: the signer vouches for that, and it must be what
	// this registry's view says.
	now := o.now()
	knowledge := o.view.Knowledge(now)
	if knowledge.Stale {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the view is stale: %s", knowledge.Reason)
	}
	standing, err := o.view.Standing(base)
	if err != nil {
		return nil, err
	}
	if standing.License == nil {
		return nil, registry.Errorf(registry.CodeNotFound, "identifier", "no such license on the ledger")
	}
	status, err := o.attester.BundleStatus(ctx, id)
	if err != nil {
		return nil, err
	}
	if status.Sequence != standing.License.Sequence || status.Head != standing.License.Head {
		return nil, registry.Errorf(registry.CodeStale, "identifier", "signer and registry do not have the same of the ledger yet")
	}
	knowledge.AsOf, knowledge.Height = time.Unix(status.Block.Time, 0), status.Block.Height
	m := &bundling{Bundles: o, standing: standing, commits: map[string]*registry.Commit{}, evidence: map[string][]byte{},
		records: map[string]bool{}, files: map[string][]byte{}}
	// 2. Every entry with its receipt and approvals.
	if err := m.addActs(ctx, base); err != nil {
		return nil, err
	}
	// 3. The governance orders that these acts rest on.
	if err := m.addOrders(ctx); err != nil {
		return nil, err
	}
	// 4. The sealed document of every version, and the catalog entries.
	id, err = m.addDocuments(ctx, base)
	if err != nil {
		return nil, err
	}
	// 5. A page that a judge can read.
	m.files[registry.BundleCover] = m.cover(id, knowledge)
	if m.files[registry.BundleActs], err = json.Marshal(m.entries); err != nil {
		return nil, err
	}
	if m.files[registry.BundleOrders], err = json.Marshal(m.orders); err != nil {
		return nil, err
	}
	m.files[registry.BundleChains] = o.chains()
	if list := o.keyList(); list != nil {
		m.files[registry.BundleKeys] = list
	}
	// 6. Manifest; the signer stamps and seals it.
	head := registry.Manifest{Identifier: id, Made: now.Unix()}
	head.ReadFrom(status)
	manifest := registry.NewManifest(head, m.files)
	seal, err := o.attester.SealBundle(ctx, registry.BundleRequest{Manifest: *manifest})
	if err != nil {
		return nil, err
	}
	return registry.EncodeBundle(manifest, seal, m.files)
}

func (o *Bundles) keyList() []byte {
	if o.keys == nil {
		return nil
	}
	return o.keys()
}

func (m *bundling) addActs(ctx context.Context, base string) error {
	kept, err := m.acts.History(ctx, base)
	if err != nil {
		return err
	}
	proceedings := map[sm.Digest]*Proceeding{}
	for _, p := range kept {
		if p.Entry != nil {
			proceedings[p.Entry.Digest()] = p
		}
	}
	for _, a := range m.standing.Entries {
		var act registry.BundleAct
		p := proceedings[a.Entry.Digest()]
		if p != nil {
			act.Approvals = p.Approvals
		}
		if p != nil && p.Receipt != nil {
			act.Receipt = *p.Receipt // with the time stamp of its day
		} else {
			receipt, err := m.receipt(ctx, a)
			if err != nil {
				return err
			}
			act.Receipt = *receipt
		}
		if act.Issue, err = m.issueOf(ctx, a.Entry.Intent); err != nil {
			return err
		}
		m.entries = append(m.entries, act)
		m.wants(a.Entry, act.Approvals)
	}
	return nil
}

// issueOf is the receipt of the issue that a closing follows from; nil for any
// other act.
func (m *bundling) issueOf(ctx context.Context, in *registry.Intent) (*registry.Receipt, error) {
	if in.Act != registry.Replace {
		return nil, nil
	}
	made, err := m.view.Standing(in.Closes.Identifier.Base())
	if err != nil {
		return nil, err
	}
	if len(made.Entries) == 0 {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the view does not show the license that replaced this one")
	}
	return m.receipt(ctx, made.Entries[0])
}

// receipt makes the receipt of an entry again from its transaction.
func (m *bundling) receipt(ctx context.Context, a registry.Anchored) (*registry.Receipt, error) {
	own := a.Entry.Digest()
	commit := m.commits[a.Transaction]
	if commit == nil {
		var err error
		if commit, err = m.ledger.Lookup(ctx, a.Namespace, a.Transaction); err != nil {
			return nil, err
		}
		m.commits[a.Transaction] = commit
		if m.evidence[a.Transaction], err = m.ledger.Evidence(ctx, commit); err != nil {
			return nil, err
		}
	}
	for i, e := range commit.Batch.Entries {
		if e.Digest() != own || !commit.Outcome.Results[i].Accepted() || commit.Outcome.Results[i].Repeat {
			continue
		}
		r, err := registry.NewReceipt(commit, i)
		if err != nil {
			return nil, err
		}
		r.Ledger, r.Evidence = m.ledger.Name(), m.evidence[a.Transaction]
		return r, nil
	}
	return nil, registry.Errorf(registry.CodeLedgerDamaged, "", "transaction %s does not carry an entry of the view", a.Transaction)
}

// wants notes the governance records that an act rests on.
func (m *bundling) wants(e *registry.Entry, approvals []registry.Approval) {
	want := func(kind registry.RecordKind, name string) {
		if name != "" {
			m.records[registry.RecordKey(kind, name)] = true
		}
	}
	in := e.Intent
	want(registry.KindRules, "current")
	want(registry.KindOrganization, in.Identifier.Issuer)
	want(registry.KindOrganization, in.Organization)
	want(registry.KindGrant, in.Grant)
	want(registry.KindSeal, in.Seal)
	if in.TypeVersion != 0 {
		want(registry.KindType, registry.TypeName(in.Identifier.Type, in.TypeVersion))
	}
	want(registry.KindPolicy, registry.DefaultPolicy)
	want(registry.KindPolicy, in.Identifier.Type)
	for _, a := range approvals {
		want(registry.KindApprover, string(a.KeyID))
	}
}

// addOrders follows the records wanted, and those that they rest on: who set
// them, the grant's parties and matter, the seal's owner.
func (m *bundling) addOrders(ctx context.Context) error {
	done := map[string]bool{}
	for len(done) < len(m.records) {
		for key := range m.records {
			if done[key] {
				continue
			}
			done[key] = true
			if err := m.addRecord(ctx, key); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(m.orders, func(a, b registry.Receipt) int {
		if a.Height != b.Height {
			return int(a.Height) - int(b.Height)
		}
		if c := strings.Compare(a.Transaction, b.Transaction); c != 0 {
			return c
		}
		return a.Index - b.Index
	})
	return nil
}

func (m *bundling) addRecord(ctx context.Context, key string) error {
	kind, name, _ := strings.Cut(key, "/")
	orders, err := m.view.Orders(registry.RecordKind(kind), name)
	if err != nil {
		return err
	}
	organization := func(code string) {
		if code != "" {
			m.records[registry.RecordKey(registry.KindOrganization, code)] = true
		}
	}
	for _, a := range orders {
		receipt, err := m.receipt(ctx, a)
		if err != nil {
			return err
		}
		m.orders = append(m.orders, *receipt)
		organization(a.Entry.Author())
		record, err := a.Entry.Order.Decode()
		if err != nil {
			return err
		}
		switch r := record.(type) {
		case *registry.Grant:
			m.records[registry.RecordKey(registry.KindMatter, r.Matter)] = true
			organization(r.Decider)
			organization(r.Source)
		case *registry.SealRecord:
			organization(r.Owner)
		case *registry.Approver:
			organization(r.Organization)
		case *registry.Organization:
			m.records[registry.RecordKey(registry.KindService, r.Member)] = true
		}
	}
	return nil
}

func (m *bundling) addDocuments(ctx context.Context, base string) (registry.Identifier, error) {
	var last registry.Identifier
	for number := 1; number <= m.standing.License.Version; number++ {
		v, err := m.licenses.Version(ctx, base, number)
		if err != nil {
			return last, fmt.Errorf("version %03d: %w", number, err)
		}
		last = v.Identifier
		if len(v.Sealed) == 0 {
			return last, registry.Errorf(registry.CodeUnavailable, "document", "the document of version %03d is damaged in the store, and no bundle is made without it", number)
		}
		m.files[fmt.Sprintf("documents/%03d.ofd", number)] = v.Sealed
		t, err := m.catalog.Type(ctx, v.Identifier.Type, v.TypeVersion)
		if err != nil {
			return last, err
		}
		raw, err := json.Marshal(t)
		if err != nil {
			return last, err
		}
		m.files["types/"+registry.TypeName(t.Code, t.Version)+".json"] = raw
	}
	return last, nil
}
