-- Licenses, their versions and printings, and the proceedings that make them.
-- Nothing here is trusted by a verdict: the scan recomputes it from the ledger.
-- Words in CHECK constraints equal the tables in Go; a test compares them.

-- +goose Up

-- One version of a catalog entry (GB/T 36902), as the city published it.
CREATE TABLE license_type (
    code      text        NOT NULL,
    version   integer     NOT NULL CONSTRAINT license_type_version_positive CHECK (version > 0),
    name      text        NOT NULL,
    authority text        NOT NULL,
    entry     jsonb       NOT NULL,
    created   timestamptz NOT NULL,
    CONSTRAINT license_type_pkey PRIMARY KEY (code, version)
);

-- One license over all its versions. state, version, sequence and head are
-- what the ledger said at the last anchored act; the columns below them are
-- for lists and search only.
CREATE TABLE license (
    base        text COLLATE "C" NOT NULL,
    type        text        NOT NULL,
    issuer      text        NOT NULL,
    serial      text        NOT NULL,
    state       text        NOT NULL DEFAULT 'none' CONSTRAINT license_state_word
                CHECK (state IN ('none', 'effective', 'suspended', 'withdrawn', 'revoked', 'penalized', 'cancelled')),
    version     integer     NOT NULL DEFAULT 0 CONSTRAINT license_version_range CHECK (version BETWEEN 0 AND 999),
    sequence    bigint      NOT NULL DEFAULT 0,
    head        bytea       CONSTRAINT license_head_size CHECK (octet_length(head) = 32),
    arrival     bigint      GENERATED ALWAYS AS IDENTITY,
    newest      integer     NOT NULL DEFAULT 0,
    type_version integer    NOT NULL DEFAULT 0,
    number      text COLLATE "C" NOT NULL DEFAULT '',
    holder_name text COLLATE "C" NOT NULL DEFAULT '',
    issuer_name text        NOT NULL DEFAULT '',
    expires     date,
    last_act    text        NOT NULL DEFAULT '',
    step        text        NOT NULL DEFAULT '',
    created     timestamptz NOT NULL,
    updated     timestamptz NOT NULL,
    CONSTRAINT license_pkey PRIMARY KEY (base),
    CONSTRAINT license_base_parts CHECK (base = type || '.' || issuer || '.' || serial)
);
CREATE UNIQUE INDEX license_arrival ON license (arrival);
CREATE INDEX license_issuer ON license (issuer, arrival DESC);
CREATE INDEX license_number ON license (number);
CREATE INDEX license_holder ON license (holder_name);

