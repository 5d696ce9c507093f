package postgres

import (
	"context"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tongzheng/registry"
	"tongzheng/registry/office"
	"tongzheng/registry/sm"
)

// execer is a pool or a transaction.
type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Audit appends to the audit trail. Text that cannot be stored is made
// storable: a refused input must not also escape the trail.
func (s *Store) Audit(ctx context.Context, a office.AuditEvent) error {
	if a.At.IsZero() {
		a.At = s.now()
	}
	return coded("writing the audit trail", audit(ctx, s.pool, a))
}

func audit(ctx context.Context, on execer, a office.AuditEvent) error {
	_, err := on.Exec(ctx, auditSQL, auditArgs(a)...)
	return err
}

const auditSQL = `INSERT INTO audit (at, account, organization, operation, subject, code, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`

func auditArgs(a office.AuditEvent) []any {
	return []any{a.At, storable(a.By.Account), storable(a.By.Organization), storable(a.Operation), storable(a.Subject), storable(string(a.Code)), storable(a.Detail)}
}

// storable cuts and cleans text for the trail.
func storable(text string) string {
	const most = 1000
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// AuditTrail lists events about a subject (all for ""), newest first, from before one
// on: 0 to begin with, then next, which is 0 at the end.
func (s *Store) AuditTrail(ctx context.Context, subject string, before int64, limit int) (events []office.AuditEvent, next int64, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	sql, args := `SELECT id, at, account, organization, operation, subject, code, detail FROM audit WHERE id < $1`, []any{before, limit + 1}
	if subject != "" {
		sql, args = sql+` AND subject = $3`, append(args, storable(subject))
	}
	rows, err := s.pool.Query(ctx, sql+` ORDER BY id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, 0, coded("reading the audit trail", err)
	}
	var ids []int64
	events, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a office.AuditEvent, err error) {
		var id int64
		var code string
		err = row.Scan(&id, &a.At, &a.By.Account, &a.By.Organization, &a.Operation, &a.Subject, &code, &a.Detail)
		a.At, a.Code, ids = a.At.In(registry.China), registry.Code(code), append(ids, id)
		return a, err
	})
	if err == nil && len(events) > limit {
		events, next = events[:limit], ids[limit-1]
	}
	return events, next, coded("reading the audit trail", err)
}

// taskColumns are those of a task and of the act that it is about, for scanTask:
// of a row of task (t), or of a proceeding that waits without one. Number and
// holder are those of the act's own version, else of the license's newest.
func taskColumns(organization, kind, code, detail, other, created string) string {
	return `SELECT ` + organization + `, ` + kind + `, p.intent, p.canonical, ` + code + `, ` + detail + `, ` + other + `, ` + created + ` AS created,
		coalesce(coalesce(v.facts, f.facts)->>'number', ''), coalesce(coalesce(v.facts, f.facts)->'holder'->>'name', ''),
		coalesce(coalesce(v.facts, f.facts)->'holder'->>'code', '')`
}

// actNames joins what a task says of its license.
const actNames = ` LEFT JOIN version v ON v.intent = p.intent LEFT JOIN license l ON l.base = p.base
		LEFT JOIN version f ON f.base = l.base AND f.version = l.newest AND f.live `

// waiting is every act that waits for approvals.
var waiting = taskColumns(`p.organization`, `'approval'`, `''`, `''`, `''`, `p.created`) + ` FROM proceeding p` + actNames + `WHERE p.step || '' = 'reserved' AND ` + inQueue

// othersActs is what other registries' organizations did to licenses here, from an
// instant on: bounded by itself, since nothing is to be done, so that it pushes nothing out.
var othersActs = `(SELECT o.organization, 'acted', o.intent, o.canonical, '', '', '', o.recorded,
		coalesce(f.facts->>'number', ''), coalesce(f.facts->'holder'->>'name', ''), coalesce(f.facts->'holder'->>'code', '')
	FROM other_act o JOIN license l ON l.base = o.base LEFT JOIN version f ON f.base = l.base AND f.version = l.newest AND f.live
	WHERE ($1 = '' OR $1 = o.organization) AND o.recorded > $2 ORDER BY o.recorded DESC LIMIT 200)`

// Tasks lists what an organization has to attend to, all for "", newest first:
// acts that were refused, acts that wait for approvals, license numbers of two
// licenses, and what other registries' organizations did.
func (s *Store) Tasks(ctx context.Context, organization string) ([]office.Task, error) {
	if err := checkText("organization", organization); err != nil {
		return nil, err
	}
	return listTasks(ctx, s, "listing tasks", taskColumns(`t.organization`, `t.kind`, `t.code`, `t.detail`, `t.other`, `t.created`)+`
			FROM task t JOIN proceeding p ON p.intent = t.intent`+actNames+`
			WHERE t.closed IS NULL AND (t.kind <> 'unsigned' OR p.step = 'sealed') AND ($1 = '' OR $1 IN (t.organization, t.unit))
		UNION ALL `+othersActs+`
		UNION ALL `+waiting+` AND ($1 = '' OR $1 IN (p.organization, p.unit))
		ORDER BY created DESC LIMIT 1000`, organization, s.now().Add(-office.ActedFor))
}

// Waiting lists the acts of the organizations that wait for approvals, newest
// first: for those whose people sign them too.
func (s *Store) Waiting(ctx context.Context, organizations []string) ([]office.Task, error) {
	return listTasks(ctx, s, "listing acts that wait", waiting+` AND p.organization = ANY($1) ORDER BY created DESC LIMIT 1000`, organizations)
}

func listTasks(ctx context.Context, s *Store, doing, sql string, args ...any) ([]office.Task, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, coded(doing, err)
	}
	tasks, err := pgx.CollectRows(rows, scanTask)
	return tasks, coded(doing, err)
}

func scanTask(row pgx.CollectableRow) (t office.Task, err error) {
	var digest, canonical []byte
	var code string
	if err = row.Scan(&t.Organization, &t.Kind, &digest, &canonical, &code, &t.Detail, &t.Other, &t.Created, &t.Number, &t.HolderName, &t.HolderCode); err != nil {
		return t, err
	}
	t.Intent, t.Code, t.Created = sm.Digest(digest), registry.Code(code), t.Created.In(registry.China)
	var in registry.Intent
	if err = registry.Decode(canonical, &in); err != nil {
		return t, damaged("intent", t.Intent, err)
	}
	t.Identifier, t.Act, t.Grant, t.Case, t.Decision, t.By = in.Identifier, in.Act, in.Grant, in.Case, in.Decision, in.Organization
	return t, nil
}

// CloseTask puts the task of a refused act away, audited.
func (s *Store) CloseTask(ctx context.Context, intent sm.Digest, by registry.Actor) error {
	return s.inTx(ctx, "closing a task", func(tx *pipe) error {
		tag, err := tx.Exec(ctx, `UPDATE task SET closed = $2 WHERE intent = $1 AND closed IS NULL`, intent[:], s.now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return registry.Errorf(registry.CodeNotFound, "intent", "no open task for proceeding %s", intent)
		}
		return audit(ctx, tx, office.AuditEvent{At: s.now(), By: by, Operation: "close task", Subject: intent.String()})
	})
}
