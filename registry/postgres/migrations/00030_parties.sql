-- Licenses by whom they are something to, newest first: what lists walk. A row of
-- license_party says that a license on the ledger is one of an issuer's (i/code), or was
-- acted on under a grant (g/id). license_waits has those of them that wait for something,
-- and those that are not on the ledger: under u/code of the issuer, and under p/code
-- where somebody else than the issuer proposes one. Rows follow from the license's own
-- row, whoever changes that.

-- +goose Up

ALTER TABLE license ADD COLUMN proposer text NOT NULL DEFAULT ''; -- decides its issue, where that is not the issuer

CREATE TABLE license_party (
    party   text COLLATE "C" NOT NULL,
    arrival bigint  NOT NULL, -- of the license
    type    text COLLATE "C" NOT NULL,
    CONSTRAINT license_party_pkey PRIMARY KEY (party, arrival)
);
CREATE INDEX license_party_type ON license_party (party, type, arrival);

-- Apart from them, because acts come and go: the rows of license_party are written once.
CREATE TABLE license_waits (
    party   text COLLATE "C" NOT NULL,
    state   text COLLATE "C" NOT NULL CONSTRAINT license_waits_state CHECK (state IN ('open', 'over', 'due')), -- last act under way, ended without effect; paper may wait
    arrival bigint  NOT NULL,
    type    text COLLATE "C" NOT NULL,
    CONSTRAINT license_waits_pkey PRIMARY KEY (party, state, arrival)
);

-- All in PL/pgSQL, which keeps its plans: a function in SQL, and the condition of a
-- trigger, are planned at each statement. For the same reason row by row, and no
-- query where an expression does: a license's grants are distinct, and have no tabs.
-- +goose StatementBegin
CREATE FUNCTION license_parties(l license) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF l.sequence > 0 THEN
        RETURN ARRAY['i/' || l.issuer] || CASE WHEN l.grants = '{}' THEN '{}' ELSE string_to_array('g/' || array_to_string(l.grants, E'\tg/'), E'\t') END;
    ELSIF l.proposer <> '' THEN
        RETURN ARRAY['u/' || l.issuer, 'p/' || l.proposer];
    END IF;
    RETURN ARRAY['u/' || l.issuer];
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION license_states(l license) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    states text[] := CASE WHEN l.step IN ('refused', 'dropped') THEN '{over}' WHEN l.step = 'anchored' THEN '{}' ELSE '{open}' END;
BEGIN
    IF l.paper_due <> '{}' OR l.overseen THEN
        RETURN states || 'due'::text;
    END IF;
    RETURN states;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION license_party_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    had text[] := '{}'; had_states text[] := '{}'; has text[]; states text[]; p text; s text;
    same boolean := false;
BEGIN
    states := license_states(NEW);
    IF TG_OP = 'UPDATE' THEN
        had_states := license_states(OLD);
        same := (OLD.grants, OLD.sequence > 0, OLD.proposer, OLD.issuer) IS NOT DISTINCT FROM (NEW.grants, NEW.sequence > 0, NEW.proposer, NEW.issuer);
        IF same AND had_states = states THEN
            RETURN NULL;
        END IF;
        had := license_parties(OLD);
    END IF;
    has := CASE WHEN same THEN had ELSE license_parties(NEW) END;
    FOREACH p IN ARRAY had LOOP
        IF OLD.sequence > 0 AND p <> ALL (has) THEN
            DELETE FROM license_party WHERE party = p AND arrival = NEW.arrival;
        END IF;
        FOREACH s IN ARRAY had_states LOOP
            IF p <> ALL (has) OR s <> ALL (states) THEN
                DELETE FROM license_waits WHERE party = p AND state = s AND arrival = NEW.arrival;
            END IF;
        END LOOP;
    END LOOP;
    FOREACH p IN ARRAY has LOOP
        IF NEW.sequence > 0 AND p <> ALL (had) THEN
            INSERT INTO license_party (party, arrival, type) VALUES (p, NEW.arrival, NEW.type);
        END IF;
        FOREACH s IN ARRAY states LOOP
            IF p <> ALL (had) OR s <> ALL (had_states) THEN
                INSERT INTO license_waits (party, state, arrival, type) VALUES (p, s, NEW.arrival, NEW.type);
            END IF;
        END LOOP;
    END LOOP;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

