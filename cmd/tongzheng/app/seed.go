package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
	"tongzheng/signer/remote"
)

// DemoPlan is the plan that the demonstration city is seeded from.
const DemoPlan = "ganzhou"

// Demo is demo.json: what somebody who tries the program out needs to know.
type Demo struct {
	Note     string        `json:"note"`
	Console  string        `json:"console"`
	Accounts []DemoAccount `json:"accounts"`
	Licenses []DemoLicense `json:"licenses"`
}

// DemoAccount is one demonstration account. KeyFile holds the SM2 key that the
// person signs approvals with.
type DemoAccount struct {
	Login        string          `json:"login"`
	Name         string          `json:"name"`
	Organization string          `json:"organization"`
	Code         string          `json:"organization_code"`
	Roles        []registry.Role `json:"roles"`
	Password     string          `json:"password"`
	APIKey       string          `json:"api_key"`
	KeyFile      string          `json:"key_file,omitempty"`
	KeyID        sm.KeyID        `json:"key_id,omitempty"`
}

// DemoLicense is one seeded license.
type DemoLicense struct {
	Identifier string   `json:"identifier"`
	Type       string   `json:"type"`
	Number     string   `json:"number"`
	Holder     string   `json:"holder"`
	URL        string   `json:"url"`
	QR         string   `json:"qr"`
	OFD        string   `json:"ofd"`
	PDF        []string `json:"pdf"`
}

