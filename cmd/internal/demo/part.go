package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tongzheng/cmd/internal/app"
	"tongzheng/cmd/internal/enrollment"
	"tongzheng/cmd/internal/keyring"
	"tongzheng/registry"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
)

// Part says which member an instance plays. Each member's instance has keys,
// accounts and licenses of that member alone; the city's orders what the city
// orders; a county joins by what its operator hands the city's, and waits for what
// it needs of the city on the ledger.
type Part struct {
	Member   string // of the plan; empty: all of them
	Exchange string // folder where the members' operators leave what they hand each other
	Say      func(format string, args ...any)
	Known    bool // the ledger is told of keys, address on paper and exchange: known.go
}

// Files of a member in the folder of exchange.
func (p Part) file(member, name string) string {
	return filepath.Join(p.Exchange, member+"."+name)
}

const (
	enrollmentFile = "enrollment.json" // for the city: tongzheng keys enroll
	requestFile    = "tag-request.pem" // for the city: tongzheng keys tag request
	tagKeyFile     = "tag-key.pem"     // of the city: tongzheng keys tag hand
)

func (p Part) say(format string, args ...any) {
	if p.Say != nil {
		p.Say(format, args...)
	}
}

// plays tells whether the member is played by this instance.
func (p Part) plays(member string) bool { return p.Member == "" || p.Member == member }

// leads tells whether this instance gives the city's orders.
func (s *seeder) leads() bool { return s.plays(s.city().Member) }

// playsAll tells whether everybody who takes part in a sample is played here: its
// decider is, and in a review whoever examines.
func (s *seeder) playsAll(sample plan.License) bool {
	grant, _ := s.plan.Grant(sample.Grant)
	parties := []string{grant.Decider}
	if grant.Mode == registry.ModeReview {
		parties = append(parties, grant.Examiner)
	}
	return !slices.ContainsFunc(parties, func(id string) bool {
		organization, _ := s.plan.Organization(id)
		return !s.plays(organization.Member)
	})
}

// orders is in whose name a record is ordered, and so whose act key signs: the
// city's, which may order everything, or at a county's signer the organization's
// that the record is about.
func (s *seeder) orders(record registry.GovernanceRecord) string {
	if s.leads() {
		return s.city().Code
	}
	switch r := record.(type) {
	case *registry.SealRecord:
		return r.Owner
	case *registry.Approver:
		return r.Organization
	case *registry.Service:
		return r.Operator
	}
	return s.city().Code
}

// Prepare writes what a county's operator hands the city's, before the county's
// signer runs: the enrollment with its act keys and addresses, and the request for
// the tag key. Files that say the same already stay. The city has nothing to
// prepare.
func Prepare(ctx context.Context, config app.Config, part Part) error {
	p, err := plan.Load(Plan)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(p.Members, func(m plan.Member) bool { return m.ID == part.Member })
	city, _ := p.Organization(p.City)
	switch {
	case i < 0:
		return fmt.Errorf("no member %q in the plan of the demonstration city", part.Member)
	case part.Exchange == "":
		return fmt.Errorf("a member plays its part with a folder of exchange")
	case part.Member == city.Member:
		return os.MkdirAll(part.Exchange, 0o700)
	}
	service, err := serviceOf(p, p.Members[i], expected(config.PublicURL, config.Listen), expected(config.SignURL, config.SignListen))
	if err != nil {
		return err
	}
	ask := enrollment.Ask{Member: part.Member, Service: service}
	for _, o := range p.Organizations {
		if o.Member == part.Member {
			ask.Organizations = append(ask.Organizations, enrollment.Organization{Code: o.Code, Name: o.Name})
		}
	}
	return errors.Join(part.prepare(ctx, config, ask), part.tellExchange(config))
}

func (p Part) prepare(ctx context.Context, config app.Config, ask enrollment.Ask) error {
	path := p.file(p.Member, enrollmentFile)
	if before, err := enrollment.Read(path); err == nil && enrollment.Same(before.Service, ask.Service) {
		return nil
	}
	if err := os.MkdirAll(p.Exchange, 0o700); err != nil {
		return err
	}
	clock := config.Clock
	if clock == nil {
		clock = time.Now
	}
	keys, err := keyring.Open(config.Data, clock)
	if err != nil {
		return err
	}
	e, err := enrollment.Make(ctx, keys, ask)
	if err != nil {
		return err
	}
	request, err := keys.TagRequest()
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.file(p.Member, requestFile), request, 0o644); err != nil {
		return err
	}
	return e.Write(path)
}

// expected is the address that an instance will have: the one named, or that of its
// port on this machine.
func expected(url, listen string) string {
	_, port, err := net.SplitHostPort(listen)
	if url != "" || err != nil || listen == "" {
		return strings.TrimSuffix(url, "/")
	}
	return "http://localhost:" + port
}

// enroll registers the members whose enrollments lie in the folder of exchange, and
// hands each the tag key.
func (s *seeder) enroll(ctx context.Context) error {
	if s.Member == "" {
		return nil
	}
	for _, member := range s.plan.Members {
		if s.plays(member.ID) {
			continue
		}
		e, err := enrollment.Read(s.file(member.ID, enrollmentFile))
		if os.IsNotExist(err) {
			continue // it has no registry yet
		}
		if err != nil {
			return err
		}
		if err := s.register(ctx, e); err != nil {
			return fmt.Errorf("enrolling %s: %w", member.ID, err)
		}
		if err := s.handTagKey(member.ID); err != nil {
			return fmt.Errorf("handing the tag key to %s: %w", member.ID, err)
		}
	}
	return nil
}

