-- start_watched: as start, for attempts of jobs that are watched (lib/job/watch.h): what these remember is looked at, and kept, here.
-- needs: starting collision runs
-- KEYS[1] claimed:<runner>  KEYS[2] due  KEYS[3] retry  KEYS[4] holders  KEYS[5] executions  KEYS[6] gone
-- ARGV[1] shard  [2] prefix of the jobs' keys  [3] prefix of the runners' claims  [4] prefix of the histories' keys  [5] executions kept
--   [6] history kept, then for each attempt as in start
-- Returns for each what start does, or '3' (dealt with, and not to be called: another occurrence of the job is under way, so this one was
-- recorded as skipped, or waits in retry). The job's next instant stands in due then, too.
local where = {claimed_key = KEYS[1], due_key = KEYS[2], retry_key = KEYS[3], job_prefix = ARGV[2], earliest = math.huge,
    started = {}, next_due = {}, holders_key = KEYS[4], claimed_prefix = ARGV[3], runner = KEYS[1]:sub(#ARGV[3] + 1),
    gone_key = KEYS[6], executions_key = KEYS[5], executions = ARGV[5], history_prefix = ARGV[4], history = tonumber(ARGV[6])}
local reply = {}

local function start(member, ticket, next_due)
    local claim = parse_claim(redis.call('HGET', where.claimed_key, member))
    local refused = refuse_start(where, member, ticket, claim) or refuse_spent(where, member, claim)
        or take_place(where, member, claim, next_due)
    if not refused then
        mark_started(where, member, claim, count_run(where, member, claim, next_due))
    end
    write_starts(where) -- before the next one is looked at, which may be of the same job
    return refused or '1'
end

for i = 7, #ARGV, 3 do
    reply[#reply + 1] = start(ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
wake(ARGV[1], where.earliest)
return reply
