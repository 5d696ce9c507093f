package main

import (
	"context"
	"errors"
	"fmt"
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
	writers   = 8
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
	var wheel []*template
	for _, t := range w.templates {
		for range t.weight {
			wheel = append(wheel, t)
		}
	}
	for w.count < size {
		var issues []*act
		for range min(batchSize, size-w.count) {
			t := wheel[(w.count*541)%len(wheel)] // far apart: every power early
			a := w.license(t, w.count, w.place(t.issuer.Code))
			if a.nth = t.made; a.nth%10 == 3 && t.form() != "" {
				w.print(a, w.count)
			}
			t.made++
			issues = append(issues, a)
			w.count++
		}
		if err := w.fillBatch(ctx, issues); err != nil {
			return err
		}
		fmt.Printf("\rfilled %d licenses, %d acts, %s ", w.count, w.acts, time.Since(began).Round(time.Second))
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	fmt.Printf("\rfilled %d licenses with %d acts in %s\n", w.count, w.acts, time.Since(began).Round(time.Second))
	return nil
}

func (w *world) fillBatch(ctx context.Context, issues []*act) error {
	if err := w.bring(ctx, issues); err != nil {
		return err
	}
	var later, last []*act
	for i, a := range issues {
		n := w.count - len(issues) + i
		if err := w.aside(ctx, a, n); err != nil {
			return err
		}
		if n%10 != 0 {
			later = append(later, w.next(a, registry.Deliver, registry.GroundElectronic))
		}
		w.sample(a, n)
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
		if err := w.app.Store.Cases.AddCaseStep(ctx, registry.CaseStep{Statement: registry.CaseStatement{Grant: in.Grant, Case: in.Case, Number: 1,
			Kind: registry.CaseAccept, Organization: in.Organization, At: w.now(), Days: 5}}); err != nil {
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
	if err := w.app.Store.Sheets.AddSheet(ctx, sheet); err != nil || w.sheets < 3 {
		w.sheets++ // the first stay open
		return err
	}
	return w.app.Store.Sheets.EndSheet(ctx, sheet.Digest, office.SheetSet, "", "")
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

// settle waits for the view, and has PostgreSQL look at its tables as it does by
// itself in time.
func (w *world) settle(ctx context.Context) error {
	if err := w.app.UpToDate(ctx); err != nil {
		return err
	}
	return w.sql(ctx, "VACUUM ANALYZE")
}

// bring takes acts from the first commit to the last, in the stores and on the
// ledger.
func (w *world) bring(ctx context.Context, acts []*act) error {
	if err := side(acts, func(a *act) error {
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
	w.acts += len(acts)
	return side(acts, func(a *act) error {
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
	batch := registry.Batch{Namespace: member, Rules: registry.NewestRules, Time: w.now()}
	for _, a := range acts {
		batch.Entries = append(batch.Entries, a.entry)
	}
	keys := w.keys().Store
	for _, organization := range batch.AuthorsOf() {
		key, ok := keys.Current(signer.ActLabel(organization))
		if !ok {
			return fmt.Errorf("no act key of %s", organization)
		}
		signature, err := signer.SignRaw(keys, key, registry.AuthorshipMessage(member, batch.DigestsOf(organization)))
		if err != nil {
			return err
		}
		batch.Authors = append(batch.Authors, registry.Authorship{Organization: organization, Key: key, Signature: signature})
	}
	tx, err := w.app.Ports.Ledger.Prepare(ctx, batch)
	if err != nil {
		return err
	}
	commit, err := w.app.Ports.Ledger.Submit(ctx, tx)
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

// stampBytes is the size of a time stamp, which a real receipt has.
const stampBytes = 1200

// side does for each act what do does, some at a time.
func side(acts []*act, do func(*act) error) error {
	var next, failed = make(chan *act), make(chan error, writers)
	var wait sync.WaitGroup
	for range writers {
		wait.Go(func() {
			var err error
			for a := range next {
				if err == nil {
					err = do(a)
				}
			}
			failed <- err
		})
	}
	for _, a := range acts {
		next <- a
	}
	close(next)
	wait.Wait()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
