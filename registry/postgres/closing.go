package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// QueueClosing queues the closing that follows from an issue, approved as that one
// was. Without instead a second time is harmless: one closing of a license is under
// way or done. With it the closing takes the place of that one, both or neither; one
// that has gone on meanwhile is left alone.
func (s *Store) QueueClosing(ctx context.Context, closing *office.Proceeding, instead sm.Digest) error {
	if err := checkClosing(closing); err != nil {
		return err
	}
	return s.inTx(ctx, "queueing a closing", func(tx *pipe) error {
		var settled bool
		var err error
		if instead.IsZero() {
			settled, err = closingStands(ctx, tx, &closing.Intent)
		} else {
			settled, err = dropClosing(ctx, tx, s, instead)
		}
		if err != nil || settled {
			return err
		}
		return insertClosing(ctx, tx, s, closing)
	})
}

func checkClosing(p *office.Proceeding) error {
	if p == nil || p.Intent.Act != registry.Replace || p.Digest != p.Intent.Digest() || p.Step != office.StepApproved || len(p.Approvals) == 0 {
		return registry.Errorf(registry.CodeInternal, "", "no closing that was approved with its issue")
	}
	return nil
}

// closingStands tells whether a closing of the license is under way or done. Of two
// workers at one issue the second waits here and finds the first's.
func closingStands(ctx context.Context, tx *pipe, in *registry.Intent) (stands bool, err error) {
	if _, err := tx.Exec(ctx, `SELECT 1 FROM proceeding WHERE intent = $1 FOR UPDATE`, in.Closes.Issue[:]); err != nil {
		return false, err
	}
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM proceeding WHERE base = $1 AND act = 'replace' AND step <> 'dropped')`, in.Identifier.Base()).Scan(&stands)
	return stands, err
}

// dropClosing gives up a closing that no longer follows, and tells whether it has
// gone on instead.
func dropClosing(ctx context.Context, tx *pipe, s *Store, intent sm.Digest) (gone bool, err error) {
	p, err := proceeding(ctx, tx, intent, "FOR UPDATE")
	if err != nil || p.Step != office.StepApproved && p.Step != office.StepSealed {
		return true, err
	}
	_, err = tx.Exec(ctx, `UPDATE proceeding SET step = 'dropped', lease_until = NULL, updated = $2 WHERE intent = $1`, intent[:], s.now())
	return false, err
}

// insertClosing writes the proceeding for the unit that filed the issue.
func insertClosing(ctx context.Context, tx *pipe, s *Store, p *office.Proceeding) error {
	in := &p.Intent
	by := registry.Actor{}
	err := tx.QueryRow(ctx, `SELECT unit FROM proceeding WHERE intent = $1`, in.Closes.Issue[:]).Scan(&by.Organization)
	if err != nil && err != pgx.ErrNoRows {
		return err
	}
	reserved := *p
	reserved.Step, reserved.Approvals = office.StepReserved, nil
	if err := s.insertProceeding(ctx, tx, office.Reservation{By: by, Proceeding: &reserved, Matter: in.Origin.Matter}); err != nil {
		return err
	}
	approvals, err := encodeApprovals(p.Approvals)
	if err != nil {
		return err
	}
	tx.later(`UPDATE proceeding SET approvals = $2, step = 'approved' WHERE intent = $1`, p.Digest[:], approvals)
	finish(tx, in.Identifier.Base(), false, office.AuditEvent{At: s.now(), By: by, Operation: "close", Subject: in.Identifier.String(), Detail: p.Digest.String()})
	return nil
}

// Remind gives the organization of a proceeding something to attend to. A second
// time is harmless.
func (s *Store) Remind(ctx context.Context, t office.Task) error {
	return s.inTx(ctx, "keeping a task", func(tx *pipe) error {
		_, err := tx.Exec(ctx, `INSERT INTO task (organization, unit, kind, intent, code, detail, created)
			SELECT $2, p.unit, $3, p.intent, $4, $5, $6 FROM proceeding p
			WHERE p.intent = $1 AND NOT EXISTS (SELECT 1 FROM task t WHERE t.intent = p.intent AND t.kind = $3)`,
			t.Intent[:], t.Organization, t.Kind, string(t.Code), t.Detail, s.now())
		return err
	})
}
