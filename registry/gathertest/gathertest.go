// Package gathertest is what every reader of governance records passes: the
// contract's values of one execution, the office's status view, the signer's
// pinned copy. Whichever the source, the gatherer finds the same records and
// misses the same ones. For tests only; it decides nothing.
package gathertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"slices"
	"testing"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

const (
	city    = "11360700MB1234567A"
	county  = "11360732DEM20018XP"
	center  = "11360732DEM20019YP" // works for the county
	license = "11100000MB0143028R003"
	at      = int64(1_780_000_000) // 2026-05-28
)

// Run holds the gatherer against records as the reader under test has them;
// over makes that reader from what a ledger has.
func Run(t *testing.T, over func(t *testing.T, records []registry.GovernanceRecord) registry.Records) {
	key, spki := enrolled(t)
	records := everything(key, spki)
	in := &registry.Intent{Act: registry.Issue, Identifier: registry.Identifier{Type: license, Issuer: county, Serial: "A100001", Version: 1},
		TypeVersion: 2, Grant: "entrusted", Under: "own", Organization: center, Ground: "application", Case: "c1", Seal: "s1", Decided: at,
		Printings: []registry.Printing{{Number: 1, Copy: registry.Original, Blank: registry.Blank{Form: "F", Run: "R", Number: "0001"}}}}
	approvals := []registry.Approval{{Algorithm: registry.WebAuthn, KeyID: key}}
	t.Run("finds everything", func(t *testing.T) { findsEverything(t, registry.Gatherer{Records: over(t, records)}, in, approvals) })
	for _, miss := range []struct {
		name   string
		gone   registry.RecordKind
		id     string
		gather func(registry.Gatherer) error
		want   registry.Code
	}{
		{"rules, for powers", registry.KindRules, registry.CurrentRules, powers(in), registry.CodeUnavailable},
		{"rules, for approvals", registry.KindRules, registry.CurrentRules, approved(in, approvals), registry.CodeUnavailable},
		{"rules, for governors", registry.KindRules, registry.CurrentRules, governed(approvals), registry.CodeUnavailable},
		{"rules, for a case", registry.KindRules, registry.CurrentRules, judged, registry.CodeUnavailable},
		{"issuer", registry.KindOrganization, county, powers(in), registry.CodeOrganization},
		{"actor", registry.KindOrganization, center, powers(in), registry.CodeOrganization},
		{"type", registry.KindType, registry.TypeName(license, 2), powers(in), registry.CodeTypeUnknown},
		{"grant, for powers", registry.KindGrant, "entrusted", powers(in), registry.CodeGrant},
		{"grant, for approvals", registry.KindGrant, "entrusted", approved(in, approvals), registry.CodeGrant},
		{"grant, for a case", registry.KindGrant, "entrusted", judged, registry.CodeGrant},
		{"policy", registry.KindPolicy, registry.DefaultPolicy, approved(in, approvals), registry.CodeApprovalMissing},
		{"key", registry.KindApprover, string(key), approved(in, approvals), registry.CodeApprovalUnknown},
	} {
		t.Run("misses "+miss.name, func(t *testing.T) {
			var rest []registry.GovernanceRecord
			for _, r := range records {
				if r.Kind() != miss.gone || r.Name() != miss.id {
					rest = append(rest, r)
				}
			}
			if err := miss.gather(registry.Gatherer{Records: over(t, rest)}); registry.CodeOf(err) != miss.want {
				t.Errorf("%v, want %s", err, miss.want)
			}
		})
	}
	t.Run("a dissolved organization", func(t *testing.T) {
		for _, r := range records {
			if o, ok := r.(*registry.Organization); ok && o.Code == center {
				o.Dissolved = at
			}
		}
		if err := powers(in)(registry.Gatherer{Records: over(t, records)}); registry.CodeOf(err) != registry.CodeOrganization {
			t.Errorf("%v, want %s", err, registry.CodeOrganization)
		}
	})
}

