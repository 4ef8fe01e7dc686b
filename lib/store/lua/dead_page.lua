-- dead_page: look at a part of a shard's dead occurrences, in the order in which they died.
-- needs: write
-- KEYS[1] dead  KEYS[2] dead:records
-- ARGV[1] 'new' (the latest first) or 'old'  [2] only those behind this instant of death ('': from the end that the order begins with)
--   [3] and, of those that died then, behind this occurrence  [4] only those of this job (32 bytes; '': of all)
--   [5] only those that died before (ms; '': whenever)  [6] how many  [7] how many to look at
-- Returns 1 where there may be more behind what was looked at, how many were looked at, the instant and the occurrence that was looked at
-- last ('' for none); then of each entry id, scheduled, when it died, and the record of the attempt that it died of (nil: not known).
local dead_key, records_key = KEYS[1], KEYS[2]
local newest_first, after_at, after, job = ARGV[1] == 'new', ARGV[2], ARGV[3], ARGV[4]
local limit, look_at = tonumber(ARGV[6]), tonumber(ARGV[7])

-- As Redis orders members: by their bytes. (Lua's own < goes by the locale.)
local function comes_before(a, b)
    for i = 1, math.min(#a, #b) do
        local x, y = a:byte(i), b:byte(i)
        if x ~= y then
            return x < y
        end
    end
    return #a < #b
end

-- How many entries come before (at, member), which need not be there any more.
local function rank_of(at, member)
    local low, high = redis.call('ZCOUNT', dead_key, '-inf', '(' .. at), redis.call('ZCOUNT', dead_key, '-inf', at)
    while low < high do
        local middle = math.floor((low + high) / 2)
        if comes_before(redis.call('ZRANGE', dead_key, middle, middle)[1], member) then
            low = middle + 1
        else
            high = middle
        end
    end
    return low
end

-- The ranks to look at: from one up to, not including, another.
local from, to = 0, redis.call('ZCOUNT', dead_key, '-inf', ARGV[5] == '' and '+inf' or '(' .. ARGV[5])
if after_at ~= '' and newest_first then
    to = math.min(to, rank_of(after_at, after))
elseif after_at ~= '' then
    from = rank_of(after_at, after)
    if redis.call('ZRANGE', dead_key, from, from)[1] == after then
        from = from + 1
    end
end

local reply = {0, 0, '', ''}
local found = 0

local function look(member, score)
    local died = string.format('%.0f', tonumber(score))
    local id, scheduled = member:sub(1, 32), member:sub(33)
    reply[2] = reply[2] + 1
    if not scheduled:match('^%d+$') then
        return -- somebody else's
    end
    reply[3], reply[4] = died, member
    if job == '' or job == id then
        local n = #reply
        local record = try('HGET', records_key, member)
        reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = id, scheduled, died, record
        found = found + 1
    end
end

while from < to and found < limit and reply[2] < look_at do
    local count = math.min(to - from, limit - found, look_at - reply[2])
    if newest_first then
        local entries = redis.call('ZRANGE', dead_key, to - count, to - 1, 'WITHSCORES')
        for i = #entries - 1, 1, -2 do
            look(entries[i], entries[i + 1])
        end
        to = to - count
    else
        local entries = redis.call('ZRANGE', dead_key, from, from + count - 1, 'WITHSCORES')
        for i = 1, #entries, 2 do
            look(entries[i], entries[i + 1])
        end
        from = from + count
    end
end
reply[1] = from < to and 1 or 0
return reply
