package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tongzheng/cmd/internal/person"
	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/plan"
	"tongzheng/registry/sm"
)

// licenses issues the plan's sample licenses through the use cases, as a
// bureau would: proposed, signed by two persons, sealed, anchored, printed.
// Types that another system makes are left to be collected, and what members
// decide together is for them to do.
func (s *seeder) licenses(ctx context.Context) error {
	work, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.app.Office.Anchoring.Work(work, 50*time.Millisecond)
	}()
	defer func() { stop(); <-done }()
	used := map[string]int{}
	for _, sample := range s.plan.Licenses {
		kind, _ := s.plan.Type(sample.Type)
		if kind.Type.Source == registry.Collected || !s.playsAll(sample) {
			continue
		}
		issued, err := s.license(ctx, sample, &kind.Type, used)
		if err != nil {
			return fmt.Errorf("sample license %s: %w", sample.ID, err)
		}
		s.demo.Licenses = append(s.demo.Licenses, *issued)
	}
	return nil
}

// license issues one sample, today: its period keeps the sample's length.
func (s *seeder) license(ctx context.Context, sample plan.License, kind *registry.LicenseType, used map[string]int) (*License, error) {
	grant, _ := s.plan.Grant(sample.Grant)
	decider, _ := s.plan.Organization(grant.Decider)
	seal, ok := s.plan.SealFor(grant, kind.Seal)
	if !ok {
		return nil, fmt.Errorf("no seal for grant %s", grant.ID)
	}
	today := registry.DateOf(s.app.Config.Clock())
	app := registry.Application{Act: registry.Issue, Type: kind.Code, Grant: grant.ID, Organization: decider.Code, Ground: sample.Ground,
		Decision: sample.Decision, Case: sample.Case, Seal: seal.ID, Fields: sample.Fields, Place: sample.Place,
		Holder:    registry.Holder{Name: sample.Holder.Name, Code: sample.Holder.Code, CodeType: sample.Holder.CodeType},
		Effective: today, Expires: registry.LongTerm, Copies: s.copies(kind, decider.ID, used)}
	if sample.Expires != registry.LongTerm {
		app.Expires = today + sample.Expires - sample.Effective
	}
	by := registry.Actor{Account: "seed", Organization: decider.Code, Roles: []registry.Role{registry.RoleAcceptor}}
	if err := s.examine(ctx, sample, grant); err != nil {
		return nil, err
	}
	p, err := s.app.Office.Issuing.Propose(ctx, by, app, office.Idempotency{Client: "seed", Operation: "issue", Key: sample.ID})
	if err != nil {
		return nil, err
	}
	if p.Step == office.StepReserved {
		if err := s.approve(ctx, by, p, grant, kind); err != nil {
			return nil, err
		}
	}
	if err := s.anchored(ctx, by, p.Digest); err != nil {
		return nil, err
	}
	return s.keep(ctx, by, sample.ID, p.Intent.Identifier, kind)
}

// copies asks for an original and a duplicate, on the next free blanks of the
// decider's stock.
func (s *seeder) copies(kind *registry.LicenseType, organization string, used map[string]int) []registry.CopyRequest {
	var copies []registry.CopyRequest
	for _, rule := range kind.Copies {
		if rule.Kind != registry.Original && rule.Kind != registry.Duplicate {
			continue
		}
		ask := registry.CopyRequest{Copy: rule.Kind}
		if rule.Form != "" {
			stock, ok := s.stock(kind.Code, rule.Form, organization)
			if !ok {
				continue // nothing to print on: an electronic license
			}
			ask.Blank = registry.Blank{Form: rule.Form, Run: stock.PrintRun, Number: nth(stock.From, used[stock.ID])}
			used[stock.ID]++
		}
		copies = append(copies, ask)
	}
	return copies
}

func (s *seeder) stock(code, form, organization string) (plan.Stock, bool) {
	for _, st := range s.plan.Stock {
		kind, _ := s.plan.Type(st.Type)
		if kind.Type.Code == code && st.Form == form && st.Organization == organization {
			return st, true
		}
	}
	return plan.Stock{}, false
}