-- 办件: one act on its way. The row is at the same time the job of its step:
-- a worker leases it until lease_until and tries again from next_try on.
CREATE TABLE proceeding (
    intent       bytea       NOT NULL CONSTRAINT proceeding_intent_size CHECK (octet_length(intent) = 32),
    base         text COLLATE "C" NOT NULL,
    act          text        NOT NULL CONSTRAINT proceeding_act_word CHECK (act IN (
                 'issue', 'change', 'renew', 'reissue', 'correct', 'downgrade',
                 'suspend', 'return', 'withdraw', 'revoke', 'penalize', 'cancel',
                 'annotate', 'accept-renewal',
                 'print', 'spoil', 'reprint', 'deliver', 'recover', 'announce-void', 'destroy')),
    class        text        NOT NULL CONSTRAINT proceeding_class_word CHECK (class IN ('version', 'state', 'record', 'paper')),
    version      integer     NOT NULL CONSTRAINT proceeding_version_range CHECK (version BETWEEN 1 AND 999),
    sequence     bigint      NOT NULL CONSTRAINT proceeding_sequence_positive CHECK (sequence > 0),
    issuer       text        NOT NULL,
    organization text        NOT NULL, -- decides
    unit         text        NOT NULL, -- filed it
    matter       text        NOT NULL,
    decision     text        NOT NULL,
    decision_override text   NOT NULL DEFAULT '', -- who allowed a used decision number, and why
    canonical    bytea       NOT NULL, -- the intent's canonical bytes: what people sign
    recording    smallint    NOT NULL CONSTRAINT proceeding_recording_word CHECK (recording IN (0, 1, 2)),
    remark       text        NOT NULL,
    step         text        NOT NULL CONSTRAINT proceeding_step_word CHECK (step IN (
                 'reserved', 'approved', 'sealed', 'anchored', 'refused', 'dropped')),
    approvals    jsonb       NOT NULL DEFAULT '[]' CONSTRAINT proceeding_approvals_list CHECK (jsonb_typeof(approvals) = 'array'),
    entry        bytea,
    transaction  text        NOT NULL DEFAULT '',
    pending      boolean     NOT NULL DEFAULT false, -- paper let out before the ledger answered
    receipt      jsonb,
    refusal      text        NOT NULL DEFAULT '',
    detail       text        NOT NULL DEFAULT '',
    lease_until  timestamptz,
    next_try     timestamptz NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0,
    arrival      bigint      GENERATED ALWAYS AS IDENTITY,
    created      timestamptz NOT NULL,
    updated      timestamptz NOT NULL,
    CONSTRAINT proceeding_pkey PRIMARY KEY (intent),
    CONSTRAINT proceeding_license FOREIGN KEY (base) REFERENCES license (base),
    CONSTRAINT proceeding_sealed_entry CHECK (step NOT IN ('sealed', 'anchored') OR entry IS NOT NULL),
    CONSTRAINT proceeding_anchored_receipt CHECK ((step = 'anchored') = (receipt IS NOT NULL)),
    CONSTRAINT proceeding_refused_code CHECK ((step = 'refused') = (refusal <> ''))
);
-- A license has at most one unanchored act.
CREATE UNIQUE INDEX proceeding_one_unanchored ON proceeding (base) WHERE step IN ('reserved', 'approved', 'sealed');
-- A decision number is used once per issuer and matter. Paper acts may name
-- the decision that they carry out; what was refused or dropped frees it.
CREATE UNIQUE INDEX proceeding_decision ON proceeding (issuer, matter, decision)
    WHERE decision <> '' AND decision_override = '' AND class <> 'paper' AND step NOT IN ('refused', 'dropped');
CREATE UNIQUE INDEX proceeding_arrival ON proceeding (arrival);
CREATE INDEX proceeding_history ON proceeding (base, arrival);
CREATE INDEX proceeding_waiting ON proceeding (step, arrival) WHERE step IN ('reserved', 'approved', 'sealed');

-- One version of a license, with what the ledger's content digest is computed
-- from. A refused or dropped attempt is no longer live: its number is free.
CREATE TABLE version (
    intent       bytea   NOT NULL,
    base         text COLLATE "C" NOT NULL,
    version      integer NOT NULL CONSTRAINT version_range CHECK (version BETWEEN 1 AND 999),
    organization text    NOT NULL,
    type_version integer NOT NULL,
    facts        jsonb   NOT NULL,
    secret       bytea   NOT NULL CONSTRAINT version_secret_size CHECK (octet_length(secret) >= 16),
    unsealed     bytea   NOT NULL,
    sealed       bytea,
    live         boolean NOT NULL DEFAULT true,
    CONSTRAINT version_pkey PRIMARY KEY (intent),
    CONSTRAINT version_proceeding FOREIGN KEY (intent) REFERENCES proceeding (intent),
    CONSTRAINT version_license FOREIGN KEY (base) REFERENCES license (base)
);
CREATE UNIQUE INDEX version_live ON version (base, version) WHERE live;
CREATE INDEX version_history ON version (base, version);

