package office

import (
	"errors"
	"log/slog"
	"reflect"
	"time"

	"tongzheng/registry"
)

// Office is the use cases over one set of ports.
type Office struct {
	Issuing     *Issuing
	Anchoring   *Anchoring
	Scan        *Scan
	Papers      *Papers
	Cases       *Cases   // nil: cases are kept elsewhere
	Reviews     *Reviews // nil: no review files are kept
	Governing   *Governing
	Traveling   *Traveling
	Grants      *Grants
	Handovers   *Handovers
	Stocks      *Stocks
	Bundles     *Bundles
	Publishing  *Publishing
	Reconciling *Reconciling
	Noticing    *Noticing
	Reading     *Reading
	Auditing    *Auditing
	Library     *Library
}

// Config is what the use cases are told at start.
type Config struct {
	Secret      []byte        // this registry's own key, backed up: salts of remarks are made from it, rows are marked with it
	PublicURL   string        // scheme://host[/path] that QR codes lead to
	Instance    string        // serial prefix of this process, two characters
	Demo        bool          // mark documents as demonstration data
	BatchMost   int           // entries in one transaction; 500 when 0
	GatherFor   time.Duration // how long a sealed act waits for company in its transaction; when 0, 10 ms, in a flood until 40 ms after the last; not at all when negative
	RetryWait   time.Duration // after a ledger or signer out of reach; 2 s when 0
	LeaseFor    time.Duration // how long a worker holds a proceeding; 1 min when 0
	ProposalFor time.Duration // how long a proposal waits for its next signature; 30 days when 0
	Publication Publication
}

// New connects the use cases to the world. Every port but Cases, CaseExchange, Sheets, Reviews,
// Overdue, OtherActs, Lists, Copies, CopyLists, Keys, Published and Tell is required.
func New(ports Ports, config Config) (*Office, error) {
	if err := ports.complete(); err != nil {
		return nil, err
	}
	if len(config.Secret) == 0 {
		return nil, errors.New("office: a secret is required")
	}
	return connect(ports, config), nil
}

// connect lays the use cases over the ports: who works with whom.
func connect(p Ports, config Config) *Office {
	d := &common{view: p.View, clock: p.Clock, log: p.Log, config: config, tokens: &tokens{attester: p.Attester}}
	a := &access{common: d, acts: p.Acts, reviews: p.Reviews, trail: p.Trail}
	all := withCopies{p.Licenses, d, p.Copies} // that can be read here
	o := &Office{}
	o.Governing = &Governing{common: d, ledger: p.Ledger, sealer: p.Sealer, sheets: p.Sheets, tell: p.Tell, wake: make(chan struct{}, 1)}
	o.Traveling = &Traveling{common: d, governing: o.Governing}
	if p.Cases != nil {
		o.Cases = &Cases{common: d, caseGrants: &caseGrants{d}, caseNeighbors: &caseNeighbors{d, p.CaseExchange}, access: a, store: p.Cases, governing: o.Governing}
	}
	if p.Reviews != nil {
		o.Reviews = &Reviews{common: d, access: a, store: p.Reviews, trail: p.Trail}
	}
	o.Anchoring = &Anchoring{common: d, queue: p.Queue, licenses: p.Licenses, catalog: p.Catalog, ledger: p.Ledger,
		sealer: p.Sealer, overdue: p.Overdue, published: p.Published}
	o.Issuing = &Issuing{common: d, acts: p.Acts, licenses: p.Licenses, catalog: p.Catalog, trail: p.Trail, ledger: p.Ledger, tagger: p.Sealer,
		signer: p.Sealer, renderer: p.Sealer, checker: p.Checker, lists: p.Lists, cases: o.Cases, anchoring: o.Anchoring, access: a}
	o.Scan = &Scan{common: d, acts: p.Acts, licenses: p.Licenses, types: p.Catalog, checker: p.Checker, attester: p.Attester, members: membersOf(p.Members)}
	if p.Copies != nil {
		o.Scan.copies = p.Copies
	}
	o.Papers = &Papers{common: d, access: a, acts: p.Acts, licenses: all, catalog: p.Catalog, renderer: p.Renderer, drawer: p.Drawer, sealer: p.Sealer}
	o.Grants = &Grants{common: d, ledger: p.Ledger, licenses: p.Licenses, governing: o.Governing}
	o.Stocks = &Stocks{common: d, governing: o.Governing}
	o.Handovers = &Handovers{common: d, acts: p.Acts, licenses: p.Licenses, cases: o.Cases, stocks: o.Stocks, governing: o.Governing}
	o.Bundles = &Bundles{common: d, access: a, acts: p.Acts, licenses: p.Licenses, catalog: p.Catalog, ledger: p.Ledger,
		attester: p.Attester, chains: p.Chains, keys: p.Keys}
	o.Publishing = &Publishing{common: d, config: config.Publication.filled(), attester: p.Attester, governing: o.Governing}
	o.Reconciling = &Reconciling{common: d, licenses: p.Licenses}
	o.Noticing = &Noticing{common: d, store: p.OtherActs, ledger: p.Ledger}
	o.Reading = &Reading{common: d, access: a, acts: p.Acts, licenses: all, catalog: p.Catalog, trail: p.Trail, lists: p.Lists, cases: o.Cases}
	o.Auditing = &Auditing{common: d, trail: p.Trail}
	o.Library = &Library{common: d, access: a, copies: p.Copies, lists: p.CopyLists}
	return o
}

