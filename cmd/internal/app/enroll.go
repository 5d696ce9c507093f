package app

import (
	"context"

	"tongzheng/api/signin"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// enroll orders the approver record of an account's new passkey. Outside a
// demonstration it waits for two governors then (*office.Awaiting).
func (a *App) enroll(ctx context.Context, account signin.Account, spki []byte) error {
	return a.Office.Governing.Enroll(ctx, account.Actor(), &registry.Approver{
		KeyID: sm.KeyIDOf(spki), Algorithm: registry.WebAuthn, Public: spki, Person: account.Person,
		Organization: account.Organization, Roles: person.SigningRoles(account.Roles), From: a.Config.Clock().Unix()})
}
