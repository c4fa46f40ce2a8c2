DROP TABLE access_log_ends;
DROP TABLE access_log;
