-- part notice: what a job reports when it goes from healthy to failing, or back.
-- needs: retry write

-- A notice is an attempt in `retry` and among the claims like any other, with a kind of its own and an instant of its own. The job's hash
-- holds its text, `notice:<instant>` = "<f|r> <failures> <record>", and what became of the latest one,
-- `notice` = "<f|r> <instant> <waiting|delivered|given_up|dropped> <status> <attempts>". So both are deleted with the job.

local function write_notice(key, name, letter, text)
    redis.call('HSET', key, NOTICE_FIELD .. name, letter .. ' ' .. text, 'notice', letter .. ' ' .. name .. ' ' .. NOTICE_WAITING .. ' 0 0')
end

-- Returns the text of the notice at an instant; nil if there is none, or the job no longer has a URL for it.
local function read_notice(key, name)
    local fields = try('HMGET', key, NOTICE_FIELD .. name, 'on_failure_url', 'on_recovery_url')
    if not fields or not fields[1] then
        return nil
    end
    return fields[fields[1]:sub(1, 1) == NOTICE_FAILING and 2 or 3] and fields[1]
end

-- Note what became of a notice so far. Nothing is kept of one that is not the latest.
local function note_notice(key, name, state, http_status, attempt)
    local letter, latest = (try('HGET', key, 'notice') or ''):match('^(%a) (%d+) ')
    if latest == name then
        redis.call('HSET', key, 'notice', table.concat({letter, name, state, http_status, attempt}, ' '))
    end
end

-- The notice is over, delivered or not.
local function end_notice(key, name, state, http_status, attempt)
    note_notice(key, name, state, http_status, attempt)
    try('HDEL', key, NOTICE_FIELD .. name)
end

local function retry_notice(at, member, claim)
    add_retry(at, member, attempt_of(claim.ticket) + 1, KIND_NOTICE, claim.stamp)
end
