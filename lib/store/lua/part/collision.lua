-- part collision: what happens if an attempt is about to start while another occurrence of its job may be under way.
-- needs: claims clock floor number overlap record retry runs stamp starting wake write

local LOOK_AGAIN_MS = 10000 -- for one that waits; whatever ends the one before it makes it due at once
local REDRIVEN_MS = 1000 -- for a later attempt that finds another occurrence under way

local function execution_id(id, scheduled, attempt)
    local hex = id:gsub('.', function(c) return string.format('%02x', c:byte()) end)
    return hex .. ':' .. scheduled .. ':' .. attempt
end

-- Returns the runner that has a claim of a slot's occurrence, and the claim. Looks first at the runner that had it last. What has a slot was
-- started once, so a claim from `due` is not its claim: it was void before, and its runner does not know that yet.
local function find_claim(id, slot)
    local names = try('SMEMBERS', holders_key) or {}
    table.insert(names, 1, slot.runner)
    for _, name in ipairs(names) do
        local claim = parse_claim(try('HGET', claimed_prefix .. name, id .. slot.scheduled))
        if claim.state and claim.state ~= CLAIM_DUE and is_same_job(claim.stamp, slot.stamp) then
            return name, claim
        end
    end
end

-- Returns the slot in a field, and where its occurrence is ({holder, claim} or {entry}); nil if it no longer exists.
local function find_slot(id, field)
    local slot = read_slot(id, field)
    if not slot then
        return nil
    end
    slot.holder, slot.claim = find_claim(id, slot)
    if not slot.holder then
        slot.entry, slot.next_attempt = find_entry(id, slot)
    end
    return (slot.holder or slot.entry) and slot or nil
end

-- Returns the occurrence that is under way, and the one that waits for it. If the first vanished without an end, the second moves up.
local function find_slots(id)
    local running, waiting = find_slot(id, 'running'), find_slot(id, 'waiting')
    if not running and waiting then
        write_slot(id, 'running', waiting)
        redis.call('HDEL', job_prefix .. id, 'waiting')
        if waiting.entry then
            local now = now_ms()
            redis.call('ZADD', retry_key, as_text(now), waiting.entry)
            made_due(now)
        end
        return waiting, nil
    end
    return running, waiting
end

-- The first attempt is not called, and the occurrence is over.
local function skip_for(id, scheduled, running)
    record_attempt(id, scheduled, record_text(OUTCOME_SKIPPED, scheduled, 1, ' ' .. RECORD_CLASS .. ':overlap ' .. RECORD_ERROR .. ':'
        .. EXECUTION_ID .. execution_id(id, running.scheduled, running.attempt) .. ' was under way'))
end

local function attempt_later(member, claim, after_ms)
    local instant = now_ms() + after_ms
    add_retry(as_text(instant), member, attempt_of(claim.ticket), claim.kind, claim.stamp)
    made_due(instant)
end

local function slot_of(member, claim, name)
    return {scheduled = member:sub(33), attempt = attempt_of(claim.ticket), kind = claim.kind, stamp = claim.stamp, runner = name}
end

-- It has no record yet, so the floor keeps its instant from being given again.
local function wait_behind(id, member, claim)
    raise_job_floor(id, member:sub(33))
    write_slot(id, 'waiting', slot_of(member, claim, '-'))
    attempt_later(member, claim, LOOK_AGAIN_MS)
end

-- Cancel the occurrence under way: remove its claim or its entry, record it, and send its runner a message.
local function abort(id, running, by)
    local attempt, holder, text = running.next_attempt, '', 'given up for the sake of ' .. by
    if running.entry then
        redis.call('ZREM', retry_key, running.entry)
    else
        attempt = attempt_of(running.claim.ticket)
        redis.call('HDEL', claimed_prefix .. running.holder, id .. running.scheduled)
        redis.call('PUBLISH', WAKE_CHANNEL, WAKE_CANCEL .. execution_id(id, running.scheduled, running.claim.ticket))
        if running.claim.state == CLAIM_STARTED then
            holder = ' ' .. RECORD_RUNNER .. ':' .. running.holder
            text = 'aborted for the sake of ' .. by .. '; it may have reached its target'
        end
    end
    record_attempt(id, running.scheduled, record_text(OUTCOME_CANCELLED, running.scheduled, attempt,
        holder .. ' ' .. RECORD_CLASS .. ':overlap ' .. RECORD_ERROR .. ':' .. text))
end

-- Decide about an attempt that finds another occurrence under way. 'waits': it is called later; 'settled': it is not called; nil: it may
-- start.
local function meet(policy, member, claim, running, waiting)
    local id, scheduled = member:sub(1, 32), member:sub(33)
    if attempt_of(claim.ticket) > 1 then
        attempt_later(member, claim, REDRIVEN_MS)
        return 'waits'
    elseif policy == 'cancel' then
        abort(id, running, EXECUTION_ID .. execution_id(id, scheduled, 1))
        return nil
    elseif policy == 'queue' and (not waiting or waiting.scheduled == scheduled) then
        wait_behind(id, member, claim)
        return 'waits'
    end
    skip_for(id, scheduled, running)
    return 'settled'
end

-- Apply the job's rule for overlaps to an attempt whose claim lets it start. Returns VERDICT_SETTLED if the rule keeps it from starting;
-- nil: it starts, and is the occurrence under way.
local function take_slot(member, claim, next_due)
    local id, scheduled = member:sub(1, 32), member:sub(33)
    local policy = redis.call('HGET', job_prefix .. id, 'overlap')
    if not policy then
        return nil
    end
    local running, waiting = find_slots(id)
    local outcome = running and running.scheduled ~= scheduled and meet(policy, member, claim, running, waiting)
    if outcome then
        go_on(id, claim, outcome == 'waits' and count_run(member, claim, next_due) or next_due)
        drop_claim(member)
        return VERDICT_SETTLED
    end
    write_slot(id, 'running', slot_of(member, claim, runner))
    if waiting and waiting.scheduled == scheduled then
        redis.call('HDEL', job_prefix .. id, 'waiting')
    end
    return nil
end
