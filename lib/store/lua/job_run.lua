-- job_run: make an attempt at a job by hand, now.
-- needs: write clock stamp retry taken
-- KEYS[1] the job's hash  KEYS[2] retry  KEYS[3] broken  KEYS[4] holders  KEYS[5] executions  KEYS[6] gone
-- ARGV[1] id (32 bytes)  [2] shard  [3] a random text that names this request  [4] the milliseconds of the second (0 to 999) at which
--   the job's own instants are  [5] prefix of the runners' claims  [6] prefix of the jobs' keys  [7] prefix of the histories' keys
-- Returns the instant that stands for the occurrence (ms; it may be a bit ahead, and the attempt is due now all the same), 0 (there is no such job), -1 (it was set aside). An occurrence of that instant
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
local where = {retry_key = KEYS[2], holders_key = KEYS[4], executions_key = KEYS[5], gone_key = KEYS[6], claimed_prefix = ARGV[5],
    job_prefix = ARGV[6], history_prefix = ARGV[7]}
local now = now_ms()
local at = unscheduled_instant(where, ARGV[1], tonumber(ARGV[4]), now)
local instant = as_text(at)
write('ZADD', KEYS[2], as_text(now), retry_entry(ARGV[1] .. instant, 1, 'm', stamp))
redis.call('HSET', KEYS[1], 'manual', instant .. ' ' .. ARGV[3])
wake(ARGV[2], now)
return at
