package demo

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"tongzheng/cmd/internal/operating"
	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/registry/postgres"
	"tongzheng/registry/sm"
)

// accounts makes the plan's demonstration accounts of the members played here, each with a password, an
// API key and, where the person signs, an SM2 key file enrolled on the ledger.
func (s *seeder) accounts(ctx context.Context) error {
	var approvers []registry.GovernanceRecord
	for _, planned := range s.plan.Accounts {
		organization, _ := s.plan.Organization(planned.Organization)
		if !s.plays(organization.Member) {
			continue
		}
		account := Account{Login: planned.Login, Name: planned.Name, Organization: organization.Name, Code: organization.Code, Roles: planned.Roles}
		pseudonym := ""
		if !planned.Machine { // a machine is no person and signs nothing
			pseudonym = personOf(planned.Login)
		}
		if !planned.Machine && slices.ContainsFunc(planned.Roles, person.Signs) {
			approver, err := s.signingKey(&account, pseudonym)
			if err != nil {
				return err
			}
			approvers = append(approvers, approver)
		}
		if err := s.account(ctx, &account, planned, pseudonym); err != nil {
			return fmt.Errorf("account %s: %w", planned.Login, err)
		}
		s.demo.Accounts = append(s.demo.Accounts, account)
	}
	return s.govern(ctx, approvers)
}

// Actor is the account as use cases know it.
func (a *Account) Actor() registry.Actor {
	return registry.Actor{Account: a.Login, Person: personOf(a.Login), Organization: a.Code, Roles: a.Roles}
}

// personOf is the pseudonym that stands for a person on the ledger.
func personOf(login string) string {
	return "p" + sm.Tagged("tongzheng demo person", []byte(login)).String()[:16]
}

// account makes one demonstration account with its password and API key; one
// that is there from a seeding cut short gets a new password.
func (s *seeder) account(ctx context.Context, account *Account, planned plan.Account, pseudonym string) error {
	account.Password = operating.NewPassword()
	admin := slices.Contains(planned.Roles, registry.RoleOperator)
	err := s.app.Store.Accounts.CreateAccount(ctx, postgres.Account{Login: account.Login, Organization: account.Code, Name: account.Name,
		Person: pseudonym, Roles: account.Roles, Admin: admin}, account.Password)
	if registry.CodeOf(err).Kind() == registry.KindConflict {
		err = s.app.Store.Accounts.SetPassword(ctx, account.Login, account.Password)
	}
	if err != nil {
		return err
	}
	account.APIKey, err = s.app.Store.Accounts.CreateAPIKey(ctx, postgres.APIKey{Name: "demo", Account: account.Login,
		Organization: account.Code, Roles: account.Roles, Admin: admin})
	return err
}

// signingKey makes (or finds) a person's key file.
func (s *seeder) signingKey(account *Account, pseudonym string) (*registry.Approver, error) {
	account.KeyFile = filepath.Join("people", account.Login+".pem")
	key, err := person.Key(s.path(account.KeyFile))
	if err != nil {
		return nil, err
	}
	spki, err := sm.MarshalPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	account.KeyID = sm.KeyIDOf(spki)
	return &registry.Approver{KeyID: account.KeyID, Algorithm: registry.SM2SM3, Public: spki, Person: pseudonym,
		Organization: account.Code, Roles: person.SigningRoles(account.Roles), From: s.app.Config.Clock().Unix()}, nil
}
