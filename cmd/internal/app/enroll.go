package app

import (
	"context"

	"tongzheng/api"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// enroll orders the approver record of an account's new passkey. Outside a
// demonstration it waits for two governors then (*office.Awaiting).
func (a *App) enroll(ctx context.Context, account api.Account, spki []byte) error {
	rules, _, err := a.View.Record(registry.KindRules, "current")
	if err != nil {
		return err
	}
	current, ok := rules.(*registry.Rules)
	if !ok {
		return registry.Errorf(registry.CodeUnavailable, "", "the ledger has no rules yet")
	}
	return a.Office.Govern(ctx, []office.Ordinance{{Organization: current.City, Basis: "通行密钥登记", Record: &registry.Approver{
		KeyID: sm.KeyIDOf(spki), Algorithm: registry.WebAuthn, Public: spki, Person: account.Person,
		Organization: account.Organization, Roles: person.SigningRoles(account.Roles), From: a.Config.Clock().Unix()}}})
}
