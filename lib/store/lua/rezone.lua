-- rezone: move next instants to where new rules of a time zone put them.
-- needs: clock stamp taken wake
-- Returns '1' (moved) or '0' for each. '0': it is no longer due then (claimed, moved by another runner, or gone), its time was changed, or
-- the instant that it should get is taken.
local now = now_ms()

-- An instant later than one of the chain was never given.
local function may_have(id, was, due)
    return due > was or due > floor_of(id, now)
end

local function rezone(id, stamp, was_due, due)
    local was, instant = tonumber(was_due), tonumber(due)
    if tonumber(redis.call('ZSCORE', due_key, id)) ~= was or job_stamp(id) ~= stamp or not may_have(id, was, instant) then
        return '0'
    end
    redis.call('ZADD', due_key, 'XX', due, id)
    if instant < was then
        made_due(instant)
    end
    return '1'
end

local reply = {}
for id, stamp, was_due, due in each() do
    reply[#reply + 1] = rezone(id, stamp, was_due, due)
end
wake()
return reply
