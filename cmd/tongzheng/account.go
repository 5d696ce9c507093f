package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tongzheng/api/resource"
	"tongzheng/registry"
)

type accountCommand struct {
	List     accountListCommand     `cmd:"" default:"1" help:"列出账号 Accounts."`
	Create   accountCreateCommand   `cmd:"" help:"新建账号 Make an account; its password is shown once."`
	Password accountPasswordCommand `cmd:"" help:"重设口令 Give an account a new password; its sessions end."`
	APIKey   accountKeyCommand      `cmd:"" name:"api-key" help:"接口密钥 Make an API key; it is shown once."`
	Disable  accountLockCommand     `cmd:"" help:"停用账号 Lock an account."`
	Enable   accountLockCommand     `cmd:"" help:"启用账号 Let an account in again."`
}

type accountListCommand struct {
	instance
	Organization string `help:"统一社会信用代码 Only this organization's."`
}

// Run lists accounts.
func (c *accountListCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	accounts, err := o.Accounts.List(w.ctx, c.Organization)
	if err != nil {
		return err
	}
	for _, acc := range accounts {
		state := ""
		if acc.Disabled {
			state = "  已停用 locked"
		}
		fmt.Fprintf(w.stdout, "%s  %s  %s  %v  %s%s\n", acc.Login, acc.Organization, acc.Name, acc.Roles, acc.Person, state)
	}
	return nil
}

type accountCreateCommand struct {
	instance
	Login        string   `arg:"" help:"账号 Login: a-z, 0-9 and ._@-."`
	Organization string   `required:"" help:"统一社会信用代码 Credit code of the person's organization."`
	Name         string   `required:"" help:"姓名或岗位 Name as shown."`
	Role         []string `help:"岗位 Roles: acceptor, examiner, approver, seal-keeper, printer, witness, regulator, governor."`
	Person       string   `help:"人员代号 Pseudonym that stands for the person on the ledger; a random one when absent."`
	Machine      bool     `help:"接口账号 A machine client: no password, no person."`
	Operator     bool     `help:"运维 Runs the machine; may see every organization."`
}

// Run makes an account.
func (c *accountCreateCommand) Run(w *world) error {
	roles, err := parseRoles(c.Role)
	if err != nil {
		return err
	}
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	made, err := o.Accounts.Create(w.ctx, resource.AccountDraft{Login: c.Login, Organization: c.Organization, Name: c.Name, Roles: roles, Person: c.Person,
		Machine: c.Machine, Operator: c.Operator})
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "账号 login     %s\n", c.Login)
	if !c.Machine {
		fmt.Fprintf(w.stdout, "口令 password  %s\n人员代号 person %s\n", made.Password, made.Person)
	}
	return nil
}

func parseRoles(words []string) ([]registry.Role, error) {
	var roles []registry.Role
	for _, word := range words {
		role := registry.Role(strings.TrimSpace(word))
		if !slices.Contains(registry.Roles(), role) {
			return nil, usage("no role %q: want some of %v", word, registry.Roles())
		}
		roles = append(roles, role)
	}
	return roles, nil
}

type accountPasswordCommand struct {
	instance
	Login string `arg:"" help:"账号 Login."`
}

// Run gives a new password.
func (c *accountPasswordCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	made, err := o.Accounts.NewPassword(w.ctx, c.Login)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "口令 password  %s\n", made.Password)
	return nil
}

type accountKeyCommand struct {
	instance
	Login string        `arg:"" help:"账号 Login."`
	Name  string        `default:"cli" help:"用途 What it is for."`
	For   time.Duration `help:"有效期 How long it is good; open when absent."`
}

// Run makes an API key that can do what its account can.
func (c *accountKeyCommand) Run(w *world) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	var expires time.Time
	if c.For > 0 {
		expires = time.Now().Add(c.For)
	}
	made, err := o.Accounts.NewKey(w.ctx, c.Login, c.Name, expires)
	if err != nil {
		return err
	}
	fmt.Fprintln(w.stdout, made.Key)
	return nil
}

type accountLockCommand struct {
	instance
	Login string `arg:"" help:"账号 Login."`
}

// Run locks an account or lets it in.
func (c *accountLockCommand) Run(w *world, verb sealVerb) error {
	o, err := c.operate(w)
	if err != nil {
		return err
	}
	defer o.Close()
	if verb == "disable" {
		return o.Accounts.Disable(w.ctx, c.Login)
	}
	return o.Accounts.Enable(w.ctx, c.Login)
}
