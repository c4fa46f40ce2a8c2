DROP INDEX changes_register;
DROP TABLE idempotency;
