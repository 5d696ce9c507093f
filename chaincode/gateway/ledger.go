// Package gateway is the client of a real Fabric network: the ledger that city
// and counties hold together, behind the same port as the embedded one. It
// sends batches to be endorsed by exactly the members that a namespace needs,
// follows the blocks, and gathers the endorsed reads that receipts rest on.
//
// It must not decide what the ledger decides, and must not call an unknown
// outcome a failure: an error says how far the transaction got.
package gateway

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"

	"tongzheng/chaincode/evidence"
	"tongzheng/chaincode/wire"
	"tongzheng/registry"
)

// Config says which network, and as whom.
type Config struct {
	// Profiles are the files that network writes, one for each member this
	// process acts for. A batch is sent as the member of its namespace when
	// there is a profile of it, else as the city, else as the first.
	Profiles []string
	// OwnPeers asks this member's own peers and nobody else's, but for their heights:
	// for a signer, which must not believe another member when its own peers are
	// away, and must notice when its own peer is held back.
	OwnPeers bool
	// Patience bounds Submit after the batch was endorsed: how long orderers may
	// be without a quorum before the outcome is called unknown. Default 60 s.
	Patience time.Duration
	// Settle is how long a transaction that was sent may still be under way:
	// Lookup does not say "never" before. Default 20 s.
	Settle time.Duration
	Log    *slog.Logger // slog.Default when nil
}

const (
	defaultPatience = 60 * time.Second
	defaultSettle   = 20 * time.Second
	evaluateWithin  = 10 * time.Second
	endorseWithin   = 20 * time.Second
)

// Ledger is one open connection to a network. It is safe for concurrent use.
type Ledger struct {
	config     Config
	name       string
	lead       string
	identities []*identityOf
	peers      map[string]*peerState // by address
	terms      atomic.Pointer[terms] // as the first profile says
	worked     sync.Map              // namespace → index of the set of members that endorsed last
	flight     *flight
	fates      *fates
	proofs     *proofs
	opened     time.Time
	closed     chan struct{}
	closing    sync.Once
}

