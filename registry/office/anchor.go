package office

import (
	"context"
	"errors"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Work brings proceedings forward until ctx ends: what is approved is sealed,
// what is sealed is anchored. After a restart it goes on from the stored steps
// with the same functions.
func (o *Office) Work(ctx context.Context, idle time.Duration) {
	for ctx.Err() == nil {
		busy, err := o.Advance(ctx)
		if err != nil && ctx.Err() == nil {
			o.Log.Error("worker", "error", err)
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
func (o *Office) Advance(ctx context.Context) (busy bool, err error) {
	lease := o.Config.LeaseFor
	if lease == 0 {
		lease = time.Minute
	}
	most := o.Config.BatchMost
	if most == 0 {
		most = 500
	}
	waiting, err := o.Store.Lease(ctx, []Step{StepApproved, StepSealed}, most, o.now().Add(lease))
	if err != nil || len(waiting) == 0 {
		return false, err
	}
	var sealed []*Proceeding
	for _, p := range waiting {
		if p.Step == StepSealed {
			sealed = append(sealed, p)
			continue
		}
		if err := o.Seal(ctx, p); err != nil {
			o.again(ctx, p, err)
			continue
		}
		if err := o.Store.Release(ctx, []sm.Digest{p.Digest}, 0); err != nil {
			return true, err
		}
	}
	return true, o.Anchor(ctx, sealed)
}

// Anchor takes sealed proceedings to the ledger and each to its end: anchored
// or refused.
func (o *Office) Anchor(ctx context.Context, sealed []*Proceeding) error {
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
func (o *Office) anchorAll(ctx context.Context, namespace string, proceedings []*Proceeding) {
	err := o.anchorBatch(ctx, namespace, proceedings)
	if err == nil {
		return
	}
	if len(proceedings) == 1 || registry.CodeOf(err).Kind() == registry.KindUnavailable || registry.CodeOf(err) == registry.CodeLedgerConflict {
		o.Log.Warn("anchoring is tried again", "namespace", namespace, "entries", len(proceedings), "error", err)
		o.retry(ctx, proceedings)
		return
	}
	for _, p := range proceedings {
		o.anchorAll(ctx, namespace, []*Proceeding{p})
	}
}

// again lets go of one proceeding after a failure that concerns it alone.
func (o *Office) again(ctx context.Context, p *Proceeding, err error) {
	o.Log.Warn("proceeding is tried again", "intent", p.Digest, "error", err)
	o.retry(ctx, []*Proceeding{p})
}

// resume finishes proceedings whose transaction was committed and returns
// those that still have to be submitted.
func (o *Office) resume(ctx context.Context, sealed []*Proceeding) (fresh []*Proceeding) {
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
		commit, err := o.Ledger.Lookup(ctx, namespace, p.Transaction)
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
func (o *Office) anchorBatch(ctx context.Context, namespace string, proceedings []*Proceeding) error {
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
	if err := o.sign(ctx, &batch); err != nil {
		return err
	}
	tx, err := o.Ledger.Prepare(ctx, batch)
	if err != nil {
		return err
	}
	// 4. The transaction id is durable before the ledger hears of it.
	if err := o.Store.Submitting(ctx, digests, tx.ID); err != nil {
		return err
	}
	commit, err := o.Ledger.Submit(ctx, tx)
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

func (o *Office) sign(ctx context.Context, batch *registry.Batch) error {
	for _, organization := range batch.AuthorsOf() {
		var own []*registry.Entry
		for _, e := range batch.Entries {
			if e.Author() == organization {
				own = append(own, e)
			}
		}
		authorship, err := o.Sealer.Authorship(ctx, organization, batch.Namespace, own)
		if err != nil {
			return err
		}
		batch.Authors = append(batch.Authors, authorship)
	}
	return nil
}

// conclude reads the ledger's answer for one proceeding: commit 3, or refused.
func (o *Office) conclude(ctx context.Context, commit *registry.Commit, shared *proof, p *Proceeding) error {
	own := p.Entry.Digest()
	for i, e := range commit.Batch.Entries {
		if e.Digest() != own {
			continue
		}
		result := commit.Outcome.Results[i]
		switch {
		case result.Repeat:
			return o.concludeRepeat(ctx, p)
		case !result.Accepted():
			return o.Store.Refused(ctx, p.Digest, StepSealed, result.Code, "refused by the ledger")
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
func (o *Office) concludeRepeat(ctx context.Context, p *Proceeding) error {
	standing, err := o.View.Standing(p.Intent.Identifier.Base())
	if err != nil {
		return err
	}
	own := p.Entry.Digest()
	for _, a := range standing.Entries {
		if a.Entry.Digest() != own {
			continue
		}
		commit, err := o.Ledger.Lookup(ctx, a.Namespace, a.Transaction)
		if err != nil {
			return err
		}
		return o.conclude(ctx, commit, &proof{}, p)
	}
	return registry.Errorf(registry.CodeUnavailable, "", "the view has not reached the entry yet")
}

// proof is what all receipts of one commit share: the ledger's evidence and a
// time stamp over it. It is gathered once.
type proof struct{ evidence, stamp []byte }

func (o *Office) prove(ctx context.Context, commit *registry.Commit, shared *proof) error {
	if shared.evidence != nil {
		return nil
	}
	evidence, err := o.Ledger.Evidence(ctx, commit)
	if err != nil {
		return err
	}
	if shared.stamp, err = o.Sealer.TimeStamp(ctx, sm.Sum(evidence)); err != nil {
		o.Log.Warn("receipts without time stamp", "transaction", commit.Transaction, "error", err)
		shared.stamp = nil
	}
	shared.evidence = evidence
	return nil
}

// receipt lays out the proof of anchoring of one entry.
func (o *Office) receipt(ctx context.Context, commit *registry.Commit, shared *proof, i int) (*registry.Receipt, error) {
	receipt, err := registry.NewReceipt(commit, i)
	if err != nil {
		return nil, err
	}
	if err := o.prove(ctx, commit, shared); err != nil {
		return nil, err
	}
	receipt.Ledger, receipt.Evidence, receipt.TimeStamp = o.Ledger.Name(), shared.evidence, shared.stamp
	return receipt, nil
}

// viewPatience is how long a commit waits for the status view to see it.
const viewPatience = 30 * time.Second

// anchored is commit 3, after the view has seen the commit: what is released
// now also verifies now.
func (o *Office) anchored(ctx context.Context, height uint64, p *Proceeding, receipt *registry.Receipt) error {
	wait, cancel := context.WithTimeout(ctx, viewPatience)
	defer cancel()
	if err := o.View.Await(wait, height); err != nil {
		return registry.Errorf(registry.CodeUnavailable, "", "the status view has not reached height %d", height).WithCause(err)
	}
	standing, err := o.View.Standing(p.Intent.Identifier.Base())
	if err != nil {
		return err
	}
	if err := o.Store.Anchored(ctx, p.Digest, receipt, standing.License); err != nil {
		return err
	}
	if o.Published != nil {
		o.Published(p, o.Clock())
	}
	return nil
}

// retry lets go of proceedings so that they are tried again after a wait.
func (o *Office) retry(ctx context.Context, proceedings []*Proceeding) {
	wait := o.Config.RetryWait
	if wait == 0 {
		wait = 2 * time.Second
	}
	var digests []sm.Digest
	for _, p := range proceedings {
		digests = append(digests, p.Digest)
	}
	if err := o.Store.Release(context.WithoutCancel(ctx), digests, wait); err != nil {
		o.Log.Error("lease is left to run out", "error", err)
	}
}
