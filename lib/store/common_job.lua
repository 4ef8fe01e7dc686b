-- common_job: what the scripts about a job as a whole (job_*.lua) share; the build puts it between common.lua and each of them.

-- What a job's hash holds besides its definition, each only where it is not at its default (1, 0, ACTIVE, nothing).
local LIFE = {'version', 'epoch', 'state', 'state_reason', 'state_note', 'state_since', 'state_by'}

-- All that is known of a job but its history, put behind what is in reply: when it is due (nil: it does not wait for an instant), when it
-- was set aside (nil: it was not), then its definition and LIFE.
local function append_job(reply, job_key, due_key, broken_key, id)
    local definition = redis.pcall('HMGET', job_key, unpack(DEFINITION))
    local life = redis.pcall('HMGET', job_key, unpack(LIFE))
    local n = #reply
    reply[n + 1] = redis.call('ZSCORE', due_key, id)
    reply[n + 2] = redis.call('ZSCORE', broken_key, id)
    for i = 1, 2 do
        -- A score may be written as 1.7e+12.
        reply[n + i] = reply[n + i] and string.format('%.0f', tonumber(reply[n + i]))
    end
    append_definition(reply, definition.err and {} or definition)
    n = #reply
    for i = 1, #LIFE do
        reply[n + i] = not life.err and life[i] or false
    end
end

-- The index of a shard's jobs: their ids, each in the sorted set of its bucket (so small that Redis keeps it in one piece), and a bitmap
-- of the buckets that hold something.
local BUCKETS = 1024

local function bucket_of(id)
    return id:byte(2) * 4 + math.floor(id:byte(3) / 64)
end

local function index_add(index_key, id)
    local bucket = bucket_of(id)
    write('ZADD', index_key .. ':' .. bucket, 0, id)
    write('SETBIT', index_key, bucket, 1)
end

local function is_indexed(index_key, id)
    return redis.pcall('ZSCORE', index_key .. ':' .. bucket_of(id), id)
end

local function index_remove(index_key, id)
    local key = index_key .. ':' .. bucket_of(id)
    redis.pcall('ZREM', key, id)
    if redis.call('EXISTS', key) == 0 then
        write('SETBIT', index_key, bucket_of(id), 0)
    end
end

-- Will the occurrence at `due` be called in any case, or was it just now? (Then a job whose next instant that became would be called
-- twice.) What is called at an instant that is still to come was started shortly before: it is among the claims, or was handed back.
-- stamp: the job's, false for one that is made now.
local function is_taken(where, member, stamp)
    for _, runner in ipairs(redis.call('SMEMBERS', where.holders_key)) do
        local value = redis.pcall('HGET', where.claimed_prefix .. runner, member)
        local claim = parse_claim(type(value) == 'string' and value)
        if claim.state == 's' or claim.state == 'r' and is_same_job(claim.stamp, stamp) then
            return true
        end
    end
    local created, epoch = (stamp or ''):match('^(%d+)%.?(%d*)$')
    for back = 0, created and math.min(tonumber(epoch) or 0, 8) or -1 do -- handed back a few changes ago
        local before = (tonumber(epoch) or 0) - back
        local entry = retry_entry(member, 1, 'M', created .. (before > 0 and string.format('.%d', before) or ''))
        if redis.call('ZSCORE', where.retry_key, entry) then
            return true
        end
    end
    return false
end

-- May `due` (ms) become a job's next instant just now? 'late': it is over; 'taken': see above. nil: it may.
local function reject_due(where, id, due, stamp)
    local ahead = due - now_ms()
    if ahead <= 0 then
        return 'late'
    end
    -- Nothing is claimed as much as a second ahead.
    return ahead < 1000 and is_taken(where, id .. string.format('%.0f', due), stamp) and 'taken' or nil
end
