-- part taken: which instants of an id are taken.
-- needs: claims floor number stamp waiting write
--
-- The rule: an id has one occurrence at an instant, whether of its schedule, a manual run or a notice. An instant at which something was
-- started or recorded is not given again until it is over, by a clock that may be set back. That holds whatever happens to the job, even if
-- it is deleted and created anew. Every script that gives an instant asks here. In a chain of instants (start, skip) the first one was
-- asked for, and all that follow are later. These show what is taken:
--   the claim of what is under way, whichever job of the id it belongs to
--   its entry in retry, if an older version handed it back unsent: this version raises the floor
--   the job's fields `floor` (part floor), `manual` and `notice`
--   its history, which counts once Redis' clock was set back: until then, all that it holds is over or raised the floor
--   `gone`, once the job was deleted (part gone)

-- Returns true if an occurrence is under way, or was handed back unsent. stamp: the job's; false for one that is being created. any_claim:
-- a claim that is not started counts, too: its job's time does not change, so the claim stays valid.
local function is_under_way(member, stamp, any_claim)
    for _, name in ipairs(try('SMEMBERS', holders_key) or {}) do
        local claim = parse_claim(try('HGET', claimed_prefix .. name, member))
        if claim.state == CLAIM_STARTED
            or (claim.state == CLAIM_RETRY or any_claim and claim.state) and is_same_job(claim.stamp, stamp) then
            return true
        end
    end
    return stamp and is_handed_back(member, stamp) or false
end

-- Returns true if Redis' clock was set back to before the last entry of the feed. (Positions in the feed never go back.)
local function is_set_back(now)
    local latest = try('XREVRANGE', executions_key, '+', '-', 'COUNT', 1)
    local position = latest and latest[1] and latest[1][1]
    return position and tonumber(position:match('^%d+')) > now
end

-- Returns the latest instant in a job's history; 0: none.
local function latest_recorded(id)
    local latest = 0
    for _, text in ipairs(try('LRANGE', history_prefix .. id, 0, -1) or {}) do
        for _, pattern in ipairs({' ' .. RECORD_SCHEDULED .. ':(%d+)', ' ' .. RECORD_UNTIL .. ':(%d+)'}) do
            latest = math.max(latest, tonumber(text:match(pattern) or 0))
        end
    end
    return latest
end

-- Returns the latest instant of a job that is known to be taken, leaving out claims and retry; 0: none lies ahead.
local function floor_of(id, now)
    local fields = try('HMGET', job_prefix .. id, 'floor', 'manual', 'notice') or {}
    local floor = 0
    for i, pattern in ipairs({'^(%d+)$', '^(%d+) ', '^%a (%d+) '}) do
        floor = math.max(floor, tonumber((fields[i] or ''):match(pattern) or 0))
    end
    return is_set_back(now) and math.max(floor, latest_recorded(id)) or floor
end

-- Returns the latest instant of an id that is under way; 0: none. If Redis' clock was set back in the meantime, it may be later than the
-- next instant, and a chain that begins before it would reach it.
local function latest_under_way(id)
    local latest = 0
    for _, name in ipairs(try('SMEMBERS', holders_key) or {}) do
        local claims = try('HGETALL', claimed_prefix .. name) or {}
        for i = 1, #claims, 2 do
            if claims[i]:sub(1, 32) == id and parse_claim(claims[i + 1]).state == CLAIM_STARTED then
                latest = math.max(latest, tonumber(claims[i]:sub(33)) or 0)
            end
        end
    end
    return latest
end

-- Returns why an instant (ms) must not become the next one of a job at the time `now`: 'late' if it is over; else an instant (ms) up to
-- which all are taken; nil: it may. floor: as floor_of returns it.
local function refuse_instant(id, instant, stamp, now, floor)
    if instant <= now then
        return 'late'
    elseif instant <= floor then
        return floor
    end
    local latest = latest_under_way(id)
    if instant <= latest then
        return latest
    end
    return is_under_way(id .. as_text(instant), stamp) and instant or nil
end

-- Returns an instant (ms), now or later, that stands for a manual run or a notice of the job; the attempt is due at once all the same. offset:
-- the milliseconds of the second (0 to 999) at which the job's own instants are, as it was read. The instant avoids these, and full seconds,
-- where most schedules that the job may be given next have their instants; and its next instant, as the job may have another schedule by now.
local function unscheduled_instant(id, offset, now)
    local floor = floor_of(id, now)
    local instant, stamp = math.max(now, floor + 1), job_stamp(id)
    local next_due = tonumber(try('ZSCORE', due_key, id) or nil)
    while instant % 1000 == 0 or instant % 1000 == offset or instant == next_due
        or is_under_way(id .. as_text(instant), stamp, true) do
        instant = instant + 1
    end
    if floor > now then
        raise_floor(id, as_text(floor)) -- manual runs may push its record out of the history
    end
    return instant
end
