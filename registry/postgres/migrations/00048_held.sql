-- What holds no license's row is governed or a closing: a NULL in the check before this
-- one let everything through that it did not name.

-- +goose Up

ALTER TABLE proceeding DROP CONSTRAINT proceeding_held;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_held CHECK (CASE WHEN held IS NULL THEN governed OR act = 'replace' ELSE held = base END);

-- +goose Down

ALTER TABLE proceeding DROP CONSTRAINT proceeding_held;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_held CHECK (held = base OR held IS NULL AND (governed OR act = 'replace'));
