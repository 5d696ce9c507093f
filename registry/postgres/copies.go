package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

var _ office.CopyLists = (*Exchange)(nil)

// Copies implements office.CopyLists: of each license the newest version that is here, the
// last taken first.
func (s *Exchange) Copies(ctx context.Context, q office.CopyQuery) (*office.CopyPage, error) {
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
	for name, text := range map[string]string{"q": q.Text, "type": q.Type, "member": q.Member} {
		if err := checkText(name, text); err != nil {
			return nil, err
		}
	}
	c := &conditions{args: []any{before, q.Limit + 1}, where: []string{"c.arrival < $1", "c.state = 'here'",
		"NOT EXISTS (SELECT FROM copy n WHERE n.base = c.base AND n.version > c.version AND n.state = 'here')"}}
	if q.Organization != "" {
		c.add(`c.organization = ?`, q.Organization)
	}
	if q.Member != "" {
		c.add(`c.member = ?`, q.Member)
	}
	if q.Type != "" {
		c.add(`c.type = ?`, q.Type)
	}
	if text := registry.Fold(q.Text); text != "" {
		if id, err := registry.ParseIdentifier(strings.TrimSpace(q.Text)); err == nil {
			c.add(`c.base = ?`, id.Base())
		} else {
			c.add(`(c.holder_folded ~>=~ ? AND c.holder_folded ~<~ ? OR c.number_folded = ?)`, text, text+afterAny, text)
		}
	}
	rows, err := s.pool.Query(ctx, `SELECT c.arrival, c.base, c.version, c.member, c.number, c.holder_name, c.holder_code, c.issuer_name, c.expires, c.recorded, c.form FROM copy c
		WHERE `+strings.Join(c.where, " AND ")+` ORDER BY c.arrival DESC LIMIT $2`, c.args...)
	if err != nil {
		return nil, coded("listing copies", err)
	}
	var arrivals []int64
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (i office.CopyItem, err error) {
		var arrival, recorded int64
		var base string
		var version, expires int
		var form registry.CopyForm
		err = row.Scan(&arrival, &base, &version, &i.Member, &i.Number, &i.HolderName, &i.HolderCode, &i.IssuerName, &expires, &recorded, &form)
		i.Result = form == registry.CopyResult
		i.Identifier, i.Expires, i.Recorded = identifierOf(base, version), registry.Date(expires), time.Unix(recorded, 0).In(registry.China)
		arrivals = append(arrivals, arrival)
		return i, err
	})
	if err != nil {
		return nil, coded("listing copies", err)
	}
	page := &office.CopyPage{Items: items}
	if len(items) > q.Limit {
		page.Items, page.Next = items[:q.Limit], formatCursor(arrivals[q.Limit-1])
	}
	return page, nil
}