// complete names the first required port that is missing.
func (p *Ports) complete() error {
	for _, port := range []struct {
		name string
		is   any
	}{{"Acts", p.Acts}, {"Queue", p.Queue}, {"Licenses", p.Licenses}, {"Catalog", p.Catalog}, {"Trail", p.Trail}, {"Ledger", p.Ledger},
		{"View", p.View}, {"Sealer", p.Sealer}, {"Attester", p.Attester}, {"Renderer", p.Renderer}, {"Checker", p.Checker}, {"Drawer", p.Drawer},
		{"Chains", p.Chains}, {"Log", p.Log}, {"Clock", p.Clock}} {
		if v := reflect.ValueOf(port.is); !v.IsValid() || (v.Kind() == reflect.Func || v.Kind() == reflect.Pointer) && v.IsNil() {
			return errors.New("office: no port " + port.name)
		}
	}
	return nil
}

// common is what every use case works at: the ledger as the view has it, the
// clock, the log.
type common struct {
	view   StatusView
	clock  func() time.Time
	log    *slog.Logger
	config Config
	tokens *tokens
}

func (d *common) now() time.Time { return d.clock().Truncate(time.Second) }

// retryWait is how long what is out of reach is left alone.
func (d *common) retryWait() time.Duration {
	if d.config.RetryWait == 0 {
		return 2 * time.Second
	}
	return d.config.RetryWait
}

// scanURL is the address a QR code leads to: /v/ and the token.
func (d *common) scanURL(t registry.Token) string { return t.URL(d.config.PublicURL) }

// law gathers what the law judges by, from the status view.
func (d *common) law() registry.Gatherer { return registry.Gatherer{Records: viewRecords{d.view}} }

// viewRecords is the status view as registry.Records.
type viewRecords struct{ view StatusView }

// Record implements registry.Records.
func (r viewRecords) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	record, _, err := r.view.Record(kind, name)
	return record, err
}

// rules returns the ledger's constitution as the view has it.
func (d *common) rules() (*registry.Rules, error) { return d.law().Rules() }

// recordOf reads a governance record from the view; nil when absent.
func recordOf[T registry.GovernanceRecord](d *common, kind registry.RecordKind, name string) (T, error) {
	return registry.RecordOf[T](d.law().Records, kind, name)
}

// recordsOf lists the governance records of a kind, by name.
func recordsOf[T registry.GovernanceRecord](d *common, kind registry.RecordKind) (list []T, err error) {
	records, err := d.view.Records(kind)
	for _, record := range records {
		if typed, ok := record.(T); ok {
			list = append(list, typed)
		}
	}
	return list, err
}

// namespace is where an act is anchored: with the member that carries the
// license's issuer, or, for a superior's act, in governance.
func (d *common) namespace(in *registry.Intent) (string, error) {
	if in.Governed() {
		return registry.Governance, nil
	}
	issuer, err := recordOf[*registry.Organization](d, registry.KindOrganization, in.Identifier.Issuer)
	if err != nil {
		return "", err
	}
	if issuer == nil {
		return "", registry.Errorf(registry.CodeOrganization, "identifier", "issuer %s is not registered", in.Identifier.Issuer)
	}
	return issuer.Member, nil
}
