-- Who may use the API and the console. Approvals do not rest on this: they are
-- signatures by keys that the ledger knows.

-- +goose Up

CREATE TABLE account (
    login         text        NOT NULL CONSTRAINT account_login_form CHECK (login = lower(login) AND login ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    organization  text        NOT NULL,
    name          text        NOT NULL, -- as shown
    person        text        NOT NULL DEFAULT '', -- pseudonym of the person's approver keys on the ledger
    roles         text[]      NOT NULL CONSTRAINT account_role_word CHECK (roles <@ ARRAY['acceptor', 'examiner', 'approver', 'seal-keeper', 'printer', 'witness', 'regulator', 'governor', 'operator']),
    admin         boolean     NOT NULL DEFAULT false,
    password_hash text        NOT NULL, -- argon2id, PHC string form; empty: no password
    disabled      boolean     NOT NULL DEFAULT false,
    created       timestamptz NOT NULL,
    updated       timestamptz NOT NULL,
    CONSTRAINT account_pkey PRIMARY KEY (login)
);
CREATE INDEX account_organization ON account (organization);

-- The key itself is shown once; prefix finds the row, hash is SM3 over a
-- 256-bit random key.
CREATE TABLE api_key (
    prefix       text        NOT NULL,
    hash         bytea       NOT NULL CONSTRAINT api_key_hash_size CHECK (octet_length(hash) = 32),
    name         text        NOT NULL,
    account      text        NOT NULL,
    organization text        NOT NULL,
    roles        text[]      NOT NULL CONSTRAINT api_key_role_word CHECK (roles <@ ARRAY['acceptor', 'examiner', 'approver', 'seal-keeper', 'printer', 'witness', 'regulator', 'governor', 'operator']),
    admin        boolean     NOT NULL DEFAULT false,
    expires      timestamptz,
    revoked      timestamptz,
    created      timestamptz NOT NULL,
    CONSTRAINT api_key_pkey PRIMARY KEY (prefix),
    CONSTRAINT api_key_account FOREIGN KEY (account) REFERENCES account (login)
);
CREATE INDEX api_key_of_account ON api_key (account);

-- A signed-in browser: SM3 of its token, so that a copy of the table opens nothing.
CREATE TABLE session (
    hash    bytea       NOT NULL CONSTRAINT session_hash_size CHECK (octet_length(hash) = 32),
    account text        NOT NULL,
    expires timestamptz NOT NULL,
    created timestamptz NOT NULL,
    CONSTRAINT session_pkey PRIMARY KEY (hash),
    CONSTRAINT session_account FOREIGN KEY (account) REFERENCES account (login)
);
CREATE INDEX session_expires ON session (expires);
CREATE INDEX session_of_account ON session (account);

-- A passkey (WebAuthn). data is the library's credential record, counter
-- included; public and key_id are what the ledger's approver record names.
CREATE TABLE credential (
    id      bytea       NOT NULL CONSTRAINT credential_id_size CHECK (octet_length(id) BETWEEN 1 AND 1023),
    account text        NOT NULL,
    key_id  text        NOT NULL,
    public  bytea       NOT NULL,
    data    jsonb       NOT NULL,
    name    text        NOT NULL DEFAULT '',
    created timestamptz NOT NULL,
    used    timestamptz,
    CONSTRAINT credential_pkey PRIMARY KEY (id),
    CONSTRAINT credential_key UNIQUE (key_id),
    CONSTRAINT credential_account FOREIGN KEY (account) REFERENCES account (login)
);
CREATE INDEX credential_of_account ON credential (account);

-- +goose Down
DROP TABLE credential, session, api_key, account;
