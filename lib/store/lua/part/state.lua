-- part state: moving a job from one state to another.
-- needs: write clock

-- No instant stands for a job any more: what is under way is the last of it. (Only if its own state says nothing else.)
local function complete(job_prefix, due_key, id, now)
    if not try('ZSCORE', due_key, id) and redis.call('HSETNX', job_prefix .. id, 'state', 'COMPLETED') == 1 then
        redis.call('HSET', job_prefix .. id, 'state_since', string.format('%.0f', now))
    end
end

-- Call a job no more until somebody resumes it. What was claimed and not started is void with that.
-- about: why (user, gone), a note ('': none), by whom ('': not known).
local function pause_job(job_key, due_key, id, about)
    redis.call('HINCRBY', job_key, 'epoch', 1)
    redis.call('HSET', job_key, 'state', 'PAUSED', 'state_reason', about[1], 'state_since', string.format('%.0f', now_ms()))
    for i, field in ipairs({'state_note', 'state_by'}) do
        redis.call('HDEL', job_key, field)
        if about[1 + i] ~= '' then
            redis.call('HSET', job_key, field, about[1 + i])
        end
    end
    try('ZREM', due_key, id)
end
