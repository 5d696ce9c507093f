package office

import (
	"context"
	"fmt"

	"tongzheng/registry"
)

// maxSkip bounds how many used numbers a draft passes over at a time.
const maxSkip = 1 << 20

// draft assigns what the act needs and drafts it, with a number and a decision
// that nobody used. A number that is made here passes over used ones, farther each
// time: some may have been given by hand, many after a restore. double is whose the
// number is on the ledger, another license's, where that is no fault (Intent.Existed).
func (o *Issuing) draft(ctx context.Context, app registry.Application, s registry.Situation) (d *registry.Draft, double *registry.Use, err error) {
	allotment, err := o.allot(ctx, app, s)
	if err != nil {
		return nil, nil, err
	}
	for skip := 0; ; skip = 2*skip + 1 {
		if d, err = registry.MakeDraft(app, s, allotment); err != nil {
			return nil, nil, err
		}
		double, err = o.used(ctx, d, s)
		if registry.CodeOf(err) != registry.CodeNumberUsed || !app.DrawsNumber(s.Type, s.Present) || skip > maxSkip {
			return d, double, err
		}
		next, err := o.acts.Allot(ctx, numberRequest(AllotRequest{Instance: *s.Powers.Instance, Skip: skip}, s))
		if err != nil {
			return nil, nil, err
		}
		allotment.Sequence = next.Sequence
	}
}

// allot asks for what the act needs. A collected version has its maker's
// identifier and number and stands in its maker's lists.
func (o *Issuing) allot(ctx context.Context, app registry.Application, s registry.Situation) (registry.Allotment, error) {
	if app.Collected != nil {
		return registry.Allotment{}, nil
	}
	return o.acts.Allot(ctx, allotRequest(app, s))
}

func allotRequest(app registry.Application, s registry.Situation) AllotRequest {
	ask := AllotRequest{Instance: *s.Powers.Instance, Printings: app.Printings(), Serial: app.Act == registry.Issue}
	if app.DrawsNumber(s.Type, s.Present) {
		ask = numberRequest(ask, s)
	}
	return ask
}

// numberRequest asks for the number's sequence too: within the issuer's region, and
// the year where the number says it.
func numberRequest(ask AllotRequest, s registry.Situation) AllotRequest {
	ask.Type, ask.Scope, ask.Blocks = s.Type.Code, registry.NumberRegion(s.Powers.Issuer.Region), s.Powers.Instance.Blocks(s.Type.Code)
	if s.Type.Number.Has("year4") {
		ask.Scope = fmt.Sprintf("%s.%d", ask.Scope, s.Now.In(registry.China).Year())
	}
	return ask
}

// used asks ledger and store whose the draft's number and decision are. A ledger
// out of reach stops nobody here: the contract asks again.
func (o *Issuing) used(ctx context.Context, d *registry.Draft, s registry.Situation) (double *registry.Use, err error) {
	in, powers := &d.Intent, *s.Powers
	namespace, err := o.namespace(in)
	if err != nil {
		return nil, err
	}
	if !in.Number.IsZero() {
		powers.NumberUse, err = useOnLedger(ctx, o.ledger, namespace, registry.NumberKey(in.Number))
	}
	if err == nil {
		powers.Uses, err = o.uses(ctx, in, &powers, namespace)
	}
	if err != nil {
		o.log.Warn("number and decision are left to the ledger", "error", err)
	}
	if err := powers.CheckUses(in); err != nil {
		return nil, err
	}
	if use := powers.NumberUse; use != nil && *use != registry.UseOf(in.Identifier.Base()) {
		double = use
	}
	if in.Number.IsZero() {
		return double, nil
	}
	issuers, err := o.issuersBeside(powers.Issuer)
	if err != nil {
		return nil, err
	}
	other, err := o.acts.NumberUsed(ctx, in.Number, in.Identifier.Base(), issuers)
	if err != nil || other == "" {
		return double, err
	}
	use := registry.UseOf(other)
	powers.NumberUse = &use
	return &use, powers.CheckUses(in)
}

// uses are the things that an act must find untaken, as they are found in its
// namespace and where else its organization decides.
func (o *Issuing) uses(ctx context.Context, in *registry.Intent, p *registry.Powers, namespace string) (all []registry.Used, err error) {
	beside := registry.Governance
	if namespace == beside && p.Actor != nil {
		beside = p.Actor.Member
	}
	for _, once := range registry.UsesOf(in, p.Grant) {
		u := registry.Used{Once: once}
		for _, space := range []string{namespace, beside} {
			values, err := o.ledger.Read(ctx, space, []string{once.Key})
			if err != nil {
				return nil, err
			}
			u.See(registry.TakingOf(values[0]))
		}
		all = append(all, u)
	}
	return all, nil
}

// issuersBeside lists the organizations of an issuer's member, itself included. As
// on the ledger a number is one license's in each member: a successor's license of
// another member may go on with it.
func (o *Issuing) issuersBeside(issuer *registry.Organization) (codes []string, err error) {
	all, err := recordsOf[*registry.Organization](o.common, registry.KindOrganization)
	for _, other := range all {
		if other.Member == issuer.Member {
			codes = append(codes, other.Code)
		}
	}
	return codes, err
}

// reader reads committed values of the ledger.
type reader interface {
	Read(ctx context.Context, namespace string, keys []string) ([][]byte, error)
}

// useOnLedger reads whose a number is by its key; nil for nobody's.
func useOnLedger(ctx context.Context, ledger reader, namespace, key string) (*registry.Use, error) {
	values, err := ledger.Read(ctx, namespace, []string{key})
	if err != nil || values[0] == nil {
		return nil, err
	}
	use := new(registry.Use)
	return use, registry.Decode(values[0], use)
}

// double makes the task of an anchored version whose number the ledger keeps for
// another license: it was on paper before, so nobody refused it.
func (o *Anchoring) double(ctx context.Context, p *Proceeding) error {
	in := &p.Intent
	if in.Number.IsZero() || !in.Existed() {
		return nil
	}
	namespace, err := o.namespace(in)
	if err != nil {
		return err
	}
	first, err := useOnLedger(ctx, o.ledger, namespace, registry.NumberKey(in.Number))
	if err != nil || first == nil || *first == registry.UseOf(in.Identifier.Base()) {
		return err
	}
	return o.queue.Double(ctx, p.Digest, *first)
}
