-- claim: hand attempts that are due to a runner, the longest due first.
-- KEYS[1] due  KEYS[2] retry  KEYS[3] claimed:<runner>  KEYS[4] holders  KEYS[5] token
-- ARGV[1] runner  [2] until (ms)  [3] limit  [4] prefix of the jobs' keys
-- Returns the earliest instant that is left ('' for none), then for each claimed attempt
--   id, scheduled, ticket, due, state, created, and the fields of the definition
-- (created and the fields are nil where the job is gone; schedule, api and type are empty where it is garbage; fields at their default
-- are nil).
-- A claim is a field of claimed:<runner>: <id><scheduled> = "<state> <attempt>.<token> <M|L> <due> <created>", state 'c' where it came
-- from due, 'r' where it came from retry (its job's next instant stands in due already).
local due_key, retry_key, claimed_key, holders_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local runner, until_ms, limit, job_prefix = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local function candidates(key)
    return redis.call('ZRANGEBYSCORE', key, '-inf', until_ms, 'WITHSCORES', 'LIMIT', 0, limit)
end

-- The definition. Somebody may have written something else under the job's name: that must not stop the others.
local function definition(id)
    local fields = read_definition(job_prefix, id)
    if not fields then
        fields = redis.call('EXISTS', job_prefix .. id) == 1 and {'0', '', '', ''} or {}
    end
    return fields
end

local reply = {''}
local token -- one for each call that finds something: fences off what is left of earlier claims

local function claim(state, id, scheduled, attempt, due)
    local member = id .. scheduled
    local held = redis.call('HGET', claimed_key, member)
    if held and held:sub(1, 1) == 's' then
        return false -- this very occurrence is under way here: it has to end first
    end
    local job = definition(id)
    local ticket = attempt .. '.' .. token
    local kind = job[4] == 'ATLEAST_ONCE' and 'L' or 'M'
    redis.call('HSET', claimed_key, member,
        state .. ' ' .. ticket .. ' ' .. kind .. ' ' .. due .. ' ' .. (job[1] or '0'))
    local n = #reply
    reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4], reply[n + 5] = id, scheduled, ticket, due, state
    append_definition(reply, job)
    return true
end

-- A score as an instant, whatever somebody may have written there.
local function instant(score)
    return string.format('%.0f', math.max(0, math.floor(tonumber(score))))
end

local function claim_first(id, score)
    local due = instant(score)
    if #id ~= 32 or claim('c', id, due, '1', due) then
        redis.call('ZREM', due_key, id)
    end
end

local function claim_retry(entry, score)
    local scheduled, attempt = entry:sub(33):match('^(%d+):(%d+)$')
    if not scheduled or claim('r', entry:sub(1, 32), scheduled, attempt, instant(score)) then
        redis.call('ZREM', retry_key, entry)
    end
end

local firsts, retries = candidates(due_key), candidates(retry_key)
if #firsts > 0 or #retries > 0 then
    write('SADD', holders_key, runner) -- before anything is moved: who holds something is found there
    token = string.format('%.0f', redis.call('INCR', KEYS[5]))
end
local f, r = 1, 1
for _ = 1, limit do
    local first_due, retry_due = tonumber(firsts[f + 1]), tonumber(retries[r + 1])
    if first_due and (not retry_due or first_due <= retry_due) then
        claim_first(firsts[f], firsts[f + 1])
        f = f + 2
    elseif retry_due then
        claim_retry(retries[r], retries[r + 1])
        r = r + 2
    else
        break
    end
end

local next_due = math.huge
for _, key in ipairs({due_key, retry_key}) do
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    next_due = math.min(next_due, tonumber(first[2] or math.huge))
end
if next_due < math.huge then
    -- Something that could not be claimed just now must not make the runner ask again at once.
    if next_due <= tonumber(until_ms) and #reply == 1 then
        next_due = tonumber(until_ms) + 1000
    end
    reply[1] = string.format('%.0f', next_due)
end
return reply
