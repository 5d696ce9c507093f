package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/exchange"
	"tongzheng/registry/office"
	"tongzheng/registry/pack"
	"tongzheng/registry/sm"
)

// Exchange implements exchange.Licenses, exchange.Book and exchange.Shelf.
type Exchange struct {
	*db
	store *Store
}

var (
	_ exchange.Licenses = (*Exchange)(nil)
	_ exchange.Book     = (*Exchange)(nil)
	_ exchange.Shelf    = (*Exchange)(nil)
)

// exchanger is who exchanges, in the audit trail: no person.
const exchanger = "exchange"

// Held implements exchange.Licenses.
func (s *Exchange) Held(ctx context.Context, id registry.Identifier) (*exchange.Held, error) {
	missing := registry.Errorf(registry.CodeNotFound, "identifier", "no anchored version %03d of this license", id.Version)
	v, err := s.store.Version(ctx, id.Base(), id.Version)
	if err != nil {
		return nil, err
	}
	p, err := s.store.Proceeding(ctx, v.Intent)
	if err != nil {
		return nil, err
	}
	if p.Step != office.StepAnchored || p.Receipt == nil {
		return nil, missing
	}
	if v.Damaged {
		return nil, registry.Errorf(registry.CodeContent, "sealed", "what is stored of version %03d is not the document that was sealed", id.Version)
	}
	t, err := s.store.Type(ctx, id.Type, v.TypeVersion)
	if err != nil {
		return nil, err
	}
	h := &exchange.Held{Opened: registry.Opened{Type: t, Facts: v.Facts, Secret: v.Secret, Unsealed: v.Unsealed}, Sealed: v.Sealed, Intent: v.Intent,
		Approvals: p.Approvals, Receipt: p.Receipt}
	if p.Intent.Collected != nil {
		h.Opened.Unsealed = nil
		return h, nil
	}
	h.Parts, err = s.parts(ctx, v.Intent)
	return h, err
}

// parts reads what sealing added to a version; nil where the document itself is kept.
func (s *Exchange) parts(ctx context.Context, intent sm.Digest) (*registry.SealParts, error) {
	var raw []byte
	err := s.pool.QueryRow(ctx, `SELECT parts FROM version WHERE intent = $1`, intent[:]).Scan(&raw)
	if err != nil || len(raw) == 0 {
		return nil, coded("reading a version's parts", err)
	}
	return pack.Kept(raw, func(digest sm.Digest) ([]byte, error) { return s.store.seals.read(ctx, s.pool, digest) })
}

// Note implements exchange.Book.
func (s *Exchange) Note(ctx context.Context, g exchange.Gift) error {
	return s.inTx(ctx, "writing down what was given", func(tx *pipe) error {
		var times int
		err := tx.QueryRow(ctx, `INSERT INTO copy_given (member, organization, base, version, code, form, first, last) VALUES ($1, $2, $3, $4, $5, $7, $6, $6)
			ON CONFLICT ON CONSTRAINT copy_given_pkey DO UPDATE SET last = excluded.last, times = copy_given.times + 1 RETURNING times`,
			storable(g.Member), storable(g.Organization), storable(g.Identifier.Base()), g.Identifier.Version, string(g.Code), g.At, int(g.Form)).Scan(&times)
		if err != nil || times > 1 {
			return err
		}
		return audit(ctx, tx, office.AuditEvent{At: g.At, By: registry.Actor{Account: exchanger, Organization: g.Organization}, Operation: "exchange give", Subject: g.Identifier.String(),
			Code: g.Code, Detail: "to member " + g.Member + "; as " + relationsText(g.Relations) + formText(g.Form)})
	})
}

// formText says that no more than the result went over.
func formText(form registry.CopyForm) string {
	if form == registry.CopyResult {
		return "; result"
	}
	return ""
}

func relationsText(all []registry.Relation) string {
	var texts []string
	for _, r := range all {
		texts = append(texts, string(r))
	}
	if len(texts) == 0 {
		return string(registry.IsStranger)
	}
	return strings.Join(texts, ",")
}

