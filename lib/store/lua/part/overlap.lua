-- part overlap: which occurrence of a job is under way, and which one waits for its end.
-- needs: write clock stamp retry claims

-- Two fields of a job's hash, written while its `overlap` is skip, queue or cancel, each "<scheduled> <attempt> <kind> <stamp> <runner>":
--   running  the occurrence under way: from the start of its first attempt until it is over, the waits between its attempts included
--   waiting  the one behind it, which stands in retry as attempt 1, and is looked at again from time to time whatever happens
-- Neither keeps anybody out by itself: it is believed only while what it names is there, as a claim or in retry.

local function read_place(job_prefix, id, field)
    local text = try('HGET', job_prefix .. id, field) or ''
    local scheduled, attempt, kind, stamp, runner = text:match('^(%d+) (%d+) (%a) (%S+) (%S+)$')
    return scheduled and {scheduled = scheduled, attempt = tonumber(attempt), kind = kind, stamp = stamp, runner = runner}
end

local function write_place(job_prefix, id, field, place)
    local text = table.concat({place.scheduled, place.attempt, place.kind, place.stamp, place.runner}, ' ')
    redis.call('HSET', job_prefix .. id, field, text)
end

-- Its entry in retry: the same attempt, handed back, or the next one.
local function find_entry(retry_key, job_prefix, id, place)
    if not is_there(job_prefix .. id, place.stamp) then
        return nil
    end
    for attempt = place.attempt, place.attempt + 1 do
        local entry = find_retry(retry_key, id .. place.scheduled, attempt, place.kind, place.stamp)
        if entry then
            return entry, attempt
        end
    end
end

-- The occurrence of a claim is over: the one that waits takes its place, and is due now. Returns when that is (math.huge: none waits).
local function leave_place(retry_key, job_prefix, member)
    local id, scheduled = member:sub(1, 32), member:sub(33)
    local running, waiting = read_place(job_prefix, id, 'running'), read_place(job_prefix, id, 'waiting')
    if waiting and waiting.scheduled == scheduled then
        redis.call('HDEL', job_prefix .. id, 'waiting') -- it was given up
        waiting = nil
    end
    if not running or running.scheduled ~= scheduled then
        return math.huge
    end
    redis.call('HDEL', job_prefix .. id, 'running')
    local entry = waiting and find_entry(retry_key, job_prefix, id, waiting)
    if not entry then
        return math.huge -- nobody waits, or somebody is about to start what does
    end
    local now = now_ms()
    redis.call('HDEL', job_prefix .. id, 'waiting')
    write_place(job_prefix, id, 'running', waiting)
    write('ZADD', retry_key, string.format('%.0f', now), entry)
    return now
end
