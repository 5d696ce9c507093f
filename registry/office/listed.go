package office

import (
	"context"
	"slices"

	"tongzheng/registry"
)

// WatchLists tell which lists of an authority a holder stands on: 经营异常名录,
// 严重违法失信名单. They are other authorities' data: the office reads them and
// decides nothing by them that a statute does not say.
type WatchLists interface {
	// Listed lists the entries of a holder, none for most.
	Listed(ctx context.Context, h registry.Holder) ([]registry.Listed, error)
}

// gains are the acts that give a holder something, on the holder's application.
var gains = []registry.Act{registry.Issue, registry.Change, registry.Renew, registry.Reissue}

// checkListed looks an application's holder up. A hit refuses when the license
// type names the statute for that list (CodeListed); else it warns: it is
// audited, and whoever reads the proceeding sees it (Warnings).
func (o *Office) checkListed(ctx context.Context, by registry.Actor, app registry.Application, s registry.Situation) error {
	holder := app.Holder
	if holder == (registry.Holder{}) && s.Present != nil {
		holder = s.Present.Holder
	}
	if o.Lists == nil || s.Type == nil || !slices.Contains(gains, app.Act) {
		return nil
	}
	hits, err := o.Lists.Listed(ctx, holder)
	if err != nil {
		return err
	}
	for _, hit := range hits {
		if statute := s.Type.Refuses[hit.List]; statute != "" {
			return registry.Errorf(registry.CodeListed, "holder", "%s（%s，%s）：%s", hit.List, hit.Authority, hit.Since, statute)
		}
	}
	if len(hits) == 0 {
		return nil
	}
	return o.Store.Audit(ctx, AuditEvent{At: o.now(), By: by, Operation: "propose " + app.Act.String(), Subject: s.Type.Code, Code: registry.CodeListed, Detail: hits[0].List})
}

// Warnings are the lists that the holder of a proceeding stands on today, for
// those who decide on it.
func (o *Office) Warnings(ctx context.Context, p *Proceeding) ([]registry.Listed, error) {
	in := &p.Intent
	if o.Lists == nil || !slices.Contains(gains, in.Act) {
		return nil, nil
	}
	version, err := o.Store.Version(ctx, in.Identifier.Base(), in.Identifier.Version)
	if err != nil {
		return nil, err
	}
	return o.Lists.Listed(ctx, version.Facts.Holder)
}
