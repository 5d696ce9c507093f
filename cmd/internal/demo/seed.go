// Package demo is the demonstration city: it seeds a fresh instance with the
// accounts, grants, seals and sample licenses of a plan, all of them invented,
// and tells the story of tongzheng demo on one. No product code depends on it.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
	"tongzheng/signer/remote"
)

// Open opens an instance as a demonstration: whatever the ledger lacks of the
// demonstration city is seeded before the workers begin.
func Open(ctx context.Context, config app.Config) (_ *app.App, err error) {
	config.DemoCity = true
	a, err := app.Compose(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := Seed(ctx, a); err != nil {
		return nil, errors.Join(fmt.Errorf("seeding the demonstration city: %w", err), a.Close())
	}
	a.Start()
	return a, nil
}

// Seed sets up the demonstration city once; a second start finds it.
func Seed(ctx context.Context, a *app.App) error {
	p, err := plan.Load(Plan)
	if err != nil {
		return err
	}
	if err := a.UpToDate(ctx); err != nil {
		return err
	}
	rules, _, err := a.View.Record(registry.KindRules, "current")
	if err != nil {
		return err
	}
	sign, err := a.SigningPage(ctx)
	if err != nil {
		return err
	}
	s := &seeder{app: a, plan: p, demo: City{Note: "演示数据 Demonstration data: invented accounts and licenses, development seals.",
		Console: a.Config.PublicURL + "/console/", Sign: sign}}
	if _, err := os.Stat(filepath.Join(a.Config.Data, app.DemoFile)); err == nil && rules != nil {
		return s.services(ctx)
	}
	for _, step := range []func(context.Context) error{s.types, s.genesis, s.records, s.opened, s.services, s.accounts, s.licenses} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	raw, err := json.MarshalIndent(s.demo, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.path(app.DemoFile), raw, 0o600)
}

type seeder struct {
	app  *app.App
	plan *plan.Plan
	demo City
}

func (s *seeder) path(name string) string { return filepath.Join(s.app.Config.Data, name) }

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

// genesisWindow is how long seeding may take: until it is over the ledger takes
// in the plan's past, powers that have ended and seals of long ago.
const genesisWindow = 24 * time.Hour

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
	tagKey, err := s.app.Keys.MakeTagKey(ctx)
	if err != nil {
		return err
	}
	rules := &registry.Rules{Version: registry.NewestRules, TagKey: tagKey, City: city.Code, MaxBackdate: int64((30 * 24 * time.Hour).Seconds()), Founder: key,
		GenesisUntil: s.app.Config.Clock().Add(genesisWindow).Unix()}
	for _, m := range s.plan.Members {
		rules.Members = append(rules.Members, m.ID)
	}
	organization := &registry.Organization{Code: city.Code, FullName: city.Name, Region: city.Region, Member: city.Member, ActKeys: []registry.ActKey{key}}
	return s.app.Office.Governing.Govern(ctx, registry.Operator("demonstration"), []office.OrderDraft{
		{Organization: city.Code, Record: rules, Basis: "演示创世"},
		{Organization: city.Code, Record: organization, Basis: "演示创世"},
	})
}

// opened ends genesis: from here on the demonstration is a ledger like others,
// whose orders reach into no past.
func (s *seeder) opened(ctx context.Context) error {
	record, _, err := s.app.View.Record(registry.KindRules, registry.CurrentRules)
	if err != nil {
		return err
	}
	before, ok := record.(*registry.Rules)
	now := s.app.Config.Clock().Unix()
	if !ok || before.GenesisUntil < now {
		return nil
	}
	rules := *before
	rules.GenesisUntil = now - 1
	return s.app.Office.Governing.Govern(ctx, registry.Operator("demonstration"), []office.OrderDraft{{Organization: rules.City, Record: &rules, Basis: "演示创世结束"}})
}

// relyingParty is what passkeys of a page are bound to: its host.
func relyingParty(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// records puts the plan on the ledger in the city's name, leaving out what is
// there already: a seeding that was cut short goes on.
func (s *seeder) records(ctx context.Context) error {
	records := s.plan.Records()
	for i := range s.plan.Types {
		records = append(records, s.plan.Types[i].Type.Record())
	}
	list, blocks := uint32(0), s.plan.NumberBlocks()
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
		records = append(records, &registry.Instance{Issuer: organization.Code, Prefix: app.SerialPrefix, Lists: []uint32{list}, Numbers: blocks[organization.Code]})
	}
	seals, err := s.seals(ctx)
	if err != nil {
		return err
	}
	return s.govern(ctx, append(records, seals...))
}

// services say where the members' registries are reached: here, all of them. A
// demonstration may be started at another address than the last time.
func (s *seeder) services(ctx context.Context) error {
	rules, _, err := s.app.View.Record(registry.KindRules, registry.CurrentRules)
	if err != nil {
		return err
	}
	if now, ok := rules.(*registry.Rules); !ok || !now.Since(registry.RulesOfRelations) {
		return nil // a folder of before
	}
	sign, err := s.app.SigningPage(ctx)
	if err != nil {
		return err
	}
	var drafts []office.OrderDraft
	for _, member := range s.plan.Members {
		operator, ok := s.plan.Organization(member.Organization)
		if !ok {
			return fmt.Errorf("member %s stands for no organization of the plan", member.ID)
		}
		service := &registry.Service{Member: member.ID, Operator: operator.Code, Public: s.app.Config.PublicURL}
		if sign != "" { // without a page people sign with key files, and passkeys count nowhere
			service.Sign, service.RelyingParty = sign, relyingParty(sign)
		}
		before, _, err := s.app.View.Record(registry.KindService, member.ID)
		if err != nil {
			return err
		}
		if known, ok := before.(*registry.Service); ok {
			service.Home, service.Anchors, service.KeyList, service.KeyNumber = known.Home, known.Anchors, known.KeyList, known.KeyNumber
			if *known == *service {
				continue
			}
		}
		drafts = append(drafts, office.OrderDraft{Organization: s.city().Code, Record: service, Basis: "演示数据"})
	}
	if len(drafts) == 0 {
		return nil
	}
	return s.app.Office.Governing.Govern(ctx, registry.Operator("demonstration"), drafts)
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
		der, err := s.app.Keys.MakeSeal(ctx, remote.SealRequest{ID: seal.ID, Name: seal.Name, Owner: owner.Code, OwnerName: owner.Name, Kind: seal.Kind, Diameter: seal.Diameter})
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
	var drafts []office.OrderDraft
	for _, record := range records {
		if before, _, err := s.app.View.Record(record.Kind(), record.Name()); err != nil {
			return err
		} else if before != nil {
			continue
		}
		drafts = append(drafts, office.OrderDraft{Organization: s.city().Code, Record: record, Basis: "演示数据"})
	}
	const most = 200
	for len(drafts) > 0 {
		n := min(most, len(drafts))
		if err := s.app.Office.Governing.Govern(ctx, registry.Operator("demonstration"), drafts[:n]); err != nil {
			return err
		}
		drafts = drafts[n:]
	}
	return nil
}
