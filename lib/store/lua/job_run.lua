-- job_run: make an attempt at a job due now: a manual run.
-- needs: clock number retry stamp taken wake
-- Returns the instant that stands for the occurrence (ms; it may lie slightly ahead, but the attempt is due now), ANSWER_NONE, or
-- ANSWER_OTHER (it is broken). No other occurrence ever had that instant, or will have it. The same request, sent again, gets the same
-- instant.
local stamp = read_stamp(job_key)
if not stamp then
    return redis.call('EXISTS', job_key) == 0 and ANSWER_NONE or ANSWER_OTHER
end
if redis.call('ZSCORE', broken_key, job_id) then
    return ANSWER_OTHER
end
local last, last_request = (redis.call('HGET', job_key, 'manual') or ''):match('^(%d+) (.*)$')
if last_request == request then
    return tonumber(last)
end
local now = now_ms()
local instant = unscheduled_instant(job_id, offset_ms, now)
local name = as_text(instant)
add_retry(as_text(now), job_id .. name, 1, KIND_MANUAL, stamp)
redis.call('HSET', job_key, 'manual', name .. ' ' .. request)
made_due(now)
wake()
return instant
