-- Review files (调阅案卷): within one, while it is open, a superior or a review
-- body sees what the licenses that it is about say. Files are opened and closed;
-- nothing else of them changes.

-- +goose Up

CREATE TABLE review_file (
    organization text        NOT NULL, -- that holds it
    number       text        NOT NULL, -- 案号, as it counts its files
    kind         text        NOT NULL CONSTRAINT review_file_kind_word CHECK (kind IN ('review', 'complaint', 'reconsideration')),
    basis        text        NOT NULL, -- document or statute
    licenses     text[]      NOT NULL CONSTRAINT review_file_licenses_some CHECK (cardinality(licenses) > 0),
    opened       timestamptz NOT NULL,
    opened_by    text        NOT NULL, -- account
    closed       timestamptz,
    closed_by    text        NOT NULL DEFAULT '',
    CONSTRAINT review_file_pkey PRIMARY KEY (organization, number),
    CONSTRAINT review_file_closed_by CHECK ((closed IS NULL) = (closed_by = ''))
);
CREATE INDEX review_file_opened ON review_file (organization, opened DESC);
CREATE INDEX review_file_open ON review_file USING gin (licenses) WHERE closed IS NULL;

-- +goose Down

DROP TABLE review_file;
