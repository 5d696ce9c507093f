-- Order sheets whose orders are several members': each member's registry has the sheet,
-- its home the word of all others' signers.

-- +goose Up

ALTER TABLE order_sheet ADD COLUMN home text NOT NULL DEFAULT ''; -- member whose registry drafted it; empty: here
ALTER TABLE order_sheet ADD COLUMN travels boolean NOT NULL DEFAULT false;
CREATE INDEX order_sheet_travels ON order_sheet (created) WHERE travels AND step = 'open';

CREATE TABLE order_sheet_part (
    digest bytea       NOT NULL,
    member text        NOT NULL, -- whose signer signed; empty: this registry's, of a sheet of another home
    body   bytea       NOT NULL, -- canonical bytes: entries and authorships, or why not
    at     timestamptz NOT NULL,
    CONSTRAINT order_sheet_part_pkey PRIMARY KEY (digest, member),
    CONSTRAINT order_sheet_part_sheet FOREIGN KEY (digest) REFERENCES order_sheet (digest)
);

-- +goose Down

DROP TABLE order_sheet_part;
DROP INDEX order_sheet_travels;
ALTER TABLE order_sheet DROP COLUMN travels;
ALTER TABLE order_sheet DROP COLUMN home;
