package exchange

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Herald tells other members that there is something new here. A hint that is lost costs
// time and nothing else: they see on the ledger what must exist.
type Herald struct {
	Directory *Directory
	View      View
	Neighbors Neighbors
	Clock     func() time.Time
	Log       *slog.Logger

	once sync.Once
	wake chan struct{}
}

// hintsApart is the time between two hints to a member: what becomes public meanwhile is in
// the next one.
const hintsApart = 100 * time.Millisecond

// hintFor bounds one hint.
const hintFor = 5 * time.Second

// Tell says that something has become public. It does not wait.
func (h *Herald) Tell() { nudge(h.woken()) }

func (h *Herald) woken() chan struct{} {
	h.once.Do(func() { h.wake = make(chan struct{}, 1) })
	return h.wake
}

// Run sends hints until ctx ends.
func (h *Herald) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.woken():
		}
		h.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(hintsApart):
		}
	}
}

// round tells every member once, side by side.
func (h *Herald) round(ctx context.Context) {
	neighbors, err := h.Directory.Neighbors()
	if err != nil {
		return
	}
	hint := Hint{Height: h.View.Knowledge(h.Clock()).Height}
	var all sync.WaitGroup
	for _, n := range neighbors {
		if n.Address == "" {
			continue
		}
		all.Go(func() {
			call, cancel := context.WithTimeout(ctx, hintFor)
			defer cancel()
			if err := h.Neighbors.Hint(call, n.Member, hint); err != nil {
				h.Log.Info("hint not heard", "member", n.Member, "error", err)
			}
		})
	}
	all.Wait()
}
