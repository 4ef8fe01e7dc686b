-- common: what several scripts share; the build puts it in front of each of them.

-- When the job was created, or false where it is gone or somebody wrote something else under its name. A claim carries the same
-- figure: a job that was deleted and made again is another job.
local function job_created(job_prefix, id)
    local created = redis.pcall('HGET', job_prefix .. id, 'created')
    return type(created) == 'string' and created
end

-- What a job's hash holds: when it was created, then the fields of its definition in the order of lib/job_fields.c.
local DEFINITION = {'created', 'schedule', 'api', 'type', 'timezone', 'catch_up', 'catch_up_window_s', 'catch_up_max'}

-- A job's definition, false for each field that is not there; nil where there is none, or not all that each job has.
local function read_definition(job_prefix, id)
    local fields = redis.pcall('HMGET', job_prefix .. id, unpack(DEFINITION))
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

-- Put a record into the feed and the job's history, both bounded.
local function record_attempt(keep, id, text)
    write('XADD', keep.executions_key, 'MAXLEN', '~', keep.executions, '*', 'j', id, 'r', text)
    write('LPUSH', keep.history_prefix .. id, text)
    redis.call('LTRIM', keep.history_prefix .. id, 0, keep.history - 1)
end

-- An occurrence whose attempts are spent. The latest ones are kept.
local function bury(dead_key, dead_max, at, member)
    write('ZADD', dead_key, at, member)
    redis.call('ZREMRANGEBYRANK', dead_key, 0, -dead_max - 1)
end

-- A claim's value, taken apart. The ticket is <attempt>.<token>: the token is new with every claim, so that a command that was meant for
-- an earlier claim of the same attempt (sent again, or late) does not touch this one. What stands for `created` is the job's own
-- field, whatever somebody wrote there: a claim of garbage has to be let go of, too.
local function parse_claim(value)
    return (value or ''):match('^(%a) (%S+) (%a) (%d+) (.*)$')
end

-- The number of the attempt that a ticket is for.
local function attempt_of(ticket)
    return tonumber(ticket:match('^%d+'))
end

-- The entry of `retry` for attempt number `attempt`.
local function retry_entry(member, attempt)
    return member .. ':' .. string.format('%d', attempt)
end

-- Give an attempt back that was claimed and not made, to be made at `due`. From retry ('r'), or started ('s'): its job's next instant
-- stands in due already, so it goes to retry. From due ('c'): its instant goes back there, unless it was put off: then it waits in
-- retry as number 0, and its job in nothing else.
local function give_back(due_key, retry_key, member, state, ticket, due)
    local scheduled = member:sub(33)
    if state ~= 'c' then
        write('ZADD', retry_key, due, retry_entry(member, attempt_of(ticket)))
    elseif tonumber(due) > tonumber(scheduled) then
        write('ZADD', retry_key, due, retry_entry(member, 0))
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

