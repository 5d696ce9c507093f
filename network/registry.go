package network

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
)

// RegistryNode says where a member's registry is reached, and for whom it
// works. One host has the registry, its database, the signer and the proxy in
// front of both; a host has one registry.
type RegistryNode struct {
	Host string `yaml:"host"`
	// Public is the address of console and public pages, https://name: codes on
	// paper lead to the lead member's, and to a path below it for the others.
	Public string `yaml:"public"`
	// Sign is the origin of the signer's page where people sign, https://name.
	Sign string `yaml:"sign"`
	// Port and SignPort are the registry's and the page's listeners behind the
	// proxy, bound to the loopback interface.
	Port     int `yaml:"port"`
	SignPort int `yaml:"sign_port"`
	// Exchange serves the other members' registries, without a proxy.
	Exchange int `yaml:"exchange"`
	// Region is the member's division code (GB/T 2260).
	Region string `yaml:"region"`
	// Organizations are those whose keys the signer holds; the first one runs the
	// registry, and the lead's first one is the city.
	Organizations []Organization `yaml:"organizations"`
}

// Organization is a body of a member, by its unified social credit code
// (GB 32100).
type Organization struct {
	Code string `yaml:"code"`
	Name string `yaml:"name"`
}

func (r RegistryNode) clone() *RegistryNode {
	r.Organizations = slices.Clone(r.Organizations)
	return &r
}

// Operator is the organization that runs the registry.
func (r *RegistryNode) Operator() Organization { return r.Organizations[0] }

// PublicName and SignName are the names that browsers ask the proxy for.
func (r *RegistryNode) PublicName() string { return hostOf(r.Public) }

// SignName is the name of the signing page.
func (r *RegistryNode) SignName() string { return hostOf(r.Sign) }

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// What goes into files that shells and programs read must not be able to say
// anything there: names of hosts, codes, and names without quotes.
var (
	hostPattern   = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
	codePattern   = regexp.MustCompile(`^[0-9A-HJ-NPQRTUWXY]{18}$`)
	regionPattern = regexp.MustCompile(`^[0-9]{6}$`)
	namePattern   = regexp.MustCompile(`^[\p{L}\p{N} ()（）·-]+$`)
)

func (d *Description) validateRegistry(m Member) error {
	r := m.Registry
	if m.Peer == nil {
		return errors.New("a registry asks the member's own peer, and there is none")
	}
	if lead, _ := d.Member(d.Lead); lead.Registry == nil {
		return fmt.Errorf("a registry needs the orders of %s, the lead, which has none", d.Lead)
	}
	for _, at := range []string{r.Public, r.Sign} {
		if !hostPattern.MatchString(hostOf(at)) || at != "https://"+hostOf(at) {
			return fmt.Errorf("registry: %q is not https://name", at)
		}
	}
	if r.Public == r.Sign {
		return errors.New("registry: pages and signing page need a name each: what one origin serves can read what the other does")
	}
	if !regionPattern.MatchString(r.Region) {
		return fmt.Errorf("registry: region %q has not six digits", r.Region)
	}
	if len(r.Organizations) == 0 {
		return errors.New("registry: no organization runs it")
	}
	for _, o := range r.Organizations {
		if !codePattern.MatchString(o.Code) || !namePattern.MatchString(o.Name) {
			return fmt.Errorf("registry: organization %q %q: want a credit code and a name without signs", o.Code, o.Name)
		}
	}
	for _, other := range d.Members {
		if o := other.Registry; o != nil && other.ID != m.ID && o.Host == r.Host {
			return fmt.Errorf("registry: %s has its own on %s: a host has one", other.ID, r.Host)
		}
	}
	return nil
}

// RegistryMembers are the members with a registry.
func (d *Description) RegistryMembers() []Member {
	return slices.DeleteFunc(slices.Clone(d.Members), func(m Member) bool { return m.Registry == nil })
}

// Hosts are the hosts of the description in the order in which they are named.
func (d *Description) Hosts() []string {
	var hosts []string
	for _, m := range d.Members {
		for _, l := range d.listeners(m) {
			if !slices.Contains(hosts, l.host) {
				hosts = append(hosts, l.host)
			}
		}
	}
	return hosts
}
