-- part index: the index of a shard's jobs.
-- needs: write

-- The index of a shard's jobs: their ids, each in the sorted set of its bucket (so small that Redis keeps it in one piece), and a bitmap
-- of the buckets that hold something.
local BUCKETS = 1024

local function bucket_of(id)
    return id:byte(2) * 4 + math.floor(id:byte(3) / 64)
end

-- As texts, since Redis writes Lua's numbers as fractions, which is dear; and a bit that is set already is not written again.
local function index_add(index_key, id)
    local bucket = string.format('%d', bucket_of(id))
    write('ZADD', index_key .. ':' .. bucket, '0', id)
    if try('GETBIT', index_key, bucket) ~= 1 then
        write('SETBIT', index_key, bucket, '1')
    end
end

local function is_indexed(index_key, id)
    return try('ZSCORE', index_key .. ':' .. bucket_of(id), id)
end

local function index_remove(index_key, id)
    local key = index_key .. ':' .. bucket_of(id)
    try('ZREM', key, id)
    if redis.call('EXISTS', key) == 0 then
        write('SETBIT', index_key, bucket_of(id), 0)
    end
end
