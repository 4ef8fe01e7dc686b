-- part stateful: jobs that ask for their failures to be counted.
-- needs: write

-- Returns what the job asks for, and how many occurrences failed in a row (failures: nil while it is healthy); nil: it asks for nothing. A
-- text that is not a number counts as absent.
local function read_health(key)
    local fields = redis.call('HMGET', key, 'pause_after_failures', 'on_failure_url', 'on_recovery_url', 'failures')
    if fields[1] or fields[2] or fields[3] then
        return {limit = tonumber(fields[1] or '') or math.huge, on_failure = fields[2], on_recovery = fields[3],
            failures = fields[4] and (tonumber(fields[4]) or 0)}
    end
end

-- Returns the milliseconds of the second (0 to 999) at which the job's own instants are. A job with notices stores it, unless it is 0.
local function own_offset(id)
    local offset = redis.call('HGET', job_prefix .. id, 'offset')
    return tonumber(offset or nil) or tonumber(try('ZSCORE', due_key, id) or 0) % 1000
end

-- A job was given an instant (ms): store its offset, for notices.
local function note_offset(key, instant)
    local health = read_health(key)
    if health and (health.on_failure or health.on_recovery) and instant % 1000 ~= 0 then
        redis.call('HSET', key, 'offset', string.format('%d', instant % 1000))
    else
        redis.call('HDEL', key, 'offset')
    end
end
