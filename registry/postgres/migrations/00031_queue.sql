-- The indexes of what waits serve no other statement. Statistics taken in a calm moment
-- say that nothing waits; so PostgreSQL looked up single proceedings by walking the index
-- of those that wait, which has the dead entries of all acts since the oldest snapshot:
-- during a backup, or amid the statistics of a large table, each approval read thousands
-- of pages. The expression keeps those statements away. By the time from which it is due,
-- work that was done does not lie before work that waits.

-- +goose Up

DROP INDEX proceeding_waiting;
CREATE INDEX proceeding_queue ON proceeding ((step || ''), next_try) WHERE step || '' IN ('reserved', 'approved', 'sealed');
DROP INDEX proceeding_one_unanchored;
CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base, turn, (held IS NULL)) WHERE step || '' IN ('reserved', 'approved', 'sealed');

-- +goose Down

DROP INDEX proceeding_one_unanchored;
CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base, turn, (held IS NULL)) WHERE step IN ('reserved', 'approved', 'sealed');
DROP INDEX proceeding_queue;
CREATE INDEX proceeding_waiting ON proceeding (step, arrival) WHERE step IN ('reserved', 'approved', 'sealed');
