-- job_delete: a job goes, with its history, the dead occurrences that this names, and all that would call it again. A call that is under
-- way ends, and is recorded in the feed; what waits in retry goes when it is claimed.
-- needs: index dead taken gone
-- KEYS[1] the job's hash  KEYS[2] due  KEYS[3] broken  KEYS[4] its history  KEYS[5] index of the jobs  KEYS[6] dead
-- KEYS[7] executions  KEYS[8] gone
-- ARGV[1] id (32 bytes)  [2] the version that it must have ('': any)  [3] prefix of the jobs' keys  [4] prefix of the histories' keys
-- Returns 1 (it is gone), 0 (there was none), -1 (it has another version).
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
if ARGV[2] ~= '' and (try('HGET', KEYS[1], 'version') or '1') ~= ARGV[2] then
    return -1
end
try('ZREM', KEYS[2], ARGV[1])
try('ZREM', KEYS[3], ARGV[1])
-- Behind a removal: a DELETE comes through when Redis' memory is full.
keep_gone({executions_key = KEYS[7], gone_key = KEYS[8], job_prefix = ARGV[3], history_prefix = ARGV[4]}, ARGV[1], now_ms())
exhume_recorded(KEYS[6], ARGV[1], try('LRANGE', KEYS[4], 0, 999) or {})
redis.call('DEL', KEYS[1], KEYS[4])
index_remove(KEYS[5], ARGV[1])
return 1
