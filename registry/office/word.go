package office

import "tongzheng/registry"

// WordOf is what the ledger says of a license today, its present version and
// no sheet in particular; empty for one that was never recorded.
func (o *Office) WordOf(base string) (registry.Word, error) {
	standing, err := o.View.Standing(base)
	if err != nil || standing.License == nil {
		return "", err
	}
	now := o.now()
	q := registry.Question{Now: now, Standing: standing, Knowledge: o.View.Knowledge(now)}
	q.Identifier.Version = standing.License.Version
	return registry.Judge(q).Word, nil
}
