-- part health: how a job is, by the ends of its occurrences. Of jobs that ask for it (lib/watch.h) the hash's field `failures` counts how
-- many failed in a row; it is there while the job is failing, and gone with the first success. A resume sets it to 0: the job gets as many
-- tries again, and is still failing until one succeeds.
-- needs: clock state

-- What became of an occurrence, by the last record of it: 'good', 'bad', or nil: nothing that tells of the job's health.
local function judge_end(text)
    local outcome = text:match('^o:(%a)')
    if outcome == 's' then
        return 'good'
    end
    return (outcome == 'f' or outcome == 'u' or outcome == 'l') and 'bad' or nil
end

-- What the job asks for, and how it is; nil: it asks for nothing.
local function read_health(job_key)
    local fields = redis.call('HMGET', job_key, 'pause_after_failures', 'on_failure_url', 'on_recovery_url', 'failures')
    if fields[1] or fields[2] or fields[3] then
        return {limit = tonumber(fields[1] or math.huge), is_failing = fields[4] and true}
    end
end

-- So many failures in a row that the job is to be called no more? One that is paused already, or completed, stays as it is.
local function pause_after(where, id, health, failures)
    local job_key = where.job_prefix .. id
    if failures >= health.limit and redis.call('HEXISTS', job_key, 'state') == 0 then
        local note = failures == 1 and '1 occurrence failed' or failures .. ' occurrences failed in a row'
        pause_job(job_key, where.due_key, id, {'failures', note, ''})
    end
end

-- An occurrence of a job that is there is over; text: the last record of it. where: job_prefix, due_key.
local function note_end(where, id, text)
    local job_key = where.job_prefix .. id
    local came_to, health = judge_end(text), read_health(job_key)
    if not came_to or not health then
        return
    end
    if came_to == 'good' then
        redis.call('HDEL', job_key, 'failures')
    else
        pause_after(where, id, health, redis.call('HINCRBY', job_key, 'failures', 1))
    end
end
