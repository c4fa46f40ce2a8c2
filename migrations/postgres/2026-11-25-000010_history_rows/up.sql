-- PostgreSQL keeps its tables so already.
SELECT 1;
