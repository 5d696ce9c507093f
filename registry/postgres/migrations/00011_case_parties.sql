-- Case files from the receipt of the application on: notices, commitments, what
-- is missing and comes later, invitations, and a clock that is extended or stands
-- still. An invited organization finds the case from its invitation on.

-- +goose Up

ALTER TABLE case_step DROP CONSTRAINT case_step_word;
ALTER TABLE case_step ADD CONSTRAINT case_step_word CHECK (kind IN ('receive', 'notify', 'decline', 'accept', 'commit', 'supply', 'invite', 'opinion',
    'extend', 'suspend-clock', 'resume-clock', 'examine', 'seal-request', 'seal-confirm'));
ALTER TABLE case_step ADD COLUMN invited text NOT NULL DEFAULT '' CONSTRAINT case_step_invited CHECK ((invited <> '') = (kind = 'invite'));
CREATE INDEX case_step_invites ON case_step (invited, at) WHERE invited <> '';

-- +goose Down

DROP INDEX case_step_invites;
ALTER TABLE case_step DROP COLUMN invited;
ALTER TABLE case_step DROP CONSTRAINT case_step_word;
ALTER TABLE case_step ADD CONSTRAINT case_step_word CHECK (kind IN ('accept', 'opinion', 'examine', 'seal-request', 'seal-confirm')) NOT VALID;
