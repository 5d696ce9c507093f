package office

import (
	"context"
	"slices"

	"tongzheng/registry"
)

// gains are the acts that give a holder something, on the holder's application.
var gains = []registry.Act{registry.Issue, registry.Change, registry.Renew, registry.Reissue}

// checkListed looks an application's holder up. A hit refuses when the license
// type names the statute for that list (CodeListed); else it warns: it is
// audited, and whoever reads the proceeding sees it (Warnings).
func (o *Issuing) checkListed(ctx context.Context, by registry.Actor, app registry.Application, s registry.Situation) error {
	holder := app.Holder
	if holder == (registry.Holder{}) && s.Present != nil {
		holder = s.Present.Holder
	}
	if o.lists == nil || s.Type == nil || !slices.Contains(gains, app.Act) {
		return nil
	}
	hits, err := o.lists.Listed(ctx, holder)
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
	return o.trail.Audit(ctx, AuditEvent{At: o.now(), By: by, Operation: "propose " + app.Act.String(), Subject: s.Type.Code, Code: registry.CodeListed, Detail: hits[0].List})
}
