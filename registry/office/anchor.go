package office

import (
	"context"
	"errors"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Anchoring brings approved acts to the ledger: sealed, anchored, released. It
// works for nobody in particular, so it takes no Actor.
type Anchoring struct {
	*common
	queue    AnchorQueue
	licenses interface {
		Version(ctx context.Context, base string, version int) (*Version, error)
	}
	catalog interface {
		Type(ctx context.Context, code string, version int) (*registry.LicenseType, error)
	}
	ledger interface {
		Name() string
		Prepare(ctx context.Context, batch registry.Batch) (registry.Transaction, error)
		Submit(ctx context.Context, tx registry.Transaction) (*registry.Commit, error)
		Lookup(ctx context.Context, namespace, id string) (*registry.Commit, error)
		DryRun(ctx context.Context, batch registry.Batch) (*registry.Outcome, error)
		Read(ctx context.Context, namespace string, keys []string) ([][]byte, error)
		Evidence(ctx context.Context, c *registry.Commit) ([]byte, error)
	}
	sealer interface {
		Seal(ctx context.Context, job registry.SealJob) (*registry.SealResult, error)
		Register(ctx context.Context, job registry.SealJob) (*registry.Entry, error)
		author
		ActsFor(ctx context.Context, organization string) error
		TimeStamp(ctx context.Context, digest sm.Digest) ([]byte, error)
	}
	gathering sync.Mutex                        // one worker gathers sealed acts at a time
	gathered  time.Time                         // when the last one that found any began; under gathering
	overdue   OverdueStore                      // nil: proposals never end by themselves
	published func(p *Proceeding, at time.Time) // nil: nobody listens
}

// author signs for an organization's entries of a batch.
type author interface {
	Authorship(ctx context.Context, organization, namespace string, entries []*registry.Entry) (registry.Authorship, error)
}

// Work brings proceedings forward until ctx ends: what is approved is sealed,
// what is sealed is anchored. After a restart it goes on from the stored steps
// with the same functions. What nobody approves in time ends.
func (o *Anchoring) Work(ctx context.Context, idle time.Duration) {
	var looked time.Time
	for ctx.Err() == nil {
		if time.Since(looked) >= expireEvery {
			looked = time.Now()
			if err := o.Expire(ctx); err != nil && ctx.Err() == nil {
				o.log.Error("ending overdue proposals", "error", err)
			}
		}
		busy, err := o.Advance(ctx)
		if err != nil && ctx.Err() == nil {
			o.log.Error("worker", "error", err)
		}
		if busy && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(idle):
		}
	}
}

// Advance does one round of work and tells whether there was any.
func (o *Anchoring) Advance(ctx context.Context) (busy bool, err error) {
	approved, sealed, err := o.lease(ctx)
	if err != nil || len(approved)+len(sealed) == 0 {
		return false, err
	}
	for _, p := range approved {
		if err := o.Seal(ctx, p); err != nil {
			o.again(ctx, p, err)
			continue
		}
		if err := o.queue.Release(ctx, []sm.Digest{p.Digest}, 0); err != nil {
			return true, err
		}
	}
	return true, o.Anchor(ctx, sealed)
}

// gatherFor is how long a sealed act waits for others to share a transaction with,
// when it comes alone.
const gatherFor = 10 * time.Millisecond

// gatherApart is how far apart transactions begin in this process at least: in a flood
// each then has a dozen licenses and not two, who share its signatures, its commit and
// its time stamp.
const gatherApart = 40 * time.Millisecond

