package office

import (
	"context"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Wait returns a proceeding once nothing more will happen to it, or as it
// stands when ctx ends, with CodeTimeout. CodeNotFound for one that is not for
// the actor.
func (o *Reading) Wait(ctx context.Context, by registry.Actor, intent sm.Digest) (*Proceeding, error) {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		p, err := o.acts.Proceeding(context.WithoutCancel(ctx), intent)
		if err == nil {
			err = o.seesProceeding(by, p)
		}
		if err != nil || p.Step.Done() {
			return p, err
		}
		select {
		case <-ctx.Done():
			return p, registry.Errorf(registry.CodeTimeout, "", "the proceeding is still %s", p.Step)
		case <-time.After(pause):
		}
	}
}
