-- part clock: what time it is, and telling the runners of an instant.

-- Redis' clock in milliseconds: the one clock that all runners share.
local function now_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Tell the runners of the earliest instant that this script made due (math.huge: none).
local function wake(shard, earliest)
    if earliest < math.huge then
        redis.call('PUBLISH', 'dronc:wake', shard .. ' ' .. string.format('%.0f', earliest))
    end
end
