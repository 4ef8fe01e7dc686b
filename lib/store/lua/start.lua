-- start: mark claimed attempts as started, and make their jobs due at the next instant. Only after this the call may leave.
-- needs: starting
-- KEYS[1] claimed:<runner>  KEYS[2] due  KEYS[3] retry
-- ARGV[1] shard  [2] prefix of the jobs' keys, then for each attempt
--   <id><scheduled>, ticket, next instant of the job (ms; '' for none)
-- Returns for each '1' (started now, or before by the same holder), '0' (the claim is not the runner's), '2' (the claim is void and
-- dropped: the job is gone, is another one of the same name, its time was changed, or it is paused).
local where = {claimed_key = KEYS[1], due_key = KEYS[2], retry_key = KEYS[3], job_prefix = ARGV[2], earliest = math.huge,
    started = {}, next_due = {}}
local claims = read_claims(where.claimed_key, 3, 3)
local reply = {}

local function start(claim, member, ticket, next_due)
    local refused = refuse_start(where, member, ticket, claim)
    if not refused then
        mark_started(where, member, claim, next_due)
    end
    return refused or '1'
end

for n, claim in ipairs(claims) do
    local i = n * 3
    reply[n] = start(claim, ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
write_starts(where)
wake(ARGV[1], where.earliest)
return reply
