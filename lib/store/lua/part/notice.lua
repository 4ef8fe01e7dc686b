-- part notice: what a job has to tell when it goes from well to failing, or back.
-- needs: write retry

-- A notice is an attempt in `retry` and among the claims like any other (kind 'n'), at an instant of its own. The job's hash holds what it
-- is to tell, `notice:<instant>` = "<f|r> <failures> <record>" (f: failing, r: recovered), and, of the latest one, what became of it:
-- `notice` = "<f|r> <instant> <waiting|delivered|given_up|dropped> <status> <attempts>". So both go with the job.

-- Text of the notice at an instant; nil: there is none, or nobody is to be told any more.
local function read_notice(job_key, instant)
    local fields = try('HMGET', job_key, 'notice:' .. instant, 'on_failure_url', 'on_recovery_url')
    if not fields or not fields[1] then
        return nil
    end
    return fields[fields[1]:sub(1, 1) == 'f' and 2 or 3] and fields[1]
end

-- What became of a notice so far; nothing is said of one that is not the latest.
local function note_notice(job_key, instant, state, status, attempts)
    local letter, of = (try('HGET', job_key, 'notice') or ''):match('^(%a) (%d+) ')
    if of == instant then
        redis.call('HSET', job_key, 'notice', table.concat({letter, instant, state, status, attempts}, ' '))
    end
end

-- A notice that is done with, one way or the other.
local function end_notice(job_key, instant, state, status, attempts)
    note_notice(job_key, instant, state, status, attempts)
    try('HDEL', job_key, 'notice:' .. instant)
end

-- Another attempt at a notice.
local function retry_notice(retry_key, member, claim, at)
    write('ZADD', retry_key, at, retry_entry(member, attempt_of(claim.ticket) + 1, 'n', claim.stamp))
end
