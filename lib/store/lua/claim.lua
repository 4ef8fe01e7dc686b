-- claim: hand attempts that are due to a runner, the longest due first. What has been due for long (a backlog) gets a part of its own:
-- it cannot keep what is due now waiting, nor the other way round.
-- needs: write stamp token packed record retry notice
-- KEYS[1] due  KEYS[2] retry  KEYS[3] claimed:<runner>  KEYS[4] holders  KEYS[5] token  KEYS[6] executions
-- KEYS[7] gone
-- ARGV[1] runner  [2] until (ms)  [3] limit  [4] prefix of the jobs' keys  [5] what was due before is backlog (ms)
--   [6] limit of that  [7] prefix of the histories' keys  [8] executions kept  [9] history kept
-- Returns the earliest instant that is left and no backlog ('' for none), '1' where a backlog is left, then a text for each claimed attempt:
--   "<id><scheduled> <ticket> <due> <c|r|n> <created> ", of a notice ('n') "<length> <text>" and a line end, and the definition, packed
-- (created is empty, and nothing is behind it, where the job is gone; where it is garbage, its schedule is empty).
-- A claim is a field of claimed:<runner>: <id><scheduled> = "<state> <attempt>.<token> <M|L|m|l|n> <due> <stamp>", state 'c' where it came
-- from due, 'r' where it came from retry (its job's next instant stands in due already). Number 0 in retry is a first attempt that was
-- put off; its job's next instant does not stand in due, so that is a 'c', too. The kind is a small letter where somebody asked for the
-- attempt by hand, n for a notice. Entries of retry whose job was deleted, moved on or is paused are taken away here, and are no claims;
-- likewise notices that nobody is to get any more.
local due_key, retry_key, claimed_key, holders_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local runner, until_ms, limit, job_prefix = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local fresh_from, backlog_limit = ARGV[5], tonumber(ARGV[6])
local time = redis.call('TIME') -- once: each such command counts where little is due
local where = {job_prefix = job_prefix, gone_key = KEYS[7], executions_key = KEYS[6], executions = ARGV[8], history_prefix = ARGV[7],
    history = tonumber(ARGV[9])}

local GARBAGE = '0 0 \n' -- packed: an empty schedule

-- What the runner is told of a job: when it was created, and its definition. And what it has to do with the claim: stamp and type.
local function describe(id)
    local job = read_job(job_prefix .. id)
    if job and job.created:match('^%d+$') then -- what else stands there would be read as something that it is not
        return job.created, pack_definition(job), stamp_of(job), job.type
    elseif job == false then
        return '', '', '0'
    end
    return '0', GARBAGE, job_stamp(job_prefix, id) or '0' -- that must not stop the others
end

-- A score as an instant, whatever somebody may have written there.
local function instant(score)
    return score:match('^%d+$') or string.format('%.0f', math.max(0, math.floor(tonumber(score))))
end

local reply = {'', ''}
local stuck = false
local token -- one for each call that finds something: fences off what is left of earlier claims

-- Add an attempt to the reply. Returns the value of its claim.
local function claim(what, member)
    local created, packed, stamp, job_type = describe(what.id)
    local kind = what.notice and 'n' or job_type == 'ATLEAST_ONCE' and 'L' or 'M'
    local ticket = what.attempt .. '.' .. token
    local state, notice = what.state, ''
    if what.notice then
        state, notice = 'n', #what.notice .. ' ' .. what.notice .. '\n'
    end
    reply[#reply + 1] = member .. ' ' .. ticket .. ' ' .. what.due .. ' ' .. state .. ' ' .. created .. ' ' .. notice .. packed
    return what.state .. ' ' .. ticket .. ' ' .. (what.by_hand and kind:lower() or kind) .. ' ' .. what.due .. ' ' .. stamp
end

-- What stands in due or retry and could be claimed: {from (the key), entry (what stands there), id, scheduled, due, state, attempt,
-- by_hand, notice (its text)}; nil: it is not to be, and was taken away.
local function read_first(id, score)
    if #id ~= 32 then
        redis.call('ZREM', due_key, id)
        return nil
    end
    local due = instant(score)
    return {from = due_key, entry = id, id = id, scheduled = due, due = due, state = 'c', attempt = '1'}
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
    record_attempt(where, id, scheduled,
        'o:c s:' .. scheduled .. ' a:' .. math.max(attempt, 1) .. ' x:0 t:0 h:0 l:0 c:paused e:the job was paused')
    return true
end

-- The text of a notice; nil: nobody is to get it, and it is forgotten.
local function notice_at(id, scheduled, attempt)
    local text = read_notice(job_prefix .. id, scheduled)
    if not text then
        end_notice(job_prefix .. id, scheduled, 'dropped', 0, attempt - 1)
    end
    return text
end

local function read_retry(entry, score)
    local id = entry:sub(1, 32)
    local scheduled, attempt, letter, stamp = parse_retry(entry)
    local by_hand = letter == 'm' or letter == 'n'
    local void = not scheduled or is_void(id, scheduled, attempt, by_hand, stamp)
    local notice = not void and letter == 'n' and notice_at(id, scheduled, attempt)
    if void or letter == 'n' and not notice then
        redis.call('ZREM', retry_key, entry)
        return nil
    end
    local first = attempt == '0'
    return {from = retry_key, entry = entry, id = id, scheduled = scheduled, due = instant(score), state = first and 'c' or 'r',
        attempt = first and '1' or attempt, by_hand = by_hand, notice = notice}
end

-- The longest due of both between two instants, at most n of them: {how to read it, entry, score, …}.
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
            list[k + 1], list[k + 2], list[k + 3] = read_first, firsts[f], firsts[f + 1]
            f = f + 2
        elseif retry_due then
            list[k + 1], list[k + 2], list[k + 3] = read_retry, retries[r], retries[r + 1]
            r = r + 2
        else
            break
        end
    end
    return list
end

-- Put the first n of such a list into found, those that can be claimed.
local function read_all(list, n, found)
    for k = 1, n * 3, 3 do
        found[#found + 1] = list[k](list[k + 1], list[k + 2])
    end
end

-- Claim what was found, but for occurrences that are under way here already: those stay where they are.
local function claim_all(found)
    local members, held, claims, taken = {}, {}, {}, {[due_key] = {}, [retry_key] = {}}
    for i, what in ipairs(found) do
        members[i] = what.id .. what.scheduled
    end
    for i, value in ipairs(redis.call('HMGET', claimed_key, unpack(members))) do
        held[members[i]] = value and value:sub(1, 1) == 's'
    end
    for i, what in ipairs(found) do
        local member = members[i]
        if held[member] then
            stuck = true
        else
            held[member] = true
            claims[#claims + 1] = member
            claims[#claims + 1] = claim(what, member)
            table.insert(taken[what.from], what.entry)
        end
    end
    if #claims > 0 then
        redis.call('HSET', claimed_key, unpack(claims))
    end
    for key, entries in pairs(taken) do
        if #entries > 0 then
            redis.call('ZREM', key, unpack(entries))
        end
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
local odd = limit % 2 * (time[2] % 2)
local backlog_count = math.min(#backlog / 3, math.max(math.floor(limit / 2) + odd, limit - #fresh / 3))
local fresh_count = math.min(#fresh / 3, limit - backlog_count)
local found = {}
read_all(backlog, backlog_count, found)
read_all(fresh, fresh_count, found)
if #found > 0 then
    write('SADD', holders_key, runner) -- before anything is moved: who holds something is found there
    token = next_token(KEYS[5], time)
    claim_all(found)
end

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
