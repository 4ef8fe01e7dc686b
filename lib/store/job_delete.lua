-- job_delete: a job goes, with its history, the dead occurrences that this names, and all that would call it again. A call that is under
-- way ends, and is recorded in the feed; what waits in retry goes when it is claimed.
-- needs: index dead
-- KEYS[1] the job's hash  KEYS[2] due  KEYS[3] broken  KEYS[4] its history  KEYS[5] index of the jobs  KEYS[6] dead
-- ARGV[1] id (32 bytes)  [2] the version that it must have ('': any)
-- Returns 1 (it is gone), 0 (there was none), -1 (it has another version).
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
local version = redis.pcall('HGET', KEYS[1], 'version')
if ARGV[2] ~= '' and (type(version) == 'string' and version or '1') ~= ARGV[2] then
    return -1
end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
local records = redis.pcall('LRANGE', KEYS[4], 0, 999)
exhume_recorded(KEYS[6], ARGV[1], records.err and {} or records)
redis.call('DEL', KEYS[1], KEYS[4])
index_remove(KEYS[5], ARGV[1])
return 1
