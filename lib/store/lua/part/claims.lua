-- part claims: the claims of a runner.
-- needs: write floor stamp retry

-- A claim's value, taken apart. The ticket is <attempt>.<token>: the token is new with every claim, so that a command that was meant for
-- an earlier claim of the same attempt (sent again, or late) does not touch this one. The stamp begins with the
-- job's field `created`, whatever somebody wrote there: a claim of garbage has to be let go of, too.
-- {state, ticket, kind, due, stamp}; the ticket is nil where there is no claim.
local function parse_claim(value)
    local state, ticket, kind, due, stamp = (value or ''):match('^(%a) (%S+) (%a) (%d+) (.*)$')
    return {state = state, ticket = ticket, kind = kind, due = due, stamp = stamp}
end

-- The claims of all occurrences that the script was given, one in each `step` arguments from `first` on, taken apart.
local function read_claims(claimed_key, first, step)
    local members, claims = {}, {}
    for i = first, #ARGV, step do
        members[#members + 1] = ARGV[i]
    end
    for n, value in ipairs(redis.call('HMGET', claimed_key, unpack(members))) do
        claims[n] = parse_claim(value)
    end
    return claims
end

-- May a claim still be acted on? The first attempt at an occurrence that comes from `due` only as long as nothing was done to the job's
-- time; any other as long as it is the same job: what was called once is called again, whatever the schedule says by now.
-- Second result: the job's state.
local function is_valid(job_prefix, id, claim)
    local stamp, state = job_stamp(job_prefix, id)
    if claim.state == 'c' then
        return stamp == claim.stamp, state
    end
    return is_same_job(stamp, claim.stamp), state
end

-- Give an attempt back that was claimed and not made, to be made at `due`. From retry ('r'), or started ('s'): its job's next instant
-- stands in due already, so it goes to retry. From due ('c'): its instant goes back there, unless it was put off: then it waits in
-- retry as number 0, and its job in nothing else.
-- A started one has no record yet, so the floor keeps its instant from being given again.
local function give_back(job_prefix, due_key, retry_key, member, claim, due)
    local scheduled = member:sub(33)
    if claim.state == 's' then
        raise_floor({job_prefix = job_prefix}, member:sub(1, 32), scheduled)
    end
    if claim.state ~= 'c' then
        write('ZADD', retry_key, due, retry_entry(member, attempt_of(claim.ticket), claim.kind, claim.stamp))
    elseif tonumber(due) > tonumber(scheduled) then
        write('ZADD', retry_key, due, retry_entry(member, 0, claim.kind, claim.stamp))
    else
        write('ZADD', due_key, 'NX', scheduled, member:sub(1, 32))
    end
end
