-- part dead: the dead.
-- needs: write

-- Take a dead occurrence, and what it died of, out of the dead. 0: it was not among them.
local function exhume(dead_key, member)
    try('HDEL', dead_key .. ':records', member)
    return redis.call('ZREM', dead_key, member)
end

-- Take those out that a job's records are of; at most some thousand.
local function exhume_recorded(dead_key, id, records)
    local members = {}
    for i, text in ipairs(records) do
        members[i] = id .. ((' ' .. text):match(' s:(%-?%d+)') or '')
    end
    if #members > 0 then
        try('HDEL', dead_key .. ':records', unpack(members))
        try('ZREM', dead_key, unpack(members))
    end
end

-- An occurrence whose attempts are spent, with the record of the last of them. The latest ones are kept.
local function bury(dead_key, dead_max, at, member, text)
    write('ZADD', dead_key, at, member)
    write('HSET', dead_key .. ':records', member, text)
    local excess = math.min(redis.call('ZCARD', dead_key) - dead_max, 100)
    for _, oldest in ipairs(excess > 0 and redis.call('ZRANGE', dead_key, 0, excess - 1) or {}) do
        exhume(dead_key, oldest)
    end
end
