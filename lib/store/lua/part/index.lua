-- part index: the index of a shard's jobs. Each id is in the sorted set of its bucket (so small that Redis keeps it in one piece); a bitmap
-- has the buckets that hold something.
-- needs: write

local function bucket_of(id)
    return id:byte(2) * 4 + math.floor(id:byte(3) / 64)
end

local function bucket_key(bucket)
    return jobs_key .. ':' .. bucket
end

-- Numbers are sent as texts, because Redis formats Lua's numbers as fractions, which is slow. A bit that is already set is not written.
local function index_add(id)
    local bucket = string.format('%d', bucket_of(id))
    write('ZADD', bucket_key(bucket), '0', id)
    if try('GETBIT', jobs_key, bucket) ~= 1 then
        write('SETBIT', jobs_key, bucket, '1')
    end
end

local function is_indexed(id)
    return try('ZSCORE', bucket_key(bucket_of(id)), id)
end

local function index_remove(id)
    local key = bucket_key(bucket_of(id))
    try('ZREM', key, id)
    if redis.call('EXISTS', key) == 0 then
        write('SETBIT', jobs_key, bucket_of(id), 0)
    end
end
