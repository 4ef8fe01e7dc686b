-- finish: record what came of attempts, decide what is next for their occurrences, and let go of the claims.
-- needs: finishing
-- KEYS[1] claimed:<runner>  KEYS[2] retry  KEYS[3] dead  KEYS[4] executions  KEYS[5] due  KEYS[6] gone  KEYS[7] holders
-- ARGV[1] shard  [2] prefix of the histories' keys  [3] executions kept  [4] history kept  [5] dead kept
--   [6] prefix of the jobs' keys  [7] prefix of the runners' claims, then for each attempt
--   <id><scheduled>, ticket, record, what next ('n' nothing, 'r' retry, 'd' dead, 'g' nothing, and the job is paused: its target is
--   gone), instant of that (ms; with 'g' the URL that was called: a job that has another one by now is not paused), the job's next instant
--   (ms; '' for none), which counts where the start was lost
-- Returns for each '1' (recorded) or '0' (the claim is not the runner's: nothing is recorded). Of a job that was deleted meanwhile the feed
-- alone tells, and nothing is next.
local where = {claimed_key = KEYS[1], retry_key = KEYS[2], dead_key = KEYS[3], executions_key = KEYS[4], due_key = KEYS[5],
    gone_key = KEYS[6], holders_key = KEYS[7], history_prefix = ARGV[2], executions = ARGV[3], history = tonumber(ARGV[4]),
    dead_max = tonumber(ARGV[5]), job_prefix = ARGV[6], claimed_prefix = ARGV[7], earliest = math.huge}
local claims = read_claims(where.claimed_key, 8, 6)
local reply, done = {}, {}

local function finish(claim, member, ticket, text, after, at, next_due)
    if not is_held(claim, ticket) then
        return '0'
    end
    conclude(where, member, claim, text, after, at, next_due)
    done[#done + 1] = member
    return '1'
end

local function finish_all()
    for n, claim in ipairs(claims) do
        local i = n * 6 + 2
        reply[n] = finish(claim, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
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
