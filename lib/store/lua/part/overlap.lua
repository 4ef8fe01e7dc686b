-- part overlap: which occurrence of a job is under way, and which one waits for its end.
-- needs: clock number retry stamp wake write

-- Two fields of a job's hash, written while its `overlap` is skip, queue or cancel, hold a slot: "<scheduled> <attempt> <kind> <stamp> <runner>".
--   running  the occurrence under way, from the start of its first attempt until it is over, including the waits between its attempts
--   waiting  the one that follows it; it is in retry as attempt 1, and looks again from time to time in any case
-- A slot counts only while the occurrence that it names exists, as a claim or in retry.

local function read_slot(id, field)
    local text = try('HGET', job_prefix .. id, field) or ''
    local scheduled, attempt, kind, stamp, name = text:match('^(%d+) (%d+) (%a) (%S+) (%S+)$')
    return scheduled and {scheduled = scheduled, attempt = tonumber(attempt), kind = kind, stamp = stamp, runner = name}
end

local function write_slot(id, field, slot)
    local text = table.concat({slot.scheduled, slot.attempt, slot.kind, slot.stamp, slot.runner}, ' ')
    redis.call('HSET', job_prefix .. id, field, text)
end

-- The slot's entry in retry: the same attempt, handed back, or the next one.
local function find_entry(id, slot)
    if not is_there(id, slot.stamp) then
        return nil
    end
    for attempt = slot.attempt, slot.attempt + 1 do
        local entry = find_retry(id .. slot.scheduled, attempt, slot.kind, slot.stamp)
        if entry then
            return entry, attempt
        end
    end
end

-- The occurrence of a claim is over: the one that waits moves up and is due now.
local function leave_slot(member)
    local id, scheduled = member:sub(1, 32), member:sub(33)
    local running, waiting = read_slot(id, 'running'), read_slot(id, 'waiting')
    if waiting and waiting.scheduled == scheduled then
        redis.call('HDEL', job_prefix .. id, 'waiting') -- it was given up
        waiting = nil
    end
    if not running or running.scheduled ~= scheduled then
        return
    end
    redis.call('HDEL', job_prefix .. id, 'running')
    local entry = waiting and find_entry(id, waiting)
    if not entry then
        return -- none waits, or a runner is about to start it
    end
    local now = now_ms()
    redis.call('HDEL', job_prefix .. id, 'waiting')
    write_slot(id, 'running', waiting)
    write('ZADD', retry_key, as_text(now), entry)
    made_due(now)
end
