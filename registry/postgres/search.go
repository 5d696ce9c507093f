package postgres

import (
	"context"
	"encoding/base64"
	"encoding/binary"
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
	var found []foundItem
	if found, err = lookFor(ctx, s.pool, q, before); err != nil {
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

// searchSQL writes only the conditions that restrict. hits
// are where the text is found, when that was looked for before.
func searchSQL(q office.SearchQuery, before int64, typed typed, hits []int64) (string, []any) {
	c := &conditions{args: []any{before, q.Limit + 1}, where: []string{"l.arrival < $1"}}
	if q.Organization != "" {
		c.add(`(l.issuer = ? OR EXISTS (SELECT FROM proceeding c WHERE c.base = l.base AND ? IN (c.organization, c.unit)))`, q.Organization, q.Organization)
	}
	if q.PaperDue {
		c.add(`(l.paper_due <> '{}' OR l.overseen)`)
	}
	if q.Type != "" {
		c.add(`l.type = ?`, q.Type)
	}
	if q.Step != "" {
		c.add(`l.step = ?`, string(q.Step))
	}
	if q.Reach == nil && q.Step != "" && !q.Step.Done() { // of an organization: what is under way is little
		c.add(`l.base IN (SELECT p.base FROM proceeding p WHERE p.step || '' = ? AND `+inQueue+`)`, string(q.Step))
	}
	switch {
	case q.Reach != nil:
		r := q.Reach
		values := append([]any{r.Content.Issuers, r.Content.Grants, r.Proposer, r.Proposer}, typed.content.values...)
		values = append(append(values, r.Result.Issuers, r.Result.Grants), typed.result.values...)
		values = append(append(values, r.Status.Issuers, r.Status.Grants), typed.status.values...)
		c.add(`l.arrival = ANY (?)`, hits)
		c.add(`((l.issuer = ANY (?) OR l.grants && ?::text[] OR l.sequence = 0 AND coalesce(nullif(l.proposer, ''), l.issuer) = ? AND ? <> '') AND `+typed.content.condition+`
			OR l.sequence > 0 AND (l.issuer = ANY (?) OR l.grants && ?::text[]) AND `+typed.result.condition+`
			OR l.sequence > 0 AND (l.issuer = ANY (?) OR l.grants && ?::text[]) AND `+typed.status.condition+`)`, values...)
	case typed.said:
		c.add(typed.content.condition, typed.content.values...)
	}
	return `SELECT ` + itemColumns + ` FROM license l` + itemJoin + ` WHERE ` + strings.Join(c.where, " AND ") + ` ORDER BY l.arrival DESC LIMIT $2`, c.args
}

const (
	itemColumns = `l.arrival, l.type, l.issuer, l.serial, l.newest, coalesce(t.name, ''), l.number, l.holder_name, coalesce(` + holderCode + `, ''), l.issuer_name,
			coalesce(l.expires::text, ''), l.last_act, l.step, l.updated`
	itemJoin = ` LEFT JOIN license_type t ON t.code = l.type AND t.version = l.type_version`
)

// restriction is a condition with the values of its question marks.
type restriction struct {
	condition string
	values    []any
}

// holderCode is the code of a license's holder, as its row's version says.
const holderCode = `(SELECT f.facts->'holder'->>'code' FROM version f WHERE f.base = l.base AND f.version = l.newest AND f.live)`

// typed restricts to what somebody typed, where so much of a license is seen.
type typed struct {
	said                    bool
	content, result, status restriction
}

// textSQL restricts to holder, number or identifier where those are seen, else to
// the identifier; below the content a number that is made of the holder's code is
// not seen.
func textSQL(text string) typed {
	if text == "" {
		all := restriction{condition: "true"}
		return typed{content: all, result: all, status: all}
	}
	base := basePrefix(text)
	status := restriction{`l.base >= ? AND l.base < ?`, []any{base, base + afterAny}}
	values := append([]any{text, text + afterAny, text, text + afterAny}, status.values...)
	const holder, number = `l.holder_folded >= ? AND l.holder_folded < ?`, `l.number_folded >= ? AND l.number_folded < ?`
	return typed{true, restriction{`(` + holder + ` OR ` + number + ` OR ` + status.condition + `)`, values},
		restriction{`(` + holder + ` OR ` + number + ` AND strpos(l.number, coalesce(nullif(` + holderCode + `, ''), l.number || '-')) = 0 OR ` + status.condition + `)`, values}, status}
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
	if err = row.Scan(&f.arrival, &id.Type, &id.Issuer, &id.Serial, &id.Version, &f.TypeName, &f.Number, &f.HolderName, &f.HolderCode, &f.IssuerName,
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

// Holders finds the licenses with a number, or the one of a base, newest first:
// one statement, whatever is there.
func (s *Store) Holders(ctx context.Context, q office.HolderQuery) ([]office.Held, error) {
	column, value := "number_folded", registry.Fold(q.Number)
	if q.Base != "" {
		column, value = "base", q.Base
	}
	if value == "" || checkText(column, value) != nil {
		return nil, nil // nothing stored is like it
	}
	rows, err := s.pool.Query(ctx, `SELECT l.base, l.type, l.issuer, l.serial, l.newest, v.version,
			coalesce(v.facts->'holder'->>'name', ''), coalesce(v.facts->'holder'->>'code', '')
		FROM (SELECT * FROM license WHERE newest > 0 AND `+column+` = $1 ORDER BY arrival DESC LIMIT 20) l
		JOIN version v ON v.base = l.base ORDER BY l.arrival DESC, v.version, v.live`, value)
	if err != nil {
		return nil, coded("finding a holder", err)
	}
	defer rows.Close()
	var found []office.Held
	for rows.Next() {
		var base string
		var id registry.Identifier
		var version int
		var holder registry.Holder
		if err := rows.Scan(&base, &id.Type, &id.Issuer, &id.Serial, &id.Version, &version, &holder.Name, &holder.Code); err != nil {
			return nil, coded("finding a holder", err)
		}
		if len(found) == 0 || found[len(found)-1].Newest.Base() != base {
			found = append(found, office.Held{Newest: id, Holders: map[int]registry.Holder{}})
		}
		found[len(found)-1].Holders[version] = holder // a live one comes last
	}
	return found, coded("finding a holder", rows.Err())
}
