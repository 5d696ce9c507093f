-- Case files: acceptance, opinions, examination, seal request and confirmation,
-- each signed by the person who did it. A file is a chain: nothing is changed,
-- and the intent of the decision binds the digest of its end.

-- +goose Up

CREATE TABLE case_step (
    grant_id     text        NOT NULL,
    case_number  text        NOT NULL, -- 受理文号
    number       integer     NOT NULL CONSTRAINT case_step_number CHECK (number > 0),
    kind         text        NOT NULL CONSTRAINT case_step_word CHECK (kind IN ('accept', 'opinion', 'examine', 'seal-request', 'seal-confirm')),
    organization text        NOT NULL,
    statement    bytea       NOT NULL, -- canonical bytes of office.CaseStatement
    digest       bytea       NOT NULL CONSTRAINT case_step_digest_size CHECK (octet_length(digest) = 32),
    approval     jsonb       NOT NULL, -- the person's signature over the digest
    content      text        NOT NULL DEFAULT '', -- of an opinion or finding; the statement has its digest
    at           timestamptz NOT NULL,
    CONSTRAINT case_step_pkey PRIMARY KEY (grant_id, case_number, number)
);
CREATE INDEX case_step_organization ON case_step (organization, at);

-- +goose Down

DROP TABLE case_step;
