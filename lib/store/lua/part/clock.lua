-- part clock: what time it is.

-- Redis' clock in milliseconds: the one clock that all runners share.
local function now_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end
