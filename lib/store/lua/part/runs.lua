-- part runs: max_runs, how many occurrences of a job are called.
-- needs: claims number state

-- Returns the limit, and how many were called; nil: there is no limit, or this attempt does not count (a retry, or a manual run).
local function read_runs(member, claim)
    local fields = claim.state == CLAIM_DUE and redis.call('HMGET', job_prefix .. member:sub(1, 32), 'max_runs', 'runs')
    local most = fields and tonumber(fields[1])
    return most, most and (tonumber(fields[2]) or 0)
end

-- If the job has had all its runs (max_runs was lowered since the last one), the claim is void and the job becomes COMPLETED. Returns the
-- verdict; nil: the attempt may start.
local function refuse_beyond_runs(member, claim)
    local most, runs = read_runs(member, claim)
    if most and runs >= most then
        drop_claim(member)
        complete(member:sub(1, 32))
        return VERDICT_GONE
    end
end

-- Count an attempt that starts. Returns the job's next instant: next_due, or '' after the last run.
local function count_run(member, claim, next_due)
    local most, runs = read_runs(member, claim)
    if not most then
        return next_due
    end
    redis.call('HSET', job_prefix .. member:sub(1, 32), 'runs', as_text(runs + 1))
    return runs + 1 < most and next_due or ''
end