// findsEverything: what the act names is all there, and nothing else is.
func findsEverything(t *testing.T, g registry.Gatherer, in *registry.Intent, approvals []registry.Approval) {
	p, err := g.Powers(in.Named())
	if err != nil {
		t.Fatal(err)
	}
	stock := p.Stock[registry.StockName(license, "F", "R", center)]
	if p.Rules == nil || p.Type == nil || p.Issuer == nil || p.Actor == nil || p.Grant == nil || p.Seal == nil || p.Instance == nil ||
		p.Under == nil || p.Examined == nil || stock == nil || len(p.Calendars) != 0 {
		t.Errorf("not all that the act names: %+v", p)
	}
	renewal := in.Named()
	renewal.Act = registry.AcceptRenewal
	if p, err = g.Powers(renewal); err != nil || len(p.Calendars) != 2 {
		t.Errorf("%d calendars for a renewal, want those of the decision's year and the next: %v", len(p.Calendars), err)
	}
	control, err := g.Control(approvals)
	if err != nil || len(control.Approvers) != 1 || !slices.Equal(control.Sites[county].Origins, []string{"http://localhost:8090"}) {
		t.Errorf("%+v %v", control, err)
	}
	if own, err := g.Policy("another type"); err != nil || own.Type != registry.DefaultPolicy {
		t.Errorf("the default policy stands for types without their own: %v", err)
	}
	judge, err := g.CaseJudge("entrusted", registry.CaseStep{Approval: approvals[0]})
	if err != nil || judge.Grant == nil || len(judge.Control.Approvers) != 1 {
		t.Errorf("%+v %v", judge, err)
	}
	superior := in.Named()
	superior.Grant, superior.Under = "", ""
	if p, err = g.Powers(superior); err != nil || p.Grant != nil || p.Under != nil || p.Examined != nil {
		t.Errorf("a superior's act rests on no grant: %+v %v", p, err)
	}
}

func powers(in *registry.Intent) func(registry.Gatherer) error {
	return func(g registry.Gatherer) error {
		_, err := g.Powers(in.Named())
		return err
	}
}

func approved(in *registry.Intent, approvals []registry.Approval) func(registry.Gatherer) error {
	return func(g registry.Gatherer) error { return g.CheckApprovals(in, at, approvals) }
}

func governed(approvals []registry.Approval) func(registry.Gatherer) error {
	return func(g registry.Gatherer) error {
		return g.CheckGoverned(county, at, sm.Sum([]byte("sheet")), approvals)
	}
}

func judged(g registry.Gatherer) error {
	_, err := g.CaseJudge("entrusted")
	return err
}

// everything is a ledger's records, as far as the act names them.
func everything(key sm.KeyID, spki []byte) []registry.GovernanceRecord {
	return []registry.GovernanceRecord{
		&registry.Rules{Version: 1, City: city, Members: []string{"city", "xg"}, MaxBackdate: 86400, RelyingParty: "localhost", Origins: []string{"http://localhost:8080"}},
		&registry.Organization{Code: county, Member: "xg", Region: "360732"},
		&registry.Service{Member: "xg", Operator: county, Sign: "http://localhost:8090", RelyingParty: "localhost"},
		&registry.Organization{Code: center, Member: "xg", Region: "360732"},
		&registry.TypeRecord{Code: license, Version: 2, Matters: []string{"m1"}},
		&registry.Grant{ID: "entrusted", Mode: registry.ModeEntrust, Matter: "m1", Decider: county, Acceptor: county, Rests: "own"},
		&registry.Grant{ID: "own", Mode: registry.ModeOwn, Matter: "m1", Decider: county},
		&registry.SealRecord{ID: "s1", Owner: county},
		&registry.Instance{Issuer: county, Prefix: "A1", Lists: []uint32{1}},
		&registry.Stock{Type: license, Form: "F", Run: "R", Organization: center},
		&registry.Examination{Grant: "entrusted", Case: "c1", Organization: county},
		&registry.Calendar{Year: 2026, Document: "d"}, &registry.Calendar{Year: 2027, Document: "d"},
		&registry.Policy{Type: registry.DefaultPolicy, Version: []registry.Role{registry.RoleApprover}},
		&registry.Approver{KeyID: key, Algorithm: registry.WebAuthn, Public: spki, Person: "p1", Organization: county, Roles: []registry.Role{registry.RoleApprover}},
	}
}

// enrolled is a key of a person.
func enrolled(t *testing.T) (sm.KeyID, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return sm.KeyIDOf(spki), spki
}
