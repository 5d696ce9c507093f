-- Licenses by whom they are something to, newest first: what lists walk. A row says
-- that a license is one of an issuer's (i/code; u/code before it is anchored), was
-- acted on under a grant (g/id), or is proposed by somebody else than its issuer
-- (p/code, before it is anchored). Rows follow from the license's own row, whoever
-- changes that.

-- +goose Up

ALTER TABLE license ADD COLUMN proposer text NOT NULL DEFAULT ''; -- decides its issue, where that is not the issuer

CREATE INDEX license_step ON license (step, arrival) WHERE step <> 'anchored'; -- what is under way, for handovers

CREATE TABLE license_party (
    party   text COLLATE "C" NOT NULL,
    arrival bigint  NOT NULL, -- of the license
    type    text COLLATE "C" NOT NULL,
    phase   text COLLATE "C" NOT NULL CONSTRAINT license_party_phase CHECK (phase IN ('open', 'over', 'anchored')), -- of its last act
    due     boolean NOT NULL, -- its paper may wait for something
    CONSTRAINT license_party_pkey PRIMARY KEY (party, arrival)
);
CREATE INDEX license_party_type ON license_party (party, type, arrival);
CREATE INDEX license_party_phase ON license_party (party, phase, arrival) WHERE phase <> 'anchored';
CREATE INDEX license_party_due ON license_party (party, arrival) WHERE due;

-- +goose StatementBegin
CREATE FUNCTION license_parties(l license) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN l.sequence > 0 THEN ARRAY['i/' || l.issuer] || ARRAY(SELECT DISTINCT 'g/' || g FROM unnest(l.grants) g)
        WHEN l.proposer <> '' THEN ARRAY['u/' || l.issuer, 'p/' || l.proposer]
        ELSE ARRAY['u/' || l.issuer] END
$$;
-- +goose StatementEnd

CREATE FUNCTION license_phase(step text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN step IN ('refused', 'dropped') THEN 'over' WHEN step = 'anchored' THEN 'anchored' ELSE 'open' END
$$;

-- +goose StatementBegin
CREATE FUNCTION license_party_follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.issuer, NEW.grants, NEW.proposer, NEW.sequence > 0) IS DISTINCT FROM (OLD.issuer, OLD.grants, OLD.proposer, OLD.sequence > 0) THEN
        DELETE FROM license_party WHERE party = ANY (license_parties(OLD)) AND party <> ALL (license_parties(NEW)) AND arrival = OLD.arrival;
    END IF;
    INSERT INTO license_party AS p (party, arrival, type, phase, due)
        SELECT party, NEW.arrival, NEW.type, license_phase(NEW.step), NEW.paper_due <> '{}' OR NEW.overseen FROM unnest(license_parties(NEW)) party
        ON CONFLICT (party, arrival) DO UPDATE SET type = excluded.type, phase = excluded.phase, due = excluded.due
        WHERE (p.type, p.phase, p.due) IS DISTINCT FROM (excluded.type, excluded.phase, excluded.due);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

UPDATE license l SET proposer = p.organization FROM proceeding p WHERE p.base = l.base AND p.act = 'issue' AND p.organization <> l.issuer AND l.sequence = 0;
INSERT INTO license_party SELECT party, l.arrival, l.type, license_phase(l.step), l.paper_due <> '{}' OR l.overseen FROM license l CROSS JOIN LATERAL unnest(license_parties(l)) party;
CREATE TRIGGER license_party_begins AFTER INSERT ON license FOR EACH ROW EXECUTE FUNCTION license_party_follows();
CREATE TRIGGER license_party_follows AFTER UPDATE ON license FOR EACH ROW
    WHEN ((OLD.issuer, OLD.type, OLD.grants, OLD.proposer, OLD.sequence > 0, license_phase(OLD.step), OLD.paper_due <> '{}' OR OLD.overseen)
        IS DISTINCT FROM (NEW.issuer, NEW.type, NEW.grants, NEW.proposer, NEW.sequence > 0, license_phase(NEW.step), NEW.paper_due <> '{}' OR NEW.overseen))
    EXECUTE FUNCTION license_party_follows();
ANALYZE license_party;

-- Whoever reads licenses reads this; nobody but the trigger needs to write it.
-- +goose StatementBegin
DO $$
DECLARE reader text;
BEGIN
    FOR reader IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND table_name = 'license' AND privilege_type = 'SELECT' AND grantee <> current_user LOOP
        EXECUTE format('GRANT SELECT ON license_party TO %s', CASE reader WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(reader) END);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- What walked all licenses of all organizations.
DROP INDEX license_issuer;
DROP INDEX license_paper_due;

-- Lines of the audit trail on one thing, newest first.
DROP INDEX audit_subject;
CREATE INDEX audit_subject ON audit (subject, id);

-- +goose Down

DROP INDEX audit_subject;
CREATE INDEX audit_subject ON audit (subject);
CREATE INDEX license_issuer ON license (issuer, arrival DESC);
CREATE INDEX license_paper_due ON license (arrival DESC) WHERE paper_due <> '{}' OR overseen;
DROP TRIGGER license_party_begins ON license;
DROP TRIGGER license_party_follows ON license;
DROP FUNCTION license_party_follows();
DROP FUNCTION license_phase(text);
DROP FUNCTION license_parties(license);
DROP TABLE license_party;
DROP INDEX license_step;
ALTER TABLE license DROP COLUMN proposer;
