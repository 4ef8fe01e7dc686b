-- claim: hand attempts that are due to a runner, the longest due first. What has been due for long (a backlog) has a share of its own: it
-- does not keep what is due now waiting, and is not kept waiting by it.
-- needs: notice number packed record retry stamp token definition write
-- Returns the earliest remaining instant outside the backlog ('' for none), '1' if a backlog remains, then a text for each claimed attempt:
--   "<id><scheduled> <ticket> <due> <c|r|n> <created> ", for a notice ('n') "<length> <text>" and a line end, and the definition, packed
-- (if the job is gone, created is empty and nothing follows it; if it is broken, its schedule is empty).
-- A claim is a field of claimed:<runner>: <id><scheduled> = "<state> <attempt>.<token> <kind> <due> <stamp>". Number 0 in retry is a first
-- attempt that was put off; its job's next instant is not in due, so its claim has the state of one from due. Entries of retry whose job
-- was deleted, has moved on or is paused are removed here, and not claimed; so are notices whose URL is gone.
local time = redis.call('TIME') -- once: every command counts if little is due

local BROKEN = '0 0 \n' -- packed: an empty schedule

-- Returns what the runner gets of a job, when it was created and its definition; then what the claim itself needs, its stamp and type.
local function describe(id)
    local job = read_job(job_prefix .. id)
    if job and job.created:match('^%d+$') then -- anything else would be misread
        return job.created, pack_definition(job), stamp_of(job), job.type
    elseif job == false then
        return '', '', '0'
    end
    return '0', BROKEN, job_stamp(id) or '0' -- a broken job must not stop the others
end

-- Returns a score as an instant, whatever a person may have written there.
local function instant_of(score)
    return score:match('^%d+$') or as_text(math.max(0, math.floor(tonumber(score))))
end

local reply = {'', ''}
local stuck = false
local token -- one for each call that finds something: it fences off commands that belong to earlier claims

-- Add an attempt to the reply. Returns the value of its claim.
local function claim(what, member)
    local created, packed, stamp, job_type = describe(what.id)
    local kind = what.notice and KIND_NOTICE or job_type == 'ATLEAST_ONCE' and KIND_AT_LEAST_ONCE or KIND_AT_MOST_ONCE
    local ticket = what.attempt .. '.' .. token
    local state, notice = what.state, ''
    if what.notice then
        state, notice = KIND_NOTICE, #what.notice .. ' ' .. what.notice .. '\n'
    end
    reply[#reply + 1] = member .. ' ' .. ticket .. ' ' .. what.due .. ' ' .. state .. ' ' .. created .. ' ' .. notice .. packed
    return what.state .. ' ' .. ticket .. ' ' .. (what.manual and kind:lower() or kind) .. ' ' .. what.due .. ' ' .. stamp
end

-- Reads what is in due or retry and could be claimed: {from (the key), entry (as it is there), id, scheduled, due, state, attempt, manual,
-- notice (its text)}; nil: it must not be claimed, and was removed.
local function read_first(id, score)
    if #id ~= 32 then
        redis.call('ZREM', due_key, id)
        return nil
    end
    local due = instant_of(score)
    return {from = due_key, entry = id, id = id, scheduled = due, due = due, state = CLAIM_DUE, attempt = '1'}
end

-- Returns true if an entry of retry must not be attempted at all. If that is because the job is paused, writes a record of it.
local function is_void(id, scheduled, attempt, manual, stamp)
    local current, state = job_stamp(id)
    if current and stamp ~= '' and (not is_same_job(current, stamp) or attempt == '0' and current ~= stamp) then
        return true
    end
    if not current or state ~= JOB_PAUSED or manual then
        return not current and stamp ~= ''
    end
    record_attempt(id, scheduled, record_text(OUTCOME_CANCELLED, scheduled, math.max(attempt, 1),
        ' ' .. RECORD_CLASS .. ':paused ' .. RECORD_ERROR .. ':the job was paused'))
    return true
end

-- Returns the text of a notice; nil: its URL is gone, and the notice was removed.
local function notice_at(id, scheduled, attempt)
    local text = read_notice(job_prefix .. id, scheduled)
    if not text then
        end_notice(job_prefix .. id, scheduled, NOTICE_DROPPED, 0, attempt - 1)
    end
    return text
end

local function read_retry(entry, score)
    local id = entry:sub(1, 32)
    local scheduled, attempt, letter, stamp = parse_retry(entry)
    local manual = letter ~= ''
    local void = not scheduled or is_void(id, scheduled, attempt, manual, stamp)
    local notice = not void and letter == KIND_NOTICE and notice_at(id, scheduled, attempt)
    if void or letter == KIND_NOTICE and not notice then
        redis.call('ZREM', retry_key, entry)
        return nil
    end
    local first = attempt == '0'
    return {from = retry_key, entry = entry, id = id, scheduled = scheduled, due = instant_of(score),
        state = first and CLAIM_DUE or CLAIM_RETRY, attempt = first and '1' or attempt, manual = manual, notice = notice}
end

-- Returns the longest due of both between two instants, at most n of them: {how to read it, entry, score, …}.
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

-- Append to found those of the first n of such a list that can be claimed.
local function read_all(list, n, found)
    for k = 1, n * 3, 3 do
        found[#found + 1] = list[k](list[k + 1], list[k + 2])
    end
end

-- Claim what was found, except occurrences that are already under way at this runner: those stay where they are.
local function claim_all(found)
    local members, held, claims, taken = {}, {}, {}, {[due_key] = {}, [retry_key] = {}}
    for i, what in ipairs(found) do
        members[i] = what.id .. what.scheduled
    end
    for i, value in ipairs(redis.call('HMGET', claimed_key, unpack(members))) do
        held[members[i]] = value and value:sub(1, 1) == CLAIM_STARTED
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

-- Returns the first entry of either set between two instants.
local function earliest_left(from, to)
    local first_due = math.huge
    for _, key in ipairs({due_key, retry_key}) do
        local first = redis.call('ZRANGEBYSCORE', key, from, to, 'WITHSCORES', 'LIMIT', 0, 1)
        first_due = math.min(first_due, tonumber(first[2] or math.huge))
    end
    return first_due
end

local backlog = longest_due('-inf', '(' .. fresh_from, math.min(limit, backlog_limit))
local fresh = longest_due(fresh_from, until_ms, limit)
-- If there is not room for both, each gets half (either may get the odd one), and what one does not need goes to the other.
local odd = limit % 2 * (time[2] % 2)
local backlog_count = math.min(#backlog / 3, math.max(math.floor(limit / 2) + odd, limit - #fresh / 3))
local fresh_count = math.min(#fresh / 3, limit - backlog_count)
local found = {}
read_all(backlog, backlog_count, found)
read_all(fresh, fresh_count, found)
if #found > 0 then
    write('SADD', holders_key, runner) -- before anything moves: every runner that holds something must be found there
    token = next_token(time)
    claim_all(found)
end

local next_due = earliest_left(fresh_from, '+inf')
local backlog_left = earliest_left('-inf', '(' .. fresh_from) < math.huge
if stuck and #reply == 2 then
    -- The runner must ask again, but not at once.
    local again = tonumber(until_ms) + 1000
    next_due = next_due > tonumber(until_ms) and math.min(next_due, again) or again
    backlog_left = false
end
if next_due < math.huge then
    reply[1] = as_text(next_due)
end
if backlog_left then
    reply[2] = '1'
end
return reply
