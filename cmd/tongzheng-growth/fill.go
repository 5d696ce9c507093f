package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
	"tongzheng/signer"
)

const (
	batchSize = 250
	inFlight  = 4  // batches
	writers   = 4  // acts of a batch
	early     = 20 // licenses of an authority that issued long ago
	waiting   = 2  // acts of each power that wait for signatures, at every size
	samples   = 4096
)

// findLists reads the status lists that the issuers have.
func (w *world) findLists() error {
	records, err := w.app.View.Records(registry.KindInstance)
	if err != nil {
		return err
	}
	for _, record := range records {
		instance := record.(*registry.Instance)
		w.lists[instance.Issuer] = instance.Lists
		if last, any, err := w.app.View.LastPlace(instance.Lists[0]); err != nil {
			return err
		} else if any {
			w.places[instance.Issuer] = last + 1
		}
	}
	return nil
}

// moreLists orders status lists for what the issuers will need.
func (w *world) moreLists(ctx context.Context, size int) error {
	records, err := w.app.View.Records(registry.KindInstance)
	if err != nil {
		return err
	}
	next := uint32(0)
	for _, lists := range w.lists {
		next = max(next, slices.Max(lists)+1)
	}
	total := 0
	for _, t := range w.templates {
		total += t.weight
	}
	share := map[string]int{}
	for _, t := range w.templates {
		share[t.issuer.Code] += size * t.weight / total
	}
	var drafts []office.OrderDraft
	for _, record := range records {
		instance := *record.(*registry.Instance)
		want := 1 + (share[instance.Issuer]+share[instance.Issuer]/5+1000)/registry.StatusListSize
		if want <= len(instance.Lists) {
			continue
		}
		instance.Lists = slices.Clone(instance.Lists)
		for len(instance.Lists) < want {
			instance.Lists = append(instance.Lists, next)
			next++
		}
		w.lists[instance.Issuer] = instance.Lists
		drafts = append(drafts, office.OrderDraft{Organization: w.code(w.plan.City), Record: &instance, Basis: "growth"})
	}
	drafts = append(drafts, w.moreBlanks()...)
	if len(drafts) == 0 {
		return nil
	}
	return w.app.Office.Governing.Govern(ctx, registry.Operator("growth"), drafts)
}

// place takes the next place of an issuer.
func (w *world) place(issuer string) registry.Printing {
	at := w.places[issuer]
	w.places[issuer]++
	return registry.Printing{Number: 1, Copy: registry.Electronic, List: w.lists[issuer][at/registry.StatusListSize], Index: at % registry.StatusListSize}
}

// moreBlanks orders a print run of originals for every type and issuer that has such a
// form.
func (w *world) moreBlanks() (drafts []office.OrderDraft) {
	ordered := map[string]bool{}
	for _, t := range w.templates {
		stock := &registry.Stock{Type: t.kind.Code, Form: t.form(), Run: t.run(), Organization: t.issuer.Code, Ranges: []registry.BlankRange{{From: "00000001", To: "99999999"}}}
		if stock.Form != "" && !ordered[stock.Name()] {
			ordered[stock.Name()] = true
			drafts = append(drafts, office.OrderDraft{Organization: w.code(w.plan.City), Record: stock, Basis: "growth"})
		}
	}
	return drafts
}

