package office

import (
	"context"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// ToSign are acts that wait for the actor's signature, with all that a signing page
// shows and recomputes them from: what the new version says, and what the license says
// now. The reading is written down. CodeActState for one that waits for none.
func (o *Issuing) ToSign(ctx context.Context, by registry.Actor, intents ...sm.Digest) ([]registry.SealJob, error) {
	var jobs []registry.SealJob
	for _, intent := range intents {
		p, err := o.acts.Proceeding(ctx, intent)
		if err == nil {
			err = o.seesProceeding(by, p)
		}
		if err != nil {
			return nil, err
		}
		if p.Step != StepReserved {
			return nil, registry.Errorf(registry.CodeActState, "intent", "%s waits for no signature", p.Intent.Act)
		}
		job, err := o.toSign(ctx, by, p)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// toSign is one of them. Who may not see what a license says, as a printer, signs
// without it; nobody signs a version unseen.
func (o *Issuing) toSign(ctx context.Context, by registry.Actor, p *Proceeding) (job registry.SealJob, err error) {
	if p.Intent.Act.MakesVersion() && !by.Sees(registry.MaySeeContent) {
		return job, hidden()
	}
	if job, err = o.anchoring.sealJob(ctx, p); err != nil {
		return job, err
	}
	file := ""
	if job.Version == nil {
		file, err = o.access.admit(ctx, by, p.Intent.Identifier, registry.MaySeeContent)
		if registry.CodeOf(err) == registry.CodeNotFound {
			return job, nil
		}
		if err == nil {
			job.Present, err = o.present(ctx, p)
		}
		if err != nil || job.Present == nil {
			return job, err
		}
	}
	return job, o.access.read(ctx, by, "signing page", p.Intent.Identifier.String(), file)
}

// present is what the license of an act says now, its document by its digest; nil when
// its rows are not here.
func (o *Issuing) present(ctx context.Context, p *Proceeding) (*registry.Opened, error) {
	standing, err := o.view.Standing(p.Intent.Identifier.Base())
	if err != nil || standing.License == nil {
		return nil, err
	}
	opened, err := o.anchoring.opened(ctx, p.Intent.Identifier.Base(), standing.License.Version)
	if registry.CodeOf(err) == registry.CodeNotFound {
		return nil, nil
	}
	if err == nil && len(opened.Unsealed) > 0 {
		opened.Document, opened.Unsealed = sm.Leaf(opened.Unsealed), nil
	}
	return opened, err
}