// lease takes what waits. Sealed acts are gathered by one worker at a time, who waits
// a moment for more: licenses of several organizations that come alone then go
// together, while other workers seal, or bring what was gathered before to the ledger.
func (o *Anchoring) lease(ctx context.Context) (approved, sealed []*Proceeding, err error) {
	lease, most := o.config.LeaseFor, o.config.BatchMost
	if lease == 0 {
		lease = time.Minute
	}
	if most == 0 {
		most = 500
	}
	steps := []Step{StepApproved}
	if o.gathering.TryLock() {
		defer o.gathering.Unlock()
		steps = append(steps, StepSealed)
	}
	waiting, err := o.queue.Lease(ctx, steps, most, o.now().Add(lease))
	if err != nil {
		return nil, nil, err
	}
	for _, p := range waiting {
		if p.Step == StepSealed {
			sealed = append(sealed, p)
		} else {
			approved = append(approved, p)
		}
	}
	if len(sealed) == 0 {
		return approved, sealed, nil
	}
	wait := o.gatherWait(len(sealed) >= most)
	if wait == 0 {
		return approved, sealed, nil
	}
	select {
	case <-ctx.Done():
		return approved, sealed, nil
	case <-time.After(wait):
	}
	more, err := o.queue.Lease(ctx, []Step{StepSealed}, most-len(sealed), o.now().Add(lease))
	if err != nil {
		o.log.Warn("gathering sealed acts", "error", err) // those at hand go on
	}
	return approved, append(sealed, more...), nil
}

// gatherWait is how long who gathers waits for more, until the transaction begins; full:
// no more would fit. The caller holds gathering.
func (o *Anchoring) gatherWait(full bool) time.Duration {
	now, wait := time.Now(), o.config.GatherFor
	if wait == 0 {
		wait = max(gatherFor, gatherApart-now.Sub(o.gathered))
	}
	if full || wait < 0 {
		wait = 0
	}
	o.gathered = now.Add(wait)
	return wait
}

// Anchor takes sealed proceedings to the ledger and each to its end: anchored
// or refused.
func (o *Anchoring) Anchor(ctx context.Context, sealed []*Proceeding) error {
	// 1. Those submitted before: ask what became of the transaction.
	fresh := o.resume(ctx, sealed)
	// 2. A batch belongs to one namespace.
	byNamespace := map[string][]*Proceeding{}
	var namespaces []string
	for _, p := range fresh {
		namespace, err := o.namespace(&p.Intent)
		if err != nil {
			o.again(ctx, p, err)
			continue
		}
		if byNamespace[namespace] == nil {
			namespaces = append(namespaces, namespace)
		}
		byNamespace[namespace] = append(byNamespace[namespace], p)
	}
	// Each by itself: a member that is cut off keeps nobody else's waiting.
	var all sync.WaitGroup
	for _, namespace := range namespaces {
		all.Go(func() {
			for _, batch := range byBytes(byNamespace[namespace], batchBytes) {
				o.anchorAll(ctx, namespace, batch)
			}
		})
	}
	all.Wait()
	return nil
}

// batchBytes is what the entries of a batch may have together: orderers take no
// message of more than some megabytes, and would refuse it for ever.
const batchBytes = 1 << 20

// byBytes splits proceedings into batches in their order. One that is larger by
// itself goes alone.
func byBytes(all []*Proceeding, most int) (batches [][]*Proceeding) {
	size := 0
	for _, p := range all {
		own := len(p.Entry.Bytes())
		if len(batches) == 0 || size+own > most {
			batches, size = append(batches, nil), 0
		}
		last := len(batches) - 1
		batches[last], size = append(batches[last], p), size+own
	}
	return batches
}

// anchorAll submits a batch. When the batch as a whole is refused, each goes by
// itself, so that one bad proceeding cannot hold up the others.
func (o *Anchoring) anchorAll(ctx context.Context, namespace string, proceedings []*Proceeding) {
	err := o.anchorBatch(ctx, namespace, proceedings)
	if err == nil {
		return
	}
	if len(proceedings) == 1 && registry.CodeOf(err) == registry.CodeActKey {
		o.unsigned(ctx, proceedings[0])
		return
	}
	if len(proceedings) == 1 || registry.CodeOf(err).Kind() == registry.KindUnavailable || registry.CodeOf(err) == registry.CodeLedgerConflict {
		o.log.Warn("anchoring is tried again", "namespace", namespace, "entries", len(proceedings), "error", err)
		o.retry(ctx, proceedings)
		return
	}
	for _, p := range proceedings {
		o.anchorAll(ctx, namespace, []*Proceeding{p})
	}
}

