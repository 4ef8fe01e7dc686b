-- part collision: an attempt is to start while another occurrence of its job may be under way.
-- needs: clock write retry claims record starting overlap runs

-- where: as for parts starting and record, and holders_key, claimed_prefix, runner.

local LOOK_AGAIN_MS = 10000 -- at one that waits: whoever ends the one before it makes it due at once
local REDRIVEN_MS = 1000 -- at a later attempt that finds another occurrence under way

local function execution_id(id, scheduled, attempt)
    local hex = id:gsub('.', function(c) return string.format('%02x', c:byte()) end)
    return 'exec:' .. hex .. ':' .. scheduled .. ':' .. attempt
end

-- Who has a claim of that occurrence, and the claim. The runner that had it last is asked first.
local function find_claim(where, member, runner)
    local names = try('SMEMBERS', where.holders_key) or {}
    table.insert(names, 1, runner)
    for _, name in ipairs(names) do
        local value = try('HGET', where.claimed_prefix .. name, member)
        if value then
            return name, parse_claim(value)
        end
    end
end

-- What a field names, and where it is ({holder, claim} or {entry}); nil where it is nowhere any more.
local function look_up(where, id, field)
    local place = read_place(where.job_prefix, id, field)
    if not place then
        return nil
    end
    place.holder, place.claim = find_claim(where, id .. place.scheduled, place.runner)
    if not place.holder then
        place.entry, place.next_attempt = find_entry(where.retry_key, where.job_prefix, id, place)
    end
    return (place.holder or place.entry) and place or nil
end

-- Who has the place, and who waits for it. Where the first is gone and nobody said so, the second moves up.
local function look_at_places(where, id)
    local running, waiting = look_up(where, id, 'running'), look_up(where, id, 'waiting')
    if not running and waiting then
        write_place(where.job_prefix, id, 'running', waiting)
        redis.call('HDEL', where.job_prefix .. id, 'waiting')
        if waiting.entry then
            local now = now_ms()
            redis.call('ZADD', where.retry_key, string.format('%.0f', now), waiting.entry)
            where.earliest = math.min(where.earliest, now)
        end
        return waiting, nil
    end
    return running, waiting
end

local function record_of(outcome, scheduled, attempt, more)
    return 'o:' .. outcome .. ' s:' .. scheduled .. ' a:' .. attempt .. ' x:0 t:0 h:0 l:0' .. more
end

-- The first attempt is not made, and the occurrence is over.
local function skip_for(where, id, scheduled, running)
    record_attempt(where, id, scheduled, record_of('k', scheduled, 1,
        ' c:overlap e:' .. execution_id(id, running.scheduled, running.attempt) .. ' was under way'))
end

local function put_into_retry(where, member, claim, after_ms)
    local at = now_ms() + after_ms
    write('ZADD', where.retry_key, string.format('%.0f', at), retry_entry(member, attempt_of(claim.ticket), claim.kind, claim.stamp))
    where.earliest = math.min(where.earliest, at)
end

local function place_of(member, claim, runner)
    return {scheduled = member:sub(33), attempt = attempt_of(claim.ticket), kind = claim.kind, stamp = claim.stamp, runner = runner}
end

local function wait_behind(where, id, member, claim)
    write_place(where.job_prefix, id, 'waiting', place_of(member, claim, '-'))
    put_into_retry(where, member, claim, LOOK_AGAIN_MS)
end

-- The occurrence under way is over: its claim or its entry goes, with a record, and whoever calls it is told.
local function abort(where, id, running, by)
    local member, attempt, who = id .. running.scheduled, running.attempt, ''
    local text = 'given up for the sake of ' .. by
    if running.entry then
        attempt = running.next_attempt
        redis.call('ZREM', where.retry_key, running.entry)
    else
        attempt = attempt_of(running.claim.ticket)
        redis.call('HDEL', where.claimed_prefix .. running.holder, member)
        redis.call('PUBLISH', 'dronc:wake', 'cancel ' .. execution_id(id, running.scheduled, running.claim.ticket):sub(6))
        if running.claim.state == 's' then
            who = ' r:' .. running.holder
            text = 'aborted for the sake of ' .. by .. '; it may have reached its target'
        end
    end
    record_attempt(where, id, running.scheduled, record_of('c', running.scheduled, attempt, who .. ' c:overlap e:' .. text))
end

-- What becomes of an attempt that finds another occurrence under way. 'waits': it is called later; 'settled': it is not; nil: it may start.
local function meet(where, policy, member, claim, running, waiting)
    local id, scheduled = member:sub(1, 32), member:sub(33)
    if attempt_of(claim.ticket) > 1 then
        put_into_retry(where, member, claim, REDRIVEN_MS)
        return 'waits'
    elseif policy == 'cancel' then
        abort(where, id, running, execution_id(id, scheduled, 1))
        return nil
    elseif policy == 'queue' and (not waiting or waiting.scheduled == scheduled) then
        wait_behind(where, id, member, claim)
        return 'waits'
    end
    skip_for(where, id, scheduled, running)
    return 'settled'
end

-- An attempt that may start by its claim: does it, by its job's rule for overlaps? '3' where that is not so (it is dealt with); nil: it
-- does, and has the place.
local function take_place(where, member, claim, next_due)
    local id, scheduled = member:sub(1, 32), member:sub(33)
    local policy = redis.call('HGET', where.job_prefix .. id, 'overlap')
    if not policy then
        return nil
    end
    local running, waiting = look_at_places(where, id)
    local outcome = running and running.scheduled ~= scheduled and meet(where, policy, member, claim, running, waiting)
    if outcome then
        go_on(where, id, claim, outcome == 'waits' and count_run(where, member, claim, next_due) or next_due)
        redis.call('HDEL', where.claimed_key, member)
        return '3'
    end
    write_place(where.job_prefix, id, 'running', place_of(member, claim, where.runner))
    if waiting and waiting.scheduled == scheduled then
        redis.call('HDEL', where.job_prefix .. id, 'waiting')
    end
    return nil
end
