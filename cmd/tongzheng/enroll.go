package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"tongzheng/cmd/internal/enrollment"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

type keysEnrollCommand struct {
	keyFolder
	Member        string            `required:"" help:"账本成员 The member that the organizations belong to."`
	Organizations map[string]string `name:"organization" required:"" placeholder:"CODE=NAME" help:"机关 Credit code and name of an organization whose act key this signer holds; repeated."`
	Operator      string            `placeholder:"CODE" help:"运维机关 Which of them runs the registry; with --url."`
	URL           string            `name:"url" help:"公开网址 Where the member's registry is reached: codes on paper lead to it. Without it only keys are enrolled."`
	SignURL       string            `name:"sign-url" help:"签署页网址 Origin of this signer's page (TONGZHENG_SIGN_URL); without it passkeys of the member's people count nowhere."`
	Out           string            `arg:"" help:"File for the city's operator."`
}

// Help is the longer help of the command.
func (*keysEnrollCommand) Help() string {
	return `The city has registered the organizations; this makes (or finds) their act keys and writes the
file that the city's operator puts on an order sheet. Every act key signs the file; no private key
leaves this folder. Tell the city the fingerprint that is printed by another way than the file.`
}

// Run writes an enrollment.
func (c *keysEnrollCommand) Run(w *world) error {
	ask := enrollment.Ask{Member: c.Member}
	for _, code := range slices.Sorted(maps.Keys(c.Organizations)) {
		ask.Organizations = append(ask.Organizations, enrollment.Organization{Code: code, Name: c.Organizations[code]})
	}
	if (c.URL == "") != (c.Operator == "") {
		return usage("--url and --operator belong together")
	}
	if c.URL != "" {
		ask.Service = &registry.Service{Member: c.Member, Operator: c.Operator, Public: strings.TrimSuffix(c.URL, "/")}
	}
	if c.SignURL != "" {
		sign, err := url.Parse(c.SignURL)
		if err != nil || ask.Service == nil || sign.Host == "" || sign.Path != "" {
			return usage("--sign-url: want scheme://host[:port], beside --url")
		}
		ask.Service.Sign, ask.Service.RelyingParty = c.SignURL, sign.Hostname()
	}
	keys, err := keyring.Open(c.Data, time.Now)
	if err != nil {
		return err
	}
	e, err := enrollment.Make(w.ctx, keys, ask)
	if err != nil {
		return err
	}
	if err := e.Write(c.Out); err != nil {
		return err
	}
	fingerprint, err := e.Fingerprint()
	if err != nil {
		return err
	}
	for _, o := range e.Organizations {
		fmt.Fprintf(w.stdout, "%s  %s  %s\n", o.Key.ID, o.Code, o.Name)
	}
	fmt.Fprintf(w.stdout, "指纹 fingerprint %s\n", fingerprint)
	return nil
}

type governEnrollCommand struct {
	drafting
	File        string    `arg:"" type:"existingfile" help:"What tongzheng keys enroll wrote at the member's signer."`
	Fingerprint sm.Digest `required:"" help:"指纹 Fingerprint as the member's operator told it by another way: by telephone, on paper."`
}

// Run drafts the sheet.
func (c *governEnrollCommand) Run(w *world) error {
	e, err := enrollment.Read(c.File)
	if err != nil {
		return err
	}
	has, err := e.Fingerprint()
	if err != nil {
		return err
	}
	if has != c.Fingerprint {
		return registry.Errorf(registry.CodeMalformed, "fingerprint", "the file has fingerprint %s: ask the member's operator", has)
	}
	find := func(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
		return recordAt(w, c.remote, kind, name)
	}
	records, err := e.Records(find)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		fmt.Fprintln(w.stdout, "账本已有 the ledger has all of it already")
		return nil
	}
	var orders []order
	for _, record := range records {
		said, err := json.Marshal(record)
		if err != nil {
			return err
		}
		orders = append(orders, order{Kind: record.Kind(), Record: said})
	}
	if c.Basis == "" {
		c.Basis = "成员入网登记"
	}
	if err := c.asCity(w); err != nil {
		return err
	}
	return c.post(w, orders)
}