// again lets go of one proceeding after a failure that concerns it alone.
func (o *Anchoring) again(ctx context.Context, p *Proceeding, err error) {
	o.log.Warn("proceeding is tried again", "intent", p.Digest, "error", err)
	o.retry(ctx, []*Proceeding{p})
}

// resume finishes proceedings whose transaction was committed and returns
// those that still have to be submitted.
func (o *Anchoring) resume(ctx context.Context, sealed []*Proceeding) (fresh []*Proceeding) {
	for _, p := range sealed {
		if p.Transaction == "" {
			fresh = append(fresh, p)
			continue
		}
		namespace, err := o.namespace(&p.Intent)
		if err != nil {
			o.again(ctx, p, err)
			continue
		}
		commit, err := o.ledger.Lookup(ctx, namespace, p.Transaction)
		switch {
		case errors.Is(err, &registry.Error{Code: registry.CodeNotFound}):
			fresh = append(fresh, p)
		case err != nil: // unknown is never called failed: ask again later
			o.again(ctx, p, err)
		default:
			if err := o.conclude(ctx, commit, &proof{}, p); err != nil {
				o.again(ctx, p, err)
			}
		}
	}
	return fresh
}

// anchorBatch submits one transaction.
func (o *Anchoring) anchorBatch(ctx context.Context, namespace string, proceedings []*Proceeding) error {
	rules, err := o.rules()
	if err != nil {
		return err
	}
	batch := registry.Batch{Namespace: namespace, Rules: rules.Version, Time: o.now().Unix()}
	var digests []sm.Digest
	for _, p := range proceedings {
		batch.Entries = append(batch.Entries, p.Entry)
		digests = append(digests, p.Digest)
	}
	// 3. Each organization's act key signs for its entries in this composition.
	if err := signBatch(ctx, o.sealer, &batch); err != nil {
		return err
	}
	tx, err := o.ledger.Prepare(ctx, batch)
	if err != nil {
		return err
	}
	// 4. The transaction id is durable before the ledger hears of it.
	if err := o.queue.Submitting(ctx, digests, tx.ID); err != nil {
		return err
	}
	commit, err := o.ledger.Submit(ctx, tx)
	if err != nil {
		return err
	}
	// 5. Each proceeding to its end; what fails for one is tried again for it
	// alone.
	shared := &proof{}
	for _, p := range proceedings {
		if err := o.conclude(ctx, commit, shared, p); err != nil {
			o.again(ctx, p, err)
		}
	}
	return nil
}

// signBatch adds each organization's act-key signature over its entries.
func signBatch(ctx context.Context, by author, batch *registry.Batch) error {
	for _, organization := range batch.AuthorsOf() {
		var own []*registry.Entry
		for _, e := range batch.Entries {
			if e.Author() == organization {
				own = append(own, e)
			}
		}
		authorship, err := by.Authorship(ctx, organization, batch.Namespace, own)
		if err != nil {
			return err
		}
		batch.Authors = append(batch.Authors, authorship)
	}
	return nil
}

// conclude reads the ledger's answer for one proceeding: commit 3, or refused.
func (o *Anchoring) conclude(ctx context.Context, commit *registry.Commit, shared *proof, p *Proceeding) error {
	own := p.Entry.Digest()
	for i, e := range commit.Batch.Entries {
		if e.Digest() != own {
			continue
		}
		result := commit.Outcome.Results[i]
		switch {
		case result.Repeat:
			return o.concludeRepeat(ctx, p)
		case !result.Accepted() && p.Intent.Act == registry.Replace:
			return o.closeAgain(ctx, p, StepSealed, result.Code)
		case !result.Accepted():
			return o.queue.Refused(ctx, p.Digest, StepSealed, result.Code, "refused by the ledger")
		}
		receipt, err := o.receipt(ctx, commit, shared, i)
		if err != nil {
			return err
		}
		return o.anchored(ctx, commit.Height, p, receipt)
	}
	return registry.Errorf(registry.CodeInternal, "", "transaction %s does not carry the entry", commit.Transaction)
}

