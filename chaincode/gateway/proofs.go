package gateway

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"

	"tongzheng/chaincode/evidence"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

// Evidence returns the canonical bytes of an evidence.Evidence: peers of the
// members that the namespace needs answer a read of the commit's root and
// transaction, and sign what they read. One read serves all entries of a
// commit. CodeNotFound for a commit that accepted nothing new: it has no root.
func (l *Ledger) Evidence(ctx context.Context, c *registry.Commit) ([]byte, error) {
	if c.Outcome.Root.IsZero() {
		return nil, registry.Errorf(registry.CodeNotFound, "root", "transaction %s accepted nothing new", c.Transaction)
	}
	return l.proofs.get(ctx, c.Transaction, func() ([]byte, error) { return l.prove(ctx, c) })
}

// prove asks until the peers agree: one may be a block behind for a moment.
func (l *Ledger) prove(ctx context.Context, c *registry.Commit) ([]byte, error) {
	policy, err := l.policy(c.Batch.Namespace)
	if err != nil {
		return nil, err
	}
	keys, err := wire.PackKeys(evidence.Keys(c.Outcome.Root, c.Transaction))
	if err != nil {
		return nil, err
	}
	var raw []byte
	for try := range endorseTries {
		err = l.anySet(ctx, c.Batch.Namespace, policy, func(set []string) (err error) {
			raw, err = l.proveBy(ctx, c, keys, set)
			return err
		})
		if err == nil {
			return raw, nil
		}
		select {
		case <-ctx.Done():
			return nil, notSent(err)
		case <-time.After(endorsePause << try):
		}
	}
	return nil, registry.Errorf(registry.CodeUnavailable, "", "gathering endorsed reads").WithCause(err)
}

// proveBy gathers the endorsed read of one set of members. It is never handed
// to the orderers.
func (l *Ledger) proveBy(ctx context.Context, c *registry.Commit, keys []byte, set []string) (raw []byte, err error) {
	err = l.as(c.Batch.Namespace).each(ctx, endorseWithin, func(ctx context.Context, via *link) error {
		proposal, err := via.network.GetContract(c.Batch.Namespace).NewProposal(wire.Read,
			client.WithBytesArguments(keys), client.WithEndorsingOrganizations(set...))
		if err != nil {
			return err
		}
		transaction, err := proposal.EndorseWithContext(ctx)
		if err != nil {
			return err
		}
		raw, err = l.pack(transaction, c)
		return err
	})
	return raw, err
}

// pack lays an endorsed read out as evidence, and checks that it is one: what
// is handed out verifies now.
func (l *Ledger) pack(transaction *client.Transaction, c *registry.Commit) ([]byte, error) {
	raw, err := transaction.Bytes()
	if err != nil {
		return nil, err
	}
	prepared := new(gateway.PreparedTransaction)
	if err := unmarshal(raw, prepared); err != nil {
		return nil, err
	}
	a, err := actionOf(prepared.GetEnvelope())
	if err != nil {
		return nil, err
	}
	e := &evidence.Evidence{Ledger: l.name, Policy: l.terms.Load().written[c.Batch.Namespace], ChannelHeader: a.header.GetChannelHeader(),
		SignatureHeader: a.header.GetSignatureHeader(), Proposal: a.proposal, Response: a.response}
	for _, one := range a.endorsements {
		n, err := evidence.NewEndorsement(one.GetEndorser(), one.GetSignature())
		if err != nil {
			return nil, err
		}
		if n.Root, err = l.rootOf(n); err != nil {
			return nil, err
		}
		e.Endorsements = append(e.Endorsements, n)
	}
	slices.SortFunc(e.Endorsements, func(a, b evidence.Endorsement) int { return strings.Compare(a.MSP, b.MSP) })
	if err := e.Describe(c.Batch.Namespace, c.Outcome.Root, c.Transaction); err != nil {
		return nil, err
	}
	if e.Height != c.Height {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "the peers have the root at height %d, not %d", e.Height, c.Height)
	}
	return registry.Encode(e)
}

// rootOf names the member's authority that issued an endorser's certificate.
func (l *Ledger) rootOf(n evidence.Endorsement) ([]byte, error) {
	certificate, err := x509.ParseCertificate(n.Certificate)
	if err != nil {
		return nil, err
	}
	for _, m := range l.terms.Load().trust.Members {
		for _, raw := range m.Roots {
			root, err := x509.ParseCertificate(raw)
			if err == nil && m.MSP == n.MSP && certificate.CheckSignatureFrom(root) == nil {
				digest := sha256.Sum256(raw)
				return digest[:], nil
			}
		}
	}
	return nil, registry.Errorf(registry.CodeReceipt, "evidence", "%s endorsed under an authority that the profile does not name", n.MSP)
}

// maxProofs bounds the evidence kept for the entries of late commits.
const maxProofs = 256

// proofs keeps the evidence of late commits: every entry's receipt asks for it.
type proofs struct {
	mu    sync.Mutex
	byID  map[string]*proof
	order []string
}

type proof struct {
	done chan struct{}
	raw  []byte
	err  error
}

func newProofs() *proofs { return &proofs{byID: map[string]*proof{}} }

// get returns what was gathered before, or gathers; those who ask meanwhile
// wait. A failure is not kept.
func (p *proofs) get(ctx context.Context, id string, gather func() ([]byte, error)) ([]byte, error) {
	p.mu.Lock()
	if known := p.byID[id]; known != nil {
		p.mu.Unlock()
		if err := await(ctx, known.done); err != nil {
			return nil, err
		}
		return known.raw, known.err
	}
	fresh := &proof{done: make(chan struct{})}
	p.keep(id, fresh)
	p.mu.Unlock()
	fresh.raw, fresh.err = gather()
	if fresh.err != nil {
		p.mu.Lock()
		if p.byID[id] == fresh {
			delete(p.byID, id)
			p.order = slices.DeleteFunc(p.order, func(kept string) bool { return kept == id })
		}
		p.mu.Unlock()
	}
	close(fresh.done)
	return fresh.raw, fresh.err
}

func (p *proofs) keep(id string, fresh *proof) {
	if len(p.order) >= maxProofs {
		delete(p.byID, p.order[0])
		p.order = p.order[1:]
	}
	p.byID[id], p.order = fresh, append(p.order, id)
}
