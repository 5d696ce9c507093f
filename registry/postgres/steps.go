package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/pack"
	"tongzheng/registry/sm"
)

// Each step locks the proceeding's row, so that two workers at one step take
// turns; the second finds the step done and is told so, or nil when it did the
// same.

// wrongStep: the proceeding is not where the caller thinks.
func wrongStep(p *office.Proceeding) error {
	return registry.Errorf(registry.CodeActState, "intent", "the proceeding is %s", p.Step)
}

// AddApproval adds a checked signature; complete moves the proceeding to step
// approved in the same transaction.
func (s *Store) AddApproval(ctx context.Context, intent sm.Digest, have int, a registry.Approval, complete bool, by registry.Actor) (*office.Proceeding, error) {
	after, err := approveInOneTurn(ctx, s, intent, have, a, complete, by)
	if after != nil || err != nil {
		return after, err
	}
	err = s.inTx(ctx, "adding an approval", func(tx *pipe) error {
		p, err := proceeding(ctx, tx, intent, "FOR UPDATE")
		if err != nil {
			return err
		}
		for _, earlier := range p.Approvals {
			if earlier.KeyID == a.KeyID {
				return registry.Errorf(registry.CodeApprovalTwice, "approvals", "key %s has already signed", a.KeyID)
			}
		}
		if p.Step != office.StepReserved {
			return wrongStep(p)
		}
		if len(p.Approvals) != have {
			return registry.Errorf(registry.CodeStale, "approvals", "another signature came in meanwhile")
		}
		p.Approvals = append(p.Approvals, a)
		if complete {
			p.Step = office.StepApproved
		}
		approvals, err := encodeApprovals(p.Approvals)
		if err != nil {
			return err
		}
		p.Updated = s.now().In(registry.China)
		tx.later(`UPDATE proceeding SET approvals = $2, step = $3, updated = $4, next_try = $5, attempts = 0 WHERE intent = $1`,
			intent[:], approvals, string(p.Step), p.Updated, p.Updated.Add(sealWithin(p.Step)))
		finish(tx, p.Intent.Identifier.Base(), false, approvalEvent(intent, a, by, s.now()))
		after = p
		return nil
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

func approvalEvent(intent sm.Digest, a registry.Approval, by registry.Actor, at time.Time) office.AuditEvent {
	return office.AuditEvent{At: at, By: by, Operation: "approve", Subject: intent.String(), Detail: "key " + string(a.KeyID)}
}

func sealEvent(intent sm.Digest, at time.Time) office.AuditEvent {
	return office.AuditEvent{At: at, Operation: "seal", Subject: intent.String()}
}

func anchorEvent(intent sm.Digest, receipt *registry.Receipt, at time.Time) office.AuditEvent {
	return office.AuditEvent{At: at, Operation: "anchor", Subject: intent.String(), Detail: "transaction " + receipt.Transaction}
}

// sealWithin is how long a step is left to who brought it about.
func sealWithin(step office.Step) time.Duration {
	if step == office.StepApproved {
		return office.SealFirst
	}
	return 0
}

// Sealed is commit 2: entry, sealed document and anchoring job. The job is the
// row itself in step sealed. The same entry again is harmless. The lease stays
// with the worker that holds it until it lets go.
func (s *Store) Sealed(ctx context.Context, sealed office.SealedAct) error {
	if sealed.Entry == nil {
		return registry.Errorf(registry.CodeInternal, "", "sealed without an entry")
	}
	if done, err := s.seals.keepInOneTurn(ctx, s, sealed); done || err != nil {
		return err
	}
	entry := sealed.Entry.Bytes()
	var seal pack.Seal
	err := s.inTx(ctx, "keeping what was sealed", func(tx *pipe) error {
		p, err := proceeding(ctx, tx, sealed.Intent, "FOR UPDATE")
		if err != nil {
			return err
		}
		if (p.Step == office.StepSealed || p.Step == office.StepAnchored) && bytes.Equal(p.Entry.Bytes(), entry) {
			return nil
		}
		if p.Step != office.StepApproved {
			return wrongStep(p)
		}
		if sealed.Entry.Intent == nil || sealed.Entry.Intent.Digest() != p.Digest {
			return registry.Errorf(registry.CodeInternal, "", "the entry is of another intent")
		}
		documented := sealed.Parts != nil || len(sealed.Sealed) > 0
		if p.Intent.Seals() != documented {
			return registry.Errorf(registry.CodeInternal, "", "a sealed document belongs to acts that make a version here, and to these only")
		}
		tx.later(`UPDATE proceeding SET entry = $2, step = 'sealed', updated = $3, next_try = $3, attempts = 0 WHERE intent = $1`,
			p.Digest[:], entry, s.now())
		if documented {
			if seal, err = s.seals.keepDocument(tx, sealed); err != nil {
				return err
			}
		}
		finish(tx, p.Intent.Identifier.Base(), false, sealEvent(p.Digest, s.now()))
		return nil
		// inTx commits: commit 2.
	})
	if err == nil {
		s.seals.committed(seal)
	}
	return err
}

// Anchored is commit 3: receipt kept, document and paper released by the step,
// the license row brought to what the ledger says. A second time is harmless.
func (s *Store) Anchored(ctx context.Context, intent sm.Digest, receipt *registry.Receipt, after *registry.License) error {
	if receipt == nil {
		return registry.Errorf(registry.CodeInternal, "", "anchored without a receipt")
	}
	raw, err := json.Marshal(receipt)
	if err != nil {
		return fmt.Errorf("keeping a receipt: %w", err)
	}
	if after != nil {
		if done, err := anchorInOneTurn(ctx, s, intent, receipt, raw, after); done || err != nil {
			return err
		}
	}
	return s.inTx(ctx, "anchoring an act", func(tx *pipe) error {
		p, err := proceeding(ctx, tx, intent, "FOR UPDATE")
		if err != nil || p.Step == office.StepAnchored {
			return err
		}
		if p.Step != office.StepSealed {
			return wrongStep(p)
		}
		if !bytes.Equal(receipt.Entry, p.Entry.Bytes()) {
			return registry.Errorf(registry.CodeInternal, "", "the receipt is for another entry")
		}
		tx.later(`UPDATE proceeding SET step = 'anchored', receipt = $2, transaction = $3, lease_until = NULL, updated = $4 WHERE intent = $1`,
			intent[:], raw, receipt.Transaction, s.now())
		followLedger(tx, p.Intent.Identifier.Base(), after, []string{p.Intent.Grant}, p.Intent.Governed())
		finish(tx, p.Intent.Identifier.Base(), p.Intent.Act.MakesVersion(), anchorEvent(intent, receipt, s.now()))
		return nil
		// inTx commits: commit 3.
	})
}

// followLedger writes what the ledger says of a license, never back to an earlier act
// (nil for an act that says nothing of it), under which grants it was acted on, and
// whether governance says something of it: these only grow. The step comes with it,
// as finish would write it: what follows from the row (license_party) follows once.
func followLedger(tx *pipe, base string, l *registry.License, grants []string, overseen bool) {
	grants = slices.DeleteFunc(slices.Clone(grants), func(id string) bool { return id == "" })
	const parties = `UPDATE license SET grants = ARRAY(SELECT DISTINCT unnest(grants || $2::text[]) ORDER BY 1), overseen = overseen OR $3`
	if l != nil {
		tx.later(parties+`, version = $4, state = $5, sequence = $6, head = $7, paper_due = $8,
			step = coalesce((SELECT p.step FROM proceeding p WHERE p.base = $1 ORDER BY p.arrival DESC LIMIT 1), step) WHERE base = $1 AND sequence <= $6`,
			base, grants, overseen, l.Version, l.State.String(), int64(l.Sequence), l.Head[:], dueWords(l))
	}
	tx.later(parties+` WHERE base = $1 AND NOT (grants @> $2::text[] AND (overseen OR NOT $3))`, base, grants, overseen)
}

// dueWords are the acts that the license's paper waits for as far as its own
// namespace says, whatever the day.
func dueWords(l *registry.License) []string {
	words := []string{}
	for _, due := range l.PaperDue(l.State, 0) {
		if word := due.Act.String(); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// ReleasePending lets paper out before the ledger has answered. CodeActState
// unless the step is sealed.
func (s *Store) ReleasePending(ctx context.Context, intent sm.Digest, by registry.Actor) error {
	return s.inTx(ctx, "releasing paper as pending", func(tx *pipe) error {
		p, err := proceeding(ctx, tx, intent, "FOR UPDATE")
		if err != nil {
			return err
		}
		if p.Step != office.StepSealed {
			return wrongStep(p)
		}
		tx.later(`UPDATE proceeding SET pending = true, updated = $2 WHERE intent = $1`, intent[:], s.now())
		finish(tx, p.Intent.Identifier.Base(), false, office.AuditEvent{At: s.now(), By: by, Operation: "release pending", Subject: intent.String()})
		return nil
	})
}

// Refused is the terminal step: nothing stays released, version and printings
// are no longer live, the unit gets a task. A second time is harmless.
func (s *Store) Refused(ctx context.Context, intent sm.Digest, from office.Step, code registry.Code, detail string) error {
	if code == "" {
		return registry.Errorf(registry.CodeInternal, "", "refused without a code")
	}
	return s.inTx(ctx, "ending a refused act", func(tx *pipe) error {
		p, err := proceeding(ctx, tx, intent, "FOR UPDATE")
		if err != nil || p.Step == office.StepRefused {
			return err
		}
		if p.Step != from {
			return nil // it has gone on: another worker was first
		}
		var pending bool
		var unit string
		if err := tx.QueryRow(ctx, `UPDATE proceeding SET step = 'refused', refusal = $2, detail = $3, lease_until = NULL, updated = $4
			WHERE intent = $1 RETURNING pending, unit`, intent[:], string(code), detail, s.now()).Scan(&pending, &unit); err != nil {
			return err
		}
		bury(tx, intent, s.now())
		if pending {
			detail += "; paper was let out as pending: recall it"
		}
		tx.later(`INSERT INTO task (organization, unit, kind, intent, code, detail, created) VALUES ($1, $2, 'refused', $3, $4, $5, $6)`,
			p.Intent.Organization, unit, intent[:], string(code), detail, s.now())
		finish(tx, p.Intent.Identifier.Base(), true, office.AuditEvent{At: s.now(), Operation: "refuse", Subject: intent.String(), Code: code, Detail: detail})
		return nil
	})
}

// Drop ends a proceeding that is not sealed yet, from one of the steps: reserved or
// approved, when none is named, and an approved one while no worker is sealing it.
func (s *Store) Drop(ctx context.Context, intent sm.Digest, by registry.Actor, from ...office.Step) error {
	if len(from) == 0 {
		from = []office.Step{office.StepReserved, office.StepApproved}
	}
	return s.inTx(ctx, "dropping an act", func(tx *pipe) error {
		p, err := proceeding(ctx, tx, intent, "FOR UPDATE")
		if err != nil {
			return err
		}
		if !slices.Contains(from, p.Step) {
			return wrongStep(p)
		}
		tag, err := tx.Exec(ctx, `UPDATE proceeding SET step = 'dropped', lease_until = NULL, updated = $2
			WHERE intent = $1 AND (lease_until IS NULL OR lease_until <= $2)`, intent[:], s.now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return registry.Errorf(registry.CodeStale, "intent", "the act is being sealed at this moment")
		}
		bury(tx, intent, s.now())
		finish(tx, p.Intent.Identifier.Base(), true, office.AuditEvent{At: s.now(), By: by, Operation: "drop", Subject: intent.String()})
		return nil
	})
}

// bury frees version number, license number, printing numbers and blanks of an act
// that came to nothing; the rows stay, so that a scan can say why.
func bury(tx *pipe, intent sm.Digest, at time.Time) {
	tx.later(`UPDATE version SET live = false WHERE intent = $1`, intent[:])
	tx.later(`UPDATE printing SET live = false WHERE intent = $1`, intent[:])
	tx.later(`UPDATE task SET closed = $2 WHERE intent = $1 AND kind = 'double' AND closed IS NULL`, intent[:], at)
}
