-- part finishing: how an attempt is recorded and its claim removed.
-- needs: claims dead record retry stamp state wake write

-- Returns true if a claim is the one that the attempt was made with. If not, the attempt was handed on, and nothing is recorded.
local function is_held(claim, ticket)
    return claim.ticket == ticket
end

-- The claim says that the attempt was never started, although its runner has made the call: Redis' data went back to before the start, and
-- the job has no entry at all. So make its next instant ('': none) due, as the lost start did.
local function make_up_for_start(member, claim, next_due)
    local id = member:sub(1, 32)
    if not is_valid(id, claim) then
        return
    end
    if next_due == '' then
        complete(id)
    else
        write('ZADD', due_key, 'NX', next_due, id)
        made_due(next_due)
    end
end

-- Record an attempt, do what follows, and remove the claim last: if anything fails, all of it is repeated. Returns true if the job is gone,
-- or another one has its id: then nothing follows.
local function conclude(member, claim, text, after, at, next_due)
    local id = member:sub(1, 32)
    local is_gone = not is_there(id, claim.stamp)
    record_attempt(id, member:sub(33), text, is_gone)
    if is_gone then
        return true
    end
    if claim.state == CLAIM_DUE then
        make_up_for_start(member, claim, next_due)
    end
    if after == AFTER_RETRY then
        add_retry(at, member, attempt_of(claim.ticket) + 1, claim.kind, claim.stamp)
        made_due(at)
    elseif after == AFTER_DEAD then
        dead_add(at, member, text)
    elseif after == AFTER_GONE then
        local key = job_prefix .. id
        if redis.call('HEXISTS', key, 'state') == 0 and redis.call('HGET', key, 'api') == at then
            pause_job(key, id, {'gone', '', ''})
        end
    end
    return false
end
