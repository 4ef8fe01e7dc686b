-- common: what several scripts share; the build puts it in front of each of them.

-- A job's stamp and its state; false where it is gone or somebody wrote something else under its name. The stamp is when the job was
-- created, and `.<epoch>` where its time was ever changed, or it was paused or resumed. Claims and entries of `retry` carry it: so a job
-- that was deleted and made again is another job, and a first attempt is void once the job's time is another one.
local function read_stamp(job_key)
    local life = redis.pcall('HMGET', job_key, 'created', 'epoch', 'state')
    if life.err or not life[1] then
        return false
    end
    return life[2] and life[1] .. '.' .. life[2] or life[1], life[3] or 'ACTIVE'
end

local function job_stamp(job_prefix, id)
    return read_stamp(job_prefix .. id)
end

-- Are two stamps of the same job, whatever was done to it in between? (Either may be false.)
local function is_same_job(a, b)
    return a and b and a:match('^%d+') == b:match('^%d+')
end

-- Does a claim's kind say that somebody asked for the attempt by hand? Then it is made while the job is paused, too.
local function is_manual(kind)
    return kind:lower() == kind
end

-- What a job's hash holds: when it was created, then the fields of its definition in the order of lib/job_fields.c.
local DEFINITION = {'created', 'schedule', 'api', 'type', 'timezone', 'catch_up', 'catch_up_window_s', 'catch_up_max',
    'method', 'headers', 'body', 'body_base64', 'timeout_ms', 'connect_timeout_ms', 'follow_redirects', 'success',
    'retry', 'retry_unsent', 'retry_client_errors', 'description', 'tags',
    'name'}

-- A job's definition, false for each field that is not there; nil where there is none, or not all that each job has.
local function read_definition(job_prefix, id)
    -- Most jobs have nothing but that, and looking for all the rest would be a third of what a claim costs.
    local key, some = job_prefix .. id, #DEFINITION
    if redis.pcall('HLEN', key) == 4 then
        some = 4
    end
    local fields = redis.pcall('HMGET', key, unpack(DEFINITION, 1, some))
    if not fields.err and fields[1] and fields[2] and fields[3] and fields[4] then
        return fields
    end
end

-- Put a definition behind what is in reply; fields that it lacks become nil.
local function append_definition(reply, fields)
    local n = #reply
    for i = 1, #DEFINITION do
        reply[n + i] = fields[i] or false
    end
end

-- Run a write on one of our own keys. Where somebody put something of another type there, it gives way: garbage under one job's
-- name must not keep the results of all others from being recorded.
local function write(command, key, ...)
    local result = redis.pcall(command, key, ...)
    if type(result) == 'table' and result.err then
        if not result.err:find('WRONGTYPE', 1, true) then
            error(result.err)
        end
        redis.call('DEL', key)
        result = redis.call(command, key, ...)
    end
    return result
end

-- Put a record into the feed and the job's history, both bounded. A job that is gone (or another one by now) gets no history for it.
local function record_attempt(keep, id, text, gone)
    write('XADD', keep.executions_key, 'MAXLEN', '~', keep.executions, '*', 'j', id, 'r', text)
    if not gone then
        write('LPUSH', keep.history_prefix .. id, text)
        redis.call('LTRIM', keep.history_prefix .. id, 0, keep.history - 1)
    end
end

-- No instant stands for a job any more: what is under way is the last of it. (Only if its own state says nothing else.)
local function complete(job_prefix, due_key, id, now)
    if not redis.call('ZSCORE', due_key, id) and redis.call('HSETNX', job_prefix .. id, 'state', 'COMPLETED') == 1 then
        redis.call('HSET', job_prefix .. id, 'state_since', string.format('%.0f', now))
    end
end

-- Take a dead occurrence, and what it died of, out of the dead. 0: it was not among them.
local function exhume(dead_key, member)
    redis.pcall('HDEL', dead_key .. ':records', member)
    return redis.call('ZREM', dead_key, member)
end

-- An occurrence whose attempts are spent, with the record of the last of them. The latest ones are kept.
local function bury(dead_key, dead_max, at, member, text)
    write('ZADD', dead_key, at, member)
    write('HSET', dead_key .. ':records', member, text)
    local excess = math.min(redis.call('ZCARD', dead_key) - dead_max, 100)
    for _, oldest in ipairs(excess > 0 and redis.call('ZRANGE', dead_key, 0, excess - 1) or {}) do
        exhume(dead_key, oldest)
    end
