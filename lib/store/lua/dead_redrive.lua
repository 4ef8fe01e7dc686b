-- dead_redrive: give dead occurrences another round of attempts, one after the other.
-- needs: clock dead number retry rounds stamp taken wake write
-- Returns when the one after the last of them would be attempted (us), then for each the number of its attempt, or why it has none
-- (REDRIVE_…). Numbers go on: a round begins with the first number after a multiple of the attempts in a round. An occurrence is either
-- dead or in retry.
local at_us = math.max(first_us, now_ms() * 1000)
local reply = {''}

-- Entries of an older version have no record: they died after one round.
local function next_round(member, record)
    local round = attempts_by(retry_rule(member:sub(1, 32)))
    local last = tonumber(record:match(' ' .. RECORD_ATTEMPT .. ':(%d+)') or round)
    return (math.floor((math.max(last, 1) - 1) / round) + 1) * round + 1
end

-- Returns true if the attempt that ended it was not sent, because no call may go where it led. An at-most-once occurrence whose end was
-- that was not sent before either.
local function is_unsent(record)
    local status = tonumber(record:match(' ' .. RECORD_STATUS .. ':(%d+)') or 0)
    return status == 0 and record:match(' ' .. RECORD_CLASS .. ':(%S+)') == 'forbidden'
end

local function redrive(member)
    local id = member:sub(1, 32)
    if not redis.call('ZSCORE', dead_key, member) then
        return REDRIVE_NONE
    end
    local stamp, state = job_stamp(id)
    if not stamp or (tonumber(redis.call('HGET', job_prefix .. id, 'created')) or 0) > tonumber(member:sub(33)) then
        return REDRIVE_GONE
    elseif is_under_way(member, stamp) then
        return REDRIVE_NONE
    elseif state == JOB_PAUSED then
        return REDRIVE_PAUSED
    end
    local record = try('HGET', dead_records_key, member) or ''
    if redis.call('HGET', job_prefix .. id, 'type') ~= 'ATLEAST_ONCE' and not is_unsent(record) then
        return REDRIVE_ONCE
    end
    local number, instant = next_round(member, record), math.floor(at_us / 1000)
    add_retry(as_text(instant), member, number, KIND_AT_LEAST_ONCE, stamp)
    dead_take(member)
    at_us = at_us + step_us
    made_due(instant)
    return number
end

for member in each() do
    reply[#reply + 1] = redrive(member)
end
reply[1] = as_text(at_us)
wake()
return reply
