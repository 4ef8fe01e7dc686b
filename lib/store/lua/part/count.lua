-- part count: how many jobs a shard has. The number is kept for a minute, and then counted anew: so what a program of another version or a
-- person has added or taken away is in it before long.
-- needs: index number write

-- Up to INDEX_BUCKETS commands, of which each takes the same time whatever the bucket holds.
local function count_anew()
    local bits, count = try('GET', jobs_key) or '', 0
    for at = 1, math.min(#bits, INDEX_BUCKETS / 8) do
        for bit = 0, bits:byte(at) > 0 and 7 or -1 do
            count = count + (try('ZCARD', bucket_key((at - 1) * 8 + bit)) or 0)
        end
    end
    return count
end

local function count_jobs()
    local count = tonumber(try('GET', count_key) or nil)
    if not count then
        count = count_anew()
        redis.call('SET', count_key, as_text(count), 'PX', as_text(COUNT_KEPT_MS))
    end
    return count
end

-- A job has come (1) or gone (-1).
local function note_count(step)
    local count = tonumber(try('GET', count_key) or nil)
    if count then
        redis.call('SET', count_key, as_text(count + step), 'KEEPTTL')
    end
end
