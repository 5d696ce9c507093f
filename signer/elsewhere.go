package signer

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
	"tongzheng/signer/check"
)

// paper is what a statement is asked about: another member's is held against this
// signer's copy of the ledger, with keys that fit the digests there.
type paper struct {
	ask      *registry.StatementRequest
	of       *check.Member // nil: a member's of this signer
	document *registry.DocumentReport
	report   *registry.QRReport // of a code with a payload
}

// elsewhere is the other member whose licenses an issuer's are, with the keys that the
// registry hands over as far as they fit the ledger; nil for members whose registry is
// run here, and where the ledger does not say.
func (a *Attester) elsewhere(ctx context.Context, c Copy, issuer string, keys registry.MemberKeys) *check.Member {
	if issuer == "" {
		return nil
	}
	member, err := a.service.member(ctx, issuer)
	if err != nil {
		return nil
	}
	here, err := a.publishes(c)
	if err != nil || len(here) == 0 || slices.Contains(here, member) {
		return nil
	}
	service, err := a.service.service(ctx, member)
	if err == nil && service == nil && !a.cfg.holds(issuer) { // the city's registry serves members without one of their own
		if member, err = a.cityMember(ctx); err == nil && !slices.Contains(here, member) {
			service, err = a.service.service(ctx, member)
		}
	}
	if err != nil || service == nil {
		return nil
	}
	return check.OpenMember(service, "", keys)
}

// cityMember is the city's own member.
func (a *Attester) cityMember(ctx context.Context) (string, error) {
	rules, err := a.service.law(ctx).Rules()
	if err != nil {
		return "", err
	}
	return a.service.member(ctx, rules.City)
}

// qrKey signs codes for an issuer: of the keys here the newest that other members know.
// A new one signs once the ledger names the list that it stands in: paper that is
// printed meanwhile is verified everywhere.
func (a *Attester) qrKey(ctx context.Context, issuer string) (sm.KeyID, error) {
	key, ok := a.cfg.Keys.Current(LabelQR)
	if !ok {
		return "", registry.Errorf(registry.CodeUnavailable, "", "this signer has no QR key")
	}
	rules, err := a.service.law(ctx).Rules()
	if err != nil || a.cfg.QRKeyNamed == nil || !rules.Since(registry.RulesOfRelations) {
		return key, err
	}
	member, err := a.service.member(ctx, issuer)
	if err != nil {
		return "", err
	}
	service, err := a.service.service(ctx, member)
	if err != nil || service == nil || !service.HasKeys() {
		return key, err
	}
	if named, ok := a.cfg.QRKeyNamed(service.KeyList); ok {
		return named, nil
	}
	return key, nil
}

// code reads another member's code: its payload names the printing, else the registry
// says which one the ledger names for its token.
func (p *paper) code(q *registry.Question, code check.QR) error {
	ask := p.ask
	q.Identifier, q.Printing = ask.Identifier, ask.Printing.Number
	if code.Token != ask.Token {
		return registry.Errorf(registry.CodePrinting, "token", "the code has another token")
	}
	if code.Payload == nil {
		return nil
	}
	said := code.Payload
	if ask.Identifier != said.Identifier || ask.Printing.Number != said.Printing {
		return registry.Errorf(registry.CodePrinting, "printing", "the code is another printing's")
	}
	holds, err := p.of.CheckQR(code, q.Now)
	if err != nil {
		return err
	}
	q.Checks = append(q.Checks, holds)
	p.report = &registry.QRReport{Token: code.Token, Checks: []registry.Check{holds}, Payload: true, Identifier: said.Identifier, Printing: said.Printing, Blank: said.Blank, List: said.List, Index: said.Index,
		Effective: said.Effective, Expires: said.Expires}
	return nil
}

// held holds the paper against the ledger. A token alone that the ledger does not name
// could be anybody's: the registry cannot show one license's code and name another.
func (p *paper) held(q *registry.Question) error {
	if p.document == nil && p.report == nil && !p.ask.Token.IsZero() {
		if _, named := q.Standing.HoldsToken(p.ask.Token, q.Printing); !named {
			return registry.Errorf(registry.CodePrinting, "token", "the ledger does not name this sheet")
		}
	}
	q.Checks = append(q.Checks, registry.HeldAgainst(q.Standing, &p.of.Elsewhere, registry.Shown{Version: q.Identifier.Version, Code: p.report, Token: p.ask.Token, Printing: q.Printing, Document: p.document})...)
	return nil
}