UPDATE license l SET proposer = p.organization FROM proceeding p WHERE p.base = l.base AND p.act = 'issue' AND p.organization <> l.issuer AND l.sequence = 0;
INSERT INTO license_party SELECT party, l.arrival, l.type FROM license l CROSS JOIN LATERAL unnest(license_parties(l)) party WHERE l.sequence > 0;
INSERT INTO license_waits SELECT party, waits, l.arrival, l.type FROM license l CROSS JOIN LATERAL unnest(license_parties(l)) party CROSS JOIN LATERAL unnest(license_states(l)) waits;
CREATE TRIGGER license_party_follows AFTER INSERT OR UPDATE ON license FOR EACH ROW EXECUTE FUNCTION license_party_follows();
ANALYZE license_party;
ANALYZE license_waits;

-- Case files by whose they are, the last worked on first: of a grant (g/id), of an
-- organization that signed a step or was invited (o/code). Kept with each step.
CREATE TABLE case_party (
    party       text COLLATE "C" NOT NULL,
    grant_id    text COLLATE "C" NOT NULL,
    case_number text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL, -- of the last step
    CONSTRAINT case_party_pkey PRIMARY KEY (grant_id, case_number, party)
);
INSERT INTO case_party SELECT party, grant_id, case_number, last FROM (SELECT grant_id, case_number, max(at) AS last FROM case_step GROUP BY 1, 2) f
    JOIN LATERAL (SELECT 'g/' || f.grant_id AS party UNION SELECT 'o/' || organization FROM case_step c WHERE (c.grant_id, c.case_number) = (f.grant_id, f.case_number)
        UNION SELECT 'o/' || invited FROM case_step c WHERE (c.grant_id, c.case_number) = (f.grant_id, f.case_number) AND invited <> '') p ON true;
CREATE INDEX case_party_at ON case_party (party, at DESC, case_number, grant_id);
DROP INDEX case_step_organization;
DROP INDEX case_step_invites;

-- Order sheets, the newest first: those that are open, and those that are not.
DROP INDEX order_sheet_created;
CREATE INDEX order_sheet_open ON order_sheet (created, digest) WHERE step = 'open';
CREATE INDEX order_sheet_done ON order_sheet (created, digest) WHERE step <> 'open';

-- Whoever reads or writes licenses reads or writes these: the trigger has no rights of
-- its own, which would cost more than what it does.
-- +goose StatementBegin
DO $$
DECLARE held record;
BEGIN
    FOR held IN SELECT DISTINCT CASE grantee WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(grantee) END AS role,
            CASE privilege_type WHEN 'UPDATE' THEN 'UPDATE, DELETE' ELSE privilege_type END AS what FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND table_name = 'license' AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE') AND grantee <> current_user LOOP
        EXECUTE format('GRANT %s ON license_party, license_waits, case_party TO %s', held.what, held.role);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- What walked all licenses of all organizations. Without these, and with no index that
-- holds the step, most changes of a license's row touch no index at all.
DROP INDEX license_issuer;
DROP INDEX license_paper_due;
DROP INDEX license_grants;

-- Lines of the audit trail on one thing, newest first.
DROP INDEX audit_subject;
CREATE INDEX audit_subject ON audit (subject, id);
-- Lines come in the order of time: which pages have a day is known without a tree.
DROP INDEX audit_at;
CREATE INDEX audit_at ON audit USING brin (at);

-- +goose Down

DROP INDEX audit_at;
CREATE INDEX audit_at ON audit (at);
DROP INDEX order_sheet_open;
DROP INDEX order_sheet_done;
CREATE INDEX order_sheet_created ON order_sheet (created);
DROP TABLE case_party;
CREATE INDEX case_step_organization ON case_step (organization, at);
CREATE INDEX case_step_invites ON case_step (invited, at) WHERE invited <> '';

DROP INDEX audit_subject;
CREATE INDEX audit_subject ON audit (subject);
CREATE INDEX license_issuer ON license (issuer, arrival DESC);
CREATE INDEX license_paper_due ON license (arrival DESC) WHERE paper_due <> '{}' OR overseen;
CREATE INDEX license_grants ON license USING gin (grants);
DROP TRIGGER license_party_follows ON license;
DROP FUNCTION license_party_follows();
DROP FUNCTION license_states(license);
DROP FUNCTION license_parties(license);
DROP TABLE license_waits;
DROP TABLE license_party;
ALTER TABLE license DROP COLUMN proposer;
