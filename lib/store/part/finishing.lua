-- part finishing: what it takes to record an attempt, and to let go of its claim.
-- needs: write stamp record dead retry claims state

-- where: claimed_key, retry_key, dead_key, due_key, job_prefix, dead_max, keep, and `earliest`, the first instant that was made due.

-- Is a claim the one that the attempt was made with? If not, it was handed on, and nothing is recorded.
local function is_held(claim, ticket)
    return claim.ticket == ticket
end

-- Record what came of an attempt, and do what is next; the claim stays, for it goes last: if anything fails, the whole is done again.
-- Returns whether the job is gone, or another one by now: then nothing is next.
local function conclude(where, member, claim, text, after, at)
    local id = member:sub(1, 32)
    local gone = not is_there(where.job_prefix .. id, claim.stamp)
    record_attempt(where.keep, id, text, gone)
    if gone then
        return true
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
