-- job_run: make an attempt at a job by hand, now.
-- needs: write clock stamp retry unscheduled
-- KEYS[1] the job's hash  KEYS[2] retry  KEYS[3] broken
-- ARGV[1] id (32 bytes)  [2] shard  [3] a random text that names this request  [4] the milliseconds of the second (0 to 999) at which
--   the job's own instants are
-- Returns the instant that stands for the occurrence (ms), 0 (there is no such job), -1 (it was set aside). An occurrence of that instant
-- there never was before, and never will be. The same request, sent again, gets the same instant.
local stamp = read_stamp(KEYS[1])
if not stamp then
    return redis.call('EXISTS', KEYS[1]) == 0 and 0 or -1
end
if redis.call('ZSCORE', KEYS[3], ARGV[1]) then
    return -1
end
local last, request = (redis.call('HGET', KEYS[1], 'manual') or ''):match('^(%d+) (.*)$')
if request == ARGV[3] then
    return tonumber(last)
end
local at = unscheduled_instant(KEYS[1], tonumber(ARGV[4]))
local instant = string.format('%.0f', at)
write('ZADD', KEYS[2], instant, retry_entry(ARGV[1] .. instant, 1, 'm', stamp))
redis.call('HSET', KEYS[1], 'manual', instant .. ' ' .. ARGV[3])
wake(ARGV[2], at)
return at