end

-- A job's own rule for retries, as it stands in its definition; {} where there is none.
local function retry_rule(job_prefix, id)
    local text = redis.pcall('HGET', job_prefix .. id, 'retry')
    local good, rule = pcall(cjson.decode, type(text) == 'string' and text or '{}')
    return good and type(rule) == 'table' and rule or {}
end

-- How many attempts an occurrence of the job has, by its own rule or else as usual. One that was re-driven has as many again, and numbers
-- go on: so a round is over with each multiple of it.
local function attempts_in_round(job_prefix, id, usual)
    return tonumber(retry_rule(job_prefix, id).max_attempts) or tonumber(usual)
end

-- A claim's value, taken apart. The ticket is <attempt>.<token>: the token is new with every claim, so that a command that was meant for
-- an earlier claim of the same attempt (sent again, or late) does not touch this one. The stamp begins with the
-- job's field `created`, whatever somebody wrote there: a claim of garbage has to be let go of, too.
-- {state, ticket, kind, due, stamp}; the ticket is nil where there is no claim.
local function parse_claim(value)
    local state, ticket, kind, due, stamp = (value or ''):match('^(%a) (%S+) (%a) (%d+) (.*)$')
    return {state = state, ticket = ticket, kind = kind, due = due, stamp = stamp}
end

-- May a claim still be acted on? The first attempt at an occurrence that comes from `due` only as long as nothing was done to the job's
-- time; any other as long as it is the same job: what was called once is called again, whatever the schedule says by now.
-- Second result: the job's state.
local function is_valid(job_prefix, id, claim)
    local stamp, state = job_stamp(job_prefix, id)
    if claim.state == 'c' then
        return stamp == claim.stamp, state
    end
    return is_same_job(stamp, claim.stamp), state
end

-- The number of the attempt that a ticket is for.
local function attempt_of(ticket)
    return tonumber(ticket:match('^%d+'))
end

-- The entry of `retry` for attempt number `attempt` at the occurrence of a claim of that kind and stamp:
-- <id><scheduled>:<attempt>[m].<stamp>, m for one that was asked for by hand.
local function retry_entry(member, attempt, kind, stamp)
    return member .. ':' .. string.format('%d', attempt) .. (is_manual(kind) and 'm.' or '.') .. stamp
end

-- Taken apart: scheduled, attempt, 'm' or '', stamp. The stamp is '' in entries that an older version wrote: they count as their job's.
local function parse_retry(entry)
    return entry:sub(33):match('^(%d+):(%d+)(m?)%.?([%d.]*)$')
end

-- Give an attempt back that was claimed and not made, to be made at `due`. From retry ('r'), or started ('s'): its job's next instant
-- stands in due already, so it goes to retry. From due ('c'): its instant goes back there, unless it was put off: then it waits in
-- retry as number 0, and its job in nothing else.
local function give_back(due_key, retry_key, member, claim, due)
    local scheduled = member:sub(33)
    if claim.state ~= 'c' then
        write('ZADD', retry_key, due, retry_entry(member, attempt_of(claim.ticket), claim.kind, claim.stamp))
    elseif tonumber(due) > tonumber(scheduled) then
        write('ZADD', retry_key, due, retry_entry(member, 0, claim.kind, claim.stamp))
    else
        write('ZADD', due_key, 'NX', scheduled, member:sub(1, 32))
    end
end

-- Tell the runners of the earliest instant that this script made due (math.huge: none).
local function wake(shard, earliest)
    if earliest < math.huge then
        redis.call('PUBLISH', 'dronc:wake', shard .. ' ' .. string.format('%.0f', earliest))
    end
end

-- Redis' clock in milliseconds: the one clock that all runners share.
local function now_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Call a job no more until somebody resumes it. What was claimed and not started is void with that.
-- about: why (user, gone), a note ('': none), by whom ('': not known).
local function pause_job(job_key, due_key, id, about)
    redis.call('HINCRBY', job_key, 'epoch', 1)
    redis.call('HSET', job_key, 'state', 'PAUSED', 'state_reason', about[1], 'state_since', string.format('%.0f', now_ms()))
    for i, field in ipairs({'state_note', 'state_by'}) do
        redis.call('HDEL', job_key, field)
        if about[1 + i] ~= '' then
            redis.call('HSET', job_key, field, about[1 + i])
        end
    end
    redis.call('ZREM', due_key, id)
end
