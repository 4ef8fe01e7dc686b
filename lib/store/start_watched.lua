-- start_watched: as start, for attempts of jobs that are watched (lib/watch.h): what these remember is looked at, and kept, here.
-- needs: starting record runs
-- KEYS[1] claimed:<runner>  KEYS[2] due  KEYS[3] retry  KEYS[4] holders  KEYS[5] executions
-- ARGV[1] shard  [2] prefix of the jobs' keys  [3] prefix of the runners' claims  [4] prefix of the histories' keys  [5] executions kept
--   [6] history kept, then for each attempt as in start
-- Returns for each what start does.
local where = {claimed_key = KEYS[1], due_key = KEYS[2], retry_key = KEYS[3], job_prefix = ARGV[2], earliest = math.huge}
local reply = {}

local function start(member, ticket, next_due)
    local claim = parse_claim(redis.call('HGET', where.claimed_key, member))
    local refused = refuse_start(where, member, ticket, claim) or refuse_spent(where, member, claim)
    if not refused then
        mark_started(where, member, claim, count_run(where, member, claim, next_due))
    end
    return refused or '1'
end

for i = 7, #ARGV, 3 do
    reply[#reply + 1] = start(ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
wake(ARGV[1], where.earliest)
return reply
