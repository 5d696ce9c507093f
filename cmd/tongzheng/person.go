package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type personCommand struct {
	Create personCreateCommand `cmd:"" help:"新建本人密钥 Make a person's own SM2 key, on the person's own machine."`
	Record personRecordCommand `cmd:"" help:"登记记录 The approver record of a public key, for an order sheet."`
}

type personCreateCommand struct {
	File string `arg:"" type:"path" help:"密钥文件 KEY.pem; the public key goes to KEY.pub.pem."`
}

// Run makes a key file and its public side.
func (c *personCreateCommand) Run(w *world) error {
	if _, err := os.Stat(c.File); !errors.Is(err, os.ErrNotExist) {
		return usage("%s exists: a key is never overwritten", c.File)
	}
	key, err := person.Key(c.File)
	if err != nil {
		return err
	}
	public, err := person.PublicPEM(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(publicFile(c.File), public, 0o644); err != nil {
		return err
	}
	spki, err := person.ParsePublic(public)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "密钥编号 key id  %s\n公钥 public key  %s\n", sm.KeyIDOf(spki), publicFile(c.File))
	return nil
}

func publicFile(key string) string { return strings.TrimSuffix(key, ".pem") + ".pub.pem" }

type personRecordCommand struct {
	File         string    `arg:"" type:"existingfile" help:"公钥文件 KEY.pub.pem."`
	Organization string    `required:"" help:"统一社会信用代码 Credit code of the person's organization."`
	Role         []string  `required:"" help:"岗位 Roles that the key may sign in."`
	Person       string    `help:"人员代号 The account's pseudonym: two keys of one person count once. A random one when absent."`
	From         time.Time `format:"2006-01-02T15:04:05Z07:00" help:"启用时刻 From when; now when absent."`
}

// Run prints the order for an order sheet (tongzheng govern draft).
func (c *personRecordCommand) Run(w *world) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	spki, err := person.ParsePublic(raw)
	if err != nil {
		return usage("%s: %v", c.File, err)
	}
	record := &registry.Approver{KeyID: sm.KeyIDOf(spki), Algorithm: registry.SM2SM3, Public: spki, Person: c.Person, Organization: c.Organization, From: c.From.Unix()}
	if record.Roles, err = parseRoles(c.Role); err != nil {
		return err
	}
	if c.From.IsZero() {
		record.From = time.Now().Unix()
	}
	if record.Person == "" {
		record.Person = person.NewPseudonym()
	}
	if err := record.Check(); err != nil {
		return err
	}
	return printOrder(w, record)
}

// printOrder writes one order as order files have it.
func printOrder(w *world, record registry.GovernanceRecord) error {
	return printJSON(w, struct {
		Kind   registry.RecordKind       `json:"kind"`
		Record registry.GovernanceRecord `json:"record"`
	}{record.Kind(), record})
}