// concludeRepeat: the entry was anchored by an earlier transaction; its
// receipt comes from there.
func (o *Anchoring) concludeRepeat(ctx context.Context, p *Proceeding) error {
	standing, err := o.view.Standing(p.Intent.Identifier.Base())
	if err != nil {
		return err
	}
	own := p.Entry.Digest()
	for _, a := range standing.Entries {
		if a.Entry.Digest() != own {
			continue
		}
		commit, err := o.ledger.Lookup(ctx, a.Namespace, a.Transaction)
		if err != nil {
			return err
		}
		return o.conclude(ctx, commit, &proof{}, p)
	}
	return registry.Errorf(registry.CodeUnavailable, "", "the view has not reached the entry yet")
}

// proof is what all receipts of one commit share: the ledger's evidence, a time stamp
// over it, and the digests of the entries. It is gathered once.
type proof struct {
	evidence, stamp []byte
	receipts        *registry.Receipts
}

func (o *Anchoring) prove(ctx context.Context, commit *registry.Commit, shared *proof) error {
	if shared.evidence != nil {
		return nil
	}
	evidence, err := o.ledger.Evidence(ctx, commit)
	if err != nil {
		return err
	}
	if shared.stamp, err = o.sealer.TimeStamp(ctx, sm.Sum(evidence)); err != nil {
		o.log.Warn("receipts without time stamp", "transaction", commit.Transaction, "error", err)
		shared.stamp = nil
	}
	shared.evidence = evidence
	return nil
}

// receipt lays out the proof of anchoring of one entry.
func (o *Anchoring) receipt(ctx context.Context, commit *registry.Commit, shared *proof, i int) (*registry.Receipt, error) {
	if shared.receipts == nil {
		shared.receipts = registry.NewReceipts(commit)
	}
	receipt, err := shared.receipts.Of(i)
	if err != nil {
		return nil, err
	}
	if err := o.prove(ctx, commit, shared); err != nil {
		return nil, err
	}
	receipt.Ledger, receipt.Evidence, receipt.TimeStamp = o.ledger.Name(), shared.evidence, shared.stamp
	return receipt, nil
}

// viewPatience is how long a commit waits for the status view to see it.
const viewPatience = 30 * time.Second

// anchored is commit 3, after the view has seen the commit: what is released
// now also verifies now.
func (o *Anchoring) anchored(ctx context.Context, height uint64, p *Proceeding, receipt *registry.Receipt) error {
	wait, cancel := context.WithTimeout(ctx, viewPatience)
	defer cancel()
	if err := o.view.Await(wait, height); err != nil {
		return registry.Errorf(registry.CodeUnavailable, "", "the status view has not reached height %d", height).WithCause(err)
	}
	standing, err := o.view.Standing(p.Intent.Identifier.Base())
	if err != nil {
		return err
	}
	if err := o.double(ctx, p); err != nil {
		return err
	}
	if err := o.pair(ctx, p, standing); err != nil {
		return err
	}
	if err := o.queue.Anchored(ctx, p.Digest, receipt, standing.License); err != nil {
		return err
	}
	if o.published != nil {
		o.published(p, o.clock())
	}
	return nil
}

// retry lets go of proceedings so that they are tried again after a wait.
func (o *Anchoring) retry(ctx context.Context, proceedings []*Proceeding) {
	wait := o.retryWait()
	var digests []sm.Digest
	for _, p := range proceedings {
		digests = append(digests, p.Digest)
	}
	if err := o.queue.Release(context.WithoutCancel(ctx), digests, wait); err != nil {
		o.log.Error("lease is left to run out", "error", err)
	}
}
