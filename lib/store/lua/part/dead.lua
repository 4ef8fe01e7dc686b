-- part dead: dead occurrences.
-- needs: write

-- Remove an occurrence, and the record of its last attempt, from the dead. Returns 0 if it was not among them.
local function dead_take(member)
    try('HDEL', dead_records_key, member)
    return redis.call('ZREM', dead_key, member)
end

-- Remove those that a job's records name; at most HISTORY_MAX.
local function dead_take_recorded(id, records)
    local members = {}
    for i, text in ipairs(records) do
        members[i] = id .. ((' ' .. text):match(' ' .. RECORD_SCHEDULED .. ':(%-?%d+)') or '')
    end
    if #members > 0 then
        try('HDEL', dead_records_key, unpack(members))
        try('ZREM', dead_key, unpack(members))
    end
end

-- Add an occurrence whose retries are exhausted, with the record of its last attempt. The latest ones are kept.
local function dead_add(died, member, text)
    write('ZADD', dead_key, died, member)
    write('HSET', dead_records_key, member, text)
    local excess = math.min(redis.call('ZCARD', dead_key) - dead_max, 100)
    for _, oldest in ipairs(excess > 0 and redis.call('ZRANGE', dead_key, 0, excess - 1) or {}) do
        dead_take(oldest)
    end
end
