-- part health: how a job is, by the ends of its occurrences. Of jobs that ask for it (lib/job/watch.h) the hash's field `failures` counts how
-- many failed in a row; it is there while the job is failing, and gone with the first success. A resume sets it to 0: the job gets as many
-- tries again, and is still failing until one succeeds.
-- needs: write clock stamp retry state taken watched

-- What became of an occurrence, by the last record of it: 'good', 'bad', or nil: nothing that tells of the job's health.
local function judge_end(text)
    local outcome = text:match('^o:(%a)')
    if outcome == 's' then
        return 'good'
    end
    return (outcome == 'f' or outcome == 'u' or outcome == 'l') and 'bad' or nil
end

-- So many failures in a row that the job is to be called no more? One that is paused already, or completed, stays as it is.
local function pause_after(where, id, health, failures)
    local job_key = where.job_prefix .. id
    if failures >= health.limit and redis.call('HEXISTS', job_key, 'state') == 0 then
        local note = failures == 1 and '1 occurrence failed' or failures .. ' occurrences failed in a row'
        pause_job(job_key, where.due_key, id, {'failures', note, ''})
    end
end

-- Tell of a change: 'f' (failing) or 'r' (recovered), after so many failures; text: the record that says so. See part notice.
local function announce(where, id, letter, failures, text)
    local job_key = where.job_prefix .. id
    local at = unscheduled_instant(where, id, own_offset(where, id), where.now)
    local instant = as_text(at)
    redis.call('HSET', job_key, 'notice:' .. instant, letter .. ' ' .. failures .. ' ' .. text, 'notice',
        letter .. ' ' .. instant .. ' waiting 0 0')
    write('ZADD', where.retry_key, as_text(where.now), retry_entry(id .. instant, 1, 'n', job_stamp(where.job_prefix, id)))
    where.earliest = math.min(where.earliest, where.now)
end

-- An occurrence of a job that is there is over; text: the last record of it. where: as for part taken, and due_key, now, and `earliest`,
-- the first instant that was made due.
local function note_end(where, id, text)
    local job_key = where.job_prefix .. id
    local came_to, health = judge_end(text), read_health(job_key)
    if not came_to or not health then
        return
    end
    if came_to == 'good' then
        if redis.call('HDEL', job_key, 'failures') == 1 and health.on_recovery then
            announce(where, id, 'r', health.failures, text)
        end
        return
    end
    local failures = (health.failures or 0) + 1
    redis.call('HSET', job_key, 'failures', failures)
    if not health.failures and health.on_failure then
        announce(where, id, 'f', failures, text)
    end
    pause_after(where, id, health, failures)
end
