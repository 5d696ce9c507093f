package gateway

import (
	"context"
	"sync"
	"time"

	"tongzheng/registry"
)

// maxFates bounds what is remembered of transactions that this process made.
const maxFates = 16384

// fates remembers how far this process took each transaction, so that Lookup
// can tell "never" from "not yet".
type fates struct {
	mu    sync.Mutex
	byID  map[string]*fate
	order []string // oldest first
}

type fate struct {
	sent time.Time     // last handed to orderers; zero: never
	busy chan struct{} // closed when the Submit at work ends; nil: none at work
}

func newFates() *fates { return &fates{byID: map[string]*fate{}} }

func (f *fates) prepared(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.get(id)
}

// get finds or begins a fate; the lock is held.
func (f *fates) get(id string) *fate {
	if known := f.byID[id]; known != nil {
		return known
	}
	if len(f.order) >= maxFates {
		delete(f.byID, f.order[0])
		f.order = f.order[1:]
	}
	fresh := &fate{}
	f.byID[id], f.order = fresh, append(f.order, id)
	return fresh
}

// claim makes the caller the only one that submits this transaction now.
func (f *fates) claim(ctx context.Context, id string) (release func(), err error) {
	for {
		f.mu.Lock()
		fate := f.get(id)
		busy := fate.busy
		if busy == nil {
			mine := make(chan struct{})
			fate.busy = mine
			f.mu.Unlock()
			return func() {
				f.mu.Lock()
				fate.busy = nil
				f.mu.Unlock()
				close(mine)
			}, nil
		}
		f.mu.Unlock()
		if err := await(ctx, busy); err != nil {
			return nil, err
		}
	}
}

// settled waits for a Submit at work and tells whether the transaction can
// still come: not when it was never sent, or long enough ago. One that this
// process does not know was made by an earlier one, before since.
func (f *fates) settled(ctx context.Context, id string, since time.Time, settle time.Duration) (bool, error) {
	f.mu.Lock()
	fate, known := f.byID[id]
	var busy chan struct{}
	if known {
		busy = fate.busy
	}
	f.mu.Unlock()
	if busy != nil {
		if err := await(ctx, busy); err != nil {
			return false, err
		}
	}
	if !known {
		return time.Since(since) > settle, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return fate.sent.IsZero() || time.Since(fate.sent) > settle, nil
}

func (f *fates) sentNow(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.get(id).sent = time.Now()
}

func await(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return registry.Errorf(registry.CodeUnavailable, "transaction", "it is on its way").WithCause(ctx.Err())
	}
}
