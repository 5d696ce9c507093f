-- How much of a version a copy has: the whole, or the result that an organization here is
-- told (registry.CopyForm). What was given is written down once for each form.

-- +goose Up

ALTER TABLE copy ADD COLUMN form smallint NOT NULL DEFAULT 1 CONSTRAINT copy_form CHECK (form IN (1, 2));

ALTER TABLE copy_given ADD COLUMN form smallint NOT NULL DEFAULT 0; -- 0: refused, and what was given whole before forms were kept
ALTER TABLE copy_given DROP CONSTRAINT copy_given_pkey;
ALTER TABLE copy_given ADD CONSTRAINT copy_given_pkey PRIMARY KEY (member, organization, base, version, code, form);

-- +goose Down

DELETE FROM copy_given g USING copy_given o WHERE g.form > o.form AND (g.member, g.organization, g.base, g.version, g.code) = (o.member, o.organization, o.base, o.version, o.code);
ALTER TABLE copy_given DROP COLUMN form; -- and its primary key
ALTER TABLE copy_given ADD CONSTRAINT copy_given_pkey PRIMARY KEY (member, organization, base, version, code);
DELETE FROM copy WHERE form <> 1;
ALTER TABLE copy DROP COLUMN form;
