-- The functions stay: to older code they do the same.
SELECT 1;
