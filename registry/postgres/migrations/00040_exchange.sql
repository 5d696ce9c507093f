-- Copies of other members' licenses, what did not fit, and what was given to other
-- members. Apart from the registry's own licenses: no counter, number or proposal is made
-- of them. A package is kept as it came: whoever reads it holds it against the ledger.

-- +goose Up

CREATE TABLE copy (
    base         text COLLATE "C" NOT NULL,
    version      int         NOT NULL,
    intent       bytea       NOT NULL CONSTRAINT copy_intent_size CHECK (octet_length(intent) = 32), -- that made it
    member       text        NOT NULL,
    organization text        NOT NULL, -- as whom it is asked for
    height       bigint      NOT NULL,
    recorded     bigint      NOT NULL, -- Unix seconds
    day          int         NOT NULL, -- of recording, civil day at +08:00
    state        text        NOT NULL CONSTRAINT copy_state_word CHECK (state IN ('missing', 'here', 'refused', 'aside', 'stray')),
    code         text        NOT NULL DEFAULT '', -- why it is not here
    detail       text        NOT NULL DEFAULT '',
    tries        int         NOT NULL DEFAULT 0,
    next_try     timestamptz NOT NULL,
    package      bytea,
    taken        timestamptz,
    type         text COLLATE "C" NOT NULL DEFAULT '', -- what lists find it by, from here on
    number       text        NOT NULL DEFAULT '',
    holder_name  text        NOT NULL DEFAULT '',
    holder_code  text        NOT NULL DEFAULT '',
    issuer_name  text        NOT NULL DEFAULT '',
    expires      int         NOT NULL DEFAULT 0,
    number_folded text       NOT NULL DEFAULT '', -- registry.Fold
    holder_folded text       NOT NULL DEFAULT '',
    arrival      bigint      GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT copy_pkey PRIMARY KEY (base, version),
    CONSTRAINT copy_here CHECK ((state = 'here') = (package IS NOT NULL))
);
CREATE INDEX copy_due ON copy (member, height, base, version) WHERE state IN ('missing', 'refused', 'aside');
CREATE INDEX copy_day ON copy (member, day);
CREATE INDEX copy_arrival ON copy (arrival) WHERE state = 'here';
CREATE INDEX copy_number ON copy (number_folded) WHERE state = 'here';
CREATE INDEX copy_holder ON copy (holder_folded text_pattern_ops) WHERE state = 'here';

CREATE TABLE copy_aside (
    base     text COLLATE "C" NOT NULL,
    version  int         NOT NULL,
    digest   bytea       NOT NULL, -- SM3 of what came
    member   text        NOT NULL,
    code     text        NOT NULL,
    detail   text        NOT NULL,
    bytes    int         NOT NULL,
    package  bytea, -- NULL: too large to be kept
    at       timestamptz NOT NULL,
    times    int         NOT NULL DEFAULT 1,
    CONSTRAINT copy_aside_pkey PRIMARY KEY (base, version, digest)
);
CREATE INDEX copy_aside_at ON copy_aside (member, at);

CREATE TABLE copy_given (
    member       text        NOT NULL,
    organization text        NOT NULL,
    base         text COLLATE "C" NOT NULL,
    version      int         NOT NULL,
    code         text        NOT NULL, -- empty: given
    first        timestamptz NOT NULL,
    last         timestamptz NOT NULL,
    times        int         NOT NULL DEFAULT 1,
    CONSTRAINT copy_given_pkey PRIMARY KEY (member, organization, base, version, code)
);

-- +goose Down

DROP TABLE copy_given;
DROP TABLE copy_aside;
DROP TABLE copy;
