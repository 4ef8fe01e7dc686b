-- part clock: what time it is.

local clock = false -- the time of this call of the script: asking Redis costs as much as a write

-- Seconds, and microseconds of them.
local function read_clock()
    clock = clock or redis.call('TIME')
    return clock
end

-- Redis' clock in milliseconds: the one clock that all runners share.
local function now_ms()
    local time = read_clock()
    return time[1] * 1000 + math.floor(time[2] / 1000)
end
