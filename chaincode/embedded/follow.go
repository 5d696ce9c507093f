package embedded

import (
	"context"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// heartbeat is how often Follow tells that nothing is new.
const heartbeat = 500 * time.Millisecond

// followGroup bounds how many commits are held decoded at once.
const followGroup = 64

func blockName(height uint64) string { return fmt.Sprintf("block %d", height) }

// Follow calls fn for every commit from height on, in order, then waits for
// more, calling fn with nil every half second while nothing is new. It checks
// the chain of digests as it goes. It returns ctx's error, fn's error,
// CodeNotFound when from lies beyond the next block (the ledger was set back),
// CodeLedgerDamaged, or CodeUnavailable once the ledger is closed.
func (l *Ledger) Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error {
	next := max(from, 1)
	previous, err := l.digestBefore(next)
	if err != nil {
		return err
	}
	for {
		l.mu.Lock()
		wake := l.wake // before reading: a commit after the read closes it
		l.mu.Unlock()
		commits, err := l.after(next, &previous)
		if err != nil {
			return err
		}
		for _, c := range commits {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := fn(c); err != nil {
				return err
			}
		}
		next += uint64(len(commits))
		if len(commits) > 0 {
			continue
		}
		if err := fn(nil); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.stop:
			return errClosed()
		case <-wake:
		case <-time.After(heartbeat):
		}
	}
}

// Digest returns the digest of the block at this height, to be compared with
// one kept elsewhere. CodeNotFound past the end.
func (l *Ledger) Digest(height uint64) (sm.Digest, error) { return l.digestBefore(height + 1) }

// digestBefore returns the digest that the block at this height must name.
func (l *Ledger) digestBefore(height uint64) (sm.Digest, error) {
	var digest sm.Digest
	err := l.view(func(tx *bolt.Tx) error {
		last, err := readHead(tx)
		if err != nil {
			return err
		}
		if height > last.Height+1 {
			return registry.Errorf(registry.CodeNotFound, "height", "asked for height %d, the ledger ends at %d", height, last.Height)
		}
		if height == 1 {
			return nil
		}
		var b *block
		if b, digest, err = l.readBlock(tx, height-1); err == nil && b == nil {
			return l.damaged(blockName(height-1), "is missing")
		}
		return err
	})
	return digest, err
}

// after reads some commits from height on and checks that they are chained.
func (l *Ledger) after(height uint64, previous *sm.Digest) ([]*registry.Commit, error) {
	var commits []*registry.Commit
	err := l.view(func(tx *bolt.Tx) error {
		for len(commits) < followGroup {
			b, digest, err := l.readBlock(tx, height)
			if b == nil || err != nil {
				return err
			}
			if b.Height != height || b.Previous != *previous {
				return l.damaged(blockName(height), "does not follow the block before it")
			}
			c, err := l.commit(b)
			if err != nil {
				return err
			}
			commits, *previous = append(commits, c), digest
			height++
		}
		return nil
	})
	return commits, err
}

// Evidence returns the canonical bytes of a registry.SignedCheckpoint for the
// commit. CodeNotFound when the ledger has no such commit, CodeUnavailable
// without a checkpoint key.
func (l *Ledger) Evidence(ctx context.Context, c *registry.Commit) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.config.Sign == nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "this ledger has no checkpoint key")
	}
	var point registry.Checkpoint
	err := l.view(func(tx *bolt.Tx) error {
		b, digest, err := l.readBlock(tx, c.Height)
		if err != nil {
			return err
		}
		if b == nil || b.Transaction != c.Transaction {
			return registry.Errorf(registry.CodeNotFound, "transaction", "not at height %d", c.Height)
		}
		stored, err := l.commit(b)
		if err != nil {
			return err
		}
		point = registry.Checkpoint{Ledger: l.config.Name, Height: b.Height, Block: digest, Time: b.Time,
			Namespace: stored.Batch.Namespace, Transaction: b.Transaction, Recorded: stored.Batch.Time,
			Root: b.Outcome.Root, Count: b.Outcome.Count}
		return nil
	})
	if err != nil {
		return nil, err
	}
	signature, err := l.config.Sign(point.Message())
	if err != nil {
		return nil, registry.Errorf(registry.CodeUnavailable, "", "signing a checkpoint").WithCause(err)
	}
	return registry.Encode(registry.SignedCheckpoint{Checkpoint: point, Key: l.config.Key, Signature: signature})
}
