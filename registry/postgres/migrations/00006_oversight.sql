-- A superior's act of oversight rests on no grant and concerns no matter of the
-- issuer's: what the issuer has under way does not stand in its way.

-- +goose Up

DROP INDEX proceeding_one_unanchored;
CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base, (length(matter) = 0)) WHERE step IN ('reserved', 'approved', 'sealed');

-- +goose Down

DROP INDEX proceeding_one_unanchored;
CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base) WHERE step IN ('reserved', 'approved', 'sealed');
