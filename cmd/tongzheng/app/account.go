package app

import (
	"context"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/registry/postgres"
)

// account makes one demonstration account with its password and API key; one
// that is there from a seeding cut short gets a new password.
func (s *seeder) account(ctx context.Context, account *DemoAccount, planned plan.Account, person string) error {
	account.Password = NewPassword()
	admin := slices.Contains(planned.Roles, registry.RoleOperator)
	err := s.app.Store.CreateAccount(ctx, postgres.Account{Login: account.Login, Organization: account.Code, Name: account.Name,
		Person: person, Roles: account.Roles, Admin: admin}, account.Password)
	if registry.CodeOf(err).Kind() == registry.KindConflict {
		err = s.app.Store.SetPassword(ctx, account.Login, account.Password)
	}
	if err != nil {
		return err
	}
	account.APIKey, err = s.app.Store.CreateAPIKey(ctx, postgres.APIKey{Name: "demo", Account: account.Login,
		Organization: account.Code, Roles: account.Roles, Admin: admin})
	return err
}
