package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	bolt "go.etcd.io/bbolt"

	"tongzheng/chaincode"
	"tongzheng/registry"
)

// maxGroup bounds how many waiting transactions share one write to the disk.
const maxGroup = 64

// proposal is a transaction executed over a snapshot, on its way to commit.
type proposal struct {
	id      string
	raw     []byte // the batch's canonical bytes
	batch   *registry.Batch
	outcome *registry.Outcome
	reads   []readVersion
	writes  []write

	commit *registry.Commit
	err    error
	done   chan struct{}
}

// readVersion is a key that the execution read, with the height that wrote it;
// 0 when it was absent.
type readVersion struct {
	key     []byte
	version uint64
}

// Submit executes the batch over the committed state and commits it with its
// refusals. The same transaction again returns its first commit; another batch
// under a used id, or a key changed since it was read, is CodeLedgerConflict
// and nothing is written. It returns when the block is on the disk. Once
// queued it does not heed ctx: the wait is one disk write.
func (l *Ledger) Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error) {
	if err := ctx.Err(); err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "not submitted").WithCause(err)
	}
	if tx.ID == "" || l.config.ReadOnly {
		return nil, registry.Errorf(registry.CodeEntryForm, "transaction", "a transaction id and a writable ledger are required")
	}
	p := &proposal{id: tx.ID, done: make(chan struct{})}
	var err error
	if p.raw, p.batch, err = spell(tx.Batch); err != nil {
		return nil, err
	}
	release, err := l.claim(ctx, tx.ID)
	if err != nil {
		return nil, err
	}
	defer release()
	return l.submit(p)
}

func (l *Ledger) submit(p *proposal) (*registry.Commit, error) {
	var earlier *registry.Commit
	err := l.view(func(tx *bolt.Tx) (err error) {
		earlier, err = l.committed(tx, p)
		return err
	})
	if earlier != nil || err != nil {
		return earlier, err
	}
	if err := l.simulate(p, chaincode.Execute); err != nil {
		return nil, err
	}
	select {
	case l.queue <- p: // taken: the committer will say what became of it
	case <-l.stop:
		return nil, errClosed()
	}
	<-p.done
	return p.commit, p.err
}

// claim makes the caller the only one that submits this transaction id now, so
// that Lookup can tell "never" from "not yet".
func (l *Ledger) claim(ctx context.Context, id string) (release func(), err error) {
	for {
		l.mu.Lock()
		busy := l.inFlight[id]
		if busy == nil {
			mine := make(chan struct{})
			l.inFlight[id] = mine
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.inFlight, id)
				l.mu.Unlock()
				close(mine)
			}, nil
		}
		l.mu.Unlock()
		if err := await(ctx, busy); err != nil {
			return nil, err
		}
	}
}

func await(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return registry.Errorf(registry.CodeUnavailable, "", "the transaction is on its way").WithCause(ctx.Err())
	}
}

// simulate executes over one committed snapshot and records what was read.
func (l *Ledger) simulate(p *proposal, execute func(chaincode.State, *registry.Batch) (*registry.Outcome, error)) error {
	return l.view(func(tx *bolt.Tx) error {
		s := &snapshot{state: tx.Bucket(bucketState)}
		var err error
		if p.outcome, err = execute(s, p.batch); err != nil {
			return err
		}
		p.reads, p.writes = s.reads, s.writes
		return chaincode.CheckClock(s.rules, p.batch, l.config.Clock(), l.config.MaxSkew)
	})
}

// snapshot is the contract's State over a read transaction.
type snapshot struct {
	state  *bolt.Bucket
	reads  []readVersion
	writes []write
	rules  []byte
}

func (s *snapshot) Read(namespace string, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		full := stateKey(namespace, key)
		version, value := versioned(s.state.Get(full))
		values[i] = slices.Clone(value)
		s.reads = append(s.reads, readVersion{full, version})
		if namespace == registry.Governance && key == chaincode.RulesKey() {
			s.rules = values[i]
		}
	}
	return values, nil
}

func (s *snapshot) Put(key string, value []byte) error {
	s.writes = append(s.writes, write{Key: key, Value: slices.Clone(value)})
	return nil
}

// commitLoop is the only writer of the file. Those that wait share one write.
func (l *Ledger) commitLoop() {
	defer close(l.done)
	for {
		select {
		case <-l.stop:
			return
		case p := <-l.queue:
			l.commitGroup(l.gather(p))
		}
	}
}

func (l *Ledger) gather(first *proposal) []*proposal {
	group := []*proposal{first}
	for len(group) < maxGroup {
		select {
		case p := <-l.queue:
			group = append(group, p)
		default:
			return group
		}
	}
	return group
}

