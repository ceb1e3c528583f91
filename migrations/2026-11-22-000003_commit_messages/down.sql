DROP FUNCTION commit_one, commit_batch, message_frame;
DROP TYPE commit_result;
