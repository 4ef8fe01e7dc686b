-- start: mark claimed attempts as started, and make their jobs due at the next instant. Only after this the call may leave.
-- needs: write clock retry claims state
-- KEYS[1] claimed:<runner>  KEYS[2] due  KEYS[3] retry
-- ARGV[1] shard  [2] prefix of the jobs' keys, then for each attempt
--   <id><scheduled>, ticket, next instant of the job (ms; '' for none)
-- Returns for each '1' (started now, or before by the same holder), '0' (the claim is not the runner's), '2' (the claim is void and
-- dropped: the job is gone, is another one of the same name, its time was changed, or it is paused).
local claimed_key, due_key, retry_key = KEYS[1], KEYS[2], KEYS[3]
local shard, job_prefix = ARGV[1], ARGV[2]
local earliest = math.huge
local reply = {}

local function start(member, ticket, next_due)
    local claim = parse_claim(redis.call('HGET', claimed_key, member))
    if claim.ticket ~= ticket then
        return '0'
    end
    if claim.state == 's' then
        return '1'
    end
    local id = member:sub(1, 32)
    local valid, job_state = is_valid(job_prefix, id, claim)
    if valid and job_state == 'PAUSED' and not is_manual(claim.kind) then
        -- Back with it: whoever claims it finds the job paused and cancels it, or resumed and makes it.
        give_back(due_key, retry_key, member, claim, claim.due)
        earliest = math.min(earliest, tonumber(claim.due))
        valid = false
    end
    if not valid then
        redis.call('HDEL', claimed_key, member)
        return '2'
    end
    redis.call('HSET', claimed_key, member, 's ' .. ticket .. ' ' .. claim.kind .. ' ' .. claim.due .. ' ' .. claim.stamp)
    if claim.state == 'c' and next_due ~= '' then
        -- NX: whoever made the job due in the meantime knew more than this runner.
        write('ZADD', due_key, 'NX', next_due, id)
        earliest = math.min(earliest, tonumber(next_due))
    elseif claim.state == 'c' then
        complete(job_prefix, due_key, id, now_ms())
    end
    return '1'
end

for i = 3, #ARGV, 3 do
    reply[#reply + 1] = start(ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
wake(shard, earliest)
return reply
