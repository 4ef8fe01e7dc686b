-- part runs: max_runs, how many occurrences of a job are called.
-- needs: state clock

-- The limit, and how many were called; nil: there is no limit, or this attempt does not count (a retry, or one by hand).
local function read_runs(where, member, claim)
    local fields = claim.state == 'c' and redis.call('HMGET', where.job_prefix .. member:sub(1, 32), 'max_runs', 'runs')
    local most = fields and tonumber(fields[1])
    return most, most and (tonumber(fields[2]) or 0)
end

-- Has the job had all its runs? (max_runs was lowered between the last one and this.) Then the claim is void, and the job completed.
local function refuse_spent(where, member, claim)
    local most, runs = read_runs(where, member, claim)
    if most and runs >= most then
        redis.call('HDEL', where.claimed_key, member)
        complete(where.job_prefix, where.due_key, member:sub(1, 32), now_ms())
        return '2'
    end
end

-- Count an attempt that starts. Returns the job's next instant: next_due, '' with the last run.
local function count_run(where, member, claim, next_due)
    local most, runs = read_runs(where, member, claim)
    if not most then
        return next_due
    end
    redis.call('HSET', where.job_prefix .. member:sub(1, 32), 'runs', string.format('%.0f', runs + 1))
    return runs + 1 < most and next_due or ''
end
