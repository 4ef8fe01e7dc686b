-- part kept: how much memory is taken by what is kept of requests with an Idempotency-Key, and for how long more may be kept. The hash
-- `dronc:idem:used` has, for each moment at which some of that ends (ms, a whole number of steps), how many bytes it is.
-- needs: number write

local NOTED_BYTES = 600 -- of a key and its hash
local ALLOCATED = 1.3 -- what an allocator takes for each byte of an answer

-- The fuller it is, the shorter: up to that part of all bytes, so long, and ends are rounded up to these steps.
local TERMS = {{1 / 2, keep_ms, 3600000}, {3 / 4, 3600000, 300000}, {1, 300000, 60000}}

local function bytes_of(answer)
    return NOTED_BYTES + math.ceil(#answer * ALLOCATED)
end

-- Bytes in use. What has ended is taken off.
local function used_bytes(now)
    local list, sum = try('HGETALL', idem_used_key) or {}, 0
    for i = 1, #list, 2 do
        local bytes = tonumber(list[i + 1])
        if not bytes or (tonumber(list[i]) or 0) <= now then
            redis.call('HDEL', idem_used_key, list[i])
        else
            sum = sum + bytes
        end
    end
    return sum
end

-- For how long (ms) so many more bytes may be kept, and when that ends; nil: there is no room for them.
local function find_room(bytes, now)
    if bytes_max == 0 then
        return keep_ms
    end
    local used = used_bytes(now)
    for _, term in ipairs(TERMS) do
        if used + bytes <= term[1] * bytes_max then
            return term[2], as_text(math.ceil((now + term[2]) / term[3]) * term[3])
        end
    end
end

-- So many bytes more (or fewer) are kept until then. (false: nothing was counted.)
local function count_bytes(ends, bytes)
    if ends and write('HINCRBY', idem_used_key, ends, as_text(bytes)) <= 0 then
        redis.call('HDEL', idem_used_key, ends)
    end
    redis.call('PEXPIRE', idem_used_key, as_text(keep_ms + TERMS[1][3]))
end
