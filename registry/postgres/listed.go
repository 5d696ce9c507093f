package postgres

import "context"

// wrongParties are the lines of license_party and license_waits that licenses do not
// give (false), and those that are missing (true).
const wrongParties = `WITH wanted AS (
		SELECT party, '' AS state, l.arrival, l.type FROM license l CROSS JOIN LATERAL unnest(license_parties(l)) party WHERE l.sequence > 0
		UNION ALL SELECT party, waits, l.arrival, l.type FROM license l CROSS JOIN LATERAL unnest(license_parties(l)) party CROSS JOIN LATERAL unnest(license_states(l)) waits),
	kept AS (SELECT party, '' AS state, arrival, type FROM license_party UNION ALL SELECT party, state, arrival, type FROM license_waits),
	wrong AS (SELECT *, true AS missing FROM (SELECT * FROM wanted EXCEPT SELECT * FROM kept) a
		UNION ALL SELECT *, false FROM (SELECT * FROM kept EXCEPT SELECT * FROM wanted) b)`

// Parties holds what lists find licenses by against the licenses, and tells how many
// lines are too few or too many; mend puts them right.
func (s *Store) Parties(ctx context.Context, mend bool) (wrong int, err error) {
	sql := wrongParties + ` SELECT count(*) FROM wrong`
	if mend {
		sql = wrongParties + `,
			goneParty AS (DELETE FROM license_party p USING wrong w WHERE NOT w.missing AND w.state = '' AND (p.party, p.arrival) = (w.party, w.arrival)),
			goneWaits AS (DELETE FROM license_waits p USING wrong w WHERE NOT w.missing AND w.state <> '' AND (p.party, p.state, p.arrival) = (w.party, w.state, w.arrival)),
			party AS (INSERT INTO license_party (party, arrival, type) SELECT party, arrival, type FROM wrong WHERE missing AND state = '' ON CONFLICT DO NOTHING),
			waits AS (INSERT INTO license_waits (party, state, arrival, type) SELECT party, state, arrival, type FROM wrong WHERE missing AND state <> '' ON CONFLICT DO NOTHING)
			SELECT count(*) FROM wrong`
	}
	err = s.pool.QueryRow(ctx, sql).Scan(&wrong)
	return wrong, coded("comparing what lists find", err)
}
