package network

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// Governance is the namespace that holds organizations, grants, seals and
// oversight. It belongs to no member.
const Governance = "governance"

// Description is the one file a network is generated from.
type Description struct {
	// Name names the network, e.g. in units and Linux network namespaces.
	Name string `yaml:"name"`
	// Channel is the Fabric channel, the ledger.
	Channel string `yaml:"channel"`
	// Lead is the id of the member whose endorsement every namespace needs.
	Lead string `yaml:"lead"`
	// Namespaces are chaincode names in order of founding; append only, because
	// the position gives the port of the namespace's contract service.
	Namespaces []string `yaml:"namespaces"`
	// Probe is the contract function, with arguments, that readiness calls.
	Probe []string `yaml:"probe"`
	// Logging is FABRIC_LOGGING_SPEC for every Fabric process.
	Logging string `yaml:"logging"`
	// Ordering tunes the orderers; written into the genesis block.
	Ordering Ordering `yaml:"ordering"`
	// Members in a fixed order, which also numbers the BFT consenters.
	Members []Member `yaml:"members"`
	// Former are members that left: what they endorsed before stays good.
	Former []Former `yaml:"former,omitempty"`
}

// Former is a member that left.
type Former struct {
	ID   string    `yaml:"id"`
	MSP  string    `yaml:"msp"`
	Left time.Time `yaml:"left"`
}

// Ordering are the settings of the BFT orderers that a deployment may want to
// change. Durations are in Go's notation.
type Ordering struct {
	// BatchInterval is how long a lone transaction waits for company.
	BatchInterval string `yaml:"batch_interval"`
	// LeaderTimeout is how long a silent leader is waited for: the pause that
	// clients see when it dies.
	LeaderTimeout string `yaml:"leader_timeout"`
	// BatchCount and BatchBytes limit a block.
	BatchCount int `yaml:"batch_count"`
	BatchBytes int `yaml:"batch_bytes"`
}

// Member is one organization of the network.
type Member struct {
	// ID is the short name used in files, processes and as the name of the
	// member's namespace: lower-case letters, digits and hyphens.
	ID string `yaml:"id"`
	// Name is for people.
	Name string `yaml:"name"`
	// MSP is the Fabric membership id.
	MSP string `yaml:"msp"`
	// Orderer, Peer and Service are the processes the member runs. Peer and
	// Service come together; a member without them only orders.
	Orderer *OrdererNode `yaml:"orderer,omitempty"`
	Peer    *PeerNode    `yaml:"peer,omitempty"`
	Service *ServiceNode `yaml:"service,omitempty"`
	// Spares are further peers with their services, for a member that must not
	// pause while one is down.
	Spares []Spare `yaml:"spares,omitempty"`
	// Registry is where the member's registry and signer run; a member without
	// one takes part in the ledger alone.
	Registry *RegistryNode `yaml:"registry,omitempty"`

	seat int // 0, or which of the spares Peer and Service are
}

// OrdererNode says where an orderer listens.
type OrdererNode struct {
	Host string `yaml:"host"`
	// Port serves clients, peers and the other orderers.
	Port int `yaml:"port"`
	// Admin is the channel participation API (mutual TLS).
	Admin int `yaml:"admin"`
	// Operations serves metrics and health on the loopback interface only.
	Operations int `yaml:"operations"`
}

// PeerNode says where a peer listens.
type PeerNode struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
	// Chaincode is required by Fabric to be unique per peer although contracts
	// run as services; it is bound to the loopback interface.
	Chaincode int `yaml:"chaincode"`
	// Operations serves metrics and health on the loopback interface only.
	Operations int `yaml:"operations"`
}

// ServiceNode says where a contract service listens: one port per namespace,
// counted up from Port.
type ServiceNode struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
}

// Load reads and validates a description. Unknown keys are errors, so that a
// misspelled port is not silently replaced by a default.
func Load(path string) (*Description, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the network description: %w", err)
	}
	var d Description
	if err := decodeStrict(raw, &d); err != nil {
		return nil, fmt.Errorf("network description %s: %w", path, err)
	}
	if err := d.Validate(); err != nil {
		return nil, fmt.Errorf("network description %s: %w", path, err)
	}
	return &d, nil
}

// LoadMember reads the description of a single member, as add-member takes it.
func LoadMember(path string) (Member, error) {
	var m Member
	raw, err := os.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("reading the member description: %w", err)
	}
	if err := decodeStrict(raw, &m); err != nil {
		return m, fmt.Errorf("member description %s: %w", path, err)
	}
	return m, nil
}

