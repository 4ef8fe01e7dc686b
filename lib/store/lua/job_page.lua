-- job_page: look at the jobs of a shard, in the order of its index.
-- needs: clock life index
-- KEYS[1] index of the jobs  KEYS[2] due  KEYS[3] broken
-- ARGV[1] only those behind this id ('': from the first on)  [2] how many  [3] prefix of the jobs' keys
-- Returns Redis' clock (ms), then for each job its id and what append_job tells. Jobs that stay are there once, whatever comes and goes
-- meanwhile: the order is that of the ids.
local index_key, after, limit = KEYS[1], ARGV[1], tonumber(ARGV[2])
local bits = redis.call('GET', index_key) or ''
local width = 1 + 2 + #DEFINITION + #LIFE
local reply = {string.format('%.0f', now_ms())}
local count = 0

-- Somebody may have deleted a job's hash by hand: then its id goes, too.
local function take(id)
    if redis.call('EXISTS', ARGV[3] .. id) == 0 then
        index_remove(index_key, id)
        return
    end
    reply[1 + count * width + 1] = id
    append_job(reply, ARGV[3] .. id, KEYS[2], KEYS[3], id)
    count = count + 1
end

local function take_bucket(bucket, from)
    repeat
        local asked = limit - count
        local ids = redis.call('ZRANGEBYLEX', index_key .. ':' .. bucket, from, '+', 'LIMIT', 0, asked)
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

local first = after == '' and 0 or bucket_of(after)
for bucket = first, BUCKETS - 1 do
    if count == limit then
        break
    end
    if has_jobs(bucket) then
        take_bucket(bucket, bucket == first and after ~= '' and '(' .. after or '-')
    end
end
return reply
