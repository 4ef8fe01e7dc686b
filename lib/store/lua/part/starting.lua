-- part starting: what it takes to start an attempt.
-- needs: write clock retry claims state

-- where: claimed_key, due_key, retry_key, job_prefix, `earliest`, the first instant that was made due (math.huge: none), and what
-- write_starts is to write, for all attempts in one command each: `started`, fields of claimed_key, and `next_due`, scores and ids.

-- May the attempt of a claim not be started, or not any more? Then the verdict on it (see start.lua); nil: it may.
local function refuse_start(where, member, ticket, claim)
    if claim.ticket ~= ticket then
        return '0'
    end
    if claim.state == 's' then
        return '1'
    end
    local valid, job_state = is_valid(where.job_prefix, member:sub(1, 32), claim)
    if valid and job_state == 'PAUSED' and not is_manual(claim.kind) then
        -- Back with it: whoever claims it finds the job paused and cancels it, or resumed and makes it.
        give_back(where.job_prefix, where.due_key, where.retry_key, member, claim, claim.due)
        where.earliest = math.min(where.earliest, tonumber(claim.due))
        valid = false
    end
    if not valid then
        redis.call('HDEL', where.claimed_key, member)
        return '2'
    end
end

-- The job's next instant ('': none), which a first attempt that is done with makes due.
local function go_on(where, id, claim, next_due)
    if claim.state == 'c' and next_due ~= '' then
        where.next_due[#where.next_due + 1] = next_due
        where.next_due[#where.next_due + 1] = id
        where.earliest = math.min(where.earliest, tonumber(next_due))
    elseif claim.state == 'c' then
        complete(where.job_prefix, where.due_key, id, now_ms())
    end
end

local function mark_started(where, member, claim, next_due)
    where.started[#where.started + 1] = member
    where.started[#where.started + 1] = 's ' .. claim.ticket .. ' ' .. claim.kind .. ' ' .. claim.due .. ' ' .. claim.stamp
    go_on(where, member:sub(1, 32), claim, next_due)
end

local function write_starts(where)
    if #where.next_due > 0 then
        -- NX: whoever made a job due in the meantime knew more than this runner.
        write('ZADD', where.due_key, 'NX', unpack(where.next_due))
    end
    if #where.started > 0 then
        redis.call('HSET', where.claimed_key, unpack(where.started))
    end
    where.started, where.next_due = {}, {}
end
