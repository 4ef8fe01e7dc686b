-- recover: hand on what a dead runner held, some hundred claims at a time; or claims that a runner holds and does not know of any more.
-- needs: write clock stamp record dead rounds retry claims health overlap
-- KEYS[1] claimed:<dead>  KEYS[2] due  KEYS[3] retry  KEYS[4] dead  KEYS[5] executions  KEYS[6] holders
-- KEYS[7] gone
-- ARGV[1] the dead runner  [2] shard  [3] prefix of the jobs' keys  [4] prefix of the histories' keys  [5] claims in one go
--   [6] attempts that an at-least-once occurrence has unless its job says so (in a round: one that is re-driven gets as many again)  [7] executions kept  [8] history kept  [9] dead kept
--   [10] prefix of the runners' claims  [11] why nothing is known of a call that was started, then, where it is about some claims only,
--   <id><scheduled> and ticket of each
-- Returns how many were handed on, how many were recorded as lost, and 1 where more are left.
local claimed_key, due_key, retry_key, dead_key, holders_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[6]
local dead, shard, job_prefix, batch = ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local attempts_max, dead_max = tonumber(ARGV[6]), tonumber(ARGV[9])
local now = now_ms()
local where = {due_key = due_key, retry_key = retry_key, executions_key = KEYS[5], holders_key = holders_key, gone_key = KEYS[7],
    job_prefix = job_prefix, history_prefix = ARGV[4], claimed_prefix = ARGV[10], executions = ARGV[7], history = tonumber(ARGV[8]),
    now = now, earliest = math.huge}
local handed_on, lost = 0, 0

-- The record, which is put where records belong.
local function record_lost(id, scheduled, attempt, gone)
    local text = 'o:l s:' .. scheduled .. ' x:0 t:0 h:0 a:' .. attempt .. ' l:0 r:' .. dead ..
        ' c:lost e:' .. ARGV[11]
    record_attempt(where, id, scheduled, text, gone)
    lost = lost + 1
    return text
end

-- Has an occurrence of the job another attempt, by the job's own rule? (How long there may be any does not matter once it was re-driven.)
local function has_another(id, scheduled, attempt)
    local rule = retry_rule(job_prefix, id)
    local attempts = tonumber(rule.max_attempts) or attempts_max
    local in_time = attempt > attempts or now - tonumber(scheduled) <= (tonumber(rule.max_duration_ms) or math.huge)
    return attempt % attempts ~= 0 and in_time
end

-- Started work: the call may have left. At most once means never again; at least once means again, until a round of attempts is over.
local function hand_on_started(member, claim)
    local id, attempt = member:sub(1, 32), attempt_of(claim.ticket)
    local gone = not is_same_job(job_stamp(job_prefix, id), claim.stamp)
    local text = record_lost(id, member:sub(33), attempt, gone)
    if gone then
        return
    end
    local at_least_once = claim.kind:upper() == 'L'
    if at_least_once and has_another(id, member:sub(33), attempt) then
        write('ZADD', retry_key, string.format('%.0f', now), retry_entry(member, attempt + 1, claim.kind, claim.stamp))
        handed_on = handed_on + 1
        return
    end
    if at_least_once then
        bury(dead_key, dead_max, string.format('%.0f', now), member, text)
    end
    note_end(where, id, text)
    where.earliest = math.min(where.earliest, leave_place(retry_key, job_prefix, member))
end

-- A notice may come once too often: that attempt is made again.
local function hand_on(member, value)
    local claim = parse_claim(value)
    if claim.state == 's' and claim.kind ~= 'n' then
        hand_on_started(member, claim)
    elseif claim.state and is_valid(job_prefix, member:sub(1, 32), claim) then
        give_back(job_prefix, due_key, retry_key, member, claim, claim.due)
        handed_on = handed_on + 1
    end
    redis.call('HDEL', claimed_key, member)
end

for i = 12, #ARGV, 2 do
    local value = redis.call('HGET', claimed_key, ARGV[i])
    if parse_claim(value).ticket == ARGV[i + 1] then
        hand_on(ARGV[i], value)
    end
end
-- Any of them will do. (HSCAN from the start again would, in a large hash that has been emptied from there, find nothing for ever.)
local claims = #ARGV == 11 and redis.call('HRANDFIELD', claimed_key, batch, 'WITHVALUES') or {}
for i = 1, #claims, 2 do
    hand_on(claims[i], claims[i + 1])
end
local more = redis.call('EXISTS', claimed_key)
if more == 0 then
    try('SREM', holders_key, dead)
end
wake(shard, handed_on > 0 and now or where.earliest)
return {handed_on, lost, more}
