package postgres

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// The steps that every license takes have a statement each that does all of it, in
// one turn and its own transaction, when all is as it mostly is: the proceeding
// stands where it should. Otherwise the statement does nothing, and the step is
// taken again with its row locked, which finds out what is the matter.

// followed ends such a statement, behind up, the proceeding's new row: the license's
// row and the audit trail, as finish writes them. $1 to $7 are the trail's.
const followed = `,
	li AS (UPDATE license l SET last_act = up.act, step = up.step, updated = up.updated FROM up WHERE l.base = up.base
		AND NOT EXISTS (SELECT FROM proceeding q WHERE q.base = up.base AND q.arrival > up.arrival)),
	au AS (INSERT INTO audit (at, account, organization, operation, subject, code, detail)
		SELECT $1::timestamptz, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text FROM up)
	SELECT ` + proceedingColumns + ` FROM up p`

// oneTurn runs such a statement; nil when it did nothing.
func oneTurn(ctx context.Context, s *Store, doing, sql string, event office.AuditEvent, args ...any) (*office.Proceeding, error) {
	p, err := scanProceeding(s.pool.QueryRow(ctx, sql, append(auditArgs(event), args...)...))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return p, coded(doing, err)
}

const approveSQL = `WITH up AS (UPDATE proceeding p SET approvals = p.approvals || $9::jsonb, step = $10, updated = $11, next_try = $12, attempts = 0
		WHERE p.intent = $8 AND p.step = 'reserved' AND jsonb_array_length(p.approvals) = $13
			AND NOT EXISTS (SELECT FROM jsonb_array_elements(p.approvals) e WHERE e->>'key_id' = $14) RETURNING p.*)` + followed

// approveInOneTurn is AddApproval.
func approveInOneTurn(ctx context.Context, s *Store, intent sm.Digest, have int, a registry.Approval, complete bool, by registry.Actor) (*office.Proceeding, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	step := office.StepReserved
	if complete {
		step = office.StepApproved
	}
	now := s.now()
	return oneTurn(ctx, s, "adding an approval", approveSQL, approvalEvent(intent, a, by, now),
		intent[:], raw, string(step), now, now.Add(sealWithin(step)), have, string(a.KeyID))
}

const sealSQL = `WITH up AS (UPDATE proceeding p SET entry = $9, step = 'sealed', updated = $10, next_try = $10, attempts = 0
		WHERE p.intent = $8 AND p.step = 'approved' RETURNING p.*),
	ve AS (UPDATE version v SET parts = $11 FROM up WHERE v.intent = up.intent)` + followed

// sealInOneTurn is Sealed, of a document with parts under a seal that is here.
func sealInOneTurn(ctx context.Context, s *Store, sealed office.SealedAct, parts []byte) (bool, error) {
	now := s.now()
	p, err := oneTurn(ctx, s, "keeping what was sealed", sealSQL, sealEvent(sealed.Intent, now),
		sealed.Intent[:], sealed.Entry.Bytes(), now, parts)
	return p != nil, err
}

const anchorSQL = `WITH up AS (UPDATE proceeding p SET step = 'anchored', receipt = $9, transaction = $10, lease_until = NULL, updated = $11
		FROM license l WHERE p.intent = $8 AND p.step = 'sealed' AND p.entry = $12 AND p.act = 'issue' AND p.grant_id <> ''
			AND l.base = p.base AND l.version = 0 AND l.newest = p.version AND l.sequence <= $15
			AND NOT EXISTS (SELECT FROM proceeding q WHERE q.base = p.base AND q.arrival > p.arrival)
		RETURNING p.*),
	li AS (UPDATE license l SET version = $13, state = $14, sequence = $15, head = $16, paper_due = $17,
			grants = ARRAY(SELECT DISTINCT unnest(l.grants || up.grant_id) ORDER BY 1), overseen = l.overseen OR up.governed,
			last_act = up.act, step = up.step, updated = up.updated
		FROM up WHERE l.base = up.base AND l.sequence <= $15),
	au AS (INSERT INTO audit (at, account, organization, operation, subject, code, detail)
		SELECT $1::timestamptz, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text FROM up)
	SELECT count(*) FROM up`

// anchorInOneTurn is Anchored, of a license's first version.
func anchorInOneTurn(ctx context.Context, s *Store, intent sm.Digest, receipt *registry.Receipt, raw []byte, l *registry.License) (bool, error) {
	now, done := s.now(), 0
	args := append(auditArgs(anchorEvent(intent, receipt, now)), intent[:], raw, receipt.Transaction, now, receipt.Entry,
		l.Version, l.State.String(), int64(l.Sequence), l.Head[:], dueWords(l))
	err := s.pool.QueryRow(ctx, anchorSQL, args...).Scan(&done)
	return done > 0, coded("anchoring an act", err)
}
