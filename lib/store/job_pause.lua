-- job_pause: a job is called no more until somebody resumes it. What was claimed and not started is void with that.
-- KEYS[1] the job's hash  KEYS[2] due  KEYS[3] broken
-- ARGV[1] id (32 bytes)  [2] why (user, …)  [3] a note ('': none)  [4] by whom ('': not known)
-- Returns 1 (it is paused, now or since before: then nothing is changed), 0 (there is no such job), -1 (it was set aside).
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
if redis.call('ZSCORE', KEYS[3], ARGV[1]) then
    return -1
end
if redis.call('HGET', KEYS[1], 'state') == 'PAUSED' then
    return 1
end
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('HSET', KEYS[1], 'state', 'PAUSED', 'state_reason', ARGV[2], 'state_since', string.format('%.0f', now_ms()))
for i, field in ipairs({'state_note', 'state_by'}) do
    redis.call('HDEL', KEYS[1], field)
    if ARGV[2 + i] ~= '' then
        redis.call('HSET', KEYS[1], field, ARGV[2 + i])
    end
end
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
