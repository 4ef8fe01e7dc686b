-- job_change: give a job another definition, another next instant, or both.
-- needs: clock definition number stamp taken wake stateful write
-- Returns 1 (done), ANSWER_NONE, ANSWER_OTHER (it is not the one that was read), ANSWER_LATE, or that its instant is taken. Only 1 changes
-- anything.
local stamp = read_stamp(job_key)
if not stamp then
    return redis.call('EXISTS', job_key) == 0 and ANSWER_NONE or ANSWER_OTHER
end
local found = redis.call('HMGET', job_key, 'created', 'version', 'epoch', 'state', 'born')
if read_state ~= table.concat({found[1], found[2] or '1', found[3] or '0', (found[5] or ''):match('^%d+$') or '0'}, ' ') then
    return ANSWER_OTHER
end

local instant, now = tonumber(timing), now_ms()
local refused = instant and refuse_instant(job_id, instant, stamp, now, floor_of(job_id, now))
if refused then
    return refused == 'late' and ANSWER_LATE or -refused
end
if instant then
    redis.call('ZADD', due_key, timing, job_id) -- first the write that may fail: a script that fails is not rolled back
end
if redefined == '1' then
    redis.call('HDEL', job_key, unpack(DEFINITION, 2))
    redis.call('HSET', job_key, each_unpacked())
    redis.call('HINCRBY', job_key, 'version', found[2] and 1 or 2)
    if not read_health(job_key) then
        redis.call('HDEL', job_key, 'failures') -- the job no longer counts them
    end
end
if timing ~= '' then
    redis.call('HINCRBY', job_key, 'epoch', 1)
    try('ZREM', broken_key, job_id)
end
if instant or timing == 'n' then
    redis.call('HDEL', job_key, 'state', 'state_reason', 'state_note', 'state_since', 'state_by')
    if found[4] == JOB_PAUSED and redis.call('HEXISTS', job_key, 'failures') == 1 then
        redis.call('HSET', job_key, 'failures', 0) -- resumed: still failing, with as many tries as at first
    end
end
if instant then
    note_offset(job_key, instant)
    made_due(instant)
    wake()
elseif timing == 'n' then
    try('ZREM', due_key, job_id)
    redis.call('HSET', job_key, 'state', JOB_COMPLETED, 'state_since', as_text(now))
end
return 1
