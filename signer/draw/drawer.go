package draw

import (
	"context"

	"tongzheng/registry"
)

// Drawer draws in this process, a few documents at a time: each costs memory.
type Drawer struct {
	limits Limits
	turns  chan struct{}
}

// NewDrawer draws atOnce documents at once within limits.
func NewDrawer(limits Limits, atOnce int) *Drawer {
	return &Drawer{limits, make(chan struct{}, max(1, atOnce))}
}

// Draw is Document when its turn comes; CodeUnavailable when the caller leaves
// before that.
func (d *Drawer) Draw(ctx context.Context, document []byte) (*registry.Drawing, error) {
	select {
	case d.turns <- struct{}{}:
		defer func() { <-d.turns }()
		return Document(document, d.limits)
	case <-ctx.Done():
		return nil, registry.Errorf(registry.CodeUnavailable, "file", "too many documents are being drawn")
	}
}
