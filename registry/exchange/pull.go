package exchange

import (
	"context"
	"errors"
	"sync"
	"time"

	"tongzheng/registry"
)

// dueMost is how many versions are read from the shelf at a time.
const dueMost = 32

// employ starts the worker of a member, once in a Run.
func (l *Library) employ(ctx context.Context, member string, employed map[string]bool, workers *sync.WaitGroup) {
	if employed[member] {
		return
	}
	employed[member] = true
	l.mu.Lock()
	k := l.links[member]
	if k == nil {
		k = &link{wake: make(chan struct{}, 1)}
		l.links[member] = k
	}
	l.mu.Unlock()
	workers.Go(func() { l.serve(ctx, member, k) })
}

// serve asks one member's registry for what waits, in the order of the ledger, one
// version at a time.
func (l *Library) serve(ctx context.Context, member string, k *link) {
	for ctx.Err() == nil {
		wait := l.pull(ctx, member, k)
		timer := time.NewTimer(wait)
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				waiting = false
			case <-timer.C:
				waiting = false
			case <-k.wake: // an outage is waited out, unless a hint says that it is over
				waiting = l.pause(k) > 0
			}
		}
		timer.Stop()
	}
}

// pause is how long the member is left alone after failures.
func (l *Library) pause(k *link) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return k.state.Next.Sub(l.Clock())
}

// idle is when the shelf is looked at without anything having been heard.
const idle = 30 * time.Second

// pull asks for what is due, and says when to look again.
func (l *Library) pull(ctx context.Context, member string, k *link) time.Duration {
	for ctx.Err() == nil {
		neighbor, err := l.Directory.Neighbor(member)
		l.exchanges(k, err == nil)
		if err != nil {
			return idle
		}
		due, next, err := l.Shelf.Due(ctx, member, l.Clock(), dueMost)
		if err != nil {
			return l.failed(ctx, k, err)
		}
		if len(due) == 0 {
			if next.IsZero() {
				return idle
			}
			return min(idle, max(10*time.Millisecond, next.Sub(l.Clock())))
		}
		asking, err := newWants(l.View, l.Directory, l.Clock())
		if err != nil {
			return l.failed(ctx, k, err)
		}
		for _, w := range due {
			if err := l.fetch(ctx, asking, neighbor, w, k); err != nil {
				return l.failed(ctx, k, err)
			}
		}
	}
	return idle
}

func (l *Library) exchanges(k *link, does bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k.state.Exchanges = does
}

// fetch brings one version here, or notes why it is not. An error is the member's, or our
// own: nothing else is asked for meanwhile.
// The steps are those of docs/use-cases.md.
func (l *Library) fetch(ctx context.Context, asking *wants, n Neighbor, w Want, k *link) error {
	// 1. What the ledger says of it now, and whose it is here.
	standing, err := l.View.Standing(w.Identifier.Base())
	if err != nil {
		return err
	}
	made, ok := standing.VersionEntry(w.Identifier.Version)
	if !ok || made.Entry.Intent.Digest() != w.Intent {
		return l.mend(ctx, w, true, errors.New("the ledger has no such version"))
	}
	organization, relations, err := asking.whose(w.Identifier.Issuer, standing)
	if err != nil {
		return err
	}
	if organization == "" {
		return l.mend(ctx, w, true, errors.New("no organization here may see it any more"))
	}
	w.Organization = organization
	// 2. Ask.
	raw, version, err := l.Neighbors.Package(ctx, n.Member, Ask{w.Identifier, organization, made.Height})
	if err != nil {
		return l.unanswered(ctx, w, k, err)
	}
	l.answered(k, version)
	// 3. Hold it against the ledger.
	c, err := l.examiner.examine(raw, made)
	if spoiled(err) {
		return l.aside(ctx, w, raw, err)
	}
	if err != nil {
		return err
	}
	// 4. Keep it.
	return l.Shelf.Keep(ctx, Taken{Want: w, Relations: relations, Package: raw, Found: found(&c.Opened), At: l.Clock()})
}

// unanswered notes what a member's registry did not give. What concerns the version alone
// is no error.
func (l *Library) unanswered(ctx context.Context, w Want, k *link, err error) error {
	code := registry.CodeOf(err)
	switch code {
	case registry.CodeTooLarge, registry.CodeMalformed:
		l.answered(k, 0)
		return l.aside(ctx, w, nil, err)
	case registry.CodeNotFound, registry.CodeNotYet:
		l.answered(k, 0)
		state := registry.CopyMissing
		if code == registry.CodeNotFound {
			state = registry.CopyRefused
		}
		return l.Shelf.Missed(ctx, w, l.miss(w, state, code, detailOf(err)))
	}
	return err
}

// aside keeps what does not fit apart.
func (l *Library) aside(ctx context.Context, w Want, raw []byte, why error) error {
	a := Aside{Want: w, Miss: l.miss(w, registry.CopyAside, registry.CodeOf(why), detailOf(why)), Bytes: len(raw), Digest: digest(raw)}
	if len(raw) <= asideBytes {
		a.Package = raw
	}
	if len(raw) == 0 {
		a.Digest = digest([]byte(a.Detail))
	}
	l.Log.Warn("what another member handed over is not what the ledger says", "member", w.Member, "identifier", w.Identifier.String(), "error", why)
	return l.Shelf.PutAside(ctx, a)
}

// asideBytes bounds what is kept of one package that does not fit.
const asideBytes = 1 << 20

func (l *Library) miss(w Want, state registry.CopyState, code registry.Code, detail string) Miss {
	first, now := l.FirstWait, l.Clock()
	if state != registry.CopyMissing {
		first = max(first, time.Minute) // a refusal and a false package do not mend themselves at once
		first = min(first, l.LastWait)
	}
	return Miss{State: state, Code: code, Detail: detail, At: now, Next: now.Add(doubled(first, l.LastWait, w.Tries, l.Jitter))}
}

func detailOf(err error) string {
	var e *registry.Error
	if errors.As(err, &e) {
		if e.Field != "" {
			return e.Field + ": " + e.Detail
		}
		return e.Detail
	}
	return "" // an inner error is for the log
}

func (l *Library) answered(k *link, version int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if version == 0 {
		version = k.state.Version
	}
	k.state = registry.MemberState{Exchanges: true, Version: version, Answered: l.Clock()}
}

// failed notes that a member's registry, or our own shelf, is out of reach, and for how
// long it is left alone.
func (l *Library) failed(ctx context.Context, k *link, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := doubled(l.Outage, outageMost, k.state.Failures, l.Jitter)
	if k.state.Failures++; k.state.Failures == 1 {
		l.Log.Warn("exchange", "error", err)
	}
	k.state.Code, k.state.Detail, k.state.Next = registry.CodeOf(err), detailOf(err), l.Clock().Add(wait)
	return wait
}
