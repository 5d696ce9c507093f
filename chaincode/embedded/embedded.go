// Package embedded is the ledger of one machine: the contract's Execute over
// one durable, hash-chained bbolt file, with Fabric's semantics — execution
// over a committed snapshot, read versions validated at commit, a transaction
// id committed at most once, namespaces kept apart. It is for single-node
// deployments, tests and demonstrations.
//
// It must not decide anything that the contract decides, and it must not look
// like more than it is: nobody endorses, one key vouches for the file, and its
// receipts say "single-node".
package embedded

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tongzheng/chaincode"
	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Name is what the ledger calls itself in receipts.
const Name = registry.SingleNode

// lockWait is how long Open waits for a process that is just ending.
const lockWait = time.Second

// Config says where the ledger stands and what it needs.
type Config struct {
	Path     string           // of the file, made when absent
	Name     string           // in receipts; Name when empty
	Clock    func() time.Time // time.Now when nil
	MaxSkew  time.Duration    // between client and Clock; chaincode.MaxSkew when zero
	Key      sm.KeyID         // of the checkpoint key
	Sign     func(message []byte) ([]byte, error)
	ReadOnly bool // for audits: any number of readers, no writer
}

// Ledger is one open ledger file. It is safe for concurrent use.
type Ledger struct {
	config Config
	db     *bolt.DB
	queue  chan *proposal
	stop   chan struct{} // closed by Close
	done   chan struct{} // closed when the committer has ended

	mu       sync.Mutex
	wake     chan struct{}            // closed and replaced at every commit
	inFlight map[string]chan struct{} // by transaction id, closed when its fate is known
	failed   error                    // a commit whose fate the file system did not tell
	closing  sync.Once
}

// Open opens or makes the ledger file. CodeUnavailable when another process
// has it, CodeLedgerDamaged when it is no ledger of ours or its head does not
// fit its last block. Sign, when set, signs checkpoints: SM2, r ‖ s.
func Open(config Config) (*Ledger, error) {
	if config.Name == "" {
		config.Name = Name
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.MaxSkew == 0 {
		config.MaxSkew = chaincode.MaxSkew
	}
	db, err := bolt.Open(config.Path, 0o600, &bolt.Options{Timeout: lockWait, ReadOnly: config.ReadOnly, FreelistType: bolt.FreelistMapType})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, registry.Errorf(registry.CodeUnavailable, "", "ledger file %s is in use by another process", config.Path)
	case err != nil:
		return nil, registry.Errorf(registry.CodeUnavailable, "", "opening ledger file %s", config.Path).WithCause(err)
	}
	l := &Ledger{config: config, db: db, queue: make(chan *proposal), stop: make(chan struct{}), done: make(chan struct{}),
		wake: make(chan struct{}), inFlight: map[string]chan struct{}{}}
	if err := l.prepareFile(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if config.ReadOnly {
		close(l.done)
	} else {
		go l.commitLoop()
	}
	return l, nil
}

// Close ends the ledger after the commit at hand; what is still waiting gets
// CodeUnavailable.
func (l *Ledger) Close() error {
	var err error
	l.closing.Do(func() {
		close(l.stop)
		<-l.done
		l.wakeUp()
		err = l.db.Close()
	})
	return err
}

// Name says which ledger: "single-node" unless configured otherwise.
func (l *Ledger) Name() string { return l.config.Name }

// Prepare fixes the transaction id of a batch: 64 hexadecimal digits, drawn at
// random. Nothing is written.
func (l *Ledger) Prepare(ctx context.Context, batch registry.Batch) (registry.Transaction, error) {
	if err := ctx.Err(); err != nil {
		return registry.Transaction{}, err
	}
	if _, err := registry.Encode(batch); err != nil {
		return registry.Transaction{}, err
	}
	var id [32]byte
	if _, err := rand.Read(id[:]); err != nil {
		return registry.Transaction{}, registry.Errorf(registry.CodeInternal, "", "drawing a transaction id").WithCause(err)
	}
	return registry.Transaction{ID: hex.EncodeToString(id[:]), Batch: batch}, nil
}

// DryRun judges a batch over the committed state with the author signatures
// left out, and writes nothing.
func (l *Ledger) DryRun(ctx context.Context, batch registry.Batch) (*registry.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	_, decoded, err := spell(batch)
	if err != nil {
		return nil, err
	}
	p := &proposal{batch: decoded}
	if err := l.simulate(p, chaincode.DryRun); err != nil {
		return nil, err
	}
	return p.outcome, nil
}

// Read returns committed values in the keys' order, nil for an absent key.
func (l *Ledger) Read(ctx context.Context, namespace string, keys []string) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	values := make([][]byte, len(keys))
	err := l.view(func(tx *bolt.Tx) error {
		state := tx.Bucket(bucketState)
		for i, key := range keys {
			_, value := versioned(state.Get(stateKey(namespace, key)))
			values[i] = slices.Clone(value)
		}
		return nil
	})
	return values, err
}

// Height is the height of the last block, 0 for an empty ledger.
func (l *Ledger) Height() (uint64, error) {
	var at head
	err := l.view(func(tx *bolt.Tx) (err error) {
		at, err = readHead(tx)
		return err
	})
	return at.Height, err
}

// view runs a read over one committed snapshot.
func (l *Ledger) view(read func(tx *bolt.Tx) error) error {
	if err := l.alive(); err != nil {
		return err
	}
	err := l.db.View(read)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return errClosed()
	}
	return err
}

// alive refuses everything after a commit whose fate is unknown: only opening
// the file again tells what it holds.
func (l *Ledger) alive() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

func errClosed() error {
	return registry.Errorf(registry.CodeUnavailable, "", "the ledger is closed")
}

// spell returns a batch's canonical bytes and the batch as they read, so that
// what is judged is what is kept.
func spell(batch registry.Batch) ([]byte, *registry.Batch, error) {
	raw, err := registry.Encode(batch)
	if err != nil {
		return nil, nil, err
	}
	decoded := new(registry.Batch)
	return raw, decoded, registry.Decode(raw, decoded)
}