func decodeStrict(raw []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	return dec.Decode(into)
}

// Save writes the description where Load can read it.
func (d *Description) Save(path string) error {
	raw, err := yaml.Marshal(d)
	if err != nil {
		return fmt.Errorf("encoding the network description: %w", err)
	}
	head := "# Effective description, written by the network command.\n"
	return writeFile(path, append([]byte(head), raw...), 0o644)
}

// Clone returns an independent copy.
func (d *Description) Clone() *Description {
	c := *d
	c.Namespaces = slices.Clone(d.Namespaces)
	c.Probe = slices.Clone(d.Probe)
	c.Former = slices.Clone(d.Former)
	c.Members = make([]Member, len(d.Members))
	for i, m := range d.Members {
		c.Members[i] = m.clone()
	}
	return &c
}

func (m Member) clone() Member {
	if m.Orderer != nil {
		o := *m.Orderer
		m.Orderer = &o
	}
	if m.Peer != nil {
		p := *m.Peer
		m.Peer = &p
	}
	if m.Service != nil {
		s := *m.Service
		m.Service = &s
	}
	m.Spares = slices.Clone(m.Spares)
	for i, s := range m.Spares {
		spare := Member{Peer: s.Peer, Service: s.Service}.clone()
		m.Spares[i] = Spare{spare.Peer, spare.Service}
	}
	if m.Registry != nil {
		m.Registry = m.Registry.clone()
	}
	return m
}

