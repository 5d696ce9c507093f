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
	"tongzheng/cmd/internal/enrollment"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
	"tongzheng/signer/remote"
)

// Open opens an instance as a demonstration of the whole city, in which it plays
// every member: whatever the ledger lacks is seeded before the workers begin.
func Open(ctx context.Context, config app.Config) (*app.App, error) {
	return OpenPart(ctx, config, Part{})
}

// OpenPart opens an instance as one member's part of the demonstration city. For
// a county, Prepare comes before: before its signer runs.
func OpenPart(ctx context.Context, config app.Config, part Part) (_ *app.App, err error) {
	config.DemoCity = true
	a, err := app.Compose(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := seed(ctx, a, part); err != nil {
		return nil, errors.Join(fmt.Errorf("seeding the demonstration city: %w", err), a.Close())
	}
	a.Start()
	return a, nil
}

// Seed sets up the whole demonstration city once; a second start finds it.
func Seed(ctx context.Context, a *app.App) error { return seed(ctx, a, Part{}) }

// seed sets up the part once; a second start finds it.
func seed(ctx context.Context, a *app.App, part Part) error {
	p, err := plan.Load(Plan)
	if err != nil {
		return err
	}
	if err := a.UpToDate(ctx); err != nil {
		return err
	}
	sign, err := a.SigningPage(ctx)
	if err != nil {
		return err
	}
	s := &seeder{app: a, plan: p, Part: part, demo: City{Note: "演示数据 Demonstration data: invented accounts and licenses, development seals.",
		Console: a.Config.PublicURL + "/console/", Sign: sign}}
	steps, err := s.steps()
	if err != nil {
		return err
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// steps are what there is to do: of a seeded folder only what may have changed
// since, the addresses.
func (s *seeder) steps() ([]func(context.Context) error, error) {
	rules, _, err := s.app.View.Record(registry.KindRules, registry.CurrentRules)
	if err != nil {
		return nil, err
	}
	_, missing := os.Stat(s.path(app.DemoFile))
	seeded := missing == nil && rules != nil
	switch {
	case s.leads() && seeded:
		return []func(context.Context) error{s.services, s.enroll, s.exchanges, s.keysNamed, s.moved}, nil
	case s.leads():
		return []func(context.Context) error{s.types, s.genesis, s.records, s.opened, s.services, s.enroll, s.exchanges, s.accounts, s.licenses, s.keysNamed, s.write}, nil
	case seeded:
		return []func(context.Context) error{s.enrolled, s.addressed, s.keysNamed, s.moved}, nil
	}
	return []func(context.Context) error{s.types, s.enrolled, s.takeTagKey, s.fileSeals, s.addressed, s.accounts, s.empowered, s.licenses, s.keysNamed, s.write}, nil
}

func (s *seeder) write(context.Context) error {
	raw, err := json.MarshalIndent(s.demo, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.path(app.DemoFile), raw, 0o600)
}

// moved writes down where console and signing page are now. What was issued before
// keeps its addresses.
func (s *seeder) moved(ctx context.Context) error {
	before, err := Read(s.app.Config.Data)
	if err != nil || before.Console == s.demo.Console && before.Sign == s.demo.Sign {
		return err
	}
	before.Console, before.Sign = s.demo.Console, s.demo.Sign
	s.demo = *before
	return s.write(ctx)
}

type seeder struct {
	Part
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
	record, _, err := s.app.View.Record(registry.KindRules, registry.CurrentRules)
	if err != nil {
		return err
	}
	city := s.city()
	key, err := s.app.Keys.ActKey(ctx, city.Name, city.Code)
	if err != nil {
		return err
	}
	if opened, ok := record.(*registry.Rules); ok {
		if opened.Founder.ID != key.ID {
			return fmt.Errorf("账本由另一实例的密钥创建 this ledger was opened with another instance's key (%s): start that instance's data folder, or found another ledger", opened.Founder.ID)
		}
		return nil // a seeding that was cut short
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
// there already: a seeding that was cut short goes on. Organizations of members
// that are played elsewhere get their act keys when they enroll.
func (s *seeder) records(ctx context.Context) error {
	records := s.plan.Records()
	for i := range s.plan.Types {
		records = append(records, s.plan.Types[i].Type.Record())
	}
	list, blocks := uint32(0), s.plan.NumberBlocks()
	for _, record := range records {
		organization, ok := record.(*registry.Organization)
		if !ok {
			continue
		}
		if s.plays(organization.Member) {
			key, err := s.app.Keys.ActKey(ctx, organization.FullName, organization.Code)
			if err != nil {
				return err
			}
			organization.ActKeys = []registry.ActKey{key}
		}
		list++
		records = append(records, &registry.Instance{Issuer: organization.Code, Prefix: app.SerialPrefix, Lists: []uint32{list}, Numbers: blocks[organization.Code]})
	}
	seals, err := s.seals(ctx)
	if err != nil {
		return err
	}
	return s.govern(ctx, append(records, seals...))
}

// services say where the registries of the members played here are reached. A
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
		if !s.plays(member.ID) {
			continue
		}
		service, err := serviceOf(s.plan, member, s.app.Config.PublicURL, sign)
		if err != nil {
			return err
		}
		before, _, err := s.app.View.Record(registry.KindService, member.ID)
		if err != nil {
			return err
		}
		service, changed := enrollment.Reached(before, service)
		if !changed {
			continue
		}
		drafts = append(drafts, office.OrderDraft{Organization: s.city().Code, Record: service, Basis: "演示数据"})
	}
	if len(drafts) == 0 {
		return nil
	}
	return s.app.Office.Governing.Govern(ctx, registry.Operator("demonstration"), drafts)
}

// serviceOf is a member's registry at its addresses. Without a signing page people
// sign with key files, and passkeys count nowhere.
func serviceOf(p *plan.Plan, member plan.Member, public, sign string) (*registry.Service, error) {
	operator, ok := p.Organization(member.Organization)
	if !ok {
		return nil, fmt.Errorf("member %s stands for no organization of the plan", member.ID)
	}
	service := &registry.Service{Member: member.ID, Operator: operator.Code, Public: public}
	if sign != "" {
		service.Sign, service.RelyingParty = sign, relyingParty(sign)
	}
	return service, nil
}

func (s *seeder) seals(ctx context.Context) ([]registry.GovernanceRecord, error) {
	var records []registry.GovernanceRecord
	for _, seal := range s.plan.Seals {
		owner, ok := s.plan.Organization(seal.Organization)
		if !ok {
			return nil, fmt.Errorf("seal %s has no owner", seal.ID)
		}
		if !s.plays(owner.Member) {
			continue
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
			Digest: sm.Sum(der), History: []registry.SealEvent{{State: registry.SealInUse, At: s.filed(seal), Basis: "演示备案"}}})
	}
	return records, nil
}

// filed is when a seal's life on the ledger begins: in the plan's past while it is
// genesis, else now.
func (s *seeder) filed(seal plan.Seal) int64 {
	if s.leads() {
		return seal.From.Start().Unix()
	}
	return s.app.Config.Clock().Unix()
}

// govern sets those records that the ledger does not have yet.
func (s *seeder) govern(ctx context.Context, records []registry.GovernanceRecord) error {
	var missing []registry.GovernanceRecord
	for _, record := range records {
		if before, _, err := s.app.View.Record(record.Kind(), record.Name()); err != nil {
			return err
		} else if before == nil {
			missing = append(missing, record)
		}
	}
	return s.order(ctx, missing)
}

// order sets records, some hundred at a time.
func (s *seeder) order(ctx context.Context, records []registry.GovernanceRecord) error {
	var drafts []office.OrderDraft
	for _, record := range records {
		drafts = append(drafts, office.OrderDraft{Organization: s.orders(record), Record: record, Basis: "演示数据"})
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
