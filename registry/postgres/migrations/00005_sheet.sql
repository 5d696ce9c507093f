-- Order sheets: governance orders that governors sign together before they go
-- to the ledger. The orders themselves never change; signatures are added.

-- +goose Up

CREATE TABLE order_sheet (
    digest    bytea       NOT NULL CONSTRAINT order_sheet_digest_size CHECK (octet_length(digest) = 32),
    orders    bytea       NOT NULL, -- canonical bytes, a list
    approvals jsonb       NOT NULL DEFAULT '[]',
    step      text        NOT NULL DEFAULT 'open' CONSTRAINT order_sheet_step_word CHECK (step IN ('open', 'set', 'refused', 'dropped')),
    refusal   text        NOT NULL DEFAULT '',
    detail    text        NOT NULL DEFAULT '',
    drafter   text        NOT NULL DEFAULT '',
    created   timestamptz NOT NULL,
    updated   timestamptz NOT NULL,
    CONSTRAINT order_sheet_pkey PRIMARY KEY (digest)
);
CREATE INDEX order_sheet_created ON order_sheet (created);

-- +goose Down

DROP TABLE order_sheet;