// fill brings the city to so many licenses. Nine of ten files are delivered; one in
// ten licenses has an original on a numbered blank, delivered too, and one a case
// file; one in fifty is cancelled where its type has a ground for that. None is
// suspended: the one type that may be is suspended by another organization than its
// issuer. For every hundred there is an order sheet.
func (w *world) fill(ctx context.Context, size int) error {
	began := time.Now()
	if w.count == 0 {
		if err := w.moreLists(ctx, size*100); err != nil {
			return err
		}
		if err := w.fillEarly(ctx); err != nil {
			return err
		}
	}
	if err := w.sql(ctx, whileFilling...); err != nil {
		return err
	}
	var stopped error
	if err := side(ctx, inFlight, w.batches(ctx, size, &stopped), w.fillBatch); err != nil || stopped != nil {
		return errors.Join(err, stopped)
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	fmt.Printf("filled %d licenses with %d acts in %s\n", w.count, w.acts.Load(), time.Since(began).Round(time.Second))
	return nil
}

// batch is licenses in a row, before they are issued.
type batch struct {
	from   int // the number of the first
	issues []*act
}

// batches draws up licenses, one batch after another. Whenever there are twice as many
// as PostgreSQL has counted, it counts again: it does so by itself within a minute, in
// which filling goes ten times around tables that it takes for small.
func (w *world) batches(ctx context.Context, size int, stopped *error) iter.Seq[batch] {
	var wheel []*template
	for _, t := range w.templates {
		for range t.weight {
			wheel = append(wheel, t)
		}
	}
	return func(yield func(batch) bool) {
		said, then, counted := time.Now(), w.count, w.count
		for w.count < size {
			b := batch{from: w.count}
			for range min(batchSize, size-w.count) {
				t := wheel[(w.count*541)%len(wheel)] // far apart: every power early
				a := w.license(t, w.count, w.place(t.issuer.Code))
				if a.nth = t.made; a.nth%10 == 3 && t.form() != "" {
					w.print(a, w.count)
				}
				t.made++
				w.sample(a, w.count)
				b.issues = append(b.issues, a)
				w.count++
			}
			if !yield(b) {
				return
			}
			if w.count > 2*counted {
				if *stopped = w.sql(ctx, "ANALYZE"); *stopped != nil {
					return
				}
				counted = w.count
			}
			if took := time.Since(said); took > 10*time.Second {
				fmt.Printf("%s filled %d of %d licenses, %.0f a second\n", time.Now().Format(time.TimeOnly), w.count, size, float64(w.count-then)/took.Seconds())
				said, then = time.Now(), w.count
			}
		}
	}
}

func (w *world) fillBatch(ctx context.Context, b batch) error {
	if err := w.bring(ctx, b.issues); err != nil {
		return err
	}
	var later, last []*act
	for i, a := range b.issues {
		if err := w.aside(ctx, a, b.from+i); err != nil {
			return err
		}
		if (b.from+i)%10 != 0 {
			later = append(later, w.next(a, registry.Deliver, registry.GroundElectronic))
		}
	}
	if err := w.bring(ctx, later); err != nil {
		return err
	}
	for _, a := range later {
		cancel := groundFor(a, registry.Cancel)
		switch {
		case a.first.nth%50 == 7 && cancel != "":
			last = append(last, w.next(a, registry.Cancel, cancel))
		case len(a.issued().Printings) > 1:
			original := w.next(a, registry.Deliver, registry.GroundAtCounter)
			last = append(last, original)
		}
	}
	return w.bring(ctx, last)
}

// sample keeps licenses to ask for, evenly over all that there are: at every size
// enough that each is asked for once, so that no request finds what another left in a
// cache.
func (w *world) sample(a *act, n int) {
	if n%w.stride != 0 {
		return
	}
	w.filled = append(w.filled, filled{a.entry.Intent.Identifier, a.reservation.Proceeding.Digest, a.reservation.Version.Facts.Number, a.reservation.Version.Facts.Holder})
	if len(w.filled) < samples {
		return
	}
	for i := range samples / 2 {
		w.filled[i] = w.filled[2*i]
	}
	w.filled, w.stride = w.filled[:samples/2], w.stride*2
}

// aside keeps what comes with licenses, and is none: case files and order sheets.
func (w *world) aside(ctx context.Context, a *act, n int) error {
	in := a.issued()
	if n%10 == 4 {
		if err := w.app.Store.Cases.AddCaseSteps(ctx, office.CaseAddition{Steps: []registry.CaseStep{{Statement: registry.CaseStatement{Grant: in.Grant, Case: in.Case, Number: 1,
			Kind: registry.CaseAccept, Organization: in.Organization, At: w.now(), Days: 5}}}}); err != nil {
			return err
		}
	}
	if n%100 != 5 {
		return nil
	}
	order, err := registry.NewOrder(w.code(w.plan.City), &registry.Matter{Code: fmt.Sprintf("growth%d", n), FullName: "事项"}, "growth", w.now(), 1, sm.Digest{})
	if err != nil {
		return err
	}
	orders := []*registry.Order{order}
	sheet := &office.OrderSheet{Digest: order.Digest(), Orders: orders, Drafter: "growth", Created: w.app.Config.Clock()}
	if err := w.app.Store.Sheets.AddSheet(ctx, sheet); err != nil || w.sheets.Add(1) <= 3 { // the first stay open
		return err
	}
	return w.app.Store.Sheets.EndSheet(ctx, sheet, office.SheetSet, "", "")
}

func groundFor(a *act, kind registry.Act) string {
	if grounds := a.template.kind.Acts[kind.String()]; len(grounds) > 0 {
		return grounds[0].Code
	}
	return ""
}

// fillEarly gives the authorities without a share their few licenses, and everybody
// some acts that wait.
func (w *world) fillEarly(ctx context.Context) error {
	var issues []*act
	for _, t := range w.templates {
		if t.weight > 0 {
			continue
		}
		for range early {
			issues = append(issues, w.license(t, 90_000_000+len(issues), w.place(t.issuer.Code)))
		}
	}
	if err := w.bring(ctx, issues); err != nil {
		return err
	}
	for i, t := range w.templates {
		for j := range waiting {
			a := w.license(t, 91_000_000+100*i+j, w.place(t.issuer.Code))
			if err := w.reserve(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// whileFilling has PostgreSQL clean up behind the filling, as it does where the
// product runs, write the log longer before it writes the tables, and count nothing.
var whileFilling = []string{"ALTER SYSTEM SET autovacuum = on", "ALTER SYSTEM SET max_wal_size = '2GB'", "ALTER SYSTEM SET pg_stat_statements.track = 'none'", "SELECT pg_reload_conf()"}

// whileMeasuring takes that back, and does once what would come by itself in time.
var whileMeasuring = []string{"ALTER SYSTEM RESET autovacuum", "ALTER SYSTEM RESET max_wal_size", "ALTER SYSTEM RESET pg_stat_statements.track", "SELECT pg_reload_conf()",
	"VACUUM ANALYZE", "CHECKPOINT"}

// settle waits for the view, and for PostgreSQL to be as it is measured.
func (w *world) settle(ctx context.Context) error {
	if err := w.app.UpToDate(ctx); err != nil {
		return err
	}
	return w.sql(ctx, whileMeasuring...)
}

// bring takes acts from the first commit to the last, in the stores and on the
// ledger.
func (w *world) bring(ctx context.Context, acts []*act) error {
	if err := side(ctx, writers, slices.Values(acts), func(ctx context.Context, a *act) error {
		if err := w.reserve(ctx, a); err != nil {
			return err
		}
		if _, err := w.app.Store.AddApproval(ctx, a.reservation.Proceeding.Digest, 0, registry.Approval{Algorithm: registry.SM2SM3, KeyID: "growth", Signature: []byte("growth")}, true, a.reservation.By); err != nil {
			return err
		}
		return w.app.Store.Sealed(ctx, office.SealedAct{Intent: a.reservation.Proceeding.Digest, Entry: a.entry, Sealed: a.sealed})
	}); err != nil {
		return err
	}
	byMember := map[string][]*act{}
	for _, a := range acts {
		byMember[a.template.issuer.Member] = append(byMember[a.template.issuer.Member], a)
	}
	for _, member := range slices.Sorted(maps.Keys(byMember)) {
		if err := w.anchor(ctx, member, byMember[member]); err != nil {
			return err
		}
	}
	w.acts.Add(int64(len(acts)))
	return side(ctx, writers, slices.Values(acts), func(ctx context.Context, a *act) error {
		return w.app.Store.Anchored(ctx, a.reservation.Proceeding.Digest, a.receipt, a.after)
	})
}

func (w *world) reserve(ctx context.Context, a *act) error {
	in := &a.reservation.Proceeding.Intent
	if len(in.Printings) > 0 {
		tokens, err := w.app.Attester.Tokens(ctx, registry.TokenRequest{Identifier: in.Identifier, Printings: in.Printings})
		if err != nil {
			return err
		}
		for i, p := range in.Printings {
			a.reservation.Printings = append(a.reservation.Printings, office.PrintingRef{Token: tokens[i], Identifier: in.Identifier, Printing: p})
		}
	}
	return w.app.Store.Reserve(ctx, a.reservation)
}

// anchor commits the acts' entries of one member.
func (w *world) anchor(ctx context.Context, member string, acts []*act) error {
	commit, err := w.commit(ctx, member, acts)
	if err != nil {
		return err
	}
	evidence, err := w.app.Ports.Ledger.Evidence(ctx, commit)
	if err != nil {
		return err
	}
	receipts := registry.NewReceipts(commit)
	for i, a := range acts {
		if r := commit.Outcome.Results[i]; !r.Accepted() {
			return fmt.Errorf("%s %s under %s: %s %s", a.entry.Intent.Act, a.entry.Intent.Identifier, a.entry.Intent.Grant, r.Code, r.Field)
		}
		if a.after, err = registry.Apply(a.before, a.entry); err != nil {
			return err
		}
		if a.receipt, err = receipts.Of(i); err != nil {
			return err
		}
		a.receipt.Ledger, a.receipt.Evidence, a.receipt.TimeStamp = w.app.Ports.Ledger.Name(), evidence, make([]byte, stampBytes)
	}
	return w.app.View.Await(ctx, commit.Height)
}

// commit has the entries signed and committed: one batch at a time, since two that
// read what the other writes would not both be taken.
func (w *world) commit(ctx context.Context, member string, acts []*act) (*registry.Commit, error) {
	w.committing.Lock()
	defer w.committing.Unlock()
	batch := registry.Batch{Namespace: member, Rules: registry.NewestRules, Time: w.now()}
	for _, a := range acts {
		batch.Entries = append(batch.Entries, a.entry)
	}
	keys := w.keys().Store
	for _, organization := range batch.AuthorsOf() {
		key, ok := keys.Current(signer.ActLabel(organization))
		if !ok {
			return nil, fmt.Errorf("no act key of %s", organization)
		}
		signature, err := signer.SignRaw(keys, key, registry.AuthorshipMessage(member, batch.DigestsOf(organization)))
		if err != nil {
			return nil, err
		}
		batch.Authors = append(batch.Authors, registry.Authorship{Organization: organization, Key: key, Signature: signature})
	}
	tx, err := w.app.Ports.Ledger.Prepare(ctx, batch)
	if err != nil {
		return nil, err
	}
	return w.app.Ports.Ledger.Submit(ctx, tx)
}

// stampBytes is the size of a time stamp, which a real receipt has.
const stampBytes = 1200

// side does for each of a list what do does, so many at a time, until one fails.
func side[T any](ctx context.Context, workers int, list iter.Seq[T], do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan T)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for one := range next {
				if ctx.Err() != nil {
					continue
				}
				if err := do(ctx, one); err != nil {
					cancel(err)
				}
			}
		})
	}
	for one := range list {
		if ctx.Err() != nil {
			break
		}
		next <- one
	}
	close(next)
	wait.Wait()
	return context.Cause(ctx)
}
