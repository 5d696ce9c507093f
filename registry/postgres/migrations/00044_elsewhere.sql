-- Acts through governance on a license whose row is another registry's, and what other
-- registries' organizations did to licenses whose rows are here.

-- +goose Up

-- Every act in the license's own namespace is on a license that has its row here.
ALTER TABLE proceeding ALTER COLUMN held DROP EXPRESSION;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_held CHECK (held = base OR held IS NULL AND (governed OR act = 'replace'));

-- A closing stands in nobody's way, whoever's row the license is.
ALTER TABLE proceeding ADD COLUMN closing boolean NOT NULL GENERATED ALWAYS AS (act = 'replace') STORED;
DROP INDEX proceeding_one_unanchored;
CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base, turn, closing) WHERE step || '' IN ('reserved', 'approved', 'sealed');

ALTER TABLE task DROP CONSTRAINT task_kind_word;
ALTER TABLE task ADD CONSTRAINT task_kind_word CHECK (kind IN ('refused', 'double', 'ended-before', 'expired', 'unsigned'));

-- Read from the ledger, each once: the cursor goes with them.
CREATE TABLE other_act (
    intent       bytea       NOT NULL CONSTRAINT other_act_intent_size CHECK (octet_length(intent) = 32),
    base         text COLLATE "C" NOT NULL,
    organization text        NOT NULL, -- the license's issuer, who is told
    canonical    bytea       NOT NULL, -- the intent's canonical bytes
    recorded     timestamptz NOT NULL,
    height       bigint      NOT NULL,
    CONSTRAINT other_act_pkey PRIMARY KEY (intent),
    CONSTRAINT other_act_license FOREIGN KEY (base) REFERENCES license (base)
);
CREATE INDEX other_act_recorded ON other_act (organization, recorded);
CREATE TABLE other_act_seen (
    one    boolean NOT NULL DEFAULT true CONSTRAINT other_act_seen_one CHECK (one),
    height bigint  NOT NULL,
    CONSTRAINT other_act_seen_pkey PRIMARY KEY (one)
);

-- +goose Down

DROP TABLE other_act_seen;
DROP TABLE other_act;
ALTER TABLE task DROP CONSTRAINT task_kind_word;
ALTER TABLE task ADD CONSTRAINT task_kind_word CHECK (kind IN ('refused', 'double', 'ended-before', 'expired')) NOT VALID;
DROP INDEX proceeding_one_unanchored;
ALTER TABLE proceeding DROP CONSTRAINT proceeding_held;
ALTER TABLE proceeding DROP CONSTRAINT proceeding_license;
ALTER TABLE proceeding DROP COLUMN held;
ALTER TABLE proceeding ADD COLUMN held text COLLATE "C" GENERATED ALWAYS AS (CASE WHEN act <> 'replace' THEN base END) STORED;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_license FOREIGN KEY (held) REFERENCES license (base) NOT VALID;
ALTER TABLE proceeding DROP COLUMN closing;
CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base, turn, (held IS NULL)) WHERE step || '' IN ('reserved', 'approved', 'sealed');
