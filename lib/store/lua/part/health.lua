-- part health: whether a job is healthy, judged by how its occurrences ended. For jobs that ask for it (lib/job/stateful.h), the field
-- `failures` counts how many failed in a row. It exists while the job is failing, and the first success removes it. A resume sets it to 0:
-- the job gets as many tries again, and counts as failing until one succeeds.
-- needs: clock notice number retry stamp state taken wake stateful

-- What the last record of an occurrence says about the job's health: 'good', 'bad', or nil: nothing.
local function judge_end(text)
    local outcome = text:match('^' .. RECORD_OUTCOME .. ':(%a)')
    if outcome == OUTCOME_SUCCEEDED then
        return 'good'
    end
    return (outcome == OUTCOME_FAILED or outcome == OUTCOME_UNKNOWN or outcome == OUTCOME_LOST) and 'bad' or nil
end

-- Pause a job after as many failures in a row as it asks for. A job that is already paused or completed stays as it is.
local function pause_after(id, health, failures)
    local key = job_prefix .. id
    if failures >= health.limit and redis.call('HEXISTS', key, 'state') == 0 then
        local text = failures == 1 and '1 occurrence failed' or failures .. ' occurrences failed in a row'
        pause_job(key, id, {'failures', text, ''})
    end
end

-- Write a notice (part notice) after that many failures. text: the record of the occurrence that made the change.
local function announce(id, letter, failures, text)
    local now = now_ms()
    local name = as_text(unscheduled_instant(id, own_offset(id), now))
    write_notice(job_prefix .. id, name, letter, failures .. ' ' .. text)
    add_retry(as_text(now), id .. name, 1, KIND_NOTICE, job_stamp(id))
    made_due(now)
end

-- An occurrence of a job that still exists is over. text: its last record.
local function note_end(id, text)
    local key = job_prefix .. id
    local result, health = judge_end(text), read_health(key)
    if not result or not health then
        return
    end
    if result == 'good' then
        if redis.call('HDEL', key, 'failures') == 1 and health.on_recovery then
            announce(id, NOTICE_RECOVERED, health.failures, text)
        end
        return
    end
    local failures = (health.failures or 0) + 1
    redis.call('HSET', key, 'failures', failures)
    if not health.failures and health.on_failure then
        announce(id, NOTICE_FAILING, failures, text)
    end
    pause_after(id, health, failures)
end
