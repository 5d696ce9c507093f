package gateway

import (
	"context"
	"sync"

	"tongzheng/registry"
)

// flight keeps batches that touch the same license, blank or record from being
// under way at the same time: the second would only fail in the peers'
// comparison of versions, after everybody worked for it.
type flight struct {
	mu   sync.Mutex
	keys map[string]bool
	wake chan struct{} // closed and replaced when keys come free
}

func newFlight() *flight { return &flight{keys: map[string]bool{}, wake: make(chan struct{})} }

// enter waits until no batch under way shares a key with this one. All keys are
// taken at once, so that two batches cannot wait for each other.
func (f *flight) enter(ctx context.Context, batch *registry.Batch) (leave func(), err error) {
	keys := keysOf(batch)
	for {
		f.mu.Lock()
		free, wake := f.take(keys), f.wake
		f.mu.Unlock()
		if free {
			return func() { f.leave(keys) }, nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, registry.Errorf(registry.CodeUnavailable, "", "not submitted: an earlier batch is on its way").WithCause(ctx.Err())
		}
	}
}

func (f *flight) take(keys []string) bool {
	for _, k := range keys {
		if f.keys[k] {
			return false
		}
	}
	for _, k := range keys {
		f.keys[k] = true
	}
	return true
}

func (f *flight) leave(keys []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range keys {
		delete(f.keys, k)
	}
	close(f.wake)
	f.wake = make(chan struct{})
}

// keysOf lists what the batch's entries write. Oversight and license acts on
// one license share its key: the one reads what the other writes.
func keysOf(batch *registry.Batch) []string {
	var keys []string
	for _, e := range batch.Entries {
		switch {
		case e == nil:
		case e.Order != nil:
			if record, err := e.Order.Decode(); err == nil {
				keys = append(keys, registry.RecordKey(record.Kind(), record.Name()))
			}
		case e.Intent != nil:
			in := e.Intent
			keys = append(keys, registry.LicenseKey(in.Identifier.Base()))
			if !in.Number.IsZero() {
				keys = append(keys, registry.NumberKey(in.Number))
			}
			for _, p := range in.Printings {
				if !p.Blank.IsZero() {
					keys = append(keys, registry.BlankKey(in.Identifier.Type, p.Blank))
				}
			}
		}
	}
	return keys
}
