-- part finishing: how an attempt is recorded and its claim goes.
-- needs: claims dead record retry stamp state wake write

-- Returns true if a claim is the one that the attempt was made with. If not, it was handed on, and nothing is recorded.
local function is_held(claim, ticket)
    return claim.ticket == ticket
end

-- The claim says that the attempt was never started, though its runner has called: Redis' data went back behind the start, and the job
-- stands nowhere. So its next instant ('': none) becomes due as the start had done it.
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

-- Record an attempt, and do what follows; the claim goes last: if anything fails, all of it is done again. Returns true if the job is
-- gone, or is another one by now: then nothing follows.
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
