-- release: hand claims back that their holder has not sent and will not send, to be made when they were due, or later.
-- needs: clock claims
-- KEYS[1] claimed:<runner>  KEYS[2] due  KEYS[3] retry
-- ARGV[1] shard  [2] prefix of the jobs' keys, then for each attempt  <id><scheduled>, ticket, due (ms)
-- Returns for each '1' (due again), '0' (the claim is not the runner's), '2' (the claim is void: the job is gone, or its time was changed
-- before the occurrence was started; the claim is dropped).
local claimed_key, due_key, retry_key = KEYS[1], KEYS[2], KEYS[3]
local shard, job_prefix = ARGV[1], ARGV[2]
local earliest = math.huge
local reply = {}

local function release(member, ticket, due)
    local claim = parse_claim(redis.call('HGET', claimed_key, member))
    if claim.ticket ~= ticket then
        return '0'
    end
    if not is_valid(job_prefix, member:sub(1, 32), claim) then
        redis.call('HDEL', claimed_key, member)
        return '2'
    end
    give_back(job_prefix, due_key, retry_key, member, claim, due)
    redis.call('HDEL', claimed_key, member)
    earliest = math.min(earliest, tonumber(due))
    return '1'
end

for i = 3, #ARGV, 3 do
    reply[#reply + 1] = release(ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
wake(shard, earliest)
return reply
