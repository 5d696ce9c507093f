-- A copy without its package says nothing of what the package said, and nothing stays put
-- aside of a version of which the result alone, or nothing any more, is for this registry.

-- +goose Up

UPDATE copy SET type = '', number = '', holder_name = '', holder_code = '', issuer_name = '', expires = 0, number_folded = '', holder_folded = '' WHERE package IS NULL;
ALTER TABLE copy ADD CONSTRAINT copy_empty CHECK (package IS NOT NULL OR
    (type, number, holder_name, holder_code, issuer_name, expires, number_folded, holder_folded) = ('', '', '', '', '', 0, '', ''));
DELETE FROM copy_aside a USING copy c WHERE (a.base, a.version) = (c.base, c.version) AND (c.state = 'stray' OR c.form = 2);

-- +goose Down

ALTER TABLE copy DROP CONSTRAINT copy_empty;
