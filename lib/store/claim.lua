-- claim: hand attempts that are due to a runner, the longest due first. What has been due for long (a backlog) gets a part of its own:
-- it cannot keep what is due now waiting, nor the other way round.
-- needs: write stamp definition record retry notice
-- KEYS[1] due  KEYS[2] retry  KEYS[3] claimed:<runner>  KEYS[4] holders  KEYS[5] token  KEYS[6] executions
-- ARGV[1] runner  [2] until (ms)  [3] limit  [4] prefix of the jobs' keys  [5] what was due before is backlog (ms)
--   [6] limit of that  [7] prefix of the histories' keys  [8] executions kept  [9] history kept
-- Returns the earliest instant that is left and no backlog ('' for none), '1' where a backlog is left, then for each claimed attempt
--   id, scheduled, ticket, due, state (of a notice 'n <text>', see part notice), created, schedule, api, type, and the other fields of the
--   definition, packed (nil: none)
-- (created and all behind it are nil where the job is gone; schedule, api and type are empty where it is garbage).
-- A claim is a field of claimed:<runner>: <id><scheduled> = "<state> <attempt>.<token> <M|L|m|l|n> <due> <stamp>", state 'c' where it came
-- from due, 'r' where it came from retry (its job's next instant stands in due already). Number 0 in retry is a first attempt that was
-- put off; its job's next instant does not stand in due, so that is a 'c', too. The kind is a small letter where somebody asked for the
-- attempt by hand, n for a notice. Entries of retry whose job was deleted, moved on or is paused are taken away here, and are no claims;
-- likewise notices that nobody is to get any more.
local due_key, retry_key, claimed_key, holders_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local runner, until_ms, limit, job_prefix = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local fresh_from, backlog_limit = ARGV[5], tonumber(ARGV[6])
local keep = {executions_key = KEYS[6], executions = ARGV[8], history_prefix = ARGV[7], history = tonumber(ARGV[9])}

-- The definition, and the job's stamp. Somebody may have written something else under the job's name: that must not stop the others.
local function definition(id)
    local fields, plain = read_definition(job_prefix, id)
    if not fields then
        fields = redis.call('EXISTS', job_prefix .. id) == 1 and {'0', '', '', ''} or {}
    end
    -- One that has nothing but what each job has was never changed.
    return fields, plain and fields[1] or job_stamp(job_prefix, id) or '0'
end

-- Write a claim down. False: this very occurrence is under way here.
local function hold(member, value)
    if redis.call('HSETNX', claimed_key, member, value) == 1 then
        return true
    end
    local held = redis.call('HGET', claimed_key, member)
    if held:sub(1, 1) ~= 's' then
        redis.call('HSET', claimed_key, member, value)
        return true
    end
    return false
end

local reply = {'', ''}
local stuck = false
local token -- one for each call that finds something: fences off what is left of earlier claims

local function claim(what, id, due)
    local member = id .. what.scheduled
    local job, stamp = definition(id)
    local ticket = what.attempt .. '.' .. token
    local kind = what.notice and 'n' or job[4] == 'ATLEAST_ONCE' and 'L' or 'M'
    if not hold(member, what.state .. ' ' .. ticket .. ' ' .. (what.manual and kind:lower() or kind) .. ' ' .. due .. ' ' .. stamp) then
        stuck = true
        return false
    end
    local n = #reply
    reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4], reply[n + 5] = id, what.scheduled, ticket, due, what.notice or what.state
    reply[n + 6], reply[n + 7], reply[n + 8], reply[n + 9] = job[1] or false, job[2] or false, job[3] or false, job[4] or false
    reply[n + 10] = pack_others(job)
    return true
end

-- A score as an instant, whatever somebody may have written there.
local function instant(score)
    return string.format('%.0f', math.max(0, math.floor(tonumber(score))))
end

local function claim_first(id, score)
    local due = instant(score)
    if #id ~= 32 or claim({state = 'c', scheduled = due, attempt = '1'}, id, due) then
        redis.call('ZREM', due_key, id)
    end
end

