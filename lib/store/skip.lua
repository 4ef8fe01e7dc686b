-- skip: give up claimed occurrences that are too late to be called, record the gap, and make their jobs due again.
-- KEYS[1] claimed:<runner>  KEYS[2] due  KEYS[3] executions
-- ARGV[1] shard  [2] prefix of the jobs' keys  [3] prefix of the histories' keys  [4] executions kept  [5] history kept, then for each
--   <id><scheduled>, record, next instant of the job (ms; '' for none)
-- Returns for each '1' (done), '0' (the claim is not the runner's, or has been started), '2' (the job is gone).
local claimed_key, due_key = KEYS[1], KEYS[2]
local shard, job_prefix = ARGV[1], ARGV[2]
local keep = {executions_key = KEYS[3], executions = ARGV[4], history_prefix = ARGV[3], history = tonumber(ARGV[5])}
local earliest = math.huge
local reply = {}

local function skip(member, text, next_due)
    local value = redis.call('HGET', claimed_key, member)
    local state, created = (value or ''):match('^(%a) %d+ %a %d+ (%d+)$')
    if state ~= 'c' then
        return '0'
    end
    local id = member:sub(1, 32)
    redis.call('HDEL', claimed_key, member)
    if job_created(job_prefix, id) ~= created then
        return '2'
    end
    record_attempt(keep, id, text)
    if next_due ~= '' then
        write('ZADD', due_key, 'NX', next_due, id)
        earliest = math.min(earliest, tonumber(next_due))
    end
    return '1'
end

for i = 6, #ARGV, 3 do
    reply[#reply + 1] = skip(ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
wake(shard, earliest)
return reply
