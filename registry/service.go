package registry

import (
	"slices"
	"strings"
)

// Service (对外服务) is a member's registry as everybody reaches it. The city
// records it; signers put no other address on paper and into statements, and sign
// the publications of nobody but its operator.
type Service struct {
	Member   string `cbor:"1,keyasint" json:"member"`
	Operator string `cbor:"2,keyasint" json:"operator"` // organization of the member that runs the registry: it orders the member's publications
	Public   string `cbor:"3,keyasint" json:"public"`   // scheme://host[/path] that QR codes lead to, without a slash at its end
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
	_, rest, ok := strings.Cut(s.Public, "://")
	switch {
	case !strings.HasPrefix(s.Public, "https://") && !strings.HasPrefix(s.Public, "http://"),
		!ok, rest == "", strings.HasPrefix(rest, "/"), strings.HasSuffix(rest, "/"), len(s.Public) > publicMost,
		strings.ContainsFunc(s.Public, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`?#"<>\^`+"`{|}", r) }):
		return recordError("public", "want http(s)://host[/path], lower case, at most %d characters, without a slash at its end", publicMost)
	}
	if host, _, _ := strings.Cut(rest, "/"); host != strings.ToLower(host) || strings.Contains(host, "@") {
		return recordError("public", "a host in lower case, without a user")
	}
	return nil
}

// checkService: a member's registry is run by an organization of that member.
func checkService(rules *Rules, now *Service, find Finder, refused refusal) error {
	operator, _ := find(KindOrganization, now.Operator).(*Organization)
	switch {
	case rules != nil && !slices.Contains(rules.Members, now.Member):
		return refused("no member " + now.Member)
	case operator == nil || operator.Member != now.Member:
		return refused("a member's registry is run by an organization of that member")
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
