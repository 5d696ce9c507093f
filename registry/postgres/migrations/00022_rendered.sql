-- The signer's mark on a document that it rendered: it seals no other. Documents from
-- before have none; proposals under way then are made again.

-- +goose Up

ALTER TABLE version ADD COLUMN rendered bytea CONSTRAINT version_rendered_size CHECK (octet_length(rendered) = 32);

-- +goose Down

ALTER TABLE version DROP COLUMN rendered;