-- One sheet that leaves a printer, or the electronic file. Live as its act is:
-- the sheet of a refused act stays findable, so that a scan can say why.
CREATE TABLE printing (
    intent       bytea   NOT NULL,
    number       bigint  NOT NULL CONSTRAINT printing_number_positive CHECK (number > 0),
    token        bytea   NOT NULL CONSTRAINT printing_token_size CHECK (octet_length(token) = 16),
    base         text COLLATE "C" NOT NULL,
    version      integer NOT NULL,
    organization text    NOT NULL,
    copy         text    NOT NULL CONSTRAINT printing_copy_word CHECK (copy IN ('electronic', 'original', 'duplicate', 'annex')),
    type         text    NOT NULL,
    form         text    NOT NULL DEFAULT '',
    run          text    NOT NULL DEFAULT '',
    blank        text, -- number of the blank; null on plain paper
    list         bigint  NOT NULL CONSTRAINT printing_list_positive CHECK (list > 0),
    index        integer NOT NULL CONSTRAINT printing_index_range CHECK (index BETWEEN 0 AND 131071),
    qr           text    NOT NULL DEFAULT '',
    live         boolean NOT NULL DEFAULT true,
    CONSTRAINT printing_pkey PRIMARY KEY (intent, number),
    CONSTRAINT printing_proceeding FOREIGN KEY (intent) REFERENCES proceeding (intent),
    CONSTRAINT printing_license FOREIGN KEY (base) REFERENCES license (base),
    CONSTRAINT printing_list_index UNIQUE (list, index)
);
CREATE UNIQUE INDEX printing_token ON printing (token) WHERE live;
CREATE UNIQUE INDEX printing_number ON printing (base, number) WHERE live;
CREATE UNIQUE INDEX printing_blank ON printing (type, form, run, blank) WHERE live AND blank IS NOT NULL;
CREATE INDEX printing_any_token ON printing (token);

-- What a client's key made. The key is taken with the proceeding or not at all.
CREATE TABLE idempotency (
    client    text        NOT NULL,
    operation text        NOT NULL,
    key       text        NOT NULL,
    body      bytea       NOT NULL CONSTRAINT idempotency_body_size CHECK (octet_length(body) = 32),
    intent    bytea       NOT NULL,
    created   timestamptz NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY (client, operation, key),
    CONSTRAINT idempotency_proceeding FOREIGN KEY (intent) REFERENCES proceeding (intent) DEFERRABLE INITIALLY DEFERRED
);

-- Counters: used value is the last one handed out. Gaps are allowed.
CREATE TABLE serial_counter (
    issuer text   NOT NULL,
    prefix text   NOT NULL,
    used   bigint NOT NULL,
    CONSTRAINT serial_counter_pkey PRIMARY KEY (issuer, prefix)
);
CREATE TABLE number_counter (
    type  text   NOT NULL,
    scope text   NOT NULL,
    used  bigint NOT NULL,
    CONSTRAINT number_counter_pkey PRIMARY KEY (type, scope)
);
CREATE TABLE list_counter (
    list bigint  NOT NULL,
    next integer NOT NULL CONSTRAINT list_counter_range CHECK (next BETWEEN 0 AND 131072),
    CONSTRAINT list_counter_pkey PRIMARY KEY (list)
);

-- What a unit has to attend to besides approvals, which are proceedings in
-- step reserved.
CREATE TABLE task (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    organization text        NOT NULL,
    unit         text        NOT NULL,
    kind         text        NOT NULL CONSTRAINT task_kind_word CHECK (kind IN ('refused')),
    intent       bytea       NOT NULL,
    code         text        NOT NULL,
    detail       text        NOT NULL,
    created      timestamptz NOT NULL,
    closed       timestamptz,
    CONSTRAINT task_pkey PRIMARY KEY (id),
    CONSTRAINT task_proceeding FOREIGN KEY (intent) REFERENCES proceeding (intent)
);
CREATE INDEX task_open ON task (organization) WHERE closed IS NULL;

-- The audit trail is only ever added to, by whomever.
CREATE TABLE audit (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL,
    account      text        NOT NULL,
    organization text        NOT NULL,
    operation    text        NOT NULL,
    subject      text        NOT NULL,
    code         text        NOT NULL,
    detail       text        NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_subject ON audit (subject);

-- +goose StatementBegin
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'audit_append_only';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

-- +goose Down
DROP TABLE audit, task, list_counter, number_counter, serial_counter, idempotency, printing, version, proceeding, license, license_type;
DROP FUNCTION audit_append_only();
