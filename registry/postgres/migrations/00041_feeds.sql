-- Feeds between members' registries: what changed here that another member may ask for, how
-- far the feeds of others have been read, and what of them is still to be taken over.

-- +goose Up

CREATE TABLE feed (
    member text  NOT NULL CONSTRAINT feed_pkey PRIMARY KEY, -- for whom
    epoch  bytea NOT NULL CONSTRAINT feed_epoch_size CHECK (octet_length(epoch) = 32), -- another one after a restore: it is read anew
    last   bigint NOT NULL -- number of the last change; its row is locked while one is added, so that numbers become visible in their order
);

CREATE TABLE feed_change (
    member text   NOT NULL,
    kind   text   NOT NULL,
    key    text   NOT NULL,
    number bigint NOT NULL,
    noted  bigint NOT NULL DEFAULT 0, -- the change for which the audit trail has a line
    CONSTRAINT feed_change_pkey PRIMARY KEY (member, kind, key)
);
CREATE UNIQUE INDEX feed_change_number ON feed_change (member, kind, number);

CREATE TABLE feed_refusal (
    member text        NOT NULL,
    kind   text        NOT NULL,
    key    text        NOT NULL,
    last   timestamptz NOT NULL,
    times  int         NOT NULL DEFAULT 1,
    CONSTRAINT feed_refusal_pkey PRIMARY KEY (member, kind, key)
);

CREATE TABLE feed_place (
    from_member text   NOT NULL,
    to_member   text   NOT NULL,
    kind        text   NOT NULL,
    epoch       bytea  NOT NULL,
    after       bigint NOT NULL,
    CONSTRAINT feed_place_pkey PRIMARY KEY (from_member, to_member, kind)
);

CREATE TABLE feed_item (
    from_member text        NOT NULL,
    to_member   text        NOT NULL,
    kind        text        NOT NULL,
    key         text        NOT NULL,
    number      bigint      NOT NULL,
    tries       int         NOT NULL DEFAULT 0,
    next_try    timestamptz NOT NULL,
    code        text        NOT NULL DEFAULT '', -- why it is not taken over yet
    detail      text        NOT NULL DEFAULT '',
    CONSTRAINT feed_item_pkey PRIMARY KEY (from_member, to_member, kind, key)
);
CREATE INDEX feed_item_due ON feed_item (from_member, next_try);

CREATE TABLE feed_aside (
    from_member text        NOT NULL,
    to_member   text        NOT NULL,
    kind        text        NOT NULL,
    key         text        NOT NULL,
    digest      bytea       NOT NULL, -- SM3 of what came
    code        text        NOT NULL,
    detail      text        NOT NULL,
    body        bytea,
    at          timestamptz NOT NULL,
    times       int         NOT NULL DEFAULT 1,
    CONSTRAINT feed_aside_pkey PRIMARY KEY (from_member, to_member, kind, key, digest)
);
CREATE INDEX feed_aside_at ON feed_aside (from_member, at);

-- +goose Down

DROP TABLE feed_aside;
DROP TABLE feed_item;
DROP TABLE feed_place;
DROP TABLE feed_refusal;
DROP TABLE feed_change;
DROP TABLE feed;
