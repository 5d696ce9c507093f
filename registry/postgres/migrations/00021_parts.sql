-- A sealed document is composed of the unsealed one and the parts that sealing added
-- (registry/pack): one document is kept per version. Rows from before keep theirs.

-- +goose Up

-- What all licenses of a seal share stands once.
CREATE TABLE seal_file (
    digest bytea NOT NULL CONSTRAINT seal_file_digest_size CHECK (octet_length(digest) = 32),
    der    bytea NOT NULL,
    CONSTRAINT seal_file_pkey PRIMARY KEY (digest)
);
ALTER TABLE seal_file ALTER der SET STORAGE EXTERNAL;

ALTER TABLE version ADD COLUMN parts bytea;
ALTER TABLE version ADD CONSTRAINT version_sealed_once CHECK (sealed IS NULL OR parts IS NULL);
-- Packages are compressed already.
ALTER TABLE version ALTER unsealed SET STORAGE EXTERNAL, ALTER sealed SET STORAGE EXTERNAL, ALTER parts SET STORAGE EXTERNAL;
-- Proposals that nobody approves are found among those that wait, which are few; an
-- index over their times would be written with every signature.
DROP INDEX proceeding_reserved;

-- +goose Down

-- What was sealed since has its document in parts alone, and loses it.
CREATE INDEX proceeding_reserved ON proceeding (updated) WHERE step = 'reserved';
ALTER TABLE version ALTER unsealed SET STORAGE EXTENDED, ALTER sealed SET STORAGE EXTENDED;
ALTER TABLE version DROP CONSTRAINT version_sealed_once;
ALTER TABLE version DROP COLUMN parts;
DROP TABLE seal_file;
