package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// Reserve is commit 1: license row (of an issue), proceeding, version,
// printings, idempotency key and audit, all or nothing.
//
// The key is taken first: of two requests with one key the second waits here
// for the first and learns CodeIdempotencyMismatch, whatever else they share.
func (s *Store) Reserve(ctx context.Context, r office.Reservation) error {
	if err := checkReservation(r); err != nil {
		return err
	}
	return s.inTx(ctx, "reserving an act", func(tx *pipe) error {
		s.takeKey(tx, r)
		double, other, err := takeNumber(ctx, tx, r)
		if err != nil {
			return err
		}
		issue := r.Proceeding.Intent.Act == registry.Issue
		if issue {
			insertLicense(tx, r, s.now())
		}
		if err := s.insertProceeding(ctx, tx, r); err != nil {
			return err
		}
		if err := insertVersion(tx, r); err != nil {
			return err
		}
		insertPrintings(tx, r)
		in := &r.Proceeding.Intent
		if double {
			if err := addDouble(ctx, tx, s.now(), in, r.Proceeding.Digest, unitOf(r), other); err != nil {
				return err
			}
		}
		if issue {
			tx.later(auditSQL, auditArgs(reserveEvent(r, s.now()))...) // its row says all of it already
			return nil
		}
		finish(tx, in.Identifier.Base(), r.Version != nil, reserveEvent(r, s.now()))
		return nil
		// inTx commits: commit 1.
	})
}

func reserveEvent(r office.Reservation, at time.Time) office.AuditEvent {
	in := &r.Proceeding.Intent
	return office.AuditEvent{At: at, By: r.By, Operation: "reserve " + in.Act.String(), Subject: in.Identifier.String(), Detail: r.Proceeding.Digest.String()}
}

