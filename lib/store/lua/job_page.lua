-- job_page: list jobs of a shard, in the order of its index.
-- needs: clock index number view
-- Returns Redis' clock (ms), then for each job its id and what append_job appends. A job that stays is listed exactly once, whatever others
-- come and go between two pages: the order is that of the ids.
local bits = redis.call('GET', jobs_key) or ''
local reply = {as_text(now_ms())}
local count = 0

-- Remove an id whose job's hash was deleted by hand.
local function take(id)
    if redis.call('EXISTS', job_prefix .. id) == 0 then
        index_remove(id)
        return
    end
    reply[#reply + 1] = id
    append_job(reply, job_prefix .. id, id)
    count = count + 1
end

local function take_bucket(bucket, from)
    repeat
        local asked = limit - count
        local ids = redis.call('ZRANGEBYLEX', bucket_key(bucket), from, '+', 'LIMIT', 0, asked)
        for _, id in ipairs(ids) do
            take(id)
        end
        from = #ids > 0 and '(' .. ids[#ids]
    until #ids < asked or count == limit
end

local function has_jobs(bucket)
    local byte = bits:byte(math.floor(bucket / 8) + 1)
    return byte and math.floor(byte / 2 ^ (7 - bucket % 8)) % 2 == 1
end

local first = after_id == '' and 0 or bucket_of(after_id)
for bucket = first, INDEX_BUCKETS - 1 do
    if count == limit then
        break
    end
    if has_jobs(bucket) then
        take_bucket(bucket, bucket == first and after_id ~= '' and '(' .. after_id or '-')
    end
end
return reply
