-- part state: moving a job from one state to another.
-- needs: clock number write

-- A job has no instant left, and what is under way is its last occurrence: complete it. (Unless it has another state.)
local function complete(id)
    local key = job_prefix .. id
    if not try('ZSCORE', due_key, id) and redis.call('HSETNX', key, 'state', JOB_COMPLETED) == 1 then
        redis.call('HSET', key, 'state_since', as_text(now_ms()))
    end
end

-- Pause a job until it is resumed. That voids what was claimed and not started.
-- about: why (user, gone), a note ('': none), by whom ('': not known).
local function pause_job(key, id, about)
    redis.call('HINCRBY', key, 'epoch', 1)
    redis.call('HSET', key, 'state', JOB_PAUSED, 'state_reason', about[1], 'state_since', as_text(now_ms()))
    for i, field in ipairs({'state_note', 'state_by'}) do
        redis.call('HDEL', key, field)
        if about[1 + i] ~= '' then
            redis.call('HSET', key, field, about[1 + i])
        end
    end
    try('ZREM', due_key, id)
end
