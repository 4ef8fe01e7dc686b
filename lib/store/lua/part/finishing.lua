-- part finishing: what it takes to record an attempt, and to let go of its claim.
-- needs: write clock stamp record dead retry claims state

-- where: as for part record, and claimed_key, retry_key, dead_key, due_key, dead_max, and `earliest`, the first instant that was made due.

-- Is a claim the one that the attempt was made with? If not, it was handed on, and nothing is recorded.
local function is_held(claim, ticket)
    return claim.ticket == ticket
end

-- A claim that says that the attempt was never started, though its runner has called: Redis' data went back behind the start, and the job
-- stands nowhere. So its next instant ('': none) is made due as the start had done it.
local function make_up_for_start(where, member, claim, next_due)
    local id = member:sub(1, 32)
    if not is_valid(where.job_prefix, id, claim) then
        return
    end
    if next_due == '' then
        complete(where.job_prefix, where.due_key, id, now_ms())
    else
        write('ZADD', where.due_key, 'NX', next_due, id)
        where.earliest = math.min(where.earliest, tonumber(next_due))
    end
end

-- Record what came of an attempt, and do what is next; the claim stays, for it goes last: if anything fails, the whole is done again.
-- Returns whether the job is gone, or another one by now: then nothing is next.
local function conclude(where, member, claim, text, after, at, next_due)
    local id = member:sub(1, 32)
    local gone = not is_there(where.job_prefix .. id, claim.stamp)
    record_attempt(where, id, member:sub(33), text, gone)
    if gone then
        return true
    end
    if claim.state == 'c' then
        make_up_for_start(where, member, claim, next_due)
    end
    if after == 'r' then
        write('ZADD', where.retry_key, at, retry_entry(member, attempt_of(claim.ticket) + 1, claim.kind, claim.stamp))
        where.earliest = math.min(where.earliest, tonumber(at))
    elseif after == 'd' then
        bury(where.dead_key, where.dead_max, at, member, text)
    elseif after == 'g' then
        local job_key = where.job_prefix .. id
        if redis.call('HEXISTS', job_key, 'state') == 0 and redis.call('HGET', job_key, 'api') == at then
            pause_job(job_key, where.due_key, id, {'gone', '', ''})
        end
    end
    return false
end
