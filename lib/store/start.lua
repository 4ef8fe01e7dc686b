-- start: mark claimed attempts as started, and make their jobs due at the next instant. Only after this the call may leave.
-- KEYS[1] claimed:<runner>  KEYS[2] due
-- ARGV[1] shard  [2] prefix of the jobs' keys, then for each attempt
--   <id><scheduled>, ticket, next instant of the job (ms; '' for none)
-- Returns for each '1' (started now, or before by the same holder), '0' (the claim is not the runner's), '2' (the job is
-- gone, or is another one of the same name; the claim is dropped).
local claimed_key, due_key = KEYS[1], KEYS[2]
local shard, job_prefix = ARGV[1], ARGV[2]
local earliest = math.huge
local reply = {}

local function start(member, ticket, next_due)
    local state, held, kind, due, created = parse_claim(redis.call('HGET', claimed_key, member))
    if held ~= ticket then
        return '0'
    end
    if state == 's' then
        return '1'
    end
    local id = member:sub(1, 32)
    if job_created(job_prefix, id) ~= created then
        redis.call('HDEL', claimed_key, member)
        return '2'
    end
    redis.call('HSET', claimed_key, member, 's ' .. ticket .. ' ' .. kind .. ' ' .. due .. ' ' .. created)
    if state == 'c' and next_due ~= '' then
        -- NX: whoever made the job due in the meantime knew more than this runner.
        write('ZADD', due_key, 'NX', next_due, id)
        earliest = math.min(earliest, tonumber(next_due))
    end
    return '1'
end

for i = 3, #ARGV, 3 do
    reply[#reply + 1] = start(ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
wake(shard, earliest)
return reply
