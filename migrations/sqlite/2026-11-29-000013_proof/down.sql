-- The trail goes on to take entries of all kinds: those that it has are not taken away.
ALTER TABLE history DROP COLUMN value_salt;
