-- Names and numbers are found as people type them: brackets, dots, width, case
-- and spaces differ from what is sealed. The folded forms are written by
-- registry.Fold, which migration 8 runs over what is there already.

-- +goose Up

ALTER TABLE version ADD COLUMN number_folded text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE version ADD COLUMN holder_folded text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE license ADD COLUMN number_folded text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE license ADD COLUMN holder_folded text COLLATE "C" NOT NULL DEFAULT '';
DROP INDEX license_number;
DROP INDEX license_holder;
CREATE INDEX license_number ON license (number_folded);
CREATE INDEX license_holder ON license (holder_folded);

-- +goose Down

DROP INDEX license_number;
DROP INDEX license_holder;
ALTER TABLE license DROP COLUMN number_folded, DROP COLUMN holder_folded;
ALTER TABLE version DROP COLUMN number_folded, DROP COLUMN holder_folded;
CREATE INDEX license_number ON license (number);
CREATE INDEX license_holder ON license (holder_name);
