package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"tongzheng/registry"
	"tongzheng/registry/office"
)

// A list walks what is somebody's, newest first: table license_party has it by
// issuer, by grant and by proposer, license_waits what of it waits for something. A search goes from what was typed, as long as
// few licenses are found by it; else it walks, and meets one soon. Neither reads
// more when others have more licenses.

// fewHits is how many licenses a text may be found on to go from them.
const fewHits = 500

// conditions are what a statement restricts by, with their arguments.
type conditions struct {
	args  []any
	where []string
}

func (c *conditions) add(condition string, values ...any) {
	c.where = append(c.where, c.sql(condition, values...))
}

// sql numbers the question marks of a condition.
func (c *conditions) sql(condition string, values ...any) string {
	for _, v := range values {
		c.args = append(c.args, v)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	return condition
}

// lookFor lists what a query asks for, one more than its limit.
func lookFor(ctx context.Context, on querier, q office.SearchQuery, before int64) ([]foundItem, error) {
	typed := textSQL(registry.Fold(q.Text))
	if q.Reach == nil {
		return items(ctx, on, q, before, typed, nil)
	}
	if typed.said {
		hits, many, err := hitsOf(ctx, on, typed.content)
		if err != nil || len(hits) == 0 {
			return nil, err
		}
		if !many {
			return items(ctx, on, q, before, typed, hits)
		}
	}
	return walk(ctx, on, q, before, typed)
}

// walk looks at what is somebody's, the newest first, more of it at a time, until the
// page is full.
func walk(ctx context.Context, on querier, q office.SearchQuery, before int64, typed typed) (found []foundItem, err error) {
	for window, limit := q.Limit+1, q.Limit; ; window *= 4 {
		mine, err := next(ctx, on, q, before, window)
		if err != nil || len(mine) == 0 {
			return found, err
		}
		q.Limit = limit - len(found)
		some, err := items(ctx, on, q, before, typed, mine)
		if err != nil {
			return nil, err
		}
		if found = append(found, some...); len(found) > limit || len(mine) < window {
			return found, nil
		}
		before = mine[len(mine)-1]
	}
}

func items(ctx context.Context, on querier, q office.SearchQuery, before int64, typed typed, hits []int64) ([]foundItem, error) {
	sql, args := searchSQL(q, before, typed, hits)
	rows, err := on.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanItem)
}

// hitsOf finds the licenses that a text is found on by its three indexes, in their
// order, and tells when there are too many to go from.
func hitsOf(ctx context.Context, on querier, text restriction) (hits []int64, many bool, err error) {
	var parts []string
	for i, column := range []string{"holder_folded", "number_folded", "base"} { // as textSQL has them
		parts = append(parts, fmt.Sprintf(`(SELECT arrival FROM license WHERE %[1]s >= $%[2]d AND %[1]s < $%[3]d ORDER BY %[1]s LIMIT %[4]d)`, column, 2*i+1, 2*i+2, fewHits+1))
	}
	rows, err := on.Query(ctx, strings.Join(parts, " UNION ALL "), text.values...)
	if err != nil {
		return nil, false, err
	}
	hits, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	return hits, len(hits) > fewHits, err
}

// next lists the newest licenses of a reach, so many of them, before one: by all that
// is asked for but the text, and of the step as far as it is not the common end.
func next(ctx context.Context, on querier, q office.SearchQuery, before int64, window int) ([]int64, error) {
	sql, args := walkSQL(q, before, window)
	rows, err := on.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// walkSQL walks the parties of a reach side by side: what is on the ledger in
// license_party, what waits and what is not on the ledger in license_waits.
func walkSQL(q office.SearchQuery, before int64, window int) (string, []any) {
	onLedger, states := []string{}, []string{waitsAs(q)}
	parties := partiesOf(q.Reach)
	if states[0] == "" {
		parties, onLedger = partOf(parties)
		states = []string{"open", "over"}
	}
	if q.Step == office.StepAnchored {
		parties = nil
	}
	c := &conditions{args: []any{before, onLedger, parties, states}}
	where := `p.party = k.party AND p.arrival < $1`
	if q.Type != "" {
		where += c.sql(` AND p.type = ?`, q.Type)
	}
	return fmt.Sprintf(`SELECT DISTINCT m.arrival FROM (
			SELECT m.arrival FROM unnest($2::text[]) AS k (party) CROSS JOIN LATERAL (SELECT p.arrival FROM license_party p WHERE %[1]s ORDER BY p.arrival DESC LIMIT %[2]d) m
		UNION ALL
			SELECT m.arrival FROM unnest($3::text[]) AS k (party) CROSS JOIN unnest($4::text[]) AS w (state)
				CROSS JOIN LATERAL (SELECT p.arrival FROM license_waits p WHERE %[1]s AND p.state = w.state ORDER BY p.arrival DESC LIMIT %[2]d) m
		) m ORDER BY m.arrival DESC LIMIT %[2]d`, where, window), c.args
}

// partOf parts those of licenses not yet on the ledger from the others.
func partOf(parties []string) (before, onLedger []string) {
	for _, party := range parties {
		if strings.HasPrefix(party, "u/") || strings.HasPrefix(party, "p/") {
			before = append(before, party)
		} else {
			onLedger = append(onLedger, party)
		}
	}
	return before, onLedger
}

// waitsAs names the state in which license_waits has what is asked for; empty for
// what is not among it.
func waitsAs(q office.SearchQuery) string {
	switch {
	case q.PaperDue:
		return "due"
	case q.Step == "" || q.Step == office.StepAnchored:
		return ""
	case q.Step.Done():
		return "over"
	}
	return "open"
}

// partiesOf are a reach's parties, as license_party names them.
func partiesOf(r *registry.Reach) (list []string) {
	content := parties("u/", r.Content.Issuers)
	if r.Proposer != "" {
		content = append(content, "p/"+r.Proposer, "u/"+r.Proposer)
	}
	list = append(list, content...)
	for _, among := range []registry.Among{r.Content, r.Result, r.Status} {
		list = append(append(list, parties("i/", among.Issuers)...), parties("g/", among.Grants)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func parties(kind string, names []string) (list []string) {
	for _, name := range names {
		list = append(list, kind+name)
	}
	return list
}
