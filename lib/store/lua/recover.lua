-- recover: hand on what a dead runner held, up to `batch` claims in one call; or, if some are named, those claims of a living runner that
-- no longer knows them.
-- needs: claims clock dead health number overlap record retry rounds stamp wake write
-- Returns how many were handed on, how many were recorded as lost, and 1 if more are left.
local now = now_ms()
local handed_on, lost = 0, 0

local function record_lost(id, scheduled, attempt, is_gone)
    local text = record_text(OUTCOME_LOST, scheduled, attempt,
        ' ' .. RECORD_RUNNER .. ':' .. runner .. ' ' .. RECORD_CLASS .. ':lost ' .. RECORD_ERROR .. ':' .. error_text)
    record_attempt(id, scheduled, text, is_gone)
    lost = lost + 1
    return text
end

-- Returns true if an occurrence has another attempt, by its job's own rule. (The limit in time no longer applies once it was redriven.)
local function has_another(id, scheduled, attempt)
    local rule = retry_rule(id)
    local round = attempts_by(rule)
    local in_time = attempt > round or now - tonumber(scheduled) <= (tonumber(rule.max_duration_ms) or math.huge)
    return attempt % round ~= 0 and in_time
end

-- It was started, so the call may have left. At most once: never again. At least once: again, until its round of attempts is over.
local function hand_on_started(member, claim)
    local id, scheduled, attempt = member:sub(1, 32), member:sub(33), attempt_of(claim.ticket)
    local is_gone = not is_same_job(job_stamp(id), claim.stamp)
    local text = record_lost(id, scheduled, attempt, is_gone)
    if is_gone then
        return
    end
    local at_least_once = claim.kind:upper() == KIND_AT_LEAST_ONCE
    if at_least_once and has_another(id, scheduled, attempt) then
        add_retry(as_text(now), member, attempt + 1, claim.kind, claim.stamp)
        handed_on = handed_on + 1
        return
    end
    if at_least_once then
        dead_add(as_text(now), member, text)
    end
    note_end(id, text)
    leave_slot(member)
end

-- A notice may be sent twice, so a started one is attempted again.
local function hand_on(member, value)
    local claim = parse_claim(value)
    if claim.state == CLAIM_STARTED and claim.kind ~= KIND_NOTICE then
        hand_on_started(member, claim)
    elseif claim.state and is_valid(member:sub(1, 32), claim) then
        give_back(member, claim, claim.due)
        handed_on = handed_on + 1
    end
    drop_claim(member)
end

for member, ticket in each() do
    local value = redis.call('HGET', claimed_key, member)
    if parse_claim(value).ticket == ticket then
        hand_on(member, value)
    end
end
-- Any of them will do. (HSCAN from the start might find nothing for ever, in a large hash that has been emptied from there.)
local claims = each_count() == 0 and redis.call('HRANDFIELD', claimed_key, batch, 'WITHVALUES') or {}
for i = 1, #claims, 2 do
    hand_on(claims[i], claims[i + 1])
end
local more = redis.call('EXISTS', claimed_key)
if more == 0 then
    try('SREM', holders_key, runner)
end
if handed_on > 0 then
    made_due(now)
end
wake()
return {handed_on, lost, more}
