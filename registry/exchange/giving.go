package exchange

import (
	"context"
	"slices"
	"time"

	"tongzheng/registry"
)

// Giving hands out packages of this registry's own licenses to other members.
type Giving struct {
	View      View
	Directory *Directory
	Licenses  Licenses
	Book      Book
	Clock     func() time.Time
}

// Package hands one version to the registry of members (of one key: mostly one), by
// what the organization that it asks as is to the license. CodeNotFound for whoever may
// not have it, as for a license that does not exist; both are written down. CodeNotYet
// for a version that the ledger has and no row here (yet), and for one that stands higher
// on the ledger than it is read here. CodeUnavailable while the
// ledger is out of reach: by old records nothing is given.
// The steps are those of docs/use-cases.md.
func (g *Giving) Package(ctx context.Context, members []string, ask Ask) ([]byte, error) {
	now := g.Clock()
	// 1. By what the ledger says now.
	k := g.View.Knowledge(now)
	if k.Stale {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the ledger is out of reach: %s", k.Reason)
	}
	// 2. Who asks, and what that is to the license.
	made, gift, form, err := g.judge(members, ask, now)
	if err != nil {
		return nil, err
	}
	if gift.Code != "" && made.Entry == nil && ask.Height >= k.Height { // the asker's copy of the ledger is ahead of this one: nobody is refused yet
		return nil, registry.Errorf(registry.CodeNotYet, "identifier", "the ledger is read up to height %d here", k.Height)
	}
	if gift.Code != "" {
		if err := g.note(ctx, gift); err != nil {
			return nil, err
		}
		return nil, registry.Errorf(gift.Code, "identifier", "no such license for this member")
	}
	// 3. What is kept of it, of the very act that the ledger has.
	held, err := g.Licenses.Held(ctx, ask.Identifier)
	if registry.CodeOf(err) == registry.CodeNotFound || err == nil && held.Intent != made.Entry.Intent.Digest() {
		return nil, registry.Errorf(registry.CodeNotYet, "identifier", "anchored at height %d, and no record of it here", made.Height)
	}
	if err != nil {
		return nil, err
	}
	raw, err := packed(held, form, made.Entry.Intent.Collected != nil)
	if err != nil {
		return nil, err
	}
	// 4. Written down before it leaves.
	if err := g.note(ctx, gift); err != nil {
		return nil, err
	}
	return raw, nil
}

func (g *Giving) note(ctx context.Context, gift Gift) error {
	if err := g.Book.Note(ctx, gift); err != nil {
		return registry.Errorf(registry.CodeUnavailable, "", "what is given is written down, and that cannot be done now").WithCause(err)
	}
	return nil
}

// packed lays a version out in a form.
func packed(h *Held, form registry.CopyForm, collected bool) ([]byte, error) {
	if form == registry.CopyResult {
		return PackResult(h.Opened.Type, h.Opened.Told(collected))
	}
	return Pack(h)
}

// judge tells whether the version is given, and in which form, by the one table of
// relations.
func (g *Giving) judge(members []string, ask Ask, now time.Time) (made registry.Anchored, gift Gift, form registry.CopyForm, err error) {
	gift = Gift{Organization: ask.Organization, Identifier: ask.Identifier, Code: registry.CodeNotFound, At: now}
	if len(members) > 0 {
		gift.Member = members[0]
	}
	asker, err := memberOf(g.View, ask.Organization)
	if err != nil {
		return made, gift, form, err
	}
	if slices.Contains(members, asker) {
		gift.Member = asker
	}
	issuer, err := memberOf(g.View, ask.Identifier.Issuer)
	if err != nil {
		return made, gift, form, err
	}
	own, _, err := g.Directory.Own()
	if err != nil {
		return made, gift, form, err
	}
	standing, err := g.View.Standing(ask.Identifier.Base())
	if err != nil {
		return made, gift, form, err
	}
	made, anchored := standing.VersionEntry(ask.Identifier.Version)
	if !anchored || made.Entry.Intent.Identifier != ask.Identifier || !slices.Contains(members, asker) || !slices.Contains(own, issuer) {
		return made, gift, form, nil
	}
	kin, err := registry.Gatherer{Records: records{g.View}}.Kinship(ask.Identifier.Issuer, standing, ask.Organization, now.Unix())
	if err != nil {
		return made, gift, form, err
	}
	gift.Relations = kin.Relations(ask.Organization)
	if form = kin.CopyFormFor(ask.Organization); form != registry.CopyNone {
		gift.Code, gift.Form = "", form
	}
	return made, gift, form, nil
}
