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

	// Home is the address that the member's codes on paper carry: the city's, with a
	// path for the member. Empty: Public.
	Home string `cbor:"6,keyasint,omitempty" json:"home,omitempty"`

	// By what the member's papers are verified elsewhere, all three or none: digest of
	// its trust anchors, digest of what stays the same in its key list however often
	// it is published anew, and the number of the list that first said so.
	Anchors   sm.Digest `cbor:"7,keyasint,omitzero" json:"anchors,omitzero"`
	KeyList   sm.Digest `cbor:"8,keyasint,omitzero" json:"key_list,omitzero"`
	KeyNumber uint64    `cbor:"9,keyasint,omitempty" json:"key_number,omitempty"`

	// Exchange is the origin where other members' registries ask this one for
	// documents, ExchangeKey SM3 of the SubjectPublicKeyInfo that it has on both ends
	// of a connection (TLS 1.3, ECDSA P-256): nobody else vouches for the key. Both or
	// none; another key is another order.
	Exchange    string    `cbor:"10,keyasint,omitempty" json:"exchange,omitempty"`
	ExchangeKey sm.Digest `cbor:"11,keyasint,omitzero" json:"exchange_key,omitzero"`

	// Library is the organization that keeps the license library (归集库) of the whole
	// deployment. It counts in the record of the city's own member alone.
	Library string `cbor:"12,keyasint,omitempty" json:"library,omitempty"`

	// Deputy publishes the member's status lists beside it; zero: nobody does.
	Deputy Deputy `cbor:"13,keyasint,omitzero" json:"deputy,omitzero"`
}

// OnPaper is the address that the member's codes lead to.
func (s *Service) OnPaper() string {
	if s.Home != "" {
		return s.Home
	}
	return s.Public
}

// HasKeys tells whether the ledger says by what the member's papers are verified.
func (s *Service) HasKeys() bool { return !s.Anchors.IsZero() }

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
	if s.Home != "" && !homeForm(s.Home) {
		return recordError("home", "want http(s)://host/member, all in lower case, the member's path of at most %d characters a-z0-9._~-", memberPathMost)
	}
	if known := s.HasKeys(); known == s.KeyList.IsZero() || known != (s.KeyNumber != 0) {
		return recordError("anchors", "anchors, key list and its number belong together")
	}
	if (s.Sign == "") != (s.RelyingParty == "") {
		return recordError("sign", "signing origin and relying party belong together")
	}
	if err := s.Deputy.check(s.Member); err != nil {
		return err
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

// memberPathMost bounds the part of an address that stands for a member.
const memberPathMost = 40

// MemberPath tells whether a part of an address may stand for a member.
func MemberPath(part string) bool {
	return part != "" && len(part) <= memberPathMost && strings.Trim(part, ".") != "" &&
		!strings.ContainsFunc(part, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._~-", r))
		})
}

// homeForm tells whether an address has a host and parts that may stand for members.
func homeForm(address string) bool {
	if _, ok := hostOf(address); !ok || address != strings.ToLower(address) {
		return false
	}
	_, rest, _ := strings.Cut(address, "://")
	parts := strings.Split(rest, "/")
	return len(parts) > 1 && !slices.ContainsFunc(parts[1:], func(part string) bool { return !MemberPath(part) })
}

// checkServiceOrder: the city records registries. Whoever runs one orders in its own
// name which keys its papers are verified by and who publishes its lists beside it, and
// nothing else: keys are replaced without asking anybody. What was said of keys goes on:
// a list is not followed by an older one.
func checkServiceOrder(before GovernanceRecord, now *Service, by string, city bool, refused refusal) error {
	old, _ := before.(*Service)
	if err := checkDeputyOrder(old, now, by, refused); err != nil {
		return err
	}
	if old == nil {
		if !city {
			return refused("the city's to set")
		}
		return nil
	}
	same := *now
	same.Anchors, same.KeyList, same.KeyNumber, same.Deputy = old.Anchors, old.KeyList, old.KeyNumber, old.Deputy
	switch {
	case !city && (by != old.Operator || same != *old || *now == *old):
		return refused("whoever runs a registry orders its own anchors, key list and deputy, the city all else")
	case old.HasKeys() && !now.HasKeys():
		return refused("keys that papers are verified by are replaced, not taken away")
	case now.KeyNumber < old.KeyNumber, now.KeyNumber == old.KeyNumber && now.KeyList != old.KeyList:
		return refused("a key list goes on from the last one")
	}
	return nil
}

// checkService: a member's registry is run by an organization of that member.
func checkService(rules *Rules, now *Service, find Finder, refused refusal) error {
	operator, _ := find(KindOrganization, now.Operator).(*Organization)
	var library *Organization
	if now.Library != "" {
		library, _ = find(KindOrganization, now.Library).(*Organization)
	}
	switch {
	case rules != nil && !slices.Contains(rules.Members, now.Member):
		return refused("no member " + now.Member)
	case rules != nil && !now.Deputy.IsZero() && !slices.Contains(rules.Members, now.Deputy.Member):
		return refused("no member " + now.Deputy.Member)
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