var (
	idPattern  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
	mspPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,40}$`)
)

// Validate reports the first thing that would make a network from this
// description fail or be unsafe.
func (d *Description) Validate() error {
	if !idPattern.MatchString(d.Name) || !idPattern.MatchString(d.Channel) {
		return fmt.Errorf("name %q and channel %q must be lower-case names", d.Name, d.Channel)
	}
	if err := d.Ordering.validate(); err != nil {
		return fmt.Errorf("ordering: %w", err)
	}
	if len(d.Probe) == 0 {
		return fmt.Errorf("probe names no contract function")
	}
	if !slices.Contains(d.Namespaces, Governance) {
		return fmt.Errorf("namespaces lack %q", Governance)
	}
	lead, ok := d.Member(d.Lead)
	if !ok || lead.Peer == nil {
		return fmt.Errorf("lead %q is not a member with a peer", d.Lead)
	}
	if len(d.PeerMembers()) < 2 {
		return fmt.Errorf("endorsement by two authorities needs two members with peers")
	}
	if n := len(d.OrdererMembers()); n < 4 {
		return fmt.Errorf("BFT ordering needs at least 4 orderers, got %d", n)
	}
	for _, m := range d.Members {
		if err := d.validateMember(m); err != nil {
			return fmt.Errorf("member %q: %w", m.ID, err)
		}
	}
	return d.validatePorts()
}

func (o Ordering) validate() error {
	for _, s := range []string{o.BatchInterval, o.LeaderTimeout} {
		if v, err := time.ParseDuration(s); err != nil || v <= 0 {
			return fmt.Errorf("%q is not a duration", s)
		}
	}
	if o.BatchCount < 1 || o.BatchBytes < 1<<16 {
		return fmt.Errorf("a batch of %d transactions and %d bytes is too small", o.BatchCount, o.BatchBytes)
	}
	return nil
}

func (d *Description) validateMember(m Member) error {
	if !idPattern.MatchString(m.ID) || m.ID == Governance {
		return fmt.Errorf("id must be a lower-case name other than %q", Governance)
	}
	if !mspPattern.MatchString(m.MSP) {
		return fmt.Errorf("msp %q must be letters and digits", m.MSP)
	}
	same := 0
	for _, o := range d.Members {
		if o.ID == m.ID || o.MSP == m.MSP {
			same++
		}
	}
	if same > 1 {
		return fmt.Errorf("id or msp is used twice")
	}
	if (m.Peer == nil) != (m.Service == nil) {
		return fmt.Errorf("a peer and a contract service come together")
	}
	for _, s := range m.Spares {
		if m.Peer == nil || s.Peer == nil || s.Service == nil {
			return fmt.Errorf("a spare is a peer with a contract service, beside the member's first")
		}
	}
	if m.Peer != nil && !slices.Contains(d.Namespaces, m.ID) {
		return fmt.Errorf("namespaces lack %q", m.ID)
	}
	if m.Peer == nil && m.Orderer == nil {
		return fmt.Errorf("runs nothing")
	}
	if m.Registry != nil {
		return d.validateRegistry(m)
	}
	return nil
}

// validatePorts finds two listeners on one address; only one of them would
// start, and the message then would be far from the cause.
func (d *Description) validatePorts() error {
	seen := map[string]string{}
	for _, m := range d.Members {
		for _, l := range d.listeners(m) {
			if l.port < 1 || l.port > 65535 {
				return fmt.Errorf("%s of %s: port %d", l.what, m.ID, l.port)
			}
			if l.host == "" {
				return fmt.Errorf("%s of %s: no host", l.what, m.ID)
			}
			at := address(l.host, l.port)
			if other, ok := seen[at]; ok {
				return fmt.Errorf("%s of %s listens on %s like %s", l.what, m.ID, at, other)
			}
			seen[at] = l.what + " of " + m.ID
		}
	}
	return nil
}

type listener struct {
	what string
	host string
	port int
	set  func(int)
}

// listeners lists every port of a member, with the host it is bound on.
func (d *Description) listeners(m Member) []listener {
	var ls []listener
	if o := m.Orderer; o != nil {
		ls = append(ls,
			listener{"orderer", o.Host, o.Port, func(p int) { o.Port = p }},
			listener{"orderer admin", o.Host, o.Admin, func(p int) { o.Admin = p }},
			listener{"orderer operations", o.Host, o.Operations, func(p int) { o.Operations = p }})
	}
	for _, seat := range m.seats() {
		p, s := seat.Peer, seat.Service
		if p == nil || s == nil {
			continue // Validate says so.
		}
		ls = append(ls,
			listener{seat.folder("peer"), p.Host, p.Port, func(n int) { p.Port = n }},
			listener{seat.folder("peer") + " chaincode", p.Host, p.Chaincode, func(n int) { p.Chaincode = n }},
			listener{seat.folder("peer") + " operations", p.Host, p.Operations, func(n int) { p.Operations = n }})
		for i, ns := range d.Namespaces {
			ls = append(ls, listener{seat.folder("service") + " " + ns, s.Host, s.Port + i, nil})
		}
	}
	if r := m.Registry; r != nil {
		ls = append(ls,
			listener{"registry", r.Host, r.Port, func(n int) { r.Port = n }},
			listener{"signing page", r.Host, r.SignPort, func(n int) { r.SignPort = n }},
			listener{"exchange", r.Host, r.Exchange, func(n int) { r.Exchange = n }})
	}
	return ls
}

// Member finds a member by id.
func (d *Description) Member(id string) (Member, bool) {
	for _, m := range d.Members {
		if m.ID == id {
			return m, true
		}
	}
	return Member{}, false
}

// PeerMembers are the members that keep the ledger and endorse.
func (d *Description) PeerMembers() []Member {
	return slices.DeleteFunc(slices.Clone(d.Members), func(m Member) bool { return m.Peer == nil })
}

// OrdererMembers are the members that order, in consenter order.
func (d *Description) OrdererMembers() []Member {
	return slices.DeleteFunc(slices.Clone(d.Members), func(m Member) bool { return m.Orderer == nil })
}

// SetHosts moves every process of each member to one host, as in a deployment
// where a member has one machine.
func (d *Description) SetHosts(host func(member string) string) {
	for _, m := range d.Members {
		h := host(m.ID)
		if m.Orderer != nil {
			m.Orderer.Host = h
		}
		for _, seat := range m.seats() {
			seat.Peer.Host, seat.Service.Host = h, h
		}
		if m.Registry != nil {
			m.Registry.Host = h
		}
	}
}

// SetPorts renumbers every listener from base up, leaving each contract service
// room for namespaces to come; 100 ports are enough for six members.
func (d *Description) SetPorts(base int) {
	const room = 10 // Namespaces per contract service.
	for _, m := range d.Members {
		for _, l := range d.listeners(m) {
			if l.set != nil {
				l.set(base)
				base++
			}
		}
		for _, seat := range m.seats() {
			seat.Service.Port = base
			base += room
		}
	}
}

// servicePort is the port of a namespace's contract service.
func (d *Description) servicePort(s ServiceNode, namespace string) int {
	return s.Port + slices.Index(d.Namespaces, namespace)
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// listenAddress is where a process binds: its address when it is one, else all
// interfaces, because a host name may resolve to an address the machine does
// not hold (a load balancer, address translation).
func listenAddress(host string, port int) string {
	if net.ParseIP(host) == nil {
		return address("0.0.0.0", port)
	}
	return address(host, port)
}
