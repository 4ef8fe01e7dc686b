-- part starting: how an attempt starts.
-- needs: claims retry state wake write

local started, next_dues = {}, {} -- what write_starts writes, for all attempts in one command each

-- Returns the verdict on an attempt that must not start, or no longer may; nil: it may start.
local function refuse_start(member, ticket, claim)
    if claim.ticket ~= ticket then
        return VERDICT_LOST
    end
    if claim.state == CLAIM_STARTED then
        return VERDICT_DONE
    end
    local valid, state = is_valid(member:sub(1, 32), claim)
    if valid and state == JOB_PAUSED and not is_manual(claim.kind) then
        give_back(member, claim, claim.due) -- the next claim finds the job paused and cancels it, or resumed and makes it
        valid = false
    end
    if not valid then
        drop_claim(member)
        return VERDICT_GONE
    end
end

-- Make the job's next instant ('': none) due after a first attempt.
local function go_on(id, claim, next_due)
    if claim.state == CLAIM_DUE and next_due ~= '' then
        next_dues[#next_dues + 1] = next_due
        next_dues[#next_dues + 1] = id
        made_due(next_due)
    elseif claim.state == CLAIM_DUE then
        complete(id)
    end
end

local function mark_started(member, claim, next_due)
    started[#started + 1] = member
    started[#started + 1] = CLAIM_STARTED .. ' ' .. claim.ticket .. ' ' .. claim.kind .. ' ' .. claim.due .. ' ' .. claim.stamp
    go_on(member:sub(1, 32), claim, next_due)
end

local function write_starts()
    if #next_dues > 0 then
        -- NX: what made a job due in the meantime knew more than this runner.
        write('ZADD', due_key, 'NX', unpack(next_dues))
    end
    if #started > 0 then
        redis.call('HSET', claimed_key, unpack(started))
    end
    started, next_dues = {}, {}
end
