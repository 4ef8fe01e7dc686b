-- part claims: the claims of a runner.
-- needs: floor retry stamp wake write

-- Parse a claim's value: {state, ticket, kind, due, stamp}; the ticket is nil if there is no claim. The ticket is <attempt>.<token>. Every
-- claim has a new token, so a command that was meant for an earlier claim of the same attempt (sent again, or late) does not touch this
-- one. The stamp begins with the job's field `created`, whatever that holds: the claim of a broken job must be removable, too.
local function parse_claim(value)
    local state, ticket, kind, due, stamp = (value or ''):match('^(%a) (%S+) (%a) (%d+) (.*)$')
    return {state = state, ticket = ticket, kind = kind, due = due, stamp = stamp}
end

-- The runner's claim of an occurrence.
local function read_claim(member)
    return parse_claim(redis.call('HGET', claimed_key, member))
end

-- The runner's claims of these occurrences, in the same order.
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

-- Returns true if a claim still holds. A first attempt from `due` holds as long as the job's time has not changed. Any other holds as long
-- as the job is the same one: what was called once is retried, whatever the schedule says by now. Second result: the job's state.
local function is_valid(id, claim)
    local stamp, state = job_stamp(id)
    if claim.state == CLAIM_DUE then
        return stamp == claim.stamp, state
    end
    return is_same_job(stamp, claim.stamp), state
end

-- Give back an attempt that was claimed and not called; it is due again at `due`. One that came from retry, or was started, goes to retry,
-- because its job's next instant is in due already. One that came from due goes back to due; if it is put off, it waits in retry as number
-- 0 instead, and its job has no other entry. A started one has no record yet, so the floor keeps its instant from being given again.
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