// register has what an enrollment says ordered. A demonstration takes the
// fingerprint from the file: a city's operator has it told by telephone.
func (s *seeder) register(ctx context.Context, e *enrollment.Enrollment) error {
	fingerprint, err := e.Fingerprint()
	if err != nil {
		return err
	}
	records, err := e.Records(func(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
		record, _, err := s.app.View.Record(kind, name)
		return record, err
	})
	if err != nil || len(records) == 0 {
		return err
	}
	s.say("登记 %s 的机关密钥与地址 registering act keys and address of %s (%s…)", e.Member, e.Member, fingerprint.String()[:16])
	return s.order(ctx, records)
}

// handTagKey encrypts the tag key to a member's signer.
func (s *seeder) handTagKey(member string) error {
	request, err := os.ReadFile(s.file(member, requestFile))
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.file(member, tagKeyFile)); err == nil {
		return nil
	}
	spki, err := keyring.ReadTagRequest(request)
	if err != nil {
		return err
	}
	keys, err := s.keys()
	if err != nil {
		return err
	}
	handed, err := keys.Store.HandTagKey(spki, sm.Sum(spki))
	if err != nil {
		return err
	}
	return os.WriteFile(s.file(member, tagKeyFile), handed, 0o600)
}

// keys are those of the instance: open in this process, or in the folder that the
// signer process has beside the instance's.
func (s *seeder) keys() (*keyring.Keys, error) {
	if keys, ok := s.app.Keys.(*keyring.Keys); ok {
		return keys, nil
	}
	return keyring.Open(s.app.Config.Data, s.app.Config.Clock)
}

// enrolled waits until the city has registered what Prepare wrote.
func (s *seeder) enrolled(ctx context.Context) error {
	path := s.file(s.Member, enrollmentFile)
	e, err := enrollment.Read(path)
	if err != nil {
		return err
	}
	return s.until(ctx, fmt.Sprintf("等市级登记机关密钥与地址 waiting for the city to register %s (tongzheng govern enroll)", filepath.Base(path)), func() (bool, error) {
		missing, err := e.Records(func(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
			record, _, err := s.app.View.Record(kind, name)
			return record, err
		})
		if registry.CodeOf(err) == registry.CodeOrganization { // not even the organizations yet
			return false, nil
		}
		return err == nil && len(missing) == 0, err
	})
}

// takeTagKey waits for the city's operator to hand the tag key, and keeps it when
// it is the one that the ledger names.
func (s *seeder) takeTagKey(ctx context.Context) error {
	rules, err := registry.RecordOf[*registry.Rules](viewRecords{s.app}, registry.KindRules, registry.CurrentRules)
	if err != nil || rules.TagKey.IsZero() {
		return err
	}
	keys, err := s.keys()
	if err != nil {
		return err
	}
	if has, err := keys.TagKey(ctx); err != nil || has == rules.TagKey {
		return err
	}
	path := s.file(s.Member, tagKeyFile)
	if err := s.until(ctx, fmt.Sprintf("等市级移交标签密钥 waiting for the tag key from the city (%s)", filepath.Base(path)), func() (bool, error) {
		_, err := os.Stat(path)
		return err == nil, nil
	}); err != nil {
		return err
	}
	handed, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return keys.Store.TakeTagKey(handed, rules.TagKey)
}

// fileSeals has the owners file their seals.
func (s *seeder) fileSeals(ctx context.Context) error {
	seals, err := s.seals(ctx)
	if err != nil {
		return err
	}
	return s.govern(ctx, seals)
}

// empowered waits until the ledger has the powers that the samples rest on, and the
// serials of those who issue them.
func (s *seeder) empowered(ctx context.Context) error {
	return s.until(ctx, "等市级授权记录 waiting for the city's grants on the ledger", func() (bool, error) {
		for _, sample := range s.plan.Licenses {
			if !s.playsAll(sample) {
				continue
			}
			grant, _ := s.plan.Grant(sample.Grant)
			decider, _ := s.plan.Organization(grant.Decider)
			instance := registry.Instance{Issuer: decider.Code, Prefix: app.SerialPrefix}
			for _, needed := range []registry.Reference{{Kind: registry.KindGrant, Name: grant.ID}, {Kind: registry.KindInstance, Name: instance.Name()}} {
				if record, _, err := s.app.View.Record(needed.Kind, needed.Name); err != nil || record == nil {
					return false, err
				}
			}
		}
		return true, nil
	})
}

// until waits for a state, and says for what when it is not there at once.
func (s *seeder) until(ctx context.Context, what string, there func() (bool, error)) error {
	for said := false; ; {
		ok, err := there()
		if ok || err != nil {
			return err
		}
		if !said {
			s.say("%s …", what)
			said = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// viewRecords are the governance records of the instance's view.
type viewRecords struct{ app *app.App }

// Record implements registry.Records.
func (r viewRecords) Record(kind registry.RecordKind, name string) (registry.GovernanceRecord, error) {
	record, _, err := r.app.View.Record(kind, name)
	return record, err
}
