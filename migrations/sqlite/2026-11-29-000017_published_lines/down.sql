DROP TABLE published_lines;