// checkReservation refuses what only a mistake of ours can bring.
func checkReservation(r office.Reservation) error {
	p := r.Proceeding
	switch {
	case p == nil:
		return registry.Errorf(registry.CodeInternal, "", "reservation without a proceeding")
	case p.Digest != p.Intent.Digest():
		return registry.Errorf(registry.CodeInternal, "", "reservation under another digest than its intent's")
	case p.Step != office.StepReserved:
		return registry.Errorf(registry.CodeInternal, "", "reservation in step %s", p.Step)
	case p.Intent.Act.MakesVersion() != (r.Version != nil):
		return registry.Errorf(registry.CodeInternal, "", "a version belongs to acts that make one, and to these only")
	case r.Version != nil && r.Version.Identifier != p.Intent.Identifier:
		return registry.Errorf(registry.CodeInternal, "", "the version has another identifier than its intent")
	}
	for _, text := range []string{p.Remark, r.Matter, r.Idempotency.Client, r.Idempotency.Operation, r.Idempotency.Key} {
		if err := checkText("", text); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) takeKey(tx *pipe, r office.Reservation) {
	key := r.Idempotency
	if key.Key == "" {
		return
	}
	tx.later(`INSERT INTO idempotency (client, operation, key, body, intent, created) VALUES ($1, $2, $3, $4, $5, $6)`,
		key.Client, key.Operation, key.Key, key.Body[:], r.Proceeding.Digest[:], s.now())
}

// insertLicense writes the row of a new license: its serial was never used. Of its
// version and its proceeding it says what finish would write.
func insertLicense(tx *pipe, r office.Reservation, now time.Time) {
	id, f, proposer := r.Proceeding.Intent.Identifier, &r.Version.Facts, r.Proceeding.Intent.Organization
	if proposer == id.Issuer {
		proposer = ""
	}
	var expires *string
	if text := f.Expires.String(); f.Expires != 0 {
		expires = &text
	}
	tx.later(`INSERT INTO license (base, type, issuer, serial, created, updated, newest, type_version, number, holder_name, issuer_name,
			number_folded, holder_folded, expires, last_act, proposer, step)
		VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12, $13::date, $14, $15, 'reserved')`,
		id.Base(), id.Type, id.Issuer, id.Serial, createdAt(r.Proceeding, now), id.Version, r.Version.TypeVersion, f.Number, f.Holder.Name, f.IssuerName,
		registry.Fold(f.Number), registry.Fold(f.Holder.Name), expires, r.Proceeding.Intent.Act.String(), proposer)
}

// createdAt is when a proceeding was made: now, where it does not say.
func createdAt(p *office.Proceeding, now time.Time) time.Time {
	if p.Created.IsZero() {
		return now
	}
	return p.Created
}

// insertProceeding writes the proceeding. An act that was dropped or refused
// may be filed again word for word, which gives the same digest: the row
// begins anew then, and the audit trail keeps what was before.
func (s *Store) insertProceeding(ctx context.Context, tx *pipe, r office.Reservation) error {
	p, in := r.Proceeding, &r.Proceeding.Intent
	canonical, err := registry.Encode(in)
	if err != nil {
		return err
	}
	approvals, err := encodeApprovals(p.Approvals)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM printing WHERE intent = $1 AND NOT live`,
		`DELETE FROM version WHERE intent = $1 AND NOT live`,
	} {
		tx.later(statement, p.Digest[:])
	}
	tag, err := tx.Exec(ctx, `INSERT INTO proceeding AS p (intent, base, act, class, version, sequence, issuer, organization, unit, matter,
			decision, canonical, recording, remark, step, approvals, next_try, created, updated, decision_scope, governed, grant_id, case_folded, held)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'reserved', $15, $16, $16, $16, $17, $18, $19, $20, $21)
		ON CONFLICT (intent) DO UPDATE SET unit = excluded.unit, matter = excluded.matter, recording = excluded.recording,
			remark = excluded.remark, step = excluded.step, approvals = excluded.approvals, entry = NULL, transaction = '', pending = false,
			receipt = NULL, refusal = '', detail = '', lease_until = NULL, next_try = excluded.next_try, attempts = 0,
			arrival = DEFAULT, created = excluded.created, updated = excluded.updated
		WHERE p.step IN ('refused', 'dropped')`,
		p.Digest[:], in.Identifier.Base(), in.Act.String(), string(in.Act.Class()), in.Identifier.Version, int64(in.Sequence),
		in.Identifier.Issuer, in.Organization, unitOf(r), r.Matter, in.Decision, canonical, int16(p.Recording), p.Remark, approvals, createdAt(p, s.now()), in.DecisionScope(), in.Governed(),
		in.Grant, registry.FoldNumber(in.Case), heldBase(r))
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return registry.Errorf(registry.CodeActInProgress, "identifier", "this very act is filed already: proceeding %s", p.Digest)
	}
	tx.later(`UPDATE task SET closed = $2 WHERE intent = $1 AND closed IS NULL`, p.Digest[:], s.now())
	return nil
}

// heldBase is the base of a license whose row is here; null for a closing, whose
// license may be anybody's, and for an act on another registry's license.
func heldBase(r office.Reservation) *string {
	base := r.Proceeding.Intent.Identifier.Base()
	if r.Elsewhere || r.Proceeding.Intent.Act == registry.Replace {
		return nil
	}
	return &base
}

// unitOf is who filed the act: the account's organization, or the deciding one
// when nobody is named.
func unitOf(r office.Reservation) string {
	if r.By.Organization == "" {
		return r.Proceeding.Intent.Organization
	}
	return r.By.Organization
}

func insertVersion(tx *pipe, r office.Reservation) error {
	v := r.Version
	if v == nil {
		return nil
	}
	facts, err := encodeFacts(v.Facts)
	if err != nil {
		return err
	}
	var sealed []byte // null while there is none
	if len(v.Sealed) > 0 {
		sealed = v.Sealed
	}
	tx.later(`INSERT INTO version (intent, base, version, organization, type_version, facts, secret, unsealed, sealed, rendered,
			number_folded, holder_folded, number_tag)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.Proceeding.Digest[:], v.Identifier.Base(), v.Identifier.Version, r.Proceeding.Intent.Organization, v.TypeVersion,
		facts, v.Secret, bytesOf(v.Unsealed), sealed, digestOrNull(v.Rendered), registry.Fold(v.Facts.Number), registry.Fold(v.Facts.Holder.Name), numberTag(v))
	return nil
}

