DROP FUNCTION raise_floors_2(uuid[], interval);
DROP TABLE stale_floors;
