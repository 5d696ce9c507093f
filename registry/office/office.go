package office

import (
	"context"
	"log/slog"
	"time"

	"tongzheng/registry"
)

// Office runs the use cases over its ports.
type Office struct {
	Store    Store
	Ledger   Ledger
	View     StatusView
	Sealer   Sealer
	Renderer Renderer
	Checker  Checker
	Log      *slog.Logger
	Clock    func() time.Time
	Cases    CaseStore  // nil: cases are kept elsewhere
	Lists    WatchLists // nil: nobody is listed
	Sheets   SheetStore // nil: orders are signed elsewhere
	Config   Config
	// Published hears of every act that has become public (commit 3), and when:
	// for measurements. It must not wait. nil: nobody listens.
	Published func(p *Proceeding, at time.Time)
}

// Config is what the use cases are told at start.
type Config struct {
	TokenKey  []byte        // backed up: tokens can be made again from it
	PublicURL string        // scheme://host[/path] that QR codes lead to
	Instance  string        // serial prefix of this process, two characters
	Demo      bool          // mark documents as demonstration data
	BatchMost int           // entries in one transaction; 500 when 0
	RetryWait time.Duration // after a ledger or signer out of reach; 2 s when 0
	LeaseFor  time.Duration // how long a worker holds a proceeding; 1 min when 0
}

func (o *Office) now() time.Time { return o.Clock().Truncate(time.Second) }

// ScanURL is the address a QR code leads to: /v/ and the token.
func (o *Office) ScanURL(t registry.Token) string { return o.Config.PublicURL + "/v/" + t.String() }

// rules returns the ledger's constitution as the view has it.
func (o *Office) rules() (*registry.Rules, error) {
	rules, err := recordOf[*registry.Rules](o, registry.KindRules, "current")
	if err == nil && rules == nil {
		err = registry.Errorf(registry.CodeUnavailable, "", "the ledger has no rules yet, or the view has not reached them")
	}
	return rules, err
}

// recordOf reads a governance record from the view; nil when absent.
func recordOf[T registry.GovernanceRecord](o *Office, kind registry.RecordKind, name string) (T, error) {
	var none T
	record, _, err := o.View.Record(kind, name)
	if err != nil || record == nil {
		return none, err
	}
	typed, ok := record.(T)
	if !ok {
		return none, registry.Errorf(registry.CodeInternal, "", "record %s/%s has another kind", kind, name)
	}
	return typed, nil
}

// situation gathers what an application is judged by: powers from the ledger,
// the license from the ledger, its present version from the store.
func (o *Office) situation(ctx context.Context, app registry.Application) (registry.Situation, error) {
	s := registry.Situation{Now: o.now(), TagKey: o.Config.TokenKey}
	code, version := app.Type, 0
	if app.Act != registry.Issue {
		code = app.Identifier.Type
	}
	var err error
	if s.Type, err = o.Store.Type(ctx, code, version); err != nil {
		return s, err
	}
	if app.Act != registry.Issue {
		if s.Standing, err = o.View.Standing(app.Identifier.Base()); err != nil {
			return s, err
		}
		if s.Standing.License == nil {
			return s, registry.Errorf(registry.CodeNotFound, "identifier", "no such license on the ledger")
		}
		stored, err := o.Store.Version(ctx, app.Identifier.Base(), s.Standing.License.Version)
		if err != nil {
			return s, err
		}
		s.Present = &stored.Facts
	}
	if s.Powers, err = o.powers(app, s.Type); err == nil {
		err = o.bars(ctx, app, s)
	}
	return s, err
}

// powers reads the governance records that an application names.
func (o *Office) powers(app registry.Application, t *registry.LicenseType) (*registry.Powers, error) {
	p := &registry.Powers{Stock: map[string]*registry.Stock{}}
	var err error
	read := func(step func() error) {
		if err == nil {
			err = step()
		}
	}
	read(func() (e error) { p.Rules, e = o.rules(); return })
	read(func() (e error) {
		p.Type, e = recordOf[*registry.TypeRecord](o, registry.KindType, registry.TypeName(t.Code, t.Version))
		return
	})
	read(func() (e error) {
		p.Grant, e = recordOf[*registry.Grant](o, registry.KindGrant, app.Grant)
		return
	})
	read(func() (e error) {
		p.Actor, e = recordOf[*registry.Organization](o, registry.KindOrganization, app.Organization)
		return
	})
	read(func() (e error) { p.Seal, e = recordOf[*registry.SealRecord](o, registry.KindSeal, app.Seal); return })
	issuer, prefix := app.Identifier.Issuer, o.Config.Instance
	if app.Act == registry.Issue && p.Grant != nil {
		issuer = p.Grant.Decider
	} else if app.Act != registry.Issue {
		prefix = app.Identifier.Serial[:registry.PrefixLength]
	}
	read(func() (e error) {
		p.Issuer, e = recordOf[*registry.Organization](o, registry.KindOrganization, issuer)
		return
	})
	read(func() (e error) {
		p.Instance, e = recordOf[*registry.Instance](o, registry.KindInstance, issuer+"."+prefix)
		return
	})
	read(func() error { return o.law(p, app) })
	for _, c := range app.Copies {
		name := registry.StockName(t.Code, c.Blank.Form, c.Blank.Run, app.Organization)
		read(func() (e error) { p.Stock[name], e = recordOf[*registry.Stock](o, registry.KindStock, name); return })
	}
	return p, err
}

// namespace is where an act is anchored: with the member that carries the
// license's issuer, or, for a superior's act, in governance.
func (o *Office) namespace(in *registry.Intent) (string, error) {
	if in.Oversight() {
		return registry.Governance, nil
	}
	issuer, err := recordOf[*registry.Organization](o, registry.KindOrganization, in.Identifier.Issuer)
	if err != nil {
		return "", err
	}
	if issuer == nil {
		return "", registry.Errorf(registry.CodeOrganization, "identifier", "issuer %s is not registered", in.Identifier.Issuer)
	}
	return issuer.Member, nil
}
