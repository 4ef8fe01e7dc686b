-- rezone: move next instants that new rules of a time zone have moved.
-- needs: stamp clock taken
-- KEYS[1] due  KEYS[2] executions
-- ARGV[1] shard  [2] prefix of the jobs' keys  [3] prefix of the histories' keys, then for each job  id, stamp, the instant that it was due at (ms), the instant that it is
-- to be due at
-- Returns for each '1' (moved), '0' (it is not due then any more: claimed, moved by another runner, or gone; or its time was changed; or
-- the instant that it is to get is taken).
local where = {executions_key = KEYS[2], job_prefix = ARGV[2], history_prefix = ARGV[3]}
local now = now_ms()

-- What is later than an instant of the chain never was given.
local function may_have(id, was, due)
    return due > was or due > floor_of(where, id, now)
end

local earliest = math.huge
local reply = {}
for i = 4, #ARGV, 4 do
    local id, was, due = ARGV[i], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
    local moved = tonumber(redis.call('ZSCORE', KEYS[1], id)) == was and job_stamp(ARGV[2], id) == ARGV[i + 1]
        and may_have(id, was, due)
    if moved then
        redis.call('ZADD', KEYS[1], 'XX', ARGV[i + 3], id)
        if due < was then
            earliest = math.min(earliest, due)
        end
    end
    reply[#reply + 1] = moved and '1' or '0'
end
wake(ARGV[1], earliest)
return reply