// nth returns the number n after from, its width and prefix kept.
func nth(from string, n int) string {
	i := len(from)
	for i > 0 && from[i-1] >= '0' && from[i-1] <= '9' {
		i--
	}
	first := 0
	fmt.Sscanf(from[i:], "%d", &first)
	return fmt.Sprintf("%s%0*d", from[:i], len(from)-i, first+n)
}

// approve signs with the demonstration accounts whose roles the policy asks
// for.
func (s *seeder) approve(ctx context.Context, by registry.Actor, p *office.Proceeding, grant plan.Grant, kind *registry.LicenseType) error {
	asked, err := s.app.Office.Reading.Asked(ctx, by, &p.Intent)
	if err != nil {
		return err
	}
	parties := []string{grant.Decider, grant.Examiner, grant.Acceptor}
	signed := map[string]bool{}
	for _, role := range asked {
		account, err := s.holder(role, parties, signed)
		if err != nil {
			return err
		}
		signed[account.Login] = true
		key, err := person.Key(s.path(account.KeyFile))
		if err != nil {
			return err
		}
		approval, err := person.Approve(key, p.Digest)
		if err != nil {
			return err
		}
		if _, err := s.app.Office.Issuing.Approve(ctx, account.Actor(), p.Digest, approval); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) holder(role registry.Role, parties []string, signed map[string]bool) (Account, error) {
	for _, party := range parties {
		organization, _ := s.plan.Organization(party)
		for _, account := range s.demo.Accounts {
			if account.Code != organization.Code || account.KeyFile == "" || signed[account.Login] {
				continue
			}
			for _, r := range account.Roles {
				if r == role {
					return account, nil
				}
			}
		}
	}
	return Account{}, fmt.Errorf("no demonstration account signs as %s", role)
}

func (s *seeder) anchored(ctx context.Context, by registry.Actor, intent sm.Digest) error {
	wait, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	p, err := s.app.Office.Reading.Wait(wait, by, intent)
	if err != nil {
		return err
	}
	if p.Step != office.StepAnchored {
		return fmt.Errorf("%s: %s %s", p.Step, p.Refusal, p.Detail)
	}
	return nil
}

// keep writes the sealed file and the printed sheets beside demo.json.
func (s *seeder) keep(ctx context.Context, by registry.Actor, name string, id registry.Identifier, kind *registry.LicenseType) (*License, error) {
	version, err := s.app.Office.Papers.Document(ctx, by, id)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join("licenses", name)
	if err := os.MkdirAll(s.path(dir), 0o700); err != nil {
		return nil, err
	}
	d := &License{Identifier: id.String(), Type: kind.Name, Number: version.Facts.Number, Holder: version.Facts.Holder.Name, OFD: filepath.Join(dir, "license.ofd")}
	if err := os.WriteFile(s.path(d.OFD), version.Sealed, 0o600); err != nil {
		return nil, err
	}
	printings, err := s.app.Store.Printings(ctx, id.Base())
	if err != nil {
		return nil, err
	}
	for _, ref := range printings {
		if ref.Printing.Copy == registry.Electronic {
			d.URL = s.app.Office.Reading.ScanURL(ref.Token)
			continue
		}
		paper, err := s.app.Office.Papers.Paper(ctx, by, ref.Token, nil)
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, fmt.Sprintf("%s-%d.pdf", ref.Printing.Copy, ref.Printing.Number))
		if err := os.WriteFile(s.path(file), paper, 0o600); err != nil {
			return nil, err
		}
		d.PDF = append(d.PDF, file)
		if ref.Printing.Copy == registry.Original || d.QR == "" {
			if d.QR, err = s.app.Office.Papers.Code(ctx, by, ref.Token); err != nil {
				return nil, err
			}
			d.URL = s.app.Office.Reading.ScanURL(ref.Token)
		}
	}
	return d, nil
}