// seed sets up the demonstration city once; a second start finds it.
func (a *App) seed(ctx context.Context) error {
	p, err := plan.Load(DemoPlan)
	if err != nil {
		return err
	}
	if err := a.upToDate(ctx); err != nil {
		return err
	}
	rules, _, err := a.View.Record(registry.KindRules, "current")
	if err != nil {
		return err
	}
	if _, err := os.Stat(a.path("demo.json")); err == nil && rules != nil {
		return nil
	}
	s := &seeder{app: a, plan: p, demo: Demo{Note: "演示数据 Demonstration data: invented accounts and licenses, development seals.",
		Console: a.Config.PublicURL + "/console/"}}
	for _, step := range []func(context.Context) error{s.types, s.genesis, s.records, s.accounts, s.licenses} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(s.demo, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(a.path("demo.json"), raw, 0o600)
}

// ReadDemo reads the demo.json of a data folder.
func ReadDemo(data string) (*Demo, error) {
	raw, err := os.ReadFile(filepath.Join(data, "demo.json"))
	if err != nil {
		return nil, err
	}
	d := new(Demo)
	return d, json.Unmarshal(raw, d)
}

// Account returns the account with this login.
func (d *Demo) Account(login string) (DemoAccount, error) {
	for _, acc := range d.Accounts {
		if acc.Login == login {
			return acc, nil
		}
	}
	return DemoAccount{}, fmt.Errorf("no demonstration account %s", login)
}

type seeder struct {
	app  *App
	plan *plan.Plan
	demo Demo
}

func (s *seeder) types(ctx context.Context) error {
	var catalog []*registry.LicenseType
	for i := range s.plan.Types {
		catalog = append(catalog, &s.plan.Types[i].Type)
	}
	return s.app.Store.SetTypes(ctx, catalog)
}

func (s *seeder) city() plan.Organization {
	city, _ := s.plan.Organization(s.plan.City)
	return city
}

// genesis opens the ledger: its rules and the city, signed by the founder key.
func (s *seeder) genesis(ctx context.Context) error {
	if record, _, err := s.app.View.Record(registry.KindRules, "current"); err != nil || record != nil {
		return err
	}
	city := s.city()
	key, err := s.app.Keys.ActKey(ctx, city.Name, city.Code)
	if err != nil {
		return err
	}
	rules := &registry.Rules{Version: 1, City: city.Code, MaxBackdate: int64((30 * 24 * time.Hour).Seconds()), Founder: key,
		RelyingParty: relyingParty(s.app.Config.PublicURL), Origins: []string{origin(s.app.Config.PublicURL)}}
	for _, m := range s.plan.Members {
		rules.Members = append(rules.Members, m.ID)
	}
	organization := &registry.Organization{Code: city.Code, FullName: city.Name, Region: city.Region, Member: city.Member, ActKeys: []registry.ActKey{key}}
	return s.app.Office.Govern(ctx, []office.Ordinance{
		{Organization: city.Code, Record: rules, Basis: "演示创世"},
		{Organization: city.Code, Record: organization, Basis: "演示创世"},
	})
}

// records puts the plan on the ledger in the city's name, leaving out what is
// there already: a seeding that was cut short goes on.
func (s *seeder) records(ctx context.Context) error {
	records := s.plan.Records()
	for i := range s.plan.Types {
		records = append(records, s.plan.Types[i].Type.Record())
	}
	list := uint32(0)
	for i, record := range records {
		organization, ok := record.(*registry.Organization)
		if !ok {
			continue
		}
		key, err := s.app.Keys.ActKey(ctx, organization.FullName, organization.Code)
		if err != nil {
			return err
		}
		organization.ActKeys = []registry.ActKey{key}
		records[i] = organization
		list++
		records = append(records, &registry.Instance{Issuer: organization.Code, Prefix: serialPrefix, Lists: []uint32{list}})
	}
	seals, err := s.seals(ctx)
	if err != nil {
		return err
	}
	return s.govern(ctx, append(records, seals...))
}

func (s *seeder) seals(ctx context.Context) ([]registry.GovernanceRecord, error) {
	var records []registry.GovernanceRecord
	for _, seal := range s.plan.Seals {
		owner, ok := s.plan.Organization(seal.Organization)
		if !ok {
			return nil, fmt.Errorf("seal %s has no owner", seal.ID)
		}
		if filed, _, err := s.app.View.Record(registry.KindSeal, seal.ID); err != nil {
			return nil, err
		} else if filed != nil {
			continue
		}
		der, err := s.app.Keys.MakeSeal(ctx, remote.SealSpec{ID: seal.ID, Name: seal.Name, Owner: owner.Code, OwnerName: owner.Name, Kind: seal.Kind, Diameter: seal.Diameter})
		if err != nil {
			return nil, err
		}
		if _, err := s.app.Signer.ImportedSeal(der); err != nil {
			return nil, err
		}
		records = append(records, &registry.SealRecord{ID: seal.ID, Owner: owner.Code, SealKind: seal.Kind, FullName: seal.Name, Matters: seal.Matters,
			Digest: sm.Sum(der), History: []registry.SealEvent{{State: registry.SealInUse, At: seal.From.Start().Unix(), Basis: "演示备案"}}})
	}
	return records, nil
}

// govern sets those records that the ledger does not have yet.
func (s *seeder) govern(ctx context.Context, records []registry.GovernanceRecord) error {
	var ordinances []office.Ordinance
	for _, record := range records {
		if before, _, err := s.app.View.Record(record.Kind(), record.Name()); err != nil {
			return err
		} else if before != nil {
			continue
		}
		ordinances = append(ordinances, office.Ordinance{Organization: s.city().Code, Record: record, Basis: "演示数据"})
	}
	const most = 200
	for len(ordinances) > 0 {
		n := min(most, len(ordinances))
		if err := s.app.Office.Govern(ctx, ordinances[:n]); err != nil {
			return err
		}
		ordinances = ordinances[n:]
	}
	return nil
}

// NewPassword is readable and random: 12 of 32 characters, 60 bits.
func NewPassword() string {
	const alphabet = "23456789abcdefghijkmnpqrstuvwxyz"
	raw := make([]byte, 12)
	if _, err := rand.Read(raw); err != nil {
		panic(err) // the system has no randomness
	}
	for i := range raw {
		raw[i] = alphabet[raw[i]%32]
	}
	return string(raw)
}
