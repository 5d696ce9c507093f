package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// situation gathers what an application is judged by: powers from the ledger,
// the license from the ledger, its present version from the store.
func (o *Issuing) situation(ctx context.Context, app registry.Application, key Idempotency) (registry.Situation, error) {
	s := registry.Situation{Now: o.now()}
	code, version := app.Type, 0
	if app.Act != registry.Issue {
		code = app.Identifier.Type
	} else if app.Closes != nil && code == "" {
		code = app.Closes.License.Type
	}
	var err error
	if s.Type, err = o.catalog.Type(ctx, code, version); err != nil {
		return s, err
	}
	if app.Act != registry.Issue {
		if s.Standing, err = o.view.Standing(app.Identifier.Base()); err != nil {
			return s, err
		}
		if s.Standing.License == nil {
			return s, registry.Errorf(registry.CodeNotFound, "identifier", "no such license on the ledger")
		}
		stored, err := o.licenses.Version(ctx, app.Identifier.Base(), s.Standing.License.Version)
		if err != nil {
			return s, err
		}
		s.Present = &stored.Facts
	}
	law := o.law()
	present := s.Standing
	if app.Act == registry.Issue && app.Closes != nil {
		if err := o.replaced(ctx, app.Closes.License, &s); err != nil {
			return s, err
		}
		present = s.Replaced
	}
	named, err := law.NamedBy(app, s.Type, o.config.Instance, s.Now, present)
	if err != nil {
		return s, err
	}
	if app.Act == registry.Issue {
		if named.Prefix, err = o.instance(named.Issuer); err != nil {
			return s, err
		}
	}
	if s.Powers, err = law.Powers(named); err != nil {
		return s, err
	}
	s.Powers.Counterpart = registry.CounterpartOf(s.Replaced)
	if !app.Act.MakesVersion() || s.Powers.Type == nil || len(s.Powers.Type.Bars) == 0 || s.Powers.Rules == nil {
		return s, nil
	}
	if s.Tag, err = o.tag(ctx, app, s, key); err != nil || s.Tag.IsZero() {
		return s, err
	}
	return s, o.barsAgainst(ctx, &s)
}

// instance is the serial prefix by which this registry counts for an issuer: the one that
// the ledger gives to its address, else the one that it was told at start. CodeSerialPrefix
// where that is another registry's: both would give the same serials.
func (o *Issuing) instance(issuer string) (string, error) {
	all, err := recordsOf[*registry.Instance](o.common, registry.KindInstance)
	if err != nil {
		return "", err
	}
	own := o.config.Instance
	for _, i := range all {
		if i.Issuer == issuer && i.Registry == o.config.PublicURL {
			return i.Prefix, nil
		}
	}
	for _, i := range all {
		if i.Issuer == issuer && i.Prefix == own && i.Registry != "" {
			return "", registry.Errorf(registry.CodeSerialPrefix, "grant", "serials of %s that begin with %s are counted by the registry at %s: the city gives this one a prefix of its own", issuer, own, i.Registry)
		}
	}
	return own, nil
}

// replaced adds the license that an issue replaces: as the ledger has it, and what
// it says where its row is in this registry.
func (o *Issuing) replaced(ctx context.Context, id registry.Identifier, s *registry.Situation) error {
	var err error
	if s.Replaced, err = o.view.Standing(id.Base()); err != nil {
		return err
	}
	if s.Replaced.License == nil {
		return registry.Errorf(registry.CodeNotFound, "closes", "no such license on the ledger")
	}
	stored, err := o.licenses.Version(ctx, id.Base(), s.Replaced.License.Version)
	switch {
	case registry.CodeOf(err) == registry.CodeNotFound:
		return nil
	case err != nil:
		return err
	}
	s.Present = &stored.Facts
	return nil
}

// tag asks the signer for the tag of the holder that the version will name; zero
// for a code that nobody can have: the examination says what is wrong with it.
func (o *Issuing) tag(ctx context.Context, app registry.Application, s registry.Situation, key Idempotency) (sm.Digest, error) {
	holder := app.Holder
	if holder == (registry.Holder{}) && s.Present != nil {
		holder = s.Present.Holder
	}
	switch {
	case registry.CheckHolderCode(holder.CodeType, holder.Code, registry.DateOf(s.Now)) != nil:
		return sm.Digest{}, nil
	}
	// The draft has no identifier yet; its idempotency key is kept with it.
	return o.tagger.Tag(ctx, registry.TagRequest{Organization: app.Organization, Type: s.Type.Code, TypeVersion: s.Type.Version, Holder: holder,
		Draft: key.Client + "\x00" + key.Operation + "\x00" + key.Key})
}

// barsAgainst asks the ledger what stands against the tagged holder, in every
// member's namespace. A ledger out of reach stops nobody here: the contract asks
// again.
func (o *Issuing) barsAgainst(ctx context.Context, s *registry.Situation) error {
	key := registry.BarKey(s.Type.Code, s.Tag)
	for _, namespace := range append([]string{registry.Governance}, s.Powers.Rules.Members...) {
		values, err := o.ledger.Read(ctx, namespace, []string{key})
		if err != nil || values[0] == nil {
			continue
		}
		var bar registry.Bar
		if err := registry.Decode(values[0], &bar); err != nil {
			return err
		}
		s.Powers.Bars = append(s.Powers.Bars, bar)
	}
	return nil
}
