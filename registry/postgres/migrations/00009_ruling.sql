-- +goose Up

-- 恢复效力 and 停止执行 are acts since rules version 2.
ALTER TABLE proceeding DROP CONSTRAINT proceeding_act_word;
ALTER TABLE proceeding ADD CONSTRAINT proceeding_act_word CHECK (act IN (
    'issue', 'change', 'renew', 'reissue', 'correct', 'downgrade',
    'suspend', 'return', 'withdraw', 'revoke', 'penalize', 'cancel',
    'annotate', 'accept-renewal',
    'print', 'spoil', 'reprint', 'deliver', 'recover', 'announce-void', 'destroy',
    'reinstate', 'stay'));
