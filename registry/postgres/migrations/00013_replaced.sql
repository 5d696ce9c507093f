-- A license that a successor in another member replaces by one of its own (换发):
-- the closing is a proceeding on a license whose row may be another registry's.

-- +goose Up

ALTER TABLE proceeding DROP CONSTRAINT proceeding_act_word;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_act_word CHECK (act IN (
    'issue', 'change', 'renew', 'reissue', 'correct', 'downgrade',
    'suspend', 'return', 'withdraw', 'revoke', 'penalize', 'cancel',
    'annotate', 'accept-renewal',
    'print', 'spoil', 'reprint', 'deliver', 'recover', 'announce-void', 'destroy',
    'reinstate', 'stay', 'replace'));

ALTER TABLE license DROP CONSTRAINT license_state_word;
ALTER TABLE license ADD CONSTRAINT license_state_word
    CHECK (state IN ('none', 'effective', 'suspended', 'withdrawn', 'revoked', 'penalized', 'cancelled', 'replaced'));

-- Every proceeding but a closing is on a license that has its row here.
ALTER TABLE proceeding DROP CONSTRAINT proceeding_license;
ALTER TABLE proceeding ADD COLUMN held text COLLATE "C" GENERATED ALWAYS AS (CASE WHEN act <> 'replace' THEN base END) STORED;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_license FOREIGN KEY (held) REFERENCES license (base);

-- A closing stands in nobody's way. It has the decision of its issue, for an act
-- of its own.
DROP INDEX proceeding_one_unanchored;
CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base, (length(matter) = 0), (held IS NULL)) WHERE step IN ('reserved', 'approved', 'sealed');

ALTER TABLE task DROP CONSTRAINT task_kind_word;
ALTER TABLE task ADD CONSTRAINT task_kind_word CHECK (kind IN ('refused', 'double', 'ended-before'));

-- +goose Down

ALTER TABLE task DROP CONSTRAINT task_kind_word;
ALTER TABLE task ADD CONSTRAINT task_kind_word CHECK (kind IN ('refused', 'double')) NOT VALID;
DROP INDEX proceeding_one_unanchored;
CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base, (length(matter) = 0)) WHERE step IN ('reserved', 'approved', 'sealed');
ALTER TABLE proceeding DROP CONSTRAINT proceeding_license;
ALTER TABLE proceeding DROP COLUMN held;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_license FOREIGN KEY (base) REFERENCES license (base) NOT VALID;
