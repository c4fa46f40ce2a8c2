DELETE FROM own_cells WHERE period = 0;
