package app

import (
	"context"
	"fmt"
	"time"

	"tongzheng/api/resource"
	"tongzheng/registry"
	"tongzheng/signer/check"
)

// members is the directory as this registry shows it, its own keys beside what the
// ledger names.
type members struct{ app *App }

// Members implements public.Directory.
func (m members) Members(ctx context.Context) (all []resource.Member, err error) {
	states, err := m.app.Directory.States()
	if err != nil {
		return nil, err
	}
	for _, s := range states {
		line := resource.Member{Member: s.Member, Operator: s.Operator, Name: s.Name, Public: s.Public, Home: s.Home, Anchors: s.Anchors, KeyList: s.KeyList,
			KeyNumber: s.KeyNumber, Deputy: s.Deputy, StatusKey: s.StatusKey, Own: s.Own, Fits: s.Fits, Why: s.Why, Number: s.Number, Since: s.Since}
		if s.Own {
			if list, err := m.app.ownList(ctx); err == nil {
				line.StatusKey = list.StatusKey(m.app.Config.Clock())
			}
			if line.Order, err = m.app.ownKeys(ctx, &s.Service); err != nil {
				return nil, err
			}
			if line.Fits, line.Why = line.Order == nil && s.HasKeys(), ""; !line.Fits {
				line.Why = registry.KeysOlder
			}
		}
		all = append(all, line)
	}
	return all, nil
}

// KeysToName is a member's record with the keys that its papers are verified by now, for
// its operator to order; nil when the ledger names them already.
func (a *App) KeysToName(ctx context.Context, member string) (*registry.Service, error) {
	record, _, err := a.View.Record(registry.KindService, member)
	if err != nil {
		return nil, err
	}
	service, ok := record.(*registry.Service)
	if !ok {
		return nil, registry.Errorf(registry.CodeUnavailable, "service", "the ledger does not say where the registry of %s is reached: the city records it (service)", member)
	}
	return a.ownKeys(ctx, service)
}

// ownKeys is the own record with the keys that papers are verified by now; nil when the
// ledger names them already.
func (a *App) ownKeys(ctx context.Context, service *registry.Service) (*registry.Service, error) {
	list, err := a.ownList(ctx)
	if err != nil {
		return nil, err
	}
	now := *service
	now.Anchors = a.Keys.Roots().Digest()
	if lasting := list.Lasting(); lasting != now.KeyList {
		now.KeyList, now.KeyNumber = lasting, list.Number
	}
	if now == *service {
		return nil, nil
	}
	return &now, nil
}

func (a *App) ownList(ctx context.Context) (*check.KeyList, error) {
	text, err := a.Keys.KeyList(ctx)
	if err != nil {
		return nil, err
	}
	list, err := check.ParseKeyList(text, a.Keys.Roots(), a.Config.Clock(), 0)
	if list == nil {
		return nil, err
	}
	return list, nil
}

// AllRootsPEM implements public.Directory: this registry's own anchors, those of the
// ledger, and of every member what its papers are verified by, as far as what is held is
// what the ledger names; the others are named, so that their papers are unknown.
func (m members) AllRootsPEM(ctx context.Context) ([]byte, error) {
	out := m.app.RootsPEM()
	states, err := m.app.Directory.States()
	if err != nil {
		return nil, err
	}
	organizations, err := m.app.View.Records(registry.KindOrganization)
	if err != nil {
		return nil, err
	}
	for _, s := range states {
		member := check.PublishedMember{Member: s.Member, Name: s.Name, Public: s.Public, Home: s.Home, Deputy: s.Deputy, Keys: m.app.Directory.Keys(s.Member)}
		if member.Lists, err = m.app.Directory.Lists(s.Member); err != nil {
			return nil, err
		}
		switch {
		case s.Own:
			list, err := m.app.Keys.KeyList(ctx)
			if err != nil {
				return nil, err
			}
			member.Keys = registry.MemberKeys{Anchors: m.app.Keys.Roots().Authorities().PEM(), List: list}
		case !s.Fits:
			member.Keys, member.Why = registry.MemberKeys{}, s.Why
		}
		for _, record := range organizations {
			o, ok := record.(*registry.Organization)
			if !ok {
				continue
			}
			if serving := m.app.Directory.Serving(o.Code); serving != nil && serving.Member == s.Member {
				member.Organizations = append(member.Organizations, o.Code)
			}
		}
		text, err := member.PEM()
		if err != nil {
			return nil, err
		}
		out = append(out, text...)
	}
	return out, nil
}

// lacking warns of other members' keys that are not here, or are too old.
func (a *App) lacking(warnings map[string]string) {
	states, err := a.Directory.States()
	if err != nil {
		warnings["keys of members"] = "cannot be told now"
		return
	}
	for _, s := range states {
		if !s.Own && !s.Fits {
			warnings["keys of "+s.Member] = fmt.Sprintf("%s since %s", s.Why, s.Since.Format(time.RFC3339))
			if s.Since.IsZero() {
				warnings["keys of "+s.Member] = fmt.Sprintf("%s: none were fetched from %s yet", s.Why, s.Public)
			}
		}
	}
}

// deputyEnds is how long before the end of a deputy's period that is said.
const deputyEnds = 14 * 24 * time.Hour

// deputies warns of deputies, this registry's and those that it is itself, whose lists do
// not count now, or soon will not.
func (a *App) deputies(ctx context.Context, warnings map[string]string) {
	all, err := members{a}.Members(ctx)
	if err != nil {
		warnings["deputies"] = "cannot be told now"
		return
	}
	of := map[string]resource.Member{}
	for _, m := range all {
		of[m.Member] = m
	}
	now := a.Config.Clock()
	for _, m := range all {
		d := m.Deputy
		if d.IsZero() || !m.Own && !of[d.Member].Own {
			continue
		}
		switch until := time.Unix(d.Until, 0); {
		case of[d.Member].StatusKey != "" && of[d.Member].StatusKey != d.Key:
			warnings["deputy of "+m.Member] = fmt.Sprintf("%s signs its lists with key %s now, and %s is named", d.Member, of[d.Member].StatusKey, d.Key)
		case now.After(until):
			warnings["deputy of "+m.Member] = fmt.Sprintf("the period of %s ended %s", d.Member, until.In(registry.China).Format(time.RFC3339))
		case now.Add(deputyEnds).After(until):
			warnings["deputy of "+m.Member] = fmt.Sprintf("the period of %s ends %s", d.Member, until.In(registry.China).Format(time.RFC3339))
		}
	}
}
