-- +goose Up
-- What binds a printing's row to its token and sheet, under the registry's key. Rows
-- of before have none: their tokens are held against the signer's.
ALTER TABLE printing ADD COLUMN mark bytea;

-- +goose Down
ALTER TABLE printing DROP COLUMN mark;
