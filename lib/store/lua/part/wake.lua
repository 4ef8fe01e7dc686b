-- part wake: announces to the runners what a script has made due.
-- needs: number

local earliest = math.huge -- the first instant that this call made due; math.huge: none

local function made_due(instant)
    instant = tonumber(instant)
    if instant < earliest then
        earliest = instant
    end
end

-- Announce the earliest one. Each script that makes something due ends with it.
local function wake()
    if earliest < math.huge then
        redis.call('PUBLISH', WAKE_CHANNEL, shard .. ' ' .. as_text(earliest))
    end
end
