-- skip: give up claimed occurrences that are too late to be called, record the gap, and make their jobs due again.
-- needs: write clock record claims state
-- KEYS[1] claimed:<runner>  KEYS[2] due  KEYS[3] executions  KEYS[4] gone
-- ARGV[1] shard  [2] prefix of the jobs' keys  [3] prefix of the histories' keys  [4] executions kept  [5] history kept, then for each
--   <id><scheduled>, ticket, record, next instant of the job (ms; '' for none)
-- Returns for each '1' (done), '0' (the claim is not the runner's, or has been started), '2' (the claim is void: the job is gone, or its
-- time was changed).
local claimed_key, due_key = KEYS[1], KEYS[2]
local shard, job_prefix = ARGV[1], ARGV[2]
local where = {job_prefix = job_prefix, gone_key = KEYS[4], executions_key = KEYS[3], executions = ARGV[4], history_prefix = ARGV[3],
    history = tonumber(ARGV[5])}
local earliest = math.huge
local reply = {}

local function skip(member, ticket, text, next_due)
    local claim = parse_claim(redis.call('HGET', claimed_key, member))
    if claim.state ~= 'c' or claim.ticket ~= ticket then
        return '0'
    end
    local id = member:sub(1, 32)
    if not is_valid(job_prefix, id, claim) then
        redis.call('HDEL', claimed_key, member)
        return '2'
    end
    record_attempt(where, id, member:sub(33), text)
    if next_due ~= '' then
        write('ZADD', due_key, 'NX', next_due, id)
        earliest = math.min(earliest, tonumber(next_due))
    else
        complete(job_prefix, due_key, id, now_ms())
    end
    redis.call('HDEL', claimed_key, member)
    return '1'
end

for i = 6, #ARGV, 4 do
    reply[#reply + 1] = skip(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
end
wake(shard, earliest)
return reply