-- Is an entry of retry not to be made at all? Then a job that is paused keeps a record of it.
local function is_void(id, scheduled, attempt, manual, stamp)
    local current, state = job_stamp(job_prefix, id)
    if current and stamp ~= '' and (not is_same_job(current, stamp) or attempt == '0' and current ~= stamp) then
        return true
    end
    if not current or state ~= 'PAUSED' or manual then
        return not current and stamp ~= ''
    end
    record_attempt(keep, id, 'o:c s:' .. scheduled .. ' a:' .. math.max(attempt, 1) .. ' x:0 t:0 h:0 l:0 c:paused e:the job was paused')
    return true
end

-- The text of a notice, as the reply has it; nil: nobody is to get it, and it is forgotten.
local function notice_at(id, scheduled, attempt)
    local text = read_notice(job_prefix .. id, scheduled)
    if not text then
        end_notice(job_prefix .. id, scheduled, 'dropped', 0, attempt - 1)
    end
    return text and 'n ' .. text
end

local function claim_retry(entry, score)
    local id = entry:sub(1, 32)
    local scheduled, attempt, letter, stamp = parse_retry(entry)
    local what = {state = 'r', scheduled = scheduled, attempt = attempt, manual = letter == 'm' or letter == 'n'}
    local void = not scheduled or is_void(id, scheduled, attempt, what.manual, stamp)
    if not void and letter == 'n' then
        what.notice = notice_at(id, scheduled, attempt)
        void = not what.notice
    end
    if void then
        redis.call('ZREM', retry_key, entry)
        return
    end
    if attempt == '0' then
        what.state, what.attempt = 'c', '1'
    end
    if claim(what, id, instant(score)) then
        redis.call('ZREM', retry_key, entry)
    end
end

-- The longest due of both between two instants, at most n of them: {how to claim it, entry, score, …}.
local function longest_due(from, to, n)
    local list = {}
    if n <= 0 then
        return list
    end
    local firsts = redis.call('ZRANGEBYSCORE', due_key, from, to, 'WITHSCORES', 'LIMIT', 0, n)
    local retries = redis.call('ZRANGEBYSCORE', retry_key, from, to, 'WITHSCORES', 'LIMIT', 0, n)
    local f, r = 1, 1
    for _ = 1, n do
        local first_due, retry_due = tonumber(firsts[f + 1]), tonumber(retries[r + 1])
        local k = #list
        if first_due and (not retry_due or first_due <= retry_due) then
            list[k + 1], list[k + 2], list[k + 3] = claim_first, firsts[f], firsts[f + 1]
            f = f + 2
        elseif retry_due then
            list[k + 1], list[k + 2], list[k + 3] = claim_retry, retries[r], retries[r + 1]
            r = r + 2
        else
            break
        end
    end
    return list
end

local function claim_all(list, n)
    for k = 1, n * 3, 3 do
        list[k](list[k + 1], list[k + 2])
    end
end

-- Of those between two instants, what either set has first.
local function earliest_left(from, to)
    local earliest = math.huge
    for _, key in ipairs({due_key, retry_key}) do
        local first = redis.call('ZRANGEBYSCORE', key, from, to, 'WITHSCORES', 'LIMIT', 0, 1)
        earliest = math.min(earliest, tonumber(first[2] or math.huge))
    end
    return earliest
end

local backlog = longest_due('-inf', '(' .. fresh_from, math.min(limit, backlog_limit))
local fresh = longest_due(fresh_from, until_ms, limit)
-- Where there is not room for both, half of it for each (an odd one for either), and what one does not need for the other.
local odd = limit % 2 * (redis.call('TIME')[2] % 2)
local backlog_count = math.min(#backlog / 3, math.max(math.floor(limit / 2) + odd, limit - #fresh / 3))
local fresh_count = math.min(#fresh / 3, limit - backlog_count)
if backlog_count + fresh_count > 0 then
    write('SADD', holders_key, runner) -- before anything is moved: who holds something is found there
    token = string.format('%.0f', redis.call('INCR', KEYS[5]))
end
claim_all(backlog, backlog_count)
claim_all(fresh, fresh_count)

local next_due = earliest_left(fresh_from, '+inf')
local backlog_left = earliest_left('-inf', '(' .. fresh_from) < math.huge
if stuck and #reply == 2 then
    -- That must make the runner ask again, but not at once.
    local again = tonumber(until_ms) + 1000
    next_due = next_due > tonumber(until_ms) and math.min(next_due, again) or again
    backlog_left = false
end
if next_due < math.huge then
    reply[1] = string.format('%.0f', next_due)
end
if backlog_left then
    reply[2] = '1'
end
return reply