// commitGroup appends a block per proposal that is still valid. The commit
// point is the return of Update: bbolt has synced the file then. When Update
// fails nobody knows what the disk holds, so the ledger answers nothing more
// until it is opened again.
func (l *Ledger) commitGroup(group []*proposal) {
	err := l.alive()
	if err == nil {
		err = l.db.Update(func(tx *bolt.Tx) error {
			for _, p := range group {
				if fault := l.appendBlock(tx, p); fault != nil {
					return fault
				}
			}
			return nil
		})
		if err != nil {
			err = registry.Errorf(registry.CodeUnavailable, "", "writing ledger file %s: open it again", l.config.Path).WithCause(err)
			l.mu.Lock()
			l.failed = err
			l.mu.Unlock()
		}
	}
	l.wakeUp()
	for _, p := range group {
		if err != nil {
			p.commit, p.err = nil, err
		}
		close(p.done)
	}
}

func (l *Ledger) wakeUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.wake)
	l.wake = make(chan struct{})
}

// appendBlock validates one proposal against the state as the blocks before it
// left it, and writes its block. What is the proposal's own fault goes into
// p.err; the error returned is the file's.
func (l *Ledger) appendBlock(tx *bolt.Tx, p *proposal) error {
	if p.commit, p.err = l.committed(tx, p); p.commit != nil || p.err != nil {
		return nil
	}
	state := tx.Bucket(bucketState)
	for _, r := range p.reads {
		if version, _ := versioned(state.Get(r.key)); version != r.version {
			p.err = registry.Errorf(registry.CodeLedgerConflict, "", "what the batch was judged on changed meanwhile")
			return nil
		}
	}
	last, err := readHead(tx)
	if err != nil {
		return err
	}
	b := &block{Height: last.Height + 1, Previous: last.Digest, Time: l.config.Clock().Unix(), Transaction: p.id,
		Batch: p.raw, Outcome: *p.outcome, Writes: p.writes}
	if err := store(tx, b, p.batch.Namespace); err != nil {
		return err
	}
	p.commit = &registry.Commit{Height: b.Height, Transaction: p.id, Batch: *p.batch, Outcome: *p.outcome}
	return nil
}

func store(tx *bolt.Tx, b *block, namespace string) error {
	raw, err := registry.Encode(b)
	if err != nil {
		return err
	}
	end, err := registry.Encode(head{Height: b.Height, Digest: blockDigest(raw)})
	if err != nil {
		return err
	}
	height := heightKey(b.Height)
	state := tx.Bucket(bucketState)
	for _, w := range b.Writes {
		if err := state.Put(stateKey(namespace, w.Key), append(slices.Clone(height), w.Value...)); err != nil {
			return err
		}
	}
	blocks := tx.Bucket(bucketBlocks)
	blocks.FillPercent = 0.9 // heights only rise
	if err := blocks.Put(height, raw); err != nil {
		return err
	}
	if err := tx.Bucket(bucketTransactions).Put([]byte(b.Transaction), height); err != nil {
		return err
	}
	return tx.Bucket(bucketMeta).Put(keyHead, end)
}

// committed returns the commit that the proposal's id already has: nil when it
// has none, CodeLedgerConflict when it is another batch's.
func (l *Ledger) committed(tx *bolt.Tx, p *proposal) (*registry.Commit, error) {
	b, err := l.blockOf(tx, p.id)
	if b == nil || err != nil {
		return nil, err
	}
	if !bytes.Equal(b.Batch, p.raw) {
		return nil, registry.Errorf(registry.CodeLedgerConflict, "transaction", "the id is another batch's")
	}
	return l.commit(b)
}

func (l *Ledger) blockOf(tx *bolt.Tx, id string) (*block, error) {
	height := tx.Bucket(bucketTransactions).Get([]byte(id))
	if height == nil {
		return nil, nil
	}
	if len(height) != 8 {
		return nil, l.damaged("transactions", "%s has no height", id)
	}
	b, _, err := l.readBlock(tx, binary.BigEndian.Uint64(height))
	if err != nil {
		return nil, err
	}
	if b == nil || b.Transaction != id {
		return nil, l.damaged("transactions", "%s is not in the block named", id)
	}
	return b, nil
}

// Lookup returns a committed transaction. CodeNotFound: it was not committed
// and will not be unless it is submitted again. CodeUnavailable: ask again.
func (l *Ledger) Lookup(ctx context.Context, namespace, id string) (*registry.Commit, error) {
	l.mu.Lock()
	busy := l.inFlight[id]
	l.mu.Unlock()
	if busy != nil {
		if err := await(ctx, busy); err != nil {
			return nil, err
		}
	}
	var c *registry.Commit
	err := l.view(func(tx *bolt.Tx) error {
		b, err := l.blockOf(tx, id)
		if b != nil {
			c, err = l.commit(b)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if c == nil || c.Batch.Namespace != namespace {
		return nil, registry.Errorf(registry.CodeNotFound, "transaction", "not committed in %s", namespace)
	}
	return c, nil
}
