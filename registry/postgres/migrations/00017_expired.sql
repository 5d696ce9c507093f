-- A proposal that nobody approves in time is dropped by itself: its row says why,
-- and whoever filed it has a task.

-- +goose Up

ALTER TABLE proceeding DROP CONSTRAINT proceeding_refused_code;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_refused_code CHECK (CASE step WHEN 'refused' THEN refusal <> '' WHEN 'dropped' THEN true ELSE refusal = '' END);
ALTER TABLE task DROP CONSTRAINT task_kind_word;
ALTER TABLE task ADD CONSTRAINT task_kind_word CHECK (kind IN ('refused', 'double', 'ended-before', 'expired'));
CREATE INDEX proceeding_reserved ON proceeding (updated) WHERE step = 'reserved';

-- +goose Down

DROP INDEX proceeding_reserved;
ALTER TABLE task DROP CONSTRAINT task_kind_word;
ALTER TABLE task ADD CONSTRAINT task_kind_word CHECK (kind IN ('refused', 'double', 'ended-before')) NOT VALID;
ALTER TABLE proceeding DROP CONSTRAINT proceeding_refused_code;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_refused_code CHECK ((step = 'refused') = (refusal <> '')) NOT VALID;
