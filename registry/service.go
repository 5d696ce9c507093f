package registry

import (
	"slices"
	"strings"

	"tongzheng/registry/sm"
)

// Service (对外服务) is a member's registry as everybody reaches it. The city
// records it; signers put no other address on paper and into statements, and sign
// the publications of nobody but its operator.
type Service struct {
	Member   string `cbor:"1,keyasint" json:"member"`
	Operator string `cbor:"2,keyasint" json:"operator"` // organization of the member that runs the registry: it orders the member's publications
	Public   string `cbor:"3,keyasint" json:"public"`   // scheme://host[/path] that QR codes lead to, without a slash at its end

	// Sign is the origin, and RelyingParty the WebAuthn RP id, at which passkeys of the
	// member's people count; at no other. Both or none: then those of the rules count.
	Sign         string `cbor:"4,keyasint,omitempty" json:"sign,omitempty"`
	RelyingParty string `cbor:"5,keyasint,omitempty" json:"relying_party,omitempty"`

	// Exchange is the origin where other members' registries ask this one for
	// documents, ExchangeKey SM3 of the SubjectPublicKeyInfo that it has on both ends
	// of a connection (TLS 1.3, ECDSA P-256): nobody else vouches for the key. Both or
	// none; another key is another order.
	Exchange    string    `cbor:"9,keyasint,omitempty" json:"exchange,omitempty"`
	ExchangeKey sm.Digest `cbor:"10,keyasint,omitzero" json:"exchange_key,omitzero"`

	// Library is the organization that keeps the license library (归集库) of the whole
	// deployment. It counts in the record of the city's own member alone.
	Library string `cbor:"11,keyasint,omitempty" json:"library,omitempty"`
}

// Site is where passkeys count: the RP id that they are bound to, and the origins of
// the pages that ask for their signatures (WebAuthn level 2 §7.2).
type Site struct {
	RelyingParty string
	Origins      []string
}

// Site is where passkeys of the member's people count; those of the rules where the
// member names none, and where it has no registry on record (nil).
func (s *Service) Site(rules *Rules) Site {
	if s != nil && s.Sign != "" {
		return Site{s.RelyingParty, []string{s.Sign}}
	}
	return Site{rules.RelyingParty, rules.Origins}
}

// Kind implements GovernanceRecord.
func (*Service) Kind() RecordKind { return KindService }

// Name implements GovernanceRecord: a member has one registry.
func (s *Service) Name() string { return s.Member }

// publicMost bounds an address: the path of a code must fit on paper.
const publicMost = 80

// Check tells whether the record is well formed.
func (s *Service) Check() error {
	if s.Member == "" || s.Member == Governance || len(s.Operator) != 18 {
		return recordError("service", "member and operator are required")
	}
	if _, ok := hostOf(s.Public); !ok {
		return recordError("public", "want http(s)://host[/path], a host in lower case, at most %d characters, without a slash at its end", publicMost)
	}
	if (s.Sign == "") != (s.RelyingParty == "") {
		return recordError("sign", "signing origin and relying party belong together")
	}
	if err := s.checkExchange(); err != nil || s.Sign == "" {
		return err
	}
	host, ok := hostOf(s.Sign)
	name, _, _ := strings.Cut(host, ":")
	switch {
	case !ok || strings.HasSuffix(s.Sign, "/") || !strings.HasSuffix(s.Sign, "://"+host):
		return recordError("sign", "want an origin: http(s)://host[:port]")
	case name != s.RelyingParty && !strings.HasSuffix(name, "."+s.RelyingParty):
		return recordError("relying_party", "the signing origin's host, or a domain that it lies in")
	}
	return nil
}

// checkExchange tells whether what the record says of exchange and library is well
// formed.
func (s *Service) checkExchange() error {
	host, ok := hostOf(s.Exchange)
	switch {
	case (s.Exchange == "") != s.ExchangeKey.IsZero():
		return recordError("exchange", "address and key of the exchange belong together")
	case s.Exchange != "" && (!ok || s.Exchange != "https://"+host):
		return recordError("exchange", "want an origin: https://host[:port]")
	case s.Library != "" && len(s.Library) != 18:
		return recordError("library", "want a credit code")
	}
	return nil
}

// Exchanges tells whether other members' registries can ask this one.
func (s *Service) Exchanges() bool { return s != nil && s.Exchange != "" }

// hostOf is host[:port] of an address of ours; false for any other text.
func hostOf(address string) (host string, ok bool) {
	_, rest, ok := strings.Cut(address, "://")
	if !ok || !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") || strings.HasSuffix(rest, "/") || len(address) > publicMost ||
		strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`?#"<>\^`+"`{|}", r) }) {
		return "", false
	}
	host, _, _ = strings.Cut(rest, "/")
	return host, host != "" && host == strings.ToLower(host) && !strings.Contains(host, "@")
}

// checkService: a member's registry is run by an organization of that member.
func checkService(rules *Rules, now *Service, find Finder, refused refusal) error {
	operator, _ := find(KindOrganization, now.Operator).(*Organization)
	library, _ := find(KindOrganization, now.Library).(*Organization)
	switch {
	case rules != nil && !slices.Contains(rules.Members, now.Member):
		return refused("no member " + now.Member)
	case operator == nil || operator.Member != now.Member:
		return refused("a member's registry is run by an organization of that member")
	case now.Library != "" && (library == nil || library.Member != now.Member):
		return refused("the library is kept by an organization of that member")
	case (now.Exchanges() || now.Library != "") && !rules.Since(RulesOfRelations):
		return refused("exchange and library need the rules of version 2")
	}
	return nil
}

// checkPublication: a member's publications are ordered by whoever runs its
// registry, and go on from the last one.
func checkPublication(before GovernanceRecord, now *Publication, organization string, find Finder, refused refusal) error {
	if now.Member == "" {
		return nil
	}
	old, _ := before.(*Publication)
	service, _ := find(KindService, now.Member).(*Service)
	switch {
	case service == nil || service.Operator != organization:
		return refused("the publications of " + now.Member + " are ordered by the operator of its registry")
	case old != nil && (now.Time < old.Time || now.Height < old.Height):
		return refused("a publication goes on from the last one")
	}
	return nil
}
