package postgres

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

const (
	searchDefault = 20
	searchMost    = 100
)

// afterAny sorts, in byte order, behind every text with the same beginning:
// U+10FFFF is no character.
const afterAny = "\U0010FFFF"

// Search lists licenses, newest issue first. A cursor holds the place in that
// order, which never changes: pages neither repeat nor skip a license.
func (s *Store) Search(ctx context.Context, q office.SearchQuery) (*office.SearchPage, error) {
	if q.Limit == 0 {
		q.Limit = searchDefault
	}
	if q.Limit < 1 || q.Limit > searchMost {
		return nil, registry.Errorf(registry.CodeMalformed, "limit", "want 1 to %d", searchMost)
	}
	before, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"organization": q.Organization, "text": q.Text, "type": q.Type, "step": string(q.Step)} {
		if err := checkText(name, text); err != nil {
			return nil, err
		}
	}
	sql, args := searchSQL(q, before)
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, coded("searching licenses", err)
	}
	found, err := pgx.CollectRows(rows, scanItem)
	if err != nil {
		return nil, coded("searching licenses", err)
	}
	page := &office.SearchPage{}
	for i, f := range found {
		if i == q.Limit { // one more than asked for: there is a next page
			page.Next = formatCursor(found[i-1].arrival)
			break
		}
		page.Items = append(page.Items, f.SearchItem)
	}
	return page, nil
}

// searchSQL writes only the conditions that restrict, each backed by an index.
func searchSQL(q office.SearchQuery, before int64) (string, []any) {
	args := []any{before, q.Limit + 1}
	where := []string{"l.arrival < $1"}
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		where = append(where, condition)
	}
	if q.Organization != "" {
		add(`(l.issuer = ? OR EXISTS (SELECT FROM proceeding c WHERE c.base = l.base AND ? IN (c.organization, c.unit)))`, q.Organization, q.Organization)
	}
	if q.Type != "" {
		add(`l.type = ?`, q.Type)
	}
	if q.Step != "" {
		add(`l.step = ?`, string(q.Step))
	}
	if q.Text != "" {
		base := basePrefix(q.Text)
		add(`(l.holder_name >= ? AND l.holder_name < ? OR l.number >= ? AND l.number < ? OR l.base >= ? AND l.base < ?)`,
			q.Text, q.Text+afterAny, q.Text, q.Text+afterAny, base, base+afterAny)
	}
	return `SELECT l.arrival, l.type, l.issuer, l.serial, l.newest, coalesce(t.name, ''), l.number, l.holder_name, l.issuer_name,
			coalesce(l.expires::text, ''), l.last_act, l.step, l.updated
		FROM license l LEFT JOIN license_type t ON t.code = l.type AND t.version = l.type_version
		WHERE ` + strings.Join(where, " AND ") + ` ORDER BY l.arrival DESC LIMIT $2`, args
}

// basePrefix takes what somebody typed of an identifier, with or without root,
// version and check character, to the beginning of a license's base.
func basePrefix(text string) string {
	text = strings.ToUpper(strings.TrimSpace(text))
	text = strings.TrimPrefix(text, registry.IdentifierRoot+".")
	parts := strings.Split(text, ".")
	if len(parts) > 3 { // version and check character follow: the base is whole
		parts = parts[:3]
	}
	return strings.Join(parts, ".")
}

type foundItem struct {
	office.SearchItem
	arrival int64
}

func scanItem(row pgx.CollectableRow) (f foundItem, err error) {
	var expires, act, step string
	var updated time.Time
	id := &f.Identifier
	if err = row.Scan(&f.arrival, &id.Type, &id.Issuer, &id.Serial, &id.Version, &f.TypeName, &f.Number, &f.HolderName, &f.IssuerName,
		&expires, &act, &step, &updated); err != nil {
		return f, err
	}
	f.Step, f.Updated = office.Step(step), updated.In(registry.China)
	if f.Expires, err = registry.ParseDate(expires); err != nil {
		return f, registry.Errorf(registry.CodeInternal, "", "stored expiry cannot be read").WithCause(err)
	}
	if act != "" {
		f.LastAct, err = registry.ParseAct(act)
	}
	return f, err
}

// A cursor is the arrival number of the last license shown, opaque to clients.
const cursorVersion = 1

func formatCursor(arrival int64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64([]byte{cursorVersion}, uint64(arrival)))
}

func parseCursor(text string) (int64, error) {
	if text == "" {
		return 1<<63 - 1, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != 9 || raw[0] != cursorVersion || raw[1] > 0x7f {
		return 0, registry.Errorf(registry.CodeMalformed, "cursor", "not a cursor of ours: begin again without one")
	}
	return int64(binary.BigEndian.Uint64(raw[1:])), nil
}

// ByNumber finds the licenses with exactly this number, newest first.
func (s *Store) ByNumber(ctx context.Context, number string) ([]registry.Identifier, error) {
	if number == "" || checkText("number", number) != nil {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, `SELECT type, issuer, serial, newest FROM license WHERE number = $1 AND newest > 0 ORDER BY arrival DESC LIMIT 10`, number)
	if err != nil {
		return nil, coded("finding a number", err)
	}
	ids, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (id registry.Identifier, err error) {
		err = row.Scan(&id.Type, &id.Issuer, &id.Serial, &id.Version)
		return id, err
	})
	return ids, coded("finding a number", err)
}
