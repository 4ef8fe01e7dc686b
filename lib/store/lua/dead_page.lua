-- dead_page: list a part of a shard's dead occurrences, in the order in which they died.
-- needs: number write
-- Returns 1 if there may be more after what was looked at, how many were looked at, the instant and the occurrence that was looked at last
-- ('' for none); then for each entry its id, scheduled instant, when it died, and the record of its last attempt (nil: not known).
local newest_first = order == 'new'

-- Compares as Redis orders members: by their bytes. (Lua's own < depends on the locale.)
local function comes_before(a, b)
    for i = 1, math.min(#a, #b) do
        local x, y = a:byte(i), b:byte(i)
        if x ~= y then
            return x < y
        end
    end
    return #a < #b
end

-- Returns how many entries come before (died, member), which may be gone.
local function rank_of(died, member)
    local low, high = redis.call('ZCOUNT', dead_key, '-inf', '(' .. died), redis.call('ZCOUNT', dead_key, '-inf', died)
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

-- Returns the ranks to look at: from one up to, not including, another.
local from, to = 0, redis.call('ZCOUNT', dead_key, '-inf', before_died == '' and '+inf' or '(' .. before_died)
if after_died ~= '' and newest_first then
    to = math.min(to, rank_of(after_died, after_member))
elseif after_died ~= '' then
    from = rank_of(after_died, after_member)
    if redis.call('ZRANGE', dead_key, from, from)[1] == after_member then
        from = from + 1
    end
end

local reply = {0, 0, '', ''}
local found = 0

local function look(member, score)
    local died = as_text(tonumber(score))
    local id, scheduled = member:sub(1, 32), member:sub(33)
    reply[2] = reply[2] + 1
    if not scheduled:match('^%d+$') then
        return -- not an entry of ours
    end
    reply[3], reply[4] = died, member
    if only_id == '' or only_id == id then
        local n = #reply
        local record = try('HGET', dead_records_key, member)
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
