DROP FUNCTION commit_batch_2;
