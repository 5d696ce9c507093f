package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
)

// Account is somebody who may sign in: a person of an organization, or a
// machine client that holds API keys.
type Account struct {
	Login        string // a-z, 0-9 and ._@-; compared in lower case
	Organization string // credit code
	Name         string // as shown
	Person       string // pseudonym of the person's approver keys on the ledger; empty for machines
	Roles        []registry.Role
	Admin        bool // operator: runs the machine
	Disabled     bool
	Created      time.Time
}

// Actor is the account as the use cases see it.
func (a *Account) Actor() registry.Actor {
	return registry.Actor{Account: a.Login, Person: a.Person, Organization: a.Organization, Roles: a.Roles, Admin: a.Admin}
}

const accountColumns = `a.login, a.organization, a.name, a.person, a.roles, a.admin, a.disabled, a.created`

// accountTargets are where a row with accountColumns is scanned to.
func accountTargets(a *Account, roles *[]string) []any {
	return []any{&a.Login, &a.Organization, &a.Name, &a.Person, roles, &a.Admin, &a.Disabled, &a.Created}
}

// errCredential says nothing about which part was wrong.
func errCredential() error {
	return registry.Errorf(registry.CodeUnauthenticated, "", "unknown or no longer valid")
}

// CreateAccount adds an account. An empty password makes one that cannot sign
// in with a password. CodeStale when the login exists.
func (s *Accounts) CreateAccount(ctx context.Context, a Account, password string) error {
	hash := ""
	if password != "" {
		var err error
		if hash, err = s.passwords.hash(ctx, password); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"login": a.Login, "organization": a.Organization, "name": a.Name, "person": a.Person} {
		if err := checkText(name, text); err != nil {
			return err
		}
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO account (login, organization, name, person, roles, admin, password_hash, disabled, created, updated)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
		normalLogin(a.Login), a.Organization, a.Name, a.Person, words(a.Roles), a.Admin, hash, a.Disabled, s.now())
	return coded("creating an account", err)
}

// Authenticate checks login and password: CodeUnauthenticated for a wrong one,
// an unknown or a disabled account alike, at the same cost.
func (s *Accounts) Authenticate(ctx context.Context, login, password string) (*Account, error) {
	a, hash, err := s.account(ctx, login)
	if err != nil && registry.CodeOf(err) != registry.CodeNotFound {
		return nil, err
	}
	ok, err := s.passwords.matches(ctx, hash, password)
	if err != nil {
		return nil, err
	}
	if !ok || a == nil || a.Disabled {
		return nil, errCredential()
	}
	return a, nil
}

// Account returns an account by its login. CodeNotFound.
func (s *Accounts) Account(ctx context.Context, login string) (*Account, error) {
	a, _, err := s.account(ctx, login)
	return a, err
}

func (s *Accounts) account(ctx context.Context, login string) (*Account, string, error) {
	notFound := registry.Errorf(registry.CodeNotFound, "login", "no such account")
	if checkText("login", login) != nil {
		return nil, "", notFound
	}
	var a Account
	var roles []string
	var hash string
	err := s.pool.QueryRow(ctx, `SELECT `+accountColumns+`, a.password_hash FROM account a WHERE a.login = $1`, normalLogin(login)).
		Scan(append(accountTargets(&a, &roles), &hash)...)
	if err == pgx.ErrNoRows {
		return nil, "", notFound
	}
	if err != nil {
		return nil, "", coded("reading an account", err)
	}
	a.Roles = rolesOf(roles)
	return &a, hash, nil
}

// List lists the accounts of an organization, of all for "", by login.
func (s *Accounts) List(ctx context.Context, organization string) ([]Account, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+accountColumns+` FROM account a WHERE $1 = '' OR a.organization = $1 ORDER BY a.login`, organization)
	if err != nil {
		return nil, coded("listing accounts", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Account, err error) {
		var roles []string
		err = row.Scan(accountTargets(&a, &roles)...)
		a.Roles = rolesOf(roles)
		return a, err
	})
	return list, coded("listing accounts", err)
}

// SetPassword replaces an account's password and ends its sessions.
func (s *Accounts) SetPassword(ctx context.Context, login, password string) error {
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.changeAccount(ctx, "setting a password", login, `UPDATE account SET password_hash = $2, updated = $3 WHERE login = $1`, hash, s.now())
}

// DisableAccount locks an account or lets it in again; its sessions end, its
// API keys stop working while it is locked.
func (s *Accounts) DisableAccount(ctx context.Context, login string, disabled bool) error {
	return s.changeAccount(ctx, "disabling an account", login, `UPDATE account SET disabled = $2, updated = $3 WHERE login = $1`, disabled, s.now())
}

// SetRoles replaces an account's roles.
func (s *Accounts) SetRoles(ctx context.Context, login string, roles []registry.Role) error {
	return s.changeAccount(ctx, "setting roles", login, `UPDATE account SET roles = $2, updated = $3 WHERE login = $1`, words(roles), s.now())
}

// changeAccount updates one account and ends its sessions. CodeNotFound.
func (s *Accounts) changeAccount(ctx context.Context, doing, login, statement string, args ...any) error {
	if err := checkText("login", login); err != nil {
		return err
	}
	login = normalLogin(login)
	return s.inTx(ctx, doing, func(tx *pipe) error {
		tag, err := tx.Exec(ctx, statement, append([]any{login}, args...)...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return registry.Errorf(registry.CodeNotFound, "login", "no such account")
		}
		_, err = tx.Exec(ctx, `DELETE FROM session WHERE account = $1`, login)
		return err
	})
}

func normalLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// words and rolesOf take roles to and from their column.
func words(roles []registry.Role) []string {
	list := make([]string, len(roles))
	for i, r := range roles {
		list[i] = string(r)
	}
	return list
}

func rolesOf(list []string) []registry.Role {
	roles := make([]registry.Role, len(list))
	for i, w := range list {
		roles[i] = registry.Role(w)
	}
	return roles
}
