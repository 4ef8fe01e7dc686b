-- finish: record what came of attempts, decide what is next for their occurrences, and let go of the claims.
-- needs: write clock stamp record dead retry claims state
-- KEYS[1] claimed:<runner>  KEYS[2] retry  KEYS[3] dead  KEYS[4] executions  KEYS[5] due
-- ARGV[1] shard  [2] prefix of the histories' keys  [3] executions kept  [4] history kept  [5] dead kept
--   [6] prefix of the jobs' keys, then for each attempt
--   <id><scheduled>, ticket, record, what next ('n' nothing, 'r' retry, 'd' dead, 'g' nothing, and the job is paused: its target is
--   gone), instant of that (ms; with 'g' the URL that was called: a job that has another one by now is not paused)
-- Returns for each '1' (recorded) or '0' (the claim is not the runner's: nothing is recorded). Of a job that was deleted meanwhile the feed
-- alone tells, and nothing is next.
local claimed_key, retry_key, dead_key, due_key = KEYS[1], KEYS[2], KEYS[3], KEYS[5]
local shard, dead_max, job_prefix = ARGV[1], tonumber(ARGV[5]), ARGV[6]
local keep = {executions_key = KEYS[4], executions = ARGV[3], history_prefix = ARGV[2], history = tonumber(ARGV[4])}
local earliest = math.huge
local reply = {}

local function finish(member, ticket, text, after, at)
    local claim = parse_claim(redis.call('HGET', claimed_key, member))
    if claim.ticket ~= ticket then
        return '0'
    end
    local id = member:sub(1, 32)
    local gone = not is_same_job(job_stamp(job_prefix, id), claim.stamp)
    -- The claim goes last: if anything here fails, the whole is done again.
    record_attempt(keep, id, text, gone)
    if gone then
        after = 'n'
    end
    if after == 'r' then
        write('ZADD', retry_key, at, retry_entry(member, attempt_of(ticket) + 1, claim.kind, claim.stamp))
        earliest = math.min(earliest, tonumber(at))
    elseif after == 'd' then
        bury(dead_key, dead_max, at, member, text)
    elseif after == 'g' and redis.call('HEXISTS', job_prefix .. id, 'state') == 0 and redis.call('HGET', job_prefix .. id, 'api') == at then
        pause_job(job_prefix .. id, due_key, id, {'gone', '', ''})
    end
    redis.call('HDEL', claimed_key, member)
    return '1'
end

for i = 7, #ARGV, 5 do
    reply[#reply + 1] = finish(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
end
wake(shard, earliest)
return reply
