-- finish: record what came of attempts, decide what is next for their occurrences, and let go of the claims.
-- needs: finishing
-- KEYS[1] claimed:<runner>  KEYS[2] retry  KEYS[3] dead  KEYS[4] executions  KEYS[5] due
-- ARGV[1] shard  [2] prefix of the histories' keys  [3] executions kept  [4] history kept  [5] dead kept
--   [6] prefix of the jobs' keys, then for each attempt
--   <id><scheduled>, ticket, record, what next ('n' nothing, 'r' retry, 'd' dead, 'g' nothing, and the job is paused: its target is
--   gone), instant of that (ms; with 'g' the URL that was called: a job that has another one by now is not paused)
-- Returns for each '1' (recorded) or '0' (the claim is not the runner's: nothing is recorded). Of a job that was deleted meanwhile the feed
-- alone tells, and nothing is next.
local where = {claimed_key = KEYS[1], retry_key = KEYS[2], dead_key = KEYS[3], due_key = KEYS[5], job_prefix = ARGV[6],
    dead_max = tonumber(ARGV[5]), earliest = math.huge,
    keep = {executions_key = KEYS[4], executions = ARGV[3], history_prefix = ARGV[2], history = tonumber(ARGV[4])}}
local claims = read_claims(where.claimed_key, 7, 5)
local reply, done = {}, {}

local function finish(claim, member, ticket, text, after, at)
    if not is_held(claim, ticket) then
        return '0'
    end
    conclude(where, member, claim, text, after, at)
    done[#done + 1] = member
    return '1'
end

local function finish_all()
    for n, claim in ipairs(claims) do
        local i = n * 5 + 2
        reply[n] = finish(claim, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
    end
end

-- Whatever goes wrong with one of them, those that are recorded must not be recorded again.
local good, problem = pcall(finish_all)
if #done > 0 then
    redis.call('HDEL', where.claimed_key, unpack(done))
end
if not good then
    error(problem)
end
wake(ARGV[1], where.earliest)
return reply
