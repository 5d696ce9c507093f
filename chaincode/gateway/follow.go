package gateway

import (
	"context"
	"slices"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"

	"tongzheng/registry"
)

const (
	// beatEvery is how often the peers are asked for their heights.
	beatEvery = 700 * time.Millisecond
	// beatWithin bounds each question.
	beatWithin = 2 * time.Second
	// silentFor is how long a peer may not answer, or be behind the others,
	// before another one is followed.
	silentFor = 6 * time.Second
	// followAgain is the pause before the next peer is followed.
	followAgain = 300 * time.Millisecond
)

// Follow calls fn for every commit from height on, in order, exactly once, then
// waits for more. It calls fn with nil while nothing is new: when the peer that
// it follows has handed over every block it has, and a peer of another member,
// where there is one, answers and has no more. So a peer cut off together with
// this process does not pass for an up-to-date ledger. A peer that ends, falls
// silent or stays behind is replaced by the next. Follow returns ctx's error,
// fn's error, CodeLedgerDamaged for blocks that cannot be read, CodeNotFound
// when every peer answers and none has a block before from (the ledger was set
// back), CodeUnavailable once the ledger is closed.
func (l *Ledger) Follow(ctx context.Context, from uint64, fn func(*registry.Commit) error) error {
	f := &follower{ledger: l, next: from, from: from, fn: fn}
	who := l.as(registry.Governance)
	for {
		for _, via := range who.order() {
			err := f.session(ctx, who, via)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case f.ended != nil:
				return f.ended
			}
			l.config.Log.Warn("following the ledger", "via", via.Member, "height", f.next, "error", err)
			via.state.shun()
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-l.closed:
				return registry.Errorf(registry.CodeUnavailable, "", "the ledger is closed")
			case <-time.After(followAgain):
			}
		}
	}
}

// follower is one run of Follow over any number of peers.
type follower struct {
	ledger *Ledger
	from   uint64
	next   uint64 // block to come
	fn     func(*registry.Commit) error
	ended  error // for good: fn's error, or a ledger that cannot be followed
}

// heights is what the peers said at one time.
type heights struct {
	own     uint64 // of the peer followed
	others  uint64 // the highest of the others
	ownErr  error
	heard   int // how many others answered
	others0 int // how many others there are
}

// session follows one peer until it fails.
func (f *follower) session(ctx context.Context, who *identityOf, via *link) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	blocks, err := via.network.BlockEvents(ctx, client.WithStartBlock(f.next))
	if err != nil {
		return err
	}
	beats := make(chan heights)
	go ask(ctx, who, via, beats)
	var known *heights // not yet acted on
	heard := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case block, open := <-blocks:
			if !open {
				return registry.Errorf(registry.CodeUnavailable, "", "the peer ended the stream of blocks")
			}
			heard = time.Now()
			if err := f.block(block); err != nil {
				return err
			}
		case h := <-beats:
			known = &h
			if h.ownErr == nil && h.own >= f.next && h.others <= h.own {
				heard = time.Now()
			}
		}
		if f.setBack(known) {
			f.ended = registry.Errorf(registry.CodeNotFound, "height", "asked for height %d, the ledger ends at %d", f.from, known.own-1)
			return f.ended
		}
		if known != nil && known.upTo(f.next) {
			heard, known = time.Now(), nil
			if f.ended = f.fn(nil); f.ended != nil {
				return f.ended
			}
		}
		if time.Since(heard) > silentFor {
			return registry.Errorf(registry.CodeUnavailable, "", "the peer is silent, or behind the others")
		}
	}
}

// upTo tells that nothing is newer than what was handed over.
func (h *heights) upTo(next uint64) bool {
	return h.ownErr == nil && h.own == next && h.others <= next && (h.heard > 0 || h.others0 == 0)
}

// setBack tells that no peer has the block before the one asked for first.
func (f *follower) setBack(h *heights) bool {
	return h != nil && f.next == f.from && h.ownErr == nil && h.heard == h.others0 && max(h.own, h.others) < f.from
}

// block hands over a block's commits. After an error the block counts as not
// handed over; no session goes on then.
func (f *follower) block(block *common.Block) error {
	number := block.GetHeader().GetNumber()
	if number != f.next {
		return registry.Errorf(registry.CodeUnavailable, "", "block %d came instead of %d", number, f.next)
	}
	commits, err := f.ledger.commitsOf(block)
	if registry.CodeOf(err) == registry.CodeUnavailable {
		return err
	}
	if err != nil {
		f.ended = registry.Errorf(registry.CodeLedgerDamaged, "", "following the ledger").WithCause(err)
		return f.ended
	}
	for _, c := range commits {
		if f.ended = f.fn(c); f.ended != nil {
			return f.ended
		}
	}
	f.next = number + 1
	return nil
}

// ask samples the peers' heights until ctx ends.
func ask(ctx context.Context, who *identityOf, via *link, to chan<- heights) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		h := sample(ctx, who, via)
		select {
		case to <- h:
		case <-ctx.Done():
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sample asks all peers at once and waits for all of them, beatWithin at most:
// a peer that has more must be heard, too.
func sample(ctx context.Context, who *identityOf, via *link) heights {
	ctx, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	type answer struct {
		own    bool
		height uint64
		err    error
	}
	all := slices.Concat(who.links, who.watched)
	answers := make(chan answer, len(all))
	for _, link := range all {
		go func() {
			height, err := heightOf(ctx, link)
			answers <- answer{link == via, height, err}
		}()
	}
	h := heights{others0: len(all) - 1}
	for range all {
		switch a := <-answers; {
		case a.own:
			h.own, h.ownErr = a.height, a.err
		case a.err == nil:
			h.others, h.heard = max(h.others, a.height), h.heard+1
		}
	}
	return h
}
