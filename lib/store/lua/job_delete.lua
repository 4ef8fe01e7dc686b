-- job_delete: delete a job, its history, the dead occurrences that the history names, and all that would call it again. A call that is
-- under way ends and is recorded in the feed; a claim removes what waits in retry.
-- needs: clock dead gone index write
-- Returns 1 (it is gone), ANSWER_NONE, ANSWER_OTHER (it has another version).
if redis.call('EXISTS', job_key) == 0 then
    return ANSWER_NONE
end
if version ~= '' and (try('HGET', job_key, 'version') or '1') ~= version then
    return ANSWER_OTHER
end
try('ZREM', due_key, job_id)
try('ZREM', broken_key, job_id)
-- After a removal: so a DELETE comes through even if Redis' memory is full.
keep_gone(job_id, now_ms())
dead_take_recorded(job_id, try('LRANGE', history_key, 0, HISTORY_MAX - 1) or {})
redis.call('DEL', job_key, history_key)
index_remove(job_id)
return 1
