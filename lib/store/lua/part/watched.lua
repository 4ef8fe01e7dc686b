-- part watched: does a job ask for its failures to be counted?
-- needs: write

-- What the job asks for, and how it is (failures: nil while it is well); nil: it asks for nothing. Somebody's garbage counts as no number.
local function read_health(job_key)
    local fields = redis.call('HMGET', job_key, 'pause_after_failures', 'on_failure_url', 'on_recovery_url', 'failures')
    if fields[1] or fields[2] or fields[3] then
        return {limit = tonumber(fields[1] or '') or math.huge, on_failure = fields[2], on_recovery = fields[3],
            failures = fields[4] and (tonumber(fields[4]) or 0)}
    end
end

-- The milliseconds of the second (0 to 999) at which the job's own instants are. One that tells of its failures notes it, where it is not 0.
local function own_offset(where, id)
    local offset = redis.call('HGET', where.job_prefix .. id, 'offset')
    return tonumber(offset or nil) or tonumber(try('ZSCORE', where.due_key, id) or 0) % 1000
end

-- A job has got an instant: note its offset, for notices.
local function note_offset(job_key, at)
    local health = read_health(job_key)
    if health and (health.on_failure or health.on_recovery) and at % 1000 ~= 0 then
        redis.call('HSET', job_key, 'offset', string.format('%d', at % 1000))
    else
        redis.call('HDEL', job_key, 'offset')
    end
end