// numberTag is what a version's number is compared by; empty without one.
func numberTag(v *office.Version) []byte {
	if v.Facts.Number == "" {
		return []byte{}
	}
	tag := registry.NumberTag(v.Identifier.Type, v.Facts.Number)
	return tag[:]
}

// digestOrNull is null for no digest.
func digestOrNull(d sm.Digest) []byte {
	if d.IsZero() {
		return nil
	}
	return d[:]
}

func insertPrintings(tx *pipe, r office.Reservation) {
	for _, ref := range r.Printings {
		p := ref.Printing
		var blank *string // null on plain paper
		if !p.Blank.IsZero() {
			blank = &p.Blank.Number
		}
		tx.later(`INSERT INTO printing (intent, number, token, base, version, organization, copy, type, form, run, blank, list, index, qr, mark)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
			r.Proceeding.Digest[:], int64(p.Number), ref.Token[:], ref.Identifier.Base(), ref.Identifier.Version, r.Proceeding.Intent.Organization,
			p.Copy.String(), ref.Identifier.Type, p.Blank.Form, p.Blank.Run, blank, int64(p.List), int32(p.Index), ref.QR, digestOrNull(ref.Mark))
	}
}

// finish ends every step, in the turn of its commit: the columns that lists and search
// use follow the version in force, of a license that has none yet the one that its
// issue proposes, and the newest proceeding; the audit trail has its line. versions
// tells that a version came into force or went, or was proposed.
func finish(tx *pipe, base string, versions bool, event office.AuditEvent) {
	if versions {
		tx.later(`UPDATE license l SET newest = v.version, type_version = v.type_version, number = coalesce(v.facts->>'number', ''),
				holder_name = coalesce(v.facts->'holder'->>'name', ''), issuer_name = coalesce(v.facts->>'issuer_name', ''),
				number_folded = v.number_folded, holder_folded = v.holder_folded, expires = NULLIF(v.facts->>'expires', '')::date
			FROM (SELECT v.* FROM version v JOIN license l ON l.base = v.base WHERE v.base = $1
				ORDER BY v.live AND v.version = l.version DESC, v.live DESC, v.version DESC LIMIT 1) v WHERE l.base = $1 AND (l.version = 0 OR v.live AND v.version = l.version)
				AND (l.newest, l.type_version, l.number_folded, l.holder_folded, l.number, l.holder_name, l.issuer_name, l.expires) IS DISTINCT FROM
					(v.version, v.type_version, v.number_folded, v.holder_folded, coalesce(v.facts->>'number', ''), coalesce(v.facts->'holder'->>'name', ''),
					coalesce(v.facts->>'issuer_name', ''), NULLIF(v.facts->>'expires', '')::date)`, base)
	}
	tx.later(`UPDATE license l SET last_act = p.act, step = p.step, updated = p.updated
		FROM (SELECT act, step, updated FROM proceeding WHERE base = $1 ORDER BY arrival DESC LIMIT 1) p WHERE l.base = $1`, base)
	tx.later(auditSQL, auditArgs(event)...)
}

// bytesOf is never null.
func bytesOf(raw []byte) []byte {
	if raw == nil {
		return []byte{}
	}
	return raw
}

func encodeApprovals(approvals []registry.Approval) ([]byte, error) {
	if len(approvals) == 0 {
		return []byte("[]"), nil
	}
	raw, err := json.Marshal(approvals)
	if err != nil {
		return nil, fmt.Errorf("approvals: %w", err)
	}
	return raw, nil
}
