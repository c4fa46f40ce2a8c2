DROP TABLE sync_states;
