-- Sheets that the ledger knows and whose rows were lost with an older database.
-- Only what finds them again on the ledger, which says the rest.

-- +goose Up

CREATE TABLE lost_printing (
    token   bytea       NOT NULL CONSTRAINT lost_printing_token_size CHECK (octet_length(token) = 16),
    type    text        NOT NULL,
    issuer  text        NOT NULL,
    serial  text        NOT NULL,
    version integer     NOT NULL CONSTRAINT lost_printing_version_range CHECK (version BETWEEN 1 AND 999),
    number  bigint      NOT NULL CONSTRAINT lost_printing_number_positive CHECK (number > 0),
    found   timestamptz NOT NULL,
    CONSTRAINT lost_printing_pkey PRIMARY KEY (token)
);

-- +goose Down

DROP TABLE lost_printing;
