-- part claims: the claims of a runner.
-- needs: floor retry stamp wake write

-- A claim's value, parsed: {state, ticket, kind, due, stamp}; the ticket is nil where there is no claim. The ticket is <attempt>.<token>:
-- the token is new with every claim, so a command that was meant for an earlier claim of the same attempt (sent again, or late) does not
-- touch this one. The stamp begins with the job's field `created`, whatever it holds: the claim of a broken job has to go away, too.
local function parse_claim(value)
    local state, ticket, kind, due, stamp = (value or ''):match('^(%a) (%S+) (%a) (%d+) (.*)$')
    return {state = state, ticket = ticket, kind = kind, due = due, stamp = stamp}
end

-- The runner's claim of an occurrence.
local function read_claim(member)
    return parse_claim(redis.call('HGET', claimed_key, member))
end

-- Its claims of these occurrences, in their order.
local function read_claims(members)
    local claims = redis.call('HMGET', claimed_key, unpack(members))
    for n, value in ipairs(claims) do
        claims[n] = parse_claim(value)
    end
    return claims
end

local function drop_claim(member)
    redis.call('HDEL', claimed_key, member)
end

-- Returns true if a claim still holds: the first attempt at an occurrence that comes from `due` as long as nothing was done to the job's
-- time; any other as long as it is the same job, for what was called once is called again, whatever the schedule says by now. Second
-- result: the job's state.
local function is_valid(id, claim)
    local stamp, state = job_stamp(id)
    if claim.state == CLAIM_DUE then
        return stamp == claim.stamp, state
    end
    return is_same_job(stamp, claim.stamp), state
end

-- Give an attempt back that was claimed and not called, to be attempted at `due`. One from retry, or started, goes to retry: its job's next
-- instant stands in due already. The instant of one from due goes back there; but one that is put off waits in retry as number 0, and its
-- job in nothing else. A started one has no record yet, so the floor keeps its instant from being given again.
local function give_back(member, claim, due)
    local id, scheduled = member:sub(1, 32), member:sub(33)
    if claim.state == CLAIM_STARTED then
        raise_job_floor(id, scheduled)
    end
    if claim.state ~= CLAIM_DUE then
        add_retry(due, member, attempt_of(claim.ticket), claim.kind, claim.stamp)
    elseif tonumber(due) > tonumber(scheduled) then
        add_retry(due, member, 0, claim.kind, claim.stamp)
    else
        write('ZADD', due_key, 'NX', scheduled, id)
    end
    made_due(due)
end
