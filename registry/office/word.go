package office

import (
	"context"

	"tongzheng/registry"
)

// Word is what the ledger says of a license today, its present version and
// no sheet in particular; empty for one that was never recorded.
func (o *Reading) Word(_ context.Context, _ registry.Actor, base string) (registry.Word, error) {
	standing, err := o.view.Standing(base)
	if err != nil || standing.License == nil {
		return "", err
	}
	now := o.now()
	q := registry.Question{Now: now, Standing: standing, Knowledge: o.view.Knowledge(now)}
	q.Identifier.Version = standing.License.Version
	return registry.Judge(q).Word, nil
}