// unfound empties what lists find a copy by: without the package nothing of what it said
// stays.
const unfound = `type = '', number = '', holder_name = '', holder_code = '', issuer_name = '', expires = 0, number_folded = '', holder_folded = ''`

// dropAside deletes what was put aside of a version, of which no longer so much is for
// this registry.
func dropAside(ctx context.Context, tx *pipe, id registry.Identifier) error {
	_, err := tx.Exec(ctx, `DELETE FROM copy_aside WHERE base = $1 AND version = $2`, id.Base(), id.Version)
	return err
}

// Want implements exchange.Shelf.
func (s *Exchange) Want(ctx context.Context, wants []exchange.Want) (n int, err error) {
	err = s.inTx(ctx, "adding what is to be copied", func(tx *pipe) error {
		for _, w := range wants {
			tag, err := tx.Exec(ctx, `INSERT INTO copy AS c (base, version, intent, member, organization, height, recorded, day, state, next_try, form)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'missing', $9, $10)
				ON CONFLICT ON CONSTRAINT copy_pkey DO UPDATE SET intent = excluded.intent, member = excluded.member, organization = excluded.organization, height = excluded.height,
					recorded = excluded.recorded, day = excluded.day, state = 'missing', package = NULL, `+unfound+`, code = '', detail = '', tries = 0, next_try = excluded.next_try,
					form = excluded.form, taken = CASE WHEN c.form = excluded.form THEN c.taken END
				WHERE c.state = 'stray' OR (c.intent, c.member, c.height, c.recorded, c.day, c.form) <> (excluded.intent, excluded.member, excluded.height, excluded.recorded, excluded.day, excluded.form)`,
				w.Identifier.Base(), w.Identifier.Version, w.Intent[:], w.Member, w.Organization, int64(w.Height), w.Recorded, int(registry.DateOfUnix(w.Recorded)), s.now(), int(w.Form))
			if err != nil {
				return err
			}
			n += int(tag.RowsAffected())
			if tag.RowsAffected() > 0 && w.Form == registry.CopyResult {
				if err := dropAside(ctx, tx, w.Identifier); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return n, err
}

const wantColumns = `base, version, intent, member, organization, height, recorded, tries, form`

func scanWant(row pgx.Row, w *exchange.Want, more ...any) error {
	var base string
	var intent []byte
	var height int64
	err := row.Scan(append([]any{&base, &w.Identifier.Version, &intent, &w.Member, &w.Organization, &height, &w.Recorded, &w.Tries, &w.Form}, more...)...)
	if err != nil {
		return err
	}
	w.Height = uint64(height)
	w.Identifier = identifierOf(base, w.Identifier.Version)
	return w.Intent.UnmarshalBinary(intent)
}

// identifierOf takes a base apart; whatever else an insider wrote there is no license.
func identifierOf(base string, version int) registry.Identifier {
	id := registry.Identifier{Version: version}
	id.Type, base, _ = strings.Cut(base, ".")
	id.Issuer, id.Serial, _ = strings.Cut(base, ".")
	return id
}

const waitsToBeCopied = `state IN ('missing', 'refused', 'aside')`

// Due implements exchange.Shelf.
func (s *Exchange) Due(ctx context.Context, member string, now time.Time, limit int) (due []exchange.Want, next time.Time, err error) {
	rows, err := s.pool.Query(ctx, `SELECT `+wantColumns+` FROM copy WHERE member = $1 AND `+waitsToBeCopied+` AND next_try <= $2
		ORDER BY height, base, version LIMIT $3`, member, now, limit)
	if err != nil {
		return nil, next, coded("reading what is to be copied", err)
	}
	due, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (w exchange.Want, err error) {
		err = scanWant(row, &w)
		return w, err
	})
	if err != nil || len(due) > 0 {
		return due, next, coded("reading what is to be copied", err)
	}
	var soonest *time.Time
	err = s.pool.QueryRow(ctx, `SELECT min(next_try) FROM copy WHERE member = $1 AND `+waitsToBeCopied, member).Scan(&soonest)
	if soonest != nil {
		next = *soonest
	}
	return nil, next, coded("reading what is to be copied", err)
}

// Keep implements exchange.Shelf.
func (s *Exchange) Keep(ctx context.Context, t exchange.Taken) error {
	f := t.Found
	return s.inTx(ctx, "keeping a copy", func(tx *pipe) error {
		var again bool // it was here before, and was mended
		err := tx.QueryRow(ctx, `UPDATE copy c SET state = 'here', package = $4, taken = $5, organization = $6, code = '', detail = '', tries = 0, type = $7, number = $8, holder_name = $9,
				holder_code = $10, issuer_name = $11, expires = $12, number_folded = $13, holder_folded = $14, form = $15
			FROM (SELECT base, version, taken FROM copy WHERE base = $1 AND version = $2 FOR UPDATE) was
			WHERE c.base = was.base AND c.version = was.version AND c.intent = $3 AND c.state IN ('missing', 'refused', 'aside') RETURNING was.taken IS NOT NULL`,
			t.Identifier.Base(), t.Identifier.Version, t.Intent[:], t.Package, t.At, t.Organization, f.Type, f.Number, f.HolderName, f.HolderCode, f.IssuerName, int(f.Expires),
			registry.Fold(f.Number), registry.Fold(f.HolderName), int(t.Form)).Scan(&again)
		if errors.Is(err, pgx.ErrNoRows) || err != nil || again {
			if errors.Is(err, pgx.ErrNoRows) {
				err = nil // here already, or not wanted any more
			}
			return err
		}
		return audit(ctx, tx, office.AuditEvent{At: t.At, By: registry.Actor{Account: exchanger, Organization: t.Organization}, Operation: "exchange take", Subject: t.Identifier.String(),
			Detail: "from member " + t.Member + "; as " + relationsText(t.Relations) + formText(t.Form)})
	})
}

const missSQL = `UPDATE copy SET state = $4, code = $5, detail = $6, tries = tries + 1, next_try = $7
	WHERE base = $1 AND version = $2 AND intent = $3 AND ` + waitsToBeCopied

func missArgs(w exchange.Want, m exchange.Miss) []any {
	return []any{w.Identifier.Base(), w.Identifier.Version, w.Intent[:], string(m.State), string(m.Code), storable(m.Detail), m.Next}
}

// Missed implements exchange.Shelf.
func (s *Exchange) Missed(ctx context.Context, w exchange.Want, m exchange.Miss) error {
	_, err := s.pool.Exec(ctx, missSQL, missArgs(w, m)...)
	return coded("noting what is not here", err)
}

// asideMost is how many packages that do not fit are kept of one member.
const asideMost = 100

// PutAside implements exchange.Shelf. The oldest give way.
func (s *Exchange) PutAside(ctx context.Context, a exchange.Aside) error {
	return s.inTx(ctx, "putting a package aside", func(tx *pipe) error {
		tag, err := tx.Exec(ctx, missSQL, missArgs(a.Want, a.Miss)...)
		if err != nil || tag.RowsAffected() == 0 {
			return err // what is here stays
		}
		var times int
		err = tx.QueryRow(ctx, `INSERT INTO copy_aside (base, version, digest, member, code, detail, bytes, package, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT ON CONSTRAINT copy_aside_pkey DO UPDATE SET times = copy_aside.times + 1, at = excluded.at RETURNING times`,
			a.Identifier.Base(), a.Identifier.Version, a.Digest[:], a.Member, string(a.Code), storable(a.Detail), a.Bytes, a.Package, a.At).Scan(&times)
		if err != nil || times > 1 {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM copy_aside WHERE member = $1 AND (base, version, digest) IN
			(SELECT base, version, digest FROM copy_aside WHERE member = $1 ORDER BY at DESC, base, version OFFSET $2)`, a.Member, asideMost); err != nil {
			return err
		}
		return audit(ctx, tx, office.AuditEvent{At: a.At, By: registry.Actor{Account: exchanger, Organization: a.Organization}, Operation: "exchange aside", Subject: a.Identifier.String(),
			Code: a.Code, Detail: "from member " + a.Member + "; " + a.Detail})
	})
}

// hastenTries is how often a version may have been asked for and still be one that comes
// any moment. What a member lost is asked for in the order of the ledger, too: hastened by
// every hint it would keep what is new from being asked for at all.
const hastenTries = 10

// Hasten implements exchange.Shelf.
func (s *Exchange) Hasten(ctx context.Context, member string, now time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE copy SET next_try = $2 WHERE member = $1 AND state = 'missing' AND next_try > $2 AND tries < $3`, member, now, hastenTries)
	return coded("hastening what is to be copied", err)
}

const rowSQL = `SELECT ` + wantColumns + `, state, package, type, number, holder_name, holder_code, issuer_name, expires, day, number_folded, holder_folded FROM copy `

func scanRow(row pgx.Row) (r exchange.Row, err error) {
	var state, number, holder string
	var expires, day int
	f := &r.Found
	err = scanWant(row, &r.Want, &state, &r.Package, &f.Type, &f.Number, &f.HolderName, &f.HolderCode, &f.IssuerName, &expires, &day, &number, &holder)
	r.State, f.Expires = registry.CopyState(state), registry.Date(expires)
	if number != registry.Fold(f.Number) || holder != registry.Fold(f.HolderName) {
		r.Found = exchange.Found{} // lists find it by something else
	}
	if registry.Date(day) != registry.DateOfUnix(r.Recorded) {
		r.Recorded = 0 // it is counted on another day
	}
	return r, err
}

// Rows implements exchange.Shelf.
func (s *Exchange) Rows(ctx context.Context, after registry.Identifier, limit int) ([]exchange.Row, error) {
	base := ""
	if !after.IsZero() {
		base = after.Base()
	}
	rows, err := s.pool.Query(ctx, rowSQL+`WHERE (base, version) > ($1, $2) AND state <> 'stray' ORDER BY base, version LIMIT $3`, base, after.Version, limit)
	if err != nil {
		return nil, coded("reading copies", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (exchange.Row, error) { return scanRow(row) })
	return list, coded("reading copies", err)
}

// Row implements exchange.Shelf.
func (s *Exchange) Row(ctx context.Context, id registry.Identifier) (*exchange.Row, error) {
	if err := checkText("identifier", id.Base()); err != nil {
		return nil, err
	}
	r, err := scanRow(s.pool.QueryRow(ctx, rowSQL+`WHERE base = $1 AND version = $2`, id.Base(), id.Version))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, registry.Errorf(registry.CodeNotFound, "identifier", "no copy of this version is here")
	}
	return &r, coded("reading a copy", err)
}

// Mend implements exchange.Shelf.
func (s *Exchange) Mend(ctx context.Context, w exchange.Want, stray bool, why string) error {
	state, operation := registry.CopyMissing, "exchange mend"
	if stray {
		state, operation = registry.CopyStray, "exchange put off"
	}
	return s.inTx(ctx, "taking a copy away", func(tx *pipe) error {
		tag, err := tx.Exec(ctx, `UPDATE copy SET state = $3, package = NULL, `+unfound+`, tries = 0, next_try = $4, code = '', detail = '' WHERE base = $1 AND version = $2 AND state <> $3`,
			w.Identifier.Base(), w.Identifier.Version, string(state), s.now())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if stray {
			if err := dropAside(ctx, tx, w.Identifier); err != nil {
				return err
			}
		}
		return audit(ctx, tx, office.AuditEvent{At: s.now(), By: registry.Actor{Account: exchanger, Organization: w.Organization}, Operation: operation, Subject: w.Identifier.String(), Detail: why})
	})
}

// Account implements exchange.Shelf.
func (s *Exchange) Account(ctx context.Context, days, aside int) (*registry.Collection, error) {
	c := &registry.Collection{Members: []registry.CollectionLine{}, Days: []registry.CollectionLine{}}
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		for _, part := range []func(context.Context, pgx.Tx, *registry.Collection) error{countMembers, func(ctx context.Context, tx pgx.Tx, c *registry.Collection) error { return countDays(ctx, tx, c, days) },
			oldestGaps, func(ctx context.Context, tx pgx.Tx, c *registry.Collection) error {
				return listAside(ctx, tx, c, aside)
			}} {
			if err := part(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	return c, coded("counting copies", err)
}

const copyCounts = `count(*) FILTER (WHERE state = 'here'), count(*) FILTER (WHERE state = 'refused'), count(*) FILTER (WHERE state = 'aside'),
	count(*) FILTER (WHERE state = 'here' AND form = 2)`

func countMembers(ctx context.Context, tx pgx.Tx, c *registry.Collection) error {
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM copy WHERE state = 'stray'`).Scan(&c.Strays); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT member, 0, `+copyCounts+` FROM copy WHERE state <> 'stray' GROUP BY member ORDER BY member`)
	if err == nil {
		c.Members, err = pgx.CollectRows(rows, scanLine)
	}
	return err
}

func countDays(ctx context.Context, tx pgx.Tx, c *registry.Collection, days int) error {
	rows, err := tx.Query(ctx, `SELECT member, day, `+copyCounts+` FROM copy
		WHERE state <> 'stray' AND day >= coalesce((SELECT min(day) FROM (SELECT DISTINCT day FROM copy WHERE state <> 'stray' ORDER BY day DESC LIMIT $1) d), 0)
		GROUP BY member, day ORDER BY day DESC, member`, days)
	if err == nil {
		c.Days, err = pgx.CollectRows(rows, scanLine)
	}
	return err
}

func scanLine(row pgx.CollectableRow) (line registry.CollectionLine, err error) {
	var day int
	err = row.Scan(&line.Member, &day, &line.Here, &line.Refused, &line.Aside, &line.Results)
	line.Day = registry.Date(day)
	return line, err
}

func oldestGaps(ctx context.Context, tx pgx.Tx, c *registry.Collection) error {
	for i := range c.Members {
		var w exchange.Want
		var state, code string
		gap := &registry.CopyGap{}
		err := scanWant(tx.QueryRow(ctx, `SELECT `+wantColumns+`, state, code, detail, next_try FROM copy WHERE member = $1 AND `+waitsToBeCopied+`
			ORDER BY height, base, version LIMIT 1`, c.Members[i].Member), &w, &state, &code, &gap.Detail, &gap.Next)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		gap.Identifier, gap.Recorded, gap.Tries = w.Identifier, time.Unix(w.Recorded, 0).In(registry.China), w.Tries
		gap.State, gap.Code, gap.Next = registry.CopyState(state), registry.Code(code), gap.Next.In(registry.China)
		c.Members[i].Gap = gap
	}
	return nil
}

func listAside(ctx context.Context, tx pgx.Tx, c *registry.Collection, limit int) error {
	rows, err := tx.Query(ctx, `SELECT base, version, digest, member, code, detail, bytes, at FROM copy_aside ORDER BY at DESC, base, version LIMIT $1`, limit)
	if err != nil {
		return err
	}
	c.Aside, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (n registry.CopyAsideNote, err error) {
		var base, code string
		var version int
		var digest []byte
		if err = row.Scan(&base, &version, &digest, &n.Member, &code, &n.Detail, &n.Bytes, &n.At); err != nil {
			return n, err
		}
		n.Identifier, n.Code, n.At = identifierOf(base, version), registry.Code(code), n.At.In(registry.China)
		return n, n.Digest.UnmarshalBinary(digest)
	})
	return err
}
