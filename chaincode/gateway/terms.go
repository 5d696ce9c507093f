package gateway

import (
	"tongzheng/chaincode/evidence"
	"tongzheng/registry"
)

// terms are what the members agreed on, as a profile says: they change when a
// member joins or leaves.
type terms struct {
	policies map[string]*evidence.Policy // of namespaces that take entries
	written  map[string]string           // policy in Fabric's notation, by namespace
	trust    *evidence.Trust
}

func termsOf(p *profile) (*terms, error) {
	t := &terms{policies: map[string]*evidence.Policy{}, written: map[string]string{}}
	var err error
	for _, ns := range p.Namespaces {
		t.written[ns.Name] = ns.Policy
		if ns.Policy == "" {
			continue // a member that left: only read
		}
		if t.policies[ns.Name], err = evidence.ParsePolicy(ns.Policy); err != nil {
			return nil, registry.Errorf(registry.CodeInternal, "profile", "endorsement policy of %s", ns.Name).WithCause(err)
		}
	}
	t.trust, err = p.trust()
	return t, err
}

// reload reads the first profile again: a member may have joined or left since.
func (l *Ledger) reload() {
	p, err := loadProfile(l.config.Profiles[0])
	if err == nil {
		var t *terms
		if t, err = termsOf(p); err == nil {
			l.terms.Store(t)
			return
		}
	}
	l.config.Log.Warn("reading the ledger profile again", "error", err)
}

// has tells whether the network has a namespace.
func (l *Ledger) has(namespace string) bool {
	if _, ok := l.terms.Load().written[namespace]; ok {
		return true
	}
	l.reload()
	_, ok := l.terms.Load().written[namespace]
	return ok
}

// known refuses a namespace that the network does not have, which a peer would
// only call unavailable.
func (l *Ledger) known(namespace string) error {
	if !l.has(namespace) {
		return registry.Errorf(registry.CodeNamespace, "namespace", "ledger %s has no namespace %q", l.name, namespace)
	}
	return nil
}

// policy says who must endorse in a namespace.
func (l *Ledger) policy(namespace string) (*evidence.Policy, error) {
	if p := l.terms.Load().policies[namespace]; p != nil {
		return p, nil
	}
	return nil, registry.Errorf(registry.CodeNamespace, "namespace", "%s takes no entries any more", namespace)
}
