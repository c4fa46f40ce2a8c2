DROP TABLE own_held;