// Open reads the profiles and prepares the connections; no peer needs to
// answer yet. CodeInternal for profiles that do not belong together.
func Open(config Config) (*Ledger, error) {
	if config.Patience == 0 {
		config.Patience = defaultPatience
	}
	if config.Settle == 0 {
		config.Settle = defaultSettle
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if len(config.Profiles) == 0 {
		return nil, registry.Errorf(registry.CodeInternal, "profile", "no ledger profile named")
	}
	l := &Ledger{config: config, peers: map[string]*peerState{}, flight: newFlight(),
		fates: newFates(), proofs: newProofs(), opened: time.Now(), closed: make(chan struct{})}
	for _, path := range config.Profiles {
		if err := l.join(path); err != nil {
			l.Close()
			return nil, err
		}
	}
	go l.renewed()
	return l, nil
}

// join adds one profile's identity.
func (l *Ledger) join(path string) error {
	p, err := loadProfile(path)
	if err != nil {
		return err
	}
	if first := l.identities; len(first) > 0 {
		if q := first[0].profile; q.Network != p.Network || q.Channel != p.Channel || q.Lead != p.Lead {
			return registry.Errorf(registry.CodeInternal, "profile", "profiles of different networks")
		}
	} else {
		t, err := termsOf(p)
		if err != nil {
			return err
		}
		l.name, l.lead = p.Network, p.Lead
		l.terms.Store(t)
	}
	who, err := newIdentity(p, l.peers, l.config.OwnPeers)
	if err != nil {
		return err
	}
	l.identities = append(l.identities, who)
	return nil
}

// Close ends the connections; what is under way gets CodeUnavailable.
func (l *Ledger) Close() error {
	l.closing.Do(func() {
		close(l.closed)
		for _, i := range l.identities {
			for _, link := range slices.Concat(i.links, i.watched) {
				link.gateway.Close()
			}
		}
		for _, p := range l.peers {
			p.conn.Close()
		}
	})
	return nil
}

// Name is the network's name: "ganzhou".
func (l *Ledger) Name() string { return l.name }

// Trust is what a verifier of this ledger's receipts pins, as the first profile
// says it now: members join and leave, certificates are revoked.
func (l *Ledger) Trust() *evidence.Trust {
	l.reload()
	return l.terms.Load().trust
}

// as picks the identity that acts in a namespace.
func (l *Ledger) as(namespace string) *identityOf {
	for _, member := range []string{namespace, l.lead} {
		if i := slices.IndexFunc(l.identities, func(who *identityOf) bool { return who.profile.Member == member }); i >= 0 {
			return l.identities[i]
		}
	}
	return l.identities[0]
}

// Prepare fixes the transaction id of a batch: the proposal is made, with its
// nonce, and travels in Payload. Nothing is sent.
func (l *Ledger) Prepare(ctx context.Context, batch registry.Batch) (registry.Transaction, error) {
	if err := ctx.Err(); err != nil {
		return registry.Transaction{}, err
	}
	if err := l.known(batch.Namespace); err != nil {
		return registry.Transaction{}, err
	}
	packed, err := wire.PackBatch(&batch)
	if err != nil {
		return registry.Transaction{}, err
	}
	contract := l.as(batch.Namespace).links[0].network.GetContract(batch.Namespace)
	proposal, err := contract.NewProposal(wire.Submit, client.WithBytesArguments(packed))
	if err != nil {
		return registry.Transaction{}, registry.Errorf(registry.CodeInternal, "", "making a proposal").WithCause(err)
	}
	payload, err := proposal.Bytes()
	if err != nil {
		return registry.Transaction{}, registry.Errorf(registry.CodeInternal, "", "making a proposal").WithCause(err)
	}
	l.fates.prepared(proposal.TransactionID())
	return registry.Transaction{ID: proposal.TransactionID(), Batch: batch, Payload: payload}, nil
}

// DryRun judges a batch at one peer with the author signatures left out, and
// writes nothing.
func (l *Ledger) DryRun(ctx context.Context, batch registry.Batch) (*registry.Outcome, error) {
	if err := l.known(batch.Namespace); err != nil {
		return nil, err
	}
	packed, err := wire.PackBatch(&batch)
	if err != nil {
		return nil, err
	}
	raw, err := l.evaluate(ctx, batch.Namespace, wire.DryRun, packed)
	if err != nil {
		return nil, err
	}
	outcome := new(registry.Outcome)
	return outcome, registry.Decode(raw, outcome)
}

// Read returns committed values as one peer has them, nil for an absent key.
func (l *Ledger) Read(ctx context.Context, namespace string, keys []string) ([][]byte, error) {
	if err := l.known(namespace); err != nil {
		return nil, err
	}
	packed, err := wire.PackKeys(keys)
	if err != nil {
		return nil, err
	}
	raw, err := l.evaluate(ctx, namespace, wire.Read, packed)
	if err != nil {
		return nil, err
	}
	values, err := wire.UnpackValues(raw)
	if err == nil && len(values) != len(keys) {
		err = registry.Errorf(registry.CodeLedgerDamaged, "", "%d values for %d keys", len(values), len(keys))
	}
	return values, err
}

func (l *Ledger) evaluate(ctx context.Context, namespace, function string, arguments ...[]byte) (raw []byte, err error) {
	who := l.as(namespace)
	ask := []client.ProposalOption{client.WithBytesArguments(arguments...)}
	if l.config.OwnPeers { // else the gateway may choose another member's, which is ahead
		ask = append(ask, client.WithEndorsingOrganizations(who.profile.MSP))
	}
	err = who.each(ctx, evaluateWithin, func(ctx context.Context, via *link) error {
		raw, err = via.network.GetContract(namespace).EvaluateWithContext(ctx, function, ask...)
		return err
	})
	return raw, evaluated(err, function+" in "+namespace)
}
