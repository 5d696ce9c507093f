-- Case files across members' registries: which are copies and whose, steps of which the
-- ledger must be told before they count, and what files wait for.

-- +goose Up

-- Files that another member's registry keeps; one without a row is kept here.
CREATE TABLE case_home (
    grant_id    text COLLATE "C" NOT NULL,
    case_folded text COLLATE "C" NOT NULL,
    member      text NOT NULL CONSTRAINT case_home_member CHECK (member <> ''),
    CONSTRAINT case_home_pkey PRIMARY KEY (grant_id, case_folded)
);

-- How feeds name a file: by nothing that says what it is about.
CREATE TABLE case_key (
    grant_id    text COLLATE "C" NOT NULL,
    case_folded text COLLATE "C" NOT NULL,
    key         text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    CONSTRAINT case_key_pkey PRIMARY KEY (grant_id, case_folded)
);
CREATE UNIQUE INDEX case_key_key ON case_key (key);
INSERT INTO case_key (grant_id, case_folded) SELECT DISTINCT grant_id, case_folded FROM case_step;

-- At most one step of a file is told to the ledger at a time. A refused one stays to be
-- seen until the next step is taken.
CREATE TABLE case_held (
    grant_id     text COLLATE "C" NOT NULL,
    case_folded  text COLLATE "C" NOT NULL,
    case_number  text        NOT NULL,
    digest       bytea       NOT NULL CONSTRAINT case_held_digest_size CHECK (octet_length(digest) = 32),
    organization text        NOT NULL,
    state        text        NOT NULL CONSTRAINT case_held_state_word CHECK (state IN ('asked', 'awaited', 'withdrawn', 'refused')),
    statement    bytea       NOT NULL, -- canonical bytes of registry.CaseStatement
    approval     jsonb       NOT NULL,
    content      text        NOT NULL DEFAULT '',
    code         text        NOT NULL DEFAULT '', -- why it was refused
    detail       text        NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    CONSTRAINT case_held_pkey PRIMARY KEY (grant_id, case_folded)
);
CREATE UNIQUE INDEX case_held_digest ON case_held (digest);
CREATE INDEX case_held_open ON case_held (at) WHERE state <> 'refused';
CREATE INDEX case_held_refused ON case_held (organization, at) WHERE state = 'refused';

-- Files that may wait for the decider under a grant (g/id) or for an organization that was
-- invited (o/code): whether they do, the file itself says.
CREATE TABLE case_wait (
    party       text COLLATE "C" NOT NULL,
    kind        text NOT NULL, -- of the step that is waited for
    grant_id    text COLLATE "C" NOT NULL,
    case_number text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL,
    CONSTRAINT case_wait_pkey PRIMARY KEY (grant_id, case_number, party, kind)
);
CREATE INDEX case_wait_at ON case_wait (party, at, case_number, grant_id);
INSERT INTO case_wait SELECT 'g/' || grant_id, 'seal-confirm', grant_id, case_number, max(at) FROM case_step s WHERE kind = 'seal-request'
    AND NOT EXISTS (SELECT FROM case_step c WHERE (c.grant_id, c.case_folded) = (s.grant_id, s.case_folded) AND c.kind IN ('seal-request', 'seal-confirm') AND c.number > s.number) GROUP BY grant_id, case_number;
INSERT INTO case_wait SELECT 'o/' || invited, 'opinion', grant_id, case_number, max(at) FROM case_step s WHERE kind = 'invite'
    AND NOT EXISTS (SELECT FROM case_step c WHERE (c.grant_id, c.case_folded) = (s.grant_id, s.case_folded) AND c.kind = 'opinion' AND c.organization = s.invited AND c.number > s.number) GROUP BY grant_id, case_number, invited;

-- Who works with case files works with these.
-- +goose StatementBegin
DO $$
DECLARE held record;
BEGIN
    FOR held IN SELECT DISTINCT CASE grantee WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(grantee) END AS role,
            CASE privilege_type WHEN 'UPDATE' THEN 'UPDATE, DELETE' ELSE privilege_type END AS what FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND table_name = 'license' AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE') AND grantee <> current_user LOOP
        EXECUTE format('GRANT %s ON case_home, case_key, case_held, case_wait TO %s', held.what, held.role);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- What decides a case the ledger says.
DROP INDEX proceeding_case;

-- +goose Down

CREATE INDEX proceeding_case ON proceeding (case_folded, grant_id) WHERE case_folded <> '';
DROP TABLE case_wait;
DROP TABLE case_held;
DROP TABLE case_key;
DROP TABLE case_home;
